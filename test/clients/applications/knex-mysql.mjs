/* oxlint-disable */ // One library used as an application would, step by step; run by test/clients/mysql-applications.client.ts against both servers.
import knexf from 'knex';
import { connection, step } from './mysql-lib.mjs';

const knex = knexf({ client: 'mysql2', connection, pool: { min: 0, max: 4 } });
const migrations = {
  m1: {
    async up(k) {
      await k.schema.createTable('users', (t) => {
        t.increments('id'); t.string('email', 100).notNullable().unique(); t.integer('age').unsigned().defaultTo(3).comment('the age'); t.bigInteger('big'); t.text('bio'); t.boolean('ok').defaultTo(false); t.date('d'); t.datetime('dt'); t.timestamp('ts').nullable(); t.time('tm'); t.timestamps(true, true); t.binary('bin'); t.enu('role', ['a', 'b']); t.json('js'); t.uuid('u'); t.decimal('dec', 8, 2); t.float('fl'); t.double('db'); t.tinyint('ti'); t.smallint('si'); t.mediumint('mi'); t.text('lt', 'longtext'); t.index(['age', 'big'], 'age_big_idx'); t.comment('users table');
      });
      await k.schema.createTable('posts', (t) => { t.bigIncrements('id'); t.integer('user_id').unsigned().references('id').inTable('users').onDelete('CASCADE').onUpdate('CASCADE').index(); t.string('title'); t.unique(['user_id', 'title'], { indexName: 'ut' }); });
    },
    async down(k) { await k.schema.dropTable('posts').dropTable('users'); },
  },
  m2: {
    async up(k) {
      await k.schema.alterTable('users', (t) => { t.string('nick').after('email'); t.dropColumn('mi'); t.renameColumn('bio', 'biography'); t.string('email', 200).notNullable().alter(); t.index('nick', 'nick_idx'); t.dropIndex([], 'age_big_idx'); });
      await k.schema.createView('v', (v) => { v.columns(['id', 'email']); v.as(k('users').select('id', 'email')); });
      await k.schema.renameTable('posts', 'articles');
    },
    async down(k) { await k.schema.renameTable('articles', 'posts'); await k.schema.dropView('v'); await k.schema.alterTable('users', (t) => { t.dropColumn('nick'); t.integer('mi'); t.renameColumn('biography', 'bio'); }); },
  },
};
const source = { migrationSource: { getMigrations: async () => ['m1', 'm2'], getMigrationName: (m) => m, getMigration: async (m) => migrations[m] } };
await step('migrate', () => knex.migrate.latest(source));
await step('list', () => knex.migrate.list(source).then(([a, b]) => [a.map((x) => x.name), b]));
await step('has', async () => [await knex.schema.hasTable('users'), await knex.schema.hasTable('zz'), await knex.schema.hasColumn('users', 'nick'), await knex.schema.hasColumn('users', 'zz')]);
await step('columnInfo', () => knex('users').columnInfo().then((all) => Object.fromEntries(Object.entries(all).map(([k, v]) => [k, [k === 'js' ? 'json' : v.type, k === 'js' || k === 'role' ? null : v.maxLength, v.nullable]]))));
await step('insert', () => knex('users').insert({ email: 'a@x', age: 5, js: JSON.stringify({ a: 1 }), dec: '1.25', role: 'a', bin: Buffer.from('hi'), d: '2020-01-01', dt: new Date(0) }));
await step('bad role', () => knex('users').insert({ email: 'q', role: 'zz' }).catch((e) => [e.code, e.errno]));
await step('batch', () => knex.batchInsert('users', Array.from({ length: 60 }, (_, i) => ({ email: `u${i}`, age: i + 1 })), 25));
await step('upsert', () => knex('users').insert({ email: 'a@x', age: 77 }).onConflict('email').merge(['age']));
await step('ignore', () => knex('users').insert([{ email: 'a@x', age: 78 }, { email: 'new', age: 1 }]).onConflict('email').ignore());
await step('select', () => knex('users as u').leftJoin('articles as a', 'a.user_id', 'u.id').where('u.age', '>', 50).andWhere((b) => b.where('u.email', 'like', 'u5%').orWhereNull('a.id')).whereIn('u.id', [52, 53, 54, 60]).orderBy('u.id', 'desc').select('u.id', 'a.title').limit(3).offset(1));
await step('aggregate', () => knex('users').count('* as c').sum({ s: 'age' }).avg('age as a').min({ mn: 'age' }).max({ mx: 'age' }).countDistinct('age as cd').first());
await step('group', () => knex('users').select(knex.raw('age % 2 as m')).count('* as c').groupByRaw('1').orderBy('m').havingRaw('count(*) > ?', [1]));
await step('update', () => knex('users').where({ email: 'u1' }).update({ age: knex.raw('age + 1'), nick: 'n' }));
await step('increment', () => knex('users').where({ email: 'u1' }).increment('age', 5));
await step('json', () => knex('users').select('email').jsonExtract('js', '$.a', 'a').where('email', 'a@x'));
await step('json where', () => knex('users').whereJsonPath('js', '$.a', '=', 1).select('email'));
await step('transaction', () => knex.transaction(async (t) => { await t('articles').insert({ user_id: 1, title: 'hello' }); await t.transaction(async (u) => { await u('articles').insert({ user_id: 99999, title: 'bad' }); }).catch((e) => e.errno); return t('articles').select('user_id', 'title'); }));
await step('isolation', () => knex.transaction((t) => t('users').count('* as c'), { isolationLevel: 'serializable', readOnly: true }));
await step('cte', () => knex.with('w', (q) => q.select('id').from('users').where('age', '<', 5)).select().from('w').union([knex('users').select('id').where('age', 60)]).orderBy('id'));
await step('recursive', () => knex.withRecursive('r', ['n'], (q) => q.select(knex.raw('1')).unionAll((k) => k.select(knex.raw('n+1')).from('r').where('n', '<', 4))).select().from('r').catch((e) => [e.errno, e.sqlMessage]), { mysql: [3573, "Recursive Common Table Expression 'r' should contain a UNION"], why: 'a number and words of its own; the builder leaves out the first part' });
await step('window', () => knex('users').select('id').rowNumber('rn', 'id').rank('rk', (q) => q.orderBy('age')).orderBy('id').limit(2));
await step('for update', () => knex.transaction((t) => t('users').select('id').forUpdate().skipLocked().where('id', 1)));
await step('delete', () => knex('users').where('email', 'like', 'u%').whereNotExists(knex('articles').whereRaw('articles.user_id=users.id')).del());
await step('raw', () => knex.raw('select ? + 1 as x, ?? as y from users order by id limit 1', [1, 'email']).then((r) => r[0]));
await step('show', () => knex.raw('show tables').then((r) => r[0].map((x) => Object.values(x)[0])));
await step('like', () => knex('users').whereLike('email', 'A%').orWhereILike('email', 'N%').select('email').catch(() => 'refused')); // utf8_bin is no collation of utf8mb4
await step('truncate', () => knex('articles').truncate().then(() => 0));
await step('create like', async () => { await knex.schema.createTable('aa', (t) => { t.increments(); t.string('x').defaultTo('q'); }); await knex.schema.createTableLike('bb', 'aa', (t) => t.text('y')); return Object.keys(await knex('bb').columnInfo()); });
await step('rollback', () => knex.migrate.rollback(source, true));
await step('after', () => knex.schema.hasTable('users'));
process.exit(0);
