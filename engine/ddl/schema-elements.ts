/** The statements inside CREATE SCHEMA: in the order in which they can refer to each other, each for the new schema. */
import { identifierKey, type Name } from '../../sblr/contract/names.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { decodeProgram } from '../../sblr/decode.ts';
import type { NodeOf, StatementNode } from '../../sblr/nodes.ts';
import type { DdlContext } from './context.ts';

const ORDER: readonly StatementNode['op'][] = [
  'CREATE_SEQUENCE',
  'CREATE_TABLE',
  'CREATE_VIEW',
  'CREATE_INDEX',
  'GRANT',
];

export function schemaElements(statement: NodeOf<'CREATE_SCHEMA'>, context: DdlContext): readonly StatementNode[] {
  if (statement.elements.length === 0) return [];
  const elements = decodeProgram(statement.elements).statements;
  for (const element of elements) checkName(element, statement, context);
  return elements.toSorted((a, b) => ORDER.indexOf(a.op) - ORDER.indexOf(b.op));
}

function createdName(element: StatementNode): Name | undefined {
  switch (element.op) {
    case 'CREATE_SEQUENCE':
    case 'CREATE_TABLE':
    case 'CREATE_VIEW':
      return element.name;
    case 'CREATE_INDEX':
      return element.table;
    default:
      return undefined;
  }
}

function checkName(element: StatementNode, statement: NodeOf<'CREATE_SCHEMA'>, context: DdlContext): void {
  const schema = statement.name[statement.name.length - 1]!;
  const qualifier = createdName(element)?.at(-2);
  if (qualifier === undefined || identifierKey(qualifier) === identifierKey(schema)) return;
  const [given, made] = [context.display(qualifier), context.display(schema)];
  throw new SqlError(
    'invalid_schema_definition',
    `CREATE specifies a schema (${given}) different from the one being created (${made})`,
  );
}
