/**
 * The procedural machine: runs programs of several statements with variables, jumps, handlers and
 * cursors, the form all dialects' batches, blocks and procedures compile to. One Machine is one
 * activation; a CALL makes another. Statements are planned when first reached and kept while the
 * catalog stays the same.
 */
import { CONDITIONS, type Condition } from '../../sblr/contract/conditions.ts';
import { RowBlockWriter } from '../../sblr/contract/row-block.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { TEXT, type SqlType } from '../../sblr/contract/types.ts';
import type { Row, SqlValue } from '../../sblr/contract/values.ts';
import { decodeProgram } from '../../sblr/decode.ts';
import {
  node,
  type NodeOf,
  type Program,
  type RelationNode,
  type StatementNode,
  type ValueNode,
} from '../../sblr/nodes.ts';
import { bindQuery } from '../binder/index.ts';
import { Execution } from '../executor/run.ts';
import { bindContext, planBound, type PlannedQuery } from '../session/prepare.ts';
import type { Session } from '../session/session.ts';
import { StatementContext } from '../session/statement-context.ts';
import { toSqlError } from '../session/errors.ts';

/** Activations inside activations. */
export const CALL_DEPTH_LIMIT = 64;
/** Statements one activation may run before it looks after the other sessions. */
const STATEMENTS_PER_TURN = 64;
const BLOCK_BYTES = 32 * 1024;

interface Variable {
  readonly type: SqlType;
  readonly constant: boolean;
  value: SqlValue;
}

interface Handler {
  readonly target: number;
  readonly conditions: readonly string[];
  readonly savepoint: string;
}

interface LocalCursor {
  readonly rows: readonly Row[];
  at: number;
}

/** What statements other than procedural ones are handed to. */
export type OtherStatement = (program: Program, statement: StatementNode) => Promise<void>;

export interface MachineOptions {
  readonly session: Session;
  readonly program: Program;
  readonly parameters: readonly SqlValue[];
  readonly other: OtherStatement;
  readonly depth: number;
}

class MachineContext extends StatementContext {
  readonly #variables: ReadonlyMap<string, Variable>;

  constructor(session: Session, parameters: readonly SqlValue[], variables: ReadonlyMap<string, Variable>) {
    super(session, session.transaction!, parameters);
    this.#variables = variables;
  }

  override variable(name: string, scope: 'local' | 'session' | 'setting' | 'global'): SqlValue {
    return scope === 'local' ? (this.#variables.get(name)?.value ?? null) : super.variable(name, scope);
  }
}

export class Machine {
  readonly #session: Session;
  readonly #program: Program;
  readonly #parameters: readonly SqlValue[];
  readonly #other: OtherStatement;
  readonly #depth: number;
  readonly #variables = new Map<string, Variable>();
  readonly #handlers: Handler[] = [];
  readonly #cursors = new Map<string, LocalCursor>();
  readonly #plans = new WeakMap<object, { readonly epoch: number; readonly query: PlannedQuery }>();
  #emitted: Row[] = [];
  /** The error a handler is dealing with. */
  #current: SqlError | undefined = undefined;
  #savepoints = 0;
  /** Rows the last data statement returned or changed. */
  rowCount = 0;
  result: SqlValue = null;

  constructor(options: MachineOptions) {
    this.#session = options.session;
    this.#program = options.program;
    this.#parameters = options.parameters;
    this.#other = options.other;
    this.#depth = options.depth;
    if (options.depth > CALL_DEPTH_LIMIT)
      throw new SqlError('statement_too_complex', {
        message: 'stack depth limit exceeded',
        hint: 'Procedures call each other too deep.',
      });
  }

  declare(name: string, type: SqlType, value: SqlValue): void {
    this.#variables.set(name, { type, constant: false, value });
  }

  valueOf(name: string): SqlValue {
    return this.#variables.get(name)?.value ?? null;
  }

