/** The harness itself: the real PostgreSQL that suites compare with is there and set up as they expect. */
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { sharedPostgres, skipWithoutPostgres } from '../harness/index.ts';

describe.skipIf(skipWithoutPostgres('oracle'))('oracle', () => {
  test('is shared, speaks UTF8 in the C locale and UTC', async () => {
    const [first, second] = await Promise.all([sharedPostgres(), sharedPostgres()]);
    expect(first).toEqual(second);
    const client = new pg.Client(first.url);
    await client.connect();
    const show = async (name: string): Promise<unknown> =>
      Object.values((await client.query(`show ${name}`)).rows[0] as object)[0];
    expect(await show('server_version')).toMatch(/^15\./);
    expect([await show('server_encoding'), await show('lc_collate'), await show('timezone')]).toEqual([
      'UTF8',
      'C.UTF-8',
      'UTC',
    ]);
    await client.end();
  });
});
