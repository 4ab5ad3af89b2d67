/**
 * Driver of one execution: steps the root operator, turns SUSPEND and PENDING into 'pending', and can
 * be resumed or closed at any time.
 */
import type { PhysicalPlan } from '../planner/plan.ts';
import type { ModifyOutcome } from './modify/outcome.ts';
import { PENDING, SUSPEND, type Batch, type ExecutionContext, type Operator } from './operator.ts';

const NO_ROWS: Batch = [];

export class Execution {
  readonly #plan: PhysicalPlan;
  readonly #context: ExecutionContext;
  readonly #operator: Operator;
  #done = false;
  /** Valid after 'rows', until the next step. */
  rows: Batch = NO_ROWS;

  constructor(plan: PhysicalPlan, context: ExecutionContext) {
    this.#plan = plan;
    this.#context = context;
    this.#operator = plan.instantiate(context);
  }

  /** 'pending': the context resumes the statement later; call again then. */
  step(): 'rows' | 'pending' | 'done' {
    if (this.#done) return 'done';
    try {
      const batch = this.#operator.next();
      if (batch === PENDING) return 'pending';
      if (batch === null) {
        this.#done = true;
        this.rows = NO_ROWS;
        return 'done';
      }
      this.rows = batch;
      return 'rows';
    } catch (error) {
      if (error === SUSPEND) return 'pending';
      throw error;
    }
  }

  /** What the statement's modification did; undefined for a query, and before its end. */
  get outcome(): ModifyOutcome | undefined {
    const { countSlot } = this.#plan;
    return countSlot === undefined ? undefined : (this.#context.slots[countSlot] as ModifyOutcome | undefined);
  }

  /** Rows inserted, updated or deleted; undefined for a query. */
  get affectedRows(): number | undefined {
    return this.#plan.countSlot === undefined ? undefined : (this.outcome?.rows ?? 0);
  }

  close(): void {
    this.#done = true;
    this.#operator.close();
  }
}
