/* oxlint-disable */ // One driver used as an application would, step by step; run by test/clients/mysql-applications.client.ts against both servers.
import { Readable } from 'node:stream';
import mysql from 'mysql2/promise';
import callbacks from 'mysql2';
import { connection, step } from './mysql-lib.mjs';

const c = await mysql.createConnection({ ...connection, multipleStatements: true, infileStreamFactory: () => Readable.from([Buffer.from('1\tone\n2\ttwo\n')]) });
const fields = (list) => list.map((f) => [f.name, f.table, f.orgTable, f.orgName, f.columnType, f.columnLength, f.characterSet, f.decimals, f.flags]);
const info = ({ affectedRows, insertId, warningStatus, changedRows }) => ({ affectedRows, insertId, warningStatus, changedRows });

await step('create', async () => info((await c.query(`create table t (
  id int unsigned not null auto_increment primary key, name varchar(20) not null, n int, big bigint, bigu bigint unsigned,
  amount decimal(10,2), f float, d double, day date, at datetime(3), ts timestamp null, t time, doc json, raw varbinary(20),
  ok tinyint(1) default 1, kind enum('a','b') default 'a', body text, blobs blob, y year, key n_idx (n), unique key name_uq (name))`))[0]));
await step('insert', async () => info((await c.query('insert into t set ?', { name: 'first', n: 1, big: '9007199254740993', bigu: '18446744073709551615', amount: '12.50', f: 1.5, d: 2.25, day: '2020-01-02', at: '2020-01-02 03:04:05.678', ts: '2020-01-02 03:04:05', t: '10:11:12', doc: '{"a": [1, 2]}', raw: Buffer.from([0, 1, 255]), kind: 'b', body: 'text', blobs: Buffer.from('blob'), y: 2020 }))[0]));
await step('insert many', async () => info((await c.query('insert into t (name, n) values ?', [[['a', 10], ['b', 20], ["c'\\\"\n", null]]]))[0]));
await step('prepared insert', async () => info((await c.execute('insert into t (name, n, big, d, at, raw, doc, ok) values (?, ?, ?, ?, ?, ?, ?, ?)', ['p', 5, 12n, 1.25, new Date(0), Buffer.from('xyz'), { k: 1 }, true]))[0]));
await step('text rows', async () => (await c.query({ sql: 'select * from t order by id', dateStrings: true, supportBigNumbers: true, bigNumberStrings: true }))[0].map(({ ts, ...row }) => row));
await step('binary rows', async () => (await c.execute({ sql: 'select * from t order by id', dateStrings: true, supportBigNumbers: true, bigNumberStrings: true }))[0].map(({ ts, ...row }) => row));
await step('arrays', async () => (await c.query({ sql: 'select id, name from t order by id limit 2', rowsAsArray: true }))[0]);
await step('nested', async () => (await c.query({ sql: 'select a.id, b.name from t a join t b on b.id = a.id order by 1 limit 1', nestTables: true }))[0]);
await step('fields', async () => fields((await c.query('select id, name as nm, n, big, bigu, amount, f, d, day, at, t, raw, ok, kind, body, blobs, y from t limit 0'))[1]));
await step('named', async () => (await c.query({ sql: 'select :x + 1 as x', namedPlaceholders: true }, { x: 4 }))[0]);
await step('params', async () => (await c.execute('select ? as a, ? + 0 as b, ? as c, ? as d, ? as e', ['x', 4, null, 1.5, true]))[0]);
await step('limit param', async () => (await c.execute('select id from t order by id limit ? offset ?', ['2', '1']))[0]);
await step('reused', async () => { const s = await c.prepare('select name from t where id = ?'); const out = []; for (const id of [1, 2, 99]) out.push((await s.execute([id]))[0]); await s.close(); return out; });
await step('multi', async () => (await c.query('select 1 as a; insert into t (name) values ("m"); select 2 as b'))[0].map((r) => (Array.isArray(r) ? r : info(r))));
await step('multi error', async () => c.query('select 1; select * from missing; select 2'));
await step('after error', async () => (await c.query('select count(*) as n from t'))[0]);
for (const sql of ['selec 1', 'select * from missing', 'select missing from t', 'insert into t (name) values ("a")', 'insert into t (name) values (null)', 'insert into t (name, n) values ("x", 99999999999)', 'insert into t (nope) values (1)', 'select 1 from t group by', 'drop table missing', 'create table t (a int)', 'use missing_db', "insert into t (name) values ('this name is much longer than twenty characters')", "insert into t (name, kind) values ('k', 'zz')", "insert into t (name, day) values ('k', 'not a day')", 'select count(*), name from (select 1 as id) q', 'select * from t where', "select 'open"])
  await step(`error: ${sql}`, () => c.query(sql).then(([rows]) => rows, (e) => [e.code, e.errno, e.sqlState, e.message]));
