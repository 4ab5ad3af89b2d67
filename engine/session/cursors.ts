/**
 * SQL cursors: suspended executions. A query that only reads goes on fetch by fetch in the snapshot of its
 * declaration; any other, and one that outlives its transaction (WITH HOLD), is computed when declared. Rows
 * passed are kept for reading backward, in a file past a bound.
 */
import type { ExecuteRequest, ResultColumn } from '../../sblr/contract/session.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { Row } from '../../sblr/contract/values.ts';
import { RowBlockWriter } from '../../sblr/contract/row-block.ts';
import type { NodeOf, Program } from '../../sblr/nodes.ts';
import type { SpillFiles } from '../executor/operator.ts';
import { RowStore } from '../executor/operators/row-store.ts';
import { Execution } from '../executor/run.ts';
import { bindParameters, planRelation } from './prepare.ts';
import { isSuspendable } from './running.ts';
import type { Session } from './session.ts';
import { StatementContext } from './statement-context.ts';

const BLOCK_BYTES = 32 * 1024;
/** Bytes of rows a cursor keeps in memory. */
const CURSOR_MEMORY = 1 << 20;
/** Rows of a long fetch that are read before the first of them are sent. */
const FETCH_STEP = 1000;

/** Where fetched rows go. */
interface FetchSink {
  row(row: Row): void;
  /** Waits for a client that is behind. */
  ready(): Promise<void> | undefined;
}

export interface CursorOptions {
  readonly hold: boolean;
  readonly scroll: boolean;
  readonly text: string;
  readonly createdAt: number;
}

export class Cursor implements CursorOptions {
  readonly name: string;
  readonly columns: readonly ResultColumn[];
  readonly hold: boolean;
  readonly scroll: boolean;
  readonly text: string;
  readonly createdAt: number;
  readonly #execution: Execution;
  readonly #context: StatementContext;
  readonly #rows: RowStore;
  /** Rows of the execution's last batch not yet stored start here. */
  #batch: readonly Row[] = [];
  #batchAt = 0;
  #complete = false;
  #closed = false;
  /** 0 = before the first row, 1 = on the first ... count + 1 = after the last. */
  #position = 0;

  constructor(
    name: string,
    columns: readonly ResultColumn[],
    execution: Execution,
    context: StatementContext,
    files: SpillFiles,
    options: CursorOptions,
  ) {
    this.name = name;
    this.columns = columns;
    this.#execution = execution;
    this.#context = context;
    this.#rows = new RowStore(files, CURSOR_MEMORY);
    this.hold = options.hold;
    this.scroll = options.scroll;
    this.text = options.text;
    this.createdAt = options.createdAt;
  }

