/** GRANT and REVOKE on objects and columns. */
import { identifierKey, type Identifier, type Name } from '../../sblr/contract/names.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { NodeOf } from '../../sblr/nodes.ts';
import { effectiveGrants, hasPrivilege, PRIVILEGES, PUBLIC } from '../catalog/privileges.ts';
import type { Definition, GrantEntry, ObjectId } from '../catalog/definitions.ts';
import { findObject as findNamed } from './comments.ts';
import { requireSchema, undefinedRelation, type DdlContext } from './context.ts';
import { requireRole } from './schemas.ts';
import { requireColumn } from './tables.ts';

type Grant = NodeOf<'GRANT'>;

export async function grant(statement: Grant, context: DdlContext): Promise<void> {
  const grantees = statement.grantees.map((name) => (isPublic(name) ? PUBLIC : requireRole(name, context).id));
  for (const object of targets(statement, context)) grantOn(object, statement, grantees, context);
}

function isPublic(name: Identifier): boolean {
  return !name.exact && identifierKey(name) === 'public';
}

function targets(statement: Grant, context: DdlContext): Definition[] {
  if (statement.allInSchema) {
    const wanted =
      statement.kind === 'sequence' ? ['sequence'] : statement.kind === 'table' ? ['table', 'view'] : ['routine'];
    const found: Definition[] = [];
    for (const one of statement.objects) {
      const schema = requireSchema(context, one.name[one.name.length - 1]!, statement.pos);
      for (const kind of wanted)
        for (const object of context.catalog.all(kind as Definition['kind']))
          if ('schemaId' in object && object.schemaId === schema.id) found.push(object);
    }
    return found;
  }
  return statement.objects.map((one) => findObject(statement, one.name, one.signature, context));
}

function findObject(statement: Grant, name: Name, signature: string | undefined, context: DdlContext): Definition {
  const shown = name.map((part) => context.display(part)).join('.');
  switch (statement.kind) {
    case 'table':
    case 'view':
    case 'sequence': {
      const found = context.names.findRelation(name);
      if (found === undefined || found.kind === 'system' || found.kind === 'index')
        throw undefinedRelation(context, name);
      return found;
    }
    case 'schema':
      return requireSchema(context, name[name.length - 1]!, statement.pos);
    case 'database': {
      const found = context.catalog.databaseByName(name[name.length - 1]!);
      if (found === undefined)
        throw new SqlError('invalid_catalog_name', {
          message: `database "${shown}" does not exist`,
          args: { name: shown },
        });
      return found;
    }
    case 'type':
    case 'domain':
    case 'function':
    case 'procedure':
    case 'routine':
      return findNamed(statement.kind, name, context, signature);
    default:
      throw new SqlError('feature_not_supported', {
        message: `GRANT on ${statement.kind.replaceAll('_', ' ')} is not supported`,
        ...(statement.pos === undefined ? {} : { position: statement.pos }),
      });
  }
}

function grantOn(object: Definition, statement: Grant, grantees: readonly ObjectId[], context: DdlContext): void {
  const allowed = PRIVILEGES[object.kind] ?? [];
  for (const { privilege, columns } of statement.privileges) {
    const wanted =
      privilege === 'ALL'
        ? columns.length > 0
          ? PRIVILEGES['column']!
          : allowed
        : [privilege === 'TEMP' ? 'TEMPORARY' : privilege];
    for (const one of wanted) {
      if (!allowed.includes(one) && !(object.kind === 'sequence' && ['SELECT', 'UPDATE'].includes(one))) {
        throw new SqlError(
          'invalid_grant_operation',
          `invalid privilege type ${one} for ${object.kind === 'table' || object.kind === 'view' ? 'relation' : object.kind}`,
        );
      }
    }
    const mine = wanted.filter((one) => hasPrivilege(context.catalog, context.role, object, `${one}*`));
    if (mine.length === 0) {
      if (!wanted.some((one) => hasPrivilege(context.catalog, context.role, object, one))) {
        throw new SqlError('insufficient_privilege', {
          message: `permission denied for ${object.kind} ${context.display(object.name)}`,
          variant: 'object',
          args: { kind: object.kind, name: context.display(object.name) },
        });
      }
      context.notice('warning', 'privilege_not_granted', {
        message: `no privileges were granted for "${context.display(object.name)}"`,
      });
      continue;
    }
    apply(object.id, mine, columns, statement, grantees, context);
  }
}

function apply(
  id: ObjectId,
  privileges: readonly string[],
  columns: readonly Identifier[],
  statement: Grant,
  grantees: readonly ObjectId[],
  context: DdlContext,
): void {
  const object = context.catalog.get(id)!;
  const grantor = context.isSuperuser ? object.owner : context.role;
  if (columns.length === 0) {
    let grants = effectiveGrants(object);
    for (const grantee of grantees) grants = change(grants, grantee, grantor, privileges, statement);
    context.catalog.put({ ...owningTable(object, context), grants } as Definition);
    return;
  }
  if (object.kind !== 'table' && object.kind !== 'view')
    throw new SqlError('invalid_grant_operation', 'column privileges are only valid for relations');
  const positions = new Set(columns.map((name) => requireColumn(object as never, name, context).position));
  context.catalog.put({
    ...object,
    columns: object.columns.map((column) => {
      if (!positions.has(column.position)) return column;
      let grants: readonly GrantEntry[] = column.grants ?? [];
      for (const grantee of grantees) grants = change(grants, grantee, grantor, privileges, statement);
      return { ...column, grants: grants.length === 0 ? undefined : grants };
    }),
  } as Definition);
}

function owningTable(object: Definition, context: DdlContext): Definition {
  return object.kind === 'index' ? context.catalog.table(object.tableId) : object;
}

function change(
  grants: readonly GrantEntry[],
  grantee: ObjectId,
  grantor: ObjectId,
  privileges: readonly string[],
  statement: Grant,
): readonly GrantEntry[] {
  const old = grants.find((entry) => entry.grantee === grantee && entry.grantor === grantor) ?? {
    grantee,
    grantor,
    privileges: [],
  };
  const held = new Map(old.privileges.map((text) => [text.replace('*', ''), text.endsWith('*')]));
  for (const privilege of privileges) {
    if (!statement.revoke) held.set(privilege, statement.grantOption || held.get(privilege) === true);
    else if (statement.grantOption) {
      if (held.has(privilege)) held.set(privilege, false);
    } else held.delete(privilege);
  }
  const entry = { ...old, privileges: [...held].map(([name, grantable]) => (grantable ? `${name}*` : name)) };
  const others = grants.filter((candidate) => candidate.grantee !== grantee || candidate.grantor !== grantor);
  return entry.privileges.length === 0 ? others : [...others, entry];
}
