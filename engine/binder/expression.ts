/**
 * Value nodes to bound expressions: names, literals, operators, predicates, constructors. Subqueries go
 * through the Binder, calls and aggregates through their own modules.
 */
import type { Identifier } from '../../sblr/contract/names.ts';
import { arrayOf, BOOL, TEXT, type SqlType } from '../../sblr/contract/types.ts';
import type { NodeOf, ValueNode } from '../../sblr/nodes.ts';
import { bindAggregate, bindGrouping, bindWindowCall } from './aggregates.ts';
import type { BoundExpression, ComparisonOperator } from './bound.ts';
import { builtin, callFunction, callOperator, callRoutine, likeOperator, type NamedArgument } from './calls.ts';
import { matchCase } from './case-match.ts';
import { castTo, coerce, coerceTo, coerceToBoolean, commonType, constant, resolveUnknown, unify } from './coerce.ts';
import { collate } from './collate.ts';
import { hasDefaultCollation, mergedCollation, withDefaultCollation } from './collations.ts';
import { bindColumn, bindWholeRow } from './columns.ts';
import { compare, comparedNumber, COMPARISONS, distinctFrom, fieldsOf, inList } from './comparison.ts';
import type { RoutineParameter, StoredExpression } from '../catalog/definitions.ts';
import { Binder } from './context.ts';
import { asAggregate } from './defined-aggregates.ts';
import { fail, notSupported } from './errors.ts';
import { paddedColumn } from './padded-text.ts';
import { bindOnce, isSimple, mustEvaluateOnce } from './expression-tools.ts';
import { negateConstant } from './literal.ts';
import { clauseName, newLevel, Scope } from './scope.ts';
import { bindVariable } from './variables.ts';
import { startOf } from './positions.ts';
import { storedValue } from './stored-program.ts';
import { characterAt, memberKey, selectField, subscriptIndex } from './subscripts.ts';
import { bindArrayQuery, bindExists, bindInQuery, bindQuantifiedQuery, bindScalarSubquery } from './subqueries.ts';
import { baseType, categoryOf, typeIdentity, typeName } from './type-facts.ts';
import { literalConstant, resolveType, showName } from './user-types.ts';

export function bindExpression(node: ValueNode, scope: Scope): BoundExpression {
  const { binder } = scope;
  binder.enter(node.pos);
  const result = withDefaultCollation(binder, bindNode(node, scope));
  binder.leave();
  binder.shared.trace?.value(node, result);
  return result;
}

/** A bound expression whose type is known: unknown literals have become text. */
export function bindResolved(node: ValueNode, scope: Scope): BoundExpression {
  return resolveUnknown(scope.binder, bindExpression(node, scope), node.pos);
}

export function bindCondition(node: ValueNode, scope: Scope, what: string): BoundExpression {
  return coerceToBoolean(scope.binder, bindExpression(node, scope), what, startOf(node));
}

