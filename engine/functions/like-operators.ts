/** LIKE and its kin as operators: patterns against text, by the collation in which both meet, and against bytes. */
import { padText } from '../../sblr/contract/text/text-io.ts';
import { callCollation } from './call-collation.ts';
import { type Fold, likeEscape, likeMatcher, similarToRegex } from './pattern.ts';

import { operator, operatorFor, scalar } from './table.ts';

const like = (ignoreCase: boolean, negated: boolean, fold?: Fold) => {
  let lastPattern: string | undefined;
  let matcher: (text: string) => boolean = () => false;
  return (text: string, pattern: string): boolean => {
    if (pattern !== lastPattern) {
      matcher = likeMatcher(pattern, ignoreCase, fold);
      lastPattern = pattern;
    }
    return matcher(text) !== negated;
  };
};
for (const [name, fold, negated] of [
  ['like', false, false],
  ['not_like', false, true],
  ['ilike', true, false],
  ['not_ilike', true, true],
] as const) {
  operatorFor(`${name}(text, text) bool`, (types, _result, semantics) =>
    like(fold, negated, callCollation(types, semantics).fold),
  );
  operatorFor(`${name}(fixed_text, text) bool`, ([type]) => {
    const test = like(fold, negated);
    const length = type?.length ?? 0;
    return (text: string, pattern: string) => test(padText(text, length), pattern);
  });
}
operator('like(bytes, bytes) bool', (a: Uint8Array, b: Uint8Array) =>
  likeMatcher(Buffer.from(b).toString('latin1'))(Buffer.from(a).toString('latin1')),
);
operator(
  'not_like(bytes, bytes) bool',
  (a: Uint8Array, b: Uint8Array) => !likeMatcher(Buffer.from(b).toString('latin1'))(Buffer.from(a).toString('latin1')),
);
scalar('like_escape(text, text) text', likeEscape);
scalar('similar_to_escape(text) text', (pattern: string) => similarToRegex(pattern, '\\'));
scalar('similar_to_escape(text, text) text', similarToRegex);
