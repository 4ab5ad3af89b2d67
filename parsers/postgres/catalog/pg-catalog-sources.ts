/**
 * Where pg_catalog's columns come from: SQL over the engine's `sys` base relations. Columns not listed
 * are NULL; relations not listed are empty, with the right columns.
 */
import type { ViewSource } from './build-view.ts';
import { COLLATION_SOURCES, collationId } from './collations.ts';
import { keyClass, OPERATOR_CLASS_SOURCES } from './operator-classes.ts';
import { EXTENSION_SOURCES } from './extension-sources.ts';
import { ADMINISTRATOR, FACT_SOURCES } from './fact-sources.ts';
import { ROLE_SOURCES } from './role-sources.ts';
import { ROUTINE_SOURCES } from './routine-sources.ts';
import { modifier, TYPE_SOURCES } from './type-sources.ts';
import { TRANSACTION_SOURCES } from './transaction-sources.ts';

const letter = (expression: string, letters: Readonly<Record<string, string>>, otherwise = 'NULL'): string =>
  `CASE ${expression} ${Object.entries(letters)
    .map(([value, short]) => `WHEN '${value}' THEN '${short}'`)
    .join(' ')} ELSE ${otherwise} END`;

/** Defaults have no ids of their own: a number made of table and column. */
const defaultId = (table: string, position: string): string => `(${table}::int8 * 1000 + ${position}) % 4000000000`;

/** The main schema belongs to whoever owns the database, until it is given to someone. */
const OF_DATABASE_OWNER = 's.main AND s.owner = a.id';

/** The catalog that lists a kind of object. */
const CLASS_OF = (kind: string): string =>
  `CASE ${kind} WHEN 'constraint' THEN 2606 WHEN 'view' THEN 2618 WHEN 'default' THEN 2604 WHEN 'routine' THEN 1255 WHEN 'type' THEN 1247 WHEN 'schema' THEN 2615 ELSE 1259 END`;

const RELATION_KIND = { table: 'r', view: 'v', sequence: 'S', index: 'i', composite_type: 'c' };
const PERSISTENCE = { permanent: 'p', unlogged: 'u', temporary: 't' };
const ACTION = { no_action: 'a', restrict: 'r', cascade: 'c', set_null: 'n', set_default: 'd' };
const CONSTRAINT = { check: 'c', primary_key: 'p', unique: 'u', foreign_key: 'f' };

/** The operator classes of an index's keys, one after another. */
const OPERATOR_CLASSES = `array_to_string(ARRAY(SELECT CASE (SELECT m.method FROM sys.relations m WHERE m.id = i.id) WHEN 'hash' THEN ${keyClass('405', 'k.type', 'k.class')} ELSE ${keyClass('403', 'k.type', 'k.class')} END
  FROM unnest(i.key_types, i.key_classes) WITH ORDINALITY k(type, class, at) ORDER BY k.at), ' ')`;

const KEY_COLLATIONS = `array_to_string(ARRAY(SELECT ${collationId('k.locale', 'k.type', '(SELECT t.type_kind FROM sys.types t WHERE t.id = k.type)')}
  FROM unnest(i.key_types, i.key_collations) WITH ORDINALITY k(type, locale, at) ORDER BY k.at), ' ')`;

const STAT_TABLES: ViewSource = {
  from: "sys.relations r JOIN sys.schemas s ON s.id = r.schema_id WHERE r.kind = 'table' AND NOT r.system",
  columns: {
    relid: 'r.id',
    schemaname: 's.name',
    relname: 'r.name',
    seq_scan: '0',
    seq_tup_read: '0',
    idx_scan: '0',
    idx_tup_fetch: '0',
    n_tup_ins: '0',
    n_tup_upd: '0',
    n_tup_del: '0',
    n_tup_hot_upd: '0',
    n_live_tup: 'greatest(r.row_estimate, 0)',
    n_dead_tup: '0',
    n_mod_since_analyze: '0',
    n_ins_since_vacuum: '0',
    vacuum_count: '0',
    autovacuum_count: '0',
    analyze_count: '0',
    autoanalyze_count: '0',
    heap_blks_read: '0',
    heap_blks_hit: '0',
    idx_blks_read: '0',
    idx_blks_hit: '0',
    toast_blks_read: '0',
    toast_blks_hit: '0',
    tidx_blks_read: '0',
    tidx_blks_hit: '0',
  },
};

