/** Where the columns of information_schema come from: SQL over the engine's `sys` base relations. */
import type { ViewSource } from './build-view.ts';
import { INFORMATION_SCHEMA_GRANTS } from './information-schema-grants.ts';
import { INFORMATION_SCHEMA_TYPES } from './information-schema-types.ts';

const yes = (condition: string): string => `CASE WHEN ${condition} THEN 'YES' ELSE 'NO' END`;
const RULE = (column: string): string =>
  `CASE ${column} WHEN 'cascade' THEN 'CASCADE' WHEN 'set_null' THEN 'SET NULL' WHEN 'set_default' THEN 'SET DEFAULT' WHEN 'restrict' THEN 'RESTRICT' ELSE 'NO ACTION' END`;

/** Only what the session may touch is listed, as the standard asks. */
const VISIBLE = "has_table_privilege(r.id, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')";

const DATA_TYPE =
  "CASE WHEN c.dimensions > 0 THEN 'ARRAY' WHEN t.form IN ('e', 'c') THEN 'USER-DEFINED' WHEN t.form = 'd' THEN format_type(t.base_type_id, NULL) ELSE format_type(c.type_id, NULL) END";
const NUMERIC_PRECISION =
  "CASE WHEN c.dimensions > 0 THEN NULL WHEN c.type_kind = 'int16' THEN 16 WHEN c.type_kind = 'int32' THEN 32 WHEN c.type_kind = 'int64' THEN 64 WHEN c.type_kind = 'float32' THEN 24 WHEN c.type_kind = 'float64' THEN 53 WHEN c.type_kind = 'decimal' THEN c.precision END";
const IS_NUMBER = "c.dimensions = 0 AND c.type_kind IN ('int16', 'int32', 'int64', 'float32', 'float64')";

const CONSTRAINTS =
  'sys.constraints k JOIN sys.relations r ON r.id = k.relation_id JOIN sys.schemas s ON s.id = k.schema_id';

/** NOT NULL is a check constraint of the standard; here it has a name made of numbers. */
const NOT_NULL_NAME = "r.schema_id::text || '_' || r.id::text || '_' || c.position::text || '_not_null'";

const UDT =
  "(CASE WHEN c.dimensions > 0 THEN t.name WHEN t.form = 'd' THEN (SELECT b.name FROM sys.types b WHERE b.id = t.base_type_id) ELSE t.name END)";

