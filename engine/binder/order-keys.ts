/**
 * ORDER BY and DISTINCT ON: keys by position, by name of an item, and as expressions of their own.
 */
import { identifierKey, type Identifier } from '../../sblr/contract/names.ts';
import type { NodeOf, ValueNode } from '../../sblr/nodes.ts';
import type { BoundExpression } from './bound.ts';
import { resolveUnknown } from './coerce.ts';
import type { Binder } from './context.ts';
import { type OnKey, outputKeys } from './distinct-items.ts';
import { fail } from './errors.ts';
import { requireComparable } from './comparison.ts';
import { bindExpression } from './expression.ts';
import { equalExpressions, mapChildren } from './expression-tools.ts';
import { isPosition, sortPlace } from './grouping.ts';
import { startOf } from './positions.ts';
import { displayKey, type QueryLevel, type Scope } from './scope.ts';
import { withAliases, type SelectItem } from './select-items.ts';

/** The ordinal an integer literal stands for in ORDER BY or DISTINCT ON. */
export function ordinalOf(binder: Binder, value: ValueNode, count: number, what: string): number | undefined {
  if (value.op !== 'LITERAL' || value.value === null) return undefined;
  const ordinal = value.value;
  if (!isPosition(value) && binder.semantics.aliasInExpressions) return undefined;
  if (typeof ordinal !== 'number' || !isPosition(value))
    fail('syntax_error', `non-integer constant in ${what}`, value.pos);
  if (ordinal < 1 || ordinal > count)
    fail('invalid_column_reference', `${what} position ${ordinal} is not in select list`, value.pos);
  return ordinal;
}

/** A sort key, matched with an output item where it is one. */
export interface OrderKey {
  readonly key: NodeOf<'SORT_KEY'>;
  expression: BoundExpression;
  /** Index of the output it equals; undefined = an expression of its own. */
  readonly item: number | undefined;
}

/** Does the select list, or for want of a rule any row, say what the value of an expression is? */
function determined(scope: Scope, items: readonly SelectItem[], expression: BoundExpression): boolean {
  if (scope.binder.semantics.groupedColumns === 'any-value') return true;
  if (items.some((item) => equalExpressions(item.expression, expression))) return true;
  if (expression.kind === 'column') return false;
  let all = true;
  mapChildren(
    expression,
    (operand) => {
      all &&= determined(scope, items, operand);
      return operand;
    },
    (plan) => {
      all = false;
      return plan;
    },
  );
  return all;
}

export function bindOrder(
  sort: NodeOf<'SORT'>,
  scope: Scope,
  items: readonly SelectItem[],
  distinct: NodeOf<'DISTINCT'> | undefined,
): OrderKey[] {
  return sort.keys.map((key, at) => {
    const { aliasInExpressions, resultOrder } = scope.binder.semantics;
    const item = aliasInExpressions
      ? withAliases(scope, items, () => matchItem(key.value, scope, items, 'ORDER BY'))
      : matchItem(key.value, scope, items, 'ORDER BY');
    const listed =
      item.index !== undefined || (resultOrder === 'expressions' && determined(scope, items, item.expression));
    if (!listed && distinct?.on.length === 0) {
      fail(
        'invalid_column_reference',
        'for SELECT DISTINCT, ORDER BY expressions must appear in select list',
        startOf(key.value),
        { variant: 'distinct_order', args: sortPlace(scope.binder, item.expression, at + 1) },
      );
    }
    return { key, expression: item.expression, item: item.index };
  });
}

function matchItem(
  value: ValueNode,
  scope: Scope,
  items: readonly SelectItem[],
  what: string,
): { index: number | undefined; expression: BoundExpression } {
  const ordinal = ordinalOf(scope.binder, value, items.length, what);
  if (ordinal !== undefined) return { index: ordinal - 1, expression: (items[ordinal - 1] as SelectItem).expression };
  if (value.op === 'COLUMN' && value.name.length === 1) {
    const key = identifierKey(value.name[0] as Identifier);
    let found: number | undefined;
    for (let i = 0; i < items.length; i++) {
      if ((items[i] as SelectItem).key !== key) continue;
      if (
        found !== undefined &&
        !equalExpressions((items[found] as SelectItem).expression, (items[i] as SelectItem).expression)
      ) {
        fail('ambiguous_column', `${what} "${displayKey(key)}" is ambiguous`, value.pos);
      }
      found ??= i;
    }
    if (found !== undefined) return { index: found, expression: (items[found] as SelectItem).expression };
  }
  const setsBefore = scope.level.sets.length;
  const expression = bindExpression(value, scope);
  // An equal set-returning call is the item's, not a second one.
  for (let i = setsBefore; i < scope.level.sets.length; i++) {
    const added = scope.level.sets[i] as QueryLevel['sets'][number];
    const known = scope.level.sets
      .slice(0, setsBefore)
      .find((set) => equalExpressions(set.expression, added.expression));
    if (known !== undefined && expression.kind === 'column' && expression.id === added.column.id) {
      scope.level.sets.splice(i, 1);
      const index = items.findIndex(
        (item) => item.expression.kind === 'column' && item.expression.id === known.column.id,
      );
      return {
        index: index < 0 ? undefined : index,
        expression: { kind: 'column', id: known.column.id, type: known.column.type },
      };
    }
  }
  const index = items.findIndex((item) => equalExpressions(item.expression, expression));
  return { index: index < 0 ? undefined : index, expression };
}

export function bindDistinctOn(
  node: NodeOf<'DISTINCT'>,
  scope: Scope,
  items: readonly SelectItem[],
  order: readonly OrderKey[],
): OnKey[] {
  if (node.on.length === 0) {
    for (const item of items) requireComparable(scope.binder, item.expression, item.pos);
    return outputKeys(scope.binder, items, order);
  }
  scope.level.clause = 'distinct';
  const keys = node.on.map((value): OnKey & { pos: number | undefined } => {
    const match = matchItem(value, scope, items, 'SELECT DISTINCT ON');
    return { expression: resolveUnknown(scope.binder, match.expression, value.pos), item: match.index, pos: value.pos };
  });
  const isKey = (expression: BoundExpression): boolean =>
    keys.some((key) => equalExpressions(key.expression, expression));
  const leading = order.slice(0, keys.length);
  const distinctKeys = keys.filter(
    (key, i) => keys.findIndex((other) => equalExpressions(other.expression, key.expression)) === i,
  );
  let matched = 0;
  for (const key of leading) {
    if (!isKey(key.expression)) {
      if (matched < distinctKeys.length && order.length > 0) {
        fail(
          'invalid_column_reference',
          'SELECT DISTINCT ON expressions must match initial ORDER BY expressions',
          keys[0]?.pos,
        );
      }
      break;
    }
    matched++;
  }
  return keys;
}
