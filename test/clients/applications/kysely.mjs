/* oxlint-disable */ // One library used as an application would, step by step; run by test/clients/applications.client.ts against both servers.
import pg from 'pg'; import { Kysely, PostgresDialect, sql, Migrator } from 'kysely'; import {jsonArrayFrom, jsonObjectFrom, jsonBuildObject, mergeAction} from 'kysely/helpers/postgres'; import Cursor from 'pg-cursor'; import {cfg, step} from './lib.mjs';
const db = new Kysely({dialect:new PostgresDialect({pool:new pg.Pool({...cfg,max:4}), cursor: Cursor})});
await step('reset', () => sql`select 1`.execute(db));
const migs = {
 '001': { async up(db){ 
  await db.schema.createType('species').asEnum(['cat','dog','hamster']).execute();
  await db.schema.createTable('person').addColumn('id','integer',c=>c.primaryKey().generatedByDefaultAsIdentity()).addColumn('first_name','varchar(50)',c=>c.notNull()).addColumn('last_name','varchar(255)').addColumn('gender','text',c=>c.defaultTo('x').notNull()).addColumn('created_at','timestamptz',c=>c.defaultTo(sql`now()`).notNull()).addColumn('extra','jsonb').addColumn('tags',sql`text[]`).addColumn('full', 'text', c=>c.generatedAlwaysAs(sql`first_name || 'x'`).stored()).execute();
  await db.schema.createTable('pet').addColumn('id','serial',c=>c.primaryKey()).addColumn('name','text',c=>c.unique().notNull()).addColumn('owner_id','integer',c=>c.references('person.id').onDelete('cascade').onUpdate('no action')).addColumn('species',sql`species`).addColumn('price',sql`numeric(10,2)`).addColumn('u','uuid',c=>c.defaultTo(sql`gen_random_uuid()`)).addCheckConstraint('price_ck', sql`price > 0`).execute();
  await db.schema.createIndex('pet_owner_idx').on('pet').column('owner_id').execute();
  await db.schema.createIndex('person_ln_idx').on('person').columns(['last_name desc','first_name']).where('last_name','is not',null).execute();
  await db.schema.createIndex('person_expr').on('person').expression(sql`lower(first_name)`).using('btree').execute();
  await db.schema.createView('cats').orReplace().as(db.selectFrom('pet').selectAll().where('species','=','cat')).execute();
  await db.schema.createSchema('other').ifNotExists().execute();
  await db.schema.createTable('other.thing').addColumn('id','bigserial').addColumn('b','bytea').addColumn('d','date').addColumn('t','time').addColumn('r','real').addColumn('dp','double precision').addColumn('sm','smallint').addColumn('bo','boolean').addColumn('ch','char(4)').execute();
 }, async down(db){ await db.schema.dropTable('other.thing').execute(); await db.schema.dropSchema('other').execute();  await db.schema.dropView('cats').ifExists().execute(); await db.schema.dropTable('pet').execute(); await db.schema.dropTable('person').cascade().execute(); await db.schema.dropType('species').execute(); } },
 '002': { async up(db){ await db.schema.alterTable('pet').addColumn('nick','text').execute(); await db.schema.alterTable('pet').renameColumn('nick','nickname').execute(); await db.schema.alterTable('pet').alterColumn('nickname',c=>c.setDefault('n')).execute(); await db.schema.alterTable('pet').alterColumn('nickname',c=>c.setDataType('varchar(20)')).execute(); await db.schema.alterTable('pet').alterColumn('nickname',c=>c.setNotNull()).execute(); await db.schema.alterTable('pet').addUniqueConstraint('uq',['nickname','name']).execute(); await db.schema.alterTable('pet').addForeignKeyConstraint('fk2',['owner_id'],'person',['id']).onDelete('set null').execute(); await db.schema.alterTable('pet').dropConstraint('fk2').execute(); }, async down(db){ await db.schema.alterTable('pet').dropColumn('nickname').execute() } } };
