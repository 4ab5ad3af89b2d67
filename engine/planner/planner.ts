/**
 * Logical plan to physical plan. Conditions travel down as far as they can, wanted orders too; each
 * node is planned with the columns its parents need. Joins are ordered in join-order.ts, access paths
 * chosen in scans.ts, modifications planned in modify-plans.ts.
 */
import type { Semantics } from '../../sblr/contract/semantics.ts';
import type { BoundExpression, ColumnId, LogicalPlan, OutputColumn, SortKey } from '../binder/bound.ts';
import {
  compileCondition,
  compileExpression,
  type CompileContext,
  type Layout,
  type StoredExpressions,
} from '../executor/expressions/compile.ts';
import type { Subplan } from '../executor/expressions/subplans.ts';
import type { Evaluator } from '../executor/operator.ts';
import { Filter, Gate, OneByOne, PickColumns, Project, ValuesScan } from '../executor/operators/basic.ts';
import {
  collectColumns,
  columnsOf,
  conjunctsOf,
  expressionsOf,
  forEachOperand,
  freeColumns,
  hasSetCall,
  isPlanVolatile,
  isVolatile,
  sourcesOf,
  substituteColumns,
  withColumns,
} from './expression-walk.ts';
import { planAggregate, planDistinct, planSetOperation, planWindow } from './grouping-plans.ts';
import { planLimit, planSort } from './sort-plans.ts';
import { planFunctionScan, planProjectSet, planRecursiveUnion, planWith, planCteScan } from './common-plans.ts';
import { planJoin } from './join-plans.ts';
import { planJoined, planLockRows, planModify } from './modify-plans.ts';
import { PhysicalNode, type PhysicalOrder, type PlanDetail } from './physical.ts';
import { planScan, planSystemScan } from './scan-plans.ts';
import { selectivity, type EstimateContext } from './selectivity.ts';
import type { StatisticsSource } from './statistics.ts';
import { COST } from './scan-paths.ts';

/** What a parent asks of the node below it. */
export interface PlanRequest {
  /** Columns needed above. */
  readonly required: ReadonlySet<ColumnId>;
  /** Conditions to apply on the node's output, here or further down. */
  readonly conjuncts: readonly BoundExpression[];
  /** Order that would be useful; the node need not deliver it. */
  readonly order?: readonly SortKey[] | undefined;
  /** Only about so many rows will be read. */
  readonly fetch?: number | undefined;
}

export interface PlannerOptions {
  readonly semantics: Semantics;
  readonly statistics: StatisticsSource;
  readonly stored: StoredExpressions;
  /** How aggregations of table scans run: row by row, in vectors, or as the table's size suggests. */
  readonly gear?: 'rows' | 'vectors' | 'auto' | undefined;
}

export interface CteState {
  readonly slot: number;
  /** Columns in the order of the stored rows. */
  readonly columns: readonly OutputColumn[];
  readonly rows: number;
  readonly name: string;
  /** Inlined: planned anew at its one reference. */
  readonly inline: LogicalPlan | undefined;
  readonly work: boolean;
  /** Its rows change within one execution: the rounds of a recursion, or a table that depends on outer values. */
  readonly varies: boolean;
}

export class Planner implements EstimateContext {
  readonly options: PlannerOptions;
  readonly compile: CompileContext;
  /** For code that runs once per row of a scan: constants are hoisted. */
  readonly compileHoisted: CompileContext;
  readonly origins = new Map<ColumnId, OutputColumn>();
  /** Relation alias per column, for EXPLAIN. */
  readonly aliases = new Map<ColumnId, string>();
  /** Row key of the scan a column comes from: tells apart what two scans of one table read. */
  readonly scanOf = new Map<ColumnId, ColumnId>();
  readonly ctes = new Map<number, CteState>();
  /** Subplans of expressions, for EXPLAIN. */
  readonly subplans: {
    readonly plan: LogicalPlan;
    readonly node: PhysicalNode;
    readonly number: number;
    readonly initial: boolean;
  }[] = [];
  readonly #uniqueColumns = new Set<string>();
  #slots = 0;
  #nextId: number;
  relations = 0;

  constructor(options: PlannerOptions, lastColumnId: number) {
    this.options = options;
    this.#nextId = lastColumnId + 1;
    const shared = {
      semantics: options.semantics,
      stored: options.stored,
      newSlot: () => this.#slots++,
      subplans: { plan: (plan: LogicalPlan, rows: number | undefined) => this.subplan(plan, rows) },
    };
    this.compile = { ...shared, hoist: false };
    this.compileHoisted = { ...shared, hoist: true };
  }

