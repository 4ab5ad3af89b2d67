/**
 * What the server process tells its children at their start: the part of the configuration each of
 * them needs, as JSON in an environment variable (nothing secret travels this way).
 */
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { Config } from './config.ts';
import type { CertificateFiles, DataFolder } from './data-folder.ts';
import type { LogOptions } from './log.ts';
import { UsageError } from './usage-error.ts';

/** Protocols, each with a section of the configuration. */
export const PROTOCOLS = ['postgres', 'mysql'] as const;

export const SETTINGS_VARIABLE = 'LYREBIRD_SETTINGS';

export interface EngineSettings {
  readonly log: LogOptions;
  readonly store: string;
  readonly lockFile: string;
  readonly passwordFile: string;
  readonly socket: string;
  readonly authentication: Config['authentication'];
  readonly memory: Config['memory'];
  readonly durability: Config['durability'];
  readonly timeouts: Config['timeouts'];
  readonly limits: Config['limits'];
}

export interface WorkerSettings {
  readonly log: LogOptions;
  readonly socket: string;
  readonly certificate: CertificateFiles | undefined;
  readonly tlsRequired: boolean;
  readonly authentication: Config['authentication'];
  readonly limits: Config['limits'];
  readonly handshakeTimeoutMs: number;
  /** Protocols that have a port. */
  readonly protocols: readonly string[];
}

export function logOptions(config: Config, folder: DataFolder, process: string): LogOptions {
  const { level, destination, repeats_per_second } = config.log;
  return { level, destination, folder: folder.log, repeatsPerSecond: repeats_per_second, process };
}

export function engineSettings(config: Config, folder: DataFolder, socket: string): EngineSettings {
  const { authentication, memory, durability, timeouts, limits } = config;
  return {
    log: logOptions(config, folder, 'engine'),
    store: folder.store,
    lockFile: folder.engineLock,
    passwordFile: folder.passwordFile,
    socket,
    authentication,
    memory,
    durability,
    timeouts,
    limits,
  };
}

export function workerSettings(
  config: Config,
  folder: DataFolder,
  socket: string,
  certificate: CertificateFiles | undefined,
): WorkerSettings {
  return {
    log: logOptions(config, folder, 'worker'),
    socket,
    certificate,
    tlsRequired: config.tls.mode === 'required',
    authentication: config.authentication,
    limits: config.limits,
    handshakeTimeoutMs: config.timeouts.handshake,
    protocols: PROTOCOLS.filter((protocol) => config[protocol].port !== 'off'),
  };
}

/** The settings of this process, given by its parent. */
export function ownSettings<Settings>(): Settings {
  const text = process.env[SETTINGS_VARIABLE];
  if (text === undefined) throw new Error('this program is started by "lyrebird start"');
  return JSON.parse(text) as Settings;
}

/** Certificate files by the configuration; undefined = TLS off. `makeOwn` is asked only when none is configured. */
export function certificateFiles(config: Config, makeOwn: () => CertificateFiles): CertificateFiles | undefined {
  const { mode, certificate, key } = config.tls;
  if (mode === 'off') return undefined;
  if (certificate === undefined || key === undefined) return makeOwn();
  const read = (file: string): Buffer => {
    try {
      return readFileSync(file);
    } catch (error) {
      throw new UsageError(
        `cannot read the certificate or key file ${file} (${(error as NodeJS.ErrnoException).code}); check tls.certificate and tls.key`,
      );
    }
  };
  const [cert, keyText] = [read(certificate), read(key)];
  try {
    createSecureContext({ cert, key: keyText });
  } catch (error) {
    throw new UsageError(
      `${certificate} and ${key} are not a certificate and its key (${(error as Error).message}); check tls.certificate and tls.key`,
    );
  }
  return { certificate, key };
}
