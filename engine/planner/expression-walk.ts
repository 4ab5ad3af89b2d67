/**
 * Walking and rewriting bound expressions and plans: which columns are used, is anything volatile, does
 * it hold a subquery, replace columns by expressions. Used by the planner and the expression compiler.
 */
import type { BoundExpression, ColumnId, LogicalPlan, SortKey } from '../binder/bound.ts';

/** Calls `visit` for each direct operand; subqueries' plans are not entered. */
export function forEachOperand(expression: BoundExpression, visit: (operand: BoundExpression) => void): void {
  switch (expression.kind) {
    case 'constant':
    case 'parameter':
    case 'column':
    case 'variable':
    case 'next_value':
    case 'subquery':
      return;
    case 'set_variable':
      visit(expression.value);
      return;
    case 'compare':
    case 'is_distinct':
      visit(expression.left);
      visit(expression.right);
      return;
    case 'call':
    case 'routine':
      for (const argument of expression.arguments) visit(argument);
      return;
    case 'cast':
    case 'not':
    case 'is_null':
    case 'is_truth':
    case 'field':
      visit(expression.operand);
      return;
    case 'and':
    case 'or':
    case 'coalesce':
    case 'extremum':
      for (const operand of expression.operands) visit(operand);
      return;
    case 'in_list':
      visit(expression.operand);
      for (const item of expression.items) visit(item);
      return;
    case 'quantified_array':
      visit(expression.operand);
      visit(expression.array);
      visit(expression.test);
      return;
    case 'case':
      for (const when of expression.whens) {
        visit(when.condition);
        visit(when.result);
      }
      if (expression.otherwise !== undefined) visit(expression.otherwise);
      return;
    case 'let':
      visit(expression.value);
      visit(expression.body);
      return;
    case 'array':
    case 'row':
      for (const item of expression.items) visit(item);
      return;
    case 'subscript':
      visit(expression.operand);
      for (const step of expression.steps) {
        if (step.lower !== undefined) visit(step.lower);
        if (step.upper !== undefined) visit(step.upper);
      }
      return;
    case 'quantified_query':
      for (const operand of expression.operands) visit(operand);
      visit(expression.test);
      return;
  }
}

/** The expression with each direct operand replaced; the same object when nothing changed. */
export function mapOperands(
  expression: BoundExpression,
  map: (operand: BoundExpression) => BoundExpression,
): BoundExpression {
  let changed = false;
  const one = (operand: BoundExpression): BoundExpression => {
    const result = map(operand);
    if (result !== operand) changed = true;
    return result;
  };
  const many = (operands: readonly BoundExpression[]): BoundExpression[] => operands.map(one);
  const maybe = (operand: BoundExpression | undefined): BoundExpression | undefined =>
    operand === undefined ? undefined : one(operand);
  let result: BoundExpression;
  switch (expression.kind) {
    case 'constant':
    case 'parameter':
    case 'column':
    case 'variable':
    case 'next_value':
    case 'subquery':
      return expression;
    case 'set_variable':
      result = { ...expression, value: one(expression.value) };
      break;
    case 'compare':
    case 'is_distinct':
      result = { ...expression, left: one(expression.left), right: one(expression.right) };
      break;
    case 'call':
    case 'routine':
      result = { ...expression, arguments: many(expression.arguments) };
      break;
    case 'cast':
    case 'not':
    case 'is_null':
    case 'is_truth':
    case 'field':
      result = { ...expression, operand: one(expression.operand) };
      break;
    case 'and':
    case 'or':
    case 'coalesce':
    case 'extremum':
      result = { ...expression, operands: many(expression.operands) };
      break;
    case 'in_list':
      result = { ...expression, operand: one(expression.operand), items: many(expression.items) };
      break;
    case 'quantified_array':
      result = {
        ...expression,
        operand: one(expression.operand),
        array: one(expression.array),
        test: one(expression.test),
      };
      break;
    case 'case':
      result = {
        ...expression,
        whens: expression.whens.map((when) => ({ condition: one(when.condition), result: one(when.result) })),
        otherwise: maybe(expression.otherwise),
      };
      break;
    case 'let':
      result = { ...expression, value: one(expression.value), body: one(expression.body) };
      break;
    case 'array':
    case 'row':
      result = { ...expression, items: many(expression.items) };
      break;
    case 'subscript':
      result = {
        ...expression,
        operand: one(expression.operand),
        steps: expression.steps.map((step) => ({
          slice: step.slice,
          lower: maybe(step.lower),
          upper: maybe(step.upper),
        })),
      };
      break;
    case 'quantified_query':
      result = { ...expression, operands: many(expression.operands), test: one(expression.test) };
      break;
  }
  return changed ? result : expression;
}

