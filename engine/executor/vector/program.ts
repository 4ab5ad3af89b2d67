/**
 * Vectorised aggregation of a table scan: conditions narrow a batch's selection, rows are put in order
 * of their groups, and each aggregate steps over each group's run of numbers. Nothing is stepped before
 * everything in the batch is computed, so a batch that proves unsuitable goes row by row instead, with
 * the same states: results and errors are those of row-at-a-time execution.
 */
import type { Row, SqlValue } from '../../../sblr/contract/values.ts';
import type { AggregateState } from '../../functions/function.ts';
import type { Evaluator, ExecutionContext } from '../operator.ts';
import type { AggregateCallSpec } from '../operators/aggregate.ts';
import { joinKey } from '../values.ts';
import {
  Build,
  Frame,
  VECTOR_ROWS,
  type NumberNode,
  type NumberPlan,
  type TruthNode,
  type TruthPlan,
} from './frame.ts';

export interface VectorCallPlan {
  readonly filter: TruthPlan | undefined;
  /** A computed number, the column at a slot as it is, or nothing (count of rows). */
  readonly input:
    | { readonly kind: 'number'; readonly plan: NumberPlan; readonly decimal: boolean }
    | { readonly kind: 'column'; readonly slot: number }
    | { readonly kind: 'none' };
}

export interface VectorPlan {
  readonly conditions: readonly TruthPlan[];
  /** The same as row-at-a-time code. */
  readonly filter: Evaluator | undefined;
  readonly keySlots: readonly number[];
  readonly calls: readonly VectorCallPlan[];
}

/** The aggregation whose states are stepped. */
export interface GroupHost {
  /** The states of the group with this key, made if need be; undefined when there may be no further group. */
  statesOf(key: unknown, values: readonly SqlValue[], row: Row): readonly AggregateState[] | undefined;
}

interface BuiltCall {
  readonly filter: TruthNode | undefined;
  readonly number: NumberNode | undefined;
  readonly decimal: boolean;
  readonly slot: number;
}

/** Batches in a row that went row by row after which no further one is tried. */
const MAX_FAILURES = 8;
const NO_ROWS: readonly Row[] = [];

export class VectorProgram {
  readonly #plan: VectorPlan;
  readonly #specs: readonly AggregateCallSpec[];
  readonly #hashes: readonly ((value: SqlValue) => unknown)[];
  readonly #frame: Frame;
  readonly #conditions: readonly TruthNode[];
  readonly #calls: readonly BuiltCall[];
  readonly #order = new Int32Array(VECTOR_ROWS);
  readonly #chosen = new Int32Array(VECTOR_ROWS);
  readonly #groupOfRow = new Int32Array(VECTOR_ROWS);
  readonly #starts = new Int32Array(VECTOR_ROWS + 1);
  readonly #states: (readonly AggregateState[])[] = [];
  #failures = 0;

