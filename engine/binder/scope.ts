/**
 * Names in scope: the relations of a FROM clause and the columns they offer, chained to the scopes of
 * outer queries; and the query level that collects aggregates and window calls.
 */
import type { Identifier, Name } from '../../sblr/contract/names.ts';
import { identifierKey } from '../../sblr/contract/names.ts';
import type { SqlType } from '../../sblr/contract/types.ts';
import type { SystemRelation, TableDefinition } from '../catalog/definitions.ts';
import type {
  AggregateCall,
  BoundExpression,
  ColumnId,
  OutputColumn,
  WindowCall,
  WindowFrame,
  SortKey,
} from './bound.ts';
import type { Binder, CteBinding } from './context.ts';
import { fail } from './errors.ts';

/** The part of a query an expression stands in; decides what it may contain and how errors name it. */
export type Clause =
  | 'select'
  | 'where'
  | 'having'
  | 'group'
  | 'order'
  | 'distinct'
  | 'join'
  | 'from_function'
  | 'from_subquery'
  | 'values'
  | 'limit'
  | 'offset'
  | 'window'
  | 'filter'
  | 'returning'
  | 'assignment'
  | 'insert'
  | 'merge'
  | 'conflict'
  | 'check'
  | 'default'
  | 'index'
  | 'index_predicate'
  | 'generated'
  | 'standalone';

const CLAUSE_NAMES: Partial<Record<Clause, string>> = {
  where: 'WHERE',
  group: 'GROUP BY',
  join: 'JOIN conditions',
  from_function: 'functions in FROM',
  from_subquery: 'FROM clause of their own query level',
  values: 'VALUES',
  limit: 'LIMIT',
  offset: 'OFFSET',
  window: 'window definitions',
  filter: 'FILTER',
  returning: 'RETURNING',
  assignment: 'UPDATE',
  insert: 'VALUES',
  merge: 'MERGE WHEN conditions',
  conflict: 'ON CONFLICT',
  check: 'check constraints',
  default: 'DEFAULT expressions',
  index: 'index expressions',
  index_predicate: 'index predicates',
  generated: 'column generation expressions',
  standalone: 'this context',
  having: 'HAVING',
  select: 'SELECT',
  order: 'ORDER BY',
  distinct: 'DISTINCT ON',
};

export function clauseName(clause: Clause): string {
  return CLAUSE_NAMES[clause] ?? clause;
}

export interface BoundWindow {
  readonly partition: readonly BoundExpression[];
  readonly order: readonly SortKey[];
  readonly frame: WindowFrame;
}

export interface PendingWindowCall extends BoundWindow {
  readonly call: WindowCall;
}

/** One query level (one SELECT): what its expressions register. */
export interface QueryLevel {
  readonly depth: number;
  clause: Clause;
  readonly aggregates: AggregateCall[];
  readonly windows: PendingWindowCall[];
  /** Set-returning calls of the select list. */
  readonly sets: { readonly column: OutputColumn; readonly expression: BoundExpression }[];
  readonly groupings: {
    readonly column: OutputColumn;
    readonly items: readonly BoundExpression[];
    readonly pos: number | undefined;
  }[];
  windowDepth: number;
  /** Columns of this FROM clause used by lateral items of it. */
  readonly lateralIds: ColumnId[];
  /** Column ids of the FROM clause are in [fromStart, fromEnd). */
  fromStart: ColumnId;
  fromEnd: ColumnId;
  namedWindows: ReadonlyMap<string, BoundWindow & { readonly framed: boolean }> | undefined;
}

export function newLevel(depth: number): QueryLevel {
  return {
    depth,
    clause: 'select',
    aggregates: [],
    windows: [],
    sets: [],
    groupings: [],
    windowDepth: 0,
    lateralIds: [],
    fromStart: 0,
    fromEnd: 0,
    namedWindows: undefined,
  };
}

/** A relation in FROM. */
export interface RangeEntry {
  /** identifierKey of the alias; '' = cannot be named. */
  readonly key: string;
  readonly display: string;
  /** Schema-qualified name it may also be referred to by, when it has no alias. */
  readonly qualified: readonly string[] | undefined;
  readonly columns: readonly OutputColumn[];
  readonly keys: readonly string[];
  /** Values of merged join columns, by index; absent = the column itself. */
  readonly expressions: readonly (BoundExpression | undefined)[] | undefined;
  /** Position of a key in `columns`; -1 not found, -2 several. */
  find(key: string): number;
  /** Are its columns found without a qualifier (and by *)? */
  readonly unqualified: boolean;
  /** Can it be named as a qualifier? */
  readonly nameable: boolean;
  readonly table: TableDefinition | undefined;
  readonly system: SystemRelation | undefined;
  /** Id of a catalog view, whose rows tell which relation they are from as a table's do. */
  readonly catalogId?: number | undefined;
  /** Column holding the row key, where the scan was asked to carry it. */
  readonly rowKey: ColumnId | undefined;
  /** Set when an outer join may null-extend the entry. */
  readonly nullable: { value: boolean };
  /** The value of the entry as a whole is its only column (functions returning scalars). */
  readonly scalar: boolean;
  /** Composite type of the whole row where it has a name. */
  readonly rowType: SqlType | undefined;
}

