/**
 * Small tools over bound expressions and plans: structural equality, rewriting of every expression in a
 * plan, purity.
 */
import type { BoundExpression, ColumnId, LogicalPlan } from './bound.ts';
import { sameType } from './type-facts.ts';
import type { SqlType } from '../../sblr/contract/types.ts';

/**
 * Do two expressions compute the same from the same row? Positions do not count; ids bound inside
 * (`let`, quantifiers) are matched with each other. Subqueries are equal only when identical.
 */
export function equalExpressions(a: BoundExpression, b: BoundExpression): boolean {
  return equal(a, b, []);
}

function equal(a: BoundExpression, b: BoundExpression, bound: [ColumnId, ColumnId][]): boolean {
  if (a === b) return true;
  if (a.kind !== b.kind) return false;
  if (a.kind === 'column') return sameId(a.id, (b as typeof a).id, bound);
  if (a.kind === 'subquery' || a.kind === 'quantified_query') return false;
  if (a.kind === 'let') bound.push([a.id, (b as typeof a).id]);
  if (a.kind === 'quantified_array') bound.push([a.left, (b as typeof a).left], [a.right, (b as typeof a).right]);
  return equalFields(a as unknown as Fields, b as unknown as Fields, bound);
}

type Fields = Readonly<Record<string, unknown>>;

function sameId(a: ColumnId, b: ColumnId, bound: readonly [ColumnId, ColumnId][]): boolean {
  for (const [left, right] of bound) if (left === a || right === b) return left === a && right === b;
  return a === b;
}

function equalFields(a: Fields, b: Fields, bound: [ColumnId, ColumnId][]): boolean {
  for (const key in a) {
    if (
      key === 'pos' ||
      key === 'shown' ||
      (key === 'left' && typeof a[key] === 'number') ||
      (key === 'right' && typeof a[key] === 'number')
    )
      continue;
    if (key === 'id') {
      if (!sameId(a[key] as number, b[key] as number, bound)) return false;
      continue;
    }
    if (!equalValues(key, a[key], b[key], bound)) return false;
  }
  return true;
}

function equalValues(key: string, a: unknown, b: unknown, bound: [ColumnId, ColumnId][]): boolean {
  if (a === b) return true;
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object')
    return typeof a === 'number' && Number.isNaN(a) && Number.isNaN(b);
  if (key === 'type' || key === 'operandType') return sameType(a as SqlType, b as SqlType);
  if (key === 'function' || key === 'routine') return false;
  if (Array.isArray(a))
    return Array.isArray(b) && a.length === b.length && a.every((item, i) => equalValues('', item, b[i], bound));
  if (typeof (a as { kind?: unknown }).kind === 'string')
    return equal(a as BoundExpression, b as BoundExpression, bound);
  return equalFields(a as Fields, b as Fields, bound) && a.constructor === b.constructor;
}

/** Maps each direct operand; the same object when nothing changed. Plans of subqueries go through `mapPlan`. */
export function mapChildren(
  expression: BoundExpression,
  map: (operand: BoundExpression) => BoundExpression,
  mapPlan: (plan: LogicalPlan) => LogicalPlan,
): BoundExpression {
  return mapRecord(expression as unknown as Fields, map, mapPlan) as unknown as BoundExpression;
}

const OPAQUE = new Set([
  'type',
  'operandType',
  'function',
  'routine',
  'value',
  'table',
  'relation',
  'columns',
  'column',
  'target',
  'indexes',
  'existing',
  'proposed',
  'updated',
]);

