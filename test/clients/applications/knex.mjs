/* oxlint-disable */ // One library used as an application would, step by step; run by test/clients/applications.client.ts against both servers.
import knexf from 'knex'; import {cfg, step} from './lib.mjs';
const knex = knexf({client:'pg', connection:cfg, pool:{min:0,max:4}});
class Src { getMigrations(){return Promise.resolve(['m1','m2'])} getMigrationName(m){return m} getMigration(m){return {
 m1:{ async up(k){ await k.schema.createTable('users', t=>{ t.increments('id'); t.string('email',100).notNullable().unique(); t.integer('age').unsigned().defaultTo(3).comment('the age'); t.bigInteger('big'); t.text('bio'); t.boolean('ok').defaultTo(false); t.date('d'); t.datetime('dt'); t.timestamp('ts',{useTz:false}); t.time('tm'); t.timestamps(true,true); t.binary('bin'); t.enu('role',['a','b']); t.json('js'); t.jsonb('jb').defaultTo('{}'); t.uuid('u').defaultTo(k.raw('gen_random_uuid()')); t.decimal('dec',8,2); t.float('fl'); t.double('db'); t.specificType('arr','integer[]'); t.enu('mood',['x','y'],{useNative:true,enumName:'mood_t'}); t.tinyint('ti'); t.smallint('si'); t.mediumint('mi'); t.bit; t.index(['age','big'],'age_big_idx'); t.check('?? > 0',['age']); t.comment('users table') });
   await k.schema.createTable('posts', t=>{ t.bigIncrements('id'); t.integer('user_id').references('id').inTable('users').onDelete('CASCADE').onUpdate('CASCADE').index(); t.string('title').checkLength('>',1); t.foreign; t.unique(['user_id','title'],{indexName:'ut'}) }) }, async down(k){ await k.schema.dropTable('posts').dropTable('users'); await k.raw('drop type mood_t') } },
 m2:{ async up(k){ await k.schema.alterTable('users', t=>{ t.string('nick'); t.dropColumn('mi'); t.renameColumn('bio','biography'); t.string('email',200).notNullable().alter(); t.setNullable('age'); t.dropNullable('ok'); t.index('nick','nick_idx'); t.dropIndex([], 'age_big_idx') }); await k.schema.raw('create index on posts (lower(title))'); await k.schema.createView('v', v=>{ v.columns(['id','email']); v.as(k('users').select('id','email')) }); await k.schema.renameTable('posts','articles') }, async down(k){ await k.schema.renameTable('articles','posts'); await k.schema.dropView('v'); await k.schema.alterTable('users',t=>{t.dropColumn('nick'); t.integer('mi'); t.renameColumn('biography','bio')}) } } }[m]} }
