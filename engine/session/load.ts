/**
 * Bulk load: rows of text from the client, cast by assignment and inserted through the same plan as
 * INSERT, block by block, so that every constraint holds. The client may send as far ahead as the
 * window allows.
 */
import { displayIdentifier, identifierKey } from '../../sblr/contract/names.ts';
import { readRows } from '../../sblr/contract/row-block.ts';
import type { ResultColumn, RowBlock } from '../../sblr/contract/session.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { textParser, type TextParser } from '../../sblr/contract/text/text-io.ts';
import { TEXT, type SqlType } from '../../sblr/contract/types.ts';
import type { Row, SqlValue } from '../../sblr/contract/values.ts';
import type { NodeOf, Program } from '../../sblr/nodes.ts';
import type { BoundExpression, BoundQuery, LogicalPlan, OutputColumn } from '../binder/bound.ts';
import { bindTableExpression } from '../binder/index.ts';
import type { ColumnDefinition, SystemRelation, TableDefinition } from '../catalog/definitions.ts';
import { storeExpression } from '../ddl/context.ts';
import { Execution } from '../executor/run.ts';
import { bindContext, planBound } from './prepare.ts';
import type { LoadTarget, Session } from './session.ts';
import { StatementContext } from './statement-context.ts';
import { lockTable } from './table-locks.ts';

/** Bytes of blocks the client may have under way. */
const WINDOW_BYTES = 4 << 20;

/** Ids of the loaded columns in the plan; the table's own columns are numbered by position. */
const LOADED = 2000;
const CONVERTED = 4000;

class LoadContext extends StatementContext {
  rows: readonly Row[] = [];

  override systemRows(_relation: SystemRelation, _lookup?: unknown): Iterable<Row> {
    return this.rows;
  }
}

export async function loadRows(
  session: Session,
  program: Program,
  statement: NodeOf<'LOAD_ROWS'>,
): Promise<{ readonly command: string; readonly rows: number }> {
  const table = findTable(session, statement);
  await lockTable(session, table.id, table.name.text, 'row_exclusive', 'wait');
  const columns = targetColumns(session, table, statement);
  const query = loadPlan(session, program, statement, table, columns);
  const parsers = columns.map((column) => textParser(withoutModifiers(column.type), session.evaluation.text));
  const planned = planBound(session, query, statement.command);
  const context = new LoadContext(session, session.transaction!, []);
  let total = 0;
  for await (const block of blocks(session, columns)) {
    context.rows = parseBlock(block, columns, parsers, total, session, table);
    total += context.rows.length;
    await execute(new Execution(planned.plan, context), context, session);
    session.sink.loadTaken?.(block.bytes.length);
  }
  return { command: statement.command, rows: total };
}

function findTable(session: Session, statement: NodeOf<'LOAD_ROWS'>): TableDefinition {
  const found = session.names.findRelation(statement.table);
  const shown = statement.table.map((part) => displayIdentifier(part, session.identifierFold)).join('.');
  if (found === undefined)
    throw new SqlError('undefined_table', {
      message: `relation "${shown}" does not exist`,
      args: { name: shown },
      ...(statement.pos === undefined ? {} : { position: statement.pos }),
    });
  if (found.kind !== 'table')
    throw new SqlError('wrong_object_type', { message: `cannot copy to ${found.kind} "${shown}"` });
  if (session.transaction!.readOnly)
    throw new SqlError('read_only_sql_transaction', {
      message: `cannot execute ${statement.command} FROM in a read-only transaction`,
    });
  return found;
}

function targetColumns(session: Session, table: TableDefinition, statement: NodeOf<'LOAD_ROWS'>): ColumnDefinition[] {
  const live = table.columns.filter((column) => !column.dropped);
  const shown = displayIdentifier(table.name, session.identifierFold);
  const columns =
    statement.columns.length === 0
      ? live.filter((column) => column.generated === 'none')
      : statement.columns.map((name) => {
          const found = live.find((column) => identifierKey(column.name) === identifierKey(name));
          const text = displayIdentifier(name, session.identifierFold);
          if (found === undefined)
            throw new SqlError('undefined_column', {
              message: `column "${text}" of relation "${shown}" does not exist`,
              variant: 'column_of_relation',
              args: { column: text, table: shown },
            });
          if (found.generated !== 'none')
            throw new SqlError('invalid_column_reference', {
              message: `column "${text}" is a generated column`,
              detail: 'Generated columns cannot be used in COPY.',
            });
          return found;
        });
  const seen = new Set<number>();
  for (const column of columns) {
    if (seen.has(column.position))
      throw new SqlError('duplicate_column', {
        message: `column "${displayIdentifier(column.name, session.identifierFold)}" specified more than once`,
        variant: 'specified',
        args: { column: displayIdentifier(column.name, session.identifierFold) },
      });
    seen.add(column.position);
  }
  session.names.checkPrivilege(
    table,
    'INSERT',
    columns.map((column) => column.position),
  );
  return columns;
}

/** Lengths and scales are applied by an assignment cast in the plan, as for INSERT. */
function withoutModifiers(type: SqlType): SqlType {
  if (type.length === undefined && type.precision === undefined && type.scale === undefined) return type;
  const { length: _length, precision: _precision, scale: _scale, ...rest } = type;
  return rest;
}

