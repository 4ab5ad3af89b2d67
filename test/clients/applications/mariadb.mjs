/* oxlint-disable */ // One driver used as an application would, step by step; run by test/clients/mysql-applications.client.ts against both servers.
import fs from 'node:fs';
import mariadb from 'mariadb';
import { connection, step } from './mysql-lib.mjs';

const c = await mariadb.createConnection({ ...connection, multipleStatements: true, allowPublicKeyRetrieval: true });
const rows = (r) => [...r];

await step('create', () => c.query('create table m (id bigint auto_increment primary key, name varchar(30) unique, n int, amount decimal(8,3), at datetime(6), doc json, raw blob, b bit(8))'));
await step('insert', () => c.query('insert into m (name, n, amount, at, doc, raw) values (?, ?, ?, ?, ?, ?)', ['one', 1, '1.125', new Date(Date.UTC(2020, 1, 2, 3, 4, 5)), '{"a":1}', Buffer.from([1, 2])]));
await step('prepared', () => c.execute('insert into m (name, n) values (?, ?)', ['two', 2]));
await step('batch', () => c.batch('insert into m (name, n) values (?, ?)', [['three', 3], ['four', 4], ['five', null]]).then((r) => (Array.isArray(r) ? r.length : r.affectedRows)));
await step('select', async () => rows(await c.query('select id, name, n, amount from m order by id')));
await step('binary', async () => rows(await c.execute('select id, name, n, amount, at, raw from m where id < ? order by id', [3])));
await step('meta', async () => (await c.query({ sql: 'select id, name as nm, n + 1 as s, amount, raw from m limit 0', metaAsArray: true }))[1].map((f) => [f.name(), f.table(), f.orgTable(), f.type, f.scale]));
await step('placeholders', async () => rows(await c.query({ namedPlaceholders: true, sql: 'select name from m where n > :low order by n' }, { low: 2 })));
await step('prepare', async () => { const p = await c.prepare('select name from m where n = ?'); const out = [rows(await p.execute([1])), rows(await p.execute([9]))]; p.close(); return out; });
await step('multi', async () => (await c.query('select 1 as a; update m set n = n + 1 where n = 1; select 2 as b')).map(rows).map((r) => (Array.isArray(r) ? r : r.affectedRows)));
await step('duplicate', () => c.query('insert into m (name) values ("one")').catch((e) => [e.code, e.errno, e.sqlState, e.sqlMessage]));
await step('transaction', async () => { await c.beginTransaction(); await c.query('delete from m'); await c.rollback(); return rows(await c.query('select count(*) as n from m')); });
await step('stream', async () => { const out = []; for await (const row of c.queryStream('select n from m order by id')) out.push(row.n); return out; });
await step('import', () => c.query('set @x = 1; select @x as x').then((r) => r.length));
await step('change user', () => c.changeUser({ user: connection.user, password: connection.password, database: connection.database }).then(() => 'ok', (e) => e.code), { mysql: 'ER_MYSQL_CHANGE_USER_BUG', why: 'the driver refuses it for servers that are not MariaDB' });
await step('reset', () => c.reset().then(() => 'ok'));
await step('ping', () => c.ping().then(() => 'ok'));
await step('returning null types', async () => rows(await c.execute('select ? as a, cast(? as signed) as b, cast(? as char) as c', [null, 5, 'x'])));
await step('pool', async () => { const pool = mariadb.createPool({ ...connection, connectionLimit: 2, allowPublicKeyRetrieval: true }); const all = await Promise.all([1, 2, 3, 4, 5].map((i) => pool.query('select ? as i', [i]).then((r) => r[0].i))); await pool.end(); return all; });
await step('tls', async () => { const s = await mariadb.createConnection({ ...connection, ssl: { rejectUnauthorized: false } }); const out = rows(await s.query("select count(*) as n from m")); await s.end(); return out; }, { mysql: [{ n: '5n' }], why: 'this MariaDB has no certificate' });
await step('infile', async () => { fs.writeFileSync('lines.txt', '1\tone\n2\t\\N\n3\tthree\n'); const s = await mariadb.createConnection({ ...connection, permitLocalInfile: true, allowPublicKeyRetrieval: true }); await s.query('create table lines_in (id int primary key, name varchar(10))'); const { affectedRows } = await s.query("load data local infile 'lines.txt' into table lines_in"); const out = rows(await s.query('select * from lines_in order by id')); await s.end(); return [affectedRows, out]; });
await step('stream of many', async () => { let n = 0; let sum = 0; for await (const row of c.queryStream('with recursive r (n) as (select 1 union all select n + 1 from r where n < 1000) select n from r')) { n++; sum += Number(row.n); } return [n, sum]; });
await step('server version', () => typeof c.serverVersion());
await c.end();
process.exit(0);
