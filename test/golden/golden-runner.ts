/** Runs golden files against one server: each file in a database of its own, statement by statement. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../harness/server.ts';
import { GoldenClient } from './golden-client.ts';
import { comparable, type GoldenRecord, parseGolden } from './golden-file.ts';

export const GOLDEN_FOLDER = join(ROOT, 'test/golden/postgres');
const SHOWN_DIFFERENCES = 40;
/** A file has up to a few hundred statements. */
const FILE_TIMEOUT_MS = 60_000;

export const goldenFiles: readonly string[] = readdirSync(GOLDEN_FOLDER)
  .filter((name) => name.endsWith('.slt'))
  .sort();

export function readGolden(file: string): GoldenRecord[] {
  return parseGolden(readFileSync(join(GOLDEN_FOLDER, file), 'utf8'));
}

/** Runs the records of a file in a new database of the server and gives each the answer it got. */
export async function runGolden(url: string, file: string): Promise<{ record: GoldenRecord; actual: string[] }[]> {
  const database = `golden_${basename(file, '.slt').replaceAll('-', '_')}`;
  const administrator = new GoldenClient(url);
  await administrator.send(`drop database if exists ${database}`);
  const created = await administrator.send(`create database ${database}`);
  await administrator.close();
  if (!created.includes('tag CREATE DATABASE')) throw new Error(created.join('\n'));
  const client = new GoldenClient(url.replace(/\/postgres$/, `/${database}`));
  try {
    const answers: { record: GoldenRecord; actual: string[] }[] = [];
    for (const record of readGolden(file)) {
      if (record.sql !== '') answers.push({ record, actual: await client.send(record.sql) });
    }
    return answers;
  } finally {
    await client.close();
  }
}

/** One test per file. `url` is asked for when the tests run. */
export function testGoldenFiles(url: () => string): void {
  test.each(goldenFiles)(
    '%s',
    async (file) => {
      const wrong: string[] = [];
      for (const { record, actual } of await runGolden(url(), file)) {
        const { expected, rowsort, differs, line, sql } = record;
        if (expected === undefined) throw new Error(`${file}:${line} has not been recorded`);
        const same = comparable(expected, rowsort).join('\n') === comparable(actual, rowsort).join('\n');
        if (same === (differs === undefined)) continue;
        wrong.push(
          differs === undefined
            ? `${file}:${line}: ${sql}\n  expected:\n${indent(expected)}\n  but got:\n${indent(actual)}`
            : `${file}:${line}: is right now, remove its line "differs ${differs}": ${sql}`,
        );
      }
      expect(wrong.slice(0, SHOWN_DIFFERENCES).join('\n'), `${wrong.length} statements of ${file}`).toBe('');
    },
    FILE_TIMEOUT_MS,
  );
}

function indent(lines: readonly string[]): string {
  return lines.map((line) => `    ${line}`).join('\n');
}
