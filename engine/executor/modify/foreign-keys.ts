/**
 * Foreign keys of one statement: rows that need a parent, keys that children may refer to, and the
 * referential actions. Work is queued while rows are written and done when the statement ends (put off
 * to the commit for deferred constraints); RESTRICT is checked at once.
 */
import { ScanBatch, SCAN_PENDING, type Scan } from '../../../storage/contract/scan.ts';
import { SqlError } from '../../../sblr/contract/sql-error.ts';
import type { Identifier } from '../../../sblr/contract/names.ts';
import type { Row, SqlValue } from '../../../sblr/contract/values.ts';
import type {
  ConstraintDefinition,
  IndexDefinition,
  ReferentialAction,
  TableDefinition,
} from '../../catalog/definitions.ts';
import type { StoredExpressions } from '../expressions/compile.ts';
import { isWaiter, waitForLock } from '../locking.ts';
import { PENDING, type ExecutionContext } from '../operator.ts';
import { successor } from '../operators/index-ranges.ts';
import { completeRow } from '../operators/scans.ts';
import { castOf, equalityOf, keyEncoder } from '../values.ts';
import { DEFERRED_CHILDREN, DEFERRED_KEY, DEFERRED_PARENT, isDeferred } from './constraint-mode.ts';
import { placeOf, tableAccess, type TableAccess } from './table-access.ts';
import { TableWriter } from './table-writer.ts';

interface ParentCheck {
  readonly kind: 'parent';
  readonly access: TableAccess;
  readonly constraint: ConstraintDefinition;
  readonly row: Row;
  /** Put off to the commit: the row may be gone by now. */
  readonly deferred: boolean;
}

interface ChildAction {
  readonly kind: 'children';
  readonly parent: TableAccess;
  readonly child: TableDefinition;
  readonly constraint: ConstraintDefinition;
  readonly before: Row;
  /** undefined = the parent row was deleted. */
  readonly after: Row | undefined;
  /** Only look: the action was NO ACTION, whatever deletion would do. */
  readonly checkOnly: boolean;
}

type Work = ParentCheck | ChildAction;

/** Memory of one queued check. */
const WORK_BYTES = 64;

export class ForeignKeys {
  readonly #context: ExecutionContext;
  readonly #stored: StoredExpressions;
  readonly #queue: Work[] = [];
  readonly #writers = new Map<TableDefinition, TableWriter>();
  /** References are checked before a row is written, so that the statement can pass over the row. */
  readonly #atOnce: boolean;
  #at = 0;
  #search: ChildSearch | undefined;

  constructor(context: ExecutionContext, stored: StoredExpressions, atOnce = false) {
    this.#context = context;
    this.#stored = stored;
    this.#atOnce = atOnce;
  }

