/**
 * Type names in programs resolved to types: user-defined types by name, arrays of them.
 */
import type { Name } from '../../sblr/contract/names.ts';
import type { NodeOf } from '../../sblr/nodes.ts';
import type { BoundExpression, OutputColumn } from './bound.ts';
import type { SqlType } from '../../sblr/contract/types.ts';
import type { UserTypeDefinition } from '../catalog/definitions.ts';
import type { Binder } from './context.ts';
import { fail } from './errors.ts';
import { literalType } from './lenient-types.ts';
import { constant } from './literal.ts';

/** The type as columns and expressions carry it: a domain is its base type with the domain's id. */
export function typeOfDefinition(definition: UserTypeDefinition): SqlType {
  return definition.type.typeId === definition.id ? definition.type : { ...definition.type, typeId: definition.id };
}

export function showName(binder: Binder, name: Name): string {
  return name.map((part) => binder.display(part)).join('.');
}

/** Resolves 'named' types, inside arrays and records too. */
export function resolveType(binder: Binder, type: SqlType, pos: number | undefined): SqlType {
  if (type.kind === 'named') {
    const name = type.name ?? [];
    const found = binder.names.findType(name);
    if (found !== undefined) return typeOfDefinition(found);
    const relation = binder.names.findRelation(name);
    if (relation !== undefined && (relation.kind === 'table' || relation.kind === 'view')) {
      return {
        kind: 'record',
        typeId: relation.id,
        fields: relation.columns
          .filter((column) => !column.dropped)
          .map((column) => ({ name: binder.display(column.name), type: column.type })),
      };
    }
    fail('undefined_object', `type "${showName(binder, name)}" does not exist`, pos);
  }
  if (type.kind === 'array' && type.element !== undefined) {
    const element = resolveType(binder, type.element, pos);
    return element === type.element ? type : { ...type, element };
  }
  return type;
}

/** A literal; where types convert freely it has the type of just its length. */
export function literalConstant(binder: Binder, { value, type, pos }: NodeOf<'LITERAL'>): BoundExpression {
  const resolved = type.kind === 'named' ? resolveType(binder, type, pos) : type;
  return constant(value, binder.semantics.coercion === 'lenient' ? literalType(value, resolved) : resolved);
}

/** A column with its table and database, as messages name it. */
export function fullName(binder: Binder, column: OutputColumn): string {
  const parts = [databaseOfTable(binder, column.tableId), column.relation, column.name];
  return parts.filter((part) => part !== undefined).join('.');
}

/** The name of the database that a table is in, as this session shows it. */
export function databaseOfTable(binder: Binder, tableId: number): string | undefined {
  const { catalog } = binder.names;
  const owner = catalog.get(tableId);
  const database = owner?.kind === 'table' ? catalog.get(owner.databaseId) : undefined;
  return database?.kind === 'database' ? binder.display(database.name) : undefined;
}