function mapRecord(
  record: Fields,
  map: (operand: BoundExpression) => BoundExpression,
  mapPlan: (plan: LogicalPlan) => LogicalPlan,
): Fields {
  let copy: Record<string, unknown> | undefined;
  for (const key in record) {
    const old = record[key];
    if (old === null || typeof old !== 'object') continue;
    // `value` is a constant's value, but an expression in `let` and `set_variable`.
    if (OPAQUE.has(key) && !(key === 'value' && (record['kind'] === 'let' || record['kind'] === 'set_variable')))
      continue;
    const result =
      key === 'plan' || (PLAN_INPUTS.has(key) && isPlan(old))
        ? mapPlan(old as LogicalPlan)
        : mapValue(old, map, mapPlan);
    if (result !== old) {
      copy ??= { ...record };
      copy[key] = result;
    }
  }
  return copy ?? record;
}

const PLAN_INPUTS = new Set(['source', 'left', 'right', 'body', 'base', 'step']);
const PLAN_KINDS: ReadonlySet<string> = new Set<LogicalPlan['kind']>([
  'dual',
  'scan',
  'system_scan',
  'function_scan',
  'values',
  'filter',
  'project',
  'join',
  'aggregate',
  'window',
  'distinct',
  'sort',
  'limit',
  'set_operation',
  'with',
  'cte_scan',
  'recursive_union',
  'lock_rows',
  'insert',
  'update',
  'delete',
  'modify_joined',
  'merge',
]);

function isPlan(value: object): boolean {
  return PLAN_KINDS.has((value as { kind: string }).kind);
}

function mapValue(
  value: object,
  map: (operand: BoundExpression) => BoundExpression,
  mapPlan: (plan: LogicalPlan) => LogicalPlan,
): unknown {
  if (Array.isArray(value)) {
    let copy: unknown[] | undefined;
    for (let i = 0; i < value.length; i++) {
      const old = value[i] as unknown;
      if (old === null || typeof old !== 'object') continue;
      const result = mapValue(old, map, mapPlan);
      if (result !== old) {
        copy ??= value.slice();
        copy[i] = result;
      }
    }
    return copy ?? value;
  }
  if (typeof (value as { kind?: unknown }).kind === 'string') return map(value as BoundExpression);
  return mapRecord(value as Fields, map, mapPlan);
}

/** A plan with `map` applied to each expression standing in it, and `mapSource` to its sources; by default these are mapped likewise. */
export function mapPlanExpressions(
  plan: LogicalPlan,
  map: (expression: BoundExpression) => BoundExpression,
  mapSource?: (source: LogicalPlan) => LogicalPlan,
): LogicalPlan {
  const inner = mapSource ?? ((source: LogicalPlan): LogicalPlan => mapPlanExpressions(source, map));
  return mapRecord(plan as unknown as Fields, map, inner) as unknown as LogicalPlan;
}

/** Cheap enough, and safe, to be evaluated twice. */
export function isSimple(expression: BoundExpression): boolean {
  switch (expression.kind) {
    case 'column':
    case 'constant':
    case 'parameter':
    case 'variable':
      return true;
    case 'cast':
    case 'field':
      return isSimple(expression.operand);
    default:
      return false;
  }
}

/** May evaluating it twice give two answers, or cost a subquery twice? */
export function mustEvaluateOnce(expression: BoundExpression): boolean {
  switch (expression.kind) {
    case 'call':
      if (expression.function.volatility === 'volatile') return true;
      break;
    case 'routine':
    case 'subquery':
    case 'quantified_query':
    case 'next_value':
    case 'set_variable':
      return true;
    default:
      break;
  }
  let found = false;
  mapChildren(
    expression,
    (operand) => {
      found ||= mustEvaluateOnce(operand);
      return operand;
    },
    (plan) => plan,
  );
  return found;
}

/** Evaluates `value` once for `body`, or puts it in directly where that is safe. */
export function bindOnce(
  newId: () => ColumnId,
  value: BoundExpression,
  body: (use: BoundExpression) => BoundExpression,
): BoundExpression {
  if (!mustEvaluateOnce(value)) return body(value);
  const id = newId();
  const inner = body({ kind: 'column', id, type: value.type });
  return { kind: 'let', id, value, body: inner, type: inner.type };
}