/** All column ids the expression mentions, inside subqueries too (a superset of those it needs from its row). */
export function collectColumns(expression: BoundExpression, into: Set<ColumnId>): void {
  if (expression.kind === 'column') {
    into.add(expression.id);
    return;
  }
  if (expression.kind === 'subquery' || expression.kind === 'quantified_query')
    collectPlanColumns(expression.plan, into);
  forEachOperand(expression, (operand) => collectColumns(operand, into));
}

export function columnsOf(expression: BoundExpression): Set<ColumnId> {
  const found = new Set<ColumnId>();
  collectColumns(expression, found);
  return found;
}

const FREE = new WeakMap<LogicalPlan, readonly ColumnId[]>();

/** Column ids a plan uses but no node in it provides: its correlations to outer queries. */
export function freeColumns(plan: LogicalPlan): readonly ColumnId[] {
  const known = FREE.get(plan);
  if (known !== undefined) return known;
  const used = new Set<ColumnId>();
  collectPlanColumns(plan, used);
  const provided = new Set<ColumnId>();
  collectProvided(plan, provided);
  const free = [...used].filter((id) => !provided.has(id));
  FREE.set(plan, free);
  return free;
}

export function sourcesOf(plan: LogicalPlan): readonly LogicalPlan[] {
  switch (plan.kind) {
    case 'dual':
    case 'scan':
    case 'system_scan':
    case 'function_scan':
    case 'values':
    case 'cte_scan':
      return [];
    case 'join':
    case 'set_operation':
      return [plan.left, plan.right];
    case 'with':
      return [...plan.ctes.map((cte) => cte.plan), plan.body];
    case 'recursive_union':
      return [plan.base, plan.step];
    default:
      return [plan.source];
  }
}

/** Every expression standing directly in a node. */
export function expressionsOf(plan: LogicalPlan): BoundExpression[] {
  const found: BoundExpression[] = [];
  const add = (expression: BoundExpression | undefined): void => {
    if (expression !== undefined) found.push(expression);
  };
  const keys = (sort: readonly SortKey[]): void => {
    for (const key of sort) found.push(key.expression);
  };
  switch (plan.kind) {
    case 'function_scan':
      found.push(...plan.calls);
      break;
    case 'values':
      for (const row of plan.rows) found.push(...row);
      break;
    case 'filter':
      add(plan.condition);
      break;
    case 'project':
      for (const item of plan.items) add(item.expression);
      break;
    case 'join':
      add(plan.condition);
      break;
    case 'aggregate':
      for (const key of plan.keys) add(key.expression);
      for (const call of plan.aggregates) {
        found.push(...call.arguments);
        keys(call.order);
        keys(call.within);
        add(call.filter);
      }
      break;
    case 'window':
      found.push(...plan.partition);
      keys(plan.order);
      add(plan.frame.startOffset);
      add(plan.frame.endOffset);
      for (const call of plan.calls) {
        found.push(...call.arguments);
        add(call.filter);
      }
      break;
    case 'distinct':
      found.push(...plan.on);
      keys(plan.order);
      break;
    case 'sort':
      keys(plan.keys);
      break;
    case 'limit':
      add(plan.count);
      add(plan.offset);
      keys(plan.order);
      break;
    case 'insert':
    case 'update':
    case 'delete':
    case 'modify_joined':
    case 'merge':
      modificationExpressions(plan, add);
      break;
    default:
      break;
  }
  return found;
}

type Modification = LogicalPlan & { kind: 'insert' | 'update' | 'delete' | 'modify_joined' | 'merge' };

function modificationExpressions(plan: Modification, add: (expression: BoundExpression | undefined) => void): void {
  if (plan.kind === 'insert') {
    for (const value of plan.values) add(value);
    for (const assignment of plan.conflict?.assignments ?? []) add(assignment.expression);
    add(plan.conflict?.where);
  } else if (plan.kind === 'update') {
    for (const assignment of plan.assignments) add(assignment.expression);
  } else if (plan.kind === 'merge') {
    for (const action of plan.actions) {
      add(action.condition);
      for (const assignment of action.assignments) add(assignment.expression);
    }
  } else if (plan.kind === 'modify_joined') {
    for (const { assignments } of plan.parts) for (const assignment of assignments ?? []) add(assignment.expression);
    return;
  }
  for (const item of plan.returning) add(item.expression);
}

