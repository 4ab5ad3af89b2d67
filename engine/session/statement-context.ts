/**
 * Run-time state of one statement execution: the bridge between operators and the session. Decides
 * when a slice is used up, wakes the statement after a wait, and carries cancellation.
 */
import type { SqlType, VariableKind } from '../../sblr/contract/types.ts';
import type { SystemLookup } from '../catalog/system/lookups.ts';
import { displayIdentifier, type Identifier } from '../../sblr/contract/names.ts';
import type { SqlError, SqlNotice } from '../../sblr/contract/sql-error.ts';
import type { Row, SqlValue } from '../../sblr/contract/values.ts';
import type {
  CatalogView,
  ObjectId,
  RoutineDefinition,
  SystemRelation,
  TableDefinition,
} from '../catalog/definitions.ts';
import { type Actor, hasPrivilege } from '../catalog/privileges.ts';
import { memoryExceeded } from '../executor/memory.ts';
import type { ExecutionContext, Measurement, SpillFiles } from '../executor/operator.ts';
import type { EvalContext } from '../functions/function.ts';
import type { PinnedReads, Transaction, TransactionReads } from '../transactions/transaction.ts';

/** Longest turn of one statement on the engine thread. */
export const SLICE_MS = 1;

/** What a statement needs of its session. */
export interface StatementHost {
  readonly catalog: CatalogView;
  readonly evaluation: EvalContext;
  readonly spillFiles: SpillFiles;
  readonly statementMemoryBytes: number;
  readonly identifierFold: 'lower' | 'upper' | 'preserve';
  /** Whose rights the statement has. */
  readonly actor: Actor;
  readonly transactionDefaults: { readonly checksForeignKeys: boolean };
  systemRows(relation: SystemRelation, lookup?: SystemLookup): Iterable<Row>;
  readonly sequences: {
    take(id: ObjectId): number | bigint;
    pass(id: ObjectId, value: number | bigint): void;
  };
  nextRowKey(space: number): string;
  constraintMode(constraintId: number): 'immediate' | 'deferred' | undefined;
  callRoutine(context: StatementContext, routine: RoutineDefinition, values: readonly SqlValue[]): SqlValue;
  routineRows(context: StatementContext, routine: RoutineDefinition, values: readonly SqlValue[]): readonly Row[];
  readonly variables: {
    read(name: string, scope: VariableKind, type: SqlType): SqlValue;
    assign(name: string, value: SqlValue, type: SqlType): void;
  };
  readonly counts: { foundAll(count: number): void };
  notice(notice: SqlNotice): void;
}

export class StatementContext implements ExecutionContext {
  readonly transaction: Transaction;
  reads: TransactionReads;
  readonly catalog: CatalogView;
  readonly parameters: readonly SqlValue[];
  readonly evaluation: EvalContext;
  readonly checksForeignKeys: boolean;
  readonly outer: SqlValue[] = [];
  readonly slots: unknown[] = [];
  measurements: Map<object, Measurement> | undefined = undefined;
  readonly spillFiles: SpillFiles;
  sourceRow: Row | undefined = undefined;
  mayStartOver = false;
  /** Set to make the statement fail at its next check. */
  cancelled: SqlError | undefined = undefined;
  /** Called when the statement can go on after PENDING. */
  onResume: () => void = () => undefined;
  #host: StatementHost;
  #sliceEnd = 0;
  #memory = 0;
  #memoryLimit: number;
  /** Memory of what cannot be spilled; apart, so that spilling operators using all of theirs starve nobody. */
  #required = 0;
  #waiting = false;
  /** What was waited for failed. */
  #failure: Error | undefined = undefined;
  #pinned: PinnedReads | undefined = undefined;
  #cancelWait: ((error: SqlError) => void) | undefined = undefined;

  constructor(host: StatementHost, transaction: Transaction, parameters: readonly SqlValue[]) {
    this.#host = host;
    this.transaction = transaction;
    this.reads = transaction;
    this.catalog = host.catalog;
    this.parameters = parameters;
    this.evaluation = host.evaluation;
    this.checksForeignKeys = host.transactionDefaults.checksForeignKeys;
    this.spillFiles = host.spillFiles;
    this.#memoryLimit = host.statementMemoryBytes;
  }

