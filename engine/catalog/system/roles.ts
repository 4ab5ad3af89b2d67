/** Roles and their memberships as rows. */
import { displayIdentifier } from '../../../sblr/contract/names.ts';
import { BOOL, INT32, OID, TEXT } from '../../../sblr/contract/types.ts';
import { optionTexts, TEXTS, type Producers } from './producer.ts';

export const ROLES: Producers = {
  roles: {
    columns: [
      ['id', OID],
      ['name', TEXT],
      ['superuser', BOOL],
      ['inherit', BOOL],
      ['create_role', BOOL],
      ['create_database', BOOL],
      ['login', BOOL],
      ['replication', BOOL],
      ['bypass_row_security', BOOL],
      ['connection_limit', INT32],
      ['valid_until', TEXT],
      ['settings', TEXTS],
      ['comment', TEXT],
    ],
    *rows(context) {
      for (const one of context.catalog.all('role')) {
        if (one.kind !== 'role') continue;
        yield [
          one.id,
          displayIdentifier(one.name, context.fold),
          one.superuser,
          one.inherit,
          one.createRole,
          one.createDatabase,
          one.login,
          one.replication,
          one.bypassRowSecurity,
          one.connectionLimit,
          one.validUntil ?? null,
          optionTexts(one.settings),
          one.comment ?? null,
        ];
      }
    },
  },
  role_memberships: {
    columns: [
      ['role_id', OID],
      ['member_id', OID],
      ['grantor_id', OID],
      ['admin', BOOL],
    ],
    *rows(context) {
      for (const one of context.catalog.all('role')) {
        if (one.kind === 'role')
          for (const membership of one.memberOf) yield [membership.role, one.id, membership.grantor, membership.admin];
      }
    },
  },
};
