/** Values of expressions that stand alone: arguments of EXECUTE, SET, defaults of constants. */
import type { SqlType } from '../../sblr/contract/types.ts';
import type { SqlValue } from '../../sblr/contract/values.ts';
import { node, type Program, type ValueNode } from '../../sblr/nodes.ts';
import { Execution } from '../executor/run.ts';
import { planRelation } from './prepare.ts';
import type { Session } from './session.ts';
import { StatementContext } from './statement-context.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';

/** Each value cast to its type as by assignment. Expressions that would have to wait are refused. */
export function evaluateValues(
  session: Session,
  program: Pick<Program, 'semantics'>,
  values: readonly ValueNode[],
  types: readonly SqlType[],
): readonly SqlValue[] {
  return evaluateTyped(session, program, values, types).values;
}

/** The same, where a value without a type keeps its own; answers the types, too. */
export function evaluateTyped(
  session: Session,
  program: Pick<Program, 'semantics'>,
  values: readonly ValueNode[],
  types: readonly (SqlType | undefined)[],
): { readonly values: readonly SqlValue[]; readonly types: readonly SqlType[] } {
  if (values.length === 0) return { values: [], types: [] };
  const items = values.map((value, at) =>
    node('ITEM', {
      value: types[at] === undefined ? value : node('CAST', { operand: value, type: types[at], mode: 'cast' }),
    }),
  );
  const relation = node('PROJECT', { source: node('DUAL', {}), items });
  const query = planRelation(
    session,
    { ...program, version: 0, parameterTypes: [], statements: [] },
    relation,
    [],
    'SELECT',
  );
  const found = query.bound.plan.columns.map((column) => column.type);
  const context = new StatementContext(session, session.ensureTransaction('statement'), []);
  session.beginStatement();
  const execution = new Execution(query.plan, context);
  try {
    for (;;) {
      const state = execution.step();
      if (state === 'rows') return { values: [...execution.rows[0]!], types: found };
      if (state === 'pending') throw new SqlError('feature_not_supported', 'the expression is too complex here');
      return { values: values.map(() => null), types: found };
    }
  } finally {
    execution.close();
    session.endOpenStatements(true);
  }
}
