/** Where types are used in information_schema: attributes, arrays' elements, domains, parameters, routines. */
import type { ViewSource } from './build-view.ts';

const yes = (condition: string): string => `CASE WHEN ${condition} THEN 'YES' ELSE 'NO' END`;

/** Name of a type `t` without modifiers, as the standard wants it. */
const dataType = (t: string): string =>
  `CASE WHEN ${t}.category = 'A' AND ${t}.element_id <> 0 THEN 'ARRAY' WHEN ${t}.form = 'b' THEN format_type(${t}.id, NULL) ELSE 'USER-DEFINED' END`;
const schemaOf = (t: string): string => `(SELECT n.name FROM sys.schemas n WHERE n.id = ${t}.schema_id)`;

/** Column facts that follow from a type of a relation's column `c`. */
const FACTS = {
  data_type: dataType('t'),
  character_maximum_length:
    "CASE WHEN c.dimensions = 0 AND (c.type_kind = 'bits' OR c.type_kind = 'text' AND c.type_id NOT IN (18, 19)) THEN c.length END",
  character_octet_length:
    "CASE WHEN c.dimensions = 0 AND c.type_kind = 'text' AND c.type_id NOT IN (18, 19) THEN coalesce(c.length * 4, 1073741824) END",
  numeric_precision:
    "CASE WHEN c.dimensions > 0 THEN NULL WHEN c.type_kind = 'int16' THEN 16 WHEN c.type_kind = 'int32' THEN 32 WHEN c.type_kind = 'int64' THEN 64 WHEN c.type_kind = 'float32' THEN 24 WHEN c.type_kind = 'float64' THEN 53 WHEN c.type_kind = 'decimal' THEN c.precision END",
  numeric_precision_radix:
    "CASE WHEN c.dimensions > 0 THEN NULL WHEN c.type_kind IN ('int16', 'int32', 'int64', 'float32', 'float64') THEN 2 WHEN c.type_kind = 'decimal' THEN 10 END",
  numeric_scale:
    "CASE WHEN c.dimensions > 0 THEN NULL WHEN c.type_kind IN ('int16', 'int32', 'int64') THEN 0 WHEN c.type_kind = 'decimal' THEN c.scale END",
  datetime_precision:
    "CASE WHEN c.dimensions > 0 THEN NULL WHEN c.type_kind = 'date' THEN 0 WHEN c.type_kind IN ('time', 'timetz', 'timestamp', 'timestamptz', 'interval') THEN coalesce(c.precision, 6) END",
};

const USER_COLUMNS =
  "sys.columns c JOIN sys.relations r ON r.id = c.relation_id JOIN sys.schemas s ON s.id = r.schema_id JOIN sys.types t ON t.id = c.type_id WHERE r.kind IN ('table', 'view') AND NOT c.dropped AND pg_has_role(r.owner, 'USAGE')";

/** A domain's own name is told by domain_name; its values' type is the base type. */
const BASE = "CASE WHEN t.form = 'd' THEN t.base_type_id ELSE t.id END";

