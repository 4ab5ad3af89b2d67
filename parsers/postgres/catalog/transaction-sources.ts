/** pg_catalog's relations about transactions under way, as SQL over the `sys` base relations; see pg-catalog-sources.ts. */
import type { ViewSource } from './build-view.ts';

export const TRANSACTION_SOURCES: Readonly<Record<string, ViewSource>> = {
  pg_locks: {
    from: 'sys.locks l',
    columns: {
      locktype:
        "CASE l.kind WHEN 'table' THEN 'relation' WHEN 'row' THEN 'tuple' ELSE CASE WHEN l.name LIKE 'advisory:%' THEN 'advisory' ELSE 'object' END END",
      relation: "CASE WHEN l.kind = 'table' THEN l.relation_id END",
      pid: 'nullif(l.session_id, 0)',
      mode: "replace(initcap(l.mode), ' ', '') || 'Lock'",
      granted: 'l.granted',
      fastpath: 'false',
    },
  },
  pg_prepared_xacts: {
    from: 'sys.prepared_transactions p',
    columns: {
      transaction: 'p.id',
      gid: 'p.name',
      prepared: 'p.prepared_at',
      owner: '(SELECT r.name FROM sys.roles r WHERE r.id = p.owner_id)',
      database: '(SELECT d.name FROM sys.databases d WHERE d.id = p.database_id)',
    },
  },
};
