/**
 * Access paths of one table: which indexes can serve which conditions, what each costs, and in which
 * order it yields rows.
 */
import type { SqlType } from '../../sblr/contract/types.ts';
import type { BoundExpression, ColumnId, OutputColumn, SortKey } from '../binder/bound.ts';
import type { IndexDefinition, IndexKeyDefinition, TableDefinition } from '../catalog/definitions.ts';
import { constantLike } from '../executor/expressions/like.ts';
import { plainEquality } from '../executor/expressions/arrays.ts';
import type { CompileContext } from '../executor/expressions/compile.ts';
import { BINARY, collationNamed, collationOf } from '../types/collation.ts';
import { columnsOf, conjunctsOf, hasSubquery, isVolatile, mapOperands, sameExpression } from './expression-walk.ts';
import type { PhysicalOrder } from './physical.ts';
import { selectivity, type EstimateContext } from './selectivity.ts';

export type PartMatch =
  | { readonly kind: 'value'; readonly value: BoundExpression }
  | { readonly kind: 'list'; readonly values: readonly BoundExpression[] }
  | { readonly kind: 'array'; readonly value: BoundExpression }
  | { readonly kind: 'null' };

export interface BoundMatch {
  readonly value: BoundExpression;
  readonly inclusive: boolean;
}

export interface IndexPath {
  readonly index: IndexDefinition;
  readonly parts: readonly PartMatch[];
  readonly lower: readonly BoundMatch[];
  readonly upper: readonly BoundMatch[];
  readonly notNull: boolean;
  readonly point: boolean;
  /** Conditions the index takes care of, for EXPLAIN and estimates. */
  readonly conditions: readonly BoundExpression[];
  /** What remains to be tested on each row. */
  readonly filter: readonly BoundExpression[];
  readonly reverse: boolean;
  readonly order: readonly PhysicalOrder[];
  readonly rows: number;
  readonly cost: number;
}

export interface ScanContext extends EstimateContext {
  readonly compile: CompileContext;
  readonly table: TableDefinition;
  /** Column ids by position. */
  readonly ids: ReadonlyMap<number, ColumnId>;
  readonly columns: readonly OutputColumn[];
  readonly tableRows: number;
}

export const COST = { page: 1, randomPage: 2, tuple: 0.01, indexTuple: 0.005, operator: 0.0025 };

/** Reading a row by its index entry: measured about four times a row of a whole table read in order. */
const ROW_COST = 0.25;

/** Sorting rows of which the first `kept` are wanted: measured six times a comparison's share per step. */
export function sortCost(rows: number, kept = rows): number {
  return rows * Math.log2(Math.max(2, kept)) * 6 * COST.operator;
}

/** Measured: opening a range takes about as long as reading twenty rows in order, finding a single key a sixth of that. */
function openingCost(point: boolean, tableRows: number): number {
  return Math.max(1, Math.log2(tableRows + 2)) * COST.operator + (point ? 0.2 : 1.2);
}

const INTEGERS = new Set(['int8', 'int16', 'int24', 'int32', 'int64']);

/** A comparison side without the widening casts that do not change its order. */
export function stripWidening(expression: BoundExpression): BoundExpression {
  if (expression.kind !== 'cast' || expression.domainId !== undefined) return expression;
  const { operand, type } = expression;
  const from = operand.type;
  if (INTEGERS.has(from.kind) && INTEGERS.has(type.kind) && bits(from) <= bits(type)) return stripWidening(operand);
  if (
    from.kind === 'text' &&
    type.kind === 'text' &&
    type.length === undefined &&
    from.fixed !== true &&
    type.fixed !== true &&
    from.collation === type.collation
  )
    return stripWidening(operand);
  return expression;
}

function bits(type: SqlType): number {
  return Number(type.kind.slice(3)) + (type.unsigned === true ? 1 : 0);
}

/** Can values compared as `operand` be looked up among keys of type `key`? */
function comparableKey(key: IndexKeyDefinition, operand: SqlType): boolean {
  const keyType = key.type;
  if (INTEGERS.has(keyType.kind) && INTEGERS.has(operand.kind)) return true;
  if (keyType.kind !== operand.kind) return false;
  if (keyType.kind === 'text') {
    return (
      (keyType.fixed === true || operand.fixed !== true) &&
      (key.collation ?? keyType.collation ?? 'binary') === (operand.collation ?? 'binary')
    );
  }
  if (keyType.kind === 'enum') return keyType.typeId === operand.typeId;
  return keyType.kind !== 'record' && keyType.kind !== 'json';
}

/** Do the key's entries lie in the order of its values? */
function isOrdered(key: IndexKeyDefinition): boolean {
  const type = key.type.kind === 'array' ? key.type.element : key.type;
  return type?.kind !== 'text' || collationNamed(collationOf(type, key.collation)).ordered;
}

