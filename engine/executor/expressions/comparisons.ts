/**
 * Comparisons, specialised by operand type: values whose JavaScript order is the SQL order compare
 * directly, all others through their type's comparator.
 */
import type { SqlValue } from '../../../sblr/contract/values.ts';
import type { BoundExpression, ComparisonOperator } from '../../binder/bound.ts';
import type { Evaluator } from '../operator.ts';
import { comparatorOf, equalityOf, hasNativeEquality, hasNativeOrder, type Comparator } from '../values.ts';
import { compileExpression, type CompileContext, type Layout } from './compile.ts';

type Compare = BoundExpression & { kind: 'compare' };

export function compileCompare(expression: Compare, layout: Layout, context: CompileContext): Evaluator {
  const native = nativeTest(expression, context);
  if (native !== undefined) {
    const special = compareSlotWithConstant(expression, layout, native);
    if (special !== undefined) return special;
    const left = compileExpression(expression.left, layout, context);
    const right = compileExpression(expression.right, layout, context);
    return compareNative(expression.operator, left, right);
  }
  const left = compileExpression(expression.left, layout, context);
  const right = compileExpression(expression.right, layout, context);
  if (expression.operator === 'equal' || expression.operator === 'not_equal') {
    const equal = equalityOf(expression.operandType, context.semantics);
    const wanted = expression.operator === 'equal';
    return (row, execution) => {
      const a = left(row, execution);
      if (a === null) return null;
      const b = right(row, execution);
      return b === null ? null : equal(a, b) === wanted;
    };
  }
  const test = testOf(expression.operator);
  const compare: Comparator = comparatorOf(expression.operandType, context.semantics);
  return (row, execution) => {
    const a = left(row, execution);
    if (a === null) return null;
    const b = right(row, execution);
    return b === null ? null : test(compare(a, b));
  };
}

export function testOf(operator: ComparisonOperator): (order: number) => boolean {
  switch (operator) {
    case 'equal':
      return (order) => order === 0;
    case 'not_equal':
      return (order) => order !== 0;
    case 'less':
      return (order) => order < 0;
    case 'less_equal':
      return (order) => order <= 0;
    case 'greater':
      return (order) => order > 0;
    case 'greater_equal':
      return (order) => order >= 0;
  }
}

type NativeTest = (a: SqlValue, b: SqlValue) => boolean;

function nativeTest(expression: Compare, context: CompileContext): NativeTest | undefined {
  const { operator, operandType } = expression;
  if (operator === 'equal' || operator === 'not_equal') {
    if (!hasNativeEquality(operandType, context.semantics)) return undefined;
    return operator === 'equal' ? (a, b) => a === b : (a, b) => a !== b;
  }
  if (!hasNativeOrder(operandType, context.semantics)) return undefined;
  switch (operator) {
    case 'less':
      return (a, b) => (a as number) < (b as number);
    case 'less_equal':
      return (a, b) => (a as number) <= (b as number);
    case 'greater':
      return (a, b) => (a as number) > (b as number);
    case 'greater_equal':
      return (a, b) => (a as number) >= (b as number);
  }
}

/** column op constant: the commonest filter. */
function compareSlotWithConstant(expression: Compare, layout: Layout, test: NativeTest): Evaluator | undefined {
  const { left, right } = expression;
  if (left.kind !== 'column' || right.kind !== 'constant') return undefined;
  const slot = layout.get(left.id);
  if (slot === undefined) return undefined;
  const constant = right.value;
  if (constant === null) return () => null;
  switch (expression.operator) {
    case 'equal':
      return (row) => (row[slot] === null ? null : row[slot] === constant);
    case 'less':
      return (row) => (row[slot] === null ? null : (row[slot] as number) < (constant as number));
    case 'less_equal':
      return (row) => (row[slot] === null ? null : (row[slot] as number) <= (constant as number));
    case 'greater':
      return (row) => (row[slot] === null ? null : (row[slot] as number) > (constant as number));
    case 'greater_equal':
      return (row) => (row[slot] === null ? null : (row[slot] as number) >= (constant as number));
    default:
      return (row) => (row[slot] === null ? null : test(row[slot], constant));
  }
}

function compareNative(operator: ComparisonOperator, left: Evaluator, right: Evaluator): Evaluator {
  switch (operator) {
    case 'equal':
      return (row, execution) => {
        const a = left(row, execution);
        if (a === null) return null;
        const b = right(row, execution);
        return b === null ? null : a === b;
      };
    case 'not_equal':
      return (row, execution) => {
        const a = left(row, execution);
        if (a === null) return null;
        const b = right(row, execution);
        return b === null ? null : a !== b;
      };
    case 'less':
      return (row, execution) => {
        const a = left(row, execution);
        if (a === null) return null;
        const b = right(row, execution);
        return b === null ? null : (a as number) < (b as number);
      };
    case 'less_equal':
      return (row, execution) => {
        const a = left(row, execution);
        if (a === null) return null;
        const b = right(row, execution);
        return b === null ? null : (a as number) <= (b as number);
      };
    case 'greater':
      return (row, execution) => {
        const a = left(row, execution);
        if (a === null) return null;
        const b = right(row, execution);
        return b === null ? null : (a as number) > (b as number);
      };
    case 'greater_equal':
      return (row, execution) => {
        const a = left(row, execution);
        if (a === null) return null;
        const b = right(row, execution);
        return b === null ? null : (a as number) >= (b as number);
      };
  }
}

export function compileDistinct(
  expression: BoundExpression & { kind: 'is_distinct' },
  layout: Layout,
  context: CompileContext,
): Evaluator {
  const left = compileExpression(expression.left, layout, context);
  const right = compileExpression(expression.right, layout, context);
  const equal = equalityOf(expression.operandType, context.semantics);
  const { negated } = expression;
  return (row, execution) => {
    const a = left(row, execution);
    const b = right(row, execution);
    const distinct = a === null || b === null ? a !== b : !equal(a, b);
    return distinct !== negated;
  };
}
