/** The MySQL golden files against a real MariaDB, where it agrees with MySQL 8, in the same run. */
import { afterAll, beforeAll, describe } from 'vitest';
import { type MariadbOracle, skipWithoutMariadb, startMariadb } from '../harness/index.ts';
import { mysqlGoldens } from './mysql-goldens.ts';
import { testOracleFiles } from './oracle-files.ts';

describe.skipIf(skipWithoutMariadb('golden files against MariaDB'))('MariaDB answers as recorded', () => {
  let oracle: MariadbOracle;
  beforeAll(async () => {
    oracle = await startMariadb();
  });
  afterAll(async () => {
    await oracle?.stop();
  });

  testOracleFiles(mysqlGoldens, () => oracle.url);
});
