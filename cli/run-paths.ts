/**
 * Where the sockets of a server live: in the run folder of its data folder, or, where that path is too
 * long for a Unix socket, in a private folder below the system's folder for temporary files.
 */
import { createHash } from 'node:crypto';
import { chmodSync, lstatSync, mkdirSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { UsageError } from './usage-error.ts';

/** sun_path holds 108 bytes on Linux and 104 on BSDs, with the terminating zero. */
const SOCKET_PATH_MAX = 103;

export interface RunPaths {
  readonly engineSocket: string;
  readonly controlSocket: string;
}

/** The paths for a data folder; the same for every process that asks. Creates nothing. */
export function runPaths(dataFolder: string): RunPaths {
  const folder = runFolder(dataFolder);
  return { engineSocket: join(folder, 'engine.sock'), controlSocket: join(folder, 'control.sock') };
}

/** Makes the folder of the sockets, private to this user. */
export function makeRunFolder(dataFolder: string): RunPaths {
  const folder = runFolder(dataFolder);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const state = lstatSync(folder);
  // A folder with a predictable name in a shared place could have been planted by another user.
  if (!state.isDirectory() || state.uid !== userInfo().uid) {
    throw new UsageError(`${folder} belongs to somebody else; choose a shorter data folder path with --data`);
  }
  chmodSync(folder, 0o700);
  return runPaths(dataFolder);
}

function runFolder(dataFolder: string): string {
  const inside = join(dataFolder, 'run');
  if (Buffer.byteLength(join(inside, 'control.sock')) <= SOCKET_PATH_MAX) return inside;
  const digest = createHash('sha256').update(dataFolder).digest('hex').slice(0, 16);
  const temporary = join(tmpdir(), `lyrebird-${userInfo().uid}-${digest}`);
  return Buffer.byteLength(join(temporary, 'control.sock')) <= SOCKET_PATH_MAX
    ? temporary
    : `/tmp/lyrebird-${userInfo().uid}-${digest}`;
}
