/**
 * The data folder as the server process sees it: who may open it, whose it is, and the small files
 * beside the store (version, lock, administrator's password, certificate, sockets).
 */
import { randomBytes } from 'node:crypto';
import { chmodSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeCertificate } from './certificate.ts';
import { acquireLock, isAlive, type Lock, readLock } from './lock-file.ts';
import { UsageError } from './usage-error.ts';

/** Version of the folder's layout. A change that an older server cannot read raises it. */
export const FOLDER_VERSION = 1;

const VERSION_FILE = 'lyrebird-version';
const LOCK_FILE = 'lyrebird.lock';
const ENGINE_LOCK_FILE = 'engine.lock';
const PASSWORD_FILE = 'admin-password';

export interface DataFolder {
  readonly path: string;
  readonly store: string;
  readonly log: string;
  readonly engineLock: string;
  readonly passwordFile: string;
  readonly firstStart: boolean;
  release(): void;
}

/** Creates or checks the folder and locks it. Refusals are UsageErrors and change nothing. */
export function openDataFolder(path: string): DataFolder {
  const firstStart = checkFolder(path);
  const taken = takeLock(path);
  try {
    if (firstStart) {
      // Made private before anything secret is written; an empty folder of the user's may be open.
      chmodSync(path, 0o700);
      writeFileSync(join(path, VERSION_FILE), `lyrebird data folder, version ${FOLDER_VERSION}\n`, { mode: 0o600 });
    }
    for (const name of ['store', 'log', 'run']) mkdirSync(join(path, name), { recursive: true, mode: 0o700 });
  } catch (error) {
    taken.release();
    throw unusable(path, error);
  }
  return {
    path,
    store: join(path, 'store'),
    log: join(path, 'log'),
    engineLock: join(path, ENGINE_LOCK_FILE),
    passwordFile: join(path, PASSWORD_FILE),
    firstStart,
    release: () => taken.release(),
  };
}

/** Process id of the server that has the folder open, if one lives. */
export function serverOf(path: string): number | undefined {
  const owner = readLock(join(path, LOCK_FILE));
  return owner !== undefined && isAlive(owner) ? owner.pid : undefined;
}

/**
 * The administrator's password: what LYREBIRD_PASSWORD says, else what the file says, else a new one
 * that is written to the file.
 */
export function administratorPassword(folder: DataFolder, given: string | undefined): string {
  if (given !== undefined && given !== '') return given;
  try {
    return readFileSync(folder.passwordFile, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw unusable(folder.path, error);
  }
  const password = randomBytes(18).toString('base64url');
  writeFileSync(folder.passwordFile, `${password}\n`, { mode: 0o600 });
  return password;
}

export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
}

/** Paths of a self-signed certificate in the folder, made when there is none. */
export function selfSignedCertificate(folder: DataFolder, hostName: string): CertificateFiles {
  const files = { certificate: join(folder.path, 'server.crt'), key: join(folder.path, 'server.key') };
  try {
    lstatSync(files.certificate);
    lstatSync(files.key);
    return files;
  } catch {
    const made = makeCertificate([hostName, 'localhost'], ['127.0.0.1', '::1']);
    writeFileSync(files.key, made.keyPem, { mode: 0o600 });
    writeFileSync(files.certificate, made.certificatePem, { mode: 0o644 });
    return files;
  }
}

/** Returns whether the folder is new. */
function checkFolder(path: string): boolean {
  let entries: string[];
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    entries = readdirSync(path);
  } catch (error) {
    throw unusable(path, error);
  }
  if (!entries.includes(VERSION_FILE)) {
    // Only what a first start that was interrupted may leave counts as empty.
    if (entries.some((name) => !name.startsWith(LOCK_FILE))) {
      throw new UsageError(`${path} is not a Lyrebird data folder and is not empty; choose another folder with --data`);
    }
    return true;
  }
  let text: string;
  try {
    text = readFileSync(join(path, VERSION_FILE), 'utf8');
  } catch (error) {
    throw unusable(path, error);
  }
  const version = /^lyrebird data folder, version (\d+)\s*$/.exec(text)?.[1];
  if (version === undefined) {
    throw new UsageError(
      `${path} has a damaged ${VERSION_FILE} file; restore it from a backup or choose another folder with --data`,
    );
  }
  if (Number(version) > FOLDER_VERSION) {
    throw new UsageError(
      `${path} was written by a newer Lyrebird (folder version ${version}, this one reads up to ${FOLDER_VERSION}); start it with that version`,
    );
  }
  return false;
}

function takeLock(path: string): Lock {
  let taken: ReturnType<typeof acquireLock>;
  try {
    taken = acquireLock(join(path, LOCK_FILE));
  } catch (error) {
    throw unusable(path, error);
  }
  if ('release' in taken) return taken;
  throw new UsageError(
    `${path} is in use by the Lyrebird server with process id ${taken.pid}; stop it with "lyrebird stop --data ${path}" or choose another folder with --data`,
  );
}

function unusable(path: string, error: unknown): UsageError {
  const { code } = error as NodeJS.ErrnoException;
  if (code === undefined) throw error;
  const mend: Record<string, string> = {
    EACCES: 'give this user the right to read and write it, or choose another folder with --data',
    EPERM: 'give this user the right to read and write it, or choose another folder with --data',
    EROFS: 'the file system is read-only; choose another folder with --data',
    ENOTDIR: 'a part of the path is a file; choose another folder with --data',
    EEXIST: 'the path is a file; choose another folder with --data',
    ENOSPC: 'the disk is full; free some space',
  };
  return new UsageError(
    `cannot use the data folder ${path} (${code}): ${mend[code] ?? 'check the path given with --data'}`,
  );
}
