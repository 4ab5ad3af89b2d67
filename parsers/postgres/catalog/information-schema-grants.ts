/** Privileges in information_schema: SQL over the grants in force. */
import type { ViewSource } from './build-view.ts';

const yes = (condition: string): string => `CASE WHEN ${condition} THEN 'YES' ELSE 'NO' END`;

/** Grants that the session's roles gave or hold; `all` = also those of everybody. */
const visible = (all: boolean): string =>
  `(pg_has_role(g.grantor_id, 'USAGE') OR CASE WHEN g.grantee_id = 0 THEN ${String(all)} ELSE pg_has_role(g.grantee_id, 'USAGE') END)`;

const PARTIES = {
  grantor: 'pg_get_userbyid(g.grantor_id)',
  grantee: "CASE WHEN g.grantee_id = 0 THEN 'PUBLIC' ELSE pg_get_userbyid(g.grantee_id) END",
};
/** An owner may grant without having been told. */
const grantable = (owner: string): string =>
  yes(`g.grantable OR g.grantee_id <> 0 AND pg_has_role(g.grantee_id, ${owner}, 'USAGE')`);

const tables = (all: boolean): ViewSource => ({
  from: `sys.grants g JOIN sys.relations r ON r.id = g.object_id JOIN sys.schemas s ON s.id = r.schema_id WHERE g.kind IN ('table', 'view') AND g.column_position = 0 AND ${visible(all)}`,
  columns: {
    ...PARTIES,
    table_catalog: 'current_database()',
    table_schema: 's.name',
    table_name: 'r.name',
    privilege_type: 'g.privilege',
    is_grantable: grantable('r.owner'),
    with_hierarchy: yes("g.privilege = 'SELECT'"),
  },
});

const COLUMN_PRIVILEGES = "('SELECT', 'INSERT', 'UPDATE', 'REFERENCES')";

/** A privilege on a table is one on each of its columns. */
const columns = (all: boolean): ViewSource => ({
  from: `(SELECT DISTINCT g.grantor_id, g.grantee_id, g.object_id, c.name AS column_name, g.privilege, g.grantable FROM sys.grants g JOIN sys.columns c ON c.relation_id = g.object_id AND (g.column_position = 0 OR g.column_position = c.position)
      WHERE g.kind IN ('table', 'view') AND NOT c.dropped AND g.privilege IN ${COLUMN_PRIVILEGES}) g JOIN sys.relations r ON r.id = g.object_id JOIN sys.schemas s ON s.id = r.schema_id WHERE ${visible(all)}`,
  columns: {
    ...PARTIES,
    table_catalog: 'current_database()',
    table_schema: 's.name',
    table_name: 'r.name',
    column_name: 'g.column_name',
    privilege_type: 'g.privilege',
    is_grantable: grantable('r.owner'),
  },
});

const routines = (all: boolean): ViewSource => ({
  from: `sys.grants g JOIN sys.routines p ON p.id = g.object_id JOIN sys.schemas s ON s.id = p.schema_id WHERE g.kind = 'routine' AND ${visible(all)}`,
  columns: {
    ...PARTIES,
    specific_catalog: 'current_database()',
    specific_schema: 's.name',
    specific_name: "p.name || '_' || p.id::text",
    routine_catalog: 'current_database()',
    routine_schema: 's.name',
    routine_name: 'p.name',
    privilege_type: 'g.privilege',
    is_grantable: grantable('p.owner'),
  },
});

/** Domains and sequences; types are listed apart. */
const usage = (all: boolean): ViewSource => ({
  from: `sys.grants g JOIN (SELECT t.id, t.schema_id, t.name, t.owner, 'DOMAIN' AS kind FROM sys.types t WHERE t.form = 'd' UNION ALL SELECT r.id, r.schema_id, r.name, r.owner, 'SEQUENCE' FROM sys.relations r WHERE r.kind = 'sequence' AND r.acl IS NOT NULL) o ON o.id = g.object_id
      JOIN sys.schemas s ON s.id = o.schema_id WHERE g.kind IN ('type', 'sequence') AND g.privilege = 'USAGE' AND ${visible(all)}`,
  columns: {
    ...PARTIES,
    object_catalog: 'current_database()',
    object_schema: 's.name',
    object_name: 'o.name',
    object_type: 'o.kind',
    privilege_type: "'USAGE'",
    is_grantable: grantable('o.owner'),
  },
});

const types = (all: boolean): ViewSource => ({
  // Tables and views are types, too: of their rows.
  from: `(SELECT g.grantor_id, g.grantee_id, g.grantable, t.schema_id, t.name, t.owner FROM sys.grants g JOIN sys.types t ON t.id = g.object_id WHERE g.kind = 'type' AND t.form = 'c'
      UNION ALL SELECT r.owner, CASE WHEN e.everybody THEN 0::oid ELSE r.owner END, false, r.schema_id, r.name, r.owner FROM sys.relations r CROSS JOIN (VALUES (true), (false)) e(everybody) WHERE r.kind IN ('table', 'view') AND NOT r.system) g
      JOIN sys.schemas s ON s.id = g.schema_id WHERE ${visible(all)}`,
  columns: {
    ...PARTIES,
    udt_catalog: 'current_database()',
    udt_schema: 's.name',
    udt_name: 'g.name',
    privilege_type: "'TYPE USAGE'",
    is_grantable: grantable('g.owner'),
  },
});

export const INFORMATION_SCHEMA_GRANTS: Readonly<Record<string, ViewSource>> = {
  table_privileges: tables(true),
  role_table_grants: tables(false),
  column_privileges: columns(true),
  role_column_grants: columns(false),
  routine_privileges: routines(true),
  role_routine_grants: routines(false),
  usage_privileges: usage(true),
  role_usage_grants: usage(false),
  udt_privileges: types(true),
  role_udt_grants: types(false),
};