function bindNode(node: ValueNode, scope: Scope): BoundExpression {
  const { binder } = scope;
  const bind = (inner: ValueNode): BoundExpression => bindExpression(inner, scope);
  switch (node.op) {
    case 'LITERAL':
      return literalConstant(binder, node);
    case 'PARAM':
      return binder.parameter(
        node.index,
        node.type === undefined ? undefined : resolveType(binder, node.type, node.pos),
        node.pos,
      );
    case 'COLUMN':
      return paddedColumn(bindColumn(node, scope), scope);
    case 'VARIABLE':
      return bindVariable(node, binder.context);
    case 'OPERATOR':
      return bindOperator(node, scope);
    case 'AND':
    case 'OR':
      return bindLogical(node, scope);
    case 'NOT':
      return {
        kind: 'not',
        operand: coerceToBoolean(binder, bind(node.operand), 'NOT', startOf(node.operand)),
        type: BOOL,
      };
    case 'IS_NULL':
      return bindIsNull(node, scope);
    case 'IS_DISTINCT':
      return distinctFrom(binder, bind(node.left), bind(node.right), node.negated, node.pos);
    case 'BETWEEN':
      return bindBetween(node, scope);
    case 'IN_LIST':
      return inList(
        binder,
        bind(node.value),
        node.items.map(bind),
        node.negated,
        node.pos,
        node.items.map((item) => item.pos),
      );
    case 'IN_QUERY':
      return bindInQuery(node, scope, bind);
    case 'QUANTIFIED_QUERY':
      return bindQuantifiedQuery(node, scope, bind);
    case 'QUANTIFIED_ARRAY':
      return bindQuantifiedArray(node, scope);
    case 'EXISTS':
      return bindExists(node, scope);
    case 'SUBQUERY':
      return bindScalarSubquery(node, scope);
    case 'ARRAY_QUERY':
      return bindArrayQuery(node, scope);
    case 'LIKE':
      return bindLike(node, scope);
    case 'CASE':
      return bindCase(node, scope);
    case 'CAST':
      return bindCast(node, scope);
    case 'COALESCE': {
      const { type, items } = unifyNodes(node.operands, scope, 'COALESCE');
      return items.length === 1 ? (items[0] as BoundExpression) : { kind: 'coalesce', operands: items, type };
    }
    case 'NULLIF':
      return bindNullIf(node, scope);
    case 'ARRAY':
      return bindArray(node, scope, undefined);
    case 'SUBSCRIPT':
      return bindSubscript(node, scope);
    case 'CALL':
      return bindCall(node, scope);
    case 'CALL_ROUTINE':
      return bindRoutineCall(node, scope);
    case 'AGGREGATE':
      return bindAggregate(node, scope, bind);
    case 'WINDOW_CALL':
      return bindWindowCall(node, scope, bind);
    default:
      return bindRest(node, scope);
  }
}

type RareNode = Extract<
  ValueNode,
  {
    op:
      | 'DEFAULT_VALUE'
      | 'CURRENT_OF'
      | 'NEXT_VALUE'
      | 'GROUPING'
      | 'SET_VARIABLE'
      | 'NAMED_ARGUMENT'
      | 'WHOLE_ROW'
      | 'COLLATE'
      | 'ROW'
      | 'EXTREMUM'
      | 'IS_TRUTH';
  }
>;

/** Nodes of the rarer kinds. */
function bindRest(node: RareNode, scope: Scope): BoundExpression {
  const { binder } = scope;
  const bind = (inner: ValueNode): BoundExpression => bindExpression(inner, scope);
  switch (node.op) {
    case 'IS_TRUTH': {
      const operand = coerceToBoolean(
        binder,
        bind(node.operand),
        `IS ${node.negated ? 'NOT ' : ''}${node.truth.toUpperCase()}`,
        node.operand.pos,
      );
      return { kind: 'is_truth', operand, truth: node.truth, negated: node.negated, type: BOOL };
    }
    case 'COLLATE':
      return bindCollate(node, scope);
    case 'EXTREMUM': {
      const { type, items } = unifyNodes(node.operands, scope, node.kind.toUpperCase());
      return { kind: 'extremum', which: node.kind, nullPropagates: node.nullPropagates, operands: items, type };
    }
    case 'ROW': {
      const items = node.items.flatMap((item) => {
        if (item.op !== 'WHOLE_ROW')
          return [item.op === 'LITERAL' || item.op === 'PARAM' ? bind(item) : bindResolved(item, scope)];
        const row = bind(item);
        return row.kind === 'row' ? row.items : row.type.kind === 'record' ? fieldsOf(row) : [row];
      });
      const fields = items.map((item, i) => ({ name: `f${i + 1}`, type: item.type }));
      return { kind: 'row', items, type: { kind: 'record', fields } };
    }
    case 'DEFAULT_VALUE':
      return fail('syntax_error', 'DEFAULT is not allowed in this context', node.pos);
    case 'CURRENT_OF':
      return notSupported('WHERE CURRENT OF', node.pos);
    case 'NEXT_VALUE':
      return bindNextValue(node, scope);
    case 'GROUPING':
      return bindGrouping(node, scope, bind);
    case 'SET_VARIABLE': {
      const value = bindResolved(node.value, scope);
      return { kind: 'set_variable', name: node.name, value, type: value.type };
    }
    case 'WHOLE_ROW':
      return bindWholeRow(node, scope);
    case 'NAMED_ARGUMENT':
      return fail('syntax_error', 'named arguments are only allowed in calls of routines', node.pos);
  }
}

