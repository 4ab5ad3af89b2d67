/**
 * Constraint checks that were put off to the end of the transaction (or to SET CONSTRAINTS IMMEDIATE).
 */
import type { DeferredCheck } from '../../transactions/transaction.ts';
import type { StoredExpressions } from '../expressions/compile.ts';
import { PENDING, type ExecutionContext } from '../operator.ts';
import { ForeignKeys } from './foreign-keys.ts';

export class DeferredConstraints {
  readonly #foreignKeys: ForeignKeys;

  constructor(checks: readonly DeferredCheck[], context: ExecutionContext, stored: StoredExpressions) {
    this.#foreignKeys = new ForeignKeys(context, stored);
    for (const check of checks) this.#foreignKeys.deferred(check.kind, check.constraint, check.row);
  }

  /** 'pending': the context resumes the work; call again then. Throws the violation. */
  step(): 'pending' | 'done' {
    return this.#foreignKeys.finish() === PENDING ? 'pending' : 'done';
  }
}
