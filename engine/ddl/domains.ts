/** Domains: made, altered, and their rules verified against the rows that exist. */
import { identifierKey, type Identifier } from '../../sblr/contract/names.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { NodeOf } from '../../sblr/nodes.ts';
import type { ColumnDefinition, TableDefinition, UserTypeDefinition } from '../catalog/definitions.ts';
import { contains, domainLineage, standsOn } from '../catalog/domains.ts';
import { domainScope } from '../catalog/value-scope.ts';
import { collated } from '../types/collation.ts';
import { chooseName, resolveType, storeExpression, type DdlContext } from './context.ts';

type Check = UserTypeDefinition['checks'][number];

export function createDomain(
  statement: NodeOf<'CREATE_TYPE'>,
  common: Pick<UserTypeDefinition, 'kind' | 'id' | 'name' | 'owner' | 'schemaId' | 'databaseId' | 'arrayTypeId'>,
  context: DdlContext,
): void {
  const resolved = resolveType(context, statement.base!, statement.pos);
  if (resolved.kind === 'record' || resolved.kind === 'enum') {
    throw new SqlError('feature_not_supported', {
      message: `domains over ${resolved.kind === 'enum' ? 'enum' : 'composite'} types are not supported`,
      ...(statement.pos === undefined ? {} : { position: statement.pos }),
    });
  }
  const base = statement.collation === undefined ? resolved : collated(resolved, statement.collation);
  // A default comes down from the domain below.
  const [parent] = domainLineage(context.catalog, base.typeId);
  const defaultValue = parent?.defaultValue;
  let definition: UserTypeDefinition = {
    ...common,
    form: 'domain',
    type: base,
    notNull: false,
    checks: [],
    ...(defaultValue === undefined ? {} : { defaultValue }),
  };
  for (const constraint of statement.constraints) definition = withDomainConstraint(definition, constraint, context);
  context.catalog.put(definition);
}

function withDomainConstraint(
  domain: UserTypeDefinition,
  constraint: NodeOf<'CONSTRAINT_DEF'>,
  context: DdlContext,
): UserTypeDefinition {
  switch (constraint.kind) {
    case 'not_null':
      return { ...domain, notNull: true };
    case 'null':
      return domain;
    case 'default':
      return {
        ...domain,
        defaultValue:
          constraint.expression === undefined
            ? undefined
            : storeExpression(context, constraint.expression, constraint.text ?? ''),
      };
    case 'check': {
      const taken = (name: Identifier): boolean =>
        domain.checks.some((check) => identifierKey(check.name) === identifierKey(name));
      const name = constraint.name ?? chooseName(domain.name.text, '', 'check', taken);
      if (taken(name))
        throw new SqlError(
          'duplicate_object',
          `constraint "${context.display(name)}" for domain "${context.display(domain.name)}" already exists`,
        );
      const expression = storeExpression(context, constraint.expression!, constraint.text ?? '');
      context.bindTableExpression(expression, domainScope(domain));
      const check = constraint.notValid ? { name, expression, unvalidated: true } : { name, expression };
      return { ...domain, checks: [...domain.checks, check] };
    }
    default:
      throw new SqlError(
        'syntax_error',
        `${constraint.kind.replaceAll('_', ' ')} constraints not possible for domains`,
      );
  }
}

