/**
 * Access lists in their text form 'grantee=letters/grantor' (an empty grantee is everybody, '*' behind
 * a letter means it may be granted on): the list an object has by default, and lists taken apart.
 */
import type { RecordField } from '../../sblr/contract/types.ts';
import { SqlArray, type SqlValue } from '../../sblr/contract/values.ts';
import type { EvalContext } from './function.ts';
import { rowsSource, scalar, setFunction, STABLE } from './table.ts';
import { quoteIdentifier } from './strings.ts';

const LETTERS: Readonly<Record<string, string>> = {
  a: 'INSERT',
  r: 'SELECT',
  w: 'UPDATE',
  d: 'DELETE',
  D: 'TRUNCATE',
  x: 'REFERENCES',
  t: 'TRIGGER',
  X: 'EXECUTE',
  U: 'USAGE',
  C: 'CREATE',
  T: 'TEMPORARY',
  c: 'CONNECT',
  s: 'SET',
  A: 'ALTER SYSTEM',
};

/** Per kind of object: what its owner and what everybody may do. */
const DEFAULTS: Readonly<Record<string, readonly [string, string]>> = {
  r: ['arwdDxt', ''],
  s: ['rwU', ''],
  d: ['CTc', 'Tc'],
  f: ['X', 'X'],
  l: ['U', 'U'],
  L: ['rw', ''],
  n: ['UC', ''],
  p: ['sA', ''],
  t: ['C', ''],
  F: ['U', ''],
  S: ['U', ''],
  T: ['U', 'U'],
  c: ['', ''],
};

scalar(
  'acldefault(char1, oid) aclitem[]',
  (kind: string, owner: number, c: EvalContext) => {
    const [own, everybody] = DEFAULTS[kind] ?? ['', ''];
    const name = quoteIdentifier(c.introspection.roleName(owner) ?? String(owner));
    const items: string[] = [];
    if (everybody !== '') items.push(`=${everybody}/${name}`);
    if (own !== '') items.push(`${name}=${own}/${name}`);
    return new SqlArray(items);
  },
  STABLE,
);

const columns: readonly RecordField[] = [
  { name: 'grantor', type: { kind: 'oid' } },
  { name: 'grantee', type: { kind: 'oid' } },
  { name: 'privilege_type', type: { kind: 'text' } },
  { name: 'is_grantable', type: { kind: 'bool' } },
];

function* explode(list: SqlArray, c: EvalContext): Generator<SqlValue[]> {
  const role = (name: string): number => (name === '' ? 0 : (c.introspection.lookupReference('role', name) ?? 0));
  for (const item of list.items) {
    const match = /^((?:"(?:[^"]|"")*"|[^"=]*))=([A-Za-z*]*)\/(.*)$/.exec(String(item));
    if (match === null) continue;
    const letters = match[2] as string;
    for (let i = 0; i < letters.length; i++) {
      const privilege = LETTERS[letters[i] as string];
      if (privilege !== undefined)
        yield [role(match[3] as string), role(match[1] as string), privilege, letters[i + 1] === '*'];
    }
  }
}
setFunction('aclexplode(aclitem[]) record', ([list]: [SqlArray], c: EvalContext) => rowsSource([...explode(list, c)]), {
  volatility: 'stable',
  columns,
});
