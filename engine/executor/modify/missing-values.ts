/**
 * Values for columns that must have one and get none: an error of its own, or the zero of their type with a warning
 * (Semantics.missingValue).
 */
import { SqlError, type SqlErrorDetails } from '../../../sblr/contract/sql-error.ts';
import type { SqlType } from '../../../sblr/contract/types.ts';
import { Bits, Decimal, type SqlValue } from '../../../sblr/contract/values.ts';
import type { ColumnDefinition } from '../../catalog/definitions.ts';
import type { ExecutionContext } from '../operator.ts';

/** Columns that a statement gives no value. */
export interface MissingColumns {
  readonly columns: readonly ColumnDefinition[];
  readonly zeroes: boolean;
}

/** Fills a new row's columns that no value was given for. */
export function fillMissing(row: SqlValue[], { columns, zeroes }: MissingColumns, context: ExecutionContext): void {
  for (const column of columns) {
    const zero = zeroes || column.type.kind === 'enum' ? zeroOf(column.type) : undefined;
    const details = detailsOf(column, 'no_default', context);
    if (zero === undefined) throw new SqlError('not_null_violation', details);
    row[column.position - 1] = zero;
    if (column.type.kind !== 'enum') context.notice({ severity: 'warning', condition: 'not_null_violation', details });
  }
}

/** Takes the zero of its type where a column that must have a value was given NULL. */
export function replaceNulls(row: SqlValue[], columns: readonly ColumnDefinition[], context: ExecutionContext): void {
  for (const column of columns) {
    if (row[column.position - 1] !== null) continue;
    const zero = zeroOf(column.type);
    if (zero === undefined) continue;
    row[column.position - 1] = zero;
    const details = detailsOf(column, undefined, context);
    context.notice({ severity: 'warning', condition: 'not_null_violation', details });
  }
}

function detailsOf(column: ColumnDefinition, variant: string | undefined, context: ExecutionContext): SqlErrorDetails {
  const name = context.display(column.name);
  return {
    message: `no value for column "${name}"`,
    ...(variant === undefined ? {} : { variant }),
    args: { column: name },
    column: name,
  };
}

/** undefined = the type has none. */
export function zeroOf(type: SqlType): SqlValue | undefined {
  switch (type.kind) {
    case 'bool':
      return false;
    case 'int8':
    case 'int16':
    case 'int24':
    case 'int32':
    case 'int64':
    case 'year':
    case 'float32':
    case 'float64':
    case 'time':
    case 'set':
      return 0;
    case 'date':
    case 'timestamp':
    case 'timestamptz':
      return -Infinity;
    case 'decimal':
      return new Decimal(0, type.scale ?? 0);
    case 'text':
      return '';
    case 'bytes':
      return new Uint8Array(type.fixed === true ? (type.length ?? 0) : 0);
    case 'bits':
      return new Bits('0'.repeat(type.fixed === true ? (type.length ?? 1) : 0));
    case 'enum':
      return type.labels?.[0];
    default:
      return undefined;
  }
}
