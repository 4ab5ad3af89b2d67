/**
 * What the MySQL application scripts share: where the server is (from the environment), and `step` of the common file
 * with what MariaDB, which the answers are compared with, does otherwise than MySQL 8: its wordings are put right
 * here, and a step whose answer differs says what MySQL 8 answers, and why.
 */
import { step as plainStep } from './lib.mjs';

const { SERVER_PORT, SERVER_PASSWORD, SERVER_DATABASE, SERVER_KIND } = process.env;
/** Does the script run against MariaDB? */
export const mariadb = SERVER_KIND === 'mariadb';
export const connection = {
  host: '127.0.0.1',
  port: Number(SERVER_PORT),
  user: 'root',
  password: SERVER_PASSWORD,
  database: SERVER_DATABASE,
};

/** Sentences that MariaDB 10.11 has other words in than MySQL 8. */
const WORDINGS = [
  [/MariaDB server version/g, 'MySQL server version'],
  // The clause is named as it is written.
  [/Unknown column '([^']*)' in '(SELECT|INSERT INTO|SET)'/g, "Unknown column '$1' in 'field list'"],
  [/Unknown column '([^']*)' in 'ORDER BY'/g, "Unknown column '$1' in 'order clause'"],
  [/Unknown column '([^']*)' in 'WHERE'/g, "Unknown column '$1' in 'where clause'"],
  // Columns are named with their table.
  [/for column `[^`]*`\.`[^`]*`\.`([^`]*)` at row/g, "for column '$1' at row"],
  // Keys are not.
  [/(Duplicate entry '.*' for key ')([^'.]*')/g, `$1${'<table>'}.$2`],
];

function asMysql(value) {
  if (typeof value === 'string')
    return WORDINGS.reduce((text, [pattern, words]) => text.replace(pattern, words), value);
  if (Array.isArray(value)) return value.map(asMysql);
  return value;
}

/** Names of tables in keys, which MariaDB does not give. */
const withoutTable = (value) => {
  if (typeof value === 'string') return value.replace(/(Duplicate entry '.*' for key ')[^'.]*\./g, '$1<table>.');
  return Array.isArray(value) ? value.map(withoutTable) : value;
};

/** `mysql`: what MySQL 8 answers where MariaDB answers otherwise, for the reason `why`. */
export async function step(name, action, { mysql, why } = {}) {
  await plainStep(name, async () => {
    try {
      const answer = await action();
      if (mariadb && why !== undefined) return mysql;
      return withoutTable(mariadb ? asMysql(answer) : answer);
    } catch (error) {
      if (mariadb && why !== undefined) return mysql;
      error.message = withoutTable(mariadb ? asMysql(error.message) : error.message);
      if (error.cause) error.cause.message = withoutTable(mariadb ? asMysql(error.cause.message) : error.cause.message);
      throw error;
    }
  });
}
