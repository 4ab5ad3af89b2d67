/* oxlint-disable */ // drizzle-kit reads a schema back from the database; run by test/clients/applications.client.ts against both servers.
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { cfg, step, url } from './lib.mjs';

const client = new pg.Client(cfg);
await client.connect();
await step('schema', () =>
  client.query(`
    create type mood as enum ('sad', 'ok');
    create table users (id integer primary key generated always as identity, name varchar(50) not null, email text unique, m mood default 'ok',
      meta jsonb, tags text[], price numeric(10, 2), created timestamptz default now(), constraint ck check (length(name) > 0));
    create table posts (id serial primary key, title text, author_id integer references users (id) on delete cascade);
    do $$ begin alter table posts add constraint title_given check (title <> ''); exception when duplicate_object then null; end $$;
    create view named as select id, name from users;`).then(() => 'ok'),
);
await client.end();
writeFileSync('pull.config.json', JSON.stringify({ dialect: 'postgresql', out: './pulled', dbCredentials: { url, ssl: false } }));
const kit = join(dirname(createRequire(import.meta.url).resolve('drizzle-kit')), 'bin.cjs');
await step('pull', async () => spawnSync(process.execPath, [kit, 'pull', '--config', 'pull.config.json'], { timeout: 30_000 }).status);
for (const file of ['schema.ts', 'relations.ts']) await step(file, async () => readFileSync(join('pulled', file), 'utf8').split('\n'));
await step('files', async () => readdirSync('pulled').length);
