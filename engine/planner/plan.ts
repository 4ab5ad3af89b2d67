/**
 * Entry of the planner: a bound query becomes a physical plan that can be opened any number of times.
 */
import type { Semantics } from '../../sblr/contract/semantics.ts';
import type { BoundQuery, LogicalPlan } from '../binder/bound.ts';
import type { ExecutionContext, Operator } from '../executor/operator.ts';
import type { PointRead } from '../executor/point-read.ts';
import type { StoredExpressions } from '../executor/expressions/compile.ts';
import type { PhysicalNode } from './physical.ts';
import { Planner } from './planner.ts';
import { rewriteQuery } from './rewrite.ts';
import type { StatisticsSource } from './statistics.ts';

export type { StatisticsSource } from './statistics.ts';

export interface PlanEnvironment {
  readonly semantics: Semantics;
  readonly stored: StoredExpressions;
  readonly gear?: 'rows' | 'vectors' | 'auto' | undefined;
}

export class PhysicalPlan {
  readonly root: PhysicalNode;
  readonly planner: Planner;
  /** Where the number of modified rows is found in `context.slots`; undefined for queries. */
  readonly countSlot: number | undefined;

  constructor(root: PhysicalNode, planner: Planner, countSlot: number | undefined) {
    this.root = root;
    this.planner = planner;
    this.countSlot = countSlot;
  }

  /** The query as a point read, where it is one. */
  get point(): PointRead | undefined {
    return this.root.facts.point;
  }

  instantiate(context: ExecutionContext): Operator {
    return this.root.open(context);
  }
}

/** The modification whose rows the statement reports. */
function countedPlan(plan: LogicalPlan): LogicalPlan | undefined {
  switch (plan.kind) {
    case 'insert':
    case 'update':
    case 'delete':
    case 'modify_joined':
    case 'merge':
      return plan;
    case 'with':
      return countedPlan(plan.body);
    case 'project':
      return countedPlan(plan.source);
    default:
      return undefined;
  }
}

export function planQuery(query: BoundQuery, statistics: StatisticsSource, environment: PlanEnvironment): PhysicalPlan {
  const bound = rewriteQuery(query);
  const planner = new Planner(
    { semantics: environment.semantics, stored: environment.stored, statistics, gear: environment.gear },
    bound.lastColumnId,
  );
  const counted = countedPlan(bound.plan);
  if (counted !== undefined) planner.count(counted);
  return new PhysicalPlan(planner.exact(bound.plan), planner, planner.countSlot);
}