  /** Sees to it that row number `wanted` (from 1) is stored, if the result has so many. */
  async reach(session: Session, wanted: number): Promise<void> {
    if (this.#closed) return;
    const enough = (): boolean => {
      while (this.#batchAt < this.#batch.length && this.#rows.count < wanted)
        this.#rows.add(this.#batch[this.#batchAt++]!);
      return this.#rows.count >= wanted;
    };
    if (enough() || this.#complete) return;
    await new Promise<void>((resolve, reject) => {
      const context = this.#context;
      const advance = (): void => {
        try {
          context.startSlice();
          for (;;) {
            session.checkCancelled();
            const state = this.#execution.step();
            if (state === 'pending') return;
            if (state === 'done') {
              this.#complete = true;
              this.#execution.close();
              context.unpin();
              break;
            }
            this.#batch = this.#execution.rows;
            this.#batchAt = 0;
            if (enough()) break;
            if (context.sliceUsed()) {
              context.yieldSlice();
              return;
            }
          }
          resolve();
        } catch (error) {
          reject(error as Error);
        }
      };
      context.onResume = advance;
      advance();
    });
  }

  /** Moves and gives `sink` the rows passed, in the order of movement. Answers how many there were. */
  async fetch(
    session: Session,
    direction: NodeOf<'FETCH_CURSOR'>['direction'],
    count: number | undefined,
    sink: FetchSink,
  ): Promise<number> {
    if (direction === 'absolute' || direction === 'relative') {
      const wanted = count ?? 1;
      if (direction === 'absolute' && wanted < 0) await this.reach(session, Infinity);
      const end = this.#rows.count + 1;
      const target = direction === 'relative' ? this.#position + wanted : wanted < 0 ? end + wanted : wanted;
      this.#requireScroll(target < this.#position);
      await this.reach(session, target);
      this.#position = Math.min(Math.max(target, 0), this.#rows.count + 1);
      return this.#current(sink);
    }
    const backward = (direction === 'backward') !== (count !== undefined && count < 0);
    const steps = count === undefined ? Infinity : Math.abs(count);
    if (steps === 0) return this.#current(sink);
    this.#requireScroll(backward);
    let taken = 0;
    while (taken < steps) {
      const step = Math.min(steps - taken, FETCH_STEP);
      if (!backward) await this.reach(session, this.#position + step);
      const passed = this.#pass(backward, step, sink);
      taken += passed;
      if (passed < step) break;
      await sink.ready();
    }
    return taken;
  }

  #pass(backward: boolean, steps: number, sink: FetchSink): number {
    const end = this.#rows.count + 1;
    for (let taken = 0; taken < steps; taken++) {
      const next = this.#position + (backward ? -1 : 1);
      if (next < 0 || next > end) return taken;
      this.#position = next;
      if (next === 0 || next === end) return taken;
      sink.row(this.#rows.row(next - 1));
    }
    return steps;
  }

  #current(sink: FetchSink): number {
    if (this.#position === 0 || this.#position > this.#rows.count) return 0;
    sink.row(this.#rows.row(this.#position - 1));
    return 1;
  }

  #requireScroll(backward: boolean): void {
    if (backward && !this.scroll) {
      throw new SqlError('object_not_in_prerequisite_state', {
        message: 'cursor can only scan forward',
        hint: 'Declare it with SCROLL option to enable backward scan.',
      });
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#execution.close();
    this.#context.unpin();
    this.#rows.close();
  }
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
  const parameters = bindParameters(session, { program, epoch: 0, version: 0, statistics: 0, query }, request);
  const context = new StatementContext(session, session.transaction!, parameters);
  const execution = new Execution(query.plan, context);
  const cursor = new Cursor(statement.name, query.columns, execution, context, session.spillFiles, {
    hold: statement.hold,
    scroll: statement.scroll !== 'no_scroll',
    text: statement.text,
    createdAt: session.statementStartedAt,
  });
  try {
    if (statement.hold || !isSuspendable(query) || !context.pin()) await cursor.reach(session, Infinity);
  } catch (error) {
    cursor.close();
    throw error;
  }
  session.cursors.set(statement.name, cursor);
}

export async function fetchCursor(session: Session, statement: NodeOf<'FETCH_CURSOR'>): Promise<number> {
  const cursor = session.cursors.get(statement.name);
  if (cursor === undefined)
    throw new SqlError('invalid_cursor_name', {
      message: `cursor "${statement.name}" does not exist`,
      variant: 'cursor',
      args: { name: statement.name },
    });
  const count = statement.count === undefined ? undefined : Number(statement.count);
  if (statement.move)
    return cursor.fetch(session, statement.direction, count, { row: () => undefined, ready: () => undefined });
  session.sink.columns(cursor.columns);
  const writer = new RowBlockWriter(
    cursor.columns.map((column) => column.type),
    session.resolveReference,
  );
  const fetched = await cursor.fetch(session, statement.direction, count, {
    row: (row) => {
      writer.append(row);
      if (writer.byteLength < BLOCK_BYTES) return;
      const block = writer.take();
      session.creditBytes -= block.bytes.length;
      session.sink.rows(block);
    },
    ready: () =>
      session.creditBytes > 0 ? undefined : new Promise<void>((resolve) => session.waitForCredit(() => resolve())),
  });
  if (writer.rowCount > 0) session.sink.rows(writer.take());
  return fetched;
}
