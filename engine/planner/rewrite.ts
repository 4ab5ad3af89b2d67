/**
 * Rewriting of logical plans before physical planning: the rules of rules/, applied from the leaves up,
 * inside subqueries first. (Push-down of conditions, reduction of outer joins and pruning of columns are
 * part of physical planning.)
 */
import type { Assigned, BoundExpression, BoundQuery, ColumnId, LogicalPlan } from '../binder/bound.ts';
import { mapChildren, mapPlanExpressions } from '../binder/expression-tools.ts';
import { conjunctsOf, hasSubquery, isVolatile } from './expression-walk.ts';
import { foldFilter } from './rules/boolean-folding.ts';
import { factorConditions } from './rules/common-conditions.ts';
import { filtered } from './rules/correlation.ts';
import { mergeProjections } from './rules/merge-projections.ts';
import { joinScalarAggregate } from './rules/scalar-aggregates-to-joins.ts';
import { subqueriesToJoins } from './rules/subqueries-to-joins.ts';

export interface Rewritten {
  readonly plan: LogicalPlan;
  readonly lastColumnId: number;
}

/** Rewrites a plan; `lastColumnId` is the highest id in use. */
export function rewrite(plan: LogicalPlan, lastColumnId: number): Rewritten {
  const rewriter = new Rewriter(lastColumnId);
  const result = rewriter.plan(plan);
  return { plan: result, lastColumnId: rewriter.lastColumnId };
}

export function rewriteQuery(query: BoundQuery): BoundQuery {
  const { plan, lastColumnId } = rewrite(query.plan, query.lastColumnId);
  return plan === query.plan ? query : { ...query, plan, lastColumnId };
}

class Rewriter {
  lastColumnId: number;

  constructor(lastColumnId: number) {
    this.lastColumnId = lastColumnId;
  }

  plan(plan: LogicalPlan): LogicalPlan {
    const inner = this.#inputs(plan);
    switch (inner.kind) {
      case 'filter':
        return this.#filter(inner);
      case 'join':
        return factorConditions(inner);
      case 'project':
        return this.#project(mergeProjections(inner));
      default:
        return inner;
    }
  }

  /** The plan with its sources and the subqueries of its expressions rewritten. */
  #inputs(plan: LogicalPlan): LogicalPlan {
    switch (plan.kind) {
      case 'dual':
      case 'scan':
      case 'system_scan':
      case 'cte_scan':
        return plan;
      default:
        return mapPlanExpressions(
          plan,
          (expression) => this.#expression(expression),
          (source) => this.plan(source),
        );
    }
  }

  #expression(expression: BoundExpression): BoundExpression {
    if (expression.kind === 'column' || expression.kind === 'constant' || expression.kind === 'parameter')
      return expression;
    return mapChildren(
      expression,
      (operand) => this.#expression(operand),
      (plan) => this.plan(plan),
    );
  }

  #filter(filter: LogicalPlan & { kind: 'filter' }): LogicalPlan {
    const found = foldFilter(filter);
    const folded = found.kind === 'filter' ? factorConditions(found) : found;
    if (folded.kind !== 'filter' || !hasSubquery(folded.condition)) return folded;
    const joined = subqueriesToJoins(folded);
    if (joined.kind !== 'filter' || !hasSubquery(joined.condition)) return joined;
    let { source } = joined;
    const conditions = conjunctsOf(joined.condition).map((conjunct) => {
      const result = this.#scalars(conjunct, source);
      source = result.source;
      return result.expression;
    });
    return source === joined.source
      ? joined
      : ({ ...filtered(source, conditions), columns: joined.columns } as LogicalPlan);
  }

  #project(plan: LogicalPlan): LogicalPlan {
    if (plan.kind !== 'project' || plan.setReturning || !plan.items.some((item) => hasSubquery(item.expression)))
      return plan;
    let { source } = plan;
    // Rows cut off by a LIMIT below would be aggregated for nothing.
    if (source.kind === 'limit') return plan;
    const items = plan.items.map((item): Assigned => {
      const result = this.#scalars(item.expression, source);
      source = result.source;
      return result.expression === item.expression ? item : { column: item.column, expression: result.expression };
    });
    return source === plan.source ? plan : { ...plan, source, items };
  }

  /** Scalar aggregate subqueries of an expression that is evaluated for every row, joined to the source. */
  #scalars(expression: BoundExpression, source: LogicalPlan): { source: LogicalPlan; expression: BoundExpression } {
    let current = source;
    const visit = (node: BoundExpression): BoundExpression => {
      if (node.kind === 'subquery' && node.form === 'scalar') {
        const joined = joinScalarAggregate(node.plan, current, () => this.#newId());
        if (joined === undefined) return node;
        current = joined.source;
        return joined.value;
      }
      // Only where evaluation is not conditional, and the row is the source's own.
      if (
        node.kind === 'case' ||
        node.kind === 'coalesce' ||
        node.kind === 'let' ||
        node.kind === 'quantified_array' ||
        node.kind === 'quantified_query'
      )
        return node;
      return mapChildren(node, visit, (plan) => plan);
    };
    const result = isVolatile(expression) ? expression : visit(expression);
    return { source: current, expression: result };
  }

  #newId(): ColumnId {
    return ++this.lastColumnId;
  }
}
