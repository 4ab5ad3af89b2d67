/**
 * A lock file that names its owner by process id and start time, so that a lock left behind by a
 * process that was killed is recognised, also after its number was given to another process.
 */
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';

export interface LockOwner {
  readonly pid: number;
  /** Start time of the process in the system's own unit; null where the system does not tell. */
  readonly started: string | null;
}

export interface Lock {
  release(): void;
}

const ATTEMPTS_MAX = 8;

/** Takes the lock, or returns the live process that holds it. */
export function acquireLock(path: string): Lock | LockOwner {
  const self: LockOwner = { pid: process.pid, started: processStart(process.pid) ?? null };
  const own = `${path}.${process.pid}`;
  const text = `${JSON.stringify(self)}\n`;
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    writeFileSync(own, text, { mode: 0o600 });
    try {
      // A link appears whole or not at all: nobody can read a half-written lock.
      linkSync(own, path);
      return { release: () => releaseLock(path, text) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    } finally {
      rmSync(own, { force: true });
    }
    const owner = readLock(path);
    if (owner !== undefined && isAlive(owner)) return owner;
    discardStale(path);
  }
  throw new Error(`cannot take the lock ${path}`);
}

/** Who holds the lock, dead or alive; undefined when there is none or it cannot be read. */
export function readLock(path: string): LockOwner | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof value !== 'object' || value === null) return undefined;
    const { pid, started } = value as { pid?: unknown; started?: unknown };
    if (typeof pid !== 'number') return undefined;
    return { pid, started: typeof started === 'string' ? started : null };
  } catch {
    return undefined;
  }
}

export function isAlive(owner: LockOwner): boolean {
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    // EPERM: it exists and belongs to somebody else.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  if (isZombie(owner.pid)) return false;
  const started = processStart(owner.pid);
  return started === undefined || owner.started === null || started === owner.started;
}

/** Moves the dead lock away; if it turns out to be a fresh one of another starter, puts it back. */
function discardStale(path: string): void {
  const aside = `${path}.stale.${process.pid}`;
  try {
    renameSync(path, aside);
    const owner = readLock(aside);
    if (owner !== undefined && isAlive(owner)) linkSync(aside, path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'EEXIST') throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

function releaseLock(path: string, text: string): void {
  try {
    if (readFileSync(path, 'utf8') === text) rmSync(path);
  } catch {
    // Gone already, with its folder perhaps: released all the same.
  }
}

/** Has the process ended, though its parent has not taken notice yet? */
function isZombie(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return /^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
  } catch {
    return false;
  }
}

/** Start time of a process in clock ticks since boot, from /proc; undefined where there is none. */
function processStart(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field is the command in parentheses and may contain blanks: count from its end.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