  get statistics(): StatisticsSource {
    return this.options.statistics;
  }

  newSlot(): number {
    return this.#slots++;
  }

  countedPlan: LogicalPlan | undefined;
  countSlot: number | undefined;

  /** Makes `plan`'s number of rows the statement's. */
  count(plan: LogicalPlan): void {
    this.countedPlan = plan;
    this.countSlot = this.newSlot();
  }

  newId(): ColumnId {
    return this.#nextId++;
  }

  addUnique(tableId: number, position: number): void {
    this.#uniqueColumns.add(`${tableId}:${position}`);
  }

  isUnique(column: OutputColumn): boolean {
    return this.#uniqueColumns.has(`${column.tableId}:${column.position}`);
  }

  /** A subquery of an expression. */
  subplan(plan: LogicalPlan, rows: number | undefined): Subplan {
    const node = this.exact(plan, rows);
    const free = freeColumns(plan);
    this.subplans.push({ plan, node, number: this.subplans.length + 1, initial: free.length === 0 });
    return {
      open: (context) => node.open(context),
      free,
      volatile: isPlanVolatile(plan),
      varies: this.readsVarying(plan),
    };
  }

  /** Reads a common table, defined outside of it, whose rows change within one execution. */
  readsVarying(plan: LogicalPlan): boolean {
    if (plan.kind === 'cte_scan') {
      const state = this.ctes.get(plan.cte);
      return state !== undefined && (state.varies || (state.inline !== undefined && this.readsVarying(state.inline)));
    }
    return (
      sourcesOf(plan).some((source) => this.readsVarying(source)) ||
      expressionsOf(plan).some((expression) => this.#expressionReadsVarying(expression))
    );
  }

  #expressionReadsVarying(expression: BoundExpression): boolean {
    if (
      (expression.kind === 'subquery' || expression.kind === 'quantified_query') &&
      this.readsVarying(expression.plan)
    )
      return true;
    let found = false;
    forEachOperand(expression, (operand) => {
      found ||= this.#expressionReadsVarying(operand);
    });
    return found;
  }

  /** Plans so that rows are exactly the plan's columns in order. */
  exact(plan: LogicalPlan, fetch?: number, order?: readonly SortKey[]): PhysicalNode {
    const required = new Set(plan.columns.map((column) => column.id));
    return this.arrange(
      this.plan(plan, { required, conjuncts: [], fetch, order }),
      plan.columns.map((column) => column.id),
    );
  }

  /** Brings columns into the given order; nothing is done when they stand so already. */
  arrange(node: PhysicalNode, ids: readonly ColumnId[]): PhysicalNode {
    const slots = ids.map((id) => slotOf(node.layout, id));
    if (node.width === slots.length && slots.every((slot, at) => slot === at)) return node;
    const layout = new Map<ColumnId, number>();
    ids.forEach((id, at) => {
      if (!layout.has(id)) layout.set(id, at);
    });
    return new PhysicalNode({
      layout,
      width: ids.length,
      rows: node.rows,
      startup: node.startup,
      total: node.total,
      order: node.order,
      title: '',
      children: [node],
      point: node.facts.point?.pick(slots),
      create: (context) => new PickColumns(node.open(context), slots),
    });
  }

  plan(plan: LogicalPlan, request: PlanRequest): PhysicalNode {
    switch (plan.kind) {
      case 'dual':
        return this.#planDual(request);
      case 'scan':
        return planScan(this, plan, request);
      case 'system_scan':
        return planSystemScan(this, plan, request);
      case 'function_scan':
        return planFunctionScan(this, plan, request);
      case 'values':
        return this.#planValues(plan, request);
      case 'filter':
        return this.#planFilter(plan, request);
      case 'project':
        return this.#planProject(plan, request);
      case 'join':
        return planJoin(this, plan, request);
      case 'aggregate':
        return planAggregate(this, plan, request);
      case 'window':
        return planWindow(this, plan, request);
      case 'distinct':
        return planDistinct(this, plan, request);
      case 'sort':
        return planSort(this, plan, request);
      case 'limit':
        return planLimit(this, plan, request);
      case 'set_operation':
        return planSetOperation(this, plan, request);
      case 'with':
        return planWith(this, plan, request);
      case 'cte_scan':
        return planCteScan(this, plan, request);
      case 'recursive_union':
        return planRecursiveUnion(this, plan, request);
      case 'lock_rows':
        return planLockRows(this, plan, request);
      case 'insert':
      case 'update':
      case 'delete':
      case 'merge':
        return this.filtered(planModify(this, plan), request.conjuncts);
      case 'modify_joined':
        return planJoined(this, plan);
    }
  }

