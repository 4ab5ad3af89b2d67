/* oxlint-disable */ // One library used as an application would, step by step; run by test/clients/mysql-applications.client.ts against both servers.
import fs from 'node:fs';
import mysql from 'mysql2/promise';
import * as d from 'drizzle-orm';
import * as c from 'drizzle-orm/mysql-core';
import { drizzle } from 'drizzle-orm/mysql2';
import { migrate } from 'drizzle-orm/mysql2/migrator';
import { connection, mariadb, step } from './mysql-lib.mjs';

const users = c.mysqlTable('users', { id: c.int().primaryKey().autoincrement(), name: c.varchar({ length: 50 }).notNull(), email: c.varchar({ length: 100 }).unique(), mood: c.mysqlEnum(['sad', 'ok']).default('ok'), meta: c.json(), created: c.timestamp().defaultNow(), price: c.decimal({ precision: 10, scale: 2 }), big: c.bigint({ mode: 'bigint' }), day: c.date({ mode: 'string' }), active: c.boolean().default(true) });
const posts = c.mysqlTable('posts', { id: c.serial().primaryKey(), title: c.varchar({ length: 100 }), authorId: c.int('author_id').references(() => users.id, { onDelete: 'cascade' }) });
const usersRelations = d.relations(users, ({ many }) => ({ posts: many(posts) }));
const postsRelations = d.relations(posts, ({ one }) => ({ author: one(users, { fields: [posts.authorId], references: [users.id] }) }));
const schema = { users, posts, usersRelations, postsRelations };

// MariaDB refuses AUTO_INCREMENT after SERIAL, which drizzle-kit writes.
fs.mkdirSync('mig-mysql/meta', { recursive: true });
fs.writeFileSync('mig-mysql/meta/_journal.json', JSON.stringify({ version: '7', dialect: 'mysql', entries: [{ idx: 0, version: '5', when: 1, tag: '0000_a', breakpoints: true }] }));
fs.writeFileSync('mig-mysql/0000_a.sql', `CREATE TABLE \`users\` (
	\`id\` int AUTO_INCREMENT NOT NULL,
	\`name\` varchar(50) NOT NULL,
	\`email\` varchar(100),
	\`mood\` enum('sad','ok') DEFAULT 'ok',
	\`meta\` json,
	\`created\` timestamp DEFAULT (now()),
	\`price\` decimal(10,2),
	\`big\` bigint,
	\`day\` date,
	\`active\` boolean DEFAULT true,
	CONSTRAINT \`users_id\` PRIMARY KEY(\`id\`),
	CONSTRAINT \`users_email_unique\` UNIQUE(\`email\`)
);
--> statement-breakpoint
CREATE TABLE \`posts\` (
	\`id\` ${mariadb ? 'bigint unsigned UNIQUE' : 'serial'} AUTO_INCREMENT NOT NULL,
	\`title\` varchar(100),
	\`author_id\` int,
	CONSTRAINT \`posts_id\` PRIMARY KEY(\`id\`)
);
--> statement-breakpoint
ALTER TABLE \`posts\` ADD CONSTRAINT \`posts_author_id_users_id_fk\` FOREIGN KEY (\`author_id\`) REFERENCES \`users\`(\`id\`) ON DELETE cascade ON UPDATE no action;
--> statement-breakpoint
CREATE INDEX \`name_idx\` ON \`users\` (\`name\`);`);
const db = drizzle({ client: mysql.createPool(connection), schema, mode: 'planetscale' });
const counts = ([r]) => ({ affectedRows: r.affectedRows, insertId: r.insertId });
await step('migrate', () => migrate(db, { migrationsFolder: 'mig-mysql' }).then(() => 'ok'));
await step('again', () => migrate(db, { migrationsFolder: 'mig-mysql' }).then(() => 'ok'));
await step('insert', () => db.insert(users).values([{ name: 'a', email: 'a@x', meta: { x: [1] }, price: '1.5', big: 9007199254740993n, day: '2020-01-02' }, { name: 'b', email: 'b@x', mood: 'sad' }]).then(counts));
await step('ids', () => db.insert(posts).values([{ title: 't1', authorId: 1 }, { title: 't2', authorId: 2 }]).$returningId());
await step('all', () => db.select().from(users).orderBy(users.id).then((r) => r.map(({ created, meta, ...x }) => [x, created instanceof Date])));
await step('join', () => db.select({ id: users.id, t: posts.title, n: d.sql`count(*) over ()`.mapWith(Number) }).from(users).leftJoin(posts, d.eq(posts.authorId, users.id)).where(d.and(d.inArray(users.mood, ['ok', 'sad']), d.or(d.isNull(users.big), d.gt(users.id, 0)))).orderBy(d.desc(users.id), posts.title).limit(5));
await step('aggregate', () => db.select({ m: users.mood, c: d.count(), s: d.sum(users.price) }).from(users).groupBy(users.mood).having(d.gt(d.count(), 0)).orderBy(users.mood));
await step('upsert', () => db.insert(users).values({ name: 'up', email: 'a@x' }).onDuplicateKeyUpdate({ set: { name: d.sql`concat(values(name), '!')` } }).then(([r]) => r.affectedRows));
await step('ignore', () => db.insert(users).ignore().values({ name: 'up', email: 'a@x' }).then(([r]) => r.affectedRows));
await step('update', () => db.update(users).set({ meta: { y: 1 }, price: '2' }).where(d.eq(users.email, 'b@x')).then(counts));
await step('transaction', () => db.transaction(async (t) => { await t.insert(posts).values({ title: 'tx' }); await t.transaction(async (q) => { await q.insert(posts).values({ title: 'in' }); q.rollback(); }).catch(() => 0); return t.$count(posts); }, { isolationLevel: 'serializable', accessMode: 'read write' }));
await step('cte', () => { const w = db.$with('w').as(db.select({ id: users.id }).from(users).where(d.like(users.name, 'b%'))); return db.with(w).select().from(w).orderBy(w.id); });
await step('subquery', () => { const q = db.select({ id: posts.authorId, n: d.count().as('n') }).from(posts).groupBy(posts.authorId).as('q'); return db.select({ name: users.name, n: q.n }).from(users).innerJoin(q, d.eq(q.id, users.id)).orderBy(users.id); });
await step('prepared', () => db.select({ id: users.id }).from(users).where(d.eq(users.id, d.sql.placeholder('id'))).prepare().execute({ id: 1 }));
await step('union', () => c.union(db.select({ x: users.name }).from(users), db.select({ x: posts.title }).from(posts)).orderBy(d.sql`x`));
await step('exists', () => db.select({ id: posts.id }).from(posts).where(d.exists(db.select({ o: d.sql`1` }).from(users).where(d.eq(users.id, posts.authorId)))).orderBy(posts.id));
await step('duplicate', () => db.insert(users).values({ name: 'q', email: 'a@x' }).catch((e) => [e.cause?.code, e.cause?.errno, e.cause?.sqlMessage]));
await step('delete', () => db.delete(posts).where(d.eq(posts.title, 't2')).then(counts));
await step('execute', () => db.execute(d.sql`select ${1} + 1 as a`).then((r) => r[0]));
process.exit(0);
