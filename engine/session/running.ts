/**
 * A query under way: drives its execution, encodes rows into blocks, keeps to the client's credit and
 * to row limits, and is the portal when it stops early.
 */
import type { Completion, ReplySink, ResultColumn } from '../../sblr/contract/session.ts';
import type { Row } from '../../sblr/contract/values.ts';
import { RowBlockWriter, type ReferenceResolver } from '../../sblr/contract/row-block.ts';
import { START_OVER } from '../executor/operator.ts';
import { RowStore } from '../executor/operators/row-store.ts';
import { Execution } from '../executor/run.ts';

import { isPlanVolatile } from '../planner/expression-walk.ts';
import type { PlannedQuery } from './plan-cache.ts';
import type { Session } from './session.ts';
import type { StatementContext } from './statement-context.ts';

/** Bytes of rows sent at once. */
const BLOCK_BYTES = 32 * 1024;
/** Of the rest of a portal, bytes kept in memory and rows read back at once. */
const REST_MEMORY = 1 << 20;
const REST_BATCH = 256;

/** May the query go on in another request: does it change, lock or call nothing? */
export function isSuspendable(query: PlannedQuery): boolean {
  const { bound } = query;
  return !bound.modifies && bound.tables.every(({ access }) => access === 'read') && !isPlanVolatile(bound.plan);
}

export class Running {
  readonly context: StatementContext;
  readonly columns: readonly ResultColumn[];
  readonly #query: PlannedQuery;
  #execution: Execution;
  readonly #writer: RowBlockWriter;
  /** Rows fetched from the execution and not yet sent. */
  #batch: readonly Row[] = [];
  #at = 0;
  /** Rows sent in this request, and those still allowed in this request (0 = all). */
  #sent = 0;
  #left = 0;
  #limited = false;
  /** The limit is the result's end, not a pause. */
  #capped = false;
  #ended = false;
  #closed = false;
  /** Set for a portal, which may be left early and gone on with. */
  readonly #keep: boolean;
  /** The rest of a portal that could not stay suspended, and how much of it was read. */
  #rest: RowStore | undefined;
  #restAt = 0;
  /** The whole result is kept: a portal that outlives its transaction. */
  held = false;

  constructor(query: PlannedQuery, context: StatementContext, keep: boolean, resolve?: ReferenceResolver) {
    this.#query = query;
    this.context = context;
    this.columns = query.columns;
    this.#keep = keep;
    this.#execution = new Execution(query.plan, context);
    this.#writer = query.idleWriter ?? new RowBlockWriter(query.types, resolve);
    query.idleWriter = undefined;
  }

  get returnsRows(): boolean {
    return this.columns.length > 0 || this.#query.command === 'SELECT';
  }

  /** Sends rows until the end, or until `maxRows` (0 = all). Answers the request. */
  continue(session: Session, maxRows: number, capped = false): void {
    this.#capped = capped;
    this.#left = maxRows;
    this.#sent = 0;
    this.#limited = maxRows > 0;
    this.context.onResume = () => this.#resume(session);
    this.#advance(session);
  }

  #resume(session: Session): void {
    if (this.#closed) return;
    try {
      this.#advance(session);
    } catch (error) {
      session.requestFailed(error);
    }
  }

