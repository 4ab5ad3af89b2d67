/**
 * Conditions that a row must meet once it is stored: WITH CHECK OPTION of the views it was written through.
 */
import type { Identifier } from '../../../sblr/contract/names.ts';
import { SqlError } from '../../../sblr/contract/sql-error.ts';
import type { Row } from '../../../sblr/contract/values.ts';
import type { Evaluator, ExecutionContext } from '../operator.ts';
import type { TableAccess } from './table-access.ts';

export interface StoredCheck {
  readonly view: Identifier;
  readonly test: Evaluator;
}

/** `row` is what the tests are compiled over, `stored` the table's row, for the message. */
export function verifyStored(
  checks: readonly StoredCheck[],
  row: Row,
  stored: Row,
  access: TableAccess,
  context: ExecutionContext,
): void {
  for (const { view, test } of checks) {
    if (test(row, context) === true) continue;
    const name = context.display(view);
    throw new SqlError('with_check_option_violation', {
      message: `new row violates check option for view "${name}"`,
      args: { view: name },
      ...access.failingRow(stored, context),
    });
  }
}
