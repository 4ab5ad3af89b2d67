/**
 * Catalog views whose rows are facts about built-in objects (facts/): operators, casts, aggregates, what indexes
 * support, text search.
 */
import type { ViewSource } from './build-view.ts';

export const ADMINISTRATOR = '(SELECT min(a.id) FROM sys.roles a WHERE a.superuser)';

/** The `n`th field of a fact, counted from 1; those left out at the end of a row and empty ones are NULL. */
export const field = (n: number, alias = 'f'): string => `nullif(${alias}.fields[${n}], '')`;

/** A view of the facts of one kind: the id, then the fields in order, then columns of one value. */
function factView(kind: string, id: string, fields: string, fixed: Readonly<Record<string, string>> = {}): ViewSource {
  const columns: Record<string, string> = { [id]: 'f.id' };
  for (const [at, name] of fields.split(' ').entries()) columns[name] = field(at + 1);
  return { from: `sys.facts f WHERE f.kind = '${kind}'`, columns: { ...columns, ...fixed } };
}

export const FACT_SOURCES: Readonly<Record<string, ViewSource>> = {
  pg_operator: factView(
    'operator',
    'oid',
    'oprname oprkind oprleft oprright oprresult oprcom oprnegate oprcode oprrest oprjoin oprcanmerge oprcanhash',
    {
      oprnamespace: '11',
      oprowner: ADMINISTRATOR,
      oprcode: 'f.fields[8]::oid',
      oprrest: 'f.fields[9]::oid',
      oprjoin: 'f.fields[10]::oid',
    },
  ),
  pg_cast: factView('cast', 'oid', 'castsource casttarget castfunc castcontext castmethod'),
  pg_aggregate: factView(
    'aggregate',
    'aggfnoid',
    'aggkind aggnumdirectargs aggtransfn aggfinalfn aggcombinefn aggserialfn aggdeserialfn aggmtransfn aggminvtransfn aggmfinalfn aggfinalextra aggmfinalextra aggfinalmodify aggmfinalmodify aggsortop aggtranstype aggtransspace aggmtranstype aggmtransspace agginitval aggminitval',
    Object.fromEntries(
      'aggtransfn aggfinalfn aggcombinefn aggserialfn aggdeserialfn aggmtransfn aggminvtransfn aggmfinalfn'
        .split(' ')
        .map((name, at) => [name, `f.fields[${at + 3}]::oid`]),
    ),
  ),
  pg_amop: factView(
    'amop',
    'oid',
    'amopfamily amoplefttype amoprighttype amopstrategy amoppurpose amopopr amopmethod amopsortfamily',
  ),
  pg_amproc: factView('amproc', 'oid', 'amprocfamily amproclefttype amprocrighttype amprocnum amproc', {
    amproc: 'f.fields[5]::oid',
  }),
  pg_ts_config: factView('text_search_configuration', 'oid', 'cfgname cfgparser', {
    cfgnamespace: '11',
    cfgowner: ADMINISTRATOR,
  }),
  pg_ts_config_map: {
    from: `(SELECT f.id, string_to_array(unnest(string_to_array(f.fields[1], ' ')), ':') AS parts FROM sys.facts f WHERE f.kind = 'text_search_map') m`,
    columns: { mapcfg: 'm.id', maptokentype: 'm.parts[1]', mapseqno: 'm.parts[2]', mapdict: 'm.parts[3]' },
  },
  pg_ts_dict: factView('text_search_dictionary', 'oid', 'dictname dicttemplate dictinitoption', {
    dictnamespace: '11',
    dictowner: ADMINISTRATOR,
  }),
  pg_ts_parser: factView('text_search_parser', 'oid', 'prsname', {
    prsnamespace: '11',
    prsstart: 'f.fields[2]::oid',
    prstoken: 'f.fields[3]::oid',
    prsend: 'f.fields[4]::oid',
    prsheadline: 'f.fields[5]::oid',
    prslextype: 'f.fields[6]::oid',
  }),
  pg_ts_template: factView('text_search_template', 'oid', 'tmplname', {
    tmplnamespace: '11',
    tmplinit: 'f.fields[2]::oid',
    tmpllexize: 'f.fields[3]::oid',
  }),
};
