/** What the type of an argument says of it: its character set and its collation. */
import type { Semantics } from '../../sblr/contract/semantics.ts';
import type { SqlType } from '../../sblr/contract/types.ts';
import { characterSetOf } from '../types/collation/named.ts';
import { NOT_STRICT, scalarFor } from './table.ts';

/** Code points are the order of the set's own `bin`. */
function shownCollation(name: string | undefined, semantics: Semantics): string {
  return name === undefined || name === 'binary' ? `${characterSetOf(semantics.defaultCollation)}_bin` : name;
}

function collationName(type: SqlType | undefined, semantics: Semantics): string {
  return type?.kind === 'text' || type?.kind === 'enum' || type?.kind === 'set'
    ? shownCollation(type.collation, semantics)
    : 'binary';
}
scalarFor(
  'collation_of(any) text',
  ([type], _result, semantics) => {
    const name = collationName(type, semantics);
    return () => name;
  },
  NOT_STRICT,
);
/** The first word of a collation's name is that of its character set. */
scalarFor(
  'character_set_of(any) text',
  ([type], _result, semantics) => {
    const name = collationName(type, semantics).split('_', 1)[0] as string;
    return () => name;
  },
  NOT_STRICT,
);
