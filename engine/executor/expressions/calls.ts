/**
 * Calls of scalar functions, one closure shape per number of arguments so that nothing is allocated
 * per call, with the null check of strict functions built in.
 */
import { SqlError } from '../../../sblr/contract/sql-error.ts';
import type { SqlValue } from '../../../sblr/contract/values.ts';
import type { BoundExpression } from '../../binder/bound.ts';
import type { ScalarCall } from '../../functions/function.ts';
import type { Evaluator } from '../operator.ts';
import { compileExpression, type CompileContext, type Layout } from './compile.ts';
import { compileConstantLike } from './like.ts';

type Call = BoundExpression & { kind: 'call' };

export function compileCall(expression: Call, layout: Layout, context: CompileContext): Evaluator {
  const definition = expression.function;
  if (definition.kind !== 'scalar') {
    throw new SqlError('feature_not_supported', {
      message:
        definition.kind === 'set'
          ? 'set-returning functions are not allowed here'
          : `${definition.kind} functions are not allowed here`,
      ...(expression.pos === undefined ? {} : { position: expression.pos }),
    });
  }
  const like = compileConstantLike(expression, layout, context);
  if (like !== undefined) return like;
  const implementation = definition.implementation(
    expression.arguments.map((argument) => argument.type),
    expression.type,
    context.semantics,
  );
  const values = expression.arguments.map((argument) => compileExpression(argument, layout, context));
  const evaluate = definition.strict ? strictCall(implementation, values) : plainCall(implementation, values);
  return expression.shown === undefined ? evaluate : shownInErrors(evaluate, expression.shown);
}

/** Range errors tell in which expression they happened. */
function shownInErrors(evaluate: Evaluator, shown: () => string): Evaluator {
  return (row, execution) => {
    try {
      return evaluate(row, execution);
    } catch (error) {
      if (!(error instanceof SqlError) || error.condition !== 'numeric_value_out_of_range') throw error;
      if (error.details.args?.['expression'] !== undefined) throw error;
      throw new SqlError(error.condition, {
        ...error.details,
        args: { ...error.details.args, expression: shown() },
      });
    }
  };
}

function plainCall(code: ScalarCall, values: readonly Evaluator[]): Evaluator {
  const [first, second, third, fourth] = values;
  switch (code.arity) {
    case 0:
      return (_row, execution) => code.call(execution.evaluation);
    case 1:
      return (row, execution) => code.call(first(row, execution), execution.evaluation);
    case 2:
      return (row, execution) => code.call(first(row, execution), second(row, execution), execution.evaluation);
    case 3:
      return (row, execution) =>
        code.call(first(row, execution), second(row, execution), third(row, execution), execution.evaluation);
    case 4:
      return (row, execution) =>
        code.call(
          first(row, execution),
          second(row, execution),
          third(row, execution),
          fourth(row, execution),
          execution.evaluation,
        );
    case 'n':
      return (row, execution) => {
        const passed: SqlValue[] = new Array(values.length);
        for (let at = 0; at < values.length; at++) passed[at] = values[at](row, execution);
        return code.call(passed, execution.evaluation);
      };
  }
}

function strictCall(code: ScalarCall, values: readonly Evaluator[]): Evaluator {
  const [first, second, third, fourth] = values;
  switch (code.arity) {
    case 0:
      return (_row, execution) => code.call(execution.evaluation);
    case 1:
      return (row, execution) => {
        const a = first(row, execution);
        return a === null ? null : code.call(a, execution.evaluation);
      };
    case 2:
      return (row, execution) => {
        const a = first(row, execution);
        if (a === null) return null;
        const b = second(row, execution);
        return b === null ? null : code.call(a, b, execution.evaluation);
      };
    case 3:
      return (row, execution) => {
        const a = first(row, execution);
        if (a === null) return null;
        const b = second(row, execution);
        if (b === null) return null;
        const c = third(row, execution);
        return c === null ? null : code.call(a, b, c, execution.evaluation);
      };
    case 4:
      return (row, execution) => {
        const a = first(row, execution);
        if (a === null) return null;
        const b = second(row, execution);
        if (b === null) return null;
        const c = third(row, execution);
        if (c === null) return null;
        const d = fourth(row, execution);
        return d === null ? null : code.call(a, b, c, d, execution.evaluation);
      };
    case 'n':
      return (row, execution) => {
        const passed: SqlValue[] = new Array(values.length);
        for (let at = 0; at < values.length; at++) {
          const value = values[at](row, execution);
          if (value === null) return null;
          passed[at] = value;
        }
        return code.call(passed, execution.evaluation);
      };
  }
}