const mc={migrationSource:new Src()};
await step('migrate', () => knex.migrate.latest(mc));
await step('list', () => knex.migrate.list(mc).then(([a,b])=>[a.map(x=>x.name),b]));
await step('version', () => knex.migrate.currentVersion(mc));
await step('status', () => knex.migrate.status(mc));
await step('hasTable', async () => [await knex.schema.hasTable('users'), await knex.schema.hasTable('zz'), await knex.schema.hasColumn('users','nick'), await knex.schema.hasColumn('users','zz'), await knex.schema.withSchema('public').hasTable('articles')]);
await step('columnInfo', () => knex('users').columnInfo());
await step('columnInfo1', () => knex('users').columnInfo('age'));
await step('comment', () => knex.raw("select obj_description('users'::regclass), col_description('users'::regclass, 3)").then(r=>r.rows));
await step('insert', () => knex('users').insert({email:'a@x',age:5,js:JSON.stringify({a:1}),jb:{b:[1]},arr:[1,2],dec:'1.25',role:'a',mood:'x',bin:Buffer.from('hi'),d:'2020-01-01',dt:new Date(0)},['id','email','jb','js','arr','dec','role','mood','bin']));
await step('badrole', () => knex('users').insert({email:'q',role:'zz'}));
await step('batch', () => knex.batchInsert('users', Array.from({length:60},(_, i)=>({email:'u'+i,age:i+1})), 25).returning('id').then(r=>r.length));
await step('upsert', () => knex('users').insert({email:'a@x',age:77}).onConflict('email').merge(['age']).returning(['email','age']));
await step('upsert2', () => knex('users').insert([{email:'a@x',age:78},{email:'new',age:1}]).onConflict('email').ignore().returning('email'));
await step('upsert3', () => knex('users').insert({email:'a@x',age:79}).onConflict('email').merge({age:knex.raw('users.age + excluded.age')}).where('users.age','<',100).returning('age'));
await step('select', () => knex('users as u').leftJoin('articles as a','a.user_id','u.id').where('u.age','>',50).andWhere(b=>b.where('u.email','like','u5%').orWhereNull('a.id')).whereIn('u.id',[52,53,54,60]).orderBy([{column:'u.id',order:'desc',nulls:'last'}]).select('u.id','a.title').limit(3).offset(1));
await step('agg', () => knex('users').count('* as c').sum({s:'age'}).avg('age as a').min('age').max('age').countDistinct('age as cd').first());
await step('groupby', () => knex('users').select(knex.raw('age % 2 as m')).count().groupByRaw('1').orderBy('m').havingRaw('count(*) > ?',[1]));
await step('update', () => knex('users').where({email:'u1'}).update({age:knex.raw('age + 1'),nick:'n'},['email','age','nick']));
await step('inc', () => knex('users').where({email:'u1'}).increment('age',5).decrement('big',1));
await step('json', () => knex('users').whereJsonSupersetOf('jb',{b:[1]}).select('email').jsonExtract('jb','$.b[0]','b0'));
await step('jsonpath', () => knex('users').whereJsonPath('jb','$.b[0]','=',1).select('email'));
await step('jsonobj', () => knex('users').whereJsonObject('jb',{b:[1]}).select('email'));
await step('jsonset', () => knex('users').where('email','a@x').select(knex.jsonSet('jb','$.c','5','x')));
await step('trx', () => knex.transaction(async t=>{ await t('articles').insert({user_id:1,title:'hello'}); await t.transaction(async t2=>{ await t2('articles').insert({user_id:99999,title:'bad'}) }).catch(e=>0); return t('articles').select('user_id','title') }));
await step('trx iso', () => knex.transaction(t=>t('users').count(), {isolationLevel:'serializable', readOnly:true}));
await step('cte', () => knex.with('w', q=>q.select('id').from('users').where('age','<',5)).select().from('w').union([knex('users').select('id').where('age',60)]).orderBy('id'));
await step('recursive', () => knex.withRecursive('r',['n'], q=>q.select(knex.raw('1')).unionAll(k=>k.select(knex.raw('n+1')).from('r').where('n','<',4))).select().from('r'));
await step('window', () => knex('users').select('id').rowNumber('rn','id').rank('rk', q=>q.orderBy('age')).orderBy('id').limit(2));
await step('forUpdate', () => knex.transaction(t=>t('users').select('id').forUpdate().skipLocked().where('id',1)));
await step('stream', async () => { let n=0; const s = knex('users').select('id').stream ? 1:0; return s });
await step('del', () => knex('users').where('email','like','u%').whereNotExists(knex('articles').whereRaw('articles.user_id=users.id')).del());
await step('distinctOn', () => knex('users').distinctOn('age').select('age','id').orderBy('age').orderBy('id'));
await step('raw bindings', () => knex.raw('select ?::int + :: 1'.replace(':: ','')+' as x, ?? as y from users order by id limit 1',[1,'email']).then(r=>r.rows));
await step('named', () => knex.raw('select :a::text as x, :a as y',{a:'q'}).then(r=>r.rows));
await step('truncate', () => knex('articles').truncate().then(()=>0));
await step('truncate2', () => knex.raw('truncate users restart identity cascade').then(r=>r.command));
await step('lock', () => knex.migrate.forceFreeMigrationsLock(mc));
await step('rollback', () => knex.migrate.rollback(mc, true));
await step('has', () => knex.schema.hasTable('users'));
await step('dropIf', () => knex.schema.dropTableIfExists('nope').createTableLike);
await step('createTableLike', async () => { await knex.schema.createTable('aa',t=>{t.increments();t.string('x').defaultTo('q')}); await knex.schema.createTableLike('bb','aa',t=>t.text('y')); return knex('bb').columnInfo() });
await step('sequences', () => knex.raw("select setval(pg_get_serial_sequence('aa','id'), 10), nextval('aa_id_seq')").then(r=>r.rows));
process.exit(0)
