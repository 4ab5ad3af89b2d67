/**
 * Golden files against the real server: what they expect is what it answers today. With LYREBIRD_RECORD=1 the
 * files are written anew from its answers instead.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { comparable, formatGolden } from './golden-file.ts';
import type { GoldenSuite } from './golden-runner.ts';

const RECORD = process.env['LYREBIRD_RECORD'] === '1';
const FILE_TIMEOUT_MS = 60_000;

/** One test per file. Records marked `oracle` are known to be answered otherwise by this server. */
export function testOracleFiles(suite: GoldenSuite, url: () => string): void {
  test.each(suite.files)(
    '%s',
    async (file) => {
      const answers = await suite.run(url(), file);
      if (RECORD) {
        record(suite, file, answers);
        return;
      }
      const wrong = answers.filter(
        ({ record: { expected, rowsort, oracle }, actual }) =>
          oracle === undefined &&
          comparable(expected ?? [], rowsort).join('\n') !== comparable(actual, rowsort).join('\n'),
      );
      expect(wrong.map(({ record: { line, sql, expected }, actual }) => ({ line, sql, expected, actual }))).toEqual([]);
    },
    FILE_TIMEOUT_MS,
  );
}

function record(suite: GoldenSuite, file: string, answers: Awaited<ReturnType<GoldenSuite['run']>>): void {
  const answered = new Map(answers.map(({ record: { line }, actual }) => [line, actual]));
  const records = suite
    .read(file)
    .map((one) => (one.oracle === undefined ? { ...one, expected: answered.get(one.line) } : one));
  writeFileSync(join(suite.folder, file), formatGolden(records));
}
