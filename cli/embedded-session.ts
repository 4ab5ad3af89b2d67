/** One session of an embedded database: SQL text in, JavaScript rows out, no wire protocol between. */
import { postgresPlugin } from '../parsers/postgres/plugin.ts';
import type { CompiledStatement } from '../sblr/contract/dialect.ts';
import { readRows } from '../sblr/contract/row-block-reader.ts';
import type {
  Completion,
  EngineLink,
  EngineSession,
  ReplySink,
  ResultColumn,
  RowBlock,
  TransactionStatus,
} from '../sblr/contract/session.ts';
import { SqlError, type SqlNotice } from '../sblr/contract/sql-error.ts';
import type { SqlType } from '../sblr/contract/types.ts';
import { type JavaScriptValue, outputOf, type ParameterValue, parameterText } from './embedded-values.ts';

export type ResultRow = Record<string, JavaScriptValue>;

export interface StatementResult {
  /** 'SELECT', 'INSERT', 'CREATE TABLE' ... */
  readonly command: string;
  /** Rows affected or returned, where the command counts any. */
  readonly rowCount: number | undefined;
  readonly columns: readonly { readonly name: string; readonly type: SqlType }[];
  readonly rows: readonly ResultRow[];
}

export interface SessionIdentity {
  readonly user: string;
  readonly database: string;
}

export class EmbeddedSession {
  readonly #engine: EngineSession;
  readonly #settings: Record<string, string> = {};
  readonly #onNotice: (notice: SqlNotice) => void;
  /** Requests of one session run one after the other; so do those of one caller who does not wait. */
  #tail: Promise<unknown> = Promise.resolve();
  #ended: SqlError | undefined;

  private constructor(link: EngineLink, identity: SessionIdentity, onNotice: (notice: SqlNotice) => void) {
    this.#onNotice = onNotice;
    this.#engine = link.openSession(
      {
        dialect: postgresPlugin.name,
        ...identity,
        clientAddress: 'embedded',
        settings: { application_name: 'embedded' },
      },
      {
        notification() {},
        terminated: (error) => {
          this.#ended = error;
        },
      },
    );
  }

  static async open(
    link: EngineLink,
    identity: SessionIdentity,
    onNotice: (notice: SqlNotice) => void = () => {},
  ): Promise<EmbeddedSession> {
    const session = new EmbeddedSession(link, identity, onNotice);
    await new Promise<void>((resolve, reject) => {
      session.#engine.authenticate({ mechanism: 'trust', data: new Uint8Array() }, (reply) => {
        if (reply.kind === 'ok') {
          Object.assign(session.#settings, reply.session.settings);
          resolve();
        } else
          reject(
            reply.kind === 'error' ? reply.error : new SqlError('internal_error', 'unexpected authentication step'),
          );
      });
    });
    return session;
  }

  /** Runs the statement (or several, without parameters) and returns the rows of the last one. */
  async query(sql: string, parameters: readonly ParameterValue[] = []): Promise<readonly ResultRow[]> {
    return (await this.run(sql, parameters)).at(-1)?.rows ?? [];
  }

  /** Runs every statement of the text and returns what each did. Several form one implicit transaction. */
  run(sql: string, parameters: readonly ParameterValue[] = []): Promise<readonly StatementResult[]> {
    const result = this.#tail.then(() => this.#run(sql, parameters));
    this.#tail = result.catch(() => {});
    return result;
  }

  /** Runs `work` in a transaction: commits when it resolves, rolls back when it rejects. */
  async transaction<Result>(work: (session: EmbeddedSession) => Promise<Result>): Promise<Result> {
    await this.run('begin');
    try {
      const result = await work(this);
      await this.run('commit');
      return result;
    } catch (error) {
      await this.run('rollback').catch(() => {});
      throw error;
    }
  }

  /** Stops the statement that runs now, which then rejects. */
  cancel(): void {
    this.#engine.cancel();
  }

  /** Rolls back what is open and ends the session. */
  async close(): Promise<void> {
    await this.#tail;
    this.#ended ??= new SqlError('connection_does_not_exist', 'the session is closed');
    this.#engine.close();
  }

  async #run(sql: string, parameters: readonly ParameterValue[]): Promise<readonly StatementResult[]> {
    if (this.#ended !== undefined) throw this.#ended;
    const statements = compileAll(sql, this.#settings);
    if (statements.length > 1 && parameters.length > 0) {
      throw new SqlError('syntax_error', 'cannot use parameters with more than one statement');
    }
    const results: StatementResult[] = [];
    const implicit = statements.length > 1 ? 'group' : 'statement';
    try {
      for (const statement of statements) results.push(...(await this.#execute(statement, parameters, implicit)));
    } finally {
      if (implicit === 'group') await this.#request((sink) => this.#engine.endGroup(sink));
    }
    return results;
  }

  #execute(
    statement: CompiledStatement,
    parameters: readonly ParameterValue[],
    implicit: 'statement' | 'group',
  ): Promise<readonly StatementResult[]> {
    if (statement.action.kind === 'copy-in' || statement.action.kind === 'copy-out') {
      throw new SqlError(
        'feature_not_supported',
        'COPY from or to the client is not available in the embedded library',
      );
    }
    if (parameters.length !== statement.parameterCount) {
      throw new SqlError(
        'protocol_violation',
        `the statement has ${statement.parameterCount} parameters, ${parameters.length} were given`,
      );
    }
    const texts = parameters.map(parameterText);
    return this.#request((sink) =>
      this.#engine.execute(
        {
          program: statement.program,
          parameters: [...texts, ...statement.literals],
          parameterTypes: [...texts.map(() => undefined), ...statement.literalTypes],
          textParameters: texts.map(() => true),
          implicit,
          text: statement.text,
          wantColumns: true,
          maxRows: 0,
        },
        sink,
      ),
    );
  }

  #request(send: (sink: ReplySink) => void): Promise<readonly StatementResult[]> {
    return new Promise((resolve, reject) => {
      send(new CollectingSink(this.#engine, this.#settings, this.#onNotice, resolve, reject));
    });
  }
}

