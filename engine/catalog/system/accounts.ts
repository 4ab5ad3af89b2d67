/** Accounts, the privileges they hold on scopes, and their roles as rows. */
import { BOOL, INT32, OID, TEXT } from '../../../sblr/contract/types.ts';
import type { Row } from '../../../sblr/contract/values.ts';
import { accountOf } from '../accounts.ts';
import type { RoleDefinition } from '../definitions.ts';
import type { Producers, SystemContext } from './producer.ts';

function* roles(context: SystemContext): Iterable<RoleDefinition> {
  for (const one of context.catalog.all('role')) if (one.kind === 'role') yield one;
}

export const ACCOUNTS: Producers = {
  accounts: {
    columns: [
      ['role_id', OID],
      ['user', TEXT],
      ['host', TEXT],
      ['login', BOOL],
      ['superuser', BOOL],
      ['method', TEXT],
      ['connection_limit', INT32],
    ],
    *rows(context) {
      for (const one of roles(context)) {
        const { user, host } = accountOf(one, { id: context.administrator, name: context.administratorName });
        yield [one.id, user, host, one.login, one.superuser, one.method ?? null, one.connectionLimit];
      }
    },
  },
  scoped_grants: {
    columns: [
      ['role_id', OID],
      ['database', TEXT],
      ['relation', TEXT],
      ['column', TEXT],
      ['privilege', TEXT],
    ],
    *rows(context) {
      for (const one of roles(context))
        for (const { database, relation, column, privileges } of one.scopedGrants ?? [])
          for (const privilege of privileges) yield [one.id, database, relation, column, privilege];
      yield* grantsOfObjects(context);
    },
  },
  account_roles: {
    columns: [
      ['role_id', OID],
      ['member_id', OID],
      ['admin', BOOL],
      ['by_default', BOOL],
      ['active', BOOL],
    ],
    *rows(context) {
      for (const one of roles(context))
        for (const { role, admin, dormant } of one.memberOf)
          yield [role, one.id, admin, dormant !== true, context.isActive(one.id, role)];
    },
  },
};

/** Grants that stand with relations, in the same form. */
function* grantsOfObjects(context: SystemContext): Iterable<Row> {
  for (const kind of ['table', 'view'] as const) {
    for (const object of context.catalog.all(kind)) {
      if (object.kind !== 'table' && object.kind !== 'view') continue;
      const database = context.catalog.database(object.databaseId)?.name.text;
      if (database === undefined) continue;
      const placed = [
        { grants: object.grants, column: '' },
        ...object.columns.map(({ grants, name }) => ({ grants, column: name.text })),
      ];
      for (const { grants, column } of placed)
        for (const entry of grants ?? [])
          if (entry.grantee !== object.owner)
            for (const privilege of entry.privileges)
              yield [entry.grantee, database, object.name.text, column, privilege.replace('*', '')];
    }
  }
}
