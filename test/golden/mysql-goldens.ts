/** The golden files of MySQL and how its servers are reached. */
import { GoldenSuite } from './golden-runner.ts';
import { MysqlGoldenClient } from './mysql-client.ts';

export const mysqlGoldens = new GoldenSuite(
  'mysql',
  (url) => new MysqlGoldenClient(url),
  (url, database) => `${url}/${database}`,
);
