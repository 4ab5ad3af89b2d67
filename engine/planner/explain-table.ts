/**
 * EXPLAIN as a table: a row per relation that a query reads, in the order in which it reads them, with how its rows
 * are found. Blocks of a query (subqueries, members of unions, common tables) have numbers of their own.
 */
import type { Identifier } from '../../sblr/contract/names.ts';
import { INT64, TEXT, type SqlType } from '../../sblr/contract/types.ts';
import { Decimal, type Row } from '../../sblr/contract/values.ts';
import type { BoundExpression } from '../binder/bound.ts';
import type { IndexDefinition, IndexKeyDefinition, TableDefinition } from '../catalog/definitions.ts';
import { columnsOf, forEachOperand } from './expression-walk.ts';
import type { PhysicalPlan } from './plan.ts';
import type { PhysicalNode, ReadRelation, TableAccessPath } from './physical.ts';
import type { Planner } from './planner.ts';

export const EXPLAIN_COLUMNS: readonly { readonly name: string; readonly type: SqlType }[] = [
  { name: 'id', type: INT64 },
  { name: 'select_type', type: TEXT },
  { name: 'table', type: TEXT },
  { name: 'partitions', type: TEXT },
  { name: 'type', type: TEXT },
  { name: 'possible_keys', type: TEXT },
  { name: 'key', type: TEXT },
  { name: 'key_len', type: TEXT },
  { name: 'ref', type: TEXT },
  { name: 'rows', type: INT64 },
  { name: 'filtered', type: { kind: 'decimal', precision: 5, scale: 2 } },
  { name: 'Extra', type: TEXT },
];

interface Line {
  readonly block: number | null;
  readonly selectType: string;
  readonly table: string | null;
  readonly type: string | null;
  readonly possibleKeys: string | null;
  readonly key: string | null;
  readonly keyLength: string | null;
  readonly ref: string | null;
  readonly rows: number | null;
  readonly filtered: number | null;
  readonly extra: string[];
}

export function explainRows(plan: PhysicalPlan, display: (identifier: Identifier) => string): Row[] {
  const lines = new TableExplainer(plan.planner, display).lines(plan.root);
  return lines.map((line) => [
    line.block,
    line.selectType,
    line.table,
    null,
    line.type,
    line.possibleKeys,
    line.key,
    line.keyLength,
    line.ref,
    line.rows,
    line.filtered === null ? null : new Decimal(Math.round(line.filtered * 100), 2),
    line.extra.length === 0 ? null : line.extra.join('; '),
  ]);
}

const MODIFICATIONS: ReadonlySet<string> = new Set(['Insert', 'Update', 'Delete', 'Merge']);
const GROUPING: ReadonlySet<string> = new Set(['HashAggregate', 'Unique', 'WindowAgg', 'Recursive Union']);

class TableExplainer {
  readonly #planner: Planner;
  readonly #display: (identifier: Identifier) => string;
  readonly #lines: Line[] = [];
  /** Blocks still to be written: they come after the one that they stand in. */
  readonly #pending: { readonly block: number; readonly selectType: string; readonly node: PhysicalNode }[] = [];
  readonly #seen = new Set<PhysicalNode>();
  #blocks = 1;

  constructor(planner: Planner, display: (identifier: Identifier) => string) {
    this.#planner = planner;
    this.#display = display;
  }

  lines(root: PhysicalNode): readonly Line[] {
    this.#block(1, 'PRIMARY', root);
    for (let at = 0; at < this.#pending.length; at++) {
      const { block, selectType, node } = this.#pending[at]!;
      this.#block(block, selectType, node);
    }
    if (this.#blocks > 1) return this.#lines;
    return this.#lines.map((line) => (line.selectType === 'PRIMARY' ? { ...line, selectType: 'SIMPLE' } : line));
  }

  /** One block: its first line tells of sorts and temporary tables of the whole. */
  #block(block: number, selectType: string, node: PhysicalNode): void {
    const first = this.#lines.length;
    const work = new Set<string>();
    this.#walk(node, block, selectType, false, work);
    const line = this.#lines[first];
    if (line !== undefined) line.extra.push(...['Using temporary', 'Using filesort'].filter((one) => work.has(one)));
  }

