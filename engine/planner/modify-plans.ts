/**
 * Plans of INSERT, UPDATE, DELETE, MERGE, of UPDATE and DELETE over joins, and of row locking.
 */
import type { Semantics } from '../../sblr/contract/semantics.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { BOOL } from '../../sblr/contract/types.ts';
import type {
  Assigned,
  BoundExpression,
  ColumnId,
  LogicalPlan,
  ModifyTarget,
  OutputColumn,
  RowCheck,
} from '../binder/bound.ts';
import { compileCondition, compileExpression, type Layout } from '../executor/expressions/compile.ts';
import type { Evaluator, ExecutionContext, Operator } from '../executor/operator.ts';
import { Insert, type InsertSpec } from '../executor/modify/insert.ts';
import { tableAccess, type TableAccess } from '../executor/modify/table-access.ts';
import { LockRows, type LockTarget } from '../executor/operators/lock-rows.ts';
import { JoinedModification } from '../executor/modify/joined.ts';
import { Delete, Merge, Update, type Assignment, type UpdateSpec } from '../executor/modify/update.ts';
import type { StoredCheck } from '../executor/modify/stored-checks.ts';
import { collectConditions } from './plan-conditions.ts';
import {
  collectColumns,
  columnsOf,
  conjunctsOf,
  isVolatile,
  substituteColumns,
  withColumns,
} from './expression-walk.ts';
import { PhysicalNode } from './physical.ts';
import { layoutOf, slotOf, type Planner, type PlanRequest } from './planner.ts';

type ModifyPlan = LogicalPlan & { kind: 'insert' | 'update' | 'delete' | 'merge' };

export function planModify(planner: Planner, plan: ModifyPlan): PhysicalNode {
  const access = tableAccess(plan.target.table, planner.options.semantics, planner.options.stored);
  // Only the statement's own modification counts, not those in its common tables.
  const countSlot = planner.countedPlan === plan ? planner.countSlot : undefined;
  switch (plan.kind) {
    case 'insert':
      return planInsert(planner, plan, access, countSlot);
    case 'update':
      return planUpdate(planner, plan, access, countSlot);
    case 'delete':
      return planDelete(planner, plan, access, countSlot);
    case 'merge':
      return planMerge(planner, plan, access, countSlot);
  }
}

function modifyNode(
  plan: ModifyPlan,
  title: string,
  source: PhysicalNode,
  create: PhysicalNode['facts']['create'],
): PhysicalNode {
  return new PhysicalNode({
    layout: layoutOf(plan.columns),
    width: plan.columns.length,
    rows: plan.returning.length === 0 ? 0 : source.rows,
    startup: source.startup,
    total: source.total + source.rows * 0.05,
    title,
    reads: { kind: 'table', name: plan.target.table.name.text, alias: '' },
    children: [source],
    create,
  });
}

function compileChecks(planner: Planner, checks: readonly RowCheck[], layout: Layout): StoredCheck[] {
  return checks.map(({ view, condition }) => ({ view, test: compileExpression(condition, layout, planner.compile) }));
}

function compileReturning(planner: Planner, returning: readonly Assigned[], layout: Layout): Evaluator[] | undefined {
  return returning.length === 0
    ? undefined
    : returning.map((item) => compileExpression(item.expression, layout, planner.compile));
}

/** Ids of the target's columns at their positions, from slot `base` on. */
function positionLayout(
  columns: readonly OutputColumn[],
  base: number,
  into: Map<ColumnId, number>,
): Map<ColumnId, number> {
  for (const column of columns) if (column.position > 0) into.set(column.id, base + column.position - 1);
  return into;
}

/** Columns that must have a value and get none. */
function missingColumns(
  plan: LogicalPlan & { kind: 'insert' },
  missingValue: Semantics['missingValue'],
): InsertSpec['missing'] {
  if (missingValue === 'null') return undefined;
  const columns = plan.target.table.columns.filter(
    (column) =>
      column.notNull &&
      !column.dropped &&
      column.generated === 'none' &&
      column.defaultValue === undefined &&
      column.sequenceId === undefined &&
      plan.values[column.position - 1] === undefined,
  );
  return columns.length === 0 ? undefined : { columns, zeroes: missingValue === 'zero-with-warning' };
}

