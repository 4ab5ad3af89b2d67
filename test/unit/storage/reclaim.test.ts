/** What no table uses any more is given back at the next start: after a crash nobody else would. */
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { open } from '../../../cli/embedded.ts';
import { rowCodec } from '../../../engine/index.ts';
import { FIRST_USER_ID } from '../../../engine/catalog/catalog.ts';
import { openTier1 } from '../../../storage/index.ts';
import { removeFolder, temporaryFolder } from '../../harness/index.ts';

const data = temporaryFolder();
afterEach(() => removeFolder(data));

/** Spaces of tables and indexes in the store, and the rows in them. */
async function spaces(change: (rows: ReadonlyMap<number, number>) => number | undefined): Promise<Map<number, number>> {
  const store = await openTier1({ directory: join(data, 'store'), codec: rowCodec });
  const found = new Map<number, number>();
  for (const space of store.spaces()) if (space >= FIRST_USER_ID) found.set(space, store.approximateRows(space));
  const lost = change(found);
  if (lost !== undefined)
    await new Promise<void>((resolve, reject) =>
      store.commit(
        { spaces: new Map([[lost, new Map([['key', ['left behind']]])]]), droppedSpaces: [], schemaEpoch: 1 },
        'sync',
        (error) => (error === undefined ? resolve() : reject(error)),
      ),
    );
  await new Promise<void>((resolve) => store.close(() => resolve()));
  return found;
}

test('spaces that no table uses are dropped at the start', async () => {
  let database = await open({ data });
  await database.run('create table kept (id int primary key, n int)');
  await database.run('create index on kept (n)');
  await database.query('insert into kept select n, n from generate_series(1, 100) n');
  await database.close();
  // As a crash leaves a temporary table: rows of a space that the catalog does not know.
  const before = await spaces((found) => Math.max(...found.keys()) + 1000);
  expect([...before.values()]).toEqual([100, 100, 100]);
  database = await open({ data });
  expect(await database.query('select count(*)::int as count from kept')).toEqual([{ count: 100 }]);
  await database.close();
  const after = await spaces(() => undefined);
  expect([...after]).toEqual([...before]);
});
