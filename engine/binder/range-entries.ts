/**
 * Entries of FROM: what a relation offers to names, built from definitions, aliases and output columns.
 */
import { identifierKey, type Identifier } from '../../sblr/contract/names.ts';
import { shownColumns } from '../catalog/column-order.ts';
import type { SqlType } from '../../sblr/contract/types.ts';
import type { NodeOf } from '../../sblr/nodes.ts';
import type { RelationDefinition, SystemRelation, TableDefinition, ViewDefinition } from '../catalog/definitions.ts';
import type { BoundExpression, LogicalPlan, OutputColumn } from './bound.ts';
import type { Binder } from './context.ts';
import { fail } from './errors.ts';
import { indexKeys, type RangeEntry } from './scope.ts';

export interface FromResult {
  readonly plan: LogicalPlan;
  readonly entries: readonly RangeEntry[];
}

/** Locking asked for by the query around: row keys are carried, subqueries are locked too. */
export interface FromOptions {
  readonly rowKeys: boolean;
  readonly lock: NodeOf<'LOCK_ROWS'> | undefined;
}

interface EntryParts {
  readonly key: string;
  readonly display: string;
  readonly qualified?: readonly string[] | undefined;
  readonly columns: readonly OutputColumn[];
  readonly keys: readonly string[];
  readonly find?: (key: string) => number;
  readonly expressions?: readonly (BoundExpression | undefined)[] | undefined;
  readonly unqualified?: boolean;
  readonly nameable?: boolean;
  readonly table?: TableDefinition | undefined;
  readonly system?: SystemRelation | undefined;
  readonly catalogId?: number | undefined;
  readonly rowKey?: number | undefined;
  readonly scalar?: boolean;
  readonly rowType?: SqlType | undefined;
}

export function makeEntry(parts: EntryParts): RangeEntry {
  return {
    key: parts.key,
    display: parts.display,
    qualified: parts.qualified,
    columns: parts.columns,
    keys: parts.keys,
    expressions: parts.expressions,
    find: parts.find ?? indexKeys(parts.keys),
    unqualified: parts.unqualified ?? true,
    nameable: parts.nameable ?? parts.key !== '',
    table: parts.table,
    system: parts.system,
    catalogId: parts.catalogId,
    rowKey: parts.rowKey,
    nullable: { value: false },
    scalar: parts.scalar ?? false,
    rowType: parts.rowType,
  };
}

/** What is the same for every scan of a table: kept as long as the definition lives. */
interface TableShape {
  readonly live: readonly TableDefinition['columns'][number][];
  readonly keys: readonly string[];
  readonly find: (key: string) => number;
  readonly names: Map<string, readonly string[]>;
}

const SHAPES = new WeakMap<object, TableShape>();

export function shapeOf(relation: TableDefinition | ViewDefinition): TableShape {
  let shape = SHAPES.get(relation);
  if (shape === undefined) {
    const live = shownColumns(relation);
    const keys = live.map((column) => identifierKey(column.name));
    shape = { live, keys, find: indexKeys(keys), names: new Map() };
    SHAPES.set(relation, shape);
  }
  return shape;
}

export function shownNames(binder: Binder, relation: TableDefinition | ViewDefinition): readonly string[] {
  const shape = shapeOf(relation);
  const { identifierFold } = binder.semantics;
  let names = shape.names.get(identifierFold);
  if (names === undefined) {
    names = shape.live.map((column) => binder.display(column.name));
    shape.names.set(identifierFold, names);
  }
  return names;
}

/** Column names given after an alias: t(a, b). */
export function aliasColumns(
  binder: Binder,
  aliases: readonly Identifier[],
  names: readonly string[],
  keys: readonly string[],
  shown: string,
  pos: number | undefined,
): { names: readonly string[]; keys: readonly string[] } {
  if (aliases.length === 0) return { names, keys };
  if (aliases.length > names.length) {
    fail(
      'invalid_column_reference',
      `table "${shown}" has ${names.length} columns available but ${aliases.length} columns specified`,
      pos,
    );
  }
  return {
    names: names.map((name, i) => (i < aliases.length ? binder.display(aliases[i] as Identifier) : name)),
    keys: keys.map((key, i) => (i < aliases.length ? identifierKey(aliases[i] as Identifier) : key)),
  };
}

/** The columns under other names; the ids stay. */
export function renameColumns(
  binder: Binder,
  columns: readonly OutputColumn[],
  names: readonly string[],
  origin?: RelationDefinition,
): readonly OutputColumn[] {
  const live =
    origin === undefined || (origin.kind !== 'table' && origin.kind !== 'view') ? undefined : shapeOf(origin).live;
  const numbered = origin !== undefined && live?.length === 0;
  return columns.map((column, i) => {
    const name = names[i] as string;
    if (column.name === name && live === undefined) return column;
    const renamed: OutputColumn = {
      id: column.id,
      name,
      type: column.type,
      tableId: origin?.id ?? column.tableId,
      position: live?.[i]?.position ?? (numbered ? i + 1 : column.position),
    };
    binder.shared.columns[column.id] = renamed;
    return renamed;
  });
}

/** The key under which an output column is found by a name of the same dialect. */
export function columnKey(shown: string): string {
  return shown.toLowerCase() === shown || shown.toUpperCase() === shown ? shown.toLowerCase() : `"${shown}`;
}

/** Keys of output columns: folded names are regular, others exact; both spellings of a mixed one are tried by `find`. */
export function columnKeys(binder: Binder, columns: readonly OutputColumn[]): string[] {
  const { identifierFold } = binder.semantics;
  return columns.map(({ name }) => {
    if (identifierFold === 'preserve') return name.toLowerCase();
    const folded = identifierFold === 'lower' ? name.toLowerCase() : name.toUpperCase();
    return folded === name ? name.toLowerCase() : `"${name}`;
  });
}