function planInsert(
  planner: Planner,
  plan: LogicalPlan & { kind: 'insert' },
  access: TableAccess,
  countSlot: number | undefined,
): PhysicalNode {
  const required = new Set<ColumnId>();
  for (const value of plan.values) if (value !== undefined) collectColumns(value, required);
  for (const column of plan.conflict?.carried ?? []) required.add(column.id);
  const source = planner.plan(plan.source, { required, conjuncts: [] });
  const width = plan.target.table.columns.length;
  const both = positionLayout(
    plan.conflict?.proposed ?? [],
    width,
    positionLayout(plan.conflict?.existing ?? [], 0, new Map()),
  );
  for (const { id } of plan.conflict?.carried ?? []) both.set(id, 2 * width + (source.layout.get(id) as number));
  const spec = {
    access,
    stored: planner.options.stored,
    countSlot,
    values: plan.target.table.columns.map((_, at) => {
      const value = plan.values[at];
      return value === undefined ? undefined : compileExpression(value, source.layout, planner.compile);
    }),
    onDuplicate: plan.onDuplicate,
    sequential: planner.options.semantics.assignmentOrder === 'sequential',
    changesOnly: planner.options.semantics.affectedRows === 'changes',
    repeats: plan.conflict?.indexes.length === 0 && planner.options.semantics.affectedRows === 'changes',
    missing: missingColumns(plan, planner.options.semantics.missingValue),
    zeroes:
      planner.options.semantics.missingValue === 'zero-with-warning' &&
      (plan.source.kind !== 'dual' || plan.onDuplicate === 'ignore'),
    countsRecords: plan.source.kind !== 'dual' && planner.options.semantics.affectedRows === 'changes',
    identityRequest: planner.options.semantics.identityRequest,
    listsRows: plan.source.kind === 'values' || plan.source.kind === 'dual',
    conflict:
      plan.conflict === undefined
        ? undefined
        : {
            action: plan.conflict.action,
            seesSource: plan.conflict.carried.length > 0,
            indexes: plan.conflict.indexes,
            where:
              plan.conflict.where === undefined
                ? undefined
                : compileExpression(plan.conflict.where, both, planner.compile),
            assignments: plan.conflict.assignments.map((assignment) => ({
              slot: assignment.position - 1,
              evaluate: compileExpression(assignment.expression, both, planner.compile),
            })),
          },
    checks: compileChecks(planner, plan.checks, positionLayout(plan.target.columns, 0, new Map())),
    conflictChecks: compileChecks(
      planner,
      plan.conflict?.checks ?? [],
      positionLayout(plan.conflict?.existing ?? [], 0, new Map()),
    ),
    returning: compileReturning(
      planner,
      plan.returning,
      positionLayout(plan.conflict?.existing ?? [], 0, positionLayout(plan.target.columns, 0, new Map())),
    ),
  };
  return modifyNode(plan, 'Insert', source, (context) => new Insert(source.open(context), spec, context));
}

/** Where a target's row stands in the rows of the source, and when a changed one still qualifies. */
interface TargetSlots {
  readonly keySlot: number;
  readonly targetSlots: readonly number[];
  readonly recheck: Evaluator | undefined;
}

/** Plans the rows to change, with all columns that conditions and assignments need in a recheck. */
function planTarget(
  planner: Planner,
  target: ModifyTarget,
  plan: LogicalPlan,
  expressions: readonly BoundExpression[],
): TargetSlots & { readonly source: PhysicalNode } {
  const conditions = collectConditions(plan).filter((condition) => !isVolatile(condition));
  const required = withColumns(withColumns(new Set<ColumnId>(), expressions), conditions);
  if (target.rowKey !== undefined) required.add(target.rowKey);
  const source = planner.plan(plan, { required, conjuncts: [] });
  return { source, ...slotsOf(planner, target, source, conditions) };
}

