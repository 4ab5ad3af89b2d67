/**
 * How expressions kept in the catalog are bound for plans and table writers: over the table's columns,
 * each under its position as id.
 */
import { displayIdentifier } from '../../sblr/contract/names.ts';
import type { Semantics } from '../../sblr/contract/semantics.ts';
import { BOOL } from '../../sblr/contract/types.ts';
import { bindSteps } from '../binder/aggregate-steps.ts';
import type { BoundExpression, OutputColumn } from '../binder/bound.ts';
import { bindDefault, bindTableExpression, type BindContext } from '../binder/index.ts';
import type { StoredExpression, TableDefinition, UserTypeDefinition } from '../catalog/definitions.ts';
import { domainScope } from '../catalog/value-scope.ts';
import type { StoredExpressions } from '../executor/expressions/compile.ts';
import type { PlanEnvironment } from './plan.ts';

/** `context` is asked anew each time: bindings happen while plans run, too. */
export function planEnvironment(semantics: Semantics, context: () => BindContext): PlanEnvironment {
  return { semantics, stored: storedExpressions(context) };
}

export function storedExpressions(context: () => BindContext): StoredExpressions {
  return {
    bindTableExpression: (stored, table) => bindTableExpression(stored, table, columnsOf(table, context()), context()),
    bindDefault: (stored, table, position) => bindDefault(stored, table, position, context()),
    bindDomainCheck: (stored, domain) => bindDomainCheck(stored, domain, context()),
    bindSteps: (routine) => bindSteps(routine, context()),
  };
}

function columnsOf(table: TableDefinition, context: BindContext): OutputColumn[] {
  return table.columns
    .filter((column) => !column.dropped)
    .map((column) => ({
      id: column.position,
      name: displayIdentifier(column.name, context.semantics.identifierFold),
      type: column.type,
      tableId: table.id,
      position: column.position,
    }));
}

/** A domain's check is bound over a table of the one column `value`. */
function bindDomainCheck(stored: StoredExpression, domain: UserTypeDefinition, context: BindContext): BoundExpression {
  const scope = domainScope(domain);
  const bound = bindTableExpression(stored, scope, columnsOf(scope, context), context);
  return bound.type.kind === 'bool' ? bound : { kind: 'cast', operand: bound, type: BOOL, context: 'implicit' };
}