  #planDual(request: PlanRequest): PhysicalNode {
    const node = new PhysicalNode({
      layout: new Map(),
      width: 0,
      rows: 1,
      startup: 0,
      total: COST.tuple,
      title: 'Result',
      create: (context) => new ValuesScan([[]], context),
    });
    return this.gated(node, request.conjuncts);
  }

  #planValues(plan: LogicalPlan & { kind: 'values' }, request: PlanRequest): PhysicalNode {
    const empty: Layout = new Map();
    const rows = plan.rows.map((row) => row.map((value) => compileExpression(value, empty, this.compile)));
    const node = new PhysicalNode({
      layout: layoutOf(plan.columns),
      width: plan.columns.length,
      rows: rows.length,
      startup: 0,
      total: rows.length * COST.tuple,
      title: rows.length === 1 ? 'Result' : 'Values Scan',
      reads: rows.length === 1 ? undefined : { kind: 'table', name: '"*VALUES*"', alias: '' },
      create: (context) => new ValuesScan(rows, context),
    });
    return this.filtered(node, request.conjuncts);
  }

  #planFilter(plan: LogicalPlan & { kind: 'filter' }, request: PlanRequest): PhysicalNode {
    const here: BoundExpression[] = [];
    const down: BoundExpression[] = [...request.conjuncts];
    for (const conjunct of conjunctsOf(plan.condition)) (isVolatile(conjunct) ? here : down).push(conjunct);
    const required = withColumns(request.required, here);
    const source = this.plan(plan.source, { ...request, required, conjuncts: down });
    return this.filtered(source, here);
  }

  #planProject(plan: LogicalPlan & { kind: 'project' }, request: PlanRequest): PhysicalNode {
    if (plan.setReturning || plan.items.some((item) => hasSetCall(item.expression))) {
      return this.filtered(
        planProjectSet(this, plan, withColumns(request.required, request.conjuncts)),
        request.conjuncts,
      );
    }
    const replacements = new Map(plan.items.map((item) => [item.column.id, item.expression]));
    const { down, here } = this.pushThrough(request.conjuncts, replacements);
    const needed = withColumns(request.required, here);
    const items = plan.items.filter((item) => needed.has(item.column.id) || isVolatile(item.expression));
    for (const item of plan.items)
      if (item.expression.kind === 'column') this.#inherit(item.column, item.expression.id);
    const sourceRequired = new Set<ColumnId>();
    for (const item of items) collectColumns(item.expression, sourceRequired);
    const order = request.order === undefined ? undefined : substituteOrder(request.order, replacements);
    const source = this.plan(plan.source, {
      required: sourceRequired,
      conjuncts: down,
      order,
      fetch: here.length === 0 ? request.fetch : undefined,
    });
    return this.filtered(this.project(source, items, request.fetch !== undefined), here);
  }

  #inherit(column: OutputColumn, from: ColumnId): void {
    const origin = this.origins.get(from);
    if (origin !== undefined && !this.origins.has(column.id)) this.origins.set(column.id, origin);
    const alias = this.aliases.get(from);
    if (alias !== undefined && !this.aliases.has(column.id)) this.aliases.set(column.id, alias);
    const scan = this.scanOf.get(from);
    if (scan !== undefined && !this.scanOf.has(column.id)) this.scanOf.set(column.id, scan);
  }

  /** Computes items over a source; when all are columns of it, only the layout changes. */
  project(
    source: PhysicalNode,
    items: readonly { readonly column: OutputColumn; readonly expression: BoundExpression }[],
    limited = false,
  ): PhysicalNode {
    for (const item of items) if (item.expression.kind === 'column') this.#inherit(item.column, item.expression.id);
    const order = this.#projectOrder(source, items);
    if (items.every((item) => item.expression.kind === 'column' && source.layout.has(item.expression.id))) {
      const layout = new Map(
        items.map((item) => [item.column.id, source.layout.get((item.expression as { id: number }).id) as number]),
      );
      return source.relabel(layout, order);
    }
    // Under a limit, effects must not run ahead of the rows asked for.
    const stepwise = limited && items.some((item) => isVolatile(item.expression));
    const evaluators = items.map((item) => compileExpression(item.expression, source.layout, this.compile));
    return new PhysicalNode({
      layout: layoutOf(items.map((item) => item.column)),
      width: items.length,
      rows: source.rows,
      startup: source.startup,
      total: source.total + source.rows * items.length * COST.operator,
      order,
      title: '',
      children: [source],
      details: [{ label: 'Output', expressions: items.map((item) => item.expression) }],
      create: (context) =>
        new Project(stepwise ? new OneByOne(source.open(context)) : source.open(context), evaluators, context),
    });
  }

  #projectOrder(
    source: PhysicalNode,
    items: readonly { readonly column: OutputColumn; readonly expression: BoundExpression }[],
  ): PhysicalOrder[] {
    const order: PhysicalOrder[] = [];
    for (const key of source.order) {
      const item = items.find((one) => one.expression.kind === 'column' && one.expression.id === key.id);
      if (item === undefined) break;
      order.push({ ...key, id: item.column.id });
    }
    return order;
  }

  /** Splits conditions into those that can be stated below a projection and those that stay above. */
  pushThrough(
    conjuncts: readonly BoundExpression[],
    replacements: ReadonlyMap<ColumnId, BoundExpression>,
  ): { down: BoundExpression[]; here: BoundExpression[] } {
    const down: BoundExpression[] = [];
    const here: BoundExpression[] = [];
    for (const conjunct of conjuncts) {
      const used = [...columnsOf(conjunct)];
      const volatile = used.some((id) => {
        const replacement = replacements.get(id);
        return replacement !== undefined && isVolatile(replacement);
      });
      const moved = volatile || isVolatile(conjunct) ? undefined : substituteColumns(conjunct, replacements);
      if (moved === undefined) here.push(conjunct);
      else down.push(moved);
    }
    return { down, here };
  }

  /** A filter on top, when there is something to filter. */
  filtered(node: PhysicalNode, conjuncts: readonly BoundExpression[]): PhysicalNode {
    const condition = compileCondition(conjuncts, node.layout, this.compileHoisted);
    if (condition === undefined) return node;
    const rows = this.estimate(node.rows, conjuncts);
    return new PhysicalNode({
      layout: node.layout,
      width: node.width,
      rows,
      startup: node.startup,
      total: node.total + node.rows * conjuncts.length * COST.operator,
      order: node.order,
      title: 'Filter',
      children: [node],
      details: [{ label: 'Filter', expressions: conjuncts }],
      create: (context) => new Filter(node.open(context), condition, context),
    });
  }

  /** Conditions over no columns: tested once. */
  gated(node: PhysicalNode, conjuncts: readonly BoundExpression[]): PhysicalNode {
    const condition: Evaluator | undefined = compileCondition(conjuncts, new Map(), this.compile);
    if (condition === undefined) return node;
    const details: PlanDetail[] = [{ label: 'One-Time Filter', expressions: conjuncts }];
    return new PhysicalNode({
      layout: node.layout,
      width: node.width,
      rows: node.rows,
      startup: node.startup,
      total: node.total,
      order: node.order,
      title: 'Result',
      children: node.facts.title === 'Result' ? [] : [node],
      details,
      create: (context) => new Gate(node.open(context), condition, context),
    });
  }

  estimate(rows: number, conjuncts: readonly BoundExpression[]): number {
    let result = rows;
    for (const conjunct of conjuncts) result *= selectivity(conjunct, this);
    return Math.max(1, result);
  }

  /** Columns some output of a table-like node needs at least. */
  neededColumns(plan: LogicalPlan): Set<ColumnId> {
    const found = new Set<ColumnId>();
    for (const expression of expressionsOf(plan)) collectColumns(expression, found);
    return found;
  }
}

export function layoutOf(columns: readonly OutputColumn[]): Map<ColumnId, number> {
  const layout = new Map<ColumnId, number>();
  columns.forEach((column, at) => {
    if (!layout.has(column.id)) layout.set(column.id, at);
  });
  return layout;
}

export function slotOf(layout: Layout, id: ColumnId): number {
  const slot = layout.get(id);
  if (slot === undefined) throw new RangeError(`column ${id} is not provided by its source`);
  return slot;
}

/** A wanted order below a projection; stops at the first key that is not simply passed on. */
function substituteOrder(
  order: readonly SortKey[],
  replacements: ReadonlyMap<ColumnId, BoundExpression>,
): SortKey[] | undefined {
  const result: SortKey[] = [];
  for (const key of order) {
    const expression = substituteColumns(key.expression, replacements);
    if (expression === undefined || isVolatile(expression)) break;
    result.push({ ...key, expression });
  }
  return result.length === 0 ? undefined : result;
}