  #walk(node: PhysicalNode, block: number, selectType: string, buffered: boolean, work: Set<string>): void {
    if (this.#seen.has(node)) return;
    this.#seen.add(node);
    const { title, reads, details } = node.facts;
    if (title === 'Sort') work.add('Using filesort');
    if (GROUPING.has(title)) work.add('Using temporary');
    if (title === 'Append') return this.#union(node, block, selectType);
    let type = selectType;
    if (MODIFICATIONS.has(title) && node.children.length > 0) {
      type = title.toUpperCase();
      if (title === 'Insert') this.#line(block, type, reads?.name ?? null, 'ALL');
    } else if (reads !== undefined) this.#read(node, reads, block, selectType, buffered);
    else if (title === 'Result' && node.children.length === 0)
      this.#line(block, selectType, null, null, 'No tables used');
    const inner = title === 'Insert' ? 'SIMPLE' : type;
    for (const [at, child] of node.children.entries())
      this.#walk(child, block, inner, buffered || (at > 0 && title.startsWith('Hash')), work);
    for (const { heading, node: subplan } of node.facts.subplans ?? [])
      this.#later(heading.startsWith('CTE') ? 'DERIVED' : 'SUBQUERY', subplan);
    for (const detail of details ?? []) for (const expression of detail.expressions ?? []) this.#subqueries(expression);
  }

  /** Members after the first are blocks of their own; duplicates are taken out of what all of them gave. */
  #union(node: PhysicalNode, block: number, selectType: string): void {
    for (const [at, child] of node.children.entries()) {
      if (at === 0) this.#block(block, selectType, child);
      else this.#later('UNION', child);
    }
  }

  #later(selectType: string, node: PhysicalNode): void {
    this.#blocks++;
    this.#pending.push({ block: this.#blocks, selectType, node });
  }

  #subqueries(expression: BoundExpression): void {
    for (const { plan, node, initial } of this.#planner.subplans) {
      if (this.#seen.has(node) || this.#pending.some((one) => one.node === node)) continue;
      if (containsPlan(expression, plan)) this.#later(initial ? 'SUBQUERY' : 'DEPENDENT SUBQUERY', node);
    }
  }

  #read(node: PhysicalNode, reads: ReadRelation, block: number, selectType: string, buffered: boolean): void {
    const table = reads.alias === '' ? reads.name : reads.alias;
    const extra = (node.facts.details ?? []).some((detail) => detail.label === 'Filter') ? ['Using where'] : [];
    if (buffered) extra.push('Using join buffer (hash join)');
    const { access } = reads;
    if (access === undefined) {
      this.#lines.push({ ...EMPTY, block, selectType, table, type: 'ALL', rows: Math.round(node.rows), extra });
      return;
    }
    const { index } = access;
    this.#lines.push({
      block,
      selectType,
      table,
      type: accessType(access),
      possibleKeys: this.#possibleKeys(access),
      key: index === undefined ? null : this.#indexName(index),
      keyLength: index === undefined ? null : keyLength(access, index),
      ref: access.equal.length === 0 ? null : access.equal.map((value) => this.#reference(value)).join(','),
      rows: Math.max(1, Math.round(index === undefined ? access.tableRows : node.rows)),
      filtered: filtered(access, node.rows),
      extra,
    });
  }

  #line(block: number, selectType: string, table: string | null, type: string | null, ...extra: string[]): void {
    this.#lines.push({ ...EMPTY, block, selectType, table, type, extra });
  }

  #indexName(index: IndexDefinition): string {
    return this.#display(index.localName ?? index.name);
  }

  /** Indexes whose first key stands in a condition. */
  #possibleKeys({ table, conditions, index }: TableAccessPath): string | null {
    const positions = new Set<number>();
    for (const condition of conditions)
      for (const id of columnsOf(condition)) {
        const origin = this.#planner.origins.get(id);
        if (origin?.tableId === table.id) positions.add(origin.position);
      }
    const names = table.indexes
      .filter((one) => one === index || (one.keys[0] !== undefined && positions.has(one.keys[0].column)))
      .map((one) => this.#indexName(one));
    return names.length === 0 || conditions.length === 0 ? null : names.join(',');
  }

  #reference(value: BoundExpression): string {
    switch (value.kind) {
      case 'constant':
      case 'parameter':
      case 'variable':
        return 'const';
      case 'column': {
        const origin = this.#planner.origins.get(value.id);
        const alias = this.#planner.aliases.get(value.id);
        return origin === undefined
          ? 'func'
          : `${alias === undefined || alias === '' ? '' : `${alias}.`}${origin.name}`;
      }
      case 'cast':
        return this.#reference(value.operand);
      default:
        return 'func';
    }
  }
}

