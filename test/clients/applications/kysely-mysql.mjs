/* oxlint-disable */ // One library used as an application would, step by step; run by test/clients/mysql-applications.client.ts against both servers.
import { createPool } from 'mysql2';
import { Kysely, Migrator, MysqlDialect, sql } from 'kysely';
import { connection, mariadb, step } from './mysql-lib.mjs';

const db = new Kysely({ dialect: new MysqlDialect({ pool: createPool({ ...connection, connectionLimit: 4 }) }) });
const migrations = {
  '001': {
    async up(k) {
      await k.schema.createTable('person').addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement()).addColumn('first_name', 'varchar(50)', (c) => c.notNull()).addColumn('last_name', 'varchar(255)').addColumn('gender', 'varchar(10)', (c) => c.defaultTo('x').notNull()).addColumn('created_at', 'timestamp', (c) => c.defaultTo(sql`now()`).notNull()).addColumn('extra', 'json').execute();
      await k.schema.createTable('pet').addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement()).addColumn('name', 'varchar(255)', (c) => c.unique().notNull()).addColumn('owner_id', 'integer', (c) => c.notNull()).addColumn('species', sql`enum('cat','dog')`).addColumn('price', sql`decimal(10,2)`).addForeignKeyConstraint('pet_owner_fk', ['owner_id'], 'person', ['id'], (c) => c.onDelete('cascade')).addCheckConstraint('price_ck', sql`price > 0`).execute();
      await k.schema.createIndex('person_name_idx').on('person').columns(['last_name', 'first_name']).execute();
      await k.schema.createView('cats').orReplace().as(k.selectFrom('pet').selectAll().where('species', '=', 'cat')).execute();
    },
    async down(k) { await k.schema.dropView('cats').ifExists().execute(); await k.schema.dropTable('pet').execute(); await k.schema.dropTable('person').execute(); },
  },
  '002': {
    async up(k) { await k.schema.alterTable('pet').addColumn('nick', 'varchar(10)').execute(); await k.schema.alterTable('pet').renameColumn('nick', 'nickname').execute(); await k.schema.alterTable('pet').modifyColumn('nickname', 'varchar(30)').execute(); },
    async down(k) { await k.schema.alterTable('pet').dropColumn('nickname').execute(); },
  },
};
const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } });
await step('migrate', async () => { const r = await migrator.migrateToLatest(); if (r.error) throw r.error; return r.results; });
await step('tables', () => db.introspection.getTables().then((all) => all.map((t) => [t.name, t.isView, t.columns.map((c) => [c.name, c.name === 'extra' ? 'json' : c.dataType, t.isView || c.isNullable, c.isAutoIncrementing, t.isView || c.isNullable || c.hasDefaultValue])]))); // MariaDB writes NULL for no default; columns of views are not known to be never null.
await step('schemas', () => db.introspection.getSchemas().then((all) => all.some((s) => s.name === connection.database)), { mysql: true, why: 'names of catalog columns are upper case' });
await step('insert', () => db.insertInto('person').values({ first_name: 'A', last_name: 'B', extra: JSON.stringify({ a: 1 }) }).executeTakeFirst());
await step('insert many', () => db.insertInto('person').values([{ first_name: 'C', last_name: 'D' }, { first_name: 'E' }]).executeTakeFirst());
await step('pets', () => db.insertInto('pet').values([{ name: 'p1', owner_id: 1, species: 'cat', price: '5' }, { name: 'p2', owner_id: 2, species: 'dog', price: 7.25 }]).execute());
await step('ignore', () => db.insertInto('pet').ignore().values({ name: 'p1', owner_id: 1 }).executeTakeFirst());
await step('duplicate', () => db.insertInto('pet').values({ name: 'p1', owner_id: 1, price: 2 }).onDuplicateKeyUpdate({ price: sql`values(price) + 1` }).executeTakeFirst().then((r) => Number(r.numInsertedOrUpdatedRows)));
await step('replace', () => db.replaceInto('pet').values({ name: 'p2', owner_id: 2, price: 3 }).executeTakeFirst().then((r) => Number(r.numInsertedOrUpdatedRows)));
await step('check', () => db.insertInto('pet').values({ name: 'p9', owner_id: 1, price: -1 }).execute().catch((e) => [e.errno, e.sqlState]), { mysql: [3819, 'HY000'], why: 'a number of its own' });
await step('foreign key', () => db.insertInto('pet').values({ name: 'p9', owner_id: 99, price: 1 }).execute().catch((e) => [e.code, e.errno, e.sqlState]));
await step('join', () => db.selectFrom('person').innerJoin('pet', 'pet.owner_id', 'person.id').leftJoin('person as o', (j) => j.onRef('o.id', '=', 'person.id').on('o.first_name', 'like', 'A%')).select(['person.first_name as f', 'pet.name as n', 'o.id as oid']).orderBy('f', 'desc').limit(10).execute());
await step('aggregate', () => db.selectFrom('pet').select((eb) => ['species', eb.fn.count('id').as('c'), eb.fn.sum('price').as('s'), eb.fn.avg('price').as('a'), eb.fn.countAll().as('ca'), eb.fn.count('name').distinct().as('cd')]).groupBy('species').having((eb) => eb.fn.count('id'), '>=', 1).orderBy('species').execute());
await step('window', () => db.selectFrom('pet').select((eb) => ['name', eb.fn.agg('row_number').over((o) => o.partitionBy('species').orderBy('name')).as('rn'), eb.fn.sum('price').over((o) => o.orderBy('id')).as('run')]).orderBy('id').execute());
await step('cte', () => db.with('x', (d) => d.selectFrom('pet').select(['name', 'owner_id'])).selectFrom('x').innerJoin('person', 'person.id', 'x.owner_id').select(['x.name', 'person.first_name']).orderBy('name').execute());
await step('recursive', () => db.withRecursive('t(n)', (d) => d.selectNoFrom(sql`1`.as('n')).unionAll(d.selectFrom('t').select(sql`n+1`.as('n')).where('n', '<', 5))).selectFrom('t').selectAll().execute());
await step('union', () => db.selectFrom('pet').select('name as n').union(db.selectFrom('person').select('first_name as n')).orderBy('n').execute());
await step('for update', () => db.transaction().setIsolationLevel('repeatable read').execute((t) => t.selectFrom('person').select('id').where('id', '=', 1).forUpdate().execute()));
await step('update', () => db.updateTable('pet').set((eb) => ({ price: eb('price', '+', 1), nickname: 'z' })).where('name', '=', 'p1').executeTakeFirst());
await step('update join', () => db.updateTable(['pet', 'person']).set({ 'pet.nickname': sql`person.first_name` }).whereRef('pet.owner_id', '=', 'person.id').where('person.id', '=', 1).executeTakeFirst());
await step('update limit', () => db.updateTable('pet').set({ nickname: 'first' }).orderBy('id').limit(1).executeTakeFirst());
await step('delete using', () => db.deleteFrom('pet').using('pet').innerJoin('person', 'person.id', 'pet.owner_id').where('person.first_name', '=', 'C').executeTakeFirst());
await step('savepoint', async () => { const t = await db.startTransaction().execute(); const s = await t.savepoint('a').execute(); await s.insertInto('person').values({ first_name: 'gone' }).execute(); await s.rollbackToSavepoint('a').execute(); const n = await t.selectFrom('person').select((e) => e.fn.countAll().as('c')).execute(); await t.rollback().execute(); return n; });
await step('stream', async () => { const out = []; for await (const row of db.selectFrom('person').select('id').orderBy('id').stream()) out.push(row.id); return out; });
await step('json', () => db.selectFrom('person').select((eb) => ['id', sql`json_extract(extra, '$.a')`.as('a'), ...(mariadb ? [sql`json_unquote(json_extract(extra, '$.a'))`.as('b')] : [eb.ref('extra', '->>$').key('a').as('b')])]).orderBy('id').execute()); // MariaDB has no ->>.
await step('case', () => db.selectFrom('person').select((eb) => [eb.case().when('id', '>', 1).then('big').else('small').end().as('c'), eb.exists(eb.selectFrom('pet').select('id').whereRef('owner_id', '=', 'person.id')).as('e')]).orderBy('id').execute());
await step('explain', () => db.selectFrom('person').select('id').explain().then((r) => r.length > 0));
await step('down', async () => { const a = await migrator.migrateDown(); const b = await migrator.migrateDown(); if (a.error || b.error) throw a.error ?? b.error; return [a.results, b.results]; });
await step('tables after', () => db.introspection.getTables().then((all) => all.map((t) => t.name)));
process.exit(0);
