/**
 * Output columns of bound relations: exact column lists, conversion to wanted types.
 */
import type { SqlType } from '../../sblr/contract/types.ts';
import type { Assigned, BoundExpression, LogicalPlan, OutputColumn } from './bound.ts';
import { coerce, resolveUnknown } from './coerce.ts';
import type { Binder, BoundRelation } from './context.ts';
import { sameType } from './type-facts.ts';

export function columnExpression(column: OutputColumn): BoundExpression {
  return { kind: 'column', id: column.id, type: column.type };
}

export function plainRelation(plan: LogicalPlan): BoundRelation {
  return { plan, columns: plan.columns };
}

/** A projection of `source` to `columns`, which it has. */
export function strip(source: LogicalPlan, columns: readonly OutputColumn[]): LogicalPlan {
  if (source.columns.length === columns.length && source.columns.every((column, i) => column.id === columns[i]?.id))
    return source;
  return {
    kind: 'project',
    source,
    items: columns.map((column) => ({ column, expression: columnExpression(column) })),
    setReturning: false,
    columns,
  };
}

/**
 * The relation with its columns converted: `convert` gives the new expression for column `i`, or
 * undefined to leave it. Literals in the topmost projection or VALUES are converted where they stand.
 */
export function convertOutputs(
  binder: Binder,
  bound: BoundRelation,
  convert: (expression: BoundExpression, i: number) => BoundExpression,
): BoundRelation {
  const { plan } = bound;
  if (plan.kind === 'project' && !plan.setReturning) {
    let changed = false;
    const items = plan.items.map((item, i): Assigned => {
      const expression = convert(item.expression, i);
      if (expression === item.expression) return item;
      changed = true;
      return {
        column:
          expression.type === item.column.type
            ? item.column
            : binder.newColumn(
                item.column.name,
                expression.type,
                sameType(expression.type, item.column.type) ? item.column : undefined,
              ),
        expression,
      };
    });
    if (!changed) return bound;
    return plainRelation({ ...plan, items, columns: items.map((item) => item.column) });
  }
  if (plan.kind === 'values') {
    const rows = plan.rows.map((row) => row.map((value, i) => convert(value, i)));
    const columns = plan.columns.map((column, i) => {
      const type = rows[0]?.[i]?.type ?? column.type;
      return type === column.type ? column : binder.newColumn(column.name, type);
    });
    return plainRelation({ ...plan, rows, columns });
  }
  const items = bound.columns.map((column, i): Assigned => {
    const source = columnExpression(column);
    const expression = convert(source, i);
    return { column: expression === source ? column : binder.newColumn(column.name, expression.type), expression };
  });
  if (items.every((item, i) => item.column === bound.columns[i])) return bound;
  return plainRelation({
    kind: 'project',
    source: plan,
    items,
    setReturning: false,
    columns: items.map((item) => item.column),
  });
}

/** Unknown literals left in the output become text. */
export function resolveOutputs(binder: Binder, bound: BoundRelation): BoundRelation {
  if (!bound.columns.some((column) => column.type.kind === 'unknown')) return bound;
  return convertOutputs(binder, bound, (expression) => resolveUnknown(binder, expression, undefined));
}

/** Columns converted implicitly to the types given, for set operations. */
export function coerceOutputs(
  binder: Binder,
  bound: BoundRelation,
  types: readonly SqlType[],
  pos: number | undefined,
): BoundRelation {
  return convertOutputs(binder, bound, (expression, i) => {
    const wanted = types[i] as SqlType;
    return (
      coerce(binder, expression, wanted, 'implicit', pos) ?? {
        kind: 'cast',
        operand: expression,
        type: wanted,
        context: 'implicit',
        pos,
      }
    );
  });
}

/** Items with unknown literals turned into text. */
export function resolveItems(binder: Binder, items: readonly Assigned[]): readonly Assigned[] {
  return items.map((item) => {
    if (item.expression.type.kind !== 'unknown') return item;
    const expression = resolveUnknown(binder, item.expression, undefined);
    return { column: binder.newColumn(item.column.name, expression.type), expression };
  });
}