export const INFORMATION_SCHEMA_TYPES: Readonly<Record<string, ViewSource>> = {
  attributes: {
    from: "sys.columns c JOIN sys.types u ON u.relation_id = c.relation_id JOIN sys.schemas s ON s.id = u.schema_id JOIN sys.types t ON t.id = c.type_id WHERE c.relation_kind = 'composite_type' AND NOT c.dropped",
    columns: {
      udt_catalog: 'current_database()',
      udt_schema: 's.name',
      udt_name: 'u.name',
      attribute_name: 'c.name',
      ordinal_position: 'c.position',
      is_nullable: yes('NOT c.not_null'),
      ...FACTS,
      attribute_udt_catalog: 'current_database()',
      attribute_udt_schema: schemaOf('t'),
      attribute_udt_name: 't.name',
      dtd_identifier: 'c.position',
      is_derived_reference_attribute: "'NO'",
    },
  },
  user_defined_types: {
    from: "sys.types t JOIN sys.schemas s ON s.id = t.schema_id WHERE t.form = 'c'",
    columns: {
      user_defined_type_catalog: 'current_database()',
      user_defined_type_schema: 's.name',
      user_defined_type_name: 't.name',
      user_defined_type_category: "'STRUCTURED'",
      is_instantiable: "'YES'",
    },
  },
  domains: {
    from: "sys.types t JOIN sys.schemas s ON s.id = t.schema_id JOIN sys.types b ON b.id = t.base_type_id WHERE t.form = 'd'",
    columns: {
      domain_catalog: 'current_database()',
      domain_schema: 's.name',
      domain_name: 't.name',
      data_type: dataType('b'),
      character_maximum_length: "CASE WHEN t.type_kind IN ('text', 'bits') THEN t.type_length END",
      character_octet_length: "CASE WHEN t.type_kind = 'text' THEN coalesce(t.type_length * 4, 1073741824) END",
      numeric_precision:
        "CASE t.type_kind WHEN 'int16' THEN 16 WHEN 'int32' THEN 32 WHEN 'int64' THEN 64 WHEN 'float32' THEN 24 WHEN 'float64' THEN 53 WHEN 'decimal' THEN t.type_precision END",
      numeric_precision_radix:
        "CASE WHEN t.type_kind IN ('int16', 'int32', 'int64', 'float32', 'float64') THEN 2 WHEN t.type_kind = 'decimal' THEN 10 END",
      numeric_scale:
        "CASE WHEN t.type_kind IN ('int16', 'int32', 'int64') THEN 0 WHEN t.type_kind = 'decimal' THEN t.type_scale END",
      datetime_precision:
        "CASE WHEN t.type_kind = 'date' THEN 0 WHEN t.type_kind IN ('time', 'timetz', 'timestamp', 'timestamptz', 'interval') THEN coalesce(t.type_precision, 6) END",
      domain_default: 't.default_text',
      udt_catalog: 'current_database()',
      udt_schema: schemaOf('b'),
      udt_name: 'b.name',
      dtd_identifier: "'1'",
    },
  },
  domain_udt_usage: {
    from: "sys.types t JOIN sys.schemas s ON s.id = t.schema_id JOIN sys.types b ON b.id = t.base_type_id WHERE t.form = 'd' AND pg_has_role(b.owner, 'USAGE')",
    columns: {
      udt_catalog: 'current_database()',
      udt_schema: schemaOf('b'),
      udt_name: 'b.name',
      domain_catalog: 'current_database()',
      domain_schema: 's.name',
      domain_name: 't.name',
    },
  },
  column_domain_usage: {
    from: `${USER_COLUMNS} AND t.form = 'd'`,
    columns: {
      domain_catalog: 'current_database()',
      domain_schema: schemaOf('t'),
      domain_name: 't.name',
      table_catalog: 'current_database()',
      table_schema: 's.name',
      table_name: 'r.name',
      column_name: 'c.name',
    },
  },
  column_udt_usage: {
    from: `(SELECT ${BASE} AS type_id, s.name AS table_schema, r.name AS table_name, c.name AS column_name FROM ${USER_COLUMNS}) c JOIN sys.types t ON t.id = c.type_id WHERE pg_has_role(t.owner, 'USAGE')`,
    columns: {
      udt_catalog: 'current_database()',
      udt_schema: schemaOf('t'),
      udt_name: 't.name',
      table_catalog: 'current_database()',
      table_schema: 'c.table_schema',
      table_name: 'c.table_name',
      column_name: 'c.column_name',
    },
  },
  element_types: {
    from: "sys.columns c JOIN sys.relations r ON r.id = c.relation_id JOIN sys.schemas s ON s.id = r.schema_id JOIN sys.types a ON a.id = c.type_id JOIN sys.types t ON t.id = a.element_id WHERE r.kind IN ('table', 'view') AND NOT c.dropped AND c.dimensions > 0",
    columns: {
      object_catalog: 'current_database()',
      object_schema: 's.name',
      object_name: 'r.name',
      object_type: "'TABLE'",
      collection_type_identifier: 'c.position',
      data_type: dataType('t'),
      udt_catalog: 'current_database()',
      udt_schema: schemaOf('t'),
      udt_name: 't.name',
      dtd_identifier: "'a' || c.position::text",
    },
  },
  parameters: {
    from: 'sys.parameters a JOIN sys.routines p ON p.id = a.routine_id JOIN sys.schemas s ON s.id = p.schema_id JOIN sys.types t ON t.id = a.type_id',
    columns: {
      specific_catalog: 'current_database()',
      specific_schema: 's.name',
      specific_name: "p.name || '_' || p.id::text",
      ordinal_position: 'a.position',
      parameter_mode:
        "CASE a.mode WHEN 'out' THEN 'OUT' WHEN 'table' THEN 'OUT' WHEN 'inout' THEN 'INOUT' ELSE 'IN' END",
      is_result: "'NO'",
      as_locator: "'NO'",
      parameter_name: 'a.name',
      data_type: dataType('t'),
      udt_catalog: 'current_database()',
      udt_schema: schemaOf('t'),
      udt_name: 't.name',
      dtd_identifier: 'a.position',
      parameter_default: 'a.default_text',
    },
  },
  routines: {
    from: 'sys.routines p JOIN sys.schemas s ON s.id = p.schema_id LEFT JOIN sys.types t ON t.id = p.return_type_id LEFT JOIN sys.relations r ON r.id = p.return_type_id WHERE NOT p.system',
    columns: {
      specific_catalog: 'current_database()',
      specific_schema: 's.name',
      specific_name: "p.name || '_' || p.id::text",
      routine_catalog: 'current_database()',
      routine_schema: 's.name',
      routine_name: 'p.name',
      routine_type: "CASE p.kind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END",
      data_type: `CASE WHEN p.kind = 'p' THEN NULL WHEN t.id IS NULL THEN 'USER-DEFINED' WHEN t.form = 'p' THEN format_type(t.id, NULL) ELSE ${dataType('t')} END`,
      type_udt_catalog: "CASE WHEN p.kind <> 'p' THEN current_database() END",
      type_udt_schema: `CASE WHEN p.kind <> 'p' THEN (SELECT n.name FROM sys.schemas n WHERE n.id = coalesce(t.schema_id, r.schema_id)) END`,
      type_udt_name: "CASE WHEN p.kind <> 'p' THEN coalesce(t.name, r.name) END",
      dtd_identifier: "CASE WHEN p.kind <> 'p' THEN '0' END",
      routine_body: "CASE p.language WHEN 'sql' THEN 'SQL' ELSE 'EXTERNAL' END",
      routine_definition: "CASE WHEN pg_has_role(p.owner, 'USAGE') THEN p.source END",
      external_language: 'upper(p.language)',
      parameter_style: "'GENERAL'",
      is_deterministic: yes("p.volatility = 'immutable'"),
      sql_data_access: "'MODIFIES'",
      is_null_call: "CASE WHEN p.kind <> 'p' THEN CASE WHEN p.strict THEN 'YES' ELSE 'NO' END END",
      schema_level_routine: "'YES'",
      max_dynamic_result_sets: '0',
      security_type: "CASE WHEN p.owners_rights THEN 'DEFINER' ELSE 'INVOKER' END",
      as_locator: "'NO'",
      is_udt_dependent: "'NO'",
    },
  },
  view_table_usage: {
    from: "(SELECT DISTINCT d.object_id, d.ref_id FROM sys.dependencies d WHERE d.kind = 'view' AND d.ref_kind = 'relation' AND d.type = 'n') d JOIN sys.relations v ON v.id = d.object_id JOIN sys.schemas vs ON vs.id = v.schema_id JOIN sys.relations r ON r.id = d.ref_id JOIN sys.schemas s ON s.id = r.schema_id WHERE r.kind IN ('table', 'view') AND pg_has_role(r.owner, 'USAGE')",
    columns: {
      view_catalog: 'current_database()',
      view_schema: 'vs.name',
      view_name: 'v.name',
      table_catalog: 'current_database()',
      table_schema: 's.name',
      table_name: 'r.name',
    },
  },
  data_type_privileges: {
    from: `(SELECT s.name AS object_schema, r.name AS object_name, 'TABLE' AS object_type, c.position AS number FROM ${USER_COLUMNS}
      UNION ALL SELECT s.name, u.name, 'USER-DEFINED TYPE', c.position FROM sys.columns c JOIN sys.types u ON u.relation_id = c.relation_id JOIN sys.schemas s ON s.id = u.schema_id WHERE c.relation_kind = 'composite_type'
      UNION ALL SELECT s.name, t.name, 'DOMAIN', 1 FROM sys.types t JOIN sys.schemas s ON s.id = t.schema_id WHERE t.form = 'd'
      UNION ALL SELECT s.name, p.name || '_' || p.id::text, 'ROUTINE', a.position FROM sys.parameters a JOIN sys.routines p ON p.id = a.routine_id JOIN sys.schemas s ON s.id = p.schema_id
      UNION ALL SELECT s.name, p.name || '_' || p.id::text, 'ROUTINE', CASE WHEN p.kind <> 'p' THEN 0 END FROM sys.routines p JOIN sys.schemas s ON s.id = p.schema_id WHERE NOT p.system) d`,
    columns: {
      object_catalog: 'current_database()',
      object_schema: 'd.object_schema',
      object_name: 'd.object_name',
      object_type: 'd.object_type',
      dtd_identifier: 'd.number',
    },
  },
};
