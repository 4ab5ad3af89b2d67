/**
 * LIKE with a constant pattern made of plain text and % only: whole, prefix, suffix or substring
 * tests instead of the general matcher. Everything else stays with the function's own code.
 */
import type { SqlType } from '../../../sblr/contract/types.ts';
import type { BoundExpression } from '../../binder/bound.ts';
import type { Evaluator } from '../operator.ts';
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
): { operand: BoundExpression; shape: LikeShape; negated: boolean } | undefined {
  if (expression.kind !== 'call' || expression.arguments.length !== 2) return undefined;
  const { name } = expression.function;
  if (name !== 'like' && name !== 'not_like') return undefined;
  const [operand, pattern] = expression.arguments;
  if (pattern.kind !== 'constant' || typeof pattern.value !== 'string') return undefined;
  if (!plainText(operand.type, context) || !plainText(pattern.type, context)) return undefined;
  return { operand, shape: likeShape(pattern.value, context.semantics.likeEscape), negated: name === 'not_like' };
}

function plainText(type: SqlType, context: Pick<CompileContext, 'semantics'>): boolean {
  return type.kind === 'text' && type.fixed !== true && isBinaryText(type, context.semantics);
}

export function compileConstantLike(expression: Call, layout: Layout, context: CompileContext): Evaluator | undefined {
  const like = constantLike(expression, context);
  if (like === undefined || like.shape.kind === 'general') return undefined;
  const operand = compileExpression(like.operand, layout, context);
  const test = matcherOf(like.shape);
  const { negated } = like;
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