/** Entries with the same columns and other visibility. */
export function withVisibility(entry: RangeEntry, unqualified: boolean, nameable: boolean): RangeEntry {
  return entry.unqualified === unqualified && entry.nameable === nameable ? entry : { ...entry, unqualified, nameable };
}

export function indexKeys(keys: readonly string[]): (key: string) => number {
  if (keys.length <= 8) {
    return (key) => {
      const at = keys.indexOf(key);
      return at >= 0 && keys.indexOf(key, at + 1) >= 0 ? -2 : at;
    };
  }
  let map: Map<string, number> | undefined;
  return (key) => {
    if (map === undefined) {
      map = new Map();
      for (let i = 0; i < keys.length; i++) map.set(keys[i] as string, map.has(keys[i] as string) ? -2 : i);
    }
    return map.get(key) ?? -1;
  };
}

export class Scope {
  readonly binder: Binder;
  readonly parent: Scope | undefined;
  readonly level: QueryLevel;
  readonly entries: RangeEntry[];
  readonly ctes: CteBinding | undefined;
  /** Set when a name was found here: tells LATERAL items from plain ones, and correlated subqueries. */
  used = false;
  /** Output aliases that names may refer to (GROUP BY, HAVING where the semantics say so). */
  aliases: ReadonlyMap<string, BoundExpression> | undefined;
  /** Relations of the same FROM that are there but may not be referred to, for the message. */
  blocked: readonly RangeEntry[] = [];
  /** The scope shows an item of FROM the relations to its left. */
  lateral = false;

  constructor(
    binder: Binder,
    parent: Scope | undefined,
    level: QueryLevel,
    ctes: CteBinding | undefined,
    entries: RangeEntry[] = [],
  ) {
    this.binder = binder;
    this.parent = parent;
    this.level = level;
    this.ctes = ctes;
    this.entries = entries;
  }
}

export interface ResolvedColumn {
  readonly entry: RangeEntry;
  readonly index: number;
  readonly scope: Scope;
}

function columnAt(resolved: ResolvedColumn, pos: number | undefined): BoundExpression {
  const { entry, index, scope } = resolved;
  scope.used = true;
  noteLevel(scope);
  const column = entry.columns[index] as OutputColumn;
  if (scope.lateral) scope.level.lateralIds.push(column.id);
  noteRead(scope.binder, column);
  const replaced = entry.expressions?.[index];
  const expression: BoundExpression = replaced ?? { kind: 'column', id: column.id, type: column.type, pos };
  scope.binder.shared.trace?.column(expression, entry, index);
  return expression;
}

/** Remembers that the privilege to read the column is needed. */
export function noteRead(binder: Binder, column: OutputColumn): void {
  const check = binder.shared.checks[column.id];
  if (check !== undefined) check.positions.add(column.position);
}

/** Tells the aggregates being bound which query level their arguments use. */
export function noteLevel(scope: Scope): void {
  for (const open of scope.binder.shared.openAggregates) {
    if (scope.level.depth <= open.at && scope.level.depth > open.level) open.level = scope.level.depth;
  }
}

/** An unqualified column, searched from the inner scope outwards. */
export function findUnqualified(scope: Scope, key: string, pos: number | undefined): ResolvedColumn | undefined {
  for (let at: Scope | undefined = scope; at !== undefined; at = at.parent) {
    let found: ResolvedColumn | undefined;
    for (const entry of at.entries) {
      if (!entry.unqualified) continue;
      const index = entry.find(key);
      if (index === -1) continue;
      if (index === -2 || found !== undefined)
        fail('ambiguous_column', `column reference "${displayKey(key)}" is ambiguous`, pos, {
          args: { column: displayKey(key), clause: scope.level.clause },
        });
      found = { entry, index, scope: at };
    }
    if (found !== undefined) return found;
  }
  return undefined;
}

export function displayKey(key: string): string {
  return key.startsWith('"') ? key.slice(1) : key;
}

