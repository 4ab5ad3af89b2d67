/** Runs an aggregate made of routines: its state is a value that each row's step makes anew. */
import { textParser } from '../../sblr/contract/text/text-io.ts';
import type { SqlType } from '../../sblr/contract/types.ts';
import type { SqlValue } from '../../sblr/contract/values.ts';
import type { AggregateImplementation } from '../functions/function.ts';
import type { Evaluator, ExecutionContext } from './operator.ts';

export interface AggregateSteps {
  /** Over the state and the arguments. */
  readonly transition: Evaluator;
  /** A NULL passes the step by. */
  readonly strict: boolean;
  /** Over the state. */
  readonly final: Evaluator | undefined;
  readonly finalStrict: boolean;
  readonly stateType: SqlType;
  readonly initial: string | undefined;
}

interface State {
  value: SqlValue;
  /** No row yet, and nothing to begin with: the first row's argument will be the state. */
  empty: boolean;
}

/** Stands for an aggregate until an execution opens it. */
export const NOT_OPEN: AggregateImplementation = {
  create: () => {
    throw new TypeError('the aggregate was not opened');
  },
  step: () => undefined,
  stepMany: () => undefined,
  final: () => null,
};

/** The aggregate inside one execution, whose routines it calls. */
export function definedAggregate(steps: AggregateSteps, context: ExecutionContext): AggregateImplementation {
  const { transition, strict, final, finalStrict, initial, stateType } = steps;
  const first = initial === undefined ? null : textParser(stateType, context.evaluation.text)(initial);
  const stepMany = (state: object, values: readonly SqlValue[]): void => {
    const own = state as State;
    if (strict) {
      if (own.empty) {
        own.value = values[0] ?? null;
        own.empty = false;
        return;
      }
      if (own.value === null) return;
    }
    own.value = transition([own.value, ...values], context);
  };
  return {
    create: (): State => ({ value: first, empty: strict && first === null }),
    step: (state, a, b) => stepMany(state, [a, b]),
    stepMany,
    final: (state) => {
      const { value } = state as State;
      if (final === undefined) return value;
      return finalStrict && value === null ? null : final([value], context);
    },
  };
}
