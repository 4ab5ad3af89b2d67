/** Where the bundles of the other processes and threads lie, seen from whichever bundle runs. */
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Folder of the bundles. From the sources (under a test runner) it is the build's folder beside them. */
export function programFolder(): string {
  const folder = dirname(fileURLToPath(import.meta.url));
  if (basename(folder) === 'chunks') return dirname(folder);
  return basename(folder) === 'cli' ? join(folder, '..', 'dist') : folder;
}

export function programFile(name: string): string | undefined {
  const path = join(programFolder(), name);
  return existsSync(path) ? path : undefined;
}