  async run(): Promise<void> {
    const { statements } = this.#program;
    let at = 0;
    let turn = 0;
    while (at < statements.length) {
      this.#session.checkCancelled();
      if (++turn % STATEMENTS_PER_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
      const statement = statements[at]!;
      try {
        const next = await this.#step(statement, at);
        if (next === 'return') break;
        at = next;
      } catch (error) {
        at = this.#handle(toSqlError(error));
      }
    }
    this.#sendEmitted();
  }

  /** Finds the innermost handler for the error, undoes its block's changes and answers where to go on. */
  #handle(error: SqlError): number {
    for (;;) {
      const handler = this.#handlers.pop();
      if (handler === undefined) throw error;
      this.#session.transaction!.rollbackTo(handler.savepoint);
      this.#session.transaction!.release(handler.savepoint);
      if (!matches(handler.conditions, error)) continue;
      this.#current = error;
      return handler.target;
    }
  }

  async #step(statement: StatementNode, at: number): Promise<number | 'return'> {
    switch (statement.op) {
      case 'JUMP':
        return statement.target;
      case 'JUMP_IF': {
        const holds = (await this.#evaluate(statement.condition)) === true;
        return holds === (statement.when === 'true') ? statement.target : at + 1;
      }
      case 'HANDLER_BEGIN':
        this.#enterHandler(statement);
        return at + 1;
      case 'HANDLER_END': {
        const handler = this.#handlers.pop();
        if (handler !== undefined) this.#session.transaction!.release(handler.savepoint);
        return at + 1;
      }
      case 'RETURN_VALUE':
        this.result = statement.value === undefined ? null : await this.#evaluate(statement.value);
        return 'return';
      case 'FETCH_INTO':
        return this.#fetch(statement) ? at + 1 : statement.atEnd;
      default:
        await this.#plain(statement);
        return at + 1;
    }
  }

  #enterHandler(statement: NodeOf<'HANDLER_BEGIN'>): void {
    const savepoint = `handler:${this.#depth}:${this.#savepoints++}`;
    this.#session.transaction!.savepoint(savepoint);
    this.#handlers.push({ target: statement.target, conditions: statement.conditions, savepoint });
  }

  async #plain(statement: StatementNode): Promise<void> {
    switch (statement.op) {
      case 'DECLARE_VARIABLE': {
        const value = statement.initial === undefined ? null : await this.#evaluate(statement.initial, statement.type);
        this.#variables.set(statement.name, { type: statement.type, constant: statement.constant, value });
        return;
      }
      case 'ASSIGN_VARIABLE':
        return this.#assign(statement);
      case 'ASSIGN_QUERY':
        return this.#assignQuery(statement);
      case 'EXECUTE':
        this.rowCount = (await this.#rows(statement, statement.query)).count;
        return;
      case 'RETURN':
        return this.#send(statement);
      case 'OPEN_CURSOR':
        if (this.#cursors.has(statement.name))
          throw new SqlError('duplicate_cursor', {
            message: `cursor "${statement.name}" already in use`,
            args: { name: statement.name },
          });
        this.#cursors.set(statement.name, { rows: (await this.#rows(statement, statement.query)).rows, at: 0 });
        return;
      case 'CLOSE_LOCAL_CURSOR':
        if (!this.#cursors.delete(statement.name)) throw noCursor(statement.name);
        return;
      case 'EMIT_ROW': {
        const row: SqlValue[] = [];
        for (const value of statement.values) row.push(await this.#evaluate(value, TEXT));
        this.#emitted.push(row);
        return;
      }
      case 'RAISE':
        return this.#raise(statement);
      case 'RERAISE':
        throw (
          this.#current ??
          new SqlError('sql_routine_exception', 'RAISE without parameters cannot be used outside an exception handler')
        );
      case 'CALL_PROCEDURE':
        return this.#call(statement);
      default:
        await this.#other(this.#program, statement);
    }
  }

  async #assign(statement: NodeOf<'ASSIGN_VARIABLE'>): Promise<void> {
    if (statement.scope === 'session') {
      this.#session.setVariable(statement.name, await this.#evaluate(statement.value));
      return;
    }
    const variable = this.#require(statement.name);
    if (variable.constant)
      throw new SqlError('error_in_assignment', `variable "${statement.name}" is declared CONSTANT`);
    variable.value = await this.#evaluate(statement.value, variable.type);
  }

  async #assignQuery(statement: NodeOf<'ASSIGN_QUERY'>): Promise<void> {
    const { rows } = await this.#rows(statement, statement.query);
    if (statement.strict && rows.length === 0) throw new SqlError('no_data_found', 'query returned no rows');
    if (statement.strict && rows.length > 1) throw new SqlError('too_many_rows', 'query returned more than one row');
    this.rowCount = Math.min(rows.length, 1);
    statement.names.forEach((name, at) => {
      const value = rows[0]?.[at] ?? null;
      if (statement.scope === 'session') this.#session.setVariable(name, value);
      else this.#require(name).value = value;
    });
  }

  #require(name: string): Variable {
    const variable = this.#variables.get(name);
    if (variable === undefined)
      throw new SqlError('undefined_object', {
        message: `variable "${name}" does not exist`,
        variant: 'variable',
        args: { name },
      });
    return variable;
  }

