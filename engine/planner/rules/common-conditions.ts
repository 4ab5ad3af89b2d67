/**
 * Rule: conditions that all branches of an OR ask for stand beside it.
 *
 * (a AND b) OR (a AND c) is a AND (b OR c), and a OR (a AND b) is a, under three-valued logic, too. A condition that
 * joins two tables in every branch then joins them, and one over a single table is pushed down to it.
 */
import type { BoundExpression, LogicalPlan } from '../../binder/bound.ts';
import { BOOL } from '../../../sblr/contract/types.ts';
import { conjunctsOf, isVolatile, sameExpression } from '../expression-walk.ts';

/** Comparisons of conjuncts that one OR is worth. */
const MAX_COMPARISONS = 10_000;

export function factorConditions<P extends LogicalPlan & { readonly condition: BoundExpression | undefined }>(
  plan: P,
): P {
  const { condition } = plan;
  if (condition === undefined) return plan;
  const conjuncts = conjunctsOf(condition);
  const factored = conjuncts.flatMap(partsOf);
  if (factored.length === conjuncts.length && factored.every((each, at) => each === conjuncts[at])) return plan;
  return { ...plan, condition: conjunction(factored) };
}

/** The conjuncts that a condition is as. */
function partsOf(condition: BoundExpression): readonly BoundExpression[] {
  if (condition.kind !== 'or' || condition.operands.length < 2) return [condition];
  const branches = condition.operands.map((operand) => conjunctsOf(operand));
  const first = branches[0] as BoundExpression[];
  const rest = branches.slice(1);
  if (first.length * rest.reduce((sum, branch) => sum + branch.length, 0) > MAX_COMPARISONS) return [condition];
  const common = first.filter(
    (each) => !isVolatile(each) && rest.every((branch) => branch.some((other) => sameCondition(each, other))),
  );
  if (common.length === 0) return [condition];
  const remaining = branches.map((branch) => branch.filter((each) => !common.some((one) => sameCondition(one, each))));
  // A branch that asks for nothing else holds whenever the common part does.
  if (remaining.some((branch) => branch.length === 0)) return common;
  return [...common, { ...condition, operands: remaining.map(conjunction) }];
}

function conjunction(conditions: readonly BoundExpression[]): BoundExpression {
  return conditions.length === 1
    ? (conditions[0] as BoundExpression)
    : { kind: 'and', operands: conditions, type: BOOL };
}

/** The same condition, or an equality the other way round. */
function sameCondition(a: BoundExpression, b: BoundExpression): boolean {
  if (sameExpression(a, b)) return true;
  return (
    a.kind === 'compare' &&
    b.kind === 'compare' &&
    a.operator === 'equal' &&
    sameExpression({ ...a, left: a.right, right: a.left }, b)
  );
}