function slotsOf(
  planner: Planner,
  target: ModifyTarget,
  source: PhysicalNode,
  conditions: readonly BoundExpression[],
): TargetSlots {
  const testable = conditions.filter((condition) =>
    [...columnsOf(condition)].some((id) => target.columns.some((column) => column.id === id)),
  );
  const targetSlots: number[] = target.table.columns.map(() => -1);
  for (const column of target.columns)
    if (column.position > 0) targetSlots[column.position - 1] = source.layout.get(column.id) ?? -1;
  return {
    keySlot: target.rowKey === undefined ? -1 : slotOf(source.layout, target.rowKey),
    targetSlots,
    recheck: compileCondition(testable, source.layout, planner.compile),
  };
}

/** Layout of [source row, stored row by position]. */
function storedLayout(source: PhysicalNode, columns: readonly OutputColumn[]): Map<ColumnId, number> {
  return positionLayout(columns, source.width, new Map(source.layout));
}

function assigning(
  planner: Planner,
  written: readonly { readonly position: number; readonly expression: BoundExpression | undefined }[],
  access: TableAccess,
  source: PhysicalNode,
): Pick<UpdateSpec, 'assignments' | 'touchesKey' | 'sequential' | 'changesOnly' | 'zeroes'> {
  const { semantics } = planner.options;
  const assignments = written.map(
    ({ position, expression }): Assignment => ({
      slot: position - 1,
      evaluate: expression === undefined ? undefined : compileExpression(expression, source.layout, planner.compile),
    }),
  );
  return {
    assignments,
    touchesKey: assignments.some((assignment) => access.keySlots.has(assignment.slot)),
    sequential: semantics.assignmentOrder === 'sequential',
    changesOnly: semantics.affectedRows === 'changes',
    zeroes: semantics.missingValue === 'zero-with-warning',
  };
}

/** UPDATE and DELETE of several tables of a join. */
export function planJoined(planner: Planner, plan: LogicalPlan & { kind: 'modify_joined' }): PhysicalNode {
  const conditions = collectConditions(plan.source).filter((condition) => !isVolatile(condition));
  const required = withColumns(new Set<ColumnId>(), conditions);
  for (const { target, assignments } of plan.parts) {
    if (target.rowKey !== undefined) required.add(target.rowKey);
    for (const { expression } of assignments ?? []) if (expression !== undefined) collectColumns(expression, required);
  }
  const source = planner.plan(plan.source, { required, conjuncts: [] });
  const parts = plan.parts.map(({ target, assignments }) => {
    const access = tableAccess(target.table, planner.options.semantics, planner.options.stored);
    const spec = {
      ...slotsOf(planner, target, source, conditions),
      access,
      ignoring: plan.ignoring,
      stored: planner.options.stored,
      countSlot: undefined,
      sourceWidth: source.width,
      checks: [],
      returning: undefined,
    };
    const update =
      assignments === undefined ? undefined : { ...spec, ...assigning(planner, assignments, access, source) };
    return (rows: Operator, context: ExecutionContext) =>
      update === undefined ? new Delete(rows, spec, context) : new Update(rows, update, context);
  });
  const countSlot = planner.countedPlan === plan ? planner.countSlot : undefined;
  return new PhysicalNode({
    layout: new Map(),
    width: 0,
    rows: 0,
    startup: source.startup,
    total: source.total + source.rows * 0.05 * parts.length,
    title: plan.parts[0]?.assignments === undefined ? 'Delete' : 'Update',
    children: [source],
    create: (context) => {
      const rows = source.open(context);
      return new JoinedModification(
        rows,
        parts.map((make) => make(rows, context)),
        context,
        countSlot,
      );
    },
  });
}

function planUpdate(
  planner: Planner,
  plan: LogicalPlan & { kind: 'update' },
  access: TableAccess,
  countSlot: number | undefined,
): PhysicalNode {
  const expressions = plan.assignments.flatMap((assignment) =>
    assignment.expression === undefined ? [] : [assignment.expression],
  );
  const updatedIds = new Set(plan.updated.map((column) => column.id));
  const needed = new Set<ColumnId>();
  for (const item of plan.returning)
    for (const id of columnsOf(item.expression)) if (!updatedIds.has(id)) needed.add(id);
  const references = [...needed].map((id): BoundExpression => ({ kind: 'column', id, type: { kind: 'unknown' } }));
  const target = planTarget(planner, plan.target, plan.source, [...expressions, ...references]);
  const { source } = target;
  const spec = {
    ...assigning(planner, plan.assignments, access, source),
    access,
    ignoring: plan.ignoring,
    stored: planner.options.stored,
    countSlot,
    keySlot: target.keySlot,
    targetSlots: target.targetSlots,
    recheck: target.recheck,
    sourceWidth: source.width,
    checks: compileChecks(planner, plan.checks, storedLayout(source, plan.updated)),
    returning: compileReturning(planner, plan.returning, storedLayout(source, plan.updated)),
  };
  return modifyNode(plan, 'Update', source, (context) => new Update(source.open(context), spec, context));
}

