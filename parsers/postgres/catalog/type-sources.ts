/** pg_type: the types of the database, and of the built-in ones the functions and layout that the facts say. */
import { INTERVAL_RANGES } from '../../../sblr/contract/text/interval-fields.ts';
import type { ViewSource } from './build-view.ts';
import { collationId } from './collations.ts';

/** A type's own fact, or by its form what PostgreSQL does for all types of that form; domains are as their base type. */
const of = (n: number, forms: Readonly<Record<'array' | 'enum' | 'composite', string>>): string =>
  `CASE WHEN t.form = 'e' THEN ${forms.enum} WHEN t.form = 'c' THEN ${forms.composite} WHEN f.id IS NOT NULL THEN f.fields[${n}] WHEN t.category = 'A' THEN ${forms.array} ELSE ${forms.composite} END`;

const routine = (n: number, array: number, enumeration: number, composite: number, domain?: number): string => {
  const found = of(n, { array: `'${array}'`, enum: `'${enumeration}'`, composite: `'${composite}'` });
  return domain === undefined ? `(${found})::oid` : `(CASE WHEN t.form = 'd' THEN '${domain}' ELSE ${found} END)::oid`;
};

/** The fields of an interval as bits; all of them where none are named. */
const intervalRange = (fields: string): string =>
  `CASE ${fields} ${Object.entries(INTERVAL_RANGES)
    .map(([words, bits]) => `WHEN '${words}' THEN ${bits}`)
    .join(' ')} ELSE 32767 END`;

/**
 * Type modifier of a column or domain: lengths carry four bytes of header, decimals pack precision and scale. `of` is what
 * stands before the columns length, precision, scale and interval_fields.
 */
export const modifier = (kind: string, id: string, of: string): string =>
  `CASE WHEN ${kind} = 'text' AND ${id} NOT IN (18, 19, 1002, 1003) THEN coalesce(${of}length + 4, -1)
  WHEN ${kind} = 'bits' THEN coalesce(${of}length, -1)
  WHEN ${kind} = 'decimal' AND ${of}precision IS NOT NULL THEN ((${of}precision << 16) | coalesce(${of}scale, 0)) + 4
  WHEN ${kind} IN ('time', 'timetz', 'timestamp', 'timestamptz') THEN coalesce(${of}precision, -1)
  WHEN ${kind} = 'interval' AND (${of}precision IS NOT NULL OR ${of}interval_fields IS NOT NULL)
    THEN (${intervalRange(`${of}interval_fields`)} << 16) | coalesce(${of}precision, 65535)
  ELSE -1 END`;

export const TYPE_SOURCES: Readonly<Record<string, ViewSource>> = {
  pg_type: {
    from: "sys.types t LEFT JOIN sys.facts f ON f.kind = 'type' AND f.id = CASE WHEN t.form = 'd' THEN t.base_type_id ELSE t.id END",
    columns: {
      oid: 't.id',
      typname: 't.name',
      typnamespace: 't.schema_id',
      typowner: 't.owner',
      typlen: 't.length',
      typbyval: of(10, { array: "'f'", enum: "'t'", composite: "'f'" }),
      typtype: "CASE WHEN t.form = 'r' THEN 'c' ELSE t.form END",
      typcategory: 't.category',
      typispreferred: 't.preferred',
      typisdefined: 'true',
      typdelim: "','",
      typrelid: 't.relation_id',
      typsubscript:
        "CASE WHEN t.form = 'd' THEN 0 ELSE coalesce(f.fields[9], CASE WHEN t.category = 'A' THEN '6179' ELSE '0' END)::oid END",
      typelem: 't.element_id',
      typarray: 't.array_id',
      typinput: routine(2, 750, 3506, 2290, 2597),
      typoutput: routine(3, 751, 3507, 2291),
      typreceive: routine(4, 2400, 3532, 2402, 2598),
      typsend: routine(5, 2401, 3533, 2403),
      typmodin: "CASE WHEN t.form = 'd' THEN 0 ELSE coalesce(f.fields[6], '0')::oid END",
      typmodout: "CASE WHEN t.form = 'd' THEN 0 ELSE coalesce(f.fields[7], '0')::oid END",
      typanalyze: "coalesce(f.fields[8], CASE WHEN t.category = 'A' THEN '3816' ELSE '0' END)::oid",
      typalign: of(11, { array: "'i'", enum: "'i'", composite: "'d'" }),
      typstorage: of(12, { array: "'x'", enum: "'p'", composite: "'x'" }),
      typnotnull: 't.not_null',
      typbasetype: 't.base_type_id',
      typtypmod: `CASE WHEN t.form <> 'd' OR (SELECT b.form FROM sys.types b WHERE b.id = t.base_type_id) = 'd' THEN -1 ELSE ${modifier('t.type_kind', 't.base_type_id', 't.type_')} END`,
      typndims: '0',
      typcollation: `CASE WHEN t.form = 'd' OR t.id IN (19, 25, 1042, 1043, 1003, 1009, 1014, 1015) THEN ${collationId('t.collation', 't.id', 't.type_kind')} ELSE 0 END`,
      typdefaultbin: 't.default_text',
      typdefault: 't.default_text',
      typacl: 't.acl',
    },
  },
};
