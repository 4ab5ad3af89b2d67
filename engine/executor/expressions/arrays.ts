/**
 * Array constructors, subscripts and slices, and `operand op ANY/ALL (array)`.
 */
import { SqlError } from '../../../sblr/contract/sql-error.ts';
import { SqlArray, type SqlValue } from '../../../sblr/contract/values.ts';
import type { BoundExpression } from '../../binder/bound.ts';
import type { Evaluator } from '../operator.ts';
import { equalityOf } from '../values.ts';
import { compileExpression, type CompileContext, type Layout } from './compile.ts';

export function compileArray(
  expression: BoundExpression & { kind: 'array' },
  layout: Layout,
  context: CompileContext,
): Evaluator {
  const items = expression.items.map((item) => compileExpression(item, layout, context));
  if (!expression.nested) return (row, execution) => new SqlArray(items.map((item) => item(row, execution)));
  return (row, execution) => nestArrays(items.map((item) => item(row, execution)));
}

/** Arrays of equal dimensions become the rows of one with a further dimension. */
export function nestArrays(parts: readonly SqlValue[]): SqlArray {
  const arrays = parts.filter((part): part is SqlArray => part instanceof SqlArray);
  if (arrays.length === 0) return new SqlArray([]);
  const [first] = arrays;
  for (const array of arrays) {
    const same =
      array.dimensions.length === first.dimensions.length &&
      array.dimensions.every((length, at) => length === first.dimensions[at]);
    if (!same || arrays.length !== parts.length) {
      throw new SqlError('array_subscript_error', {
        message: 'multidimensional arrays must have array expressions with matching dimensions',
      });
    }
  }
  if (first.items.length === 0) return new SqlArray([]);
  const items = arrays.flatMap((array) => array.items);
  return new SqlArray(items, [arrays.length, ...first.dimensions], [1, ...first.lowerBounds]);
}

export function compileSubscript(
  expression: BoundExpression & { kind: 'subscript' },
  layout: Layout,
  context: CompileContext,
): Evaluator {
  const base = compileExpression(expression.operand, layout, context);
  const steps = expression.steps.map((step) => ({
    slice: step.slice,
    lower: step.lower === undefined ? undefined : compileExpression(step.lower, layout, context),
    upper: step.upper === undefined ? undefined : compileExpression(step.upper, layout, context),
  }));
  const slices = steps.some((step) => step.slice);
  return (row, execution) => {
    const array = base(row, execution);
    if (!(array instanceof SqlArray)) return null;
    const lows: (number | undefined)[] = [];
    const highs: (number | undefined)[] = [];
    for (const step of steps) {
      const low = step.lower?.(row, execution);
      const high = step.upper?.(row, execution);
      if (low === null || high === null) return null;
      if (step.slice || !slices) {
        lows.push(low as number | undefined);
        highs.push(step.slice ? (high as number | undefined) : (low as number));
      } else {
        // In a slice, a plain subscript n means 1:n.
        lows.push(1);
        highs.push(low as number);
      }
    }
    return slices ? sliceOf(array, lows, highs) : elementOf(array, lows as number[]);
  };
}

function elementOf(array: SqlArray, subscripts: readonly number[]): SqlValue {
  if (subscripts.length !== array.dimensions.length) return null;
  let offset = 0;
  for (let at = 0; at < subscripts.length; at++) {
    const index = subscripts[at] - array.lowerBounds[at];
    if (index < 0 || index >= array.dimensions[at]) return null;
    offset = offset * array.dimensions[at] + index;
  }
  return array.items[offset];
}

function sliceOf(
  array: SqlArray,
  lows: readonly (number | undefined)[],
  highs: readonly (number | undefined)[],
): SqlValue {
  const { dimensions, lowerBounds } = array;
  if (lows.length > dimensions.length) return new SqlArray([]);
  const starts: number[] = [];
  const lengths: number[] = [];
  for (let at = 0; at < dimensions.length; at++) {
    const bound = lowerBounds[at];
    const low = Math.max(lows[at] ?? bound, bound);
    const high = Math.min(highs[at] ?? bound + dimensions[at] - 1, bound + dimensions[at] - 1);
    if (high < low) return new SqlArray([]);
    starts.push(low - bound);
    lengths.push(high - low + 1);
  }
  const items: SqlValue[] = [];
  const visit = (depth: number, offset: number): void => {
    for (let index = 0; index < lengths[depth]; index++) {
      const next = offset * dimensions[depth] + starts[depth] + index;
      if (depth === lengths.length - 1) items.push(array.items[next]);
      else visit(depth + 1, next);
    }
  };
  visit(0, 0);
  return new SqlArray(items, lengths);
}

export function compileQuantifiedArray(
  expression: BoundExpression & { kind: 'quantified_array' },
  layout: Layout,
  context: CompileContext,
): Evaluator {
  const operand = compileExpression(expression.operand, layout, context);
  const array = compileExpression(expression.array, layout, context);
  const equality = plainEquality(expression);
  if (equality !== undefined && expression.quantifier === 'any') {
    const equal = equalityOf(equality, context.semantics);
    return (row, execution) => {
      const list = array(row, execution);
      if (!(list instanceof SqlArray)) return null;
      const value = operand(row, execution);
      let hasNull = false;
      for (const item of list.items) {
        if (item === null || value === null) hasNull = true;
        else if (equal(value, item)) return true;
      }
      return hasNull ? null : false;
    };
  }
  const test = compileExpression(expression.test, layout, { ...context, hoist: false });
  const { left, right } = expression;
  const decisive = expression.quantifier === 'any';
  return (row, execution) => {
    const list = array(row, execution);
    if (!(list instanceof SqlArray)) return null;
    const value = operand(row, execution);
    let hasNull = false;
    for (const item of list.items) {
      execution.outer[left] = value;
      execution.outer[right] = item;
      const result = test(row, execution);
      if (result === null) hasNull = true;
      else if (result === decisive) return decisive;
    }
    return hasNull ? null : !decisive;
  };
}

/** The operand type when the test is just left = right. */
export function plainEquality(
  expression: BoundExpression & { kind: 'quantified_array' },
): BoundExpression['type'] | undefined {
  const { test } = expression;
  if (test.kind !== 'compare' || test.operator !== 'equal') return undefined;
  if (test.left.kind !== 'column' || test.right.kind !== 'column') return undefined;
  return test.left.id === expression.left && test.right.id === expression.right ? test.operandType : undefined;
}