function planDelete(
  planner: Planner,
  plan: LogicalPlan & { kind: 'delete' },
  access: TableAccess,
  countSlot: number | undefined,
): PhysicalNode {
  const target = planTarget(
    planner,
    plan.target,
    plan.source,
    plan.returning.map((item) => item.expression),
  );
  const { source } = target;
  const spec = {
    access,
    ignoring: plan.ignoring,
    stored: planner.options.stored,
    countSlot,
    keySlot: target.keySlot,
    targetSlots: target.targetSlots,
    recheck: target.recheck,
    sourceWidth: source.width,
    checks: [],
    returning: compileReturning(planner, plan.returning, storedLayout(source, plan.target.columns)),
  };
  return modifyNode(plan, 'Delete', source, (context) => new Delete(source.open(context), spec, context));
}

function planMerge(
  planner: Planner,
  plan: LogicalPlan & { kind: 'merge' },
  access: TableAccess,
  countSlot: number | undefined,
): PhysicalNode {
  const targetIds = new Set(plan.target.columns.map((column) => column.id));
  const expressions: BoundExpression[] = [];
  for (const action of plan.actions) {
    if (action.condition !== undefined) expressions.push(action.condition);
    expressions.push(...action.assignments.map((assignment) => assignment.expression));
  }
  for (const item of plan.returning)
    expressions.push(
      ...[...columnsOf(item.expression)]
        .filter((id) => !targetIds.has(id))
        .map((id): BoundExpression => ({ kind: 'column', id, type: { kind: 'unknown' } })),
    );
  // The join condition decides over a match again when the target row changed.
  const condition = conjunctsOf(mergeCondition(plan.source));
  expressions.push(...condition);
  const bySource = plan.actions.some((action) => action.when === 'not_matched_by_source');
  const marker: OutputColumn = { id: planner.newId(), name: 'matched', type: BOOL, tableId: 0, position: 0 };
  if (bySource) expressions.push({ kind: 'column', id: marker.id, type: BOOL });
  const target = planTarget(
    planner,
    plan.target,
    bySource ? markSource(plan.source, marker) : plan.source,
    expressions,
  );
  const { source } = target;
  const compile = (expression: BoundExpression): Evaluator =>
    compileExpression(expression, source.layout, planner.compile);
  const spec = {
    access,
    ignoring: false,
    stored: planner.options.stored,
    countSlot,
    keySlot: target.keySlot,
    targetSlots: target.targetSlots,
    recheck: compileCondition(condition, source.layout, planner.compile),
    sourceWidth: source.width,
    sourcePresentSlot: bySource ? slotOf(source.layout, marker.id) : -1,
    actions: plan.actions.map((action) => ({
      when: action.when,
      action: action.action,
      condition: action.condition === undefined ? undefined : compile(action.condition),
      assignments: action.assignments.map((assignment) => ({
        slot: assignment.position - 1,
        evaluate: compile(assignment.expression),
      })),
    })),
    checks: [],
    returning: compileReturning(planner, plan.returning, storedLayout(source, plan.target.columns)),
  };
  return modifyNode(plan, 'Merge', source, (context) => new Merge(source.open(context), spec, context));
}

function mergeCondition(plan: LogicalPlan): BoundExpression | undefined {
  if (plan.kind === 'join') return plan.condition;
  return plan.kind === 'project' ? mergeCondition(plan.source) : undefined;
}

