/**
 * Queries and expressions of a procedural program: planned when first reached, kept while catalog and
 * variables stay what they were, each run in a statement of its own.
 */
import { displayIdentifier, type Identifier } from '../../sblr/contract/names.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { TEXT, type RecordField, type SqlType, type VariableKind } from '../../sblr/contract/types.ts';
import type { Row, SqlValue } from '../../sblr/contract/values.ts';
import { node, type Program, type RelationNode, type ValueNode } from '../../sblr/nodes.ts';
import { bindQuery } from '../binder/index.ts';
import type { BindContext } from '../binder/context.ts';
import { compileDomain, type DomainCheck } from '../executor/expressions/compile.ts';
import { standaloneCompile } from '../executor/modify/table-access.ts';
import { Execution } from '../executor/run.ts';
import { storedExpressions } from '../planner/environment.ts';
import { bindContext, planBound, type PlannedQuery } from '../session/prepare.ts';
import { checkHeld } from '../session/table-locks.ts';
import type { Session } from '../session/session.ts';
import type { SessionNames } from '../session/names.ts';
import { StatementContext } from '../session/statement-context.ts';
import { LockWaiter } from '../transactions/locks.ts';
import type { Steps } from './drive.ts';
import type { Variables } from './variables.ts';

export interface ProgramRows {
  readonly rows: readonly Row[];
  readonly columns: readonly RecordField[];
  readonly count: number;
}

interface KeptPlan {
  readonly epoch: number;
  readonly version: number;
  readonly shape: number;
  readonly query: PlannedQuery;
}

/** Plans by the node they were made of. */
export type PlanStore = WeakMap<object, KeptPlan>;

interface Options {
  readonly session: Session;
  readonly program: Program;
  readonly parameters: readonly SqlValue[];
  readonly parameterTypes: readonly (SqlType | undefined)[];
  readonly variables: Variables;
  readonly diagnostic: (name: string) => SqlValue;
  /** May a statement wait? Not inside an expression of another one. */
  readonly waits: boolean;
  readonly plans: PlanStore | undefined;
}

class ProgramContext extends StatementContext {
  readonly #options: Options;

  constructor(options: Options, parameters: readonly SqlValue[]) {
    super(options.session, options.session.transaction!, parameters);
    this.#options = options;
  }

  override variable(name: string, scope: VariableKind, type: SqlType): SqlValue {
    if (scope === 'local') return this.#options.variables.valueOf(name);
    return scope === 'diagnostic' ? this.#options.diagnostic(name) : super.variable(name, scope, type);
  }

  override sliceUsed(): boolean {
    return this.#options.waits && super.sliceUsed();
  }

  override waitFor(subscribe: (resume: (error?: Error) => void) => void, cancel?: (error: SqlError) => void): void {
    if (this.#options.waits) super.waitFor(subscribe, cancel);
    else
      throw new SqlError('feature_not_supported', {
        message: 'a function body had to wait for a lock or for data on disk',
        hint: 'Run its statements directly.',
      });
  }
}

export class ProgramQueries {
  readonly #options: Options;
  readonly #plans: PlanStore;
  readonly #domains = new Map<number, { readonly epoch: number; readonly check: DomainCheck }>();

  constructor(options: Options) {
    this.#options = options;
    this.#plans = options.plans ?? new WeakMap();
  }

  /** What types that a declaration names are looked up with. */
  get types(): { readonly names: SessionNames; display(identifier: Identifier): string } {
    const { names, identifierFold } = this.#options.session;
    return { names, display: (identifier) => displayIdentifier(identifier, identifierFold) };
  }

  #bindContext(program: Program, parameterTypes: readonly (SqlType | undefined)[]): BindContext {
    const { session, variables } = this.#options;
    return {
      ...bindContext(session, program, parameterTypes),
      variables: {
        typeOf: (name: string, scope: VariableKind) => {
          if (scope === 'local') return variables.typeOf(name);
          return scope === 'diagnostic' && name === 'row_count' ? { kind: 'int64' } : TEXT;
        },
      },
    };
  }

