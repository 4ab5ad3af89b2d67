/**
 * Accounts in use: who gets in from where, with which plugin and driver, and what each may then do. All statements go
 * through the real server; two addresses of this machine stand for two hosts.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import mariadb from 'mariadb';
import mysql from 'mysql2/promise';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServer, type TestServer } from '../harness/index.ts';

const CLIENT = '/usr/bin/mysql';

interface Failure {
  readonly errno: number;
  readonly sqlMessage: string;
}

describe('accounts', () => {
  let server: TestServer;
  let root: mysql.Connection;
  let port: number;

  beforeAll(async () => {
    server = await startServer({ mysql: true, config: { durability: 'relaxed' } });
    port = Number(new URL(server.mysqlUrl).port);
    root = await mysql.createConnection({ uri: server.mysqlUrl, multipleStatements: true });
    await root.query(`create database shop; create database other;
      create table shop.t (a int primary key auto_increment, b int, c int);
      insert into shop.t (b, c) values (1, 2), (3, 4);
      create table other.t (a int); create view other.v as select b from shop.t`);
  });
  afterAll(async () => {
    await root?.end();
    await server?.stop();
  });

  const login = (user: string, password = '', more: mysql.ConnectionOptions = {}): Promise<mysql.Connection> =>
    mysql.createConnection({ host: '127.0.0.1', port, user, password, ...more });

  /** The connection comes from this address of the machine. */
  const from = (localAddress: string): mysql.ConnectionOptions => ({
    stream: (() => connect({ host: '127.0.0.1', port, localAddress })) as unknown as () => Socket,
  });

  async function as<T>(user: string, password: string, work: (connection: mysql.Connection) => Promise<T>): Promise<T> {
    const connection = await login(user, password);
    try {
      return await work(connection);
    } finally {
      connection.destroy();
    }
  }

  async function refusal(work: Promise<unknown>): Promise<string> {
    try {
      await work;
    } catch (error) {
      const { errno, sqlMessage } = error as Failure;
      return `${errno} ${sqlMessage}`;
    }
    return 'no error';
  }

  const rows = async (connection: mysql.Connection, sql: string): Promise<unknown[][]> =>
    (await connection.query({ sql, rowsAsArray: true }))[0] as unknown[][];

  test('get in at once with both plugins, through both drivers and the client', async () => {
    await root.query(`create user n@localhost identified with mysql_native_password by 'pn';
      create user s identified with caching_sha2_password by 'ps'; create user digest@localhost
      identified with mysql_native_password as '*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19'`);
    for (const [user, password, account] of [
      ['n', 'pn', 'n@localhost'],
      ['s', 'ps', 's@%'],
      ['digest', 'password', 'digest@localhost'],
    ] as const) {
      expect(await as(user, password, (connection) => rows(connection, 'select current_user()'))).toEqual([[account]]);
      const other = await mariadb.createConnection({
        host: '127.0.0.1',
        port,
        user,
        password,
        allowPublicKeyRetrieval: true,
      });
      expect(await other.query({ sql: 'select current_user(), user()', rowsAsArray: true })).toEqual([
        [account, `${user}@localhost`],
      ]);
      await other.end();
      if (!existsSync(CLIENT)) continue;
      const args = ['--no-defaults', '-h', '127.0.0.1', '-P', String(port), '-u', user, '-N', '-e', 'select user()'];
      const run = spawnSync(CLIENT, args, { encoding: 'utf8', env: { ...process.env, MYSQL_PWD: password } });
      expect(run.stdout + run.stderr).toBe(`${user}@localhost\n`);
    }
    expect(await refusal(login('n', 'wrong'))).toBe(
      "1045 Access denied for user 'n'@'localhost' (using password: YES)",
    );
    expect(await refusal(login('n'))).toBe("1045 Access denied for user 'n'@'localhost' (using password: NO)");
    expect(await refusal(login(''))).toBe("1045 Access denied for user ''@'localhost' (using password: NO)");
  });

  test('are those whose host says most of where the client is', async () => {
    await root.query(`create user h identified by 'any', h@'127.0.0.%' identified by 'pattern',
      h@'127.0.0.2' identified by 'address', h@'127.0.8.0/255.255.248.0' identified by 'mask',
      h@'127.0.12.0/22' identified by 'bits', h@localhost identified by 'name'`);
    const account = async (address: string, password: string): Promise<unknown> => {
      const connection = await login('h', password, from(address));
      const [[found]] = (await rows(connection, 'select current_user()')) as [[unknown]];
      connection.destroy();
      return found;
    };
    expect(await account('127.0.0.1', 'name')).toBe('h@localhost');
    expect(await account('127.0.0.2', 'address')).toBe('h@127.0.0.2');
    expect(await account('127.0.0.3', 'pattern')).toBe('h@127.0.0.%');
    expect(await account('127.0.9.1', 'mask')).toBe('h@127.0.8.0/255.255.248.0');
    expect(await account('127.0.13.1', 'bits')).toBe('h@127.0.12.0/22');
    expect(await account('127.1.0.1', 'any')).toBe('h@%');
    expect(await refusal(login('h', 'any', from('127.0.0.2')))).toBe(
      "1045 Access denied for user 'h'@'127.0.0.2' (using password: YES)",
    );
    expect(await refusal(login('n', 'pn', from('127.0.0.2')))).toBe(
      "1045 Access denied for user 'n'@'127.0.0.2' (using password: YES)",
    );
  });

  test('that are locked, full, or have no business in a database are told so', async () => {
    await root.query(`create user locked identified by 'x' account lock;
      create user few identified by 'x' with max_user_connections 1`);
    expect(await refusal(login('locked', 'x'))).toBe(
      "3118 Access denied for user 'locked'@'localhost'. Account is locked.",
    );
    await as('few', 'x', async () => {
      expect(await refusal(login('few', 'x'))).toBe(
        "1226 User 'few' has exceeded the 'max_user_connections' resource (current value: 1)",
      );
    });
    for (const database of ['shop', 'nosuch', 'mysql'])
      expect(await refusal(login('few', 'x', { database }))).toBe(
        `1044 Access denied for user 'few'@'%' to database '${database}'`,
      );
    await (await login('few', 'x', { database: 'information_schema' })).end();
  });

  test('do what they were granted and nothing else', async () => {
    await root.query(`create user reader identified by 'x', part identified by 'x';
      grant select on shop.* to reader; grant select (a, b), insert (b), update (c) on shop.t to part`);
    await as('reader', 'x', async (c) => {
      expect(await rows(c, 'show databases')).toEqual([['information_schema'], ['performance_schema'], ['shop']]);
      expect(await rows(c, 'select b from shop.t order by a')).toEqual([[1], [3]]);
      const denied = async (sql: string): Promise<string> => refusal(c.query(sql));
      const command = (word: string, table = 't'): string =>
        `1142 ${word} command denied to user 'reader'@'localhost' for table '${table}'`;
      expect(await denied('insert into shop.t (b) values (1)')).toBe(command('INSERT'));
      expect(await denied('update shop.t set b = 1')).toBe(command('UPDATE'));
      expect(await denied('delete from shop.t')).toBe(command('DELETE'));
      expect(await denied('truncate shop.t')).toBe(command('DROP'));
      expect(await denied('drop table shop.t')).toBe(command('DROP'));
      expect(await denied('alter table shop.t add x int')).toBe(command('ALTER'));
      expect(await denied('create index i on shop.t (b)')).toBe(command('INDEX'));
      expect(await denied('create table shop.n (a int)')).toBe(command('CREATE', 'n'));
      expect(await denied('create view shop.n as select 1')).toBe(command('CREATE VIEW', 'n'));
      expect(await denied('select * from other.t')).toBe(command('SELECT'));
      expect(await denied('select * from other.v')).toBe(command('SELECT', 'v'));
      expect(await denied('select user from mysql.user')).toBe(command('SELECT', 'user'));
      expect(await denied('use other')).toBe("1044 Access denied for user 'reader'@'%' to database 'other'");
      expect(await denied('create database x')).toBe("1044 Access denied for user 'reader'@'%' to database 'x'");
      expect(await denied('drop database shop')).toBe("1044 Access denied for user 'reader'@'%' to database 'shop'");
      expect(await denied('show grants for root')).toBe("1044 Access denied for user 'reader'@'%' to database 'mysql'");
      expect(await denied('grant select on shop.* to part')).toBe(
        "1044 Access denied for user 'reader'@'%' to database 'shop'",
      );
      const needed = (privileges: string): string =>
        `1227 Access denied; you need (at least one of) the ${privileges} privilege(s) for this operation`;
      expect(await denied('create user x')).toBe(needed('CREATE USER'));
      expect(await denied('set global max_connections = 10')).toBe(needed('SUPER or SYSTEM_VARIABLES_ADMIN'));
      expect(await denied(`kill ${root.threadId}`)).toBe(`1095 You are not owner of thread ${root.threadId}`);
      expect(await rows(c, 'select count(*) from information_schema.processlist')).toEqual([[1]]);
      const watched = await rows(c, `select text from sys.sessions where role_name <> 'reader'`);
      expect([...new Set(watched.flat())]).toEqual(['<insufficient privilege>']);
    });
    await as('part', 'x', async (c) => {
      const denied = async (sql: string): Promise<string> => refusal(c.query(sql));
      const column = (word: string, name: string): string =>
        `1143 ${word} command denied to user 'part'@'localhost' for column '${name}' in table 't'`;
      expect(await rows(c, 'select a, b from shop.t order by a')).toEqual([
        [1, 1],
        [2, 3],
      ]);
      expect(await denied('select c from shop.t')).toBe(column('SELECT', 'c'));
      expect(await denied('select a from shop.t where c = 1')).toBe(column('SELECT', 'c'));
      expect(await denied('select * from shop.t')).toBe(
        "1142 SELECT command denied to user 'part'@'localhost' for table 't'",
      );
      expect(await denied('insert into shop.t (b, c) values (1, 1)')).toBe(column('INSERT', 'c'));
      expect(await denied('update shop.t set b = 1')).toBe(column('UPDATE', 'b'));
      await c.query('insert into shop.t (b) values (5)');
      await c.query('update shop.t set c = 6 where b = 5');
      expect((await rows(c, 'show columns from shop.t')).map(([name]) => name)).toEqual(['a', 'b', 'c']);
    });
  });

  test('define relations without owning them', async () => {
    await root.query(`create user maker identified by 'x'; grant create, alter, drop, index on other.* to maker`);
    await as('maker', 'x', async (c) => {
      await c.query('create table other.made (a int primary key auto_increment, b int)');
      await c.query('alter table other.made add c int');
      await c.query('create index i on other.made (b)');
      expect(await refusal(c.query('select a from other.made'))).toBe(
        "1142 SELECT command denied to user 'maker'@'localhost' for table 'made'",
      );
      expect(await refusal(c.query('create view other.w as select 1'))).toBe(
        "1142 CREATE VIEW command denied to user 'maker'@'localhost' for table 'w'",
      );
    });
    await root.query('grant insert, select on other.made to maker; drop user maker');
    expect(await rows(root, 'select count(*) from other.made')).toEqual([[0]]);
  });

  test('change their own password, and only that', async () => {
    await root.query("create user own identified by 'x', own2 identified by 'x'");
    await as('own', 'x', async (c) => {
      await c.query("set password = 'y'");
      expect(await refusal(c.query("set password for own2 = 'y'"))).toContain('1227 ');
    });
    expect(await refusal(login('own', 'x'))).toContain('1045 ');
    await as('own', 'y', (c) => c.query("alter user current_user() identified by 'z'"));
    await as('own', 'z', (c) => c.query('select 1'));
  });

  test('act with the roles that are active', async () => {
    await root.query(`create role writer, looker; grant insert on shop.t to writer; grant select on shop.* to looker;
      create user actor identified by 'x'; grant writer, looker to actor; set default role looker to actor`);
    await as('actor', 'x', async (c) => {
      const insert = (): Promise<string> => refusal(c.query('insert into shop.t (b) values (9)'));
      const denied = "1142 INSERT command denied to user 'actor'@'localhost' for table 't'";
      expect(await rows(c, 'select current_role()')).toEqual([['`looker`@`%`']]);
      expect(await insert()).toBe(denied);
      await c.query('set role all');
      expect(await rows(c, 'select current_role()')).toEqual([['`looker`@`%`,`writer`@`%`']]);
      expect(await insert()).toBe('no error');
      await c.query('set role all except writer');
      expect(await insert()).toBe(denied);
      await c.query('set role writer');
      expect(await insert()).toBe('no error');
      expect(await refusal(c.query('select b from shop.t'))).toContain('1142 SELECT');
      await c.query('set role none');
      expect(await rows(c, 'show grants')).toEqual([
        ['GRANT USAGE ON *.* TO `actor`@`%`'],
        ['GRANT `looker`@`%`,`writer`@`%` TO `actor`@`%`'],
      ]);
      await c.query('set role default');
      expect(await rows(c, 'show grants')).toContainEqual(['GRANT SELECT ON `shop`.* TO `actor`@`%`']);
      expect(await refusal(c.query('set role nobody'))).toBe('3530 `nobody`@`%` is not granted to `actor`@`%`');
    });
  });

  test('that may grant pass on what they hold', async () => {
    await root.query(`create user giver identified by 'x', taker identified by 'x';
      grant select on shop.t to giver with grant option`);
    await as('giver', 'x', async (c) => {
      await c.query('grant select on shop.t to taker');
      expect(await refusal(c.query('grant insert on shop.t to taker'))).toBe(
        "1142 GRANT command denied to user 'giver'@'localhost' for table 't'",
      );
    });
    await as('taker', 'x', (c) => c.query('select * from shop.t'));
    await root.query('revoke select on shop.t from taker');
    await as('taker', 'x', async (c) =>
      expect(await refusal(c.query('select * from shop.t'))).toContain('1142 SELECT command denied'),
    );
  });

  test('are roles to Postgres clients, with the same rights', async () => {
    await root.query(`create user twofold identified by 'x', twofold@'10.%' identified by 'x';
      grant select (b) on shop.t to twofold`);
    const client = new pg.Client({
      host: '127.0.0.1',
      port: server.port,
      user: 'twofold',
      password: 'x',
      database: 'shop',
    });
    await client.connect();
    expect((await client.query('select current_user, b from t order by b limit 1')).rows).toEqual([
      { current_user: 'twofold', b: 1 },
    ]);
    await expect(client.query('select c from t')).rejects.toThrow('permission denied for table t');
    await client.end();
    const away = new pg.Client({
      host: '127.0.0.1',
      port: server.port,
      user: 'twofold@10.%',
      password: 'x',
      database: 'shop',
    });
    await expect(away.connect()).rejects.toThrow('password authentication failed for user "twofold@10.%"');
    const admin = new pg.Client({ connectionString: server.url });
    await admin.connect();
    await admin.query(`create role pgonly login password 'x'`);
    await admin.query('create role nologin');
    await admin.query('alter role twofold rename to renamed');
    await admin.end();
    expect(await rows(root, "show grants for 'pgonly'")).toEqual([['GRANT USAGE ON *.* TO `pgonly`@`%`']]);
    await as('pgonly', 'x', (c) => c.query('select 1'));
    expect(await as('renamed', 'x', (c) => rows(c, 'select current_user()'))).toEqual([['renamed@%']]);
    expect(await refusal(login('nologin'))).toContain('1045 ');
  });
});
