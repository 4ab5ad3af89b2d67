/**
 * Logging: JSON lines to a file in the data folder, or one readable line each to the standard error
 * stream. What repeats is sampled: past a number of equal messages per second the rest is counted only.
 */
import { existsSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Logger, pino } from 'pino';
import type { Log } from '../listener/index.ts';

export interface LogOptions {
  readonly level: string;
  readonly destination: 'file' | 'stderr';
  /** Folder of the log file. */
  readonly folder: string;
  readonly repeatsPerSecond: number;
  /** Name of the process in every line. */
  readonly process: string;
}

export interface ProcessLog extends Log {
  setLevel(level: string): void;
  /** The file was moved away by the process that rotates: write to a new one. */
  reopen(): void;
}

const FILE_NAME = 'lyrebird.log';
const MESSAGES_MAX = 1000;

export function openLog(options: LogOptions): ProcessLog {
  const destination =
    options.destination === 'stderr'
      ? { write: (line: string) => void process.stderr.write(readable(line)) }
      : pino.destination({ dest: join(options.folder, FILE_NAME), append: true, sync: true, mode: 0o600 });
  const logger = pino(
    {
      level: options.level,
      base: { process: options.process, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
  return new SampledLog(logger, options.repeatsPerSecond, () => {
    if ('reopen' in destination) destination.reopen();
  });
}

type Level = 'debug' | 'info' | 'warn' | 'error';

interface Repeats {
  second: number;
  count: number;
}

class SampledLog implements ProcessLog {
  readonly #logger: Logger;
  readonly #perSecond: number;
  readonly #reopen: () => void;
  readonly #repeats = new Map<string, Repeats>();

  constructor(logger: Logger, perSecond: number, reopen: () => void) {
    this.#logger = logger;
    this.#perSecond = perSecond;
    this.#reopen = reopen;
  }

  debug(fields: object, message: string): void {
    this.#write('debug', fields, message);
  }

  info(fields: object, message: string): void {
    this.#write('info', fields, message);
  }

  warn(fields: object, message: string): void {
    this.#write('warn', fields, message);
  }

  error(fields: object, message: string): void {
    this.#write('error', fields, message);
  }

  setLevel(level: string): void {
    this.#logger.level = level;
  }

  reopen(): void {
    this.#reopen();
  }

  #write(level: Level, fields: object, message: string): void {
    if (!this.#logger.isLevelEnabled(level)) return;
    const second = Math.floor(Date.now() / 1000);
    let repeats = this.#repeats.get(message);
    if (repeats === undefined) {
      if (this.#repeats.size >= MESSAGES_MAX) this.#repeats.clear();
      repeats = { second, count: 0 };
      this.#repeats.set(message, repeats);
    }
    if (repeats.second !== second) {
      const omitted = repeats.count - this.#perSecond;
      if (omitted > 0) this.#logger[level]({ omitted }, `${message} (repeated)`);
      repeats.second = second;
      repeats.count = 0;
    }
    if (++repeats.count <= this.#perSecond) this.#logger[level](fields, message);
  }
}

/** One JSON line as '12:00:00.000 INFO  engine: ready (port=5432)'. */
function readable(line: string): string {
  const { level, time, process: name, pid: _pid, msg, ...rest } = JSON.parse(line) as Record<string, unknown>;
  const fields = Object.entries(rest).map(
    ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  const tail = fields.length === 0 ? '' : ` (${fields.join(', ')})`;
  return `${String(time).slice(11, 23)} ${String(level).toUpperCase().padEnd(5)} ${String(name)}: ${String(msg)}${tail}\n`;
}

/** Moves the log file aside when it is too large, keeping `files` old ones. True when it did. */
export function rotateLog(folder: string, fileSize: number, files: number): boolean {
  const path = join(folder, FILE_NAME);
  try {
    if (statSync(path).size < fileSize) return false;
  } catch {
    return false;
  }
  rmSync(`${path}.${files}`, { force: true });
  for (let number = files - 1; number >= 1; number--) {
    if (existsSync(`${path}.${number}`)) renameSync(`${path}.${number}`, `${path}.${number + 1}`);
  }
  renameSync(path, `${path}.1`);
  return true;
}
