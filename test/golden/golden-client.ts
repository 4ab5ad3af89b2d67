/** Sends one text after the other over the Postgres protocol and writes down all that comes back, as golden files have it. */
import type { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

/** Longer than any statement of the files needs. */
const STATEMENT_TIMEOUT_MS = 10_000;

const FIRST_USER_OBJECT = 16384;

interface ErrorFields {
  readonly severity: string;
  readonly code: string;
  readonly message: string;
  readonly position: string | undefined;
  readonly detail: string | undefined;
  readonly hint: string | undefined;
}

export class GoldenClient {
  readonly #url: string;
  #client: pg.Client | undefined;
  #lines: string[] = [];

  constructor(url: string) {
    this.#url = url;
  }

  /** The lines of one answer. A connection that broke or hangs is one of them, and the next text gets a new one. */
  async send(sql: string): Promise<string[]> {
    const client = (this.#client ??= await this.#connect());
    this.#lines = [];
    const settled = this.#settled(client);
    const answer = client.query({ text: sql, rowMode: 'array' }).then(
      () => undefined,
      (error: { code?: string; message: string }) => error,
    );
    const outcome = await Promise.race([answer, sleep(STATEMENT_TIMEOUT_MS, 'timeout' as const, { ref: false })]);
    if (outcome === 'timeout') {
      await this.close();
      return [...this.#lines, `no answer within ${STATEMENT_TIMEOUT_MS} ms`];
    }
    if (outcome !== undefined && !this.#lines.some((line) => line.startsWith('error '))) {
      await this.close();
      return [...this.#lines, `connection lost: ${outcome.message}`];
    }
    // The driver rejects at the error; its locks are given only when the server is ready again.
    if (outcome !== undefined) await Promise.race([settled, sleep(STATEMENT_TIMEOUT_MS, undefined, { ref: false })]);
    return this.#lines;
  }

  #settled(client: pg.Client): Promise<void> {
    const { connection } = client as unknown as { connection: EventEmitter };
    return new Promise((resolve) => {
      const done = (): void => {
        connection.off('readyForQuery', done);
        connection.off('end', done);
        resolve();
      };
      connection.on('readyForQuery', done);
      connection.on('end', done);
    });
  }

  async close(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await Promise.race([client?.end().catch(() => {}), sleep(1000, undefined, { ref: false })]);
  }

  async #connect(): Promise<pg.Client> {
    const raw = (value: string): string => value;
    const client = new pg.Client({ connectionString: this.#url, types: { getTypeParser: () => raw } });
    client.on('error', () => {});
    await client.connect();
    await client.query(`set timezone = 'UTC'`);
    // The driver's connection emits the messages as they come, which its results do not keep.
    const connection = (client as unknown as { connection: EventEmitter }).connection;
    connection.on('rowDescription', ({ fields }: { fields: { name: string; dataTypeID: number }[] }) => {
      const columns = fields.map(({ name, dataTypeID }) => `${name.replaceAll(' ', '_')}:${typeName(dataTypeID)}`);
      this.#lines.push(['columns', ...columns].join(' '));
    });
    connection.on('dataRow', ({ fields }: { fields: (string | null)[] }) => {
      this.#lines.push(`| ${fields.map(escapeValue).join(' | ')} |`);
    });
    connection.on('commandComplete', ({ text }: { text: string }) => this.#lines.push(`tag ${text}`));
    connection.on('emptyQuery', () => this.#lines.push('empty'));
    connection.on('notice', ({ severity, message }: ErrorFields) =>
      this.#lines.push(`notice ${severity} ${escapeLines(message)}`),
    );
    connection.on('errorMessage', ({ code, message, position, detail, hint }: ErrorFields) => {
      this.#lines.push(`error ${code} ${escapeLines(message)}`);
      if (position !== undefined) this.#lines.push(`position ${position}`);
      if (detail !== undefined) this.#lines.push(`detail ${escapeLines(detail)}`);
      if (hint !== undefined) this.#lines.push(`hint ${escapeLines(hint)}`);
    });
    return client;
  }
}

/** Ids of types that statements made are not the same everywhere. */
function typeName(id: number): string {
  return id >= FIRST_USER_OBJECT ? 'user' : String(id);
}

function escapeValue(value: string | null): string {
  if (value === null) return '\\N';
  return escapeLines(value.replaceAll('\\', '\\\\').replaceAll('|', '\\|'));
}

function escapeLines(text: string): string {
  return text.replaceAll('\n', '\\n').replaceAll('\r', '\\r');
}
