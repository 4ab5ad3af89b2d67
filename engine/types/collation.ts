/**
 * Collations: how text compares. 'binary' (code points) is the default; locale collations compare through
 * Intl.Collator and break ties by code point, so that equality stays exact. Intl.Collator makes no sort keys, so
 * keys under a locale collation find equal text but are not in its order (`ordered`). Collations named by character set
 * and rules, under which different text may be equal, are those of collation/named.ts.
 */
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { maskedBytes, parseNetwork } from '../../sblr/contract/text/network.ts';
import { displayType } from './display-type.ts';
import type { SqlType } from '../../sblr/contract/types.ts';
import { compareCodePoints, type Collation } from './collation/contract.ts';
import { namedCollation } from './collation/named.ts';

export { compareCodePoints, type Collation };

export const BINARY: Collation = {
  name: 'binary',
  compare: compareCodePoints,
  key: (text) => text,
  ordered: true,
  hash: (text) => text,
};

/** Text that differs in case only is equal; the order is that of the lower case. */
const IGNORE_CASE: Collation = {
  name: 'ignore_case',
  compare: (a, b) => compareCodePoints(a.toLowerCase(), b.toLowerCase()),
  key: (text) => text.toLowerCase(),
  ordered: true,
  hash: (text) => text.toLowerCase(),
};

/** Family, network, number of its bits, then the whole address: one character per byte. */
function networkKey(text: string): string {
  const { bytes, bits } = parseNetwork(text, 'inet');
  return String.fromCharCode(bytes.length, ...maskedBytes(bytes, bits), bits, ...bytes);
}

const NETWORK: Collation = {
  name: 'network',
  compare: (a, b) => (a === b ? 0 : compareCodePoints(networkKey(a), networkKey(b))),
  key: networkKey,
  ordered: true,
  hash: (text) => text,
};

const registry = new Map<string, Collation>([
  ['binary', BINARY],
  ['ignore_case', IGNORE_CASE],
  ['network', NETWORK],
]);
for (const name of ['default', 'c', 'posix', 'ucs_basic', 'c.utf-8', 'c.utf8']) registry.set(name, BINARY);

export function registerCollation(collation: Collation): void {
  registry.set(collation.name.toLowerCase(), collation);
}

const MAX_COLLATIONS = 500;

/** The collation of that name; undefined = unknown. Locale names: 'en_US', 'de_DE.utf8', 'fr-x-icu', 'und-x-icu'. */
export function findCollation(name: string): Collation | undefined {
  const key = name.toLowerCase();
  const known = registry.get(key);
  if (known !== undefined) return known;
  const named = namedCollation(key);
  if (named !== undefined) {
    registry.set(key, named);
    return named;
  }
  const locale = key
    .replace(/-x-icu$/, '')
    .replace(/[.@].*$/, '')
    .replace(/_/g, '-');
  let collator: Intl.Collator;
  try {
    if (Intl.Collator.supportedLocalesOf([locale]).length === 0 && locale !== 'und') return undefined;
    collator = new Intl.Collator(locale === 'und' ? 'en' : locale, { caseFirst: 'false' });
  } catch {
    return undefined;
  }
  const made: Collation = {
    name,
    compare: (a, b) => (a === b ? 0 : collator.compare(a, b) || compareCodePoints(a, b)),
    key: (text) => text,
    ordered: false,
    hash: (text) => text,
  };
  if (registry.size < MAX_COLLATIONS) registry.set(key, made);
  return made;
}

export function collationNamed(name: string | undefined): Collation {
  if (name === undefined || name === 'binary') return BINARY;
  const found = findCollation(name);
  if (found === undefined)
    throw new SqlError('undefined_object', {
      message: `collation "${name}" does not exist`,
      variant: 'collation',
      args: { name },
    });
  return found;
}

/** The type with a collation of its own; of an array it is its elements'. */
export function collated(type: SqlType, collation: string): SqlType {
  if (type.kind === 'array' && type.element !== undefined)
    return { ...type, element: collated(type.element, collation) };
  const labels = (type.kind === 'enum' || type.kind === 'set') && type.typeId === undefined;
  if (type.kind !== 'text' && !labels)
    throw new SqlError('datatype_mismatch', `collations are not supported by type ${displayType(type)}`);
  collationNamed(collation);
  return { ...type, collation };
}

/** Types kept as text whose order is their own. */
const OWN_ORDERS: Readonly<Record<string, string>> = { inet: 'network', cidr: 'network' };

/** The name of what orders values of the type; undefined = code points. */
export function collationOf(type: SqlType, collation?: string): string | undefined {
  return type.declared === undefined
    ? (collation ?? type.collation)
    : (OWN_ORDERS[type.declared] ?? collation ?? type.collation);
}
