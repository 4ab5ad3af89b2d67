/**
 * Vectorised aggregation: conditions narrow a batch's selection, rows are put in order of their groups, and
 * each aggregate steps over each group's run of values. Nothing is stepped before everything in the batch is
 * computed, so a batch that proves unsuitable goes row by row instead, with the same states: results and
 * errors are those of row-at-a-time execution.
 */
import type { Row, SqlValue } from '../../../sblr/contract/values.ts';
import type { Evaluator, ExecutionContext } from '../operator.ts';
import type { AggregateCallSpec, Group } from '../operators/aggregate.ts';
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
  /** A computed number, the column at a slot as it is, any other value row by row, or nothing (count of rows). */
  readonly input:
    | { readonly kind: 'number'; readonly plan: NumberPlan; readonly decimal: boolean }
    | { readonly kind: 'column'; readonly slot: number }
    | { readonly kind: 'value'; readonly evaluate: Evaluator }
    | { readonly kind: 'none' };
}

export interface VectorPlan {
  readonly conditions: readonly TruthPlan[];
  /** The same as row-at-a-time code. */
  readonly filter: Evaluator | undefined;
  /** Does it read the table itself and test the conditions, instead of taking the rows of a scan? */
  readonly scans: boolean;
  /** Where a key stands in the row, or how it is computed. */
  readonly keys: readonly (number | Evaluator)[];
  readonly calls: readonly VectorCallPlan[];
}

/** The aggregation whose states are stepped. */
export interface GroupHost {
  /** The group with these keys, made if need be; undefined when there may be no further group. */
  groupOf(values: readonly SqlValue[]): Group | undefined;
  /** For DISTINCT: false when the group has had these inputs of its call number `call`. */
  isNew(group: Group, call: number, values: readonly SqlValue[]): boolean;
}

interface BuiltCall {
  readonly filter: TruthNode | undefined;
  readonly number: NumberNode | undefined;
  readonly decimal: boolean;
  /** Values not computed as numbers: the column they stand in (-1 = none), or values computed row by row. */
  readonly slot: number;
  readonly evaluate: Evaluator | undefined;
  readonly computed: SqlValue[];
}

/** Batches in a row that went row by row after which no further one is tried. */
const MAX_FAILURES = 8;
const NO_ROWS: readonly Row[] = [];

export class VectorProgram {
  readonly #plan: VectorPlan;
  readonly #specs: readonly AggregateCallSpec[];
  readonly #frame: Frame;
  readonly #conditions: readonly TruthNode[];
  readonly #calls: readonly BuiltCall[];
  readonly #order = new Int32Array(VECTOR_ROWS);
  readonly #chosen = new Int32Array(VECTOR_ROWS);
  readonly #groupOfRow = new Int32Array(VECTOR_ROWS);
  readonly #starts = new Int32Array(VECTOR_ROWS + 1);
  readonly #groups: Group[] = [];
  /** Place of a group in `#groups`, by its number; stale unless it stands there. */
  #places = new Int32Array(64);
  #failures = 0;
  /** Rows that passed the conditions so far. */
  passed = 0;

