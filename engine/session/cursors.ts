/** SQL cursors: the result is computed when declared, so that it can be read in any direction. */
import type { ResultColumn } from '../../sblr/contract/session.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { Row } from '../../sblr/contract/values.ts';
import { RowBlockWriter } from '../../sblr/contract/row-block.ts';
import type { NodeOf, Program } from '../../sblr/nodes.ts';
import { bindParameters, planRelation } from './prepare.ts';
import { memoryExceeded } from '../executor/memory.ts';
import { rowBytes } from '../executor/values.ts';
import { runPlan } from './query.ts';
import type { Session } from './session.ts';
import type { ExecuteRequest } from '../../sblr/contract/session.ts';

const BLOCK_BYTES = 32 * 1024;

export class Cursor {
  readonly name: string;
  readonly columns: readonly ResultColumn[];
  readonly hold: boolean;
  readonly scroll: boolean;
  readonly text: string;
  readonly createdAt: number;
  readonly #rows: readonly Row[];
  /** 0 = before the first row, 1 = on the first ... rows.length + 1 = after the last. */
  #position = 0;

  constructor(
    name: string,
    columns: readonly ResultColumn[],
    rows: readonly Row[],
    options: { hold: boolean; scroll: boolean; text: string; createdAt: number },
  ) {
    this.name = name;
    this.columns = columns;
    this.#rows = rows;
    this.hold = options.hold;
    this.scroll = options.scroll;
    this.text = options.text;
    this.createdAt = options.createdAt;
  }

  /** Moves and answers the rows passed, in the order of movement. */
  fetch(direction: NodeOf<'FETCH_CURSOR'>['direction'], count: number | undefined): readonly Row[] {
    const end = this.#rows.length + 1;
    if (direction === 'absolute' || direction === 'relative') {
      const wanted = count ?? 1;
      const target = direction === 'relative' ? this.#position + wanted : wanted < 0 ? end + wanted : wanted;
      this.#requireScroll(target < this.#position);
      this.#position = Math.min(Math.max(target, 0), end);
      return this.#position === 0 || this.#position === end ? [] : [this.#rows[this.#position - 1]!];
    }
    const backward = (direction === 'backward') !== (count !== undefined && count < 0);
    const steps = count === undefined ? end : Math.abs(count);
    if (steps === 0) return this.#position === 0 || this.#position === end ? [] : [this.#rows[this.#position - 1]!];
    this.#requireScroll(backward);
    const rows: Row[] = [];
    for (let taken = 0; taken < steps; taken++) {
      const next = this.#position + (backward ? -1 : 1);
      if (next < 0 || next > end) break;
      this.#position = next;
      if (next === 0 || next === end) break;
      rows.push(this.#rows[next - 1]!);
    }
    return rows;
  }

  #requireScroll(backward: boolean): void {
    if (backward && !this.scroll) {
      throw new SqlError('object_not_in_prerequisite_state', {
        message: 'cursor can only scan forward',
        hint: 'Declare it with SCROLL option to enable backward scan.',
      });
    }
  }

  close(): void {}
}

export async function declareCursor(
  session: Session,
  program: Program,
  statement: NodeOf<'DECLARE_CURSOR'>,
  request: ExecuteRequest,
): Promise<void> {
  if (session.mode !== 'block' && !statement.hold) {
    throw new SqlError('no_active_sql_transaction', 'DECLARE CURSOR can only be used in transaction blocks');
  }
  if (session.cursors.has(statement.name)) {
    throw new SqlError('duplicate_cursor', {
      message: `cursor "${statement.name}" already exists`,
      args: { name: statement.name },
    });
  }
  const query = planRelation(session, program, statement.source, program.parameterTypes, 'SELECT');
  const parameters = bindParameters(session, { program, epoch: 0, version: 0, query }, request);
  const rows: Row[] = [];
  const limit = session.statementMemoryBytes;
  let bytes = 0;
  await runPlan(session, query, parameters, (batch) => {
    for (const row of batch) bytes += rowBytes(row);
    if (bytes > limit) throw memoryExceeded('The result of a cursor', limit);
    for (const row of batch) rows.push(row);
  });
  session.cursors.set(
    statement.name,
    new Cursor(statement.name, query.columns, rows, {
      hold: statement.hold,
      scroll: statement.scroll !== 'no_scroll',
      text: statement.text,
      createdAt: session.statementStartedAt,
    }),
  );
}

export function fetchCursor(session: Session, statement: NodeOf<'FETCH_CURSOR'>): number {
  const cursor = session.cursors.get(statement.name);
  if (cursor === undefined)
    throw new SqlError('invalid_cursor_name', {
      message: `cursor "${statement.name}" does not exist`,
      variant: 'cursor',
      args: { name: statement.name },
    });
  const rows = cursor.fetch(statement.direction, statement.count === undefined ? undefined : Number(statement.count));
  if (statement.move) return rows.length;
  session.sink.columns(cursor.columns);
  const writer = new RowBlockWriter(
    cursor.columns.map((column) => column.type),
    session.resolveReference,
  );
  for (const row of rows) {
    writer.append(row);
    if (writer.byteLength >= BLOCK_BYTES) session.sink.rows(writer.take());
  }
  if (writer.rowCount > 0) session.sink.rows(writer.take());
  return rows.length;
}
