/**
 * What a routine's last query answers, as the routine declares it: the columns must be as many, and each
 * converts as by assignment.
 */
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { displayType } from '../../sblr/contract/text/type-name.ts';
import type { SqlType } from '../../sblr/contract/types.ts';
import type { Assigned, BoundExpression, BoundQuery, OutputColumn } from './bound.ts';
import { coerce } from './coerce.ts';
import { Binder, newShared, type BindContext } from './context.ts';
import { bindRelation } from './query.ts';
import { sameType } from './type-facts.ts';

/** The query with its columns converted to the declared result; raises invalid_function_definition. */
export function asRoutineResult(query: BoundQuery, name: string, returns: SqlType, context: BindContext): BoundQuery {
  const binder = new Binder(context, newShared(context), bindRelation);
  if (returns.kind === 'void') return query;
  const { columns } = query.plan;
  const refuse = (detail: string): never => {
    throw new SqlError('invalid_function_definition', {
      message: `return type mismatch in function declared to return ${displayType(returns)}`,
      detail,
      context: `SQL function "${name}"`,
    });
  };
  if (columns.length === 0 && query.modifies)
    refuse("Function's final statement must be SELECT or INSERT/UPDATE/DELETE RETURNING.");
  const wanted = wantedTypes(columns, returns, refuse);
  if (wanted === undefined) return query;
  let last = query.lastColumnId;
  let changed = false;
  const items = columns.map((column, at): Assigned => {
    const value: BoundExpression = { kind: 'column', id: column.id, type: column.type };
    const target = wanted[at]!;
    const expression = coerce(binder, value, target, 'assignment', undefined);
    if (expression === undefined)
      return refuse(
        returns.kind === 'record'
          ? `Final statement returns ${displayType(column.type)} instead of ${displayType(target)} at column ${at + 1}.`
          : `Actual return type is ${displayType(column.type)}.`,
      );
    if (expression === value || sameType(column.type, target)) return { column, expression: value };
    changed = true;
    return { column: { ...column, id: ++last, type: target }, expression };
  });
  if (!changed) return query;
  const output = items.map((item): OutputColumn => item.column);
  const plan = { kind: 'project', source: query.plan, items, columns: output, setReturning: false } as const;
  return { ...query, plan, lastColumnId: last };
}

/** Types that the columns must have; undefined = as they are. */
function wantedTypes(
  columns: readonly OutputColumn[],
  returns: SqlType,
  refuse: (detail: string) => never,
): readonly SqlType[] | undefined {
  if (returns.kind !== 'record') {
    if (columns.length !== 1) refuse('Final statement must return exactly one column.');
    return [returns];
  }
  // One column that is a row itself.
  if (columns.length === 1 && columns[0]!.type.kind === 'record') return undefined;
  const { fields } = returns;
  if (fields === undefined) return undefined;
  if (columns.length < fields.length) refuse('Final statement returns too few columns.');
  if (columns.length > fields.length) refuse('Final statement returns too many columns.');
  return fields.map((field) => field.type);
}
