/** Sort keys of a query: which of them count, and those that nobody wrote. */
import { sameKeys } from './aggregates.ts';
import type { BoundExpression, LogicalPlan, SortKey } from './bound.ts';
import type { Binder } from './context.ts';

/** The order that values have where nothing is said. */
export function ascending({ semantics }: Binder, expression: BoundExpression): SortKey {
  const { collation } = expression.type;
  const key = { expression, descending: false, nullsFirst: semantics.nullOrder !== 'high' };
  return expression.type.kind === 'text' && collation !== undefined ? { ...key, collation } : key;
}

export function sortRows(source: LogicalPlan, keys: readonly SortKey[]): LogicalPlan {
  const useful = usefulKeys(keys);
  return useful.length === 0 ? source : { kind: 'sort', source, keys: useful, columns: source.columns };
}

/** Only the first of equal keys counts, and constants order nothing. */
export function usefulKeys(keys: readonly SortKey[]): readonly SortKey[] {
  return keys.filter(
    (key, i) =>
      key.expression.kind !== 'constant' &&
      !keys
        .slice(0, i)
        .some((other) => sameKeys([{ ...other, descending: key.descending, nullsFirst: key.nullsFirst }], [key])),
  );
}
