/** The prepared statements of a session by number, their long data, and the cursors that their executions opened. */
import type { CompiledStatement } from '../../sblr/contract/dialect.ts';
import type { EngineSession, ReplySink } from '../../sblr/contract/session.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { NetworkReader } from '../shared/byte-reader.ts';
import type { ConnectionLimits } from './limits.ts';
import { PreparedStatement } from './prepared-statement.ts';

/** Answers to requests whose outcome no client waits for. */
const IGNORED: ReplySink = {
  columns: () => undefined,
  parameters: () => undefined,
  rows: () => undefined,
  complete: () => undefined,
  suspended: () => undefined,
  notice: () => undefined,
  setting: () => undefined,
  loadReady: () => undefined,
  error: () => undefined,
  ready: () => undefined,
};

export class StatementStore {
  readonly #engine: EngineSession;
  readonly #limits: ConnectionLimits;
  readonly #statements = new Map<number, PreparedStatement>();
  #next = 1;

  constructor(engine: EngineSession, limits: ConnectionLimits) {
    this.#engine = engine;
    this.#limits = limits;
  }

  requireRoom(): void {
    const { preparedStatements: most } = this.#limits;
    if (this.#statements.size < most) return;
    throw new SqlError('configuration_limit_exceeded', {
      message: `Can't create more than max_prepared_stmt_count statements (current value: ${most})`,
      variant: 'prepared_statements',
    });
  }

  make(compiled: CompiledStatement): PreparedStatement {
    return new PreparedStatement(this.#next++, compiled);
  }

  keep(statement: PreparedStatement): void {
    this.#statements.set(statement.id, statement);
  }

  /** `command`: who asks, as the error names it. */
  require(id: number, command: string): PreparedStatement {
    const statement = this.#statements.get(id);
    if (statement !== undefined) return statement;
    throw new SqlError('invalid_sql_statement_name', {
      message: `Unknown prepared statement handler (${id}) given to ${command}`,
      variant: 'handle',
    });
  }

  /** The statement of a COM_STMT_FETCH, which must have a cursor. */
  requireCursor(id: number): PreparedStatement {
    const statement = this.require(id, 'mysqld_stmt_fetch');
    if (statement.cursor !== undefined) return statement;
    throw new SqlError('invalid_cursor_state', {
      message: `The statement (${id}) has no open cursor.`,
      variant: 'no_cursor',
    });
  }

  /** Has no answer, not even for an error: the execution reports it. */
  longData(reader: NetworkReader): void {
    const statement = this.#statements.get(reader.u32le());
    const parameter = reader.u16le();
    statement?.addLongData(parameter, reader.copy(reader.remaining), this.#limits.messageBytes);
  }

  reset(id: number): void {
    const statement = this.require(id, 'mysqld_stmt_reset');
    statement.reset();
    this.closeCursor(statement);
  }

  close(id: number): void {
    const statement = this.#statements.get(id);
    if (statement === undefined) return;
    this.closeCursor(statement);
    this.#statements.delete(id);
  }

  closeCursor(statement: PreparedStatement): void {
    if (statement.cursor === undefined) return;
    statement.cursor = undefined;
    this.#engine.closePortal(statement.portal, IGNORED);
  }

  clear(): void {
    this.#statements.clear();
  }
}