  /** Lets the query go on after its statement has ended; false when it then would not see what it sees now. */
  pin(): boolean {
    if (this.#pinned !== undefined) return true;
    this.#pinned = this.transaction.pin();
    if (this.#pinned === undefined) return false;
    this.reads = this.#pinned;
    return true;
  }

  unpin(): void {
    this.#pinned?.release();
    this.#pinned = undefined;
  }

  startSlice(): void {
    this.#sliceEnd = performance.now() + SLICE_MS;
  }

  sliceUsed(): boolean {
    return performance.now() >= this.#sliceEnd;
  }

  yieldSlice(): void {
    if (this.#waiting) return;
    this.#waiting = true;
    setImmediate(() => this.#resume());
  }

  waitFor(subscribe: (resume: (error?: Error) => void) => void, cancel?: (error: SqlError) => void): void {
    this.#waiting = true;
    this.#cancelWait = cancel;
    let called = false;
    subscribe((error) => {
      if (called) return;
      called = true;
      this.#cancelWait = undefined;
      if (error !== undefined) this.#failure = error;
      this.#resume();
    });
  }

  /** Makes the statement fail as soon as it can. */
  cancel(error: SqlError): void {
    this.cancelled = error;
    const cancelWait = this.#cancelWait;
    this.#cancelWait = undefined;
    cancelWait?.(error);
  }

  #resume(): void {
    this.#waiting = false;
    this.onResume();
  }

  nextRowKey(space: number): string {
    return this.#host.nextRowKey(space);
  }

  constraintMode(constraintId: number): 'immediate' | 'deferred' | undefined {
    return this.#host.constraintMode(constraintId);
  }

  /** Also reports a wait that failed (lock timeout, deadlock). */
  checkCancelled(): void {
    const failure = this.#failure;
    if (failure !== undefined) {
      this.#failure = undefined;
      throw failure;
    }
    if (this.cancelled !== undefined) throw this.cancelled;
  }

  reserve(bytes: number): boolean {
    if (this.#memory + bytes > this.#memoryLimit) return false;
    this.#memory += bytes;
    return true;
  }

  release(bytes: number): void {
    this.#memory -= bytes;
  }

  require(bytes: number, user: string): void {
    if (this.#required + bytes > this.#memoryLimit) throw memoryExceeded(user, this.#memoryLimit);
    this.#required += bytes;
  }

  releaseRequired(bytes: number): void {
    this.#required -= bytes;
  }

  systemRows(relation: SystemRelation, lookup?: SystemLookup): Iterable<Row> {
    return this.#host.systemRows(relation, lookup);
  }

  nextSequenceValue(sequenceId: ObjectId): number | bigint {
    return this.#host.sequences.take(sequenceId);
  }

  passSequenceValue(sequenceId: ObjectId, value: number | bigint): void {
    this.#host.sequences.pass(sequenceId, value);
  }

  callRoutine(routine: RoutineDefinition, values: readonly SqlValue[]): SqlValue {
    return this.#host.callRoutine(this, routine, values);
  }

  routineRows(routine: RoutineDefinition, values: readonly SqlValue[]): readonly Row[] {
    return this.#host.routineRows(this, routine, values);
  }

  variable(name: string, scope: VariableKind, type: SqlType): SqlValue {
    return this.#host.variables.read(name, scope, type);
  }

  rowsFound(count: number): void {
    this.#host.counts.foundAll(count);
  }

  setVariable(name: string, value: SqlValue, type: SqlType): void {
    this.#host.variables.assign(name, value, type);
  }

  mayRead(table: TableDefinition, column: number): boolean {
    return hasPrivilege(this.catalog, this.#host.actor, table, 'SELECT', column);
  }

  display(identifier: Identifier): string {
    return displayIdentifier(identifier, this.#host.identifierFold);
  }

  notice(notice: SqlNotice): void {
    this.#host.notice(notice);
  }
}
