/** The collation by which a call compares text: that of its arguments, which the binder has made the same, else the program's. */
import type { Semantics } from '../../sblr/contract/semantics.ts';
import type { SqlType } from '../../sblr/contract/types.ts';
import { BINARY, type Collation, findCollation } from '../types/collation.ts';

export function callCollation(types: readonly SqlType[], semantics: Semantics): Collation {
  if (types.some((type) => type.kind === 'bytes')) return BINARY;
  const name = types.find((type) => type.collation !== undefined)?.collation ?? semantics.literalCollation;
  return findCollation(name) ?? BINARY;
}
