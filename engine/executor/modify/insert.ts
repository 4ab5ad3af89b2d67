/**
 * INSERT: builds each row (values, defaults, generated columns), verifies and stores it; ON CONFLICT
 * and the other duplicate policies decide what happens when a unique key is taken.
 */
import type { Semantics } from '../../../sblr/contract/semantics.ts';
import { SqlError } from '../../../sblr/contract/sql-error.ts';
import type { Row, SqlValue } from '../../../sblr/contract/values.ts';
import type { IndexDefinition } from '../../catalog/definitions.ts';
import { BATCH_ROWS, PENDING, type Batch, type Evaluator, type ExecutionContext, type Operator } from '../operator.ts';
import type { StoredExpressions } from '../expressions/compile.ts';
import { isWaiter, waitForLock } from '../locking.ts';
import { completeRow } from '../operators/scans.ts';
import { ForeignKeys } from './foreign-keys.ts';
import { IdentityDraw } from './identity.ts';
import { fillMissing, replaceNulls, type MissingColumns } from './missing-values.ts';
import { passOver } from './passed-over.ts';
import { ModifyOutcome, sameRow } from './outcome.ts';
import { verifyStored, type StoredCheck } from './stored-checks.ts';
import type { IndexAccess, TableAccess } from './table-access.ts';
import type { Conflict, TableWriter } from './table-writer.ts';

export interface ConflictSpec {
  readonly action: 'nothing' | 'update';
  /** Empty = any unique index. */
  readonly indexes: readonly IndexDefinition[];
  /** Assignments read the source's row, too. */
  readonly seesSource: boolean;
  /** Over [existing row..., proposed row..., source row...] by position. */
  readonly where: Evaluator | undefined;
  readonly assignments: readonly { readonly slot: number; readonly evaluate: Evaluator }[];
}

export interface InsertSpec {
  readonly access: TableAccess;
  readonly stored: StoredExpressions;
  /** By position - 1, over source rows; undefined = default. */
  readonly values: readonly (Evaluator | undefined)[];
  readonly onDuplicate: 'error' | 'ignore' | 'replace';
  /** Assignments of `conflict` see what those before them assigned. */
  readonly sequential: boolean;
  /** May the statement change a row again that it changed or inserted? */
  readonly repeats: boolean;
  /** Only real changes are written and counted; a row that took another's place counts twice. */
  readonly changesOnly: boolean;
  /** Columns that must have a value and get none; undefined = there are none, or NULL will do. */
  readonly missing: MissingColumns | undefined;
  /** NULL in a column that must have a value becomes the zero of its type. */
  readonly zeroes: boolean;
  /** Count the rows proposed: what a statement of one row of values does is told by its rows alone. */
  readonly countsRecords: boolean;
  readonly identityRequest: Semantics['identityRequest'];
  /** The statement lists its rows, so that each uses up one value of an identity column. */
  readonly listsRows: boolean;
  readonly conflict: ConflictSpec | undefined;
  /** What the row as stored must meet. */
  readonly checks: readonly StoredCheck[];
  /** The same, when the row in the way was changed. */
  readonly conflictChecks: readonly StoredCheck[];
  /** Over the stored row by position. */
  readonly returning: readonly Evaluator[] | undefined;
  /** Slot of `context.slots` that receives the outcome. */
  readonly countSlot: number | undefined;
}

const NO_ROW: Row = [];

export class Insert implements Operator {
  readonly #source: Operator;
  readonly #spec: InsertSpec;
  readonly #context: ExecutionContext;
  readonly #foreignKeys: ForeignKeys;
  readonly #writer: TableWriter;
  #batch: Batch | null = null;
  #position = 0;
  /** Row being inserted, kept over waits so that defaults are evaluated once. */
  #row: SqlValue[] | undefined;
  #stored: Row | undefined;
  /** The stored row was there before: ON CONFLICT changed it. */
  #updated = false;
  readonly #outcome = new ModifyOutcome();
  readonly #identity: IdentityDraw | undefined;
  #out: Row[] = [];
  #drained = false;
  #done = false;

  constructor(source: Operator, spec: InsertSpec, context: ExecutionContext) {
    this.#source = source;
    this.#spec = spec;
    this.#context = context;
    this.#foreignKeys = new ForeignKeys(context, spec.stored, spec.onDuplicate === 'ignore');
    this.#writer = this.#foreignKeys.writer(spec.access.table);
    const { identity } = spec.access;
    if (identity !== undefined) {
      const always = spec.values[identity.slot] === undefined;
      this.#identity = new IdentityDraw(identity, always, spec.identityRequest, spec.listsRows, context);
    }
    if (spec.countsRecords) this.#outcome.records = 0;
    if (spec.changesOnly) this.#outcome.changed = 0;
  }

