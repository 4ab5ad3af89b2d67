/**
 * Subqueries in expressions: scalar, EXISTS, ARRAY, IN and ANY/ALL.
 */
import { arrayOf, BOOL, type SqlType } from '../../sblr/contract/types.ts';
import type { NodeOf, RelationNode, ValueNode } from '../../sblr/nodes.ts';
import type { BoundExpression, ColumnId, ComparisonOperator, LogicalPlan, OutputColumn } from './bound.ts';
import { callOperator } from './calls.ts';
import { coerce, resolveUnknown } from './coerce.ts';
import { COMPARISONS, compareRows, fieldsOf } from './comparison.ts';
import type { BoundRelation } from './context.ts';
import { fail } from './errors.ts';
import type { Scope } from './scope.ts';

type Bind = (node: ValueNode) => BoundExpression;

function bindInner(query: RelationNode, scope: Scope): BoundRelation {
  return scope.binder.bindRelation(scope.binder, query, scope, scope.ctes);
}

/** The plan with exactly its visible columns. */
export function exactPlan(bound: BoundRelation): LogicalPlan {
  if (bound.plan.columns.length === bound.columns.length) return bound.plan;
  return {
    kind: 'project',
    source: bound.plan,
    setReturning: false,
    columns: bound.columns,
    items: bound.columns.map((column) => ({
      column,
      expression: { kind: 'column', id: column.id, type: column.type },
    })),
  };
}

/** `asRow`: several columns are allowed and make a record. */
export function bindScalarSubquery(node: NodeOf<'SUBQUERY'>, scope: Scope, asRow = false): BoundExpression {
  const bound = bindInner(node.query, scope);
  if (bound.columns.length === 1 && !asRow) {
    return { kind: 'subquery', form: 'scalar', plan: exactPlan(bound), type: (bound.columns[0] as OutputColumn).type };
  }
  if (!asRow) fail('syntax_error', 'subquery must return only one column', node.pos);
  return rowSubquery(scope, bound);
}

/** A scalar subquery whose value is the row. */
export function rowSubquery(scope: Scope, bound: BoundRelation): BoundExpression {
  const type: SqlType = {
    kind: 'record',
    fields: bound.columns.map((column) => ({ name: column.name, type: column.type })),
  };
  const items: BoundExpression[] = bound.columns.map((column) => ({
    kind: 'column',
    id: column.id,
    type: column.type,
  }));
  const column = scope.binder.newColumn('row', type);
  const plan: LogicalPlan = {
    kind: 'project',
    source: bound.plan,
    items: [{ column, expression: { kind: 'row', items, type } }],
    setReturning: false,
    columns: [column],
  };
  return { kind: 'subquery', form: 'scalar', plan, type };
}

export function bindExists(node: NodeOf<'EXISTS'>, scope: Scope): BoundExpression {
  return { kind: 'subquery', form: 'exists', plan: bindInner(node.query, scope).plan, type: BOOL };
}

export function bindArrayQuery(node: NodeOf<'ARRAY_QUERY'>, scope: Scope): BoundExpression {
  const bound = bindInner(node.query, scope);
  if (bound.columns.length !== 1) fail('syntax_error', 'subquery must return only one column', node.pos);
  const { type } = bound.columns[0] as OutputColumn;
  return {
    kind: 'subquery',
    form: 'array',
    plan: exactPlan(bound),
    type: type.kind === 'array' ? type : arrayOf(type),
  };
}

export function bindInQuery(node: NodeOf<'IN_QUERY'>, scope: Scope, bind: Bind): BoundExpression {
  return quantified(
    scope,
    bind(node.value),
    bindInner(node.query, scope),
    'equal',
    'any',
    node.negated,
    node.pos,
    node.value.pos,
  );
}

export function bindQuantifiedQuery(node: NodeOf<'QUANTIFIED_QUERY'>, scope: Scope, bind: Bind): BoundExpression {
  return quantified(
    scope,
    bind(node.value),
    bindInner(node.query, scope),
    node.operator,
    node.quantifier,
    false,
    node.pos,
    node.value.pos,
  );
}

function quantified(
  scope: Scope,
  value: BoundExpression,
  query: BoundRelation,
  operator: string,
  quantifier: 'any' | 'all',
  negated: boolean,
  pos: number | undefined,
  valuePos: number | undefined,
): BoundExpression {
  const { binder } = scope;
  const values =
    value.kind === 'row'
      ? value.items
      : value.type.kind === 'record' && query.columns.length > 1
        ? fieldsOf(value)
        : [value];
  if (values.length < query.columns.length) fail('syntax_error', 'subquery has too many columns', pos);
  if (values.length > query.columns.length) fail('syntax_error', 'subquery has too few columns', pos);
  const operands = values.map((item, i) => {
    const wanted = (query.columns[i] as OutputColumn).type;
    return item.type.kind === 'unknown'
      ? (coerce(binder, item, wanted, 'implicit', valuePos) ?? resolveUnknown(binder, item, valuePos))
      : item;
  });
  const left: ColumnId[] = operands.map(() => binder.newId());
  const a: BoundExpression[] = operands.map((operand, i) => ({
    kind: 'column',
    id: left[i] as ColumnId,
    type: operand.type,
  }));
  const b: BoundExpression[] = query.columns.map((column) => ({ kind: 'column', id: column.id, type: column.type }));
  let test: BoundExpression;
  if (COMPARISONS.has(operator)) test = compareRows(binder, operator as ComparisonOperator, a, b, pos);
  else if (a.length === 1)
    test = callOperator(binder, operator, [a[0] as BoundExpression, b[0] as BoundExpression], pos, [valuePos, pos]);
  else test = fail('feature_not_supported', `cannot apply operator ${operator} to rows`, pos);
  if (test.type.kind !== 'bool') fail('datatype_mismatch', 'row comparison operator must yield type boolean', pos);
  return { kind: 'quantified_query', operands, left, plan: exactPlan(query), test, quantifier, negated, type: BOOL };
}
