/** pg_extension and pg_available_extensions over what the session says of its database. */
import type { ViewSource } from './build-view.ts';

export const EXTENSION_SOURCES: Readonly<Record<string, ViewSource>> = {
  pg_extension: {
    from: 'pg_available_extensions() WITH ORDINALITY e(name, version, comment, installed, id) WHERE e.installed IS NOT NULL',
    columns: {
      oid: '13558 + e.id',
      extname: 'e.name',
      extowner: '(SELECT min(a.id) FROM sys.roles a WHERE a.superuser)',
      extnamespace:
        "CASE WHEN e.name = 'plpgsql' THEN 11 ELSE coalesce((SELECT s.id FROM sys.schemas s WHERE s.name = 'public'), 11) END",
      extrelocatable: "e.name <> 'plpgsql'",
      extversion: 'e.installed',
    },
  },
  pg_available_extensions: {
    from: 'pg_available_extensions() e(name, version, comment, installed)',
    columns: { name: 'e.name', default_version: 'e.version', installed_version: 'e.installed', comment: 'e.comment' },
  },
};
