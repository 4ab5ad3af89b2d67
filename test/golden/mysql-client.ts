/** Sends one text after the other over the MySQL protocol and writes down all that comes back, as golden files have it. */
import mysql from 'mysql2';
import type { GoldenConnection } from './golden-runner.ts';

const STATEMENT_TIMEOUT_MS = 10_000;

interface MysqlError {
  readonly errno?: number;
  readonly sqlState?: string;
  readonly sqlMessage?: string;
  readonly message: string;
}

type Row = readonly (string | null)[];

export class MysqlGoldenClient implements GoldenConnection {
  readonly #url: string;
  #connection: mysql.Connection | undefined;

  constructor(url: string) {
    this.#url = url;
  }

  /**
   * `columns` with type codes, rows, and per statement `ok` with affected rows, last insert id and warnings
   * where there are any; or `error` with number, SQLSTATE and message.
   */
  async send(sql: string): Promise<string[]> {
    const answer = await this.#query(sql);
    const lines = 'failure' in answer ? failed(answer.failure) : answered(answer.results, answer.fields);
    if (!/^\s*show\s/i.test(sql)) lines.push(...(await this.#warnings()));
    return lines;
  }

  /** Warnings of the statement just run: their level, number and message. */
  async #warnings(): Promise<string[]> {
    const answer = await this.#query('show warnings');
    if ('failure' in answer) return [];
    const rows = answer.results as Row[];
    return rows.filter(([level]) => level !== 'Error').map((row) => `warning ${row.map(shown).join(' ')}`);
  }

  async close(): Promise<void> {
    const connection = this.#connection;
    this.#connection = undefined;
    await new Promise<void>((resolve) => (connection === undefined ? resolve() : connection.end(() => resolve())));
  }

  #query(sql: string): Promise<{ results: unknown; fields: unknown } | { failure: MysqlError }> {
    this.#connection ??= mysql.createConnection({
      uri: this.#url,
      multipleStatements: true,
      rowsAsArray: true,
      typeCast: (field) => field.string('utf8'),
    });
    const connection = this.#connection;
    return new Promise((resolve) => {
      connection.query({ sql, timeout: STATEMENT_TIMEOUT_MS }, (error, results, fields) => {
        if (error === null) {
          resolve({ results, fields });
          return;
        }
        // What is no statement's error ended the connection.
        if (error.sqlState === undefined) this.#connection = undefined;
        resolve({ failure: error as MysqlError });
      });
    });
  }
}

function failed({ errno, sqlState, sqlMessage, message }: MysqlError): string[] {
  if (sqlState === undefined) return [`connection lost: ${message}`];
  return [`error ${sqlState} ${errno} ${escapeLines(sqlMessage ?? message)}`];
}

interface Header {
  readonly affectedRows: number;
  readonly insertId: number;
  readonly info: string;
}

function answered(results: unknown, fields: unknown): string[] {
  const several = Array.isArray(fields) && fields.some((one) => Array.isArray(one) || one === undefined);
  if (!several) return oneAnswer(results, fields as mysql.FieldPacket[] | undefined);
  return (results as unknown[]).flatMap((result, i) => oneAnswer(result, (fields as mysql.FieldPacket[][])[i]));
}

function oneAnswer(result: unknown, fields: mysql.FieldPacket[] | undefined): string[] {
  if (!Array.isArray(result)) {
    const { affectedRows, insertId, info } = result as Header;
    const parts = ['ok', String(affectedRows)];
    if (insertId !== 0) parts.push(`id=${insertId}`);
    if (info !== '') parts.push(info.trim());
    return [parts.join(' ')];
  }
  const columns = (fields ?? []).map(({ name, columnType }) => `${name.replaceAll(' ', '_')}:${columnType}`);
  return [
    ['columns', ...columns].join(' '),
    ...(result as Row[]).map((row) => `| ${row.map(shown).join(' | ')} |`),
    `rows ${result.length}`,
  ];
}

function shown(value: string | null): string {
  if (value === null) return '\\N';
  return escapeLines(String(value).replaceAll('\\', '\\\\').replaceAll('|', '\\|'));
}

function escapeLines(text: string): string {
  return text.replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\0', '\\0');
}
