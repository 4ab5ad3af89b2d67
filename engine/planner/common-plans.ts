/**
 * Plans of set-returning functions, common table expressions and recursive unions.
 */
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { SqlRecord, type SqlValue } from '../../sblr/contract/values.ts';
import type { BoundExpression, ColumnId, CteDefinition, LogicalPlan } from '../binder/bound.ts';
import { compileCondition, compileExpression, type Layout } from '../executor/expressions/compile.ts';
import type { RowSource } from '../functions/function.ts';
import { CommonTableScan, RecursiveUnion, With, type WithTable } from '../executor/operators/common-tables.ts';
import { EMPTY_SOURCE, FunctionScan, ProjectSet, type SetStarter } from '../executor/operators/set-returning.ts';
import {
  collectColumns,
  expressionsOf,
  forEachOperand,
  freeColumns,
  hasSetCall,
  isPlanVolatile,
  mapOperands,
  sourcesOf,
} from './expression-walk.ts';
import { columnExpressions, rowKey } from './row-keys.ts';
import { PhysicalNode } from './physical.ts';
import { layoutOf, type Planner, type PlanRequest } from './planner.ts';

/** Code that starts a set-returning call for a row. */
export function setStarter(planner: Planner, call: BoundExpression, layout: Layout): SetStarter {
  if (call.kind === 'routine') {
    const { routine } = call;
    const values = call.arguments.map((argument) => compileExpression(argument, layout, planner.compile));
    if (!routine.returnsSet) return scalarStarter(compileExpression(call, layout, planner.compile));
    return (row, context) => {
      const passed = values.map((value) => value(row, context));
      if (routine.strict && passed.includes(null)) return EMPTY_SOURCE;
      const rows = context.routineRows(routine, passed);
      let at = 0;
      return { next: () => (at < rows.length ? rows[at++] : null) };
    };
  }
  if (call.kind !== 'call' || call.function.kind !== 'set')
    return scalarStarter(compileExpression(call, layout, planner.compile));
  const definition = call.function;
  const types = call.arguments.map((argument) => argument.type);
  const columns =
    call.type.kind === 'record' && call.type.fields !== undefined
      ? call.type.fields
      : (definition.columns(types) ?? [{ name: definition.name, type: call.type }]);
  const start = definition.implementation(types, columns);
  const values = call.arguments.map((argument) => compileExpression(argument, layout, planner.compile));
  const { strict } = definition;
  return (row, context) => {
    const passed: SqlValue[] = values.map((value) => value(row, context));
    if (strict && passed.includes(null)) return EMPTY_SOURCE;
    return start(passed, context.evaluation);
  };
}

/** A scalar call in FROM is a set of one row; a record spreads into columns. */
function scalarStarter(evaluate: ReturnType<typeof compileExpression>): SetStarter {
  return (row, context): RowSource => {
    const value = evaluate(row, context);
    let done = false;
    return {
      next: () => {
        if (done) return null;
        done = true;
        return value instanceof SqlRecord ? value.values : [value];
      },
    };
  };
}

/** Rows assumed of a set-returning call. */
const SET_ROWS = 100;

export function planFunctionScan(
  planner: Planner,
  plan: LogicalPlan & { kind: 'function_scan' },
  request: PlanRequest,
): PhysicalNode {
  planner.relations++;
  for (const column of plan.columns) planner.aliases.set(column.id, plan.alias);
  const layout = layoutOf(plan.columns);
  const empty: Layout = new Map();
  const spec = {
    calls: plan.calls.map((call, at) =>
      plan.widths[at] === 1 && call.type.fields?.length !== 1
        ? wholeRecord(planner, call, empty)
        : setStarter(planner, call, empty),
    ),
    widths: plan.widths,
    ordinality: plan.ordinality,
    filter: compileCondition(request.conjuncts, layout, planner.compileHoisted),
  };
  const name = plan.calls.length === 1 && plan.calls[0].kind === 'call' ? plan.calls[0].function.name : 'function';
  return new PhysicalNode({
    layout,
    width: plan.columns.length,
    rows: planner.estimate(SET_ROWS, request.conjuncts),
    startup: 0,
    total: SET_ROWS * 0.01,
    title: 'Function Scan',
    reads: { kind: 'function', name, alias: plan.alias },
    details: request.conjuncts.length === 0 ? [] : [{ label: 'Filter', expressions: request.conjuncts }],
    create: (context) => new FunctionScan(spec, context),
  });
}