function bindOperator(node: NodeOf<'OPERATOR'>, scope: Scope): BoundExpression {
  const { binder } = scope;
  const rows = node.operands.some((operand) => operand.op === 'ROW');
  const operands = node.operands.map((operand) =>
    operand.op === 'SUBQUERY' && rows ? bindScalarSubquery(operand, scope, true) : bindExpression(operand, scope),
  );
  const positions = node.operands.map((operand) => operand.pos);
  if (COMPARISONS.has(node.name) && operands.length === 2) {
    return compare(
      binder,
      node.name as ComparisonOperator,
      operands[0] as BoundExpression,
      operands[1] as BoundExpression,
      node.pos,
      positions[0],
      positions[1],
    );
  }
  if (node.name === 'negate') {
    const negated = negateConstant(operands[0] as BoundExpression, node.operands[0]?.op === 'LITERAL');
    if (negated !== undefined) return negated;
  }
  if (node.name === 'plus' && operands[0]?.kind === 'constant' && categoryOf(operands[0].type) === 'numeric')
    return operands[0];
  return callOperator(binder, node.name, operands, node.pos, positions);
}

function bindLogical(node: NodeOf<'AND'> | NodeOf<'OR'>, scope: Scope): BoundExpression {
  const operands: BoundExpression[] = [];
  const pending: ValueNode[] = [...node.operands].reverse();
  while (pending.length > 0) {
    const operand = pending.pop() as ValueNode;
    if (operand.op === node.op) {
      for (let i = operand.operands.length - 1; i >= 0; i--) pending.push(operand.operands[i] as ValueNode);
      continue;
    }
    const bound = bindCondition(operand, scope, node.op);
    if (scope.binder.fold && bound.kind === (node.op === 'AND' ? 'and' : 'or'))
      operands.push(...(bound as { operands: readonly BoundExpression[] }).operands);
    else operands.push(bound);
  }
  return operands.length === 1
    ? (operands[0] as BoundExpression)
    : { kind: node.op === 'AND' ? 'and' : 'or', operands, type: BOOL };
}

function bindIsNull(node: NodeOf<'IS_NULL'>, scope: Scope): BoundExpression {
  const operand = bindExpression(node.operand, scope);
  const { negated } = node;
  if (operand.kind === 'row' && operand.items.length > 0) {
    const operands = operand.items.map((item): BoundExpression => {
      const field = resolveUnknown(scope.binder, item, node.pos);
      return { kind: 'is_null', operand: field, negated, inRow: true, type: BOOL };
    });
    return operands.length === 1 ? (operands[0] as BoundExpression) : { kind: 'and', operands, type: BOOL };
  }
  return {
    kind: 'is_null',
    operand: operand.kind === 'parameter' ? operand : resolveUnknown(scope.binder, operand, node.operand.pos),
    negated,
    type: BOOL,
  };
}

function bindBetween(node: NodeOf<'BETWEEN'>, scope: Scope): BoundExpression {
  const { binder } = scope;
  const lower = bindExpression(node.lower, scope);
  const upper = bindExpression(node.upper, scope);
  const value = bindExpression(node.value, scope);
  if (hasDefaultCollation(binder)) mergedCollation(binder, [value, lower, upper], 'between', node.pos);
  return bindOnce(
    () => binder.newId(),
    value,
    (use) => {
      const range = (low: BoundExpression, high: BoundExpression): BoundExpression => {
        const operands = [
          compare(binder, node.negated ? 'less' : 'greater_equal', use, low, node.pos, node.value.pos, node.lower.pos),
          compare(binder, node.negated ? 'greater' : 'less_equal', use, high, node.pos, node.value.pos, node.upper.pos),
        ];
        return { kind: node.negated ? 'or' : 'and', operands, type: BOOL };
      };
      if (!node.symmetric) return range(lower, upper);
      return { kind: node.negated ? 'and' : 'or', operands: [range(lower, upper), range(upper, lower)], type: BOOL };
    },
  );
}