const EMPTY: Omit<Line, 'block' | 'selectType' | 'extra'> = {
  table: null,
  type: null,
  possibleKeys: null,
  key: null,
  keyLength: null,
  ref: null,
  rows: null,
  filtered: null,
};

/** From one row at most to all of them. */
function accessType({ index, unique, equal, ranged }: TableAccessPath): string {
  if (index === undefined) return 'ALL';
  if (unique) return equal.every(isKnown) ? 'const' : 'eq_ref';
  if (ranged > 0) return 'range';
  return equal.length > 0 ? 'ref' : 'index';
}

function isKnown(value: BoundExpression): boolean {
  return value.kind === 'cast' ? isKnown(value.operand) : value.kind === 'constant' || value.kind === 'parameter';
}

/** Percentage of the rows read that pass the conditions on the table. */
function filtered({ index, tableRows, conditions }: TableAccessPath, rows: number): number {
  if (index !== undefined || conditions.length === 0 || tableRows <= 0) return 100;
  return Math.min(100, (rows / tableRows) * 100);
}

/** Bytes of the keys that are looked for, as lengths of declared types add up; null where one has no length. */
function keyLength({ table, equal, ranged }: TableAccessPath, index: IndexDefinition): string | null {
  const used = equal.length + ranged;
  let bytes = 0;
  for (const key of index.keys.slice(0, used === 0 ? undefined : used)) {
    const length = typeLength(key);
    if (length === undefined) return null;
    bytes += length + (isNullable(key, table) ? 1 : 0);
  }
  return String(bytes);
}

function isNullable(key: IndexKeyDefinition, table: TableDefinition): boolean {
  return table.columns[key.column - 1]?.notNull !== true;
}

const LENGTHS: Partial<Record<SqlType['kind'], number>> = {
  bool: 1,
  int16: 2,
  int32: 4,
  int64: 8,
  float32: 4,
  float64: 8,
  date: 3,
  time: 3,
  timestamp: 5,
  timestamptz: 4,
  uuid: 16,
};
const CHARACTER_BYTES = 4;
/** Texts of variable length say how long they are. */
const LENGTH_BYTES = 2;

function typeLength({ type, prefixLength }: IndexKeyDefinition): number | undefined {
  const fixed = LENGTHS[type.kind];
  if (fixed !== undefined) return fixed;
  const length = prefixLength ?? type.length;
  if (length === undefined) return undefined;
  const bytes = type.kind === 'text' ? length * CHARACTER_BYTES : length;
  return bytes + (type.fixed === true ? 0 : LENGTH_BYTES);
}

function containsPlan(expression: BoundExpression, plan: unknown): boolean {
  if ((expression.kind === 'subquery' || expression.kind === 'quantified_query') && expression.plan === plan)
    return true;
  let found = false;
  forEachOperand(expression, (operand) => (found ||= containsPlan(operand, plan)));
  return found;
}
