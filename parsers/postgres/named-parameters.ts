/** PostgreSQL's built-in functions whose arguments may be given by name, and how those find their places. */
import { stringLiteral } from '../shared/literals.ts';
import type { ValueNode } from '../../sblr/nodes.ts';

interface Parameter {
  readonly name: string;
  /** Text of the default; undefined = the argument must be given. */
  readonly defaultText: string | undefined;
}

/** name(parameter, parameter=default ...) */
const SIGNATURES = `
make_interval(years=0,months=0,weeks=0,days=0,hours=0,mins=0,secs=0)
make_date(year,month,day)
make_time(hour,min,sec)
make_timestamp(year,month,mday,hour,min,sec)
make_timestamptz(year,month,mday,hour,min,sec,timezone)
parse_ident(str,strict=true)
json_array_elements(from_json)
json_array_elements_text(from_json)
json_each(from_json)
json_each_text(from_json)
jsonb_array_elements(from_json)
jsonb_array_elements_text(from_json)
jsonb_each(from_json)
jsonb_each_text(from_json)
jsonb_insert(jsonb_in,path,replacement,insert_after=false)
jsonb_set(jsonb_in,path,replacement,create_if_missing=true)
jsonb_set_lax(jsonb_in,path,replacement,create_if_missing=true,null_value_treatment=use_json_null)
jsonb_path_exists(target,path,vars={},silent=false)
jsonb_path_exists_tz(target,path,vars={},silent=false)
jsonb_path_match(target,path,vars={},silent=false)
jsonb_path_match_tz(target,path,vars={},silent=false)
jsonb_path_query(target,path,vars={},silent=false)
jsonb_path_query_tz(target,path,vars={},silent=false)
jsonb_path_query_array(target,path,vars={},silent=false)
jsonb_path_query_array_tz(target,path,vars={},silent=false)
jsonb_path_query_first(target,path,vars={},silent=false)
jsonb_path_query_first_tz(target,path,vars={},silent=false)
`;

const FUNCTIONS: ReadonlyMap<string, readonly Parameter[]> = new Map(
  SIGNATURES.trim()
    .split('\n')
    .map((line) => {
      const [name, list] = line.slice(0, -1).split('(') as [string, string];
      const parameters = list.split(',').map((part): Parameter => {
        const [parameter, defaultText] = part.split('=') as [string, string | undefined];
        return { name: parameter, defaultText };
      });
      return [name, parameters];
    }),
);

/** The arguments of a call with names, by position; as written where they do not fit, for the binder to refuse. */
export function placeArguments(name: string, written: readonly ValueNode[], pos: number | undefined): ValueNode[] {
  const parameters = FUNCTIONS.get(name);
  if (parameters === undefined) return [...written];
  const placed: (ValueNode | undefined)[] = [];
  for (const [at, argument] of written.entries()) {
    const named = argument.op === 'NAMED_ARGUMENT';
    const index = named ? parameters.findIndex((parameter) => parameter.name === argument.name) : at;
    if (index < 0 || placed[index] !== undefined) return [...written];
    placed[index] = named ? argument.value : argument;
  }
  const complete: ValueNode[] = [];
  for (let i = 0; i < placed.length; i++) {
    const given = placed[i];
    const text = parameters[i]?.defaultText;
    if (given === undefined && text === undefined) return [...written];
    complete.push(given ?? stringLiteral(text as string, pos));
  }
  return complete;
}