function bindQuantifiedArray(node: NodeOf<'QUANTIFIED_ARRAY'>, scope: Scope): BoundExpression {
  const { binder } = scope;
  const operand = bindExpression(node.value, scope);
  let array = node.array.op === 'ARRAY' ? bindArray(node.array, scope, undefined) : bindExpression(node.array, scope);
  if (array.type.kind === 'unknown') {
    const base = operand.type.kind === 'unknown' ? TEXT : baseType(operand.type);
    const element = base.kind === 'text' && typeIdentity(base) === 'varchar' ? TEXT : base;
    array = coerce(binder, array, arrayOf(element), 'implicit', node.array.pos) ?? array;
  }
  const element = array.type.element;
  if (array.type.kind !== 'array' || element === undefined)
    fail('wrong_object_type', 'op ANY/ALL (array) requires array on right side', node.pos);
  if (binder.fold && array.kind === 'array' && !array.nested && array.items.length > 0) {
    const isIn = node.operator === 'equal' && node.quantifier === 'any';
    const isNotIn = node.operator === 'not_equal' && node.quantifier === 'all';
    if (isIn || isNotIn)
      return inList(
        binder,
        operand,
        array.items,
        isNotIn,
        node.pos,
        array.items.map(() => node.array.pos),
      );
  }
  const typed =
    operand.type.kind === 'unknown'
      ? (coerce(binder, operand, element, 'implicit', node.value.pos) ?? operand)
      : operand;
  const left = binder.newId();
  const right = binder.newId();
  const a: BoundExpression = { kind: 'column', id: left, type: typed.type };
  const b: BoundExpression = { kind: 'column', id: right, type: element };
  const test = COMPARISONS.has(node.operator)
    ? compare(binder, node.operator as ComparisonOperator, a, b, node.pos)
    : callOperator(binder, node.operator, [a, b], node.pos, [node.value.pos, node.array.pos]);
  if (test.type.kind !== 'bool')
    fail('wrong_object_type', 'op ANY/ALL (array) requires operator to yield boolean', node.pos);
  return {
    kind: 'quantified_array',
    operand: typed,
    array,
    left,
    right,
    test,
    quantifier: node.quantifier,
    type: BOOL,
  };
}

function bindLike(node: NodeOf<'LIKE'>, scope: Scope): BoundExpression {
  const { binder } = scope;
  const value = bindExpression(node.value, scope);
  let pattern = bindExpression(node.pattern, scope);
  const escape = node.escape === undefined ? undefined : bindExpression(node.escape, scope);
  const positions = [node.value.pos, node.pattern.pos];
  if (node.kind === 'similar') {
    pattern = builtin(
      binder,
      'similar_to_escape',
      escape === undefined ? [pattern] : [pattern, escape],
      node.pattern.pos,
    );
    return callOperator(
      binder,
      node.negated ? 'regex_not_match' : 'regex_match',
      [value, pattern],
      node.pos,
      positions,
    );
  }
  if (escape !== undefined) pattern = builtin(binder, 'like_escape', [pattern, escape], node.pattern.pos);
  else if (binder.semantics.likeEscape !== '\\')
    pattern = builtin(binder, 'like_escape', [pattern, constant(binder.semantics.likeEscape, TEXT)], node.pattern.pos);
  return callOperator(binder, likeOperator(node, value.type), [value, pattern], node.pos, positions);
}

function unifyNodes(
  nodes: readonly ValueNode[],
  scope: Scope,
  what: string,
): { type: SqlType; items: BoundExpression[] } {
  return unify(
    scope.binder,
    withoutSets(scope, what, () => nodes.map((node) => bindExpression(node, scope)), nodes[0]?.pos),
    what,
    nodes.map((node) => node.pos),
  );
}