/** A scalar function whose one output column is the record itself keeps it whole. */
function wholeRecord(planner: Planner, call: BoundExpression, layout: Layout): SetStarter {
  if (call.type.kind !== 'record' || (call.kind === 'call' && call.function.kind === 'set') || call.kind === 'routine')
    return setStarter(planner, call, layout);
  const evaluate = compileExpression(call, layout, planner.compile);
  return (row, context) => {
    const value = evaluate(row, context);
    let done = false;
    return {
      next: () => {
        if (done) return null;
        done = true;
        return [value];
      },
    };
  };
}

/** A projection whose items hold set-returning calls: they run in step, the rest is computed per result row. */
export function planProjectSet(
  planner: Planner,
  plan: LogicalPlan & { kind: 'project' },
  _required: ReadonlySet<ColumnId>,
): PhysicalNode {
  const needed = new Set<ColumnId>();
  for (const item of plan.items) collectColumns(item.expression, needed);
  const source = planner.plan(plan.source, { required: needed, conjuncts: [] });
  const calls: { start: SetStarter; id: ColumnId; width: number; record: boolean }[] = [];
  const replace = (expression: BoundExpression): BoundExpression => {
    const isSet =
      (expression.kind === 'call' && expression.function.kind === 'set') ||
      (expression.kind === 'routine' && expression.routine.returnsSet);
    if (!isSet) return mapOperands(expression, replace);
    let nested = false;
    forEachOperand(expression, (operand) => {
      if (hasSetCall(operand)) nested = true;
    });
    if (nested)
      throw new SqlError(
        'feature_not_supported',
        'set-returning function inside the arguments of another one is not supported here',
      );
    const id = planner.newId();
    const record = expression.type.kind === 'record';
    calls.push({ start: setStarter(planner, expression, source.layout), id, width: 1, record });
    return { kind: 'column', id, type: expression.type };
  };
  const replaced = plan.items.map((item) => replace(item.expression));
  const items = replaced.map((expression) => compileExpression(expression, source.layout, planner.compile));
  const spec = { calls, items };
  return new PhysicalNode({
    layout: layoutOf(plan.items.map((item) => item.column)),
    width: items.length,
    rows: source.rows * SET_ROWS,
    startup: source.startup,
    total: source.total + source.rows * SET_ROWS * 0.01,
    title: 'ProjectSet',
    children: [source],
    create: (context) => new ProjectSet(source.open(context), spec, context),
  });
}

// ---- common table expressions ------------------------------------------------------------------------

function countReferences(plan: LogicalPlan, cte: number): number {
  if (plan.kind === 'cte_scan' && plan.cte === cte) return 1;
  let count = 0;
  for (const source of sourcesOf(plan)) count += countReferences(source, cte);
  for (const expression of expressionsOf(plan)) count += referencesIn(expression, cte);
  return count;
}

function referencesIn(expression: BoundExpression, cte: number): number {
  let count = 0;
  // A reference inside a subquery may be read many times: never inline those.
  if (expression.kind === 'subquery' || expression.kind === 'quantified_query')
    count += 2 * countReferences(expression.plan, cte);
  forEachOperand(expression, (operand) => {
    count += referencesIn(operand, cte);
  });
  return count;
}