  plan(key: object, relation: RelationNode, command: string): PlannedQuery {
    const { session, program, parameterTypes, variables } = this.#options;
    const { epoch } = session.catalog;
    const version = session.versions.current;
    const { shape } = variables;
    const known = this.#plans.get(key);
    if (known !== undefined && known.epoch === epoch && known.version === version && known.shape === shape)
      return known.query;
    session.semantics = program.semantics;
    const query = planBound(session, bindQuery(relation, this.#bindContext(program, parameterTypes)), command);
    this.#plans.set(key, { epoch, version, shape, query });
    return query;
  }

  /** Raises where the domain refuses the value. */
  checkDomain(value: SqlValue, domainId: number): void {
    const { session, program } = this.#options;
    const { epoch } = session.catalog;
    const context = new ProgramContext(this.#options, []);
    let known = this.#domains.get(domainId);
    if (known === undefined || known.epoch !== epoch) {
      const stored = storedExpressions(() => bindContext(session, program, []));
      const check = compileDomain(domainId, context, standaloneCompile(program.semantics, stored));
      this.#domains.set(domainId, (known = { epoch, check }));
    }
    known.check(value, context);
  }

  *evaluate(value: ValueNode): Steps<{ readonly value: SqlValue; readonly type: SqlType }> {
    const relation = node('PROJECT', { source: node('DUAL', {}), items: [node('ITEM', { value })] });
    const query = this.plan(value, relation, 'SELECT');
    const { rows } = yield* this.execute(query);
    return { value: rows[0]?.[0] ?? null, type: query.types[0] ?? TEXT };
  }

  *rows(key: object, relation: RelationNode): Steps<ProgramRows> {
    const query = this.plan(key, relation, 'SELECT');
    return found(query, yield* this.execute(query));
  }

  /** Of text compiled just now, with parameters of its own and no variables. */
  *dynamicRows(
    program: Program,
    relation: RelationNode,
    command: string,
    values: readonly SqlValue[],
    types: readonly SqlType[],
  ): Steps<ProgramRows> {
    const { session } = this.#options;
    const bound = bindQuery(relation, bindContext(session, program, types));
    const query = planBound(session, bound, command);
    return found(query, yield* this.execute(query, values));
  }

  /** In a statement of its own: what earlier statements changed is visible, its own changes are not. */
  *execute(
    query: PlannedQuery,
    parameters: readonly SqlValue[] = this.#options.parameters,
  ): Steps<{ readonly rows: readonly Row[]; readonly count: number }> {
    yield* this.#lockTables(query);
    const { session } = this.#options;
    const transaction = session.transaction!;
    transaction.beginStatement(query.bound.modifies);
    const context = new ProgramContext(this.#options, parameters);
    const execution = new Execution(query.plan, context);
    let wake: (() => void) | undefined;
    let awake = false;
    context.onResume = () => {
      awake = true;
      wake?.();
    };
    const rows: Row[] = [];
    try {
      for (;;) {
        context.startSlice();
        context.checkCancelled();
        session.checkCancelled();
        const state = execution.step();
        if (state === 'done') break;
        if (state === 'pending') {
          if (!awake)
            yield new Promise<void>((resolve) => {
              wake = resolve;
            });
          awake = false;
          continue;
        }
        for (const row of execution.rows) rows.push(row.slice(0, query.columns.length));
      }
      const count = execution.affectedRows ?? rows.length;
      execution.close();
      transaction.endStatement();
      return { rows, count };
    } catch (error) {
      execution.close();
      transaction.rollbackStatement();
      throw error;
    }
  }

  *#lockTables(query: PlannedQuery): Steps<void> {
    const transaction = this.#options.session.transaction!;
    if (query.bound.modifies && transaction.readOnly)
      throw new SqlError('read_only_sql_transaction', {
        message: `cannot execute ${query.command} in a read-only transaction`,
        args: { command: query.command },
      });
    for (const { table, access } of query.bound.tables) {
      const mode = access === 'read' ? 'access_share' : access === 'write' ? 'row_exclusive' : 'row_share';
      checkHeld(this.#options.session, table, mode);
      const result = transaction.lockTable(table.id, mode, 'wait', table.name.text);
      if (result instanceof LockWaiter)
        yield new Promise<void>((resolve, reject) => {
          result.onSettled((error) => (error === undefined ? resolve() : reject(error)));
        });
    }
  }
}

function found(query: PlannedQuery, result: { readonly rows: readonly Row[]; readonly count: number }): ProgramRows {
  return { ...result, columns: query.columns.map(({ name, type }) => ({ name, type })) };
}
