/** Rows that a constraint refuses and that their statement passes over with a warning (IGNORE). */
import type { Condition } from '../../../sblr/contract/conditions.ts';
import { SqlError } from '../../../sblr/contract/sql-error.ts';
import type { ExecutionContext } from '../operator.ts';

const PASSED_OVER: ReadonlySet<Condition> = new Set<Condition>([
  'unique_violation',
  'foreign_key_violation',
  'check_violation',
  'not_null_violation',
  'with_check_option_violation',
  'cardinality_violation',
]);

/** Turns the error into a warning; raises it again when it is none that a row may be passed over for. */
export function passOver(error: unknown, context: ExecutionContext): void {
  if (!(error instanceof SqlError) || !PASSED_OVER.has(error.condition)) throw error;
  context.notice({ severity: 'warning', condition: error.condition, details: error.details });
}