  /** The writer of a table, shared by everything this statement does to it. */
  writer(table: TableDefinition): TableWriter {
    let writer = this.#writers.get(table);
    if (writer === undefined) {
      writer = new TableWriter(this.access(table), this.#context, this);
      this.#writers.set(table, writer);
    }
    return writer;
  }

  access(table: TableDefinition): TableAccess {
    return tableAccess(table, this.#context.evaluation.semantics, this.#stored);
  }

  inserted(access: TableAccess, row: Row): void {
    if (!this.#context.checksForeignKeys) return;
    for (const constraint of access.outgoing) this.#needParent(access, constraint, row);
  }

  updated(access: TableAccess, before: Row, after: Row): void {
    if (!this.#context.checksForeignKeys) return;
    for (const constraint of access.outgoing) {
      if (!sameValues(before, after, constraint.columns)) this.#needParent(access, constraint, after);
    }
    this.#queueChildren(access, before, after);
  }

  /** Fails at once when a row that is about to be written has no parent. */
  requireParents(access: TableAccess, row: Row): void {
    const context = this.#context;
    if (!context.checksForeignKeys) return;
    for (const constraint of access.outgoing) {
      if (constraint.columns.some((position) => row[position - 1] === null)) continue;
      const parent = context.catalog.get(constraint.refTableId ?? 0);
      if (constraint.absent !== undefined)
        throw missingParent(access, constraint.absent.table, constraint, row, context);
      // A row may be its own parent.
      if (parent?.kind !== 'table' || parent.id === access.table.id) continue;
      const key = parentKey(access.table, parent, constraint, row, context);
      if (findParent(parent, constraint, key, context) === undefined)
        throw missingParent(access, parent.name, constraint, row, context);
    }
  }

  deleted(access: TableAccess, before: Row): void {
    if (!this.#context.checksForeignKeys) return;
    this.#queueChildren(access, before, undefined);
  }

  /** The rows themselves belong to the transaction; the queue's own entries are bounded. */
  #enqueue(work: Work): void {
    this.#context.require(WORK_BYTES, 'The queue of foreign-key checks');
    this.#queue.push(work);
  }

  #needParent(access: TableAccess, constraint: ConstraintDefinition, row: Row): void {
    const values = constraint.columns.map((position) => row[position - 1]);
    if (values.includes(null)) {
      if (constraint.match !== 'full' || values.every((value) => value === null)) return;
      throw violation(
        access,
        constraint,
        this.#context,
        'MATCH FULL does not allow mixing of null and nonnull key values.',
      );
    }
    if (isDeferred(constraint, this.#context)) {
      this.#context.transaction.deferCheck({ constraint: constraint.id, row, kind: DEFERRED_PARENT });
      return;
    }
    this.#enqueue({ kind: 'parent', access, constraint, row, deferred: false });
  }

  #queueChildren(access: TableAccess, before: Row, after: Row | undefined): void {
    for (const [child, constraint] of this.#references(access.table)) {
      const columns = constraint.refColumns ?? [];
      if (after !== undefined && sameValues(before, after, columns)) continue;
      if (columns.some((position) => before[position - 1] === null)) continue;
      const action = after === undefined ? constraint.onDelete : constraint.onUpdate;
      if (action === 'no_action' && isDeferred(constraint, this.#context)) {
        this.#context.transaction.deferCheck({ constraint: constraint.id, row: before, kind: DEFERRED_CHILDREN });
        continue;
      }
      this.#enqueue({ kind: 'children', parent: access, child, constraint, before, after, checkOnly: false });
    }
  }

  /** Foreign keys that refer to the table. */
  *#references(table: TableDefinition): Iterable<readonly [TableDefinition, ConstraintDefinition]> {
    for (const id of table.referencedBy) {
      const child = this.#context.catalog.get(id);
      if (child?.kind !== 'table') continue;
      for (const constraint of child.constraints) {
        if (constraint.kind === 'foreign_key' && constraint.refTableId === table.id) yield [child, constraint];
      }
    }
  }

  /** RESTRICT: fails at once when a child refers to the key about to go. */
  restrict(access: TableAccess, before: Row, after: Row | undefined): 'done' | typeof PENDING {
    if (access.table.referencedBy.length === 0 || !this.#context.checksForeignKeys) return 'done';
    for (const [child, constraint] of this.#references(access.table)) {
      const action = after === undefined ? constraint.onDelete : constraint.onUpdate;
      if (action !== 'restrict' && !(this.#atOnce && action === 'no_action')) continue;
      const columns = constraint.refColumns ?? [];
      if (after !== undefined && sameValues(before, after, columns)) continue;
      if (columns.some((position) => before[position - 1] === null)) continue;
      const search = new ChildSearch(
        this.access(child),
        constraint,
        this.#keyOf(access, constraint, before),
        this.#context,
        true,
      );
      const found = search.next();
      search.close();
      if (found === PENDING) return PENDING;
      if (found !== undefined) throw referenced(access, child, constraint, before, this.#context);
    }
    return 'done';
  }

  #keyOf(parent: TableAccess, constraint: ConstraintDefinition, row: Row): SqlValue[] {
    return (constraint.refColumns ?? []).map((position) => row[position - 1] ?? parent.missing[position - 1]);
  }

  /** Does the queued work; to be called until 'done'. New work may be queued by what it does. */
  finish(): 'done' | typeof PENDING {
    for (;;) {
      while (this.#at < this.#queue.length) {
        const work = this.#queue[this.#at];
        const outcome = work.kind === 'parent' ? this.#checkParent(work) : this.#workOnChildren(work);
        if (outcome === PENDING) return PENDING;
        this.#at++;
        if ((this.#at & 255) === 0 && this.#context.sliceUsed()) {
          this.#context.checkCancelled();
          this.#context.yieldSlice();
          return PENDING;
        }
      }
      this.#context.releaseRequired(this.#queue.length * WORK_BYTES);
      this.#queue.length = 0;
      this.#at = 0;
      for (const writer of this.#writers.values()) if (writer.finish() === PENDING) return PENDING;
      if (this.#queue.length === 0) return 'done';
    }
  }

  /** Runs one check that was deferred to the commit. */
  deferred(kind: string, constraintId: number, row: Row): void {
    for (const definition of this.#context.catalog.all('table')) {
      if (definition.kind !== 'table') continue;
      const constraint = definition.constraints.find((one) => one.id === constraintId);
      if (constraint === undefined) continue;
      if (kind === DEFERRED_KEY) this.writer(definition).checkKey(constraint, row);
      else if (kind === DEFERRED_PARENT)
        this.#enqueue({ kind: 'parent', access: this.access(definition), constraint, row, deferred: true });
      else {
        const parent = this.#context.catalog.get(constraint.refTableId ?? 0);
        if (parent?.kind === 'table')
          this.#enqueue({
            kind: 'children',
            parent: this.access(parent),
            child: definition,
            constraint,
            before: row,
            after: undefined,
            checkOnly: true,
          });
      }
      return;
    }
  }

  #checkParent(work: ParentCheck): 'done' | typeof PENDING {
    const { constraint, access, row } = work;
    const context = this.#context;
    if (constraint.absent !== undefined) throw missingParent(access, constraint.absent.table, constraint, row, context);
    const parent = context.catalog.get(constraint.refTableId ?? 0);
    if (parent?.kind !== 'table') return 'done';
    const key = parentKey(access.table, parent, constraint, row, context);
    const rowKey = findParent(parent, constraint, key, context);
    if (rowKey === undefined && work.deferred && !this.#stillThere(work, parent, key)) return 'done';
    if (rowKey === undefined) throw missingParent(access, parent.name, constraint, row, context);
    const result = context.transaction.lockRow(parent.space, rowKey, 'key_share', 'wait', parent.name.text);
    if (isWaiter(result)) return waitForLock(result, context);
    if (findParent(parent, constraint, key, context, 'newest') === rowKey) return 'done';
    if (context.transaction.readsNewest) return this.#checkParent(work);
    throw new SqlError('serialization_failure', {
      message: 'could not serialize access due to concurrent update',
      variant: 'concurrent_update',
    });
  }

  /** Does any row of the referencing table still have these values? */
  #stillThere(work: ParentCheck, parent: TableDefinition, key: ReadonlyMap<number, SqlValue>): boolean {
    const values = (work.constraint.refColumns ?? []).map((position) => key.get(position) ?? null);
    const search = new ChildSearch(this.access(work.access.table), work.constraint, values, this.#context, true);
    const found = search.next();
    search.close();
    return found !== undefined && parent.kind === 'table';
  }

  #workOnChildren(work: ChildAction): 'done' | typeof PENDING {
    const { constraint, parent, before, after } = work;
    const action = work.checkOnly ? 'no_action' : after === undefined ? constraint.onDelete : constraint.onUpdate;
    const context = this.#context;
    if (action === 'no_action' || action === 'restrict') {
      // The key may have come back (another row took it): then nothing is orphaned.
      if (findParent(parent.table, constraint, refKey(parent, constraint, before, context), context) !== undefined)
        return 'done';
    }
    this.#search ??= new ChildSearch(
      this.access(work.child),
      constraint,
      this.#keyOf(parent, constraint, before),
      context,
    );
    for (;;) {
      const found = this.#search.next();
      if (found === PENDING) return PENDING;
      if (found === undefined) break;
      if (action === 'no_action' || action === 'restrict')
        throw referenced(parent, work.child, constraint, before, context);
      if (this.#applyAction(work, found) === PENDING) return PENDING;
      this.#search.advance();
    }
    this.#search.close();
    this.#search = undefined;
    return 'done';
  }

  #applyAction(work: ChildAction, found: { readonly key: string }): 'done' | typeof PENDING {
    const { constraint, after, child } = work;
    const { transaction } = this.#context;
    const writer = this.writer(child);
    const locked = transaction.lockRow(child.space, found.key, 'update', 'wait', child.name.text);
    if (isWaiter(locked)) return waitForLock(locked, this.#context);
    transaction.verifyLocked(child.space, found.key);
    const stored = transaction.getNewest(child.space, found.key);
    if (stored === undefined) return 'done';
    const row = completeRow(stored, found.key, writer.access.missing, false);
    if (!this.#search?.matches(row)) return 'done';
    const action = after === undefined ? constraint.onDelete : constraint.onUpdate;
    if (action === 'cascade' && after === undefined) return writer.delete(found.key, row);
    const changed = row.slice();
    const positions =
      constraint.setColumns.length > 0 && after === undefined ? constraint.setColumns : constraint.columns;
    if (action === 'cascade' && after !== undefined) {
      constraint.columns.forEach((position, at) => {
        const refPosition = (constraint.refColumns ?? [])[at];
        const from = work.parent.table.columns[refPosition - 1].type;
        const to = child.columns[position - 1].type;
        const value = after[refPosition - 1];
        const cast = from.kind === to.kind ? undefined : castOf(from, to, 'assignment');
        changed[position - 1] = value === null || cast === undefined ? value : cast(value, this.#context.evaluation);
      });
    } else {
      for (const position of positions) {
        changed[position - 1] =
          action === 'set_default' ? (writer.access.defaults[position - 1]?.([], this.#context) ?? null) : null;
      }
    }
    writer.access.generate(changed, this.#context);
    writer.access.verify(changed, this.#context);
    return writer.update(found.key, row, changed);
  }
}

function sameValues(before: Row, after: Row, positions: readonly number[]): boolean {
  return positions.every((position) => {
    const a = before[position - 1];
    const b = after[position - 1];
    if (a === b) return true;
    return (
      typeof a === 'object' &&
      typeof b === 'object' &&
      a !== null &&
      b !== null &&
      String(a) === String(b) &&
      a.constructor === b.constructor
    );
  });
}

/** Values of the referencing columns in the types and order of the referenced index. */
function parentKey(
  child: TableDefinition,
  parent: TableDefinition,
  constraint: ConstraintDefinition,
  row: Row,
  context: ExecutionContext,
): ReadonlyMap<number, SqlValue> {
  const key = new Map<number, SqlValue>();
  constraint.columns.forEach((position, at) => {
    const refPosition = (constraint.refColumns ?? [])[at];
    const from = child.columns[position - 1].type;
    const to = parent.columns[refPosition - 1].type;
    const value = row[position - 1];
    const cast = value === null || from.kind === to.kind ? undefined : castOf(from, to, 'implicit');
    key.set(refPosition, cast === undefined || value === null ? value : cast(value, context.evaluation));
  });
  return key;
}

function refKey(
  parent: TableAccess,
  constraint: ConstraintDefinition,
  row: Row,
  _context: ExecutionContext,
): ReadonlyMap<number, SqlValue> {
  return new Map(
    (constraint.refColumns ?? []).map((position) => [position, row[position - 1] ?? parent.missing[position - 1]]),
  );
}

/** Row key of the parent with this key, as the transaction's next statement would see it or as of now. */
function findParent(
  parent: TableDefinition,
  constraint: ConstraintDefinition,
  key: ReadonlyMap<number, SqlValue>,
  context: ExecutionContext,
  view: 'current' | 'newest' = 'current',
): string | undefined {
  const index = parent.indexes.find((one) => one.id === constraint.indexId) ?? keyIndex(parent, constraint);
  if (index === undefined)
    throw new SqlError('internal_error', `referenced index of constraint ${constraint.name.text} is missing`);
  let encoded = '';
  for (const part of index.keys)
    encoded += keyEncoder(part.type, part.descending, part.nullsFirst, part.collation)(key.get(part.column) ?? null);
  const { transaction } = context;
  const entry =
    view === 'newest' ? transaction.getNewest(index.space, encoded) : transaction.getCurrent(index.space, encoded);
  return entry === undefined ? undefined : (entry[0] as string);
}

function keyIndex(parent: TableDefinition, constraint: ConstraintDefinition): IndexDefinition | undefined {
  const wanted = constraint.refColumns ?? [];
  return parent.indexes.find(
    (index) =>
      index.unique &&
      index.predicate === undefined &&
      index.keys.length === wanted.length &&
      index.keys.every((key) => wanted.includes(key.column)),
  );
}

function missingParent(
  access: TableAccess,
  parent: Identifier,
  constraint: ConstraintDefinition,
  row: Row,
  context: ExecutionContext,
): SqlError {
  const values = constraint.columns.map((position) => row[position - 1]);
  const outcome = `is not present in table "${context.display(parent)}"`;
  return violation(access, constraint, context, access.keyDetail(constraint.columns, values, outcome, context));
}

function violation(
  access: TableAccess,
  constraint: ConstraintDefinition,
  context: ExecutionContext,
  detail: string,
): SqlError {
  const table = context.display(access.table.name);
  const name = context.display(constraint.name);
  return new SqlError('foreign_key_violation', {
    message: `insert or update on table "${table}" violates foreign key constraint "${name}"`,
    variant: 'child',
    args: { table, constraint: name, ...describeKey(access.table, constraint, context) },
    detail,
    ...placeOf(access.table, context),
    constraint: name,
  });
}

const ACTION_WORDS: Readonly<Record<ReferentialAction, string>> = {
  no_action: '',
  restrict: 'RESTRICT',
  cascade: 'CASCADE',
  set_null: 'SET NULL',
  set_default: 'SET DEFAULT',
};

/** The parts of a foreign key's definition, for messages that show it. */
function describeKey(
  child: TableDefinition,
  constraint: ConstraintDefinition,
  context: ExecutionContext,
): Record<string, string> {
  const parent = context.catalog.get(constraint.refTableId ?? 0);
  const database = context.catalog.get(child.databaseId);
  const { absent } = constraint;
  const shown = (name: Identifier): string => context.display(name);
  const names = (table: TableDefinition, positions: readonly number[]): string =>
    positions.map((position) => shown(table.columns[position - 1].name)).join(', ');
  const action = (event: string, word: string): string => (word === '' ? '' : ` ON ${event} ${word}`);
  return {
    child: context.display(child.name),
    columns: names(child, constraint.columns),
    actions: action('DELETE', ACTION_WORDS[constraint.onDelete]) + action('UPDATE', ACTION_WORDS[constraint.onUpdate]),
    ...(database?.kind === 'database' ? { database: context.display(database.name) } : {}),
    ...(parent?.kind === 'table'
      ? { parent: context.display(parent.name), parentColumns: names(parent, constraint.refColumns ?? []) }
      : {}),
    ...(absent && { parent: context.display(absent.table), parentColumns: absent.columns.map(shown).join(', ') }),
  };
}

function referenced(
  parent: TableAccess,
  child: TableDefinition,
  constraint: ConstraintDefinition,
  row: Row,
  context: ExecutionContext,
): SqlError {
  const table = context.display(parent.table.name);
  const other = context.display(child.name);
  const name = context.display(constraint.name);
  const positions = constraint.refColumns ?? [];
  return new SqlError('foreign_key_violation', {
    message: `update or delete on table "${table}" violates foreign key constraint "${name}" on table "${other}"`,
    variant: 'parent',
    args: { table, constraint: name, ...describeKey(child, constraint, context) },
    detail: parent.keyDetail(
      positions,
      positions.map((position) => row[position - 1]),
      `is still referenced from table "${other}"`,
      context,
    ),
    ...placeOf(child, context),
    constraint: name,
  });
}

/** Rows of the referencing table with the given key, newest versions: by an index on the columns if there is one. */
class ChildSearch {
  readonly #access: TableAccess;
  readonly #context: ExecutionContext;
  readonly #scan: Scan;
  readonly #byIndex: boolean;
  /** Never PENDING: for searches that are not kept over a wait. */
  readonly #atOnce: boolean;
  readonly #batch = new ScanBatch();
  readonly #tests: readonly { readonly slot: number; readonly equal: (value: SqlValue) => boolean }[];
  #position = 0;
  #count = 0;
  #done = false;

  constructor(
    access: TableAccess,
    constraint: ConstraintDefinition,
    key: readonly SqlValue[],
    context: ExecutionContext,
    atOnce = false,
  ) {
    this.#access = access;
    this.#context = context;
    const { table } = access;
    const parent = context.catalog.get(constraint.refTableId ?? 0);
    const values = new Map<number, SqlValue>();
    const { semantics } = context.evaluation;
    this.#tests = constraint.columns.map((position, at) => {
      const to = table.columns[position - 1].type;
      const from = parent?.kind === 'table' ? parent.columns[(constraint.refColumns ?? [])[at] - 1].type : to;
      const cast = from.kind === to.kind || key[at] === null ? undefined : castOf(from, to, 'explicit');
      const value = cast === undefined ? key[at] : cast(key[at], context.evaluation);
      values.set(position, value);
      const equal = equalityOf(to, semantics);
      return {
        slot: position - 1,
        equal: (candidate: SqlValue) => candidate !== null && value !== null && equal(candidate, value),
      };
    });
    const index = table.indexes.find(
      (one) =>
        one.ready &&
        one.predicate === undefined &&
        one.keys.length >= values.size &&
        one.keys.slice(0, values.size).every((part) => values.has(part.column)),
    );
    this.#atOnce = atOnce;
    this.#byIndex = index !== undefined;
    const options = { view: 'newest', synchronous: atOnce } as const;
    if (index === undefined) this.#scan = context.transaction.scan(table.space, '', undefined, options);
    else {
      let low = '';
      for (const part of index.keys.slice(0, values.size))
        low += keyEncoder(part.type, part.descending, part.nullsFirst, part.collation)(values.get(part.column) ?? null);
      this.#scan = context.transaction.scan(index.space, low, successor(low), options);
    }
  }

  matches(row: Row): boolean {
    return this.#tests.every((test) => test.equal(row[test.slot]));
  }

  /** The current match; the same again until `advance`. */
  next(): { readonly key: string } | undefined | typeof PENDING {
    const { transaction } = this.#context;
    for (;;) {
      while (this.#position < this.#count) {
        const key = this.#byIndex ? (this.#batch.rows[this.#position][0] as string) : this.#batch.keys[this.#position];
        const stored = transaction.getNewest(this.#access.table.space, key);
        if (stored !== undefined && this.matches(completeRow(stored, key, this.#access.missing, false))) return { key };
        this.#position++;
      }
      if (this.#done) return undefined;
      if (!this.#atOnce && this.#context.sliceUsed()) {
        this.#context.yieldSlice();
        return PENDING;
      }
      const count = this.#scan.next(this.#batch, 256);
      if (count === SCAN_PENDING) {
        this.#context.waitFor((resume) => this.#scan.wait(resume));
        return PENDING;
      }
      if (count === 0) this.#done = true;
      this.#count = count;
      this.#position = 0;
    }
  }

  advance(): void {
    this.#position++;
  }

  close(): void {
    this.#scan.close();
  }
}
