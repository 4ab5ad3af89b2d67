/** Free ports and private folders for tests. */
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A port that was free a moment ago on the loopback address. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

/** Made by this process and not yet removed: gone at the latest when it ends. */
const folders = new Set<string>();

export function temporaryFolder(prefix = 'lyrebird-test-'): string {
  const path = mkdtempSync(join(tmpdir(), prefix));
  if (folders.size === 0) process.once('exit', () => folders.forEach(removeFolder));
  folders.add(path);
  return path;
}

export function removeFolder(path: string): void {
  rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  folders.delete(path);
}
