/* oxlint-disable */ // One library used as an application would, step by step; run by test/clients/applications.client.ts against both servers.
import pg from 'pg'; import postgres from 'postgres'; import {drizzle} from 'drizzle-orm/node-postgres'; import {drizzle as dpj} from 'drizzle-orm/postgres-js'; import {migrate} from 'drizzle-orm/node-postgres/migrator'; import {migrate as mpj} from 'drizzle-orm/postgres-js/migrator';
import * as d from 'drizzle-orm'; import * as c from 'drizzle-orm/pg-core'; import {cfg,url,step} from './lib.mjs'; import fs from 'fs'; 
const mood = c.pgEnum('mood',['sad','ok']);
const users = c.pgTable('users',{ id:c.integer().primaryKey().generatedAlwaysAsIdentity({startWith:10}), name:c.varchar({length:50}).notNull(), email:c.text().unique(), m:mood().default('ok'), meta:c.jsonb(), tags:c.text().array(), nums:c.integer().array().default([1,2]), created:c.timestamp({withTimezone:true}).defaultNow(), price:c.numeric({precision:10,scale:2}), big:c.bigint({mode:'bigint'}), gen:c.text().generatedAlwaysAs(d.sql`upper(name)`), u:c.uuid().defaultRandom(), dd:c.date(), active:c.boolean().default(true)}, t=>[c.index('name_idx').on(t.name.desc()), c.check('ck', d.sql`length(name) > 0`)]);
const posts = c.pgTable('posts',{ id:c.serial().primaryKey(), title:c.text(), authorId:c.integer('author_id').references(()=>users.id,{onDelete:'cascade'})}, t=>[c.uniqueIndex('pt').on(t.title,t.authorId)]);
const comments = c.pgTable('comments',{ id:c.serial().primaryKey(), text:c.text(), postId:c.integer('post_id').references(()=>posts.id)});
const ur=d.relations(users,({many})=>({posts:many(posts)})), pr=d.relations(posts,({one,many})=>({author:one(users,{fields:[posts.authorId],references:[users.id]}),comments:many(comments)})), cr=d.relations(comments,({one})=>({post:one(posts,{fields:[comments.postId],references:[posts.id]})}));
const schema={users,posts,comments,ur,pr,cr};
fs.mkdirSync('mig/meta',{recursive:true}); fs.writeFileSync('mig/meta/_journal.json', JSON.stringify({version:'7',dialect:'postgresql',entries:[{idx:0,version:'7',when:1,tag:'0000_a',breakpoints:true},{idx:1,version:'7',when:2,tag:'0001_b',breakpoints:true}]}));
fs.writeFileSync('mig/0000_a.sql',`CREATE TYPE "public"."mood" AS ENUM('sad', 'ok');--> statement-breakpoint
CREATE TABLE "users" ("id" integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "users_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 10 CACHE 1), "name" varchar(50) NOT NULL, "email" text, "m" "mood" DEFAULT 'ok', "meta" jsonb, "tags" text[], "nums" integer[] DEFAULT '{1,2}', "created" timestamp with time zone DEFAULT now(), "price" numeric(10, 2), "big" bigint, "gen" text GENERATED ALWAYS AS (upper(name)) STORED, "u" uuid DEFAULT gen_random_uuid(), "dd" date, "active" boolean DEFAULT true, CONSTRAINT "users_email_unique" UNIQUE("email"), CONSTRAINT "ck" CHECK (length(name) > 0));--> statement-breakpoint
CREATE TABLE "posts" ("id" serial PRIMARY KEY NOT NULL, "title" text, "author_id" integer);--> statement-breakpoint
ALTER TABLE "posts" ADD CONSTRAINT "posts_author_id_users_id_fk" FOREIGN KEY ("author_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "name_idx" ON "users" USING btree ("name" DESC NULLS LAST);--> statement-breakpoint
CREATE UNIQUE INDEX "pt" ON "posts" USING btree ("title","author_id");`);
fs.writeFileSync('mig/0001_b.sql',`CREATE TABLE IF NOT EXISTS "comments" ("id" serial PRIMARY KEY NOT NULL, "text" text, "post_id" integer);--> statement-breakpoint
DO $$ BEGIN
 ALTER TABLE "comments" ADD CONSTRAINT "cfk" FOREIGN KEY ("post_id") REFERENCES "public"."posts"("id") ON DELETE no action ON UPDATE no action;
EXCEPTION
 WHEN duplicate_object THEN null;
END $$;`);
const pool=new pg.Pool(cfg); const sq=postgres(url,{max:2,onnotice(){}});
const s2=true; if (s2) fs.writeFileSync('mig/0001_b.sql', `CREATE TABLE IF NOT EXISTS "comments" ("id" serial PRIMARY KEY NOT NULL, "text" text, "post_id" integer);--> statement-breakpoint
ALTER TABLE "comments" ADD CONSTRAINT "cfk" FOREIGN KEY ("post_id") REFERENCES "public"."posts"("id");`);
const first=drizzle({client:pool,schema});
await step('migrate', ()=>migrate(first,{migrationsFolder:'mig'}).then(()=>'ok'));
await step('migrate2', ()=>mpj(dpj({client:sq,schema}),{migrationsFolder:'mig'}).then(()=>'ok'));
for (const [n,db] of [['pg',first],['pj',dpj({client:sq,schema})]]) {
 const st=(a,f)=>step(n+' '+a,f); const strip=r=>r.map(({created,u,...x})=>[x,created instanceof Date,typeof u]);
 await st('insert',()=>db.insert(users).values([{name:'a'+n,email:'a@'+n,meta:{x:[1]},tags:['q','r'],price:'1.5',big:9007199254740993n,dd:'2020-01-02'},{name:'b',email:'b@'+n,m:'sad'}]).returning().then(strip));
 await st('posts',()=>db.insert(posts).values([{title:'t1'+n,authorId:10},{title:'t2'+n,authorId:11}]).returning());
 await st('comments',()=>db.insert(comments).values([{text:'c1',postId:1},{text:'c2',postId:1}]).returning());
 await st('rel',()=>db.query.users.findMany({columns:{id:true,name:true,tags:true,meta:true},with:{posts:{columns:{title:true},with:{comments:{limit:1,orderBy:(c,{desc})=>desc(c.id)}},orderBy:(p,{asc})=>asc(p.id)}},orderBy:(u,{asc})=>asc(u.id),extras:{low:d.sql`lower(${users.name})`.as('low')}}));
 await st('rel first',()=>db.query.posts.findFirst({where:d.eq(posts.id,1),with:{author:{columns:{name:true,created:false,id:true}}}}));
 await st('select',()=>db.select({id:users.id,t:posts.title,n:d.sql`count(*) over ()`.mapWith(Number)}).from(users).leftJoin(posts,d.eq(posts.authorId,users.id)).where(d.and(d.inArray(users.m,['ok','sad']),d.or(d.isNull(users.big),d.gt(users.id,0)))).orderBy(d.desc(users.id),posts.title).limit(5));
 await st('all',()=>db.select().from(users).orderBy(users.id).then(strip));
 await st('array ops',()=>db.select({id:users.id}).from(users).where(d.arrayContains(users.tags,['q'])).orderBy(users.id));
 await st('agg',()=>db.select({m:users.m,c:d.count(),s:d.sum(users.price),mx:d.max(users.created)}).from(users).groupBy(users.m).having(d.gt(d.count(),0)).orderBy(users.m).then(r=>r.map(x=>[x.m,x.c,x.s,!!x.mx])));
 await st('upsert',()=>db.insert(users).values({name:'up',email:'a@'+n}).onConflictDoUpdate({target:users.email,set:{name:d.sql`excluded.name || '!'`}}).returning({name:users.name,gen:users.gen}));
 await st('nothing',()=>db.insert(users).values({name:'up',email:'a@'+n}).onConflictDoNothing().returning());
 await st('update',()=>db.update(users).set({meta:{y:1},price:'2'}).where(d.eq(users.email,'b@'+n)).returning({meta:users.meta,price:users.price,id:users.id}));
 await st('tx',()=>db.transaction(async t=>{await t.insert(posts).values({title:'tx'+n}); await t.transaction(async q=>{await q.insert(posts).values({title:'in'+n}); q.rollback()}).catch(()=>0); return t.$count(posts)},{isolationLevel:'serializable',accessMode:'read write'}));
 await st('cte',()=>{const w=db.$with('w').as(db.select({id:users.id}).from(users).where(d.like(users.name,'b%'))); return db.with(w).select().from(w).orderBy(w.id)});
 await st('subq',()=>{const q=db.select({id:posts.authorId,n:d.count().as('n')}).from(posts).groupBy(posts.authorId).as('q'); return db.select({name:users.name,n:q.n}).from(users).innerJoin(q,d.eq(q.id,users.id)).orderBy(users.id)});
 await st('prepared',()=>db.select({id:users.id}).from(users).where(d.eq(users.id,d.sql.placeholder('id'))).prepare('p'+n).execute({id:10}));
 await st('union',()=>c.union(db.select({x:users.name}).from(users),db.select({x:posts.title}).from(posts)).orderBy(d.sql`x`));
 await st('exists',()=>db.select({id:posts.id}).from(posts).where(d.exists(db.select({o:d.sql`1`}).from(users).where(d.eq(users.id,posts.authorId)))).orderBy(posts.id));
 await st('dup',()=>db.insert(users).values({name:'q',email:'a@'+n}).catch(e=>[e.cause?.code,e.cause?.constraint??e.cause?.constraint_name,e.cause?.detail]));
 await st('delete',()=>db.delete(comments).where(d.eq(comments.text,'c2')).returning({t:comments.text}));
 await st('lateral',()=>{const q=db.select({t:posts.title}).from(posts).where(d.eq(posts.authorId,users.id)).limit(1).as('q'); return db.select({id:users.id,t:q.t}).from(users).leftJoinLateral(q,d.sql`true`).orderBy(users.id)});
 await st('exec',()=>db.execute(d.sql`select ${1}::int as a`).then(r=>r.rows??r));
}
process.exit(0);
