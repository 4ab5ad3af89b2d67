/** Sessions may ask that no statement changes rows which it finds without a key: a forgotten condition costs less then. */
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { LogicalPlan } from '../binder/bound.ts';
import type { PhysicalNode } from '../planner/physical.ts';
import type { PlannedQuery } from './plan-cache.ts';

export function requireKey({ bound, plan }: PlannedQuery): void {
  const changed = bound.plan;
  if (changed.kind !== 'update' && changed.kind !== 'delete' && changed.kind !== 'modify_joined') return;
  if (isLimited(changed.source) || usesIndex(plan.root)) return;
  throw new SqlError('object_not_in_prerequisite_state', {
    message: 'rows would be changed that are not found by a key',
    variant: 'keyed_changes',
  });
}

/** Has it a limit of its own? */
export function isLimited(plan: LogicalPlan): boolean {
  return plan.kind === 'limit' || (plan.kind === 'project' && isLimited(plan.source));
}

function usesIndex({ facts }: PhysicalNode): boolean {
  if (facts.reads?.index !== undefined || facts.point !== undefined) return true;
  return facts.children?.some(usesIndex) ?? false;
}
