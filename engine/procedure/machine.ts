/**
 * The procedural machine: runs programs of several statements with variables, jumps, handlers and
 * cursors, the form all dialects' batches, blocks and routines compile to. One Machine is one
 * activation; a CALL makes another. It is written as a generator that yields what it waits for:
 * driveAsync lets other sessions work meanwhile, driveSync serves calls inside an expression.
 */
import { CONDITIONS, type Condition } from '../../sblr/contract/conditions.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { textFormatter } from '../../sblr/contract/text/text-io.ts';
import { TEXT, UNKNOWN, type RecordField, type SqlType } from '../../sblr/contract/types.ts';
import { type Row, type SqlArray, SqlRecord, type SqlValue } from '../../sblr/contract/values.ts';
import { decodeProgram } from '../../sblr/decode.ts';
import type { NodeOf, Program, StatementNode, ValueNode } from '../../sblr/nodes.ts';
import type { CatalogMark } from '../catalog/catalog.ts';
import type { RoutineDefinition } from '../catalog/definitions.ts';
import { resolveType } from '../ddl/context.ts';
import type { Session } from '../session/session.ts';
import { toSqlError } from '../session/errors.ts';
import { compileText } from './dynamic.ts';
import { type Steps, TURN } from './drive.ts';
import { errorFact, matches, withElement } from './facts.ts';
import { noProcedure, outputColumns, procedureOf } from './procedures.ts';
import { type PlanStore, type ProgramRows, ProgramQueries } from './queries.ts';
import { enterRoutine } from '../session/binding-versions.ts';
import { requireRow, sendEmitted, sendRows } from './results.ts';
import { Variables } from './variables.ts';

/** Activations inside activations. */
export const CALL_DEPTH_LIMIT = 64;
/** Statements one activation may run before it looks after the other sessions. */
const STATEMENTS_PER_TURN = 64;

/** What an error tells besides its message. */
const RAISED = ['detail', 'hint', 'constraint', 'column', 'table', 'schema', 'dataType'] as const;

interface Handler {
  readonly target: number;
  readonly conditions: readonly string[];
  readonly savepoint: string;
  /** What was open when the handler's range began. */
  readonly blocks: number;
  readonly cursors: ReadonlySet<string>;
  readonly catalog: CatalogMark | undefined;
}

interface LocalCursor {
  readonly rows: readonly Row[];
  readonly columns: readonly RecordField[];
  at: number;
}

/** What statements other than procedural ones are handed to. */
export type OtherStatement = (program: Program, statement: StatementNode) => Promise<void>;

export interface MachineOptions {
  readonly session: Session;
  readonly program: Program;
  readonly parameters: readonly SqlValue[];
  readonly parameterTypes?: readonly SqlType[];
  /** Absent where nothing can be waited for. */
  readonly other: OtherStatement | undefined;
  readonly depth: number;
  /** A routine's: positions in its body mean nothing to the client, and results are its caller's. */
  readonly routine?: {
    readonly name?: string;
    readonly returns: SqlType | undefined;
    readonly outputs: readonly string[];
  };
  /** Of a body of queries whose rows are not the client's: what the first row of the last one is assigned to. */
  readonly rowTo?: readonly { readonly name: string; readonly type: SqlType }[];
  /** Plans kept from earlier activations of the same program. */
  readonly plans?: PlanStore;
}

export class Machine {
  readonly #session: Session;
  readonly #program: Program;
  readonly #other: OtherStatement | undefined;
  readonly #depth: number;
  readonly #routine: MachineOptions['routine'];
  readonly #rowTo: MachineOptions['rowTo'];
  #lastRow: { readonly row: Row | undefined; readonly types: readonly SqlType[] } | undefined = undefined;
  readonly #variables: Variables;
  readonly #queries: ProgramQueries;
  readonly #handlers: Handler[] = [];
  readonly #cursors = new Map<string, LocalCursor>();
  readonly emitted: Row[] = [];
  /** The error a handler is dealing with. */
  #current: SqlError | undefined = undefined;
  #savepoints = 0;
  /** The program is being given up: no handler may stop that. */
  abandoned = false;
  /** Rows the last data statement returned or changed. */
  rowCount = 0;
  result: SqlValue = null;

