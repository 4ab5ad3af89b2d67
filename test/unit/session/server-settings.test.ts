/** ALTER SYSTEM and password_encryption: defaults outlive the server, and MD5 clients log in with what is kept for them. */
import pg from 'pg';
import { expect, test } from 'vitest';
import { openEmbedded } from '../../harness/embedded.ts';
import { removeFolder, temporaryFolder } from '../../harness/ports.ts';

const login = (port: number, user: string, password: string): pg.Client =>
  new pg.Client({ host: '127.0.0.1', port, user, password, database: 'postgres' });

async function ask(port: number, user: string, password: string, text: string): Promise<unknown[][]> {
  const client = login(port, user, password);
  await client.connect();
  try {
    return (await client.query({ text, rowMode: 'array' })).rows as unknown[][];
  } finally {
    await client.end();
  }
}

test('a default of the server is in force after it is loaded, and after a restart', async () => {
  const folder = temporaryFolder();
  const first = await openEmbedded({ data: folder });
  const [address] = await first.db.listen();
  const client = login(address!.port, 'postgres', first.db.password);
  await client.connect();
  const shown = async (): Promise<unknown> => (await client.query('show work_mem')).rows[0].work_mem;
  await client.query("alter system set work_mem = '8MB'");
  expect(await shown()).toBe('4MB');
  await client.query('select pg_reload_conf()');
  expect(await shown()).toBe('8MB');
  await client.query("set work_mem = '16MB'; alter system set work_mem = '9MB'").catch((error: { code: string }) => {
    expect(error.code).toBe('25001');
  });
  await client.query("set work_mem = '16MB'");
  await client.query("alter system set work_mem = '9MB'");
  await client.query('select pg_reload_conf()');
  expect(await shown()).toBe('16MB');
  await client.query('reset work_mem');
  expect(await shown()).toBe('9MB');
  await client.end();
  await first.close();

  const second = await openEmbedded({ data: folder });
  const [again] = await second.db.listen();
  expect(await ask(again!.port, 'postgres', second.db.password, 'show work_mem')).toEqual([['9MB']]);
  await ask(again!.port, 'postgres', second.db.password, 'alter system reset all');
  await ask(again!.port, 'postgres', second.db.password, 'select pg_reload_conf()');
  expect(await ask(again!.port, 'postgres', second.db.password, 'show work_mem')).toEqual([['4MB']]);
  await second.close();
  removeFolder(folder);
});

test('md5: a password kept for old clients, a verifier given as one, and what a new name does to it', async () => {
  const { db, close } = await openEmbedded();
  const [address] = await db.listen();
  const { port } = address!;
  const client = login(port, 'postgres', db.password);
  await client.connect();
  await client.query('set password_encryption = md5');
  await client.query("create role old_client login password 'secret'");
  // md5 of 'secret' and the name
  await client.query("create role given login password 'md5f5dfb1ce4a1d4ed2a1c4dd3a3d5a4a3f'");
  const me = 'select current_user';
  expect(await ask(port, 'old_client', 'secret', me)).toEqual([['old_client']]);
  await expect(ask(port, 'old_client', 'wrong', me)).rejects.toMatchObject({ code: '28P01' });
  await expect(ask(port, 'given', 'secret', me)).rejects.toMatchObject({ code: '28P01' });
  await client.query('alter role old_client rename to renamed');
  await expect(ask(port, 'renamed', 'secret', me)).rejects.toMatchObject({ code: '28P01' });
  await client.query('reset password_encryption');
  await client.query("alter role renamed password 'secret'");
  expect(await ask(port, 'renamed', 'secret', me)).toEqual([['renamed']]);
  await client.end();
  await close();
});

test('an encoding that is not spoken is refused, not garbled', async () => {
  const { db, close } = await openEmbedded();
  const session = await db.session();
  await expect(session.query("set client_encoding = 'LATIN1'")).rejects.toMatchObject({ sqlstate: '0A000' });
  await session.query("set client_encoding = 'utf-8'");
  expect(await session.query('show client_encoding')).toEqual([{ client_encoding: 'UTF8' }]);
  await session.close();
  await close();
});
