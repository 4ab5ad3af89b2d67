/** Constraint checks put off to the commit (or to SET CONSTRAINTS IMMEDIATE): run here, in a statement of their own. */
import { identifierKey, type Name } from '../../sblr/contract/names.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { NodeOf } from '../../sblr/nodes.ts';
import type { ConstraintDefinition } from '../catalog/definitions.ts';
import { ForeignKeys } from '../executor/modify/foreign-keys.ts';
import { PENDING, SUSPEND } from '../executor/operator.ts';
import type { DeferredCheck, Transaction } from '../transactions/transaction.ts';
import type { Session } from './session.ts';
import { StatementContext } from './statement-context.ts';

type Done = (error: Error | undefined) => void;

export class DeferredChecks {
  /** Runs the checks that `wanted` picks (undefined = all); the others stay deferred. */
  run(session: Session, transaction: Transaction, wanted: ReadonlySet<number> | undefined, done: Done): void {
    const all = transaction.takeDeferredChecks();
    const checks = wanted === undefined ? all : all.filter((check) => wanted.has(check.constraint));
    for (const check of all) if (!checks.includes(check)) transaction.deferCheck(check);
    if (checks.length === 0) {
      done(undefined);
      return;
    }
    this.#start(session, transaction, checks, done);
  }

  #start(session: Session, transaction: Transaction, checks: readonly DeferredCheck[], done: Done): void {
    const context = new StatementContext(session, transaction, []);
    transaction.beginStatement();
    const work = new ForeignKeys(context, session.storedExpressions());
    for (const check of checks) work.deferred(check.kind, check.constraint, check.row);
    const advance = (): void => {
      try {
        context.startSlice();
        context.checkCancelled();
        if (work.finish() === PENDING) return;
        transaction.endStatement();
      } catch (error) {
        if (error === SUSPEND) return;
        done(error as Error);
        return;
      }
      done(undefined);
    };
    context.onResume = advance;
    advance();
  }

  setConstraints(session: Session, transaction: Transaction, statement: NodeOf<'SET_CONSTRAINTS'>, done: Done): void {
    const targets = this.#targets(session, statement);
    const modes = new Map(session.constraintModes);
    for (const constraint of targets) modes.set(constraint.id, statement.deferred ? 'deferred' : 'immediate');
    session.constraintModes = modes;
    if (statement.deferred) {
      done(undefined);
      return;
    }
    this.run(session, transaction, new Set(targets.map((constraint) => constraint.id)), done);
  }

  /** As the transaction sees the catalog: a constraint is often made and set in the same one. */
  #targets(session: Session, statement: NodeOf<'SET_CONSTRAINTS'>): ConstraintDefinition[] {
    if (statement.names.length > 0) return statement.names.flatMap(({ name }) => this.#named(session, name));
    const found: ConstraintDefinition[] = [];
    for (const table of session.catalog.all('table')) {
      if (table.kind !== 'table' || table.databaseId !== session.names.databaseId) continue;
      found.push(...table.constraints.filter((constraint) => constraint.deferrable));
    }
    return found;
  }

  /** Constraints of a name, in its schema or in the first of the search path that has any. */
  #named(session: Session, name: Name): ConstraintDefinition[] {
    const { names, catalog } = session;
    const last = name[name.length - 1]!;
    const key = identifierKey(last);
    const schemas = name.length > 1 ? [names.schemaByName(name[name.length - 2]!)?.id] : names.searchPath;
    for (const schema of schemas) {
      const found: ConstraintDefinition[] = [];
      for (const table of catalog.all('table')) {
        if (table.kind === 'table' && table.schemaId === schema)
          found.push(...table.constraints.filter((constraint) => identifierKey(constraint.name) === key));
      }
      if (found.length === 0) continue;
      if (found.some((constraint) => !constraint.deferrable))
        throw new SqlError('wrong_object_type', {
          message: `constraint "${last.text}" is not deferrable`,
          args: { constraint: last.text },
        });
      return found;
    }
    throw new SqlError('undefined_object', {
      message: `constraint "${last.text}" does not exist`,
      variant: 'constraint',
      args: { constraint: last.text },
    });
  }
}
