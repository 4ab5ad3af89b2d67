/**
 * UPDATE, DELETE and MERGE: lock the row, look at its newest version, evaluate again when it changed
 * since the snapshot, then write.
 */
import { SqlError } from '../../../sblr/contract/sql-error.ts';
import type { Row, SqlValue } from '../../../sblr/contract/values.ts';
import type { StoredExpressions } from '../expressions/compile.ts';
import { BATCH_ROWS, PENDING, type Batch, type Evaluator, type ExecutionContext, type Operator } from '../operator.ts';
import { ForeignKeys } from './foreign-keys.ts';
import { replaceNulls } from './missing-values.ts';
import { passOver } from './passed-over.ts';
import { ModifyOutcome, sameRow } from './outcome.ts';
import { verifyStored, type StoredCheck } from './stored-checks.ts';
import type { TableAccess } from './table-access.ts';
import type { TableWriter } from './table-writer.ts';

export interface Assignment {
  /** Position - 1. */
  readonly slot: number;
  /** undefined = the column's default. */
  readonly evaluate: Evaluator | undefined;
}

export interface ModifySpec {
  readonly access: TableAccess;
  /** Rows that a constraint refuses are passed over with a warning. */
  readonly ignoring: boolean;
  readonly stored: StoredExpressions;
  /** Slot of the row key in source rows; -1 = none. */
  readonly keySlot: number;
  /** Slots of the target's columns in source rows by position - 1; -1 = not there. */
  readonly targetSlots: readonly number[];
  /** The statement's conditions over the source row, evaluated again on changed rows. */
  readonly recheck: Evaluator | undefined;
  /** Over [source row..., row as stored by position...]. */
  readonly returning: readonly Evaluator[] | undefined;
  readonly sourceWidth: number;
  /** What a changed row must meet, over the same. */
  readonly checks: readonly StoredCheck[];
  /** Slot of `context.slots` that receives the outcome. */
  readonly countSlot: number | undefined;
}

const NO_ROW: Row = [];

interface ChangedRow {
  /** [source row..., row as stored by position...] */
  readonly both: Row;
  readonly stored: Row;
}

/** Common course of the three statements; what to do with one source row is the subclass's. */
abstract class Modify implements Operator {
  readonly source: Operator;
  readonly spec: ModifySpec;
  readonly context: ExecutionContext;
  readonly foreignKeys: ForeignKeys;
  readonly writer: TableWriter;
  #batch: Batch | null = null;
  #position = 0;
  #out: Row[] = [];
  /** The row last changed, until it is checked and answered. */
  #made: ChangedRow | undefined;
  #drained = false;
  #done = false;
  readonly outcome = new ModifyOutcome();

  constructor(source: Operator, spec: ModifySpec, context: ExecutionContext) {
    this.source = source;
    this.spec = spec;
    this.context = context;
    this.foreignKeys = new ForeignKeys(context, spec.stored, spec.ignoring);
    this.writer = this.foreignKeys.writer(spec.access.table);
  }

  /** Changes what the source row asks for; an attempt, see TableWriter. */
  abstract modify(source: Row): 'done' | typeof PENDING;

