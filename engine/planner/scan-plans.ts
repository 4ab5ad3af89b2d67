/**
 * Plans of table and system scans: the cheapest access path for the conditions and the wanted order.
 */
import type { BoundExpression, ColumnId, LogicalPlan, SortKey } from '../binder/bound.ts';
import { UNKNOWN } from '../../sblr/contract/types.ts';
import { compileCondition, compileExpression, type Layout } from '../executor/expressions/compile.ts';
import { LOOKUP_COLUMNS } from '../catalog/system/lookups.ts';
import { IndexRanges, type KeyBound, type KeyPart } from '../executor/operators/index-ranges.ts';
import { PointRead, type PointValue } from '../executor/point-read.ts';
import {
  IndexPoint,
  IndexScan,
  type IndexScanSpec,
  missingValues,
  SystemScan,
  type SystemLookupPlan,
  TableScan,
} from '../executor/operators/scans.ts';
import { columnsOf, hasSubquery, isVolatile } from './expression-walk.ts';
import { PhysicalNode, type PhysicalOrder, type PlanDetail, type TableAccessPath } from './physical.ts';
import { layoutOf, type Planner, type PlanRequest } from './planner.ts';
import {
  COST,
  fixedColumns,
  indexPaths,
  orderOfKeys,
  satisfiesOrder,
  stripWidening,
  type BoundMatch,
  type IndexPath,
  type PartMatch,
  type ScanContext,
  sortCost,
} from './scan-paths.ts';

type ScanPlan = LogicalPlan & { kind: 'scan' };

/** Rows assumed of a table never analyzed. */
const UNKNOWN_ROWS = 1000;
const PAGE_BYTES = 8192;
/** Rows assumed of a computed relation; making them anew for each row of another relation is dear. */
const SYSTEM_ROWS = 1000;

export function scanContext(planner: Planner, plan: ScanPlan): ScanContext {
  const ids = new Map<number, ColumnId>();
  for (const column of plan.columns) {
    if (plan.rowKey !== undefined) planner.scanOf.set(column.id, plan.rowKey);
    if (column.id === plan.rowKey) continue;
    ids.set(column.position, column.id);
    planner.origins.set(column.id, column);
    planner.aliases.set(column.id, plan.alias);
  }
  for (const index of plan.table.indexes) {
    if (
      index.unique &&
      index.ready &&
      index.keys.length === 1 &&
      index.predicate === undefined &&
      index.keys[0].column > 0
    )
      planner.addUnique(plan.table.id, index.keys[0].column);
  }
  const statistics = planner.statistics.table(plan.table.id);
  return {
    statistics: planner.statistics,
    origins: planner.origins,
    isUnique: (column) => planner.isUnique(column),
    compile: planner.compile,
    table: plan.table,
    ids,
    columns: plan.columns,
    tableRows: Math.max(1, statistics?.rows ?? UNKNOWN_ROWS),
  };
}

function scanLayout(plan: ScanPlan): Map<ColumnId, number> {
  const layout = new Map<ColumnId, number>();
  for (const column of plan.columns)
    layout.set(column.id, column.id === plan.rowKey ? plan.table.columns.length : column.position - 1);
  return layout;
}

export function planScan(planner: Planner, plan: ScanPlan, request: PlanRequest): PhysicalNode {
  planner.relations++;
  const context = scanContext(planner, plan);
  const local = new Set(plan.columns.map((column) => column.id));
  // Conditions that do not touch this table decide once whether it is read at all.
  const gate: BoundExpression[] = [];
  const conjuncts: BoundExpression[] = [];
  for (const conjunct of request.conjuncts) {
    const touches = [...columnsOf(conjunct)].some((id) => local.has(id));
    (touches || isVolatile(conjunct) ? conjuncts : gate).push(conjunct);
  }
  const node = choosePath(planner, plan, { ...request, conjuncts }, context);
  return planner.gated(node, gate);
}

function choosePath(planner: Planner, plan: ScanPlan, request: PlanRequest, context: ScanContext): PhysicalNode {
  const { conjuncts, order: wanted } = request;
  const statistics = planner.statistics.table(plan.table.id);
  const rows = planner.estimate(context.tableRows, conjuncts);
  const pages = Math.max(1, (context.tableRows * (statistics?.rowBytes ?? 64)) / PAGE_BYTES);
  const sequential = pages * COST.page + context.tableRows * (COST.tuple + conjuncts.length * COST.operator);
  const fixed = fixedColumns(conjuncts);
  const notNull = notNullColumns(plan, conjuncts);
  const ordered = (path: IndexPath): boolean =>
    wanted !== undefined && satisfiesOrder(path.order, wanted, fixed, notNull);
  const sorting = wanted === undefined ? 0 : sortCost(rows, Math.min(rows, request.fetch ?? rows)) + 0.5;
  const effective = (cost: number, selected: number, sorted: boolean): number => {
    if (!sorted) return cost + sorting;
    if (request.fetch === undefined || selected <= request.fetch) return cost;
    return (cost * request.fetch) / selected;
  };
  let best: IndexPath | undefined;
  let bestCost = effective(sequential, rows, wanted === undefined);
  for (const path of indexPaths(conjuncts, wanted, context)) {
    const sorted = ordered(path);
    if (path.conditions.length === 0 && !sorted) continue;
    const cost = effective(path.cost, path.rows, sorted || wanted === undefined);
    // Equal costs: prefer the index that leaves less to filter.
    if (cost < bestCost || (best !== undefined && cost === bestCost && path.filter.length < best.filter.length)) {
      best = path;
      bestCost = cost;
    }
  }
  return best === undefined
    ? sequentialScan(planner, plan, conjuncts, rows, sequential)
    : indexScan(planner, plan, ordered(best) ? { ...best, order: wantedOrder(wanted ?? []) } : best, rows);
}

