/** The golden files against a real PostgreSQL 15, in the same run. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { ROOT, sharedPostgres, skipWithoutPostgres } from '../harness/index.ts';
import { postgresGoldens } from './golden-runner.ts';
import { testOracleFiles } from './oracle-files.ts';

describe.skipIf(skipWithoutPostgres('golden files against PostgreSQL'))('PostgreSQL answers as recorded', () => {
  let url: string;
  beforeAll(async () => {
    ({ url } = await sharedPostgres());
  });

  testOracleFiles(postgresGoldens, () => url);

  test('covers what it promises, with the differential scripts', () => {
    const recorded = postgresGoldens.files.reduce((sum, file) => sum + postgresGoldens.read(file).length, 0);
    const folder = join(ROOT, 'test/differential');
    const scripts = readdirSync(folder).filter((name) => name.endsWith('.sql'));
    const compared = scripts
      .flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n'))
      .filter((line) => line.trimEnd().endsWith(';'));
    expect(recorded + compared.length).toBeGreaterThanOrEqual(500);
  });
});
