/** Defaults of columns that are constants are checked when they are declared, where any value converts to any type. */
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { BoundExpression } from '../binder/bound.ts';
import type { ColumnDefinition } from '../catalog/definitions.ts';
import { Fit } from '../types/fit.ts';
import { lenientCast } from '../types/lenient-casts.ts';
import type { DdlContext } from './context.ts';

/** `value`: the default, converted to the column's type as by assignment. */
export function checkDefault(value: BoundExpression, column: ColumnDefinition, context: DdlContext): void {
  const { semantics } = context;
  if (semantics.coercion !== 'lenient') return;
  const isNull = value.kind === 'constant' && value.value === null;
  if ((isNull && column.notNull) || !fits(value, context)) {
    const shown = context.display(column.name);
    throw new SqlError('invalid_column_definition', {
      message: `invalid default value for column "${shown}"`,
      variant: 'default',
      args: { column: shown },
    });
  }
}

function fits(value: BoundExpression, context: DdlContext): boolean {
  if (value.kind !== 'cast' || value.operand.kind !== 'constant' || value.operand.value === null) return true;
  const cast = lenientCast(value.operand.type, value.type, true);
  if (cast === undefined) return true;
  const fit = new Fit(context.semantics.zeroDate === 'value');
  cast(value.operand.value, context.evaluation, fit);
  return !fit.failed;
}