await step('update', async () => info((await c.query('update t set n = coalesce(n, 0) + 1 where id <= 3'))[0]));
await step('update same', async () => info((await c.query('update t set n = n where id <= 3'))[0]));
await step('upsert', async () => info((await c.query('insert into t (name, n) values ("a", 100), ("z", 1) on duplicate key update n = values(n)'))[0]));
await step('ignore', async () => info((await c.query('insert ignore into t (name, n) values ("a", 100), ("y", 1)'))[0]));
await step('replace', async () => { const [r] = await c.query('replace into t (name, n) values ("a", 7)'); return [r.affectedRows, r.insertId > 0]; });
await step('delete', async () => info((await c.query('delete from t where name in (?) limit 1', [['y', 'z']]))[0]));
await step('transaction', async () => { await c.beginTransaction(); await c.query('update t set n = 0'); await c.rollback(); await c.beginTransaction(); await c.query('insert into t (name) values ("kept")'); await c.commit(); return (await c.query('select sum(n) as s, count(*) as c from t'))[0]; });
await step('variables', async () => { await c.query('set @a = 5, @b = "x"'); return (await c.query('select @a + 1 as a, @b as b, @none as n, @@autocommit as ac, @@sql_mode <> "" as m'))[0]; });
await step('warnings', async () => { await c.query('select cast("12x" as unsigned)'); return (await c.query('show warnings'))[0]; });
await step('infile', async () => { await c.query('create table l (id int primary key, name varchar(10))'); await c.query({ sql: "load data local infile 'x' into table l", infileStreamFactory: () => Readable.from([Buffer.from('1\tone\n2\ttwo\n')]) }); return (await c.query('select * from l order by id'))[0]; });
await step('big packet', async () => (await c.execute('select length(?) as n', ['x'.repeat(17_000_000)]))[0]);
await step('big literal', async () => (await c.query('select length(?) as n', [Buffer.alloc(9_000_000, 7)]))[0]);
await step('empty', async () => c.query('').then(() => 'done', (e) => [e.code, e.errno, e.sqlState]));
await step('fractions', async () => (await c.execute("select concat(?, '') as a, concat(?, '') as b, hour(?) as c", [new Date(1234), new Date(1000), '10:11:12']))[0]);
await step('character sets', async () => { const own = await mysql.createConnection({ ...connection, charset: 'LATIN1_SWEDISH_CI' }); const out = [(await own.query('select "é€" as é, @@character_set_client as c, @@collation_connection as k'))[0], (await own.execute('select ? as p', ['ä']))[0], await own.query('select é').catch((e) => e.sqlMessage)]; await own.query('set names utf8mb4'); out.push((await own.query('select @@character_set_results as r'))[0], await own.query('set names ucs2').catch((e) => [e.errno, e.sqlMessage])); await own.end(); return out; });
await step('catalogs', async () => { const out = []; for (const database of ['mysql', 'information_schema']) { const own = await mysql.createConnection({ ...connection, database }); out.push((await own.query('select database() as d'))[0]); await own.end(); } return out; });
await step('change user', async () => { await c.changeUser({ ...connection }); return (await c.query('select database() is not null as d, @a as a'))[0]; });
await step('reset', async () => { await c.query('set @a = 1'); await c.reset?.(); return (await c.query('select 1 as one'))[0]; });
await step('ping', () => c.ping().then((r) => r === true || r === undefined || typeof r));
await step('escape', async () => (await c.query('select ? as a, ?? from t order by id limit 1', [{ toSqlString: () => '1 + 1' }, 'name']))[0]);
await step('bool', async () => (await c.query('select true, false, null, 1 = 1 as eq, not 1 as n, 5 div 2 as d, 5 / 2 as q, 5 % 3 as m, -1 as neg, 1e3 as e, 0x41 as h, b\'101\' as b'))[0]);
await step('stream', () => new Promise((resolve, reject) => { const plain = callbacks.createConnection(connection); const ids = []; plain.query('select id from t order by id').stream().on('data', (row) => ids.push(row.id)).on('error', reject).on('end', () => { plain.end(); resolve(ids.length); }); }));
await step('pool', async () => { const pool = mysql.createPool({ ...connection, connectionLimit: 3 }); const all = await Promise.all(Array.from({ length: 20 }, (_, i) => pool.query('select ? as i', [i]).then(([r]) => r[0].i))); const held = await pool.getConnection(); await held.query('set @p = 1'); held.release(); await pool.end(); return all; });
await step('tls', async () => { const s = await mysql.createConnection({ ...connection, ssl: { rejectUnauthorized: false } }).catch((e) => e); if (s instanceof Error) return 'none'; const [[row]] = await s.query('select 1 as one'); await s.end(); return row; }, { mysql: { one: 1 }, why: 'this MariaDB has no certificate' });
await step('denied', async () => mysql.createConnection({ ...connection, password: 'wrong' }).then(() => 'in', (e) => [e.code, e.errno, e.sqlState]));
await step('no database', async () => mysql.createConnection({ ...connection, database: 'missing' }).then(() => 'in', (e) => [e.code, e.errno, e.sqlState]));
await step('kill', async () => { const other = await mysql.createConnection(connection); other.on('error', () => {}); const failed = other.query('select sleep(5)').then(() => 'slept', (e) => e.code); await new Promise((r) => setTimeout(r, 200)); await c.query(`kill ${other.threadId}`); return failed; });
await step('kill query', async () => { const other = await mysql.createConnection(connection); const failed = other.query('select count(*) from t a, t b, t c, t d, t e, t f, t g, t h, t i').then(() => 'ran', (e) => [e.code, e.errno]); await new Promise((r) => setTimeout(r, 300)); await c.query(`kill query ${other.threadId}`); const out = await failed; const [[row]] = await other.query('select 1 as alive'); await other.end(); return [out, row]; });
await c.end();
process.exit(0);