/** The expression of an index key over this scan's column ids; undefined when a column is not available. */
function keyExpression(key: IndexKeyDefinition, context: ScanContext): BoundExpression | undefined {
  if (key.column !== 0) {
    const id = context.ids.get(key.column);
    return id === undefined ? undefined : { kind: 'column', id, type: key.type };
  }
  if (key.expression === undefined) return undefined;
  return toScanColumns(context.compile.stored.bindTableExpression(key.expression, context.table), context);
}

/** Stored expressions name columns by position; gives them this scan's ids. */
export function toScanColumns(
  expression: BoundExpression,
  context: Pick<ScanContext, 'ids'>,
): BoundExpression | undefined {
  let complete = true;
  const visit = (node: BoundExpression): BoundExpression => {
    if (node.kind === 'column') {
      const id = context.ids.get(node.id);
      if (id === undefined) complete = false;
      return id === undefined ? node : { ...node, id };
    }
    return mapOperands(node, visit);
  };
  const result = visit(expression);
  return complete ? result : undefined;
}

/** A column-free (for this table), non-volatile expression: usable as a key. */
function isKeyValue(expression: BoundExpression, local: ReadonlySet<ColumnId>): boolean {
  if (isVolatile(expression)) return false;
  for (const id of columnsOf(expression)) if (local.has(id)) return false;
  return true;
}

interface KeyMatches {
  part: { readonly part: PartMatch; readonly conjunct: BoundExpression } | undefined;
  readonly lower: { readonly bound: BoundMatch; readonly conjunct: BoundExpression; readonly exact: boolean }[];
  readonly upper: { readonly bound: BoundMatch; readonly conjunct: BoundExpression; readonly exact: boolean }[];
  readonly notNull: BoundExpression | undefined;
}

const FLIPPED = {
  equal: 'equal',
  not_equal: 'not_equal',
  less: 'greater',
  less_equal: 'greater_equal',
  greater: 'less',
  greater_equal: 'less_equal',
} as const;

function matchKey(
  key: IndexKeyDefinition,
  conjuncts: readonly BoundExpression[],
  local: ReadonlySet<ColumnId>,
  context: ScanContext,
): KeyMatches {
  const expression = keyExpression(key, context);
  const found: { -readonly [K in keyof KeyMatches]: KeyMatches[K] } = {
    part: undefined,
    lower: [],
    upper: [],
    notNull: undefined,
  };
  if (expression === undefined) return found;
  const isKey = (side: BoundExpression): boolean =>
    sameExpression(stripWidening(side), expression) || sameExpression(side, expression);
  for (const conjunct of conjuncts) {
    if (conjunct.kind === 'compare') {
      if (!comparableKey(key, conjunct.operandType)) continue;
      const leftIsKey = isKey(conjunct.left);
      if (!leftIsKey && !isKey(conjunct.right)) continue;
      const value = leftIsKey ? conjunct.right : conjunct.left;
      if (!isKeyValue(value, local)) continue;
      const operator = leftIsKey ? conjunct.operator : FLIPPED[conjunct.operator];
      if (operator !== 'equal' && !isOrdered(key)) continue;
      if (operator === 'equal') {
        if (found.part?.part.kind !== 'value') found.part = { part: { kind: 'value', value }, conjunct };
      } else if (operator === 'greater' || operator === 'greater_equal') {
        found.lower.push({ bound: { value, inclusive: operator === 'greater_equal' }, conjunct, exact: true });
      } else if (operator === 'less' || operator === 'less_equal') {
        found.upper.push({ bound: { value, inclusive: operator === 'less_equal' }, conjunct, exact: true });
      }
    } else if (conjunct.kind === 'in_list') {
      if (conjunct.negated || !comparableKey(key, conjunct.operandType) || !isKey(conjunct.operand)) continue;
      if (!conjunct.items.every((item) => isKeyValue(item, local))) continue;
      found.part ??= { part: { kind: 'list', values: conjunct.items }, conjunct };
    } else if (conjunct.kind === 'quantified_array') {
      const type = plainEquality(conjunct);
      if (
        type === undefined ||
        conjunct.quantifier !== 'any' ||
        !comparableKey(key, type) ||
        !isKey(conjunct.operand) ||
        !isKeyValue(conjunct.array, local)
      )
        continue;
      found.part ??= { part: { kind: 'array', value: conjunct.array }, conjunct };
    } else if (conjunct.kind === 'is_null') {
      if (!isKey(conjunct.operand) || conjunct.operand.type.kind === 'record') continue;
      if (conjunct.negated) found.notNull = conjunct;
      else found.part ??= { part: { kind: 'null' }, conjunct };
    } else matchPrefix(conjunct, isKey, key, found, context);
  }
  return found;
}

