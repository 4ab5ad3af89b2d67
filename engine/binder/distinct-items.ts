/** What the rows that DISTINCT keeps differ in. */
import type { BoundExpression } from './bound.ts';
import type { Binder } from './context.ts';

/** An expression in which rows that are kept differ, and the output that it is, if it is one. */
export interface OnKey {
  expression: BoundExpression;
  readonly item: number | undefined;
}

/**
 * None where rows are told apart by all that they have. Where groups may give any value, rows may be sorted by what is
 * no output, and then those with equal outputs are one, which stands where the first of them does.
 */
export function outputKeys(
  binder: Binder,
  items: readonly { readonly expression: BoundExpression }[],
  order: readonly { readonly item: number | undefined }[],
): OnKey[] {
  const isListed = order.every(({ item }) => item !== undefined);
  if (isListed || binder.semantics.groupedColumns !== 'any-value') return [];
  return items.map(({ expression }, item) => ({ expression, item }));
}
