/**
 * Order of inner joins: relations and conditions are collected from the tree, then the cheapest
 * left-deep order is found by dynamic programming (greedily when there are many relations).
 */
import type { BoundExpression, ColumnId, LogicalPlan } from '../binder/bound.ts';
import { columnsOf, conjunctsOf, freeColumns, isVolatile, withColumns } from './expression-walk.ts';
import { EqualColumns } from './equal-columns.ts';
import { hashJoin, indexedSide, nestedLoop, outputIds } from './join-plans.ts';
import { hashJoinCost } from './join-shape.ts';
import { orderedJoin } from './merge-plans.ts';
import type { PhysicalNode } from './physical.ts';
import type { Planner, PlanRequest } from './planner.ts';
import { COST } from './scan-paths.ts';

/** Relations up to which all orders are considered. */
const EXHAUSTIVE_RELATIONS = 9;

interface Relation {
  readonly plan: LogicalPlan;
  readonly ids: ReadonlySet<ColumnId>;
  /** Bit of this relation and of those its lateral references need. */
  readonly bit: number;
  needs: number;
  readonly local: BoundExpression[];
  node: PhysicalNode;
}

interface Edge {
  readonly conjunct: BoundExpression;
  /** Bits of the relations it mentions. */
  readonly mask: number;
  /** The class of equal columns it states, when one condition per joined relation states all of it; -1 = none. */
  readonly equals: number;
}

/** How one relation joins what is there already. */
interface Step {
  readonly cost: number;
  readonly rows: number;
  readonly order: readonly number[];
}

function collect(plan: LogicalPlan, relations: LogicalPlan[], conjuncts: BoundExpression[]): void {
  if (plan.kind === 'join' && plan.join === 'inner') {
    collect(plan.left, relations, conjuncts);
    collect(plan.right, relations, conjuncts);
    conjunctsOf(plan.condition, conjuncts);
  } else if (
    plan.kind === 'filter' &&
    !isVolatile(plan.condition) &&
    plan.source.kind === 'join' &&
    plan.source.join === 'inner'
  ) {
    collect(plan.source, relations, conjuncts);
    conjunctsOf(plan.condition, conjuncts);
  } else relations.push(plan);
}

export function planJoinGraph(
  planner: Planner,
  plan: LogicalPlan & { kind: 'join' },
  request: PlanRequest,
): PhysicalNode {
  const plans: LogicalPlan[] = [];
  const conjuncts: BoundExpression[] = [...request.conjuncts];
  collect(plan, plans, conjuncts);
  // Beyond the width of a bit mask: join the first part as a relation of its own.
  if (plans.length > 30) return planLargeGraph(planner, plans, conjuncts, request);
  return new JoinGraph(planner, plans, conjuncts, request).build();
}

function planLargeGraph(
  planner: Planner,
  plans: readonly LogicalPlan[],
  conjuncts: readonly BoundExpression[],
  request: PlanRequest,
): PhysicalNode {
  const chain = (part: readonly LogicalPlan[]): LogicalPlan =>
    part.reduce((left, right) => ({
      kind: 'join',
      join: 'inner',
      left,
      right,
      condition: undefined,
      lateral: false,
      columns: [...left.columns, ...right.columns],
    }));
  const first = chain(plans.slice(0, 20));
  const left: LogicalPlan = {
    kind: 'limit',
    source: first,
    count: undefined,
    offset: undefined,
    withTies: false,
    percent: false,
    order: [],
    columns: first.columns,
  };
  const ids = outputIds(first);
  const inner = conjuncts.filter(
    (conjunct) => !isVolatile(conjunct) && [...columnsOf(conjunct)].every((id) => ids.has(id)),
  );
  const outer = conjuncts.filter((conjunct) => !inner.includes(conjunct));
  const condition: BoundExpression | undefined =
    inner.length === 0 ? undefined : { kind: 'and', operands: inner, type: { kind: 'bool' } };
  const filtered: LogicalPlan =
    condition === undefined
      ? left
      : { ...left, source: { kind: 'filter', source: first, condition, columns: first.columns } };
  const rest = chain([filtered, ...plans.slice(20)]);
  return planner.plan(rest, { ...request, conjuncts: outer });
}

class JoinGraph {
  readonly #planner: Planner;
  readonly #request: PlanRequest;
  readonly #relations: Relation[] = [];
  readonly #edges: Edge[] = [];
  /** Conditions for the top: volatile, or about no relation in particular. */
  readonly #above: BoundExpression[] = [];
  readonly #required: ReadonlySet<ColumnId>;

