/**
 * What writing to one table needs, compiled once: defaults, generated columns, checks, index keys.
 */
import { SqlError } from '../../../sblr/contract/sql-error.ts';
import type { Semantics } from '../../../sblr/contract/semantics.ts';
import { TEXT, type SqlType } from '../../../sblr/contract/types.ts';
import type { Row, SqlValue } from '../../../sblr/contract/values.ts';
import type {
  ColumnDefinition,
  ConstraintDefinition,
  IndexDefinition,
  TableDefinition,
} from '../../catalog/definitions.ts';
import { compileExpression, type CompileContext, type Layout, type StoredExpressions } from '../expressions/compile.ts';
import type { Evaluator, ExecutionContext } from '../operator.ts';
import { touchColumns, type TouchedColumn } from './touched-columns.ts';
import { IdentityColumn } from './identity.ts';
import { castOf, keyEncoder, type KeyEncoder } from '../values.ts';

/** The key of a row in one index. */
export interface IndexEntry {
  /** Encoded key values, without row key. */
  readonly values: string;
  /** Entries with this key must be unique (unique index, no NULL among the values). */
  readonly exclusive: boolean;
  /** They must be unique when the deferrable constraint is checked. */
  readonly late: boolean;
}

export class IndexAccess {
  readonly index: IndexDefinition;
  readonly #keys: readonly {
    readonly slot: number;
    readonly evaluate: Evaluator | undefined;
    readonly encode: KeyEncoder;
  }[];
  readonly #predicate: Evaluator | undefined;
  /** Constraint the index enforces, for messages. */
  readonly constraint: ConstraintDefinition | undefined;

  constructor(index: IndexDefinition, table: TableDefinition, layout: Layout, compile: CompileContext) {
    this.index = index;
    this.constraint = table.constraints.find(
      (one) => one.indexId === index.id && (one.kind === 'primary_key' || one.kind === 'unique'),
    );
    this.#keys = index.keys.map((key) => ({
      slot: key.column - 1,
      evaluate:
        key.expression === undefined
          ? undefined
          : compileExpression(compile.stored.bindTableExpression(key.expression, table), layout, compile),
      encode: keyEncoder(key.type, key.descending, key.nullsFirst, key.collation),
    }));
    this.#predicate =
      index.predicate === undefined
        ? undefined
        : compileExpression(compile.stored.bindTableExpression(index.predicate, table), layout, compile);
  }

  /** The row's entry; undefined when a partial index leaves the row out. */
  entry(row: Row, context: ExecutionContext): IndexEntry | undefined {
    if (this.#predicate !== undefined && this.#predicate(row, context) !== true) return undefined;
    let values = '';
    let hasNull = false;
    for (const key of this.#keys) {
      const value = key.evaluate === undefined ? row[key.slot] : key.evaluate(row, context);
      if (value === null) hasNull = true;
      values += key.encode(value);
    }
    const comparable = !hasNull || this.index.nullsNotDistinct;
    return {
      values,
      exclusive: this.index.unique && comparable,
      late: this.index.uniqueLate === true && comparable,
    };
  }

  keyValues(row: Row, context: ExecutionContext): SqlValue[] {
    return this.#keys.map((key) => (key.evaluate === undefined ? row[key.slot] : key.evaluate(row, context)));
  }

  /** Are the entries of both rows certainly the same, judging by plain columns? */
  unchanged(before: Row, after: Row): boolean {
    if (this.#predicate !== undefined) return false;
    for (const key of this.#keys) {
      if (key.evaluate !== undefined || before[key.slot] !== after[key.slot]) return false;
    }
    return true;
  }
}

interface Check {
  readonly constraint: ConstraintDefinition;
  readonly test: Evaluator;
}

export class TableAccess {
  readonly table: TableDefinition;
  readonly missing: readonly SqlValue[];
  readonly indexes: readonly IndexAccess[];
  /** By position - 1: value when none is given; undefined = NULL. */
  readonly defaults: readonly (Evaluator | undefined)[];
  readonly #touched: readonly TouchedColumn[];
  readonly identity: IdentityColumn | undefined;
  readonly #generated: readonly { readonly slot: number; readonly evaluate: Evaluator }[];
  readonly notNull: readonly ColumnDefinition[];
  readonly #checks: readonly Check[];
  /** Slots of columns in unique indexes: changing one takes the stronger row lock. */
  readonly keySlots: ReadonlySet<number>;
  readonly outgoing: readonly ConstraintDefinition[];
  readonly hasReferences: boolean;

  constructor(table: TableDefinition, compile: CompileContext) {
    this.table = table;
    this.missing = table.columns.map((column) => column.missing);
    const layout = new Map(table.columns.map((column) => [column.position, column.position - 1]));
    this.indexes = table.indexes.map((index) => new IndexAccess(index, table, layout, compile));
    this.defaults = table.columns.map((column) => compileDefault(column, table, compile));
    this.#touched = table.columns.flatMap((column) =>
      column.onUpdate === undefined || column.dropped
        ? []
        : [
            {
              slot: column.position - 1,
              evaluate: compileAssigned(
                compile,
                compile.stored.bindDefault(column.onUpdate, table, column.position),
                column.type,
                new Map(),
              ),
            },
          ],
    );
    this.identity = IdentityColumn.of(table);
    // Virtual ones are computed when written, too: reading them then tells the same.
    this.#generated = table.columns.flatMap((column) =>
      column.generated !== 'none' && !column.dropped && column.defaultValue !== undefined
        ? [
            {
              slot: column.position - 1,
              evaluate: compileAssigned(
                compile,
                compile.stored.bindTableExpression(column.defaultValue, table),
                column.type,
                layout,
              ),
            },
          ]
        : [],
    );
    this.notNull = table.columns.filter((column) => column.notNull && !column.dropped);
    this.#checks = table.constraints.flatMap((constraint) =>
      constraint.kind === 'check' && constraint.check !== undefined
        ? [
            {
              constraint,
              test: compileExpression(compile.stored.bindTableExpression(constraint.check, table), layout, compile),
            },
          ]
        : [],
    );
    this.keySlots = new Set(
      table.indexes.filter((index) => index.unique).flatMap((index) => index.keys.map((key) => key.column - 1)),
    );
    this.outgoing = table.constraints.filter((constraint) => constraint.kind === 'foreign_key');
    this.hasReferences = this.outgoing.length > 0 || table.referencedBy.length > 0;
  }

  /** Gives a changed row the columns that follow every change. */
  touch(
    assignments: readonly { readonly slot: number }[],
    before: Row,
    row: SqlValue[],
    context: ExecutionContext,
  ): void {
    if (this.#touched.length > 0) touchColumns(this.#touched, assignments, before, row, context);
  }

  /** Fills generated columns of a row about to be stored. */
  generate(row: SqlValue[], context: ExecutionContext): void {
    for (const column of this.#generated) row[column.slot] = column.evaluate(row, context);
  }

  /** NOT NULL and CHECK constraints. */
  verify(row: Row, context: ExecutionContext): void {
    for (const column of this.notNull) {
      if (row[column.position - 1] === null) throw this.#notNullViolation(column, row, context);
    }
    for (const check of this.#checks) {
      if (check.test(row, context) !== false) continue;
      const relation = context.display(this.table.name);
      const constraint = context.display(check.constraint.name);
      throw new SqlError('check_violation', {
        message: `new row for relation "${relation}" violates check constraint "${constraint}"`,
        args: { table: relation, constraint },
        ...this.failingRow(row, context),
        ...this.#place(context),
        constraint,
      });
    }
  }

  #notNullViolation(column: ColumnDefinition, row: Row, context: ExecutionContext): SqlError {
    const name = context.display(column.name);
    const relation = context.display(this.table.name);
    return new SqlError('not_null_violation', {
      message: `null value in column "${name}" of relation "${relation}" violates not-null constraint`,
      args: { column: name, table: relation },
      ...this.failingRow(row, context),
      ...this.#place(context),
      column: name,
    });
  }

  #place(context: ExecutionContext): { schema?: string; table: string } {
    return placeOf(this.table, context);
  }

  /** The row for messages, as far as the current role may read it: it may hold defaults and older values. */
  failingRow(row: Row, context: ExecutionContext): { readonly detail?: string } {
    const live = this.table.columns.filter((column) => !column.dropped);
    const shown = live.filter((column) => context.mayRead(this.table, column.position));
    if (shown.length === 0) return {};
    const values = shown.map((column) => shorten(valueText(row[column.position - 1], column.type, context)));
    const names =
      shown.length === live.length ? '' : `(${shown.map((one) => context.display(one.name)).join(', ')}) = `;
    return { detail: `Failing row contains ${names}(${values.join(', ')}).` };
  }

  /** `Key (a, b)=(1, 2) is so and so.`; without the values where the current role may not read them. */
  keyDetail(
    positions: readonly number[],
    values: readonly SqlValue[],
    state: string,
    context: ExecutionContext,
  ): string {
    const readable = positions.every((position) => context.mayRead(this.table, position));
    return `Key ${readable ? `${this.keyText(positions, values, context)} ` : ''}${state}.`;
  }

  columnNames(positions: readonly number[], context: ExecutionContext): string {
    return positions.map((position) => context.display(this.table.columns[position - 1].name)).join(', ');
  }

  /** `(a, b)=(1, 2)` for messages. */
  keyText(positions: readonly number[], values: readonly SqlValue[], context: ExecutionContext): string {
    const shown = values.map((value, at) => valueText(value, this.table.columns[positions[at] - 1].type, context));
    return `(${this.columnNames(positions, context)})=(${shown.join(', ')})`;
  }

  uniqueViolation(access: IndexAccess, row: Row, context: ExecutionContext): SqlError {
    const constraint = context.display(access.index.name);
    const values = access.keyValues(row, context);
    const names = access.index.keys.map((key) =>
      key.column > 0
        ? context.display(this.table.columns[key.column - 1].name)
        : (key.expression?.text ?? 'expression'),
    );
    const shown = values.map((value, at) => valueText(value, access.index.keys[at].type, context));
    const readable = access.index.keys.every((key) =>
      (key.column > 0 ? [key.column] : this.table.columns.map((column) => column.position)).every((position) =>
        context.mayRead(this.table, position),
      ),
    );
    return new SqlError('unique_violation', {
      message: `duplicate key value violates unique constraint "${constraint}"`,
      args: {
        constraint,
        index: context.display(access.index.localName ?? access.index.name),
        table: context.display(this.table.name),
        key: shown.join('-'),
      },
      ...(readable ? { detail: `Key (${names.join(', ')})=(${shown.join(', ')}) already exists.` } : {}),
      ...this.#place(context),
      constraint,
    });
  }
}