  constructor(options: MachineOptions) {
    this.#session = options.session;
    this.#program = options.program;
    this.#other = options.other;
    this.#depth = options.depth;
    this.#routine = options.routine;
    this.#rowTo = options.rowTo;
    this.#variables = new Variables(options.session.evaluation, options.routine?.name, (value, domainId) =>
      this.#queries.checkDomain(value, domainId),
    );
    this.#queries = new ProgramQueries({
      session: options.session,
      program: options.program,
      parameters: options.parameters,
      parameterTypes: options.parameterTypes ?? options.program.parameterTypes,
      variables: this.#variables,
      diagnostic: (name) => (name === 'row_count' ? this.rowCount : errorFact(this.#current, name)),
      waits: options.other !== undefined,
      plans: options.plans,
    });
    if (options.depth > CALL_DEPTH_LIMIT)
      throw new SqlError('statement_too_complex', {
        message: 'stack depth limit exceeded',
        hint: 'Procedures call each other too deep.',
      });
  }

  declare(name: string, type: SqlType, value: SqlValue): void {
    this.#variables.declare(name, type, false, value);
  }

  valueOf(name: string): SqlValue {
    return this.#variables.valueOf(name);
  }

  *run(): Steps<void> {
    const { statements } = this.#program;
    let at = 0;
    let turn = 0;
    while (at < statements.length) {
      this.#session.checkCancelled();
      if (++turn % STATEMENTS_PER_TURN === 0) yield TURN;
      const statement = statements[at]!;
      try {
        const next = yield* this.#step(statement, at);
        if (next === 'return') break;
        at = next;
      } catch (error) {
        at = this.#handle(this.#located(toSqlError(error)));
      }
    }
    this.#variables.unwind(0);
    this.#assignLastRow();
    if (this.#routine === undefined) sendEmitted(this.#session, this.emitted);
    else if (this.#routine.outputs.length > 0) this.#returnOutputs(this.#routine.outputs);
  }

  #assignLastRow(): void {
    if (this.#lastRow === undefined) return;
    const { row, types } = this.#lastRow;
    this.#rowTo?.forEach(({ name, type }, at) => {
      const value = row?.[at] ?? null;
      this.#variables.assign(name, value, types[at] ?? type);
    });
  }

  /** A routine's text is not the client's: its positions stay here. */
  #located(error: SqlError): SqlError {
    if (this.#routine === undefined || error.details.position === undefined) return error;
    const { position: _position, ...details } = error.details;
    return new SqlError(error.condition, details);
  }

  /** Finds the innermost handler for the error, undoes its block's changes and answers where to go on. */
  #handle(error: SqlError): number {
    for (;;) {
      const handler = this.#handlers.pop();
      if (handler === undefined) throw error;
      const transaction = this.#session.transaction!;
      transaction.rollbackTo(handler.savepoint);
      transaction.release(handler.savepoint);
      this.#session.fork?.restore(handler.catalog ?? { objects: new Map(), names: new Map(), changes: new Map() });
      if (this.abandoned || !matches(handler.conditions, error)) continue;
      this.#variables.unwind(handler.blocks);
      for (const name of this.#cursors.keys()) if (!handler.cursors.has(name)) this.#cursors.delete(name);
      this.#current = error;
      return handler.target;
    }
  }

  *#step(statement: StatementNode, at: number): Steps<number | 'return'> {
    switch (statement.op) {
      case 'JUMP':
        return statement.target;
      case 'JUMP_IF': {
        const holds = (yield* this.#queries.evaluate(statement.condition)).value === true;
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
        if (statement.value !== undefined) this.result = yield* this.#returned(statement.value);
        this.#leaveHandlers();
        return 'return';
      case 'FETCH_INTO':
        return this.#fetch(statement) ? at + 1 : statement.atEnd;
      default:
        yield* this.#plain(statement);
        return at + 1;
    }
  }

  #enterHandler(statement: NodeOf<'HANDLER_BEGIN'>): void {
    const savepoint = `handler:${this.#depth}:${this.#savepoints++}`;
    this.#session.transaction!.savepoint(savepoint);
    this.#handlers.push({
      target: statement.target,
      conditions: statement.conditions,
      savepoint,
      blocks: this.#variables.depth,
      cursors: new Set(this.#cursors.keys()),
      catalog: this.#session.fork?.mark(),
    });
  }

  /** A return keeps what the blocks around it did. */
  #leaveHandlers(): void {
    for (let handler = this.#handlers.pop(); handler !== undefined; handler = this.#handlers.pop())
      this.#session.transaction!.release(handler.savepoint);
  }

  *#returned(value: ValueNode): Steps<SqlValue> {
    const found = yield* this.#queries.evaluate(value);
    const returns = this.#routine?.returns;
    if (returns?.kind === 'record' && returns.fields !== undefined && found.value instanceof SqlRecord)
      if (returns.typeId === undefined && found.type.fields !== undefined)
        requireRow(found.type.fields, returns.fields, 'returned record type does not match expected record type');
    return returns === undefined ||
      returns.kind === 'void' ||
      (returns.kind === 'record' && returns.fields === undefined)
      ? found.value
      : this.#variables.convert(found.value, found.type, returns);
  }

  #returnOutputs(outputs: readonly string[]): void {
    const values = outputs.map((name) => this.#variables.valueOf(name));
    this.result = values.length === 1 ? (values[0] as SqlValue) : new SqlRecord(values);
  }

  *#plain(statement: StatementNode): Steps<void> {
    switch (statement.op) {
      case 'DECLARE_VARIABLE':
        return yield* this.#declareVariable(statement);
      case 'ASSIGN_VARIABLE':
        return yield* this.#assign(statement);
      case 'ASSIGN_QUERY':
        return this.#assignRows(statement, yield* this.#queries.rows(statement, statement.query));
      case 'BLOCK_BEGIN':
        this.#variables.beginBlock();
        return;
      case 'BLOCK_END':
        this.#variables.endBlock();
        return;
      case 'EXECUTE':
        this.rowCount = (yield* this.#queries.rows(statement, statement.query)).count;
        return;
      case 'RETURN':
        return yield* this.#send(statement);
      case 'OPEN_CURSOR':
        return this.#open(statement.name, yield* this.#queries.rows(statement, statement.query));
      case 'CLOSE_LOCAL_CURSOR':
        if (!this.#cursors.delete(statement.name)) throw noCursor(statement.name);
        return;
      case 'EMIT_ROW':
        return yield* this.#emit(statement.values);
      case 'EMIT_QUERY':
        return this.#emitRows(yield* this.#queries.rows(statement, statement.query));
      case 'RAISE':
        return yield* this.#raise(statement);
      case 'RERAISE':
        throw (
          this.#current ??
          new SqlError('sql_routine_exception', 'RAISE without parameters cannot be used outside an exception handler')
        );
      case 'CALL_PROCEDURE':
        return yield* this.#call(statement);
      case 'EXECUTE_BLOCK':
        return yield* this.#block(statement);
      case 'EXECUTE_DYNAMIC':
        return yield* this.#dynamic(statement);
      default:
        if (this.#other === undefined)
          throw new SqlError('feature_not_supported', {
            message: `${statement.op.replaceAll('_', ' ')} is not supported in a function called from a query`,
            hint: 'Use it in a procedure or an anonymous block.',
          });
        yield this.#other(this.#program, statement);
        this.rowCount = 0;
    }
  }

  // ---- variables ---------------------------------------------------------------------------------

  *#declareVariable(statement: NodeOf<'DECLARE_VARIABLE'>): Steps<void> {
    const type = resolveType(this.#queries.types, statement.type);
    const initial = statement.initial === undefined ? undefined : yield* this.#queries.evaluate(statement.initial);
    const value = this.#variables.convert(initial?.value ?? null, initial?.type ?? UNKNOWN, type);
    this.#variables.declare(statement.name, type, statement.constant, value);
  }

  *#assign(statement: NodeOf<'ASSIGN_VARIABLE'>): Steps<void> {
    const { name, steps } = statement;
    const { value, type } = yield* this.#queries.evaluate(statement.value);
    if (statement.scope === 'session') this.#session.variables.assign(name, value, type);
    else if (steps.length === 0) this.#variables.assign(name, value, type);
    else if (steps.length === 1 && steps[0]?.kind === 'field')
      this.#variables.assignField(name, steps[0].field!.text, value, type);
    else yield* this.#assignElement(statement, value, type);
  }

  /** array[i] = value: the only element assignment, one-dimensional. */
  *#assignElement(statement: NodeOf<'ASSIGN_VARIABLE'>, value: SqlValue, type: SqlType): Steps<void> {
    const [step] = statement.steps;
    const array = this.#variables.typeOf(statement.name);
    if (statement.steps.length > 1 || step?.kind !== 'index' || step.lower === undefined || array?.kind !== 'array')
      throw new SqlError('feature_not_supported', 'assignment to this part of a variable is not supported');
    const { value: subscript } = yield* this.#queries.evaluate(step.lower);
    if (subscript === null)
      throw new SqlError('null_value_not_allowed', 'array subscript in assignment must not be null');
    const element = this.#variables.convert(value, type, array.element ?? TEXT);
    const before = this.#variables.valueOf(statement.name);
    this.#variables.assign(statement.name, withElement(before as SqlArray | null, Number(subscript), element), array);
  }

  #assignRows(statement: NodeOf<'ASSIGN_QUERY'> | NodeOf<'EXECUTE_DYNAMIC'>, found: ProgramRows): void {
    const { rows, columns } = found;
    if (statement.strict && rows.length === 0) throw new SqlError('no_data_found', 'query returned no rows');
    if (statement.strict && rows.length > 1)
      throw new SqlError('too_many_rows', {
        message: 'query returned more than one row',
        hint: 'Make sure the query returns a single row, or use LIMIT 1.',
      });
    this.rowCount = Math.min(rows.length, 1);
    if (statement.op === 'ASSIGN_QUERY' && statement.scope === 'session') this.#assignSession(statement.names, found);
    else this.#variables.assignRow(statement.names, { values: rows[0], columns });
  }

  /** No row leaves variables of the session as they are. */
  #assignSession(names: readonly string[], { rows, columns }: ProgramRows): void {
    const [row] = rows;
    if (rows.length > 1) throw new SqlError('too_many_rows', 'query returned more than one row');
    if (columns.length !== names.length)
      throw new SqlError('cardinality_violation', {
        message: 'the query has another number of columns than there are variables',
        variant: 'columns',
      });
    if (row === undefined) {
      this.#session.warn('no_data', 'query returned no rows');
      return;
    }
    names.forEach((name, at) => this.#session.variables.assign(name, row[at] ?? null, columns[at]?.type ?? TEXT));
  }

  // ---- cursors and results -----------------------------------------------------------------------

  #open(name: string, found: ProgramRows): void {
    if (this.#cursors.has(name))
      throw new SqlError('duplicate_cursor', { message: `cursor "${name}" already in use`, args: { name } });
    this.#cursors.set(name, { rows: found.rows, columns: found.columns, at: 0 });
  }

  #fetch(statement: NodeOf<'FETCH_INTO'>): boolean {
    const cursor = this.#cursors.get(statement.cursor);
    if (cursor === undefined) throw noCursor(statement.cursor);
    const row = cursor.rows[cursor.at];
    this.rowCount = row === undefined ? 0 : 1;
    if (row === undefined) return false;
    cursor.at++;
    this.#variables.assignRow(statement.names, { values: row, columns: cursor.columns });
    return true;
  }

  *#emit(values: readonly ValueNode[]): Steps<void> {
    const row: SqlValue[] = [];
    const wanted = this.#resultTypes(values.length);
    for (const [at, value] of values.entries()) {
      const found = yield* this.#queries.evaluate(value);
      if (values.length === 1 && found.type.kind === 'record' && this.#routine?.returns?.kind === 'record') {
        const record = found.value instanceof SqlRecord ? found.value.values : [];
        const fields = found.type.fields ?? [];
        this.emitted.push(this.#shaped(record, fields));
        return;
      }
      row.push(this.#variables.convert(found.value, found.type, wanted[at] ?? TEXT));
    }
    this.emitted.push(row);
  }

  #emitRows(found: ProgramRows): void {
    this.rowCount = found.count;
    for (const row of found.rows) this.emitted.push(this.#shaped(row, found.columns));
  }

  /** A row as the routine's result has it. */
  #shaped(row: Row, columns: readonly RecordField[]): Row {
    const wanted = this.#resultTypes(columns.length);
    if (this.#routine?.returns?.kind === 'record' && this.#routine.returns.fields === undefined) return row;
    const fields = wanted.map((type) => ({ type }));
    requireRow(columns, fields, 'structure of query does not match function result type');
    return wanted.map((type, at) => this.#variables.convert(row[at] ?? null, (columns[at] as RecordField).type, type));
  }

  /** Types of the columns of the result; text where the program is not a routine's. */
  #resultTypes(width: number): readonly SqlType[] {
    const returns = this.#routine?.returns;
    if (returns === undefined) return Array.from({ length: width }, () => TEXT);
    return returns.kind === 'record' ? (returns.fields ?? []).map((field) => field.type) : [returns];
  }

  /** Rows for the client itself: a program that is no routine. */
  *#send(statement: NodeOf<'RETURN'>): Steps<void> {
    const query = this.#queries.plan(statement, statement.source, statement.command);
    const { rows, count } = yield* this.#queries.execute(query);
    this.rowCount = count;
    if (this.#rowTo !== undefined) {
      this.#lastRow = { row: rows[0], types: query.types };
      return;
    }
    if (query.columns.length > 0) sendRows(this.#session, query.columns, rows);
    this.#session.sink.complete({ command: statement.command, rows: count });
  }

  // ---- errors and calls --------------------------------------------------------------------------

  *#raise(statement: NodeOf<'RAISE'>): Steps<void> {
    let message = (yield* this.#text(statement.message)) ?? statement.condition;
    if (statement.arguments.length > 0 || message.includes('%%')) message = yield* this.#filled(message, statement);
    const given: Partial<Record<(typeof RAISED)[number], string>> = {};
    for (const name of RAISED) {
      const text = yield* this.#text(statement[name]);
      if (text !== undefined) given[name] = text;
    }
    const known = statement.condition in CONDITIONS;
    const condition: Condition = known ? (statement.condition as Condition) : 'raise_exception';
    const own = !known && /^[0-9A-Z]{5}$/.test(statement.condition) ? { sqlstate: statement.condition } : {};
    const details = { message, ...given, ...own };
    if (statement.level === 'error') throw new SqlError(condition, details);
    this.#session.notice({
      severity: statement.level,
      condition: known ? condition : 'successful_completion',
      details,
    });
  }

  /** The message with its arguments in their places, NULL written out. */
  *#filled(message: string, statement: NodeOf<'RAISE'>): Steps<string> {
    const texts: string[] = [];
    for (const argument of statement.arguments) {
      const { value, type } = yield* this.#queries.evaluate(argument);
      texts.push(value === null ? '<NULL>' : textFormatter(type, this.#session.evaluation.text)(value));
    }
    let at = 0;
    return message.replace(/%%|%/g, (mark) => (mark === '%%' ? '%' : (texts[at++] ?? '')));
  }

  *#text(value: ValueNode | undefined): Steps<string | undefined> {
    if (value === undefined) return undefined;
    const found = yield* this.#queries.evaluate(value);
    const text = this.#variables.convert(found.value, found.type, TEXT);
    return text === null ? undefined : String(text);
  }

  *#call(statement: NodeOf<'CALL_PROCEDURE'>): Steps<void> {
    const routine = procedureOf(this.#session, statement);
    if (routine === undefined) throw noProcedure(statement);
    this.#session.names.checkPrivilege(routine, 'EXECUTE');
    const values: SqlValue[] = [];
    for (const [at, argument] of statement.arguments.entries()) {
      const found = yield* this.#queries.evaluate(argument);
      values.push(this.#variables.convert(found.value, found.type, routine.parameters[at]!.type));
    }
    const sql = decodeProgram(routine.program);
    const own = sql.statements.some((one) => one.op === 'RETURN_VALUE');
    const inner = new Machine({
      session: this.#session,
      program: sql,
      parameters: values,
      parameterTypes: routine.parameters.map((one) => one.type),
      other: this.#other,
      depth: this.#depth + 1,
      // A body of plain statements answers the client itself, unless its dialect has no use for the rows.
      ...(own ? { routine: { name: routine.name.text, returns: undefined, outputs: [] } } : {}),
      ...(own || sql.semantics.procedureRows === 'client' ? {} : { rowTo: outputsOf(routine) }),
    });
    for (const [at, parameter] of routine.parameters.entries())
      inner.declare(parameter.name?.text ?? `$${at + 1}`, parameter.type, values[at]!);
    const leave = enterRoutine(this.#session, routine);
    try {
      yield* inner.run();
    } finally {
      leave?.();
    }
    if (this.#routine === undefined && this.#depth === 0) this.#sendOutputs(routine, inner);
    for (const [at, output] of statement.outputs.entries()) {
      const parameter = routine.parameters[at];
      if (parameter === undefined || parameter.mode === 'in' || parameter.mode === 'variadic') continue;
      if (output === '' || this.#variables.typeOf(output) === undefined) throw notWritable(parameter, at);
      this.#variables.assign(output, inner.valueOf(parameter.name?.text ?? `$${at + 1}`), parameter.type);
    }
  }

  /** A client's own CALL is answered with the output parameters as a row. */
  #sendOutputs(routine: RoutineDefinition, inner: Machine): void {
    const columns = outputColumns(routine, (name) => this.#queries.types.display(name));
    if (columns.length === 0) return;
    const values = routine.parameters.flatMap((one, at) =>
      one.mode === 'in' || one.mode === 'variadic' ? [] : [inner.valueOf(one.name?.text ?? `$${at + 1}`)],
    );
    sendRows(this.#session, columns, [values]);
  }

  *#block(statement: NodeOf<'EXECUTE_BLOCK'>): Steps<void> {
    const inner = new Machine({
      session: this.#session,
      program: decodeProgram(statement.body),
      parameters: [],
      other: this.#other,
      depth: this.#depth + 1,
      routine: { returns: undefined, outputs: [] },
    });
    yield* inner.run();
  }

  *#dynamic(statement: NodeOf<'EXECUTE_DYNAMIC'>): Steps<void> {
    const text = yield* this.#text(statement.text);
    if (text === undefined) throw new SqlError('null_value_not_allowed', 'query string argument of EXECUTE is null');
    const values: SqlValue[] = [];
    const types: SqlType[] = [];
    for (const argument of statement.arguments) {
      const found = yield* this.#queries.evaluate(argument);
      values.push(found.value);
      types.push(found.type);
    }
    const program = compileText(this.#session, text);
    for (const inner of program.statements) {
      if (inner.op !== 'RETURN') {
        if (statement.use !== 'drop')
          throw new SqlError('feature_not_supported', `${inner.op.replaceAll('_', ' ')} does not return rows`);
        if (this.#other === undefined)
          throw new SqlError('feature_not_supported', {
            message: `${inner.op.replaceAll('_', ' ')} is not supported in a function called from a query`,
            hint: 'Use it in a procedure or an anonymous block.',
          });
        yield this.#other(program, inner);
        this.rowCount = 0;
        continue;
      }
      const found = yield* this.#queries.dynamicRows(program, inner.source, inner.command, values, types);
      if (statement.use === 'assign') this.#assignRows(statement, found);
      else if (statement.use === 'emit') this.#emitRows(found);
      else if (statement.use === 'open') this.#open(statement.names[0]!, found);
      else this.rowCount = found.count;
    }
  }
}

function noCursor(name: string): SqlError {
  return new SqlError('invalid_cursor_name', {
    message: `cursor "${name}" does not exist`,
    variant: 'cursor',
    args: { name },
  });
}

function notWritable({ name }: RoutineDefinition['parameters'][number], at: number): SqlError {
  const message = `procedure parameter ${name === undefined ? at + 1 : `"${name.text}"`} is an output parameter but corresponding argument is not writable`;
  return new SqlError('syntax_error', message);
}

function outputsOf(routine: RoutineDefinition): { readonly name: string; readonly type: SqlType }[] {
  return routine.parameters.flatMap((one, at) =>
    one.mode === 'out' || one.mode === 'inout' ? [{ name: one.name?.text ?? `$${at + 1}`, type: one.type }] : [],
  );
}
