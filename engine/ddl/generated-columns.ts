/**
 * What the expression of a generated column may hold: columns of its own row that are not generated
 * themselves, and only what gives the same value whenever it is computed.
 */
import { identifierKey, type Identifier } from '../../sblr/contract/names.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { SqlType } from '../../sblr/contract/types.ts';
import type { NodeOf, ValueNode } from '../../sblr/nodes.ts';
import type { BoundExpression } from '../binder/bound.ts';
import type { TableDefinition } from '../catalog/definitions.ts';
import { forEachOperand } from '../planner/expression-walk.ts';
import type { DdlContext } from './context.ts';
import { columnNames, refuseSubqueries } from './expression-nodes.ts';

/** Checks the columns that a statement defines; the table has them all by now. */
export function verifyGenerated(
  columns: readonly NodeOf<'COLUMN_DEF'>[],
  table: TableDefinition,
  context: DdlContext,
): void {
  for (const node of columns) {
    const column = table.columns.find((one) => one.name === node.name);
    if (column === undefined) continue;
    const shown = context.display(column.name);
    const computed = column.generated !== 'none';
    if ((computed || column.identity !== 'none') && node.constraints.some((one) => one.kind === 'default'))
      throw new SqlError(
        'syntax_error',
        `both default and ${computed ? 'generation expression' : 'identity'} specified for column "${shown}" of table "${context.display(table.name)}"`,
      );
    if (!computed || node.generation === undefined || column.defaultValue === undefined) continue;
    refuseSubqueries(node.generation, 'column generation expression');
    const bound = context.bindAssignment(column.defaultValue, table, column.type, shown);
    refuseGenerated(node.generation, table, context);
    requireImmutable(bound);
  }
}

function refuseGenerated(generation: ValueNode, table: TableDefinition, context: DdlContext): void {
  for (const { name, pos } of columnNames(generation)) {
    const key = identifierKey(name[name.length - 1] as Identifier);
    const used = table.columns.find((column) => !column.dropped && identifierKey(column.name) === key);
    if (used === undefined || used.generated === 'none') continue;
    throw new SqlError('invalid_object_definition', {
      message: `cannot use generated column "${context.display(used.name)}" in column generation expression`,
      detail: 'A generated column cannot reference another generated column.',
      ...(pos === undefined ? {} : { position: pos }),
    });
  }
}

function requireImmutable(expression: BoundExpression): void {
  if (volatilityOf(expression) !== 'immutable')
    throw new SqlError('invalid_object_definition', 'generation expression is not immutable');
  forEachOperand(expression, requireImmutable);
}

/** Types whose text depends on settings of the session, or on types inside of them. */
const UNSTABLE_TEXT: ReadonlySet<SqlType['kind']> = new Set([
  'date',
  'timestamp',
  'timestamptz',
  'interval',
  'array',
  'record',
]);

function volatilityOf(expression: BoundExpression): 'immutable' | 'stable' | 'volatile' {
  switch (expression.kind) {
    case 'call': {
      const { volatility, name } = expression.function;
      // Joining a text with another value is as stable as the text of that value.
      if (volatility === 'stable' && name === 'concat')
        return expression.arguments.some(({ type }) => UNSTABLE_TEXT.has(type.kind)) ? 'stable' : 'immutable';
      return volatility;
    }
    case 'routine':
      return expression.routine.volatility;
    case 'next_value':
      return 'volatile';
    default:
      return 'immutable';
  }
}