const m = new Migrator({db, provider:{getMigrations: async()=>migs}});
await step('migrate', async () => { const r = await m.migrateToLatest(); if (r.error) throw r.error; return r.results });
await step('migrations', async () => (await m.getMigrations()).map(x=>[x.name, !!x.executedAt]));
await step('getSchemas', () => db.introspection.getSchemas().then(s=>s.map(x=>x.name).filter(n=>!/^pg_toast|temp/.test(n)).sort()));
await step('getTables', () => db.introspection.getTables({withInternalKyselyTables:true}));
const P = (v)=>db.insertInto('person').values(v);
await step('insert', () => P({first_name:'A',last_name:'B',extra:JSON.stringify({a:1}),tags:['q','r']}).returning(['id','first_name','extra','tags','full']).executeTakeFirst());
await step('insert many', () => P([{first_name:'C',last_name:'D'},{first_name:'E'}]).execute().then(r=>r));
await step('pets', () => db.insertInto('pet').values([{name:'p1',owner_id:1,species:'cat',price:'5'},{name:'p2',owner_id:2,species:'dog',price:7.25}]).returningAll().execute().then(r=>r.map(({u,...x})=>x)));
await step('bad enum', () => db.insertInto('pet').values({name:'p3',species:'cow'}).execute());
await step('ins select', () => db.insertInto('pet').columns(['name','species']).expression(eb=>eb.selectFrom('pet').select([sql`name || '_2'`.as('n'),'species'])).returning('name').execute());
await step('conflict', () => db.insertInto('pet').values({name:'p1',price:9}).onConflict(oc=>oc.column('name').doUpdateSet(eb=>({price: eb.ref('excluded.price')})).where('pet.price','<',100)).returning(['name','price']).execute());
await step('conflict2', () => db.insertInto('pet').values({name:'p1',price:9}).onConflict(oc=>oc.constraint('pet_name_key').doNothing()).executeTakeFirst());
await step('select join', () => db.selectFrom('person').innerJoin('pet','pet.owner_id','person.id').leftJoin('person as o', j=>j.onRef('o.id','=','person.id').on('o.first_name','like','A%')).select(['person.first_name as f','pet.name as n','o.id as oid']).where(eb=>eb.or([eb('person.id','=',1),eb('pet.species','in',['dog'])])).orderBy('f','desc').limit(10).offset(0).execute());
await step('nested json', () => db.selectFrom('person').select(eb=>['id', jsonArrayFrom(eb.selectFrom('pet').select(['pet.name','pet.price']).whereRef('pet.owner_id','=','person.id').orderBy('pet.name')).as('pets'), jsonObjectFrom(eb.selectFrom('pet').selectAll('pet').select(eb2=>eb2.fn('upper',['pet.name']).as('un')).whereRef('pet.owner_id','=','person.id').limit(1)).as('fav'), jsonBuildObject({a:eb.ref('first_name'), b: eb.ref('id')}).as('bo')]).orderBy('id').execute().then(r=>r.map(x=>{ if (x.fav) delete x.fav.u; return x })));
await step('agg', () => db.selectFrom('pet').select(eb=>['species', eb.fn.count('id').as('c'), eb.fn.sum('price').as('s'), eb.fn.avg('price').filterWhere('price','>',6).as('a'), eb.fn.agg('array_agg',['name']).orderBy('name','desc').as('names'), eb.fn.countAll().as('ca'), eb.fn.count('name').distinct().as('cd')]).groupBy('species').having(eb=>eb.fn.count('id'),'>=',1).orderBy('species', o=>o.desc().nullsLast()).execute());
await step('window', () => db.selectFrom('pet').select(eb=>['name', eb.fn.agg('row_number').over(o=>o.partitionBy('species').orderBy('name')).as('rn'), eb.fn.sum('price').over(o=>o.orderBy('id')).as('run')]).orderBy('id').execute());
await step('cte', () => db.with('x', d=>d.selectFrom('pet').select(['name','owner_id'])).with('ins', d=>d.insertInto('person').values({first_name:'cte'}).returning('id')).selectFrom('x').innerJoin('ins', j=>j.onTrue()).select(['x.name','ins.id']).orderBy('name').execute());
await step('rec', () => db.withRecursive('t(n)', d=>d.selectNoFrom(sql`1`.as('n')).unionAll(d.selectFrom('t').select(sql`n+1`.as('n')).where('n','<',5))).selectFrom('t').selectAll().execute());
await step('distinct on', () => db.selectFrom('pet').distinctOn('species').select(['species','name']).orderBy('species').orderBy('name').execute());
await step('union', () => db.selectFrom('pet').select('name as n').union(db.selectFrom('person').select('first_name as n')).intersect(db.selectFrom('pet').select('name as n')).orderBy('n').execute());
await step('for update', () => db.transaction().setIsolationLevel('repeatable read').execute(t=>t.selectFrom('person').select('id').where('id','=',1).forUpdate().skipLocked().execute()));
await step('update', () => db.updateTable('pet').set(eb=>({price: eb('price','+',1), nickname:'z'})).where('name','=','p1').returning(['name','price']).execute());
await step('update from', () => db.updateTable('pet as p').from('person').set({nickname: sql.ref('person.first_name')}).whereRef('p.owner_id','=','person.id').executeTakeFirst().then(r=>r));
await step('delete using', () => db.deleteFrom('pet').using('person').whereRef('pet.owner_id','=','person.id').where('person.first_name','=','C').returning('pet.name').execute());
await step('merge', () => db.mergeInto('pet').using('person','pet.owner_id','person.id').whenMatched().thenUpdateSet({nickname:'merged'}).whenNotMatched().thenInsertValues({name: sql`person.first_name||person.id`, owner_id: sql.ref('person.id')}).executeTakeFirst());
await step('stream', async () => { const o=[]; for await (const r of db.selectFrom('person').select('id').orderBy('id').stream(2)) o.push(r.id); return o });
await step('controlled', async () => { const t = await db.startTransaction().execute(); const s = await t.savepoint('a').execute(); try { await s.insertInto('pet').values({id:1,name:'p1'}).execute() } catch(e){ await s.rollbackToSavepoint('a').execute() } const n = await s.selectFrom('pet').select(e=>e.fn.countAll().as('c')).execute(); await t.rollback().execute(); return n });
await step('case/exists', () => db.selectFrom('person').select(eb=>[eb.case().when('id','>',1).then('big').else('small').end().as('c'), eb.exists(eb.selectFrom('pet').select('id').whereRef('owner_id','=','person.id')).as('e'), eb.ref('extra','->>').key('a').as('j'), eb.cast('id','text').as('t')]).orderBy('id').execute());
await step('tuples', () => db.selectFrom('person').select('id').where(eb=>eb(eb.refTuple('first_name','last_name'),'in',[eb.tuple('A','B'),eb.tuple('C','D')])).orderBy('id').execute());
await step('between ilike any', () => db.selectFrom('person').select('id').where('first_name','ilike','a%').where(eb=>eb.between('id',0,10)).where('id','=',sql`any(${[1,2,3]})`).where('tags','@>',sql`${['q']}::text[]`).execute());
await step('values', () => sql`select * from (values (${1}::int,${'a'}), (2,'b')) v(i,t)`.execute(db).then(r=>r.rows));
await step('dates', () => db.selectFrom('person').select(sql`created_at > ${new Date(2000,1,1)}`.as('x')).where('created_at','<',new Date(Date.now()+1e6)).execute());
await step('lateral', () => db.selectFrom('person').leftJoinLateral(eb=>eb.selectFrom('pet').select('name').whereRef('owner_id','=','person.id').orderBy('id').limit(1).as('l'), j=>j.onTrue()).select(['person.id','l.name']).orderBy('person.id').execute());
await step('explain', () => db.selectFrom('person').select('id').explain('json', sql`analyze`).then(r=>typeof r));
await step('down', async () => { const r = await m.migrateDown(); const q= await m.migrateTo(undefined ?? '001'); const z = await m.migrateDown(); if (r.error||z.error) throw r.error??z.error; return [r.results,q.results,z.results] });
await step('tables after', () => db.introspection.getTables().then(t=>t.map(x=>x.name)));
process.exit(0)