/** LIKE 'abc%' as a range. */
function matchPrefix(
  conjunct: BoundExpression,
  isKey: (side: BoundExpression) => boolean,
  key: IndexKeyDefinition,
  found: KeyMatches,
  context: ScanContext,
): void {
  const like = constantLike(conjunct, context.compile);
  if (like === undefined || like.negated || !isKey(like.operand)) return;
  const { collation } = like;
  if (collationNamed(collationOf(key.type, key.collation)) !== collation) return;
  const { shape } = like;
  if (shape.kind === 'equal' && collation === BINARY) {
    const value: BoundExpression = { kind: 'constant', value: shape.text, type: key.type };
    found.part ??= { part: { kind: 'value', value }, conjunct };
    return;
  }
  if (shape.text === '' || !['prefix', 'general', 'equal'].includes(shape.kind)) return;
  const after = collation === BINARY ? nextText(shape.text) : collation.after?.(shape.text);
  if (after === undefined) return;
  const exact = shape.kind === 'prefix' && collation === BINARY;
  found.lower.push({
    bound: { value: { kind: 'constant', value: shape.text, type: key.type }, inclusive: true },
    conjunct,
    exact,
  });
  found.upper.push({
    bound: { value: { kind: 'constant', value: after, type: key.type }, inclusive: false },
    conjunct,
    exact,
  });
}

/** The least text above all that begin with `prefix`. */
function nextText(prefix: string): string | undefined {
  const points = [...prefix];
  while (points.length > 0) {
    const code = (points.pop() as string).codePointAt(0) as number;
    if (code < 0x10ffff) {
      const next = code + 1 >= 0xd800 && code + 1 <= 0xdfff ? 0xe000 : code + 1;
      return points.join('') + String.fromCodePoint(next);
    }
  }
  return undefined;
}

/** Is the index's predicate certain to hold under the conditions? */
function impliesPredicate(
  index: IndexDefinition,
  conjuncts: readonly BoundExpression[],
  context: ScanContext,
): boolean {
  if (index.predicate === undefined) return true;
  const predicate = toScanColumns(context.compile.stored.bindTableExpression(index.predicate, context.table), context);
  if (predicate === undefined) return false;
  return conjunctsOf(predicate).every((needed) => conjuncts.some((conjunct) => implies(conjunct, needed)));
}

function implies(conjunct: BoundExpression, needed: BoundExpression): boolean {
  if (sameExpression(conjunct, needed)) return true;
  if (needed.kind === 'is_null' && needed.negated) {
    if (conjunct.kind === 'compare')
      return (
        sameExpression(stripWidening(conjunct.left), needed.operand) ||
        sameExpression(stripWidening(conjunct.right), needed.operand)
      );
    if (conjunct.kind === 'in_list') return sameExpression(stripWidening(conjunct.operand), needed.operand);
  }
  return false;
}

export function indexPaths(
  conjuncts: readonly BoundExpression[],
  wanted: readonly SortKey[] | undefined,
  context: ScanContext,
): IndexPath[] {
  const local = new Set(context.columns.map((column) => column.id));
  const usable = conjuncts.filter((conjunct) => !isVolatile(conjunct));
  const paths: IndexPath[] = [];
  for (const index of context.table.indexes) {
    if (!index.ready || (index.method !== 'btree' && index.method !== '')) continue;
    if (!impliesPredicate(index, usable, context)) continue;
    const path = matchIndex(index, usable, conjuncts, wanted, local, context);
    if (path !== undefined) paths.push(path);
  }
  return paths;
}

function matchIndex(
  index: IndexDefinition,
  usable: readonly BoundExpression[],
  all: readonly BoundExpression[],
  wanted: readonly SortKey[] | undefined,
  local: ReadonlySet<ColumnId>,
  context: ScanContext,
): IndexPath | undefined {
  const parts: PartMatch[] = [];
  const used = new Set<BoundExpression>();
  const conditions: BoundExpression[] = [];
  const lower: BoundMatch[] = [];
  const upper: BoundMatch[] = [];
  let notNull = false;
  for (const key of index.keys) {
    const match = matchKey(key, usable, local, context);
    if (match.part !== undefined) {
      parts.push(match.part.part);
      used.add(match.part.conjunct);
      conditions.push(match.part.conjunct);
      continue;
    }
    for (const [matches, bounds] of [
      [match.lower, lower],
      [match.upper, upper],
    ] as const) {
      for (const one of matches) {
        bounds.push(one.bound);
        if (!conditions.includes(one.conjunct)) conditions.push(one.conjunct);
        if (one.exact) used.add(one.conjunct);
      }
    }
    if (match.notNull !== undefined) {
      notNull = true;
      used.add(match.notNull);
      conditions.push(match.notNull);
    }
    if (lower.length > 0 || upper.length > 0) notNull = true;
    break;
  }
  const order = indexOrder(index, parts, wanted, context);
  if (conditions.length === 0 && (order.order.length === 0 || wanted === undefined)) return undefined;
  const point =
    index.unique &&
    parts.length === index.keys.length &&
    parts.every((part) => part.kind !== 'null') &&
    !index.nullsNotDistinct;
  const filter = all.filter((conjunct) => !used.has(conjunct));
  let share = 1;
  for (const condition of conditions) share *= selectivity(condition, context);
  let rows = Math.max(1, context.tableRows * share);
  if (point && parts.every((part) => part.kind === 'value')) rows = 1;
  let selected = rows;
  for (const conjunct of filter) selected *= selectivity(conjunct, context);
  const cost = openingCost(point, context.tableRows) + rows * (ROW_COST + filter.length * COST.operator);
  return {
    index,
    parts,
    lower,
    upper,
    notNull,
    point,
    conditions,
    filter,
    reverse: order.reverse,
    order: order.order,
    rows: Math.max(1, selected),
    cost,
  };
}

