/**
 * The binder's entry points: programs' relations and expressions, which carry names, become bound plans
 * and expressions, which carry definitions, column ids and types.
 */
import type { SqlType } from '../../sblr/contract/types.ts';
import type { RelationNode, ValueNode } from '../../sblr/nodes.ts';
import type { StoredExpression, TableDefinition } from '../catalog/definitions.ts';
import type { BoundExpression, BoundQuery, OutputColumn } from './bound.ts';
import { coerce, coerceForAssignment as assign, resolveUnknown } from './coerce.ts';
import { isLenient } from './lenient-coerce.ts';
import { Binder, newShared, RowKeysNeeded, type BindContext, type Shared } from './context.ts';
import { fail } from './errors.ts';
import { bindExpression, bindRoutineArguments } from './expression.ts';
import { bindRelation } from './query.ts';
import { newLevel, Scope } from './scope.ts';
import { bindStoredOver } from './stored.ts';
import { typeName } from './type-facts.ts';

export type { BindContext, VariableScope } from './context.ts';
export { typeName } from './type-facts.ts';

/** Binds a query or data modification. */
export function bindQuery(relation: RelationNode, context: BindContext): BoundQuery {
  let shared = newShared(context);
  try {
    return finish(shared, relation, context);
  } catch (error) {
    if (!(error instanceof RowKeysNeeded)) throw error;
    shared = newShared(context);
    shared.rowKeys = true;
    return finish(shared, relation, context);
  }
}

function finish(shared: Shared, relation: RelationNode, context: BindContext): BoundQuery {
  const binder = new Binder(context, shared, bindRelation);
  const bound = bindRelation(binder, relation, undefined, undefined);
  for (const read of shared.reads) {
    if (read.positions.size > 0 || !read.written)
      read.names.checkPrivilege(read.relation, 'SELECT', [...read.positions]);
  }
  return {
    plan: bound.plan,
    parameterTypes: knownParameters(shared, isLenient(binder)),
    parameterPositions: shared.parameterPositions,
    lastColumnId: shared.nextColumn - 1,
    tables: [...shared.tables.values()],
    modifies: shared.modifies,
  };
}

/** Every parameter must have found a type. */
function knownParameters(shared: Shared, lenient: boolean): SqlType[] {
  return shared.parameterTypes.map((type, index) => {
    if (type === undefined || (type.kind === 'unknown' && shared.parameterPositions[index] !== undefined)) {
      // A literal taken out of the text that nothing asked about is text, and where everything converts any parameter.
      if (lenient || type?.kind === 'unknown') return { kind: 'text' };
      fail('indeterminate_datatype', `could not determine data type of parameter $${index + 1}`);
    }
    return type.kind === 'unknown' ? { kind: 'text' } : type;
  });
}

/** Binds an expression without relations: arguments of EXECUTE, values of SET, conditions of routines. `wanted` is the type it is assigned to. */
export function bindStandalone(
  expression: ValueNode,
  context: BindContext,
  wanted?: SqlType,
): {
  readonly expression: BoundExpression;
  readonly parameterTypes: readonly SqlType[];
  readonly lastColumnId: number;
} {
  const shared = newShared(context);
  const binder = new Binder(context, shared, bindRelation);
  const level = newLevel(0);
  level.clause = 'standalone';
  const bound = bindExpression(expression, new Scope(binder, undefined, level, undefined));
  let result = resolveIf(binder, bound, wanted, expression.pos);
  if (wanted !== undefined) {
    result =
      coerce(binder, result, wanted, 'assignment', expression.pos) ??
      fail(
        'datatype_mismatch',
        `cannot convert a value of type ${typeName(bound.type)} to ${typeName(wanted)}`,
        expression.pos,
      );
  }
  return {
    expression: result,
    parameterTypes: knownParameters(shared, isLenient(binder)),
    lastColumnId: shared.nextColumn - 1,
  };
}

function resolveIf(
  binder: Binder,
  bound: BoundExpression,
  wanted: SqlType | undefined,
  pos: number | undefined,
): BoundExpression {
  return wanted === undefined ? resolveUnknown(binder, bound, pos) : bound;
}

/** Binds CALL of a procedure: a `routine` expression with its arguments. */
export function bindProcedureCall(
  node: {
    readonly name: Parameters<typeof bindRoutineArguments>[0]['name'];
    readonly arguments: readonly ValueNode[];
    readonly pos?: number | undefined;
  },
  context: BindContext,
): BoundExpression {
  const binder = new Binder(context, newShared(context), bindRelation);
  const level = newLevel(0);
  level.clause = 'standalone';
  return bindRoutineArguments(node, new Scope(binder, undefined, level, undefined), 'procedure');
}

/**
 * Binds a stored expression of a table (CHECK, index key or predicate, generated column, DEFAULT): the
 * table's columns appear as the ids of `columns`. Private ids start above them.
 */
export function bindTableExpression(
  stored: StoredExpression,
  table: TableDefinition,
  columns: readonly OutputColumn[],
  context: BindContext,
): BoundExpression {
  const first = columns.reduce((highest, column) => Math.max(highest, column.id), 0) + 1;
  const shared = newShared(context, first);
  for (const column of columns) shared.columns[column.id] = column;
  return bindStoredOver(new Binder(context, shared, bindRelation), stored, table, columns, 'generated');
}

/** A column's default, converted as an assignment to the column converts it. */
export function bindDefault(
  stored: StoredExpression,
  table: TableDefinition,
  position: number,
  context: BindContext,
): BoundExpression {
  const binder = new Binder(context, newShared(context), bindRelation);
  return bindStoredOver(binder, stored, table, [], 'default', table.columns[position - 1]!.type);
}

/** A value converted as an assignment to a column converts it; raises datatype_mismatch. */
export function coerceForAssignment(
  expression: BoundExpression,
  type: SqlType,
  columnName: string,
  context: BindContext,
  position?: number | undefined,
): BoundExpression {
  return assign(new Binder(context, newShared(context), bindRelation), expression, type, columnName, position);
}

export { bindForRendering, renderExpression, type RenderOptions, type Rendering } from './render.ts';
