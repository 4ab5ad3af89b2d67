/** An embedded database in a private folder, for tests of SQL that need no wire protocol. */
import { join } from 'node:path';
import { type Database, open, type OpenOptions } from '../../cli/embedded.ts';
import { removeFolder, temporaryFolder } from './ports.ts';

export interface TestDatabase {
  readonly db: Database;
  readonly data: string;
  /** Closes it and removes the folder. */
  close(): Promise<void>;
}

/** Relaxed durability unless told otherwise: tests throw the data away. */
export async function openEmbedded(options: OpenOptions = {}): Promise<TestDatabase> {
  const folder = temporaryFolder();
  const data = options.data ?? join(folder, 'data');
  const db = await open({ ...options, data, config: { durability: 'relaxed', ...options.config } });
  return {
    db,
    data,
    async close() {
      await db.close();
      removeFolder(folder);
    },
  };
}
