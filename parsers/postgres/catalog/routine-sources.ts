/** pg_proc: the routines of the database, and of the built-in ones what the facts say. */
import type { ViewSource } from './build-view.ts';
import { ADMINISTRATOR, field } from './fact-sources.ts';

interface RoutineColumn {
  readonly name: string;
  readonly own: string;
  readonly builtIn: string;
}

const column = (name: string, own: string, builtIn: string): RoutineColumn => ({ name, own, builtIn });
const number = (n: number, otherwise: string): string => `coalesce(${field(n)}, '${otherwise}')`;

/** Modes of arguments, where one is not `in`. */
const MODES = `CASE WHEN p.argument_modes IS NOT NULL THEN ARRAY(SELECT CASE a.mode WHEN 'out' THEN 'o' WHEN 'inout' THEN 'b' WHEN 'variadic' THEN 'v' WHEN 'table' THEN 't' ELSE 'i' END FROM sys.parameters a WHERE a.routine_id = p.id ORDER BY a.position) END`;
const ALL_TYPES = `CASE WHEN p.argument_modes IS NOT NULL THEN ARRAY(SELECT a.type_id FROM sys.parameters a WHERE a.routine_id = p.id ORDER BY a.position) END`;
const VARIADIC = `coalesce((SELECT t.element_id FROM sys.parameters a JOIN sys.types t ON t.id = a.type_id WHERE a.routine_id = p.id AND a.mode = 'variadic'), 0)`;

const COLUMNS: readonly RoutineColumn[] = [
  column('oid', 'p.id', 'f.id'),
  column('proname', 'p.name', 'f.fields[1]'),
  column('pronamespace', 'p.schema_id', '11'),
  column('proowner', 'p.owner', ADMINISTRATOR),
  column('prolang', "CASE p.language WHEN 'sql' THEN 14 ELSE 13563 END", `${number(4, '12')}::int4`),
  column('procost', '100', `${number(17, '1')}::float4`),
  column('prorows', 'CASE WHEN p.returns_set THEN 1000 ELSE 0 END', `${number(18, '0')}::float4`),
  column('provariadic', VARIADIC, `${number(16, '0')}::oid`),
  column('prosupport', '0', '0'),
  column('prokind', 'p.kind', number(5, 'f')),
  column('prosecdef', 'p.owners_rights', 'false'),
  column('proleakproof', 'false', `${number(19, 'f')}::bool`),
  column('proisstrict', 'p.strict', `${number(9, 't')}::bool`),
  column('proretset', 'p.returns_set', `${number(7, 'f')}::bool`),
  column(
    'provolatile',
    "CASE p.volatility WHEN 'immutable' THEN 'i' WHEN 'stable' THEN 's' ELSE 'v' END",
    'f.fields[8]',
  ),
  column('proparallel', "'u'", number(10, 's')),
  column('pronargs', 'p.argument_count', `cardinality(string_to_array(${number(11, '')}, ' '))::int2`),
  column('pronargdefaults', 'p.default_count', `${number(15, '0')}::int2`),
  column('prorettype', 'p.return_type_id', 'f.fields[6]::oid'),
  column('proargtypes', 'p.argument_types::oidvector', `${number(11, '')}::oidvector`),
  column('proallargtypes', ALL_TYPES, `string_to_array(${field(12)}, ' ')::oid[]`),
  column('proargmodes', MODES, `string_to_array(${field(13)}, NULL)`),
  column('proargnames', 'p.argument_names', `string_to_array(${field(14)}, ' ')`),
  column('prosrc', 'p.source', `coalesce(${field(20)}, f.fields[1])`),
  column('proconfig', 'p.settings', 'NULL::text[]'),
  column('proacl', 'p.acl', 'NULL::text[]'),
];

const select = (side: 'own' | 'builtIn', from: string): string =>
  `SELECT ${COLUMNS.map((one) => `${one[side]} AS ${one.name}`).join(', ')} FROM ${from}`;

export const ROUTINE_SOURCES: Readonly<Record<string, ViewSource>> = {
  pg_proc: {
    from: `(${select('builtIn', "sys.facts f WHERE f.kind = 'routine'")} UNION ALL ${select('own', 'sys.routines p WHERE NOT p.system')}) p`,
    columns: Object.fromEntries(COLUMNS.map(({ name }) => [name, `p.${name}`])),
  },
};
