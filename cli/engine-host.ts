/**
 * Opens store and engine of a data folder, for the engine process and for the embedded layout alike.
 * The one place where storage and engine are put together.
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { type Engine, openEngine, rowCodec } from '../engine/index.ts';
import { compileProgram as compileMysqlProgram } from '../parsers/mysql/plugin.ts';
import { compileProgram } from '../parsers/postgres/plugin.ts';
import type { Log } from '../listener/index.ts';
import { openTier1 } from '../storage/index.ts';
import { acquireLock, type Lock } from './lock-file.ts';
import { programFile } from './program-folder.ts';
import type { EngineSettings } from './settings.ts';
import { TemporarySpillFiles } from './spill-files.ts';
import { UsageError } from './usage-error.ts';
import { VERSION } from './version.ts';

/** How long to wait for the engine of a killed server to notice and let go of the store. */
const PREVIOUS_ENGINE_WAIT_MS = 15_000;
const POLL_MS = 50;
const CLOCK_DRIFT_MS = 2;

export interface EngineHost {
  readonly engine: Engine;
  /** Ends sessions, makes everything durable and closes all files. */
  close(): Promise<void>;
}

/** `trustsClients`: callers are this very process, or the configuration asks for no proof. */
export async function openEngineHost(settings: EngineSettings, trustsClients: boolean, log: Log): Promise<EngineHost> {
  const lock = await lockStore(settings.lockFile, log);
  try {
    const started = performance.now();
    const flushWorker = programFile('flush-worker.js');
    const store = await openTier1({
      directory: settings.store,
      codec: rowCodec,
      memoryBytes: settings.memory.memtable,
      blockCacheBytes: Math.floor(settings.memory.caches / 2),
      ...(flushWorker === undefined ? {} : { flushWorker: pathToFileURL(flushWorker) }),
    });
    const engine = await openEngine({
      config: {
        administrator: 'postgres',
        administratorPassword: readPassword(settings.passwordFile),
        trustsClients,
        statementMemoryBytes: settings.memory.statement,
        durability: settings.durability,
        statementTimeoutMs: settings.timeouts.statement,
        idleInTransactionTimeoutMs: settings.timeouts.idle_in_transaction,
        lockTimeoutMs: settings.timeouts.lock,
      },
      compilers: new Map([
        ['postgres', compileProgram],
        ['mysql', compileMysqlProgram],
      ]),
      store,
      spillFiles: new TemporarySpillFiles(join(dirname(settings.store), 'spill'), settings.limits.spill_size),
      version: VERSION,
      now: microseconds,
      log: (level, message, details = {}) => log[level](details, message),
    });
    log.info({ milliseconds: Math.round(performance.now() - started) }, 'engine ready');
    return {
      engine,
      async close() {
        await engine.shutdown();
        await new Promise<void>((resolve, reject) =>
          store.close((error) => (error === undefined ? resolve() : reject(error))),
        );
        lock.release();
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

let clockOffset = performance.timeOrigin;

/**
 * Microseconds since 1970: the steady clock, for the digits below a millisecond, held to the system's
 * clock, which may be set while we run.
 */
function microseconds(): number {
  const steady = performance.now();
  const system = Date.now();
  const drift = system - (clockOffset + steady);
  if (drift > CLOCK_DRIFT_MS || drift < -CLOCK_DRIFT_MS) clockOffset = system - steady;
  return Math.floor((clockOffset + steady) * 1000);
}

/** The password a first start gives to the administrator. */
function readPassword(file: string): string {
  const given = process.env['LYREBIRD_PASSWORD'];
  if (given !== undefined && given !== '') return given;
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    // Removed by a cautious owner after the first start: the store has its verifier.
    return '';
  }
}

async function lockStore(path: string, log: Log): Promise<Lock> {
  const deadline = performance.now() + PREVIOUS_ENGINE_WAIT_MS;
  for (;;) {
    const taken = acquireLock(path);
    if ('release' in taken) return taken;
    if (performance.now() > deadline) {
      throw new UsageError(
        `the store is still open in process ${taken.pid}, an engine whose server was killed; end it with "kill ${taken.pid}"`,
      );
    }
    log.debug({ owner: taken.pid }, 'waiting for the previous engine to end');
    await sleep(POLL_MS);
  }
}
