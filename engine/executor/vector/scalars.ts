/**
 * Expressions that have one value for a whole execution: constants, parameters and plain computations
 * over them. They are evaluated when a batch needs them, so that one that fails does so only where
 * row-at-a-time execution would have evaluated it.
 */
import type { SqlValue } from '../../../sblr/contract/values.ts';
import type { BoundExpression } from '../../binder/bound.ts';
import type { Evaluator } from '../operator.ts';
import type { Frame } from './frame.ts';

export function isScalar(expression: BoundExpression): boolean {
  switch (expression.kind) {
    case 'constant':
    case 'parameter':
      return true;
    case 'cast':
      return expression.domainId === undefined && isScalar(expression.operand);
    case 'call':
      return (
        expression.function.kind === 'scalar' &&
        expression.function.volatility !== 'volatile' &&
        expression.arguments.every(isScalar)
      );
    default:
      return false;
  }
}

/** The value, or undefined when evaluating it failed. */
export function scalarValue(evaluate: Evaluator, frame: Frame): SqlValue | undefined {
  try {
    return evaluate([], frame.context);
  } catch {
    // The row-at-a-time gear evaluates it again and reports the failure, if it comes to it.
    return undefined;
  }
}