/** Adds a column to the source side of a MERGE's join that is NULL where a target row has no source row. */
function markSource(plan: LogicalPlan, marker: OutputColumn): LogicalPlan {
  const columns = [...plan.columns, marker];
  if (plan.kind === 'project') {
    const passed: Assigned = { column: marker, expression: { kind: 'column', id: marker.id, type: marker.type } };
    return { ...plan, source: markSource(plan.source, marker), items: [...plan.items, passed], columns };
  }
  if (plan.kind !== 'join') throw new SqlError('internal_error', 'the source of a MERGE is not a join');
  const items: Assigned[] = plan.left.columns.map((column) => ({
    column,
    expression: { kind: 'column', id: column.id, type: column.type },
  }));
  items.push({ column: marker, expression: { kind: 'constant', value: true, type: marker.type } });
  const left: LogicalPlan = {
    kind: 'project',
    source: plan.left,
    items,
    columns: items.map((item) => item.column),
    setReturning: false,
  };
  return { ...plan, left, columns };
}

// ---- row locks ---------------------------------------------------------------------------------------------

type LockPlan = LogicalPlan & { kind: 'lock_rows' };

/**
 * Locking goes below the projection (a changed row is projected anew) and below the limit (only rows
 * that are returned are locked), but above the sort.
 */
function lowerLock(plan: LockPlan): LogicalPlan {
  const { source } = plan;
  if (source.kind === 'limit' && !source.withTies && !source.percent)
    return { ...source, source: lowerLock({ ...plan, source: source.source, columns: source.source.columns }) };
  if (source.kind === 'project' && !source.setReturning) {
    const targets = plan.targets.flatMap((target) => {
      const item = source.items.find((one) => one.column.id === target.rowKey);
      if (item === undefined) return [target];
      return item.expression.kind === 'column' ? [{ table: target.table, rowKey: item.expression.id }] : [];
    });
    if (targets.length === plan.targets.length)
      return {
        ...source,
        source: lowerLock({ ...plan, targets, source: source.source, columns: source.source.columns }),
      };
  }
  if (source.kind === 'sort' && source.source.kind === 'project' && !source.source.setReturning) {
    const project = source.source;
    const replacements = new Map(project.items.map((item) => [item.column.id, item.expression]));
    const keys = source.keys.map((key) => ({ ...key, expression: substituteColumns(key.expression, replacements) }));
    if (keys.every((key) => key.expression !== undefined && !isVolatile(key.expression))) {
      const below: LogicalPlan = {
        kind: 'sort',
        source: project.source,
        keys: keys as (typeof source.keys)[number][],
        columns: project.source.columns,
      };
      return lowerLock({ ...plan, source: { ...project, source: below } });
    }
  }
  return plan;
}

export function planLockRows(planner: Planner, plan: LockPlan, request: PlanRequest): PhysicalNode {
  const lowered = lowerLock(plan);
  if (lowered.kind !== 'lock_rows') return planner.plan(lowered, request);
  const conditions = collectConditions(lowered.source).filter((condition) => !isVolatile(condition));
  const required = withColumns(request.required, [...request.conjuncts, ...conditions]);
  for (const target of lowered.targets) required.add(target.rowKey);
  const source = planner.plan(lowered.source, { required, conjuncts: [], order: request.order, fetch: request.fetch });
  const targets = lowered.targets.map((target): LockTarget => {
    const scan = planner.scanOf.get(target.rowKey);
    const slots = target.table.columns.map(() => -1);
    for (const [id, slot] of source.layout) {
      const origin = planner.origins.get(id);
      if (origin?.tableId === target.table.id && scan !== undefined && planner.scanOf.get(id) === scan)
        slots[origin.position - 1] = slot;
    }
    return { table: target.table, keySlot: slotOf(source.layout, target.rowKey), slots };
  });
  const spec = {
    targets,
    strength: lowered.strength,
    wait: lowered.wait,
    recheck: compileCondition(conditions, source.layout, planner.compile),
    single: request.fetch !== undefined,
  };
  const node = new PhysicalNode({
    layout: source.layout,
    width: source.width,
    rows: source.rows,
    startup: source.startup,
    total: source.total + source.rows * 0.01,
    order: source.order,
    title: 'LockRows',
    children: [source],
    create: (context) => new LockRows(source.open(context), spec, context),
  });
  return planner.filtered(node, request.conjuncts);
}