  #advance(session: Session): void {
    const { context } = this;
    context.startSlice();
    for (;;) {
      context.checkCancelled();
      if (this.#at < this.#batch.length && !this.#sendBatch(session)) return;
      if (this.#limited && this.#left === 0) {
        if (this.#capped) break;
        this.#suspend(session);
        return;
      }
      if (this.#rest !== undefined && this.#restAt < this.#rest.count) {
        this.#batch = this.#readRest(this.#rest);
        this.#at = 0;
        continue;
      }
      if (this.#ended) break;
      const state = this.#step(session);
      if (state === 'pending') return;
      if (state === 'done') {
        this.#ended = true;
        break;
      }
      this.#batch = this.#execution.rows;
      this.#at = 0;
      context.mayStartOver = false;
      if (context.sliceUsed() && this.#writer.byteLength > 0 && !this.#flush(session)) return;
    }
    if (this.#writer.rowCount > 0) this.#send(session.sink);
    this.#finish(session);
  }

  /** The client sees the rows before the one that fails. */
  #step(session: Session): 'rows' | 'pending' | 'done' {
    try {
      return this.#execution.step();
    } catch (error) {
      if (error === START_OVER) return this.#startOver(session);
      if (this.#writer.rowCount > 0) this.#send(session.sink);
      throw error;
    }
  }

  /** Nothing has left yet. The next attempt is a turn of its own: whoever changes rows under us does so in between. */
  #startOver(session: Session): 'pending' {
    const { context } = this;
    this.#execution.close();
    session.endOpenStatements(false);
    session.beginStatement(true);
    context.slots.length = 0;
    this.#execution = new Execution(this.#query.plan, context);
    context.yieldSlice();
    return 'pending';
  }

  /** Encodes rows of the batch; false = waiting for the client. */
  #sendBatch(session: Session): boolean {
    const writer = this.#writer;
    if (!this.returnsRows) {
      this.#at = this.#batch.length;
      return true;
    }
    while (this.#at < this.#batch.length) {
      if (this.#limited && this.#left === 0) return true;
      writer.append(this.#batch[this.#at++]!);
      this.#sent++;
      if (this.#limited) this.#left--;
      if (writer.byteLength >= BLOCK_BYTES && !this.#flush(session)) return false;
    }
    return true;
  }

  #flush(session: Session): boolean {
    this.#send(session.sink, session);
    if (session.creditBytes > 0) return true;
    session.waitForCredit(() => this.#resume(session));
    return false;
  }

  #send(sink: ReplySink, session?: Session): void {
    if (session !== undefined) session.creditBytes -= this.#writer.byteLength;
    this.#writer.send(sink);
  }

  #finish(session: Session): void {
    const completion = this.#completion(session);
    this.#closeExecution();
    session.endOpenStatements(true);
    if (!this.#keep) this.#query.idleWriter = this.#writer;
    if (this.#keep) {
      this.#sent = 0;
      this.#batch = [];
      this.#at = 0;
    }
    session.statementDone(completion);
  }

  #completion(session: Session): Completion {
    const rows = this.#execution.affectedRows ?? this.#sent;
    const { command } = this.#query;
    const { outcome } = this.#execution;
    if (outcome === undefined) return { command, rows };
    const { changed, records, duplicates } = outcome;
    const lastIdentity = session.counts.reported(outcome.generated, outcome.given);
    return {
      command,
      rows,
      ...(changed === undefined ? {} : { changed }),
      ...(records === undefined ? {} : { records, duplicates }),
      ...(lastIdentity === undefined ? {} : { lastIdentity }),
    };
  }

  /**
   * The row limit is reached. A query that only reads stays suspended, with its statement's snapshot; of any other
   * the rest is computed now and kept, so that it has its effects and sees no later ones.
   */
  #suspend(session: Session): void {
    if (this.#writer.rowCount > 0) this.#send(session.sink, session);
    if (this.#ended || (isSuspendable(this.#query) && this.context.pin())) {
      session.endOpenStatements(true);
      this.#suspended(session);
      return;
    }
    this.context.onResume = () => {
      try {
        if (!this.#closed) this.#drainRest(session);
      } catch (error) {
        session.requestFailed(error);
      }
    };
    this.#drainRest(session);
  }

  /** Computes the whole result and keeps it, for a portal that outlives its transaction. Answers the request. */
  hold(session: Session): void {
    this.held = true;
    this.context.onResume = () => {
      try {
        if (!this.#closed) this.#drainRest(session);
      } catch (error) {
        session.requestFailed(error);
      }
    };
    this.#drainRest(session);
  }

  #drainRest(session: Session): void {
    this.#rest ??= new RowStore(this.context.spillFiles, REST_MEMORY);
    while (this.#at < this.#batch.length) this.#rest.add(this.#batch[this.#at++]!);
    this.context.startSlice();
    for (;;) {
      this.context.checkCancelled();
      const state = this.#step(session);
      if (state === 'pending') return;
      if (state === 'done') break;
      this.context.mayStartOver = false;
      for (const row of this.#execution.rows) this.#rest.add(row);
      if (this.context.sliceUsed()) {
        this.context.yieldSlice();
        return;
      }
    }
    this.#ended = true;
    session.endOpenStatements(true);
    if (this.held) {
      this.#execution.close();
      session.statementDone({ command: this.#query.command });
    } else this.#suspended(session);
  }

  #readRest(rest: RowStore): readonly Row[] {
    const rows: Row[] = [];
    while (rows.length < REST_BATCH && this.#restAt < rest.count) rows.push(rest.row(this.#restAt++));
    return rows;
  }

  #suspended(session: Session): void {
    session.sink.suspended();
    session.requestDone();
  }

  #closeExecution(): void {
    if (!this.#closed) this.#execution.close();
    this.#closed = !this.#keep;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#execution.close();
    this.#rest?.close();
    this.context.unpin();
  }
}