function compileAll(text: string, settings: Readonly<Record<string, string>>): CompiledStatement[] {
  const statements: CompiledStatement[] = [];
  for (let start = 0; start < text.length; ) {
    const result = postgresPlugin.compile({ text, start, settings });
    if (result.kind === 'error') throw result.error;
    if (result.kind === 'statement') statements.push(result.statement);
    start = result.end;
  }
  return statements;
}

class CollectingSink implements ReplySink {
  readonly #engine: EngineSession;
  readonly #settings: Record<string, string>;
  readonly #onNotice: (notice: SqlNotice) => void;
  readonly #resolve: (results: readonly StatementResult[]) => void;
  readonly #reject: (error: SqlError) => void;
  readonly #results: StatementResult[] = [];
  #columns: readonly ResultColumn[] = [];
  #types: readonly SqlType[] = [];
  #outputs: ReturnType<typeof outputOf>[] = [];
  #rows: ResultRow[] = [];
  #error: SqlError | undefined;

  constructor(
    engine: EngineSession,
    settings: Record<string, string>,
    onNotice: (notice: SqlNotice) => void,
    resolve: (results: readonly StatementResult[]) => void,
    reject: (error: SqlError) => void,
  ) {
    this.#engine = engine;
    this.#settings = settings;
    this.#onNotice = onNotice;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  columns(columns: readonly ResultColumn[]): void {
    this.#columns = columns;
    this.#types = columns.map((column) => column.type);
    this.#outputs = this.#types.map(outputOf);
  }

  parameters(): void {}

  rows(block: RowBlock): void {
    for (const values of readRows(block, this.#types)) {
      const row: ResultRow = {};
      for (let index = 0; index < values.length; index++)
        row[this.#columns[index]!.name] = this.#outputs[index]!(values[index]!);
      this.#rows.push(row);
    }
    this.#engine.credit(block.bytes.byteLength);
  }

  complete(completion: Completion): void {
    const columns = this.#columns.map(({ name, type }) => ({ name, type }));
    this.#results.push({ command: completion.command, rowCount: completion.rows, columns, rows: this.#rows });
    this.columns([]);
    this.#rows = [];
  }

  suspended(): void {}

  notice(notice: SqlNotice): void {
    this.#onNotice(notice);
  }

  setting(name: string, value: string): void {
    this.#settings[name] = value;
  }

  loadReady(): void {
    this.#engine.loadFail('not available in the embedded library');
  }

  error(error: SqlError): void {
    this.#error = error;
  }

  ready(_status: TransactionStatus): void {
    if (this.#error === undefined) this.#resolve(this.#results);
    else this.#reject(this.#error);
  }
}