  constructor(
    planner: Planner,
    plans: readonly LogicalPlan[],
    conjuncts: readonly BoundExpression[],
    request: PlanRequest,
  ) {
    this.#planner = planner;
    this.#request = request;
    const required = withColumns(request.required, conjuncts);
    const ids = plans.map(outputIds);
    const locals = plans.map((): BoundExpression[] => []);
    const equalities = new EqualColumns(conjuncts, planner.options.semantics, (id) => maskOf(new Set([id]), ids));
    for (const conjunct of [...conjuncts, ...equalities.implied()]) {
      const mask = isVolatile(conjunct) ? 0 : maskOf(columnsOf(conjunct), ids);
      if (mask === 0) this.#above.push(conjunct);
      else if ((mask & (mask - 1)) === 0) locals[31 - Math.clz32(mask)].push(conjunct);
      else this.#edges.push({ conjunct, mask, equals: equalities.classOf(conjunct) });
    }
    const needs = plans.map((plan) => maskOf(new Set(freeColumns(plan)), ids));
    for (const plan of plans) for (const id of freeColumns(plan)) required.add(id);
    this.#required = required;
    plans.forEach((plan, at) => {
      const node = planner.plan(plan, {
        required,
        conjuncts: locals[at],
        order: plans.length === 1 ? request.order : undefined,
      });
      this.#relations.push({
        plan,
        ids: ids[at],
        bit: 1 << at,
        needs: needs[at] & ~(1 << at),
        local: locals[at],
        node,
      });
    });
  }

  build(): PhysicalNode {
    const order = this.#relations.length <= EXHAUSTIVE_RELATIONS ? this.#exhaustive() : this.#greedy();
    let node = this.#relations[order[0]].node;
    let have = this.#relations[order[0]].bit;
    for (let at = 1; at < order.length; at++) {
      const relation = this.#relations[order[at]];
      node = this.#join(node, have, relation);
      have |= relation.bit;
    }
    return this.#planner.filtered(node, this.#above);
  }

  /** Conditions that become testable when `bit` joins `have`. */
  #conditions(have: number, bit: number): BoundExpression[] {
    const all = have | bit;
    const found: BoundExpression[] = [];
    const stated = new Set<number>();
    for (const edge of this.#edges) {
      if ((edge.mask & bit) === 0 || (edge.mask & ~all) !== 0) continue;
      if (edge.equals >= 0) {
        // The columns there already equal each other, so that one equality says it all.
        if (stated.has(edge.equals)) continue;
        stated.add(edge.equals);
      }
      found.push(edge.conjunct);
    }
    return found;
  }

  #join(left: PhysicalNode, have: number, relation: Relation): PhysicalNode {
    const conditions = this.#conditions(have, relation.bit);
    const pending = this.#edges
      .filter((edge) => (edge.mask & ~(have | relation.bit)) !== 0)
      .map((edge) => edge.conjunct);
    const out = withColumns(withColumns(this.#request.required, this.#above), pending);
    for (const other of this.#relations)
      if (((have | relation.bit) & other.bit) === 0) for (const id of freeColumns(other.plan)) out.add(id);
    if (relation.needs !== 0) {
      return nestedLoop(this.#planner, 'inner', left, relation.node, conditions, out, freeColumns(relation.plan));
    }
    const indexed = indexedSide(
      this.#planner,
      relation.plan,
      [...relation.local, ...conditions],
      relation.local.length,
      this.#required,
      left,
    );
    const right = relation.node;
    const hash = Math.min(hashJoinCost(left, right), hashJoinCost(right, left));
    if (indexed !== undefined && left.total + left.rows * indexed.total < hash) {
      return nestedLoop(this.#planner, 'inner', left, indexed, [], out, []);
    }
    // The first relation may be read in another order; what was joined already keeps the one it has.
    const first = this.#relations.find((other) => other.bit === have);
    const merged = orderedJoin(
      this.#planner,
      'inner',
      first === undefined
        ? { node: left, plan: relation.plan, conjuncts: [] }
        : { node: left, plan: first.plan, conjuncts: first.local },
      { node: right, plan: relation.plan, conjuncts: relation.local },
      conditions,
      this.#required,
      out,
      first === undefined || first.needs !== 0 ? {} : this.#request,
    );
    if (merged !== undefined) return merged;
    return left.rows < right.rows && !this.#wantsOrder(left)
      ? hashJoin(this.#planner, 'inner', right, left, conditions, out)
      : hashJoin(this.#planner, 'inner', left, right, conditions, out);
  }

  #wantsOrder(left: PhysicalNode): boolean {
    return this.#request.order !== undefined && left.order.length > 0;
  }

  /** Cost and rows of joining one more relation, without building it. */
  #estimate(step: Step, have: number, at: number, indexed: Map<string, number | undefined>): Step | undefined {
    const relation = this.#relations[at];
    if ((relation.needs & ~have) !== 0) return undefined;
    const conditions = this.#conditions(have, relation.bit);
    const rows = this.#planner.estimate(step.rows * relation.node.rows, conditions);
    let cost =
      step.cost +
      relation.node.total +
      Math.min(relation.node.rows * 0.02 + step.rows * 0.012, step.rows * 0.02 + relation.node.rows * 0.012);
    if (conditions.length === 0) cost += step.rows * relation.node.rows * COST.tuple;
    if (relation.needs !== 0) cost = step.cost + step.rows * relation.node.total;
    else if (conditions.length > 0) {
      const each = this.#indexCost(have, at, conditions, indexed);
      if (each !== undefined) cost = Math.min(cost, step.cost + step.rows * each);
    }
    return { cost: cost + rows * COST.tuple, rows, order: [...step.order, at] };
  }

  #indexCost(
    have: number,
    at: number,
    conditions: readonly BoundExpression[],
    known: Map<string, number | undefined>,
  ): number | undefined {
    const relation = this.#relations[at];
    const key = `${at}:${conditions.map((one) => this.#edges.findIndex((edge) => edge.conjunct === one)).join(',')}`;
    if (known.has(key)) return known.get(key);
    const node = indexedSide(
      this.#planner,
      relation.plan,
      [...relation.local, ...conditions],
      relation.local.length,
      this.#required,
      undefined,
    );
    known.set(key, node?.total);
    return node?.total;
  }

  #exhaustive(): readonly number[] {
    const indexed = new Map<string, number | undefined>();
    const best = new Map<number, Step>();
    const count = this.#relations.length;
    this.#relations.forEach((relation, at) => {
      if (relation.needs === 0)
        best.set(relation.bit, { cost: relation.node.total, rows: relation.node.rows, order: [at] });
    });
    const everything = 2 ** count - 1;
    // Subsets in rising order: all parts of a set come before it.
    for (let set = 1; set < everything; set++) {
      const step = best.get(set);
      if (step === undefined) continue;
      const connected = this.#relations.some(
        (relation) => (set & relation.bit) === 0 && this.#conditions(set, relation.bit).length > 0,
      );
      for (let at = 0; at < count; at++) {
        const { bit } = this.#relations[at];
        if ((set & bit) !== 0) continue;
        if (connected && this.#conditions(set, bit).length === 0 && this.#relations[at].needs === 0) continue;
        const next = this.#estimate(step, set, at, indexed);
        if (next === undefined) continue;
        const known = best.get(set | bit);
        if (known === undefined || next.cost < known.cost) best.set(set | bit, next);
      }
    }
    return best.get(everything)?.order ?? this.#greedy();
  }

  #greedy(): readonly number[] {
    const indexed = new Map<string, number | undefined>();
    const starts = this.#relations.map((_, at) => at).filter((at) => this.#relations[at].needs === 0);
    const start = starts.reduce(
      (least, at) => (this.#relations[at].node.rows < this.#relations[least].node.rows ? at : least),
      starts[0],
    );
    let step: Step = {
      cost: this.#relations[start].node.total,
      rows: this.#relations[start].node.rows,
      order: [start],
    };
    let have = this.#relations[start].bit;
    while (step.order.length < this.#relations.length) {
      let best: Step | undefined;
      let bestLinked = false;
      for (let at = 0; at < this.#relations.length; at++) {
        const { bit } = this.#relations[at];
        if ((have & bit) !== 0) continue;
        const next = this.#estimate(step, have, at, indexed);
        if (next === undefined) continue;
        const linked = this.#conditions(have, bit).length > 0;
        if (best === undefined || (linked && !bestLinked) || (linked === bestLinked && next.cost < best.cost)) {
          best = next;
          bestLinked = linked;
        }
      }
      if (best === undefined) break;
      step = best;
      have |= this.#relations[best.order[best.order.length - 1]].bit;
    }
    return step.order;
  }
}

function maskOf(ids: ReadonlySet<ColumnId>, relations: readonly ReadonlySet<ColumnId>[]): number {
  let mask = 0;
  for (const id of ids) for (let at = 0; at < relations.length; at++) if (relations[at].has(id)) mask |= 1 << at;
  return mask;
}