export const INFORMATION_SCHEMA_SOURCES: Readonly<Record<string, ViewSource>> = {
  ...INFORMATION_SCHEMA_GRANTS,
  ...INFORMATION_SCHEMA_TYPES,
  information_schema_catalog_name: { from: '(VALUES (1)) v(n)', columns: { catalog_name: 'current_database()' } },
  schemata: {
    from: "sys.schemas s WHERE has_schema_privilege(s.id, 'CREATE, USAGE') OR pg_has_role(s.owner, 'USAGE')",
    columns: { catalog_name: 'current_database()', schema_name: 's.name', schema_owner: 'pg_get_userbyid(s.owner)' },
  },
  tables: {
    from: `sys.relations r JOIN sys.schemas s ON s.id = r.schema_id WHERE r.kind IN ('table', 'view') AND (r.system OR ${VISIBLE})`,
    columns: {
      table_catalog: 'current_database()',
      table_schema: 's.name',
      table_name: 'r.name',
      table_type:
        "CASE WHEN r.persistence = 'temporary' THEN 'LOCAL TEMPORARY' WHEN r.kind = 'view' THEN 'VIEW' ELSE 'BASE TABLE' END",
      is_insertable_into: yes("r.kind = 'table'"),
      is_typed: "'NO'",
    },
  },
  columns: {
    from: `sys.columns c JOIN sys.relations r ON r.id = c.relation_id JOIN sys.schemas s ON s.id = r.schema_id JOIN sys.types t ON t.id = c.type_id LEFT JOIN sys.sequences q ON q.id = c.sequence_id
      WHERE r.kind IN ('table', 'view') AND NOT c.dropped AND (r.system OR ${VISIBLE}) ORDER BY c.relation_id, c.position`,
    columns: {
      table_catalog: 'current_database()',
      table_schema: 's.name',
      table_name: 'r.name',
      column_name: 'c.name',
      ordinal_position: 'c.position',
      column_default: "CASE WHEN c.generated = 'none' THEN c.default_text END",
      is_nullable: yes('NOT (c.not_null OR t.not_null)'),
      data_type: DATA_TYPE,
      character_maximum_length:
        "CASE WHEN c.dimensions = 0 AND (c.type_kind = 'bits' OR c.type_kind = 'text' AND c.type_id NOT IN (18, 19)) THEN c.length END",
      character_octet_length:
        "CASE WHEN c.dimensions = 0 AND c.type_kind = 'text' AND c.type_id NOT IN (18, 19) THEN coalesce(c.length * 4, 1073741824) END",
      numeric_precision: NUMERIC_PRECISION,
      numeric_precision_radix: `CASE WHEN ${IS_NUMBER} THEN 2 WHEN c.dimensions = 0 AND c.type_kind = 'decimal' THEN 10 END`,
      numeric_scale:
        "CASE WHEN c.dimensions > 0 THEN NULL WHEN c.type_kind IN ('int16', 'int32', 'int64') THEN 0 WHEN c.type_kind = 'decimal' THEN c.scale END",
      datetime_precision:
        "CASE WHEN c.dimensions > 0 THEN NULL WHEN c.type_kind = 'date' THEN 0 WHEN c.type_kind IN ('time', 'timetz', 'timestamp', 'timestamptz', 'interval') THEN coalesce(c.precision, 6) END",
      interval_type: "upper(c.interval_fields) || coalesce('(' || c.precision || ')', '')",
      domain_catalog: "CASE WHEN t.form = 'd' THEN current_database() END",
      domain_schema: "CASE WHEN t.form = 'd' THEN (SELECT n.name FROM sys.schemas n WHERE n.id = t.schema_id) END",
      domain_name: "CASE WHEN t.form = 'd' THEN t.name END",
      udt_catalog: 'current_database()',
      udt_schema:
        "(SELECT n.name FROM sys.schemas n WHERE n.id = CASE WHEN t.form = 'd' THEN (SELECT b.schema_id FROM sys.types b WHERE b.id = t.base_type_id) ELSE t.schema_id END)",
      udt_name: UDT,
      dtd_identifier: 'c.position',
      is_self_referencing: "'NO'",
      is_identity: yes("c.identity <> 'none'"),
      identity_generation: "CASE c.identity WHEN 'always' THEN 'ALWAYS' WHEN 'by_default' THEN 'BY DEFAULT' END",
      identity_start: "CASE WHEN c.identity <> 'none' THEN q.start END",
      identity_increment: "CASE WHEN c.identity <> 'none' THEN q.increment END",
      identity_maximum: "CASE WHEN c.identity <> 'none' THEN q.maximum END",
      identity_minimum: "CASE WHEN c.identity <> 'none' THEN q.minimum END",
      identity_cycle: yes("c.identity <> 'none' AND q.cycle"),
      is_generated: "CASE WHEN c.generated = 'none' THEN 'NEVER' ELSE 'ALWAYS' END",
      generation_expression: "CASE WHEN c.generated <> 'none' THEN c.default_text END",
      is_updatable: yes("r.kind = 'table'"),
    },
  },
  table_constraints: {
    from: `(SELECT k.name, k.schema_id, k.relation_id, CASE k.kind WHEN 'primary_key' THEN 'PRIMARY KEY' WHEN 'unique' THEN 'UNIQUE' WHEN 'foreign_key' THEN 'FOREIGN KEY' ELSE 'CHECK' END AS kind, k.deferrable, k.initially_deferred FROM sys.constraints k
      UNION ALL SELECT ${NOT_NULL_NAME}, r.schema_id, r.id, 'CHECK', false, false FROM sys.columns c JOIN sys.relations r ON r.id = c.relation_id WHERE c.not_null AND NOT c.dropped AND r.kind = 'table') k
      JOIN sys.relations r ON r.id = k.relation_id JOIN sys.schemas s ON s.id = k.schema_id WHERE ${VISIBLE}`,
    columns: {
      constraint_catalog: 'current_database()',
      constraint_schema: 's.name',
      constraint_name: 'k.name',
      table_catalog: 'current_database()',
      table_schema: 's.name',
      table_name: 'r.name',
      constraint_type: 'k.kind',
      is_deferrable: yes('k.deferrable'),
      initially_deferred: yes('k.initially_deferred'),
      enforced: "'YES'",
      nulls_distinct:
        "CASE WHEN k.kind = 'UNIQUE' THEN (SELECT CASE WHEN i.nulls_not_distinct THEN 'NO' ELSE 'YES' END FROM sys.constraints u JOIN sys.indexes i ON i.id = u.index_id WHERE u.relation_id = k.relation_id AND u.name = k.name) END",
    },
  },
  key_column_usage: {
    from: `${CONSTRAINTS} CROSS JOIN LATERAL unnest(k.columns) WITH ORDINALITY u(position, at) JOIN sys.columns c ON c.relation_id = k.relation_id AND c.position = u.position WHERE k.kind IN ('primary_key', 'unique', 'foreign_key')`,
    columns: {
      constraint_catalog: 'current_database()',
      constraint_schema: 's.name',
      constraint_name: 'k.name',
      table_catalog: 'current_database()',
      table_schema: 's.name',
      table_name: 'r.name',
      column_name: 'c.name',
      ordinal_position: 'u.at',
      position_in_unique_constraint: "CASE WHEN k.kind = 'foreign_key' THEN u.at END",
    },
  },
  constraint_column_usage: {
    from: `(SELECT k.id, k.schema_id, k.name, CASE WHEN k.kind = 'foreign_key' THEN k.ref_relation_id ELSE k.relation_id END AS relation_id, CASE WHEN k.kind = 'foreign_key' THEN k.ref_columns ELSE k.columns END AS columns FROM sys.constraints k) k
      JOIN sys.relations r ON r.id = k.relation_id JOIN sys.schemas s ON s.id = r.schema_id JOIN sys.schemas ks ON ks.id = k.schema_id CROSS JOIN LATERAL unnest(k.columns) u(position) JOIN sys.columns c ON c.relation_id = k.relation_id AND c.position = u.position`,
    columns: {
      table_catalog: 'current_database()',
      table_schema: 's.name',
      table_name: 'r.name',
      column_name: 'c.name',
      constraint_catalog: 'current_database()',
      constraint_schema: 'ks.name',
      constraint_name: 'k.name',
    },
  },
  constraint_table_usage: {
    from: "sys.constraints k JOIN sys.relations r ON r.id = CASE WHEN k.kind = 'foreign_key' THEN k.ref_relation_id ELSE k.relation_id END JOIN sys.schemas s ON s.id = r.schema_id JOIN sys.schemas ks ON ks.id = k.schema_id WHERE k.kind <> 'check'",
    columns: {
      table_catalog: 'current_database()',
      table_schema: 's.name',
      table_name: 'r.name',
      constraint_catalog: 'current_database()',
      constraint_schema: 'ks.name',
      constraint_name: 'k.name',
    },
  },
  referential_constraints: {
    from: "sys.constraints k JOIN sys.schemas s ON s.id = k.schema_id LEFT JOIN sys.constraints u ON u.relation_id = k.ref_relation_id AND u.index_id = k.index_id AND u.kind <> 'foreign_key' LEFT JOIN sys.schemas us ON us.id = u.schema_id WHERE k.kind = 'foreign_key'",
    columns: {
      constraint_catalog: 'current_database()',
      constraint_schema: 's.name',
      constraint_name: 'k.name',
      unique_constraint_catalog: 'CASE WHEN u.id IS NOT NULL THEN current_database() END',
      unique_constraint_schema: 'us.name',
      unique_constraint_name: 'u.name',
      match_option: "CASE k.match WHEN 'full' THEN 'FULL' WHEN 'partial' THEN 'PARTIAL' ELSE 'NONE' END",
      update_rule: RULE('k.on_update'),
      delete_rule: RULE('k.on_delete'),
    },
  },
  check_constraints: {
    from: `(SELECT k.schema_id, k.name, '(' || k.expression || ')' AS clause FROM sys.constraints k WHERE k.kind = 'check'
      UNION ALL SELECT r.schema_id, ${NOT_NULL_NAME}, c.name || ' IS NOT NULL' FROM sys.columns c JOIN sys.relations r ON r.id = c.relation_id WHERE c.not_null AND r.kind = 'table') k JOIN sys.schemas s ON s.id = k.schema_id`,
    columns: {
      constraint_catalog: 'current_database()',
      constraint_schema: 's.name',
      constraint_name: 'k.name',
      check_clause: 'k.clause',
    },
  },
  views: {
    from: 'sys.views v JOIN sys.schemas s ON s.id = v.schema_id',
    columns: {
      table_catalog: 'current_database()',
      table_schema: 's.name',
      table_name: 'v.name',
      view_definition: 'pg_get_viewdef(v.id)',
      check_option: "'NONE'",
      is_updatable: "'NO'",
      is_insertable_into: "'NO'",
      is_trigger_updatable: "'NO'",
      is_trigger_deletable: "'NO'",
      is_trigger_insertable_into: "'NO'",
    },
  },
  sequences: {
    from: 'sys.sequences q JOIN sys.relations r ON r.id = q.id JOIN sys.schemas s ON s.id = r.schema_id WHERE NOT q.owner_internal',
    columns: {
      sequence_catalog: 'current_database()',
      sequence_schema: 's.name',
      sequence_name: 'r.name',
      data_type: 'format_type(q.type_id, NULL)',
      numeric_precision: 'CASE q.type_id WHEN 21 THEN 16 WHEN 23 THEN 32 ELSE 64 END',
      numeric_precision_radix: '2',
      numeric_scale: '0',
      start_value: 'q.start',
      minimum_value: 'q.minimum',
      maximum_value: 'q.maximum',
      increment: 'q.increment',
      cycle_option: yes('q.cycle'),
    },
  },
  domain_constraints: {
    from: 'sys.domain_constraints d JOIN sys.types t ON t.id = d.type_id JOIN sys.schemas s ON s.id = d.schema_id',
    columns: {
      constraint_catalog: 'current_database()',
      constraint_schema: 's.name',
      constraint_name: 'd.name',
      domain_catalog: 'current_database()',
      domain_schema: 's.name',
      domain_name: 't.name',
      is_deferrable: "'NO'",
      initially_deferred: "'NO'",
    },
  },
  enabled_roles: { from: "sys.roles r WHERE pg_has_role(r.id, 'USAGE')", columns: { role_name: 'r.name' } },
  applicable_roles: {
    from: 'sys.role_memberships m JOIN sys.roles a ON a.id = m.member_id JOIN sys.roles b ON b.id = m.role_id',
    columns: { grantee: 'a.name', role_name: 'b.name', is_grantable: yes('m.admin') },
  },
  character_sets: {
    from: "(VALUES ('UTF8')) c(name)",
    columns: {
      character_set_name: 'c.name',
      character_repertoire: "'UCS'",
      form_of_use: 'c.name',
      default_collate_catalog: 'current_database()',
    },
  },
};