/** Set-returning calls cannot stand where evaluation is conditional. */
function withoutSets<T>(scope: Scope, what: string, work: () => T, pos: number | undefined): T {
  const before = scope.level.sets.length;
  const result = work();
  const set = scope.level.sets[before]?.expression;
  if (set !== undefined) {
    fail(
      'feature_not_supported',
      `set-returning functions are not allowed in ${what}`,
      set.kind === 'call' || set.kind === 'routine' ? set.pos : pos,
      { hint: 'You might be able to move the set-returning function into a LATERAL FROM item.' },
    );
  }
  return result;
}

function bindCase(node: NodeOf<'CASE'>, scope: Scope): BoundExpression {
  const { binder } = scope;
  const results: (ValueNode | undefined)[] = [
    ...(node.otherwise === undefined ? [] : [node.otherwise]),
    ...node.whens.map((when) => when.result),
  ];
  const bound = withoutSets(
    scope,
    'CASE',
    () => results.map((result) => bindExpression(result as ValueNode, scope)),
    node.pos,
  );
  const { type, items } = unify(
    binder,
    bound,
    'CASE',
    results.map((result) => result?.pos),
  );
  const [otherwise, values] = node.otherwise === undefined ? [undefined, items] : [items[0], items.slice(1)];
  const build = (operand: BoundExpression | undefined): BoundExpression => ({
    kind: 'case',
    whens: node.whens.map((when, i) => ({
      condition:
        operand === undefined
          ? bindCondition(when.condition, scope, 'CASE/WHEN')
          : matchCase(binder, operand, bindExpression(when.condition, scope), node.operand?.pos, when.condition.pos),
      result: values[i] as BoundExpression,
    })),
    otherwise,
    type,
  });
  if (node.operand === undefined) return build(undefined);
  const operand = bindResolved(node.operand, scope);
  if (isSimple(operand) || (node.whens.length === 1 && !mustEvaluateOnce(operand))) return build(operand);
  const id = binder.newId();
  const body = build({ kind: 'column', id, type: operand.type });
  return { kind: 'let', id, value: operand, body, type };
}

function bindNullIf(node: NodeOf<'NULLIF'>, scope: Scope): BoundExpression {
  const { binder } = scope;
  const left = bindExpression(node.left, scope);
  const right = bindExpression(node.right, scope);
  const typed =
    left.type.kind === 'unknown'
      ? (coerce(binder, left, right.type.kind === 'unknown' ? TEXT : baseType(right.type), 'implicit', node.left.pos) ??
        left)
      : comparedNumber(binder, left, right.type);
  return bindOnce(
    () => binder.newId(),
    typed,
    (use): BoundExpression => ({
      kind: 'case',
      whens: [
        {
          condition: compare(binder, 'equal', use, right, node.pos, node.left.pos, node.right.pos),
          result: constant(null, typed.type),
        },
      ],
      otherwise: use,
      type: typed.type,
    }),
  );
}

function bindCast(node: NodeOf<'CAST'>, scope: Scope): BoundExpression {
  const { binder } = scope;
  const type = resolveType(binder, node.type, node.pos);
  if (node.operand.op === 'ARRAY' && type.kind === 'array') {
    return castTo(
      binder,
      bindArray(node.operand, scope, baseType(type)),
      type,
      node.mode === 'try' ? 'try' : 'explicit',
      node.pos,
    );
  }
  const operand = bindExpression(node.operand, scope);
  return castTo(
    binder,
    operand,
    type,
    node.mode === 'try' ? 'try' : 'explicit',
    operand.type.kind === 'unknown' ? (node.operand.pos ?? node.pos) : node.pos,
  );
}

function bindCollate(node: NodeOf<'COLLATE'>, scope: Scope): BoundExpression {
  const operand = bindResolved(node.operand, scope);
  return collate(scope.binder, operand, showName(scope.binder, node.collation.slice(-1)), node.pos);
}

