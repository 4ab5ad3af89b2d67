/**
 * The contract of physical operators. An operator yields batches of rows; when it has to wait (a lock,
 * a disk page) or its time slice is used up it returns PENDING, having kept its state in fields, and
 * is called again later from the root of the plan. Operators therefore never block and never promise.
 */
import type { Row, SqlValue } from '../../sblr/contract/values.ts';
import type { CatalogView } from '../catalog/definitions.ts';
import type { EvalContext } from '../functions/function.ts';
import type { Transaction } from '../transactions/transaction.ts';
import type { SqlNotice } from '../../sblr/contract/sql-error.ts';

export const PENDING: unique symbol = Symbol('pending');

/** null = end. A batch is never empty and belongs to the caller until the next call. */
export type Batch = readonly Row[];

export interface Operator {
  next(): Batch | null | typeof PENDING;
  /** Starts again from the first row (nested loops, correlated subplans); parameters in the context may have changed. */
  rewind(): void;
  /** Frees spill files and scans; safe to call twice. */
  close(): void;
}

/** Rows per batch aimed at. */
export const BATCH_ROWS = 1024;

/** Run-time state of one statement execution, shared by its operators and expressions. */
export interface ExecutionContext {
  readonly transaction: Transaction;
  readonly catalog: CatalogView;
  readonly parameters: readonly SqlValue[];
  readonly evaluation: EvalContext;
  /** Values of outer columns and `let` bindings by column id (sparse). */
  readonly outer: SqlValue[];
  /** True when the slice (about 1 ms) is used up: return PENDING after calling `yieldSlice`. Cheap; call once per batch or few hundred rows. */
  sliceUsed(): boolean;
  /** Schedules the statement to go on in a later turn. */
  yieldSlice(): void;
  /** Registers what is waited for; the statement resumes when `subscribe`'s callback runs. */
  waitFor(subscribe: (resume: () => void) => void): void;
  /** Throws query_canceled when the statement was cancelled or timed out. */
  checkCancelled(): void;
  /** Accounts memory; `reserve` answers false when the statement's limit is reached: spill then. */
  reserve(bytes: number): boolean;
  release(bytes: number): void;
  /** Folder for spill files of this server, created on demand. */
  spillDirectory(): string;
  notice(notice: SqlNotice): void;
}