/** The wanted order as delivered: columns fixed by a condition, or never NULL, fit any order. */
function wantedOrder(wanted: readonly SortKey[]): PhysicalOrder[] {
  return orderOfKeys(wanted.filter((key) => key.expression.kind === 'column'));
}

function notNullColumns(plan: ScanPlan, conjuncts: readonly BoundExpression[]): Set<ColumnId> {
  const found = new Set<ColumnId>();
  for (const column of plan.columns)
    if (column.position > 0 && plan.table.columns[column.position - 1]?.notNull === true) found.add(column.id);
  for (const conjunct of conjuncts) {
    if (conjunct.kind === 'is_null' && conjunct.negated && conjunct.operand.kind === 'column')
      found.add(conjunct.operand.id);
    if (conjunct.kind === 'compare')
      for (const side of [conjunct.left, conjunct.right]) if (side.kind === 'column') found.add(side.id);
  }
  return found;
}

function sequentialScan(
  planner: Planner,
  plan: ScanPlan,
  conjuncts: readonly BoundExpression[],
  rows: number,
  cost: number,
): PhysicalNode {
  const layout = scanLayout(plan);
  const withKey = plan.rowKey !== undefined;
  const spec = {
    table: plan.table,
    missing: missingValues(plan.table),
    withKey,
    filter: compileCondition(conjuncts, layout, planner.compileHoisted),
  };
  const tableRows = planner.statistics.table(plan.table.id)?.rows ?? 0;
  return new PhysicalNode({
    layout,
    width: plan.table.columns.length + (withKey ? 1 : 0),
    rows,
    startup: 0,
    total: cost,
    title: 'Seq Scan',
    reads: {
      kind: 'table',
      name: plan.table.name.text,
      alias: plan.alias,
      access: { table: plan.table, tableRows, unique: false, equal: [], ranged: 0, conditions: conjuncts },
    },
    details: filterDetail(conjuncts),
    scan: withKey ? undefined : { table: plan.table, conjuncts, layout, rows: tableRows },
    create: (execution) => new TableScan(spec, execution),
  });
}

function filterDetail(conjuncts: readonly BoundExpression[]): PlanDetail[] {
  return conjuncts.length === 0 ? [] : [{ label: 'Filter', expressions: conjuncts }];
}

function indexScan(planner: Planner, plan: ScanPlan, path: IndexPath, rows: number): PhysicalNode {
  const layout = scanLayout(plan);
  const empty: Layout = new Map();
  const compile = (expression: BoundExpression) => compileExpression(expression, empty, planner.compile);
  const part = (match: PartMatch): KeyPart => {
    switch (match.kind) {
      case 'value':
        return { kind: 'value', value: compile(match.value) };
      case 'list':
        return { kind: 'list', values: match.values.map(compile) };
      case 'array':
        return { kind: 'array', value: compile(match.value) };
      case 'null':
        return match;
    }
  };
  const bound = (match: BoundMatch): KeyBound => ({ value: compile(match.value), inclusive: match.inclusive });
  const ranges = new IndexRanges({
    columns: path.index.keys.map((key) => ({
      type: key.type,
      descending: key.descending,
      nullsFirst: key.nullsFirst,
      collation: key.collation,
    })),
    parts: path.parts.map(part),
    lower: path.lower.map(bound),
    upper: path.upper.map(bound),
    notNull: path.notNull,
    point: path.point,
  });
  const withKey = plan.rowKey !== undefined;
  const spec = {
    table: plan.table,
    missing: missingValues(plan.table),
    withKey,
    filter: compileCondition(path.filter, layout, planner.compile),
    index: path.index,
    ranges,
    reverse: path.reverse,
  };
  const single = path.point && path.parts.every((one) => one.kind === 'value');
  const details: PlanDetail[] = [];
  if (path.conditions.length > 0) details.push({ label: 'Index Cond', expressions: path.conditions });
  details.push(...filterDetail(path.filter));
  return new PhysicalNode({
    layout,
    width: plan.table.columns.length + (withKey ? 1 : 0),
    rows: Math.min(rows, path.rows),
    startup: 0.15,
    total: path.cost,
    order: path.order,
    title: path.reverse ? 'Index Scan Backward' : 'Index Scan',
    reads: {
      kind: 'table',
      name: plan.table.name.text,
      alias: plan.alias,
      index: path.index.name.text,
      access: indexAccess(planner, plan, path),
    },
    details,
    point: single && !withKey ? pointRead(spec, path) : undefined,
    create: single ? (execution) => new IndexPoint(spec, execution) : (execution) => new IndexScan(spec, execution),
  });
}