/** ARRAY[...]; `target` is the array type it is cast to, if any. */
function bindArray(node: NodeOf<'ARRAY'>, scope: Scope, target: SqlType | undefined): BoundExpression {
  const { binder } = scope;
  const element = target?.element;
  if (node.items.length === 0) {
    if (target === undefined) {
      fail('indeterminate_datatype', 'cannot determine type of empty array', node.pos, {
        hint: 'Explicitly cast to the desired type, for example ARRAY[]::integer[].',
      });
    }
    return { kind: 'array', items: [], nested: false, type: target };
  }
  const bound = node.items.map((item) =>
    item.op === 'ARRAY' ? bindArray(item, scope, target) : bindExpression(item, scope),
  );
  const positions = node.items.map((item) => item.pos);
  const nested = bound.some((item) => item.type.kind === 'array');
  if (nested) {
    const type =
      target ??
      commonType(
        binder,
        bound.map((item) => item.type),
        'ARRAY',
        positions,
      );
    return {
      kind: 'array',
      items: bound.map((item, i) => castItem(scope, item, type, target !== undefined, positions[i])),
      nested: true,
      type,
    };
  }
  const type =
    element ??
    commonType(
      binder,
      bound.map((item) => item.type),
      'ARRAY',
      positions,
    );
  return {
    kind: 'array',
    items: bound.map((item, i) => castItem(scope, item, type, target !== undefined, positions[i])),
    nested: false,
    type: target ?? arrayOf(type),
  };
}

function castItem(
  scope: Scope,
  item: BoundExpression,
  type: SqlType,
  explicit: boolean,
  pos: number | undefined,
): BoundExpression {
  return explicit
    ? castTo(scope.binder, item, type, 'explicit', pos)
    : coerceTo(scope.binder, item, type, 'ARRAY', pos);
}

function bindSubscript(node: NodeOf<'SUBSCRIPT'>, scope: Scope): BoundExpression {
  const { binder } = scope;
  let current = bindExpression(node.base, scope);
  let i = 0;
  while (i < node.steps.length) {
    const step = node.steps[i] as NodeOf<'SUBSCRIPT_STEP'>;
    if (step.kind === 'field') {
      current = selectField(
        scope,
        current,
        step.field as Identifier,
        node.base.pos ?? node.pos,
        i === 0 ? node.base : undefined,
      );
      i++;
      continue;
    }
    if (current.type.kind === 'jsonb') {
      const at = step.pos ?? node.pos;
      if (step.kind === 'slice') fail('datatype_mismatch', 'jsonb subscript does not support slices', at);
      const member = memberKey(binder, bindExpression(step.lower as ValueNode, scope), step.lower?.pos ?? at);
      current = builtin(binder, 'jsonb_extract_path', [current, member], at);
      i++;
      continue;
    }
    if (current.type.kind === 'text' && current.type.element !== undefined && step.kind === 'index') {
      current = characterAt(scope.binder, current, subscriptBound(step.lower, scope) as BoundExpression, node.pos);
      i++;
      continue;
    }
    if (current.type.kind !== 'array' || current.type.element === undefined) {
      fail(
        'datatype_mismatch',
        `cannot subscript type ${typeName(current.type)} because it does not support subscripting`,
        node.pos,
      );
    }
    const steps = [];
    let sliced = false;
    for (; i < node.steps.length && node.steps[i]?.kind !== 'field'; i++) {
      const at = node.steps[i] as NodeOf<'SUBSCRIPT_STEP'>;
      const slice = at.kind === 'slice';
      sliced ||= slice;
      steps.push({ slice, lower: subscriptBound(at.lower, scope), upper: subscriptBound(at.upper, scope) });
    }
    current = { kind: 'subscript', operand: current, steps, type: sliced ? current.type : current.type.element };
  }
  return current;
}

export function subscriptBound(node: ValueNode | undefined, scope: Scope): BoundExpression | undefined {
  return node === undefined ? undefined : subscriptIndex(scope.binder, bindExpression(node, scope), node.pos);
}