export function placeOf(table: TableDefinition, context: ExecutionContext): { schema?: string; table: string } {
  const schema = context.catalog.get(table.schemaId);
  const name = context.display(table.name);
  if (schema?.kind !== 'schema') return { table: name };
  return { schema: schema.main ? context.evaluation.semantics.mainSchema : context.display(schema.name), table: name };
}

const SHOWN_LENGTH = 64;

function shorten(text: string): string {
  return text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}...` : text;
}

export function valueText(value: SqlValue, type: SqlType, context: ExecutionContext): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'string') return value;
  const cast = castOf(type, TEXT, 'explicit');
  return String(cast === undefined ? value : cast(value, context.evaluation));
}

function compileAssigned(
  compile: CompileContext,
  bound: Parameters<typeof compileExpression>[0],
  type: SqlType,
  layout: Layout,
): Evaluator {
  if (
    bound.type.kind === type.kind &&
    bound.type.length === type.length &&
    bound.type.precision === type.precision &&
    bound.type.scale === type.scale
  )
    return compileExpression(bound, layout, compile);
  return compileExpression({ kind: 'cast', operand: bound, type, context: 'assignment' }, layout, compile);
}

function compileDefault(
  column: ColumnDefinition,
  table: TableDefinition,
  compile: CompileContext,
): Evaluator | undefined {
  if (column.dropped || column.generated !== 'none') return undefined;
  if (column.defaultValue !== undefined)
    return compileAssigned(
      compile,
      compile.stored.bindDefault(column.defaultValue, table, column.position),
      column.type,
      new Map(),
    );
  const { sequenceId } = column;
  if (sequenceId !== undefined) return (_row, context) => context.nextSequenceValue(sequenceId);
  return undefined;
}

// ---- shared per table -----------------------------------------------------------------------------------

const KNOWN = new WeakMap<TableDefinition, { readonly semantics: Semantics; readonly access: TableAccess }>();
/** Slots of code compiled outside a plan: far above any plan's own. */
let nextStandaloneSlot = 1_000_000;

/** A compile context for table expressions: no subqueries occur in them. */
export function standaloneCompile(semantics: Semantics, stored: StoredExpressions): CompileContext {
  return {
    semantics,
    stored,
    hoist: false,
    newSlot: () => nextStandaloneSlot++,
    subplans: {
      plan: () => {
        throw new SqlError('feature_not_supported', 'cannot use subquery in a table expression');
      },
    },
  };
}

export function tableAccess(table: TableDefinition, semantics: Semantics, stored: StoredExpressions): TableAccess {
  const known = KNOWN.get(table);
  if (known !== undefined && known.semantics === semantics) return known.access;
  const access = new TableAccess(table, standaloneCompile(semantics, stored));
  KNOWN.set(table, { semantics, access });
  return access;
}