const STAT_INDEXES: ViewSource = {
  from: 'sys.indexes i JOIN sys.relations r ON r.id = i.id JOIN sys.relations t ON t.id = i.relation_id JOIN sys.schemas s ON s.id = r.schema_id',
  columns: {
    relid: 't.id',
    indexrelid: 'r.id',
    schemaname: 's.name',
    relname: 't.name',
    indexrelname: 'r.name',
    idx_scan: '0',
    idx_tup_read: '0',
    idx_tup_fetch: '0',
    idx_blks_read: '0',
    idx_blks_hit: '0',
  },
};

export const PG_CATALOG_SOURCES: Readonly<Record<string, ViewSource>> = {
  ...OPERATOR_CLASS_SOURCES,
  ...FACT_SOURCES,
  ...TRANSACTION_SOURCES,
  pg_am: {
    from: "(VALUES (2::oid, 'heap', 't', 3), (403::oid, 'btree', 'i', 330), (405::oid, 'hash', 'i', 331)) a(id, name, kind, handler)",
    columns: { oid: 'a.id', amname: 'a.name', amhandler: 'a.handler', amtype: 'a.kind' },
  },
  pg_attrdef: {
    from: 'sys.columns c WHERE c.has_default',
    columns: {
      oid: defaultId('c.relation_id', 'c.position'),
      adrelid: 'c.relation_id',
      adnum: 'c.position',
      adbin: 'c.default_text',
    },
  },
  pg_attribute: {
    from: 'sys.columns c LEFT JOIN sys.types t ON t.id = c.type_id',
    columns: {
      attrelid: 'c.relation_id',
      attname: 'c.name',
      atttypid: 'c.type_id',
      attstattarget: '-1',
      attlen: 'coalesce(t.length, -1)',
      attnum: 'c.position',
      attndims: "CASE WHEN c.relation_kind = 'view' THEN 0 ELSE c.dimensions END",
      attcacheoff: '-1',
      atttypmod: modifier('c.type_kind', 'c.type_id', 'c.'),
      attbyval: "t.length IN (1, 2, 4, 8) AND c.type_kind <> 'uuid'",
      attalign: "CASE t.length WHEN 1 THEN 'c' WHEN 2 THEN 's' WHEN 8 THEN 'd' ELSE 'i' END",
      attstorage: "CASE WHEN t.length > 0 THEN 'p' WHEN c.type_id IN (650, 869, 1700) THEN 'm' ELSE 'x' END",
      attcompression: "''",
      attnotnull: 'c.not_null',
      atthasdef: 'c.has_default',
      atthasmissing: 'c.has_missing',
      attidentity: letter('c.identity', { by_default: 'd', always: 'a' }, "''"),
      attgenerated: letter('c.generated', { stored: 's' }, "''"),
      attisdropped: 'c.dropped',
      attislocal: 'true',
      attinhcount: '0',
      attcollation: collationId('c.collation', 'c.type_id', 'c.type_kind'),
      attacl: 'c.acl',
    },
  },
  ...ROLE_SOURCES,
  pg_class: {
    from: 'sys.relations r',
    columns: {
      oid: 'r.id',
      relname: 'r.name',
      relnamespace: 'r.schema_id',
      reltype:
        "CASE WHEN r.kind = 'composite_type' OR (r.kind IN ('table', 'view') AND NOT r.system) THEN r.id ELSE 0 END",
      reloftype: '0',
      relowner: 'r.owner',
      relam:
        "CASE WHEN r.kind = 'table' THEN 2 WHEN r.kind = 'index' THEN CASE r.method WHEN 'hash' THEN 405 ELSE 403 END ELSE 0 END",
      relfilenode: 'r.space',
      reltablespace: '0',
      relpages: 'r.page_estimate',
      reltuples: 'r.row_estimate',
      relallvisible: '0',
      reltoastrelid: '0',
      relhasindex: 'r.has_index',
      relisshared: 'false',
      relpersistence: letter('r.persistence', PERSISTENCE),
      relkind: letter('r.kind', RELATION_KIND),
      relnatts: 'r.column_count',
      relchecks: 'r.check_count',
      relhasrules: "r.kind = 'view'",
      relhastriggers: 'r.is_referenced',
      relhassubclass: 'false',
      relrowsecurity: 'false',
      relforcerowsecurity: 'false',
      relispopulated: 'true',
      relreplident: "CASE WHEN r.kind = 'table' AND NOT r.system THEN 'd' ELSE 'n' END",
      relispartition: 'false',
      relrewrite: '0',
      relfrozenxid: '0',
      relminmxid: '0',
      relacl: 'r.acl',
      reloptions: 'r.options',
    },
  },
  ...COLLATION_SOURCES,
  pg_constraint: {
    from: 'sys.constraints c',
    columns: {
      oid: 'c.id',
      conname: 'c.name',
      connamespace: 'c.schema_id',
      contype: letter('c.kind', CONSTRAINT),
      condeferrable: 'c.deferrable',
      condeferred: 'c.initially_deferred',
      convalidated: 'c.validated',
      conrelid: 'c.relation_id',
      contypid: 'c.type_id',
      conindid: 'c.index_id',
      conparentid: '0',
      confrelid: 'c.ref_relation_id',
      confupdtype: `CASE WHEN c.kind = 'foreign_key' THEN ${letter('c.on_update', ACTION)} ELSE ' ' END`,
      confdeltype: `CASE WHEN c.kind = 'foreign_key' THEN ${letter('c.on_delete', ACTION)} ELSE ' ' END`,
      confmatchtype: `CASE WHEN c.kind = 'foreign_key' THEN ${letter('c.match', { simple: 's', full: 'f', partial: 'p' })} ELSE ' ' END`,
      conislocal: 'true',
      coninhcount: '0',
      connoinherit: 'c.no_inherit',
      conkey: 'c.columns',
      confkey: 'c.ref_columns',
      confdelsetcols: 'c.set_columns',
      conbin: 'c.expression',
    },
  },
  pg_cursors: {
    from: 'sys.cursors c',
    columns: {
      name: 'c.name',
      statement: 'c.text',
      is_holdable: 'c.hold',
      is_binary: 'false',
      is_scrollable: 'c.scroll',
      creation_time: 'c.created_at',
    },
  },
  pg_database: {
    from: `(SELECT d.id, d.name, d.owner, d.acl, false AS template, true AS open FROM sys.databases d
      UNION ALL SELECT t.id, t.name, ${ADMINISTRATOR}, ARRAY['=c/' || pg_get_userbyid(${ADMINISTRATOR}), pg_get_userbyid(${ADMINISTRATOR}) || '=CTc/' || pg_get_userbyid(${ADMINISTRATOR})], true, t.open FROM (VALUES (1::oid, 'template1', true), (4::oid, 'template0', false)) t(id, name, open)) d`,
    columns: {
      oid: 'd.id',
      datname: 'd.name',
      datdba: 'd.owner',
      encoding: '6',
      datlocprovider: "'c'",
      datistemplate: 'd.template',
      datallowconn: 'd.open',
      datconnlimit: '-1',
      datfrozenxid: '0',
      datminmxid: '0',
      dattablespace: '1663',
      datcollate: "'C.UTF-8'",
      datctype: "'C.UTF-8'",
      datacl: 'd.acl',
    },
  },
  pg_depend: {
    from: 'sys.dependencies d',
    columns: {
      classid: CLASS_OF('d.kind'),
      objid: `CASE WHEN d.kind = 'default' THEN ${defaultId('d.object_id', 'd.object_column')} ELSE d.object_id END`,
      objsubid: "CASE WHEN d.kind = 'default' THEN 0 ELSE d.object_column END",
      refclassid: CLASS_OF('d.ref_kind'),
      refobjid: 'd.ref_id',
      refobjsubid: 'd.ref_column',
      deptype: 'd.type',
    },
  },
  pg_description: {
    from: `(SELECT r.id, 1259 AS class, 0 AS sub, r.comment FROM sys.relations r UNION ALL SELECT c.relation_id, 1259, c.position, c.comment FROM sys.columns c UNION ALL SELECT s.id, 2615, 0, coalesce(s.comment, CASE WHEN s.main THEN 'standard public schema' END) FROM sys.schemas s
      UNION ALL SELECT t.id, 1247, 0, t.comment FROM sys.types t UNION ALL SELECT k.id, 2606, 0, k.comment FROM sys.constraints k UNION ALL SELECT p.id, 1255, 0, p.comment FROM sys.routines p
      UNION ALL SELECT f.id, f.fields[1]::int4, 0, f.fields[2] FROM sys.facts f WHERE f.kind = 'description') d WHERE d.comment IS NOT NULL`,
    columns: { objoid: 'd.id', classoid: 'd.class', objsubid: 'd.sub', description: 'd.comment' },
  },
  pg_shdescription: {
    from: `(SELECT d.id, 1262 AS class, d.comment FROM sys.databases d UNION ALL SELECT t.id, 1262, t.comment FROM (VALUES (1::oid, 'default template for new databases'), (4::oid, 'unmodifiable empty database')) t(id, comment) UNION ALL SELECT r.id, 1260, r.comment FROM sys.roles r) d WHERE d.comment IS NOT NULL`,
    columns: { objoid: 'd.id', classoid: 'd.class', description: 'd.comment' },
  },
  pg_enum: {
    from: 'sys.enum_labels e',
    columns: { oid: 'e.id', enumtypid: 'e.type_id', enumsortorder: 'e.position', enumlabel: 'e.label' },
  },
  ...EXTENSION_SOURCES,
  pg_index: {
    from: 'sys.indexes i',
    columns: {
      indexrelid: 'i.id',
      indrelid: 'i.relation_id',
      indnatts: 'i.column_count',
      indnkeyatts: 'i.key_count',
      indisunique: 'i.is_unique',
      indnullsnotdistinct: 'i.nulls_not_distinct',
      indisprimary: 'i.is_primary',
      indisexclusion: 'false',
      indimmediate: 'NOT i.deferrable',
      indisclustered: 'false',
      indisvalid: 'i.is_ready',
      indcheckxmin: 'false',
      indisready: 'i.is_ready',
      indislive: 'true',
      indisreplident: 'false',
      indkey: 'i.columns',
      indcollation: KEY_COLLATIONS,
      indclass: OPERATOR_CLASSES,
      indoption: 'i.options',
      indexprs: 'i.expressions',
      indpred: 'i.predicate',
    },
  },
  pg_indexes: {
    from: 'sys.indexes i JOIN sys.relations r ON r.id = i.id JOIN sys.relations t ON t.id = i.relation_id JOIN sys.schemas s ON s.id = t.schema_id',
    columns: { schemaname: 's.name', tablename: 't.name', indexname: 'r.name', indexdef: 'pg_get_indexdef(i.id)' },
  },
  pg_init_privs: {
    from: `sys.schemas s, (SELECT pg_get_userbyid(${ADMINISTRATOR}) AS name) a WHERE s.system AND s.id <> 99`,
    columns: {
      objoid: 's.id',
      classoid: '2615',
      objsubid: '0',
      privtype: "'i'",
      initprivs: "ARRAY[a.name || '=UC/' || a.name, '=U/' || a.name]",
    },
  },
  pg_language: {
    from: "(VALUES (12::oid, 'internal', false, false, 0, 0, 2246), (13::oid, 'c', false, false, 0, 0, 2247), (14::oid, 'sql', false, true, 0, 0, 2248), (13563::oid, 'plpgsql', true, true, 13560, 13561, 13562)) l(id, name, pl, trusted, handler, inline, validator)",
    columns: {
      oid: 'l.id',
      lanname: 'l.name',
      lanowner: ADMINISTRATOR,
      lanispl: 'l.pl',
      lanpltrusted: 'l.trusted',
      lanplcallfoid: 'l.handler',
      laninline: 'l.inline',
      lanvalidator: 'l.validator',
    },
  },
  pg_namespace: {
    from: `sys.schemas s, (SELECT ${ADMINISTRATOR} AS id, pg_get_userbyid(${ADMINISTRATOR}) AS name) a`,
    columns: {
      oid: 's.id',
      nspname: 's.name',
      nspowner: `CASE WHEN ${OF_DATABASE_OWNER} THEN 6171 ELSE s.owner END`,
      nspacl: `CASE WHEN s.acl IS NOT NULL THEN s.acl WHEN ${OF_DATABASE_OWNER} THEN ARRAY['pg_database_owner=UC/pg_database_owner', '=U/pg_database_owner'] WHEN s.system AND s.id <> 99 THEN ARRAY[a.name || '=UC/' || a.name, '=U/' || a.name] END`,
    },
  },
  pg_largeobject_metadata: {
    from: 'sys.large_objects l',
    columns: { oid: 'l.id', lomowner: 'l.owner' },
  },
  pg_largeobject: {
    from: 'sys.large_object_pages l',
    columns: { loid: 'l.id', pageno: 'l.page', data: 'l.bytes' },
  },
  pg_prepared_statements: {
    from: 'sys.prepared_statements p',
    columns: {
      name: 'p.name',
      statement: 'p.text',
      prepare_time: 'p.prepared_at',
      parameter_types: 'p.parameter_types',
      from_sql: 'NOT p.by_client',
      generic_plans: '0',
      custom_plans: '0',
    },
  },
  ...ROUTINE_SOURCES,
  pg_rewrite: {
    from: "sys.relations r WHERE r.kind = 'view' AND NOT r.system",
    columns: {
      oid: 'r.id',
      rulename: "'_RETURN'",
      ev_class: 'r.id',
      ev_type: "'1'",
      ev_enabled: "'O'",
      is_instead: 'true',
    },
  },
  pg_sequence: {
    from: 'sys.sequences s',
    columns: {
      seqrelid: 's.id',
      seqtypid: 's.type_id',
      seqstart: 's.start',
      seqincrement: 's.increment',
      seqmax: 's.maximum',
      seqmin: 's.minimum',
      seqcache: 's.cache',
      seqcycle: 's.cycle',
    },
  },
  pg_sequences: {
    from: 'sys.sequences s JOIN sys.relations r ON r.id = s.id JOIN sys.schemas n ON n.id = r.schema_id',
    columns: {
      schemaname: 'n.name',
      sequencename: 'r.name',
      sequenceowner: 'pg_get_userbyid(r.owner)',
      data_type: 's.type_id',
      start_value: 's.start',
      min_value: 's.minimum',
      max_value: 's.maximum',
      increment_by: 's.increment',
      cycle: 's.cycle',
      cache_size: 's.cache',
      last_value: 'CASE WHEN s.is_called THEN s.last_value END',
    },
  },
  pg_settings: {
    from: 'sys.settings s',
    columns: {
      name: 's.name',
      setting: 's.value',
      unit: 's.unit',
      category: "'Lyrebird'",
      short_desc: 's.description',
      context: letter('s.context', { user: 'user', superuser: 'superuser' }, "'internal'"),
      vartype: letter('s.kind', { bool: 'bool', integer: 'integer', real: 'real', enum: 'enum' }, "'string'"),
      source: "CASE WHEN s.value = s.default_value THEN 'default' ELSE 'session' END",
      min_val: 's.minimum',
      max_val: 's.maximum',
      enumvals: 's.options',
      boot_val: 's.default_value',
      reset_val: 's.reset_value',
      pending_restart: 'false',
    },
  },
  pg_stat_activity: {
    from: 'sys.sessions s LEFT JOIN sys.databases d ON d.id = s.database_id',
    columns: {
      datid: 's.database_id',
      datname: 'd.name',
      pid: 's.id',
      usesysid: 's.role_id',
      usename: 's.role_name',
      application_name: 's.application_name',
      client_addr: "split_part(s.client_address, ':', 1)",
      client_port: "nullif(split_part(s.client_address, ':', 2), '')::int4",
      backend_start: 's.started',
      xact_start: 's.transaction_started',
      query_start: 's.statement_started',
      state_change: 's.state_changed',
      state: 's.state',
      query: 's.text',
      backend_type: "'client backend'",
    },
  },
  pg_stat_all_tables: STAT_TABLES,
  pg_stat_user_tables: STAT_TABLES,
  pg_statio_all_tables: STAT_TABLES,
  pg_statio_user_tables: STAT_TABLES,
  pg_stat_all_indexes: STAT_INDEXES,
  pg_stat_user_indexes: STAT_INDEXES,
  pg_statio_all_indexes: STAT_INDEXES,
  pg_statio_user_indexes: STAT_INDEXES,
  pg_stat_database: {
    from: 'sys.databases d',
    columns: {
      datid: 'd.id',
      datname: 'd.name',
      numbackends: '(SELECT count(*) FROM sys.sessions s WHERE s.database_id = d.id)',
      xact_commit: '0',
      xact_rollback: '0',
      blks_read: '0',
      blks_hit: '0',
      tup_returned: '0',
      tup_fetched: '0',
      tup_inserted: '0',
      tup_updated: '0',
      tup_deleted: '0',
    },
  },
  pg_stats: {
    from: 'sys.statistics a JOIN sys.relations r ON r.id = a.relation_id JOIN sys.schemas s ON s.id = r.schema_id JOIN sys.columns c ON c.relation_id = a.relation_id AND c.position = a.position',
    columns: {
      schemaname: 's.name',
      tablename: 'r.name',
      attname: 'c.name',
      inherited: 'false',
      null_frac: 'a.null_fraction',
      avg_width: 'a.average_width',
      n_distinct: 'a.distinct_count',
    },
  },
  pg_tables: {
    from: "sys.relations r JOIN sys.schemas s ON s.id = r.schema_id WHERE r.kind = 'table'",
    columns: {
      schemaname: 's.name',
      tablename: 'r.name',
      tableowner: 'pg_get_userbyid(r.owner)',
      hasindexes: 'r.has_index',
      hasrules: 'false',
      hastriggers: 'r.is_referenced',
      rowsecurity: 'false',
    },
  },
  pg_tablespace: {
    from: "(VALUES (1663::oid, 'pg_default'), (1664::oid, 'pg_global')) t(id, name)",
    columns: { oid: 't.id', spcname: 't.name', spcowner: ADMINISTRATOR },
  },
  pg_timezone_names: {
    from: "(VALUES ('UTC', 'UTC', '00:00:00'::interval, false)) z(name, abbrev, shift, dst)",
    columns: { name: 'z.name', abbrev: 'z.abbrev', utc_offset: 'z.shift', is_dst: 'z.dst' },
  },
  ...TYPE_SOURCES,
  pg_views: {
    from: 'sys.views v JOIN sys.schemas s ON s.id = v.schema_id',
    columns: {
      schemaname: 's.name',
      viewname: 'v.name',
      viewowner: 'pg_get_userbyid(v.owner)',
      definition: 'pg_get_viewdef(v.id)',
    },
  },
};