  next(): Batch | null | typeof PENDING {
    if (this.#done) return this.#flush();
    const { returning, countSlot } = this.#spec;
    while (!this.#drained) {
      if (this.#batch === null) {
        const batch = this.#source.next();
        if (batch === PENDING) return PENDING;
        if (batch === null) {
          this.#drained = true;
          break;
        }
        this.#batch = batch;
        this.#position = 0;
      }
      while (this.#position < this.#batch.length) {
        if ((this.#position & 63) === 63 && this.#row === undefined && this.#context.sliceUsed()) {
          this.#context.checkCancelled();
          this.#context.yieldSlice();
          return PENDING;
        }
        const source = this.#batch[this.#position]!;
        this.#context.sourceRow = source;
        if (this.#insertOne(source) === PENDING) return PENDING;
        if (this.#stored !== undefined) {
          const { checks, conflictChecks, access } = this.#spec;
          verifyStored(this.#updated ? conflictChecks : checks, this.#stored, this.#stored, access, this.#context);
          this.#updated = false;
          if (returning !== undefined)
            this.#out.push(returning.map((item) => item(this.#stored as Row, this.#context)));
          this.#outcome.rows++;
        }
        this.#stored = undefined;
        this.#row = undefined;
        if (this.#outcome.records !== undefined) this.#outcome.records++;
        this.#position++;
      }
      this.#batch = null;
    }
    this.#context.sourceRow = undefined;
    if (this.#foreignKeys.finish() === PENDING) return PENDING;
    this.#identity?.finish();
    if (this.#outcome.changed === 0) this.#outcome.given = undefined;
    if (countSlot !== undefined) this.#context.slots[countSlot] = this.#outcome;
    this.#done = true;
    return this.#flush();
  }

  /** Rows of RETURNING come when all is written: an error later in the statement leaves none behind. */
  #flush(): Batch | null {
    if (this.#out.length === 0) return null;
    return this.#out.splice(0, BATCH_ROWS);
  }

  #build(source: Row): SqlValue[] {
    const { access, values, identityRequest } = this.#spec;
    const width = access.table.columns.length;
    const row: SqlValue[] = new Array(width);
    const counted = identityRequest === 'default' ? undefined : access.identity?.slot;
    for (let at = 0; at < width; at++) {
      const value = values[at];
      if (value !== undefined) row[at] = value(source, this.#context);
      else if (at === counted) row[at] = null;
      else row[at] = access.defaults[at]?.(NO_ROW, this.#context) ?? null;
    }
    this.#identity?.begin(row);
    const { missing, zeroes, onDuplicate } = this.#spec;
    if (missing !== undefined) fillMissing(row, missing, this.#context);
    if (zeroes) replaceNulls(row, access.notNull, this.#context);
    access.generate(row, this.#context);
    access.verify(row, this.#context);
    if (onDuplicate === 'ignore') this.#foreignKeys.requireParents(access, row);
    this.#identity?.take(row);
    return row;
  }

  /** Notes the identity value of a row that was stored, or changed. */
  #noteIdentity(row: Row, generated: boolean): void {
    const { identity } = this.#spec.access;
    if (identity === undefined) return;
    const value = row[identity.slot];
    if (typeof value !== 'number' && typeof value !== 'bigint') return;
    if (generated) this.#outcome.generated ??= value;
    else this.#outcome.given = value;
  }

  #inserted(row: Row): void {
    this.#stored = row;
    if (this.#outcome.changed !== undefined) this.#outcome.changed++;
    this.#noteIdentity(row, this.#identity?.generates === true);
  }

  #insertOne(source: Row): 'done' | typeof PENDING {
    if (this.#stored !== undefined) return 'done';
    const { conflict, onDuplicate } = this.#spec;
    if (this.#row === undefined) {
      try {
        this.#row = this.#build(source);
      } catch (error) {
        if (onDuplicate !== 'ignore') throw error;
        passOver(error, this.#context);
        return 'done';
      }
    }
    const row = this.#row;
    if (conflict === undefined && onDuplicate === 'error') {
      if (this.#writer.insert(row, 'error') === PENDING) return PENDING;
      this.#inserted(row);
      return 'done';
    }
    for (;;) {
      if (conflict?.action === 'nothing' && this.#alreadyThere(row, conflict)) {
        this.#identity?.leave(row);
        return 'done';
      }
      const outcome = this.#writer.insert(row, 'report');
      if (outcome === PENDING) return PENDING;
      if (outcome === 'done') {
        this.#inserted(row);
        return 'done';
      }
      const resolved =
        conflict !== undefined ? this.#onConflict(conflict, outcome, row) : this.#onDuplicate(outcome, row);
      if (resolved === PENDING) return PENDING;
      if (resolved === 'skip') {
        if (this.#stored !== row) this.#identity?.leave(row);
        return 'done';
      }
      // The row in the way is gone: try again.
    }
  }

  #alreadyThere(row: Row, conflict: ConflictSpec): boolean {
    for (const access of this.#spec.access.indexes) {
      if (!access.index.unique) continue;
      if (conflict.indexes.length > 0 && !conflict.indexes.some((index) => index.id === access.index.id)) continue;
      const rowKey = this.#writer.holder(access, row);
      if (rowKey === undefined) continue;
      this.#mustBeVisible(rowKey);
      return true;
    }
    return false;
  }

  /** Doing nothing because of a row the snapshot does not show would be an answer of no serial order. */
  #mustBeVisible(rowKey: string): void {
    if (this.#context.transaction.getCurrent(this.#spec.access.table.space, rowKey) !== undefined) return;
    throw new SqlError('serialization_failure', {
      message: 'could not serialize access due to concurrent update',
      variant: 'concurrent_update',
    });
  }

  /** The conflict that the clause is about: keys it does not name only count when the named ones are free. */
  #arbiterConflict(conflict: ConflictSpec, found: Conflict, row: Row): Conflict {
    const named = (access: IndexAccess): boolean =>
      conflict.indexes.length === 0 || conflict.indexes.some((index) => index.id === access.index.id);
    if (named(found.access)) return found;
    for (const access of this.#spec.access.indexes) {
      const rowKey = access.index.unique && named(access) ? this.#writer.holder(access, row) : undefined;
      if (rowKey !== undefined) return { ...found, access, rowKey };
    }
    throw this.#spec.access.uniqueViolation(found.access, row, this.#context);
  }

  #onConflict(conflict: ConflictSpec, first: Conflict, row: Row): 'skip' | 'retry' | typeof PENDING {
    const found = this.#arbiterConflict(conflict, first, row);
    if (conflict.action === 'nothing') {
      this.#mustBeVisible(found.rowKey);
      return 'skip';
    }
    const { transaction } = this.#context;
    const { access } = this.#spec;
    const { space, name } = access.table;
    const locked = transaction.lockRow(space, found.rowKey, 'update', 'wait', name.text);
    if (isWaiter(locked)) return waitForLock(locked, this.#context);
    if (!this.#spec.repeats && transaction.changedInStatement(space, found.rowKey)) {
      throw new SqlError('cardinality_violation', {
        message: 'ON CONFLICT DO UPDATE command cannot affect row a second time',
        variant: 'conflict',
        hint: 'Ensure that no rows proposed for insertion within the same command have duplicate constrained values.',
      });
    }
    transaction.verifyLocked(space, found.rowKey);
    const stored = transaction.getNewest(space, found.rowKey);
    if (stored === undefined) return 'retry';
    const existing = completeRow(stored, found.rowKey, access.missing, false);
    const both = [...existing, ...row];
    if (conflict.seesSource) both.push(...(this.#context.sourceRow as Row));
    if (conflict.where !== undefined && conflict.where(both, this.#context) !== true) return 'skip';
    const changed = existing.slice();
    for (const { slot, evaluate } of conflict.assignments) {
      changed[slot] = evaluate(both, this.#context);
      if (this.#spec.sequential) both[slot] = changed[slot];
    }
    access.touch(conflict.assignments, existing, changed, this.#context);
    access.generate(changed, this.#context);
    access.verify(changed, this.#context);
    const outcome = this.#outcome;
    if (outcome.changed !== undefined && sameRow(existing, changed)) {
      outcome.rows++;
      outcome.duplicates++;
      this.#noteIdentity(changed, false);
      return 'skip';
    }
    if (this.#writer.update(found.rowKey, existing, changed) === PENDING) return PENDING;
    if (outcome.changed !== undefined) {
      // It takes the place of a row that was there: counted twice.
      outcome.changed += 2;
      outcome.rows++;
      outcome.duplicates++;
      this.#noteIdentity(changed, false);
    }
    this.#stored = changed;
    this.#updated = true;
    return 'skip';
  }

  #onDuplicate(found: Conflict, row: Row): 'skip' | 'retry' | typeof PENDING {
    const { onDuplicate, access } = this.#spec;
    if (onDuplicate === 'ignore') {
      this.#outcome.duplicates++;
      passOver(access.uniqueViolation(found.access, row, this.#context), this.#context);
      return 'skip';
    }
    if (onDuplicate === 'error') throw access.uniqueViolation(found.access, row, this.#context);
    const { transaction } = this.#context;
    const { space, name } = access.table;
    const locked = transaction.lockRow(space, found.rowKey, 'update', 'wait', name.text);
    if (isWaiter(locked)) return waitForLock(locked, this.#context);
    const stored = transaction.getNewest(space, found.rowKey);
    if (stored === undefined) return 'retry';
    const existing = completeRow(stored, found.rowKey, access.missing, false);
    const outcome = this.#outcome;
    if (outcome.changed !== undefined && access.table.referencedBy.length === 0 && sameRow(existing, row)) {
      this.#inserted(row);
      return 'skip';
    }
    if (this.#writer.delete(found.rowKey, existing) === PENDING) return PENDING;
    outcome.duplicates++;
    if (outcome.changed !== undefined) {
      outcome.changed++;
      outcome.rows++;
    }
    return 'retry';
  }

  rewind(): void {
    throw new SqlError('internal_error', 'a modification cannot be run again');
  }

  close(): void {
    this.#source.close();
  }
}
