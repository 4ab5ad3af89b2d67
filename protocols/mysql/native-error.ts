/**
 * An error or notice of the engine in the real server's words: a template of the error map, its {places} filled from the
 * error's arguments. One whose arguments are missing is not used: the error's own message serves.
 */
import type { Condition } from '../../sblr/contract/conditions.ts';
import type { SqlErrorDetails } from '../../sblr/contract/sql-error.ts';
import type { ErrorEntry } from './error-entry.ts';
import { ERROR_MAP } from './error-map.ts';

export interface NativeError {
  readonly errno: number;
  readonly sqlstate: string;
  readonly message: string;
}

/** {place}, or {place|quoted}: a list of names, each in the quotes of identifiers. */
const PLACE = /\{([a-zA-Z]+)(\|quoted)?\}/g;

/** What messages say of the session: its database, the user, where the client is, and whence the account may be used. */
export interface SessionPlace {
  readonly database: string;
  readonly user: string;
  readonly host: string;
  readonly accountHost: string;
}

export const NOWHERE: SessionPlace = { database: '', user: '', host: '', accountHost: '' };

/** An error or notice in the real server's words. Names that were written without a database are of the session's. */
export function nativeError(condition: Condition, details: SqlErrorDetails, place = NOWHERE): NativeError {
  const found: ErrorEntry = ERROR_MAP[condition];
  const variant = details.variant ?? '';
  const own = found.variants[variant];
  return {
    errno: own?.errno ?? found.errno,
    sqlstate: details.sqlstate ?? own?.sqlstate ?? found.sqlstate,
    message: wording(found.messages[variant] ?? found.messages[''], details, place),
  };
}

/** What the clauses of a query are called in messages; anything else is the list of columns. */
const CLAUSES: Readonly<Record<string, string>> = {
  where: 'where clause',
  join: 'on clause',
  group: 'group statement',
  having: 'having clause',
  order: 'order clause',
};

/** What parts of a query are called that may only use what groups have. */
const GROUPED_PLACES: Readonly<Record<string, string>> = { select: 'SELECT list', order: 'ORDER BY' };

/** Operations that have another name here. */
const OPERATIONS: Readonly<Record<string, string>> = {
  not_like: 'like',
  pattern_matches: 'regexp_like',
  pattern_part: 'regexp_substr',
  pattern_position: 'regexp_instr',
  pattern_replace: 'regexp_replace',
  position_of: 'locate',
  index_in_list: 'field',
  index_in_set: 'find_in_set',
  order_of: 'strcmp',
};

/** Privileges that are called otherwise. */
const PRIVILEGES: Readonly<Record<string, string>> = { TRUNCATE: 'DROP' };

function wording(template: string | undefined, details: SqlErrorDetails, session: SessionPlace): string {
  if (template === undefined) return details.message;
  const parts: Readonly<Record<string, string | number | undefined>> = {
    column: details.column,
    table: details.table,
    constraint: details.constraint,
    user: session.user,
    host: session.host,
    accountHost: session.accountHost,
    ...details.args,
    privilege: PRIVILEGES[String(details.args?.['privilege'] ?? '')] ?? details.args?.['privilege'],
    place: GROUPED_PLACES[String(details.args?.['place'] ?? '')],
    clause: CLAUSES[String(details.args?.['clause'] ?? '')] ?? 'field list',
    operation: OPERATIONS[String(details.args?.['operation'] ?? '')] ?? details.args?.['operation'],
    qualifiedName: qualified(details.args?.['name'], session.database),
  };
  let complete = true;
  const text = template.replace(PLACE, (place, name: string, quoted: string | undefined) => {
    const part = parts[name];
    if (part === undefined) complete = false;
    if (part === undefined) return place;
    return quoted === undefined ? String(part) : quotedList(String(part));
  });
  return complete ? text : details.message;
}

function qualified(name: string | number | undefined, database: string): string | undefined {
  if (name === undefined) return undefined;
  const text = String(name);
  return text.includes('.') || database === '' ? text : `${database}.${text}`;
}

function quotedList(names: string): string {
  return names
    .split(', ')
    .map((name) => `\`${name.replaceAll('`', '``')}\``)
    .join(', ');
}