  constructor(
    plan: VectorPlan,
    specs: readonly AggregateCallSpec[],
    hashes: readonly ((value: SqlValue) => unknown)[],
    context: ExecutionContext,
  ) {
    this.#plan = plan;
    this.#specs = specs;
    this.#hashes = hashes;
    this.#frame = new Frame(context);
    const build = new Build();
    this.#conditions = plan.conditions.map((condition) => condition(build));
    this.#calls = plan.calls.map((call) => ({
      filter: call.filter?.(build),
      number: call.input.kind === 'number' ? call.input.plan(build) : undefined,
      decimal: call.input.kind === 'number' && call.input.decimal,
      slot: call.input.kind === 'column' ? call.input.slot : -1,
    }));
  }

  /** Aggregates a batch of at most VECTOR_ROWS unfiltered rows; answers the rows left to be taken one by one. */
  take(rows: readonly Row[], host: GroupHost): readonly Row[] {
    if (this.#failures < MAX_FAILURES) {
      if (this.#compute(rows, host)) {
        this.#failures = 0;
        this.#step();
        return NO_ROWS;
      }
      this.#failures++;
    }
    const { filter } = this.#plan;
    const { context } = this.#frame;
    const left = filter === undefined ? rows : rows.filter((row) => filter(row, context) === true);
    return left;
  }

  #compute(rows: readonly Row[], host: GroupHost): boolean {
    const frame = this.#frame;
    frame.start(rows);
    const { selection } = frame;
    for (const condition of this.#conditions) {
      if (!condition.run(frame)) return false;
      const { truth } = condition;
      let kept = 0;
      for (let at = 0; at < frame.selected; at++) {
        const row = selection[at];
        selection[kept] = row;
        if (truth[row] === 1) kept++;
      }
      frame.selected = kept;
    }
    if (frame.selected === 0) {
      this.#states.length = 0;
      return true;
    }
    for (const call of this.#calls) {
      if (call.filter !== undefined && !call.filter.run(frame)) return false;
      if (call.number !== undefined && !call.number.run(frame)) return false;
    }
    return this.#group(host);
  }

  /** Puts the selected rows in order of their groups, rows of one group in the order read. */
  #group(host: GroupHost): boolean {
    const { rows, selection, selected } = this.#frame;
    const { keySlots } = this.#plan;
    const states = this.#states;
    const starts = this.#starts;
    states.length = 0;
    if (keySlots.length === 0) {
      const found = host.statesOf(0, [], rows[selection[0]]);
      if (found === undefined) return false;
      states.push(found);
      this.#order.set(selection.subarray(0, selected));
      starts[0] = 0;
      starts[1] = selected;
      return true;
    }
    const local = new Map<unknown, number>();
    const counts = starts.fill(0);
    for (let at = 0; at < selected; at++) {
      const row = rows[selection[at]];
      const key = this.#keyOf(row);
      let group = local.get(key);
      if (group === undefined) {
        const found = host.statesOf(
          key,
          keySlots.map((slot) => row[slot]),
          row,
        );
        if (found === undefined) return false;
        group = states.length;
        states.push(found);
        local.set(key, group);
      }
      this.#groupOfRow[at] = group;
      counts[group + 1]++;
    }
    for (let group = 0; group < states.length; group++) starts[group + 1] += starts[group];
    for (let at = 0; at < selected; at++) this.#order[starts[this.#groupOfRow[at]]++] = selection[at];
    for (let group = states.length; group > 0; group--) starts[group] = starts[group - 1];
    starts[0] = 0;
    return true;
  }

  #keyOf(row: Row): unknown {
    const { keySlots } = this.#plan;
    if (keySlots.length === 1) {
      const value = row[keySlots[0]];
      return value === null ? null : this.#hashes[0](value);
    }
    return joinKey(keySlots.map((slot, at) => (row[slot] === null ? null : this.#hashes[at](row[slot]))));
  }

  #step(): void {
    for (let at = 0; at < this.#calls.length; at++) {
      for (let group = 0; group < this.#states.length; group++) {
        this.#stepGroup(
          this.#calls[at],
          this.#specs[at],
          this.#states[group][at],
          this.#starts[group],
          this.#starts[group + 1],
        );
      }
    }
  }

  #stepGroup(call: BuiltCall, spec: AggregateCallSpec, state: AggregateState, from: number, to: number): void {
    const order = this.#order;
    const chosen = this.#chosen;
    const { implementation } = spec;
    const vector = call.number?.vector;
    const nulls = vector?.hasNulls === true ? vector.nulls : undefined;
    const truth = call.filter?.truth;
    let count = 0;
    if (nulls === undefined && truth === undefined) {
      chosen.set(order.subarray(from, to));
      count = to - from;
    } else {
      for (let at = from; at < to; at++) {
        const row = order[at];
        if ((truth === undefined || truth[row] === 1) && (nulls === undefined || nulls[row] === 0))
          chosen[count++] = row;
      }
    }
    if (count === 0) return;
    if (vector !== undefined) {
      if (call.decimal) implementation.stepScaled?.(state, vector.values, vector.scale, chosen, count);
      else implementation.stepNumbers?.(state, vector.values, chosen, count);
      return;
    }
    const { context, rows } = this.#frame;
    const { slot } = call;
    for (let at = 0; at < count; at++) {
      const value = slot < 0 ? null : rows[chosen[at]][slot];
      if (slot < 0 || value !== null || !spec.strict) implementation.step(state, value, null, context.evaluation);
    }
  }
}
