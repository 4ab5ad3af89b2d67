/**
 * The contract of physical operators. An operator yields batches of rows; when it has to wait (a lock,
 * a disk page) or its time slice is used up it returns PENDING, having kept its state in fields, and
 * is called again later from the root of the plan. Operators therefore never block and never promise.
 *
 * An expression that has to wait (a subquery inside it met PENDING) throws SUSPEND instead. Operators
 * let it pass: each keeps its input batch and position in fields and changes nothing for a row before
 * that row's expressions are all evaluated, so the next call goes on with the same row. The driver
 * (run.ts) turns SUSPEND into 'pending'.
 */
import type { SqlType, VariableKind } from '../../sblr/contract/types.ts';
import type { SystemLookup } from '../catalog/system/lookups.ts';
import type { Identifier } from '../../sblr/contract/names.ts';
import type { SqlError, SqlNotice } from '../../sblr/contract/sql-error.ts';
import type { Row, SqlValue } from '../../sblr/contract/values.ts';
import type {
  CatalogView,
  ObjectId,
  RoutineDefinition,
  SystemRelation,
  TableDefinition,
} from '../catalog/definitions.ts';
import type { EvalContext } from '../functions/function.ts';
import type { Transaction, TransactionReads } from '../transactions/transaction.ts';

export const PENDING: unique symbol = Symbol('pending');

/** Thrown by expressions that must wait; not an error. Whoever throws has registered with `waitFor` or `yieldSlice`. */
export const SUSPEND: unique symbol = Symbol('suspend');

/**
 * Thrown where a row that was waited for is gone and may have been replaced, by a statement that goes by the newest
 * commit; not an error. Running undoes what the statement did and runs it again over a new snapshot, its locks kept.
 */
export const START_OVER: unique symbol = Symbol('start over');

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

/** Compiled expression: a row in the layout it was compiled for, and the execution. */
export type Evaluator = (row: Row, context: ExecutionContext) => SqlValue;

/** A temporary file of one operator, removed by `close`. */
export interface SpillFile {
  /** Appends. */
  write(bytes: Uint8Array): void;
  /** Bytes [position, position + length); short only at the end of the file. */
  read(position: number, length: number): Uint8Array;
  readonly size: number;
  close(): void;
}

export interface SpillFiles {
  create(): SpillFile;
}

/** What EXPLAIN ANALYZE measures per plan node. */
export interface Measurement {
  loops: number;
  rows: number;
  /** Milliseconds until the first batch, and in all. */
  startup: number;
  total: number;
}

/** Run-time state of one statement execution, shared by its operators and expressions. */
export interface ExecutionContext {
  readonly transaction: Transaction;
  /** What scans read by: the transaction, or its reads as they were when the query was left open. */
  readonly reads: TransactionReads;
  readonly catalog: CatalogView;
  readonly parameters: readonly SqlValue[];
  readonly evaluation: EvalContext;
  /** May START_OVER be thrown: is nothing of the statement's on its way to the client, and does it want to? */
  readonly mayStartOver?: boolean;
  /** Off: rows may be written that have no parent, and parents go without their children. */
  readonly checksForeignKeys: boolean;
  /** Values of outer columns and `let` bindings by column id (sparse). */
  readonly outer: SqlValue[];
  /** State of subplans, CTEs and the like, by the number the planner gave them (sparse; starts empty). */
  readonly slots: unknown[];
  /** Set for EXPLAIN ANALYZE: measurements by plan node. */
  readonly measurements?: Map<object, Measurement> | undefined;
  /** Rows of a computed relation, lazily; with an id at least those of that object. */
  systemRows(relation: SystemRelation, lookup?: SystemLookup): Iterable<Row>;
  nextSequenceValue(sequenceId: ObjectId): number | bigint;
  /** The sequence goes on after a value that came from elsewhere, if it is not past it already. */
  passSequenceValue(sequenceId: ObjectId, value: number | bigint): void;
  /** Key of a new row of the table with this storage space. */
  nextRowKey(space: number): string;
  /** Runs a user-defined function; throws SUSPEND when it has to wait and is then called again with the same arguments. */
  callRoutine(routine: RoutineDefinition, values: readonly SqlValue[]): SqlValue;
  /** All rows of a set-returning user-defined function; may throw SUSPEND likewise. */
  routineRows(routine: RoutineDefinition, values: readonly SqlValue[]): readonly Row[];
  /** As a value of the type that its reader was bound with. */
  variable(name: string, scope: VariableKind, type: SqlType): SqlValue;
  setVariable(name: string, value: SqlValue, type: SqlType): void;
  /** Rows that a query's limit chose from. */
  rowsFound?(count: number): void;
  /** What SET CONSTRAINTS said about a constraint; undefined = as declared. */
  constraintMode?(constraintId: number): 'immediate' | 'deferred' | undefined;
  /** May the current role read the column? What it may not read is kept out of messages, too. */
  mayRead(table: TableDefinition, column: number): boolean;
  /** An identifier as this session shows it, for messages. */
  display(identifier: Identifier): string;
  /** True when the slice (about 1 ms) is used up: return PENDING after calling `yieldSlice`. Cheap; call once per batch or few hundred rows. */
  sliceUsed(): boolean;
  /** Schedules the statement to go on in a later turn. */
  yieldSlice(): void;
  /**
   * Registers what is waited for; the statement resumes when `subscribe`'s callback runs, and fails when
   * that is given an error. `cancel` is called when the statement is cancelled meanwhile.
   */
  waitFor(subscribe: (resume: (error?: Error) => void) => void, cancel?: (error: SqlError) => void): void;
  /** Throws query_canceled when the statement was cancelled or timed out. */
  checkCancelled(): void;
  /** Accounts memory; `reserve` answers false when the statement's limit is reached: spill then. */
  reserve(bytes: number): boolean;
  release(bytes: number): void;
  /** Accounts memory of what cannot be spilled, against the same limit but apart: raises out_of_memory past it. */
  require(bytes: number, user: string): void;
  releaseRequired(bytes: number): void;
  /** Temporary files for what does not fit in memory. */
  readonly spillFiles: SpillFiles;
  /** The row being inserted, as its source made it: tells where a load met an error. */
  sourceRow?: Row | undefined;
  notice(notice: SqlNotice): void;
}

/**
 * For operators that take batch after batch without handing rows on: sources end their turn with rows in hand, so
 * that nobody else looks at the clock. True = return PENDING.
 */
export function mustPause(context: ExecutionContext): boolean {
  if (!context.sliceUsed()) return false;
  context.checkCancelled();
  context.yieldSlice();
  return true;
}