/** The entry a qualifier names. */
export function findEntry(
  scope: Scope,
  qualifier: Name,
  pos: number | undefined,
): { entry: RangeEntry; scope: Scope } | undefined {
  const key = identifierKey(qualifier[qualifier.length - 1] as Identifier);
  for (let at: Scope | undefined = scope; at !== undefined; at = at.parent) {
    let found: RangeEntry | undefined;
    for (const entry of at.entries) {
      if (!entry.nameable || entry.key !== key) continue;
      if (qualifier.length > 1 && !qualifierMatches(entry, qualifier)) continue;
      if (found !== undefined) fail('ambiguous_alias', `table reference "${displayKey(key)}" is ambiguous`, pos);
      found = entry;
    }
    if (found !== undefined) return { entry: found, scope: at };
  }
  return undefined;
}

function qualifierMatches(entry: RangeEntry, qualifier: Name): boolean {
  const { qualified } = entry;
  if (qualified === undefined) return false;
  for (let i = 2; i <= qualifier.length; i++) {
    const want = identifierKey(qualifier[qualifier.length - i] as Identifier);
    if (qualified[qualified.length - i] !== want) return false;
  }
  return true;
}

/** Raises the error for a qualifier that names nothing in scope. */
export function missingEntry(scope: Scope, qualifier: Name, pos: number | undefined, column?: Identifier): never {
  const display = scope.binder.display(qualifier[qualifier.length - 1] as Identifier);
  const key = identifierKey(qualifier[qualifier.length - 1] as Identifier);
  for (let at: Scope | undefined = scope; at !== undefined; at = at.parent) {
    for (const entry of at.blocked) {
      if (entry.key === key) {
        fail('undefined_table', `invalid reference to FROM-clause entry for table "${display}"`, pos, {
          hint: `There is an entry for table "${display}", but it cannot be referenced from this part of the query.`,
        });
      }
    }
    for (const entry of at.entries) {
      if (qualifier.length > 1 && entry.key === key) {
        fail('undefined_table', `invalid reference to FROM-clause entry for table "${display}"`, pos, {
          hint: `There is an entry for table "${display}", but it cannot be referenced from this part of the query.`,
        });
      }
      if (entry.qualified !== undefined && entry.key !== key && entry.qualified[entry.qualified.length - 1] === key) {
        fail('undefined_table', `invalid reference to FROM-clause entry for table "${display}"`, pos, {
          hint: `Perhaps you meant to reference the table alias "${entry.display}".`,
        });
      }
      if (entry.table !== undefined && entry.key !== key && identifierKey(entry.table.name) === key) {
        fail('undefined_table', `invalid reference to FROM-clause entry for table "${display}"`, pos, {
          hint: `Perhaps you meant to reference the table alias "${entry.display}".`,
        });
      }
      if (entry.key === key && !entry.nameable) {
        fail('undefined_table', `invalid reference to FROM-clause entry for table "${display}"`, pos, {
          hint: `There is an entry for table "${display}", but it cannot be referenced from this part of the query.`,
        });
      }
    }
  }
  const written = column === undefined ? [...qualifier] : [...qualifier, column];
  return fail('undefined_table', `missing FROM-clause entry for table "${display}"`, pos, {
    variant: 'from_entry',
    args: { column: written.map((part) => scope.binder.display(part)).join('.'), clause: scope.level.clause },
  });
}

/** Suggests a column of a similar name, as the hint of an undefined column. */
export function similarColumn(scope: Scope, key: string): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.min(4, Math.floor(key.length / 2) + 1);
  for (let at: Scope | undefined = scope; at !== undefined; at = at.parent) {
    for (const entry of at.entries) {
      if (entry.key === '') continue;
      for (let i = 0; i < entry.keys.length; i++) {
        const candidate = entry.keys[i] as string;
        if (candidate === key)
          return `There is a column named "${displayKey(key)}" in table "${entry.display}", but it cannot be referenced from this part of the query.`;
        const distance = editDistance(key, candidate, bestDistance);
        if (distance < bestDistance) {
          bestDistance = distance;
          best = `Perhaps you meant to reference the column "${entry.display}.${displayKey(candidate)}".`;
        }
      }
    }
  }
  return best;
}

function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit || a.length > 63 || b.length > 63) return limit;
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(
        Math.min(
          (row[j] as number) + 1,
          (next[j - 1] as number) + 1,
          (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1),
        ),
      );
    }
    row = next;
  }
  return row[b.length] as number;
}

/** The bound expression of a resolved column. */
export function useColumn(resolved: ResolvedColumn, pos: number | undefined): BoundExpression {
  return columnAt(resolved, pos);
}
