/** The engine and the store name no dialect, not even in comments. */
import { expect, test } from 'vitest';
import { readSources } from './source-files.ts';

const NAMES = /postgres|mysql|mariadb|firebird|tsql|t-sql|\btds\b|sql server|pg_/i;

test('engine/ and storage/ name no dialect', () => {
  const wrong = readSources(['engine', 'storage']).flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, index) => (NAMES.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [])),
  );
  expect(wrong).toEqual([]);
});