export function planWith(planner: Planner, plan: LogicalPlan & { kind: 'with' }, request: PlanRequest): PhysicalNode {
  const tables: WithTable[] = [];
  const shown: { heading: string; node: PhysicalNode }[] = [];
  plan.ctes.forEach((cte, at) => {
    const users = [...plan.ctes.slice(at + 1).map((later) => later.plan), plan.body];
    const references = users.reduce((sum, user) => sum + countReferences(user, cte.id), 0);
    if (references === 0 && !cte.modifies) return;
    if (isInlined(cte, references)) {
      planner.ctes.set(cte.id, {
        slot: -1,
        columns: cte.plan.columns,
        rows: 0,
        name: cte.name,
        inline: cte.plan,
        work: false,
        varies: false,
      });
      return;
    }
    const slot = planner.newSlot();
    // A recursive union finds its own slot for the rounds; this one is for whoever reads the result.
    const node = planner.exact(cte.plan);
    const varies = freeColumns(cte.plan).length > 0 || planner.readsVarying(cte.plan);
    planner.ctes.set(cte.id, {
      slot,
      columns: cte.plan.columns,
      rows: node.rows,
      name: cte.name,
      inline: undefined,
      work: false,
      varies,
    });
    tables.push({
      slot,
      open: (context) => node.open(context),
      modifies: cte.modifies,
      varies,
    });
    shown.push({ heading: `CTE ${cte.name}`, node });
  });
  const body = planner.plan(plan.body, request);
  if (tables.length === 0) return body;
  return new PhysicalNode({
    layout: body.layout,
    width: body.width,
    rows: body.rows,
    startup: body.startup,
    total: body.total + shown.reduce((sum, one) => sum + one.node.total, 0),
    order: body.order,
    title: '',
    children: [body],
    subplans: shown,
    create: (context) => new With(tables, (running) => body.open(running), context),
  });
}

function isInlined(cte: CteDefinition, references: number): boolean {
  if (cte.modifies || cte.plan.kind === 'recursive_union' || cte.materialized === 'always' || isPlanVolatile(cte.plan))
    return false;
  return references === 1;
}

export function planCteScan(
  planner: Planner,
  plan: LogicalPlan & { kind: 'cte_scan' },
  request: PlanRequest,
): PhysicalNode {
  planner.relations++;
  for (const column of plan.columns) planner.aliases.set(column.id, plan.alias);
  const cte = planner.ctes.get(plan.cte);
  if (cte === undefined) throw new RangeError(`common table ${plan.cte} is not in scope`);
  if (cte.inline !== undefined) {
    const items = plan.columns.map((column, at) => ({ column, expression: columnExpressions([cte.columns[at]])[0] }));
    return planner.plan(
      { kind: 'project', source: cte.inline, items, columns: plan.columns, setReturning: false },
      request,
    );
  }
  const { slot } = cte;
  const layout = layoutOf(plan.columns);
  const node = new PhysicalNode({
    layout,
    width: plan.columns.length,
    rows: Math.max(1, cte.rows),
    startup: 0,
    total: cte.rows * 0.02,
    title: cte.work ? 'WorkTable Scan' : 'CTE Scan',
    reads: { kind: 'common', name: cte.name, alias: plan.alias },
    create: (context) => new CommonTableScan(slot, context),
  });
  return planner.filtered(node, request.conjuncts);
}

export function planRecursiveUnion(
  planner: Planner,
  plan: LogicalPlan & { kind: 'recursive_union' },
  request: PlanRequest,
): PhysicalNode {
  const slot = planner.newSlot();
  const base = planner.exact(plan.base);
  const before = planner.ctes.get(plan.cte);
  planner.ctes.set(plan.cte, {
    slot,
    columns: plan.columns,
    rows: base.rows * 10,
    name: before?.name ?? 'recursion',
    inline: undefined,
    work: true,
    varies: true,
  });
  const step = planner.exact(plan.step);
  if (before === undefined) planner.ctes.delete(plan.cte);
  else planner.ctes.set(plan.cte, before);
  const layout = layoutOf(plan.columns);
  const key = plan.all ? undefined : rowKey(planner, columnExpressions(plan.columns), layout);
  const node = new PhysicalNode({
    layout,
    width: plan.columns.length,
    rows: base.rows + step.rows * 10,
    startup: base.startup,
    total: base.total + step.total * 10,
    title: 'Recursive Union',
    children: [base, step],
    create: (context) => new RecursiveUnion(base.open(context), step.open(context), { slot, key }, context),
  });
  return planner.filtered(node, request.conjuncts);
}
