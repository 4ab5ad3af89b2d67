/**
 * The golden files against a real PostgreSQL 15: what they expect is what it answers today.
 * With LYREBIRD_RECORD=1 the files are written anew from its answers instead.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { ROOT, sharedPostgres, skipWithoutPostgres } from '../harness/index.ts';
import { comparable, formatGolden } from './golden-file.ts';
import { GOLDEN_FOLDER, goldenFiles, readGolden, runGolden } from './golden-runner.ts';

const RECORD = process.env['LYREBIRD_RECORD'] === '1';

describe.skipIf(skipWithoutPostgres('golden files against PostgreSQL'))('PostgreSQL answers as recorded', () => {
  let url: string;
  beforeAll(async () => {
    ({ url } = await sharedPostgres());
  });

  test.each(goldenFiles)('%s', async (file) => {
    const answers = await runGolden(url, file);
    if (RECORD) {
      const answered = new Map(answers.map(({ record, actual }) => [record.line, actual]));
      const records = readGolden(file).map((record) => ({ ...record, expected: answered.get(record.line) }));
      writeFileSync(join(GOLDEN_FOLDER, file), formatGolden(records));
      return;
    }
    const wrong = answers.filter(
      ({ record: { expected, rowsort }, actual }) =>
        comparable(expected ?? [], rowsort).join('\n') !== comparable(actual, rowsort).join('\n'),
    );
    expect(wrong.map(({ record: { line, sql, expected }, actual }) => ({ line, sql, expected, actual }))).toEqual([]);
  });

  test('covers what it promises, with the differential scripts', () => {
    const recorded = goldenFiles.reduce((sum, file) => sum + readGolden(file).length, 0);
    const folder = join(ROOT, 'test/differential');
    const scripts = readdirSync(folder).filter((name) => name.endsWith('.sql'));
    const compared = scripts
      .flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n'))
      .filter((line) => line.trimEnd().endsWith(';'));
    expect(recorded + compared.length).toBeGreaterThanOrEqual(500);
  });
});
