/**
 * The parser against the server's own grammar (libpg-query): what one accepts the other must accept.
 * Statements that are understood and refused, or wrong by rules outside the grammar, are exempt.
 * Captures of real clients are judged too when LYREBIRD_REFERENCE names the folder that holds them.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadModule, parseSync } from 'libpg-query';
import { beforeAll, describe, expect, it } from 'vitest';
import { parsePostgres } from '../../../parsers/postgres/parse.ts';
import { SqlError } from '../../../sblr/contract/sql-error.ts';
import { STATEMENTS } from './postgres-statements.ts';

/** Wrong in version 15 by rules outside the grammar, or accepted only by later versions. */
const BEYOND_GRAMMAR = [
  'trailing junk after',
  'must have an alias',
  'is not allowed in this context',
  'SELECT ... INTO is not allowed here',
  'requires inference specification',
  'unreachable WHEN clause',
  'misplaced ',
  'syntax error at or near "setof"',
  'cannot follow named argument',
];
/** Newer grammar or a reserved word where only the catalog could tell. */
const EXEMPT = new Set(['create table t (a int primary key, b int generated always as (a * 2))', 'grant select to x']);

interface Verdict {
  readonly ok: boolean;
  readonly message: string;
}

function ours(text: string): Verdict {
  try {
    parsePostgres(text);
    return { ok: true, message: '' };
  } catch (error) {
    if (!(error instanceof SqlError)) throw error;
    const beyond = error.condition !== 'syntax_error' || BEYOND_GRAMMAR.some((part) => error.message.includes(part));
    return { ok: beyond, message: error.message };
  }
}

function theirs(text: string): Verdict {
  try {
    parseSync(text);
    return { ok: true, message: '' };
  } catch (error) {
    return { ok: false, message: (error as Error).message };
  }
}

function differences(texts: readonly string[]): string[] {
  const found: string[] = [];
  for (const text of texts) {
    if (EXEMPT.has(text)) continue;
    const own = ours(text);
    const reference = theirs(text);
    if (reference.ok !== own.ok && !(own.ok && own.message !== ''))
      found.push(`${text.slice(0, 200)} :: ours ${own.message} theirs ${reference.message}`);
  }
  return found;
}

beforeAll(async () => {
  await loadModule();
});

describe('PostgreSQL grammar', () => {
  it('has enough statements to mean something', () => {
    expect(STATEMENTS.length).toBeGreaterThan(300);
  });

  it('accepts and rejects what the server does', () => {
    expect(differences(STATEMENTS)).toEqual([]);
  });

  const reference = process.env['LYREBIRD_REFERENCE'];
  it.skipIf(reference === undefined)('accepts what real clients send', () => {
    const texts: string[] = [];
    const strings = (value: unknown): void => {
      if (typeof value === 'string') texts.push(value.replace(/^\[(statement|execute [^\]]*|parse[^\]]*)\] /, ''));
      else if (Array.isArray(value)) value.forEach(strings);
    };
    for (const file of ['psql15-meta-queries', 'psql15-tabcomplete-and-tools', 'orm-statements-pg-mysql']) {
      const path = join(reference as string, 'reference', 'captures', `${file}.json`);
      const captured = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
      for (const [client, value] of Object.entries(captured)) if (!client.endsWith('.mysql')) strings(value);
    }
    const script = join(reference as string, 'data', 'chinook', 'chinook-postgresql.sql');
    if (existsSync(script)) texts.push(readFileSync(script, 'utf8').replace(/^\\.*$/gm, ''));
    expect(texts.length).toBeGreaterThan(500);
    expect(differences(texts)).toEqual([]);
  });
});
