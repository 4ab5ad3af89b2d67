/** Runs golden files against one server: each file in a database of its own, statement by statement. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../harness/server.ts';
import { GoldenClient } from './golden-client.ts';
import { comparable, type GoldenRecord, parseGolden } from './golden-file.ts';

const SHOWN_DIFFERENCES = 40;
/** A file has up to a few hundred statements. */
const FILE_TIMEOUT_MS = 60_000;

/** One client of a server, as the runner uses it. */
export interface GoldenConnection {
  /** The lines of one answer. */
  send(sql: string): Promise<string[]>;
  close(): Promise<void>;
}

/** The golden files of one dialect, and how its servers are reached. */
export class GoldenSuite {
  readonly folder: string;
  readonly files: readonly string[];
  readonly #connect: (url: string) => GoldenConnection;
  readonly #databaseUrl: (url: string, database: string) => string;

  constructor(
    dialect: string,
    connect: (url: string) => GoldenConnection,
    databaseUrl: (url: string, database: string) => string,
  ) {
    this.folder = join(ROOT, 'test/golden', dialect);
    this.files = readdirSync(this.folder)
      .filter((name) => name.endsWith('.slt'))
      .sort();
    this.#connect = connect;
    this.#databaseUrl = databaseUrl;
  }

  read(file: string): GoldenRecord[] {
    return parseGolden(readFileSync(join(this.folder, file), 'utf8'));
  }

  /** Runs the records of a file in a new database of the server and gives each the answer it got. */
  async run(url: string, file: string): Promise<{ record: GoldenRecord; actual: string[] }[]> {
    const database = `golden_${basename(file, '.slt').replaceAll('-', '_')}`;
    const administrator = this.#connect(url);
    await administrator.send(`drop database if exists ${database}`);
    const created = await administrator.send(`create database ${database}`);
    await administrator.close();
    if (created.some((line) => line.startsWith('error'))) throw new Error(created.join('\n'));
    const client = this.#connect(this.#databaseUrl(url, database));
    try {
      const answers: { record: GoldenRecord; actual: string[] }[] = [];
      for (const record of this.read(file)) {
        if (record.sql !== '') answers.push({ record, actual: await client.send(record.sql) });
      }
      return answers;
    } finally {
      await client.close();
    }
  }
}

export const postgresGoldens = new GoldenSuite(
  'postgres',
  (url) => new GoldenClient(url),
  (url, database) => url.replace(/\/postgres$/, `/${database}`),
);

/** One test per file. `url` is asked for when the tests run. */
export function testGoldenFiles(suite: GoldenSuite, url: () => string): void {
  test.each(suite.files)(
    '%s',
    async (file) => {
      const wrong: string[] = [];
      for (const { record, actual } of await suite.run(url(), file)) {
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