function bindNextValue(node: NodeOf<'NEXT_VALUE'>, scope: Scope): BoundExpression {
  const { binder } = scope;
  const found = binder.names.findRelation(node.sequence);
  if (found === undefined)
    fail('undefined_table', `relation "${showName(binder, node.sequence)}" does not exist`, node.pos);
  if (found.kind !== 'sequence')
    fail('wrong_object_type', `"${showName(binder, node.sequence)}" is not a sequence`, node.pos);
  if (node.step !== undefined) notSupported('NEXT VALUE with a step', node.step.pos);
  binder.names.checkPrivilege(found, 'USAGE');
  return { kind: 'next_value', sequenceId: found.id, type: found.type };
}

function bindCall(node: NodeOf<'CALL'>, scope: Scope): BoundExpression {
  const arguments_ = node.arguments.map((argument) => {
    if (argument.op === 'NAMED_ARGUMENT')
      fail('undefined_function', `function ${node.function} does not take named arguments`, argument.pos);
    return bindExpression(argument, scope);
  });
  const call = callFunction(
    scope.binder,
    node.function,
    arguments_,
    node.variadic,
    node.pos,
    node.arguments.map((argument) => argument.pos),
  );
  return call.kind === 'call' && call.function.kind === 'set'
    ? registerSet(scope, call, node.function, node.pos)
    : call;
}

function bindRoutineCall(node: NodeOf<'CALL_ROUTINE'>, scope: Scope): BoundExpression {
  const aggregate = asAggregate(scope.binder, node);
  if (aggregate !== undefined) return bindAggregate(aggregate, scope, (value) => bindExpression(value, scope));
  const call = bindRoutineArguments(node, scope);
  return call.kind === 'routine' && call.routine.returnsSet
    ? registerSet(scope, call, scope.binder.display(call.routine.name), node.pos)
    : call;
}

export function bindRoutineArguments(
  node: {
    readonly name: NodeOf<'CALL_ROUTINE'>['name'];
    readonly variadic?: boolean;
    readonly arguments: readonly ValueNode[];
    readonly pos?: number | undefined;
  },
  scope: Scope,
  form: 'function' | 'procedure' = 'function',
): BoundExpression {
  const arguments_: NamedArgument[] = node.arguments.map((argument) => {
    const value = argument.op === 'NAMED_ARGUMENT' ? argument.value : argument;
    return {
      name: argument.op === 'NAMED_ARGUMENT' ? argument.name : undefined,
      expression: bindExpression(value, scope),
      pos: value.pos,
    };
  });
  return callRoutine(
    scope.binder,
    node.name,
    arguments_,
    node.variadic ?? false,
    node.pos,
    (parameter) => bindDefault(scope.binder, parameter),
    form,
  );
}

/** The default of a routine's parameter. */
function bindDefault(binder: Binder, parameter: RoutineParameter): BoundExpression {
  const stored = storedValue(parameter.defaultValue as StoredExpression);
  const inner = new Binder(
    { ...binder.context, semantics: stored.semantics, variables: undefined },
    binder.shared,
    binder.bindRelation,
  );
  const value = bindExpression(stored.value, new Scope(inner, undefined, newLevel(0), undefined));
  return coerce(binder, value, parameter.type, 'assignment', undefined) ?? value;
}

/** A set-returning call in the select list: the rows multiply below the projection. */
function registerSet(
  scope: Scope,
  expression: BoundExpression,
  name: string,
  pos: number | undefined,
): BoundExpression {
  const { level, binder } = scope;
  if (level.clause !== 'select' && level.clause !== 'order' && level.clause !== 'distinct') {
    fail('feature_not_supported', `set-returning functions are not allowed in ${clauseName(level.clause)}`, pos);
  }
  const column = binder.newColumn(name, expression.type);
  level.sets.push({ column, expression });
  binder.shared.trace?.calls.set(column.id, { kind: 'set', expression });
  return { kind: 'column', id: column.id, type: column.type, pos };
}
