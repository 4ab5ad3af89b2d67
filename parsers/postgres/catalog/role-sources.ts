/** Roles and their members. The predefined ones are facts: they are listed, and nobody can be made a member. */
import type { ViewSource } from './build-view.ts';

const ALL_ROLES = `(SELECT r.id, r.name, r.superuser, r.inherit, r.create_role, r.create_database, r.login, r.replication, r.bypass_row_security, r.connection_limit, r.valid_until, r.settings FROM sys.roles r
  UNION ALL SELECT f.id, f.fields[1], false, true, false, false, false, false, false, -1, NULL, NULL FROM sys.facts f WHERE f.kind = 'role') r`;

const UNTIL = 'CASE WHEN r.valid_until IS NOT NULL THEN r.valid_until::timestamptz END';

const ROLES: Readonly<Record<string, string>> = {
  oid: 'r.id',
  rolname: 'r.name',
  rolsuper: 'r.superuser',
  rolinherit: 'r.inherit',
  rolcreaterole: 'r.create_role',
  rolcreatedb: 'r.create_database',
  rolcanlogin: 'r.login',
  rolreplication: 'r.replication',
  rolbypassrls: 'r.bypass_row_security',
  rolconnlimit: 'r.connection_limit',
  rolvaliduntil: UNTIL,
  rolconfig: 'r.settings',
};

const USERS: Readonly<Record<string, string>> = {
  usename: 'r.name',
  usesysid: 'r.id',
  usecreatedb: 'r.create_database',
  usesuper: 'r.superuser',
  userepl: 'r.replication',
  usebypassrls: 'r.bypass_row_security',
  valuntil: UNTIL,
  useconfig: 'r.settings',
};

/** Passwords are never shown: what is kept of them lies in no relation. */
const HIDDEN = "'********'";

export const ROLE_SOURCES: Readonly<Record<string, ViewSource>> = {
  pg_authid: { from: ALL_ROLES, columns: ROLES },
  pg_roles: { from: ALL_ROLES, columns: { ...ROLES, rolpassword: HIDDEN } },
  pg_user: { from: 'sys.roles r WHERE r.login', columns: { ...USERS, passwd: HIDDEN } },
  pg_shadow: { from: 'sys.roles r WHERE r.login', columns: USERS },
  pg_group: {
    from: `${ALL_ROLES} WHERE NOT r.login`,
    columns: {
      groname: 'r.name',
      grosysid: 'r.id',
      grolist: 'ARRAY(SELECT m.member_id FROM sys.role_memberships m WHERE m.role_id = r.id)',
    },
  },
  pg_auth_members: {
    from: 'sys.role_memberships m',
    columns: { roleid: 'm.role_id', member: 'm.member_id', grantor: 'm.grantor_id', admin_option: 'm.admin' },
  },
};