export function collectPlanColumns(plan: LogicalPlan, into: Set<ColumnId>): void {
  for (const expression of expressionsOf(plan)) collectColumns(expression, into);
  if (plan.kind === 'lock_rows') for (const target of plan.targets) into.add(target.rowKey);
  if (plan.kind === 'modify_joined')
    for (const { target } of plan.parts) if (target.rowKey !== undefined) into.add(target.rowKey);
  for (const source of sourcesOf(plan)) collectPlanColumns(source, into);
}

/** Ids given values by nodes of the plan (outputs, let bindings, quantifier operands), in subqueries too. */
function collectProvided(plan: LogicalPlan, into: Set<ColumnId>): void {
  for (const column of plan.columns) into.add(column.id);
  if (plan.kind === 'insert' && plan.conflict !== undefined) {
    for (const column of plan.conflict.existing) into.add(column.id);
    for (const column of plan.conflict.proposed) into.add(column.id);
  }
  if (plan.kind === 'insert' || plan.kind === 'delete' || plan.kind === 'merge' || plan.kind === 'update') {
    for (const column of plan.target.columns) into.add(column.id);
    if (plan.target.rowKey !== undefined) into.add(plan.target.rowKey);
  }
  if (plan.kind === 'update') for (const column of plan.updated) into.add(column.id);
  for (const expression of expressionsOf(plan)) collectProvidedInExpression(expression, into);
  for (const source of sourcesOf(plan)) collectProvided(source, into);
}

function collectProvidedInExpression(expression: BoundExpression, into: Set<ColumnId>): void {
  if (expression.kind === 'let') into.add(expression.id);
  if (expression.kind === 'quantified_array') {
    into.add(expression.left);
    into.add(expression.right);
  }
  if (expression.kind === 'quantified_query') for (const id of expression.left) into.add(id);
  if (expression.kind === 'subquery' || expression.kind === 'quantified_query') collectProvided(expression.plan, into);
  forEachOperand(expression, (operand) => collectProvidedInExpression(operand, into));
}

export function isVolatile(expression: BoundExpression): boolean {
  if (expression.kind === 'call' && expression.function.volatility === 'volatile') return true;
  if (expression.kind === 'routine' && expression.routine.volatility === 'volatile') return true;
  if (expression.kind === 'next_value' || expression.kind === 'set_variable') return true;
  if (expression.kind === 'subquery' || expression.kind === 'quantified_query') {
    if (isPlanVolatile(expression.plan)) return true;
  }
  let found = false;
  forEachOperand(expression, (operand) => {
    if (!found && isVolatile(operand)) found = true;
  });
  return found;
}

export function isPlanVolatile(plan: LogicalPlan): boolean {
  if (
    plan.kind === 'insert' ||
    plan.kind === 'update' ||
    plan.kind === 'delete' ||
    plan.kind === 'modify_joined' ||
    plan.kind === 'merge' ||
    plan.kind === 'lock_rows'
  )
    return true;
  return expressionsOf(plan).some(isVolatile) || sourcesOf(plan).some(isPlanVolatile);
}

export function hasSubquery(expression: BoundExpression): boolean {
  if (expression.kind === 'subquery' || expression.kind === 'quantified_query' || expression.kind === 'routine')
    return true;
  let found = false;
  forEachOperand(expression, (operand) => {
    if (!found && hasSubquery(operand)) found = true;
  });
  return found;
}

export function hasSetCall(expression: BoundExpression): boolean {
  if (expression.kind === 'call' && expression.function.kind === 'set') return true;
  if (expression.kind === 'routine' && expression.routine.returnsSet) return true;
  let found = false;
  forEachOperand(expression, (operand) => {
    if (!found && hasSetCall(operand)) found = true;
  });
  return found;
}

/** No columns at all and nothing volatile: one value for the whole execution. */
export function isStableConstant(expression: BoundExpression): boolean {
  return columnsOf(expression).size === 0 && !isVolatile(expression);
}