  next(): Batch | null | typeof PENDING {
    while (!this.#drained) {
      if (this.#batch === null) {
        const batch = this.source.next();
        if (batch === PENDING) return PENDING;
        if (batch === null) {
          this.#drained = true;
          break;
        }
        this.#batch = batch;
        this.#position = 0;
      }
      while (this.#position < this.#batch.length) {
        if ((this.#position & 63) === 63 && this.context.sliceUsed()) {
          this.context.checkCancelled();
          this.context.yieldSlice();
          return PENDING;
        }
        if (this.#made !== undefined) this.#report(this.#made);
        else if (this.modify(this.#batch[this.#position]) === PENDING) return PENDING;
        this.#position++;
      }
      this.#batch = null;
    }
    if (!this.#done) {
      if (this.foreignKeys.finish() === PENDING) return PENDING;
      if (this.spec.countSlot !== undefined) this.context.slots[this.spec.countSlot] = this.outcome;
      this.#done = true;
    }
    return this.#out.length === 0 ? null : this.#out.splice(0, BATCH_ROWS);
  }

  changed(source: Row, stored: Row): void {
    const { returning, checks } = this.spec;
    if (returning === undefined && checks.length === 0) {
      this.outcome.rows++;
      return;
    }
    const both = source.slice(0, this.spec.sourceWidth);
    for (const value of stored) both.push(value);
    this.#made = { both, stored };
    this.#report(this.#made);
  }

  /** Checks and answers a changed row; an attempt: what it evaluates may have to wait. */
  #report({ both, stored }: ChangedRow): void {
    const { returning, checks, access } = this.spec;
    verifyStored(checks, both, stored, access, this.context);
    if (returning !== undefined) this.#out.push(returning.map((item) => item(both, this.context)));
    this.outcome.rows++;
    this.#made = undefined;
  }

  /** The source row with the target's columns as they are now, or undefined when it no longer qualifies. */
  requalify(source: Row, newest: Row): Row | undefined {
    const { targetSlots, recheck } = this.spec;
    const row = source.slice();
    for (let at = 0; at < targetSlots.length; at++) if (targetSlots[at] >= 0) row[targetSlots[at]] = newest[at];
    return recheck === undefined || recheck(row, this.context) === true ? row : undefined;
  }

  /** The row after its assignments. When they are sequential, each sees what those before it assigned. */
  assign(assignments: readonly Assignment[], source: Row, before: Row, sequential = false, zeroes = false): SqlValue[] {
    const row = before.slice();
    const { access, targetSlots } = this.spec;
    const seen = sequential && assignments.length > 1 ? source.slice() : source;
    for (const { slot, evaluate } of assignments) {
      const value =
        evaluate === undefined ? (access.defaults[slot]?.(NO_ROW, this.context) ?? null) : evaluate(seen, this.context);
      row[slot] = value;
      if (seen !== source && targetSlots[slot] >= 0) (seen as SqlValue[])[targetSlots[slot]] = value;
    }
    access.touch(assignments, before, row, this.context);
    if (zeroes) replaceNulls(row, access.notNull, this.context);
    access.generate(row, this.context);
    access.verify(row, this.context);
    if (this.spec.ignoring) this.foreignKeys.requireParents(access, row);
    return row;
  }

  rewind(): void {
    throw new SqlError('internal_error', 'a modification cannot be run again');
  }

  close(): void {
    this.source.close();
  }
}

export interface UpdateSpec extends ModifySpec {
  readonly assignments: readonly Assignment[];
  /** Some assigned column is part of a unique key. */
  readonly touchesKey: boolean;
  readonly sequential: boolean;
  /** Rows that keep their values are not written, and not counted as changed. */
  readonly changesOnly: boolean;
  /** NULL in a column that must have a value becomes the zero of its type. */
  readonly zeroes: boolean;
}

export class Update extends Modify {
  readonly #spec: UpdateSpec;
  /** Computed once per row, kept over waits. */
  #work: { readonly key: string; readonly source: Row; readonly before: Row; readonly after: Row } | undefined;

  constructor(source: Operator, spec: UpdateSpec, context: ExecutionContext) {
    super(source, spec, context);
    this.#spec = spec;
    if (spec.changesOnly) this.outcome.changed = 0;
  }

  modify(source: Row): 'done' | typeof PENDING {
    if (!this.spec.ignoring) return this.#modify(source);
    try {
      return this.#modify(source);
    } catch (error) {
      passOver(error, this.context);
      this.#work = undefined;
      this.outcome.rows++;
      return 'done';
    }
  }

  #modify(source: Row): 'done' | typeof PENDING {
    if (this.#work === undefined) {
      const key = source[this.#spec.keySlot] as string | null;
      if (key === null) return 'done';
      const locked = this.writer.lock(key, this.#spec.touchesKey ? 'update' : 'no_key_update');
      if (locked === PENDING) return PENDING;
      if (locked === 'gone') return 'done';
      const current = locked.changed ? this.requalify(source, locked.row) : source;
      if (current === undefined) return 'done';
      const { assignments, sequential, zeroes } = this.#spec;
      const after = this.assign(assignments, current, locked.row, sequential, zeroes);
      this.#work = { key, source: current, before: locked.row, after };
    }
    const { key, source: current, before, after } = this.#work;
    if (this.outcome.changed !== undefined && sameRow(before, after)) {
      this.#work = undefined;
      this.outcome.rows++;
      return 'done';
    }
    if (this.writer.update(key, before, after) === PENDING) return PENDING;
    this.#work = undefined;
    if (this.outcome.changed !== undefined) this.outcome.changed++;
    this.changed(current, after);
    return 'done';
  }
}

export class Delete extends Modify {
  modify(source: Row): 'done' | typeof PENDING {
    if (!this.spec.ignoring) return this.#modify(source);
    try {
      return this.#modify(source);
    } catch (error) {
      passOver(error, this.context);
      return 'done';
    }
  }

  #modify(source: Row): 'done' | typeof PENDING {
    const key = source[this.spec.keySlot] as string | null;
    if (key === null) return 'done';
    const locked = this.writer.lock(key, 'update');
    if (locked === PENDING) return PENDING;
    if (locked === 'gone') return 'done';
    const current = locked.changed ? this.requalify(source, locked.row) : source;
    if (current === undefined) return 'done';
    if (this.writer.delete(key, locked.row) === PENDING) return PENDING;
    this.changed(current, locked.row);
    return 'done';
  }
}

export interface MergeActionSpec {
  readonly when: 'matched' | 'not_matched' | 'not_matched_by_source';
  readonly condition: Evaluator | undefined;
  readonly action: 'update' | 'insert' | 'delete' | 'nothing';
  readonly assignments: readonly Assignment[];
}

export interface MergeSpec extends ModifySpec {
  readonly actions: readonly MergeActionSpec[];
  /** Slot that is NULL in source rows which stand for target rows without a source row; -1 = there are none. */
  readonly sourcePresentSlot: number;
}

interface MergeWork {
  readonly kind: 'update' | 'insert';
  readonly key: string;
  readonly source: Row;
  readonly before: Row;
  readonly after: Row;
}

export class Merge extends Modify {
  readonly #spec: MergeSpec;
  #work: MergeWork | undefined;

  constructor(source: Operator, spec: MergeSpec, context: ExecutionContext) {
    super(source, spec, context);
    this.#spec = spec;
  }

  modify(source: Row): 'done' | typeof PENDING {
    if (this.#work !== undefined) return this.#write(this.#work);
    const key = source[this.#spec.keySlot] as string | null;
    if (key === null) return this.#notMatched(source);
    const { transaction } = this.context;
    if (transaction.changedInStatement(this.#spec.access.table.space, key)) {
      throw new SqlError('cardinality_violation', {
        message: 'MERGE command cannot affect row a second time',
        variant: 'merge',
        hint: 'Ensure that not more than one source row matches any one target row.',
      });
    }
    const locked = this.writer.lock(key, 'update');
    if (locked === PENDING) return PENDING;
    if (locked === 'gone') return this.#notMatched(source);
    const current = locked.changed ? this.requalify(source, locked.row) : source;
    if (current === undefined) return this.#notMatched(source);
    const bySource = this.#spec.sourcePresentSlot >= 0 && source[this.#spec.sourcePresentSlot] === null;
    const action = this.#choose(bySource ? 'not_matched_by_source' : 'matched', current);
    if (action === undefined || action.action === 'nothing') return 'done';
    if (action.action === 'delete') {
      if (this.writer.delete(key, locked.row) === PENDING) return PENDING;
      this.changed(current, locked.row);
      return 'done';
    }
    this.#work = {
      kind: 'update',
      key,
      source: current,
      before: locked.row,
      after: this.assign(action.assignments, current, locked.row),
    };
    return this.#write(this.#work);
  }

  #choose(when: MergeActionSpec['when'], row: Row): MergeActionSpec | undefined {
    return this.#spec.actions.find(
      (action) =>
        action.when === when && (action.condition === undefined || action.condition(row, this.context) === true),
    );
  }

  #notMatched(source: Row): 'done' | typeof PENDING {
    const action = this.#choose('not_matched', source);
    if (action === undefined || action.action !== 'insert') return 'done';
    const { access } = this.#spec;
    const given = new Map(action.assignments.map((assignment) => [assignment.slot, assignment.evaluate]));
    const row: SqlValue[] = access.table.columns.map((_, at) => {
      const evaluate = given.get(at);
      return evaluate === undefined
        ? (access.defaults[at]?.(NO_ROW, this.context) ?? null)
        : evaluate(source, this.context);
    });
    access.generate(row, this.context);
    access.verify(row, this.context);
    this.#work = { kind: 'insert', key: '', source, before: row, after: row };
    return this.#write(this.#work);
  }

  #write(work: MergeWork): 'done' | typeof PENDING {
    const outcome =
      work.kind === 'insert'
        ? this.writer.insert(work.after, 'error')
        : this.writer.update(work.key, work.before, work.after);
    if (outcome === PENDING) return PENDING;
    this.#work = undefined;
    this.changed(work.source, work.after);
    return 'done';
  }
}