/** Carries out what ALTER DOMAIN alone knows; false = something else is asked. */
export async function alterDomain(
  found: UserTypeDefinition,
  statement: NodeOf<'ALTER_TYPE'>,
  context: DdlContext,
): Promise<boolean> {
  const shown = statement.name.map((part) => context.display(part)).join('.');
  if (statement.domain && found.form !== 'domain') throw new SqlError('wrong_object_type', `${shown} is not a domain`);
  const named = (name = context.display(statement.newName!)): Check => {
    const check = found.checks.find((one) => context.display(one.name) === name);
    if (check !== undefined) return check;
    throw new SqlError('undefined_object', `constraint "${name}" of domain "${shown}" does not exist`);
  };
  const replace = (check: Check, by: readonly Check[]): void => {
    const checks = found.checks.flatMap((one) => (one === check ? by : [one]));
    context.catalog.put({ ...found, checks });
  };
  switch (statement.action) {
    case 'add_constraint': {
      const changed = withDomainConstraint(found, statement.constraint!, context);
      const added = changed.checks.at(-1);
      if (changed.notNull && !found.notNull) await verifyNotNull(found, context);
      if (added !== undefined && changed.checks.length > found.checks.length && added.unvalidated !== true)
        await verifyCheck(found, added, context);
      context.catalog.put(changed);
      return true;
    }
    case 'validate_constraint': {
      const check = named();
      await verifyCheck(found, check, context);
      replace(check, [{ name: check.name, expression: check.expression }]);
      return true;
    }
    case 'rename_constraint': {
      const check = named(statement.value!);
      replace(check, [{ ...check, name: statement.newName! }]);
      return true;
    }
    case 'drop_constraint': {
      const known = found.checks.some((one) => identifierKey(one.name) === identifierKey(statement.newName!));
      if (known || !statement.exists) replace(named(), []);
      else {
        const message = `constraint "${context.display(statement.newName!)}" of domain "${shown}" does not exist`;
        context.notice('notice', 'successful_completion', { message: `${message}, skipping` });
      }
      return true;
    }
    case 'set_default':
      context.catalog.put(withDomainConstraint(found, statement.constraint!, context));
      return true;
    case 'drop_default':
      context.catalog.put({ ...found, defaultValue: undefined });
      return true;
    case 'set_not_null':
    case 'drop_not_null': {
      const notNull = statement.action === 'set_not_null';
      if (notNull && !found.notNull) await verifyNotNull(found, context);
      context.catalog.put({ ...found, notNull });
      return true;
    }
    default:
      return false;
  }
}

/** The columns that are of the domain, locked; raises where one is made of it and could not be verified. */
async function columnsOf(
  domain: UserTypeDefinition,
  context: DdlContext,
): Promise<readonly { readonly table: TableDefinition; readonly column: ColumnDefinition }[]> {
  const found = [];
  for (const table of [...context.catalog.all('table')]) {
    if (table.kind !== 'table' || table.databaseId !== domain.databaseId) continue;
    for (const column of table.columns) {
      if (column.dropped) continue;
      if (contains(context.catalog, column.type, domain.id)) {
        const place = `${context.display(table.name)}.${context.display(column.name)}`;
        throw new SqlError(
          'feature_not_supported',
          `cannot alter type "${context.display(domain.name)}" because column "${place}" uses it`,
        );
      }
      if (!standsOn(context.catalog, column.type, domain.id)) continue;
      await context.lockTable(table, 'share');
      found.push({ table, column });
    }
  }
  return found;
}

async function verifyCheck(domain: UserTypeDefinition, check: Check, context: DdlContext): Promise<void> {
  for (const { table, column } of await columnsOf(domain, context)) {
    // The check knows the column by the name of a domain's value.
    const { name } = domainScope(domain).columns[0]!;
    const hidden = { text: '', exact: true };
    const columns = table.columns.map((one) =>
      one.position === column.position ? { ...one, name, type: domain.type } : { ...one, name: hidden },
    );
    if (!(await context.violates({ ...table, columns }, check.expression))) continue;
    throw new SqlError(
      'check_violation',
      `column "${context.display(column.name)}" of table "${context.display(table.name)}" contains values that violate the new constraint`,
    );
  }
}

async function verifyNotNull(domain: UserTypeDefinition, context: DdlContext): Promise<void> {
  for (const { table, column } of await columnsOf(domain, context)) {
    if (!(await context.hasNull(table, column.position))) continue;
    throw new SqlError(
      'not_null_violation',
      `column "${context.display(column.name)}" of table "${context.display(table.name)}" contains null values`,
    );
  }
}