/** Flattens nested ANDs. */
export function conjunctsOf(expression: BoundExpression | undefined, into: BoundExpression[] = []): BoundExpression[] {
  if (expression === undefined) return into;
  if (expression.kind === 'and') for (const operand of expression.operands) conjunctsOf(operand, into);
  else if (!(expression.kind === 'constant' && expression.value === true)) into.push(expression);
  return into;
}

/** Replaces columns by expressions. Answers undefined when the expression holds a subquery using one of them (plans are not rewritten). */
export function substituteColumns(
  expression: BoundExpression,
  replacements: ReadonlyMap<ColumnId, BoundExpression>,
): BoundExpression | undefined {
  let possible = true;
  const visit = (node: BoundExpression): BoundExpression => {
    if (node.kind === 'column') return replacements.get(node.id) ?? node;
    if (node.kind === 'subquery' || node.kind === 'quantified_query') {
      for (const id of freeColumns(node.plan)) if (replacements.has(id)) possible = false;
    }
    return mapOperands(node, visit);
  };
  const result = visit(expression);
  return possible ? result : undefined;
}

/** Do two expressions compute the same thing? Structural; subqueries are never equal. */
export function sameExpression(a: BoundExpression, b: BoundExpression): boolean {
  if (a === b) return true;
  if (a.kind !== b.kind) return false;
  switch (a.kind) {
    case 'constant':
      return b.kind === 'constant' && a.type.kind === b.type.kind && sameConstant(a.value, b.value);
    case 'parameter':
      return b.kind === 'parameter' && a.index === b.index;
    case 'column':
      return b.kind === 'column' && a.id === b.id;
    case 'compare':
      return (
        b.kind === 'compare' &&
        a.operator === b.operator &&
        sameExpression(a.left, b.left) &&
        sameExpression(a.right, b.right)
      );
    case 'call':
      return b.kind === 'call' && a.function === b.function && sameList(a.arguments, b.arguments);
    case 'cast':
      return (
        b.kind === 'cast' &&
        sameType(a.type, b.type) &&
        a.context === b.context &&
        a.domainId === b.domainId &&
        sameExpression(a.operand, b.operand)
      );
    case 'and':
      return b.kind === 'and' && sameList(a.operands, b.operands);
    case 'or':
      return b.kind === 'or' && sameList(a.operands, b.operands);
    case 'not':
      return b.kind === 'not' && sameExpression(a.operand, b.operand);
    case 'is_null':
      return b.kind === 'is_null' && a.negated === b.negated && sameExpression(a.operand, b.operand);
    case 'coalesce':
      return b.kind === 'coalesce' && sameList(a.operands, b.operands);
    case 'in_list':
      return (
        b.kind === 'in_list' &&
        a.negated === b.negated &&
        sameExpression(a.operand, b.operand) &&
        sameList(a.items, b.items)
      );
    case 'is_truth':
      return (
        b.kind === 'is_truth' && a.truth === b.truth && a.negated === b.negated && sameExpression(a.operand, b.operand)
      );
    case 'case':
      return (
        b.kind === 'case' &&
        a.whens.length === b.whens.length &&
        a.whens.every(
          (when, at) =>
            sameExpression(when.condition, b.whens[at].condition) && sameExpression(when.result, b.whens[at].result),
        ) &&
        (a.otherwise === undefined
          ? b.otherwise === undefined
          : b.otherwise !== undefined && sameExpression(a.otherwise, b.otherwise))
      );
    default:
      return false;
  }
}

function sameList(a: readonly BoundExpression[], b: readonly BoundExpression[]): boolean {
  return a.length === b.length && a.every((item, at) => sameExpression(item, b[at]));
}

function sameType(a: BoundExpression['type'], b: BoundExpression['type']): boolean {
  return (
    a.kind === b.kind &&
    a.length === b.length &&
    a.precision === b.precision &&
    a.scale === b.scale &&
    a.typeId === b.typeId &&
    a.fixed === b.fixed
  );
}

function sameConstant(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null || a.constructor !== b.constructor)
    return false;
  return JSON.stringify(a, bigintText) === JSON.stringify(b, bigintText);
}

function bigintText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}n` : value;
}

/** The ids, and those of the columns that the expressions read. */
export function withColumns(required: ReadonlySet<ColumnId>, expressions: readonly BoundExpression[]): Set<ColumnId> {
  const all = new Set(required);
  for (const expression of expressions) collectColumns(expression, all);
  return all;
}
