/** Columns that take a value of their own whenever another column of their row changes. */
import type { Row, SqlValue } from '../../../sblr/contract/values.ts';
import type { Evaluator, ExecutionContext } from '../operator.ts';

export interface TouchedColumn {
  /** Position - 1. */
  readonly slot: number;
  readonly evaluate: Evaluator;
}

const NO_ROW: Row = [];

/** Sets them in `row`, unless the statement gives the column or nothing else is another than before. */
export function touchColumns(
  columns: readonly TouchedColumn[],
  assignments: readonly { readonly slot: number }[],
  before: Row,
  row: SqlValue[],
  context: ExecutionContext,
): void {
  if (!assignments.some(({ slot }) => differs(before[slot], row[slot]))) return;
  for (const { slot, evaluate } of columns)
    if (!assignments.some((one) => one.slot === slot)) row[slot] = evaluate(NO_ROW, context);
}

function differs(a: SqlValue | undefined, b: SqlValue | undefined): boolean {
  if (a === b) return false;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return true;
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b) !== 0;
  const left = Object.entries(a);
  const right = b as unknown as Record<string, SqlValue>;
  return (
    a.constructor !== b.constructor ||
    left.length !== Object.keys(b).length ||
    left.some(([key, value]) => differs(value as SqlValue, right[key]))
  );
}