function loadPlan(
  session: Session,
  program: Program,
  statement: NodeOf<'LOAD_ROWS'>,
  table: TableDefinition,
  columns: readonly ColumnDefinition[],
): BoundQuery {
  const show = (column: ColumnDefinition): string => displayIdentifier(column.name, session.identifierFold);
  const relation: SystemRelation = {
    kind: 'system',
    id: 0,
    name: 'load',
    columns: columns.map((column) => ({ name: show(column), type: withoutModifiers(column.type) })),
  };
  const loaded = columns.map(
    (column): OutputColumn => ({
      id: LOADED + column.position,
      name: show(column),
      type: withoutModifiers(column.type),
      tableId: 0,
      position: 0,
    }),
  );
  let source: LogicalPlan = { kind: 'system_scan', relation, columns: loaded, alias: 'load' };
  if (statement.where !== undefined) {
    const stored = storeExpression({ semantics: program.semantics } as never, statement.where, '');
    const scope = columns.map(
      (column): OutputColumn => ({
        id: LOADED + column.position,
        name: show(column),
        type: column.type,
        tableId: table.id,
        position: column.position,
      }),
    );
    const condition = bindTableExpression(stored, table, scope, bindContext(session, program, []));
    source = { kind: 'filter', source, condition, columns: loaded };
  }
  const output = table.columns
    .filter((column) => !column.dropped)
    .map(
      (column): OutputColumn => ({
        id: column.position,
        name: show(column),
        type: column.type,
        tableId: table.id,
        position: column.position,
      }),
    );
  const values = table.columns.map((column): BoundExpression | undefined => {
    const from = loaded.find((one) => one.id === LOADED + column.position);
    if (from === undefined) return undefined;
    const value: BoundExpression = { kind: 'column', id: from.id, type: from.type };
    const domainId =
      column.type.typeId !== undefined && column.type.kind !== 'enum' && column.type.kind !== 'record'
        ? column.type.typeId
        : undefined;
    if (withoutModifiers(column.type) === column.type && domainId === undefined) return value;
    return { kind: 'cast', operand: value, type: column.type, context: 'assignment', domainId };
  });
  const plan: LogicalPlan = {
    kind: 'insert',
    target: { table, columns: output, rowKey: undefined },
    source,
    values,
    overriding: 'system',
    onDuplicate: statement.onDuplicate,
    conflict: undefined,
    checks: [],
    returning: [],
    columns: [],
  };
  return { plan, parameterTypes: [], lastColumnId: CONVERTED, tables: [{ table, access: 'write' }], modifies: true };
}

function parseBlock(
  block: RowBlock,
  columns: readonly ColumnDefinition[],
  parsers: readonly TextParser[],
  before: number,
  session: Session,
  table: TableDefinition,
): Row[] {
  const rows = readRows(
    block,
    columns.map(() => TEXT),
  );
  let line = before;
  for (const row of rows) {
    line++;
    for (let i = 0; i < parsers.length; i++) {
      const value = row[i];
      if (value === null || value === undefined) continue;
      try {
        (row as SqlValue[])[i] = parsers[i]!(value as string);
      } catch (error) {
        if (!(error instanceof SqlError)) throw error;
        throw new SqlError(error.condition, {
          ...error.details,
          context: `COPY ${displayIdentifier(table.name, session.identifierFold)}, line ${line}, column ${displayIdentifier(columns[i]!.name, session.identifierFold)}: "${String(value).slice(0, 100)}"`,
        });
      }
    }
  }
  return rows;
}

/** Blocks as they arrive; ends with the client's end, throws its failure. */
async function* blocks(session: Session, columns: readonly ColumnDefinition[]): AsyncIterable<RowBlock> {
  const waiting: RowBlock[] = [];
  let ended = false;
  let failure: SqlError | undefined;
  let wake: (() => void) | undefined;
  const signal = (): void => {
    const resume = wake;
    wake = undefined;
    resume?.();
  };
  const target: LoadTarget = {
    rows: (block) => {
      waiting.push(block);
      signal();
    },
    end: () => {
      ended = true;
      signal();
    },
    fail: (error) => {
      failure = error;
      signal();
    },
  };
  session.loading = target;
  session.sink.loadReady(
    columns.map(
      (column): ResultColumn => ({
        name: displayIdentifier(column.name, session.identifierFold),
        type: column.type,
        tableId: 0,
        columnPosition: 0,
      }),
    ),
    WINDOW_BYTES,
  );
  try {
    for (;;) {
      if (failure !== undefined) throw failure;
      const block = waiting.shift();
      if (block !== undefined) yield block;
      else if (ended) return;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    session.loading = undefined;
  }
}

function execute(execution: Execution, context: StatementContext, session: Session): Promise<void> {
  return new Promise((resolve, reject) => {
    const advance = (): void => {
      try {
        context.startSlice();
        for (;;) {
          session.checkCancelled();
          const state = execution.step();
          if (state === 'pending') return;
          if (state === 'done') break;
        }
        execution.close();
        resolve();
      } catch (error) {
        execution.close();
        reject(error as Error);
      }
    };
    context.onResume = advance;
    advance();
  });
}