/** Order in which the index yields rows, in the direction that serves the wanted order if either does. */
function indexOrder(
  index: IndexDefinition,
  parts: readonly PartMatch[],
  wanted: readonly SortKey[] | undefined,
  context: ScanContext,
): { order: PhysicalOrder[]; reverse: boolean } {
  if (parts.some((part) => part.kind === 'list' || part.kind === 'array')) return { order: [], reverse: false };
  const order: PhysicalOrder[] = [];
  for (let at = 0; at < index.keys.length; at++) {
    const key = index.keys[at];
    const id = key.column === 0 ? undefined : context.ids.get(key.column);
    if (at < parts.length) continue;
    if (id === undefined || !isOrdered(key)) break;
    order.push({ id, descending: key.descending, nullsFirst: key.nullsFirst, collation: key.collation });
  }
  const first = wanted?.find(
    (one) => one.expression.kind === 'column' && order.some((key) => key.id === (one.expression as { id: number }).id),
  );
  if (first === undefined || first.expression.kind !== 'column') return { order, reverse: false };
  const { id } = first.expression;
  const key = order.find((one) => one.id === id);
  if (key === undefined || key.descending === first.descending) return { order, reverse: false };
  return {
    order: order.map((one) => ({ ...one, descending: !one.descending, nullsFirst: !one.nullsFirst })),
    reverse: true,
  };
}

/** Ids that equality conditions fix to one value: they do not matter in an order. */
export function fixedColumns(conjuncts: readonly BoundExpression[]): Set<ColumnId> {
  const fixed = new Set<ColumnId>();
  for (const conjunct of conjuncts) {
    if (conjunct.kind !== 'compare' || conjunct.operator !== 'equal') continue;
    for (const [side, other] of [
      [conjunct.left, conjunct.right],
      [conjunct.right, conjunct.left],
    ] as const) {
      const stripped = stripWidening(side);
      if (stripped.kind === 'column' && columnsOf(other).size === 0 && !isVolatile(other) && !hasSubquery(other))
        fixed.add(stripped.id);
    }
  }
  return fixed;
}

/** How a sort key compares text. */
function collationOfKey(key: SortKey): string | undefined {
  return key.collation ?? key.expression.type.collation;
}

/** The order of rows sorted by `keys`, as far as they are columns. */
export function orderOfKeys(keys: readonly SortKey[]): PhysicalOrder[] {
  const order: PhysicalOrder[] = [];
  for (const key of keys) {
    if (key.expression.kind !== 'column') break;
    const { descending, nullsFirst } = key;
    order.push({ id: key.expression.id, descending, nullsFirst, collation: collationOfKey(key) });
  }
  return order;
}

/** Do rows sorted by `have` satisfy `wanted`? `notNull`: ids that are never NULL. */
export function satisfiesOrder(
  have: readonly PhysicalOrder[],
  wanted: readonly SortKey[],
  fixed: ReadonlySet<ColumnId>,
  notNull: ReadonlySet<ColumnId>,
): boolean {
  let at = 0;
  for (const key of wanted) {
    if (key.expression.kind === 'constant' || key.expression.kind === 'parameter') continue;
    if (key.expression.kind !== 'column') return false;
    const { id } = key.expression;
    if (fixed.has(id)) continue;
    while (at < have.length && fixed.has(have[at].id)) at++;
    const next = have[at++];
    if (next === undefined || next.id !== id || next.descending !== key.descending) return false;
    if (next.nullsFirst !== key.nullsFirst && !notNull.has(id)) return false;
    if ((collationOfKey(key) ?? 'binary') !== (next.collation ?? 'binary')) return false;
  }
  return true;
}