/** What IS NULL looks for. */
const NULL: BoundExpression = { kind: 'constant', value: null, type: UNKNOWN };

function indexAccess(planner: Planner, plan: ScanPlan, path: IndexPath): TableAccessPath {
  const equal: BoundExpression[] = [];
  for (const part of path.parts) {
    if (part.kind !== 'value' && part.kind !== 'null') break;
    equal.push(part.kind === 'null' ? NULL : part.value);
  }
  const ranged = path.lower.length > 0 || path.upper.length > 0 || path.notNull ? 1 : 0;
  return {
    table: plan.table,
    tableRows: planner.statistics.table(plan.table.id)?.rows ?? 0,
    index: path.index,
    unique: path.point && equal.length === path.parts.length,
    equal,
    ranged: path.parts.length - equal.length + ranged,
    conditions: [...path.conditions, ...path.filter],
  };
}

/** The scan as a point read, if nothing but constants and parameters decides which row it answers. */
function pointRead(spec: IndexScanSpec, path: IndexPath): PointRead | undefined {
  if (spec.filter !== undefined) return undefined;
  const values: PointValue[] = [];
  for (const { value } of path.parts as readonly (PartMatch & { kind: 'value' })[]) {
    if (value.kind === 'parameter') values.push({ parameter: value.index, constant: null });
    else if (value.kind === 'constant') values.push({ parameter: -1, constant: value.value });
    else return undefined;
  }
  return new PointRead(spec, values);
}

/** Catalog views show names in types of their own, which names always fit. */
function stripText(expression: BoundExpression): BoundExpression {
  const stripped = stripWidening(expression);
  return stripped.kind === 'cast' && stripped.type.kind === 'text' && stripped.operand.type.kind === 'text'
    ? stripText(stripped.operand)
    : stripped;
}

/** A condition that asks for one object's rows: what finds it is then known before rows are made. */
function systemLookup(
  planner: Planner,
  plan: LogicalPlan & { kind: 'system_scan' },
  conjuncts: readonly BoundExpression[],
): (SystemLookupPlan & { readonly conjunct: BoundExpression }) | undefined {
  const names = Object.keys(LOOKUP_COLUMNS[plan.relation.name] ?? {});
  const local = new Set(plan.columns.map((column) => column.id));
  const ids = new Map<ColumnId, number>();
  for (const column of plan.columns) {
    const preference = names.indexOf(plan.relation.columns[column.position - 1]?.name ?? '');
    if (preference >= 0) ids.set(column.id, preference);
  }
  let best: { preference: number; conjunct: BoundExpression; other: BoundExpression } | undefined;
  for (const conjunct of conjuncts) {
    if (conjunct.kind !== 'compare' || conjunct.operator !== 'equal') continue;
    for (const [side, other] of [
      [conjunct.left, conjunct.right],
      [conjunct.right, conjunct.left],
    ] as const) {
      const stripped = stripText(side);
      const preference = stripped.kind === 'column' ? ids.get(stripped.id) : undefined;
      if (preference === undefined || (best !== undefined && best.preference <= preference)) continue;
      if (isVolatile(other) || hasSubquery(other)) continue;
      if ([...columnsOf(other)].some((id) => local.has(id))) continue;
      best = { preference, conjunct, other };
    }
  }
  if (best === undefined) return undefined;
  const value = compileExpression(best.other, new Map(), planner.compile);
  return { column: names[best.preference] as string, conjunct: best.conjunct, value };
}

export function planSystemScan(
  planner: Planner,
  plan: LogicalPlan & { kind: 'system_scan' },
  request: PlanRequest,
): PhysicalNode {
  planner.relations++;
  for (const column of plan.columns) planner.aliases.set(column.id, plan.alias);
  // Rows come with all columns of the relation; the plan may name only some of them.
  const direct = plan.columns.every((column) => column.position === 0);
  const layout: Layout = direct
    ? layoutOf(plan.columns)
    : new Map(plan.columns.map((column) => [column.id, column.position - 1]));
  const filter = compileCondition(request.conjuncts, layout, planner.compileHoisted);
  const lookup = systemLookup(planner, plan, request.conjuncts);
  return new PhysicalNode({
    layout,
    width: plan.relation.columns.length,
    rows: lookup !== undefined ? 5 : planner.estimate(SYSTEM_ROWS, request.conjuncts),
    startup: 0,
    total: lookup !== undefined ? 2 : SYSTEM_ROWS / 10,
    title: 'Seq Scan',
    reads: { kind: 'table', name: plan.relation.name, alias: '' },
    details: [
      ...(lookup === undefined ? [] : [{ label: 'Index Cond', expressions: [lookup.conjunct] }]),
      ...filterDetail(request.conjuncts.filter((conjunct) => conjunct !== lookup?.conjunct)),
    ],
    create: (execution) => new SystemScan(plan.relation, filter, lookup, execution),
  });
}