  constructor(plan: VectorPlan, specs: readonly AggregateCallSpec[], context: ExecutionContext) {
    this.#plan = plan;
    this.#specs = specs;
    this.#frame = new Frame(context);
    const build = new Build();
    this.#conditions = plan.conditions.map((condition) => condition(build));
    this.#calls = plan.calls.map((call) => ({
      filter: call.filter?.(build),
      number: call.input.kind === 'number' ? call.input.plan(build) : undefined,
      decimal: call.input.kind === 'number' && call.input.decimal,
      slot: call.input.kind === 'column' ? call.input.slot : -1,
      evaluate: call.input.kind === 'value' ? call.input.evaluate : undefined,
      computed: [],
    }));
  }

  /** Aggregates a batch of at most VECTOR_ROWS unfiltered rows; answers the rows left to be taken one by one. */
  take(rows: readonly Row[], host: GroupHost): readonly Row[] {
    if (this.#failures < MAX_FAILURES) {
      if (this.#compute(rows, host)) {
        this.#failures = 0;
        this.passed += this.#frame.selected;
        this.#step(host);
        return NO_ROWS;
      }
      this.#failures++;
    }
    const { filter } = this.#plan;
    const { context } = this.#frame;
    const left = filter === undefined ? rows : rows.filter((row) => filter(row, context) === true);
    this.passed += left.length;
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
      this.#groups.length = 0;
      return true;
    }
    for (const call of this.#calls) {
      if (call.filter !== undefined && !call.filter.run(frame)) return false;
      if (call.number !== undefined && !call.number.run(frame)) return false;
      if (call.evaluate !== undefined && !this.#evaluate(call.evaluate, call.computed)) return false;
    }
    return this.#group(host);
  }

  /** Computes a value per selected row; false when that fails, which row-at-a-time code then reports in its turn. */
  #evaluate(evaluate: Evaluator, into: SqlValue[]): boolean {
    const { rows, selection, selected, context } = this.#frame;
    try {
      for (let at = 0; at < selected; at++) {
        const row = selection[at];
        into[row] = evaluate(rows[row], context);
      }
      return true;
    } catch {
      return false;
    }
  }

  /** Puts the selected rows in order of their groups, rows of one group in the order read. */
  #group(host: GroupHost): boolean {
    const { selection, selected } = this.#frame;
    const groups = this.#groups;
    const starts = this.#starts;
    groups.length = 0;
    if (this.#plan.keys.length === 0) {
      const found = host.groupOf([]);
      if (found === undefined) return false;
      groups.push(found);
      this.#order.set(selection.subarray(0, selected));
      starts[0] = 0;
      starts[1] = selected;
      return true;
    }
    starts.fill(0);
    if (!this.#assign(host)) return false;
    for (let group = 0; group < groups.length; group++) starts[group + 1] += starts[group];
    for (let at = 0; at < selected; at++) this.#order[starts[this.#groupOfRow[at]]++] = selection[at];
    for (let group = groups.length; group > 0; group--) starts[group] = starts[group - 1];
    starts[0] = 0;
    return true;
  }

  /** Finds each selected row's group; counts the rows of each in `#starts`, one place on. */
  #assign(host: GroupHost): boolean {
    const { rows, selection, selected, context } = this.#frame;
    const { keys } = this.#plan;
    const groups = this.#groups;
    const values: SqlValue[] = new Array<SqlValue>(keys.length);
    for (let at = 0; at < selected; at++) {
      const row = rows[selection[at]];
      for (let key = 0; key < keys.length; key++) {
        const source = keys[key];
        if (typeof source === 'number') values[key] = row[source];
        else {
          try {
            values[key] = source(row, context);
          } catch {
            return false;
          }
        }
      }
      const found = host.groupOf(values);
      if (found === undefined) return false;
      const { number } = found;
      if (number >= this.#places.length) this.#growPlaces(number);
      let place = this.#places[number];
      if (place >= groups.length || groups[place] !== found) {
        place = groups.length;
        groups.push(found);
        this.#places[number] = place;
      }
      this.#groupOfRow[at] = place;
      this.#starts[place + 1]++;
    }
    return true;
  }

  #growPlaces(number: number): void {
    const grown = new Int32Array(Math.max(number + 1, this.#places.length * 2));
    grown.set(this.#places);
    this.#places = grown;
  }

  #step(host: GroupHost): void {
    for (let at = 0; at < this.#calls.length; at++) {
      for (let place = 0; place < this.#groups.length; place++)
        this.#stepGroup(host, at, this.#groups[place], this.#starts[place], this.#starts[place + 1]);
    }
  }

  #stepGroup(host: GroupHost, at: number, group: Group, from: number, to: number): void {
    const call = this.#calls[at];
    const order = this.#order;
    const chosen = this.#chosen;
    const vector = call.number?.vector;
    const nulls = vector?.hasNulls === true ? vector.nulls : undefined;
    const truth = call.filter?.truth;
    let count = 0;
    for (let place = from; place < to; place++) {
      const row = order[place];
      if ((truth === undefined || truth[row] === 1) && (nulls === undefined || nulls[row] === 0)) chosen[count++] = row;
    }
    if (count === 0) return;
    if (vector === undefined) this.#stepValues(host, at, group, count);
    else if (call.decimal)
      this.#specs[at].implementation.stepScaled?.(group.states[at], vector.values, vector.scale, chosen, count);
    else this.#specs[at].implementation.stepNumbers?.(group.states[at], vector.values, chosen, count);
  }

  /** Steps over the first `count` chosen rows with values as they are. */
  #stepValues(host: GroupHost, at: number, group: Group, count: number): void {
    const { context, rows } = this.#frame;
    const { slot, evaluate, computed } = this.#calls[at];
    const { implementation, strict, distinct } = this.#specs[at];
    const state = group.states[at];
    const one: SqlValue[] = [null];
    for (let place = 0; place < count; place++) {
      const row = this.#chosen[place];
      const value = evaluate !== undefined ? computed[row] : slot < 0 ? null : rows[row][slot];
      if (value === null && strict && (slot >= 0 || evaluate !== undefined)) continue;
      if (distinct !== undefined) {
        one[0] = value;
        if (!host.isNew(group, at, one)) continue;
      }
      implementation.step(state, value, null, context.evaluation);
    }
  }
}
