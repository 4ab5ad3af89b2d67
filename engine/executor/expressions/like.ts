/**
 * LIKE with a constant pattern made of plain text and % only: whole, prefix, suffix or substring
 * tests instead of the general matcher. Everything else stays with the function's own code.
 */
import type { SqlType } from '../../../sblr/contract/types.ts';
import type { BoundExpression } from '../../binder/bound.ts';
import type { Evaluator } from '../operator.ts';
import { BINARY, type Collation, collationNamed, collationOf } from '../../types/collation.ts';
import { isBinaryText } from '../values.ts';
import { compileExpression, type CompileContext, type Layout } from './compile.ts';

type Call = BoundExpression & { kind: 'call' };

export type LikeShape =
  | { readonly kind: 'equal' | 'prefix' | 'suffix' | 'contains'; readonly text: string }
  | { readonly kind: 'any'; readonly text: '' }
  /** Something else follows the literal prefix. */
  | { readonly kind: 'general'; readonly text: string };

/** The shape of a LIKE pattern under the given escape character. */
export function likeShape(pattern: string, escape: string): LikeShape {
  let text = '';
  let leading = false;
  let trailing = false;
  let prefix: string | undefined;
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at];
    if (char === escape && escape !== '') {
      if (at + 1 >= pattern.length) return { kind: 'general', text: prefix ?? text };
      if (trailing) return { kind: 'general', text: prefix ?? '' };
      text += pattern[++at];
    } else if (char === '_') return { kind: 'general', text: prefix ?? (leading ? '' : text) };
    else if (char === '%') {
      if (text === '') {
        leading = true;
        prefix = '';
      } else {
        trailing = true;
        prefix ??= text;
      }
    } else {
      if (trailing) return { kind: 'general', text: prefix ?? '' };
      text += char;
    }
  }
  if (text === '') return leading ? { kind: 'any', text: '' } : { kind: 'equal', text: '' };
  if (leading && trailing) return { kind: 'contains', text };
  if (leading) return { kind: 'suffix', text };
  return { kind: trailing ? 'prefix' : 'equal', text };
}

/** Pattern and polarity of a LIKE call with a constant pattern and the default escape. */
export function constantLike(
  expression: BoundExpression,
  context: Pick<CompileContext, 'semantics'>,
): { operand: BoundExpression; shape: LikeShape; negated: boolean; collation: Collation } | undefined {
  if (expression.kind !== 'call' || expression.arguments.length !== 2) return undefined;
  const { name } = expression.function;
  if (name !== 'like' && name !== 'not_like') return undefined;
  const [operand, pattern] = expression.arguments;
  if (pattern.kind !== 'constant' || typeof pattern.value !== 'string') return undefined;
  const collation = searchCollation(operand.type, context);
  if (collation === undefined || searchCollation(pattern.type, context) !== collation) return undefined;
  const shape = likeShape(pattern.value, context.semantics.likeEscape);
  return { operand, shape, negated: name === 'not_like', collation };
}

/** How text of the type is searched: by code points, or by characters that stand for equal ones. */
function searchCollation(type: SqlType, { semantics }: Pick<CompileContext, 'semantics'>): Collation | undefined {
  if (type.kind !== 'text' || type.fixed === true) return undefined;
  if (isBinaryText(type, semantics)) return BINARY;
  const collation = collationNamed(collationOf(type));
  return collation.fold === undefined ? undefined : collation;
}

export function compileConstantLike(expression: Call, layout: Layout, context: CompileContext): Evaluator | undefined {
  const like = constantLike(expression, context);
  if (like === undefined || like.shape.kind === 'general') return undefined;
  const operand = compileExpression(like.operand, layout, context);
  const { negated } = like;
  const { fold } = like.collation;
  const plain = matcherOf(
    fold === undefined ? like.shape : ({ ...like.shape, text: fold(like.shape.text) } as LikeShape),
  );
  const test = fold === undefined ? plain : (value: string): boolean => plain(fold(value));
  return (row, execution) => {
    const value = operand(row, execution);
    return value === null ? null : test(value as string) !== negated;
  };
}

function matcherOf(shape: LikeShape): (value: string) => boolean {
  const { text } = shape;
  switch (shape.kind) {
    case 'equal':
      return (value) => value === text;
    case 'prefix':
      return (value) => value.startsWith(text);
    case 'suffix':
      return (value) => value.endsWith(text);
    case 'contains':
      return (value) => value.includes(text);
    default:
      return () => true;
  }
}
