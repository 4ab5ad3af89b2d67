/** Procedures as CALL finds them, and what a client is answered that calls one. */
import type { Identifier } from '../../sblr/contract/names.ts';
import type { ResultColumn } from '../../sblr/contract/session.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { NodeOf } from '../../sblr/nodes.ts';
import type { RoutineDefinition } from '../catalog/definitions.ts';
import type { Session } from '../session/session.ts';

/** The procedure that a CALL names, by the number of its arguments. */
export function procedureOf(session: Session, statement: NodeOf<'CALL_PROCEDURE'>): RoutineDefinition | undefined {
  return session.names
    .findRoutines(statement.name)
    .find((one) => one.form === 'procedure' && one.parameters.length === statement.arguments.length);
}

export function noProcedure(statement: NodeOf<'CALL_PROCEDURE'>): SqlError {
  const shown = statement.name.map((part) => part.text).join('.');
  return new SqlError('undefined_function', {
    message: `procedure ${shown} does not exist`,
    variant: 'procedure',
    args: { name: shown },
  });
}

/** What a CALL answers: the output parameters. */
export function outputColumns(routine: RoutineDefinition, display: (name: Identifier) => string): ResultColumn[] {
  return routine.parameters.flatMap((one, at) =>
    one.mode === 'in' || one.mode === 'variadic'
      ? []
      : [
          {
            name: one.name === undefined ? `column${at + 1}` : display(one.name),
            type: one.type,
            tableId: 0,
            columnPosition: 0,
          },
        ],
  );
}
