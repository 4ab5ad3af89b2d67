/**
 * Bulk load: rows of text from the client, cast by assignment and inserted through the same plan as
 * INSERT, block by block, so that every constraint holds. The client may send as far ahead as the
 * window allows.
 */
import { displayIdentifier, identifierKey } from '../../sblr/contract/names.ts';
import { readRows } from '../../sblr/contract/row-block.ts';
import { shownColumns } from '../catalog/column-order.ts';
import type { Completion, ResultColumn, RowBlock } from '../../sblr/contract/session.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { textParser, type TextParser } from '../../sblr/contract/text/text-io.ts';
import { TEXT } from '../../sblr/contract/types.ts';
import type { Row, SqlValue } from '../../sblr/contract/values.ts';
import type { NodeOf, Program, RelationNode } from '../../sblr/nodes.ts';
import type { ColumnDefinition, SystemRelation, TableDefinition } from '../catalog/definitions.ts';
import { Execution } from '../executor/run.ts';
import { insertPlan, loadPlan, withoutModifiers } from './load-plan.ts';
import { planBound } from './prepare.ts';
import type { LoadTarget, Session } from './session.ts';
import { StatementContext } from './statement-context.ts';
import { lockTable } from './table-locks.ts';

/** Bytes of blocks the client may have under way. */
const WINDOW_BYTES = 4 << 20;

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
): Promise<Completion> {
  const table = findTable(session, statement);
  await lockTable(session, table.id, table.name.text, 'row_exclusive', 'wait');
  if (statement.insert !== undefined) return insertLoaded(session, program, statement, statement.insert, table);
  const columns = targetColumns(session, table, statement);
  const query = loadPlan(session, program, statement, table, columns);
  const parsers = columns.map((column) => textParser(withoutModifiers(column.type), session.evaluation.text));
  const planned = planBound(session, query, statement.command);
  const context = new LoadContext(session, session.transaction!, []);
  let lines = 0;
  let stored = 0;
  for await (const block of blocks(session, columns)) {
    context.rows = parseBlock(block, columns, parsers, lines, session, table);
    const execution = new Execution(planned.plan, context);
    await execute(execution, context, session).catch((error: unknown) => {
      throw atLine(error, session, table, context.sourceRow, context.rows, lines);
    });
    lines += context.rows.length;
    stored += execution.affectedRows ?? 0;
    session.sink.loadTaken?.(block.bytes.length);
  }
  return { command: statement.command, rows: stored };
}

/** Rows go through an INSERT of the statement's own. */
async function insertLoaded(
  session: Session,
  program: Program,
  statement: NodeOf<'LOAD_ROWS'>,
  insert: RelationNode,
  table: TableDefinition,
): Promise<Completion> {
  const { query, fields } = insertPlan(session, program, insert, table);
  const planned = planBound(session, query, statement.command);
  const context = new LoadContext(session, session.transaction!, []);
  const types = [...fields.map(() => TEXT), TEXT];
  let rows = 0;
  let records = 0;
  let duplicates = 0;
  for await (const block of blocks(session, fields)) {
    const loaded = readRows(block, types);
    for (const row of loaded) (row as SqlValue[])[fields.length] = Number(row[fields.length]);
    context.rows = loaded;
    const execution = new Execution(planned.plan, context);
    await execute(execution, context, session);
    rows += execution.affectedRows ?? 0;
    records += loaded.length;
    duplicates += execution.outcome?.duplicates ?? 0;
    session.sink.loadTaken?.(block.bytes.length);
  }
  return { command: statement.command, rows, records, duplicates };
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
  const live = shownColumns(table);
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

/** An error met while a row was stored tells the row's line. */
function atLine(
  error: unknown,
  session: Session,
  table: TableDefinition,
  row: Row | undefined,
  rows: readonly Row[],
  before: number,
): unknown {
  if (!(error instanceof SqlError) || error.details.context !== undefined) return error;
  const at = row === undefined ? -1 : rows.indexOf(row);
  const line = at < 0 ? '' : `, line ${before + at + 1}`;
  const context = `COPY ${displayIdentifier(table.name, session.identifierFold)}${line}`;
  return new SqlError(error.condition, { ...error.details, context });
}

/** Blocks as they arrive; ends with the client's end, throws its failure. */
async function* blocks(
  session: Session,
  columns: readonly Pick<ColumnDefinition, 'name' | 'type'>[],
): AsyncIterable<RowBlock> {
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