  #fetch(statement: NodeOf<'FETCH_INTO'>): boolean {
    const cursor = this.#cursors.get(statement.cursor);
    if (cursor === undefined) throw noCursor(statement.cursor);
    const row = cursor.rows[cursor.at];
    if (row === undefined) return false;
    cursor.at++;
    statement.names.forEach((name, at) => {
      this.#require(name).value = row[at] ?? null;
    });
    return true;
  }

  async #raise(statement: NodeOf<'RAISE'>): Promise<void> {
    const text = async (value: ValueNode | undefined): Promise<string | undefined> => {
      const result = value === undefined ? null : await this.#evaluate(value, TEXT);
      return result === null ? undefined : String(result);
    };
    const known = statement.condition in CONDITIONS;
    const condition: Condition = known ? (statement.condition as Condition) : 'raise_exception';
    const [detail, hint] = [await text(statement.detail), await text(statement.hint)];
    const details = {
      message: (await text(statement.message)) ?? statement.condition,
      ...(detail === undefined ? {} : { detail }),
      ...(hint === undefined ? {} : { hint }),
      ...(!known && /^[0-9A-Z]{5}$/.test(statement.condition) ? { sqlstate: statement.condition } : {}),
    };
    if (statement.level === 'error') throw new SqlError(condition, details);
    this.#session.notice({
      severity: statement.level,
      condition: known ? condition : 'successful_completion',
      details,
    });
  }

  async #call(statement: NodeOf<'CALL_PROCEDURE'>): Promise<void> {
    const shown = statement.name.map((part) => part.text).join('.');
    const routine = this.#session.names
      .findRoutines(statement.name)
      .find((one) => one.form === 'procedure' && one.parameters.length === statement.arguments.length);
    if (routine === undefined)
      throw new SqlError('undefined_function', {
        message: `procedure ${shown} does not exist`,
        variant: 'procedure',
        args: { name: shown },
      });
    const values: SqlValue[] = [];
    for (const [at, argument] of statement.arguments.entries())
      values.push(await this.#evaluate(argument, routine.parameters[at]!.type));
    const inner = new Machine({
      session: this.#session,
      program: decodeProgram(routine.program),
      parameters: values,
      other: this.#other,
      depth: this.#depth + 1,
    });
    for (const [at, parameter] of routine.parameters.entries())
      inner.declare(parameter.name?.text ?? `$${at + 1}`, parameter.type, values[at]!);
    await inner.run();
    for (const [at, output] of statement.outputs.entries()) {
      const parameter = routine.parameters[at];
      if (output !== '' && parameter !== undefined && parameter.mode !== 'in')
        this.#require(output).value = inner.valueOf(parameter.name?.text ?? `$${at + 1}`);
    }
  }

  // ---- queries ---------------------------------------------------------------------------------

  #plan(key: object, relation: RelationNode, command: string): PlannedQuery {
    const { epoch } = this.#session.catalog;
    const known = this.#plans.get(key);
    if (known !== undefined && known.epoch === epoch) return known.query;
    const context = {
      ...bindContext(this.#session, this.#program, this.#program.parameterTypes),
      variables: {
        typeOf: (name: string, scope: 'local' | 'session' | 'setting' | 'global') =>
          scope === 'local' ? this.#variables.get(name)?.type : TEXT,
      },
    };
    const query = planBound(this.#session, bindQuery(relation, context), command);
    this.#plans.set(key, { epoch, query });
    return query;
  }

  async #evaluate(value: ValueNode, type?: SqlType): Promise<SqlValue> {
    const item = node('ITEM', {
      value: type === undefined ? value : node('CAST', { operand: value, type, mode: 'cast' }),
    });
    const relation = node('PROJECT', { source: node('DUAL', {}), items: [item] });
    const rows = await this.#execute(this.#plan(value, relation, 'SELECT'));
    return rows.rows[0]?.[0] ?? null;
  }

  #rows(key: object, relation: RelationNode): Promise<{ readonly rows: readonly Row[]; readonly count: number }> {
    return this.#execute(this.#plan(key, relation, 'SELECT'));
  }

  /** Runs in a statement of its own: what earlier statements changed is visible, its own changes are not. */
  #execute(query: PlannedQuery): Promise<{ readonly rows: readonly Row[]; readonly count: number }> {
    const transaction = this.#session.transaction!;
    transaction.beginStatement();
    const context = new MachineContext(this.#session, this.#parameters, this.#variables);
    const execution = new Execution(query.plan, context);
    const rows: Row[] = [];
    return new Promise((resolve, reject) => {
      const advance = (): void => {
        try {
          context.startSlice();
          for (;;) {
            context.checkCancelled();
            this.#session.checkCancelled();
            const state = execution.step();
            if (state === 'pending') return;
            if (state === 'done') break;
            for (const row of execution.rows) rows.push(row.slice(0, query.columns.length));
          }
          const count = execution.affectedRows ?? rows.length;
          execution.close();
          transaction.endStatement();
          resolve({ rows, count });
        } catch (error) {
          execution.close();
          transaction.rollbackStatement();
          reject(error as Error);
        }
      };
      context.onResume = advance;
      advance();
    });
  }

  async #send(statement: NodeOf<'RETURN'>): Promise<void> {
    const query = this.#plan(statement, statement.source, statement.command);
    const { rows, count } = await this.#execute(query);
    this.rowCount = count;
    if (query.columns.length > 0) {
      this.#session.sink.columns(query.columns);
      this.#block(query.types, rows);
    }
    this.#session.sink.complete({ command: statement.command, rows: count });
  }

  #block(types: readonly SqlType[], rows: readonly Row[]): void {
    const writer = new RowBlockWriter(types, this.#session.resolveReference);
    for (const row of rows) {
      writer.append(row);
      if (writer.byteLength >= BLOCK_BYTES) this.#session.sink.rows(writer.take());
    }
    if (writer.rowCount > 0) this.#session.sink.rows(writer.take());
  }

  #sendEmitted(): void {
    const width = this.#emitted[0]?.length;
    if (width === undefined) return;
    const columns = Array.from({ length: width }, (_unused, at) => ({
      name: `column${at + 1}`,
      type: TEXT,
      tableId: 0,
      columnPosition: 0,
    }));
    this.#session.sink.columns(columns);
    this.#block(
      columns.map((column) => column.type),
      this.#emitted,
    );
    this.#session.sink.complete({ command: 'SELECT', rows: this.#emitted.length });
    this.#emitted = [];
  }
}

/** Handler conditions are condition names or SQLSTATEs; none = any error but a cancelled statement. */
function matches(conditions: readonly string[], error: SqlError): boolean {
  if (conditions.length === 0) return error.condition !== 'query_canceled';
  return conditions.some((one) => one === error.condition || one === error.sqlstate);
}

function noCursor(name: string): SqlError {
  return new SqlError('invalid_cursor_name', {
    message: `cursor "${name}" does not exist`,
    variant: 'cursor',
    args: { name },
  });
}
