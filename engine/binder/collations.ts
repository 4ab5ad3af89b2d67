/**
 * By which collation text is compared: each expression derives one, with a strength (written for it, that of a column, of a
 * constant), and where several meet the strongest wins. Only where a dialect gives text a collation by default; elsewhere
 * text without one compares by code points.
 */
import type { SqlType } from '../../sblr/contract/types.ts';
import { characterSetOf, isUnicodeSet } from '../types/collation/named.ts';
import type { BoundExpression } from './bound.ts';
import type { Binder } from './context.ts';
import { fail } from './errors.ts';

/** The lower the number the stronger (COERCIBILITY). */
const EXPLICIT = 0;
const NONE = 1;
const IMPLICIT = 2;
const SYSTEM_CONSTANT = 3;
const COERCIBLE = 4;
const NUMERIC = 5;
const IGNORABLE = 6;

const STRENGTH_NAMES = ['EXPLICIT', 'NONE', 'IMPLICIT', 'SYSCONST', 'COERCIBLE', 'NUMERIC', 'IGNORABLE'] as const;

const CODE_POINTS = 'binary';

interface Derived {
  readonly collation: string;
  readonly strength: number;
}

export function hasDefaultCollation(binder: Binder): boolean {
  return binder.semantics.defaultCollation !== CODE_POINTS;
}

function isText(type: SqlType): boolean {
  return type.kind === 'text' || type.kind === 'enum' || type.kind === 'set';
}

/** The expression; where it is computed text, with a collation that its type says. */
export function withDefaultCollation(binder: Binder, expression: BoundExpression): BoundExpression {
  const { kind, type } = expression;
  if (type.kind !== 'text' || type.collation !== undefined || kind === 'column' || !hasDefaultCollation(binder))
    return expression;
  return { ...expression, type: { ...type, collation: binder.semantics.literalCollation } };
}

/** How strongly an expression holds to its collation. */
export function collationStrength(binder: Binder, expression: BoundExpression): number {
  return derive(binder, expression).strength;
}

function derive(binder: Binder, expression: BoundExpression): Derived {
  const { type, kind } = expression;
  const fallback = kind === 'column' ? CODE_POINTS : binder.semantics.literalCollation;
  const collation = type.kind === 'bytes' ? CODE_POINTS : (type.collation ?? fallback);
  if ('collated' in expression && expression.collated === true) return { collation, strength: EXPLICIT };
  const worded = isText(type) || type.kind === 'bytes';
  if (kind === 'constant')
    return { collation, strength: expression.value === null ? IGNORABLE : worded ? COERCIBLE : NUMERIC };
  if (!worded) return { collation, strength: NUMERIC };
  return deriveText(binder, expression, collation);
}

function deriveText(binder: Binder, expression: BoundExpression, collation: string): Derived {
  switch (expression.kind) {
    case 'parameter':
      return { collation, strength: COERCIBLE };
    case 'variable': {
      const given = expression.scope === 'setting' || expression.scope === 'global';
      return { collation, strength: given ? SYSTEM_CONSTANT : IMPLICIT };
    }
    case 'cast': {
      if (expression.context === 'explicit') return { collation, strength: IMPLICIT };
      return { collation, strength: Math.min(COERCIBLE, derive(binder, expression.operand).strength) };
    }
    case 'let':
      return derive(binder, expression.body);
    case 'call':
      if (expression.arguments.length === 0) return { collation, strength: SYSTEM_CONSTANT };
      return together(binder, expression.arguments, collation);
    case 'case': {
      const results = expression.whens.map(({ result }) => result);
      return together(
        binder,
        expression.otherwise === undefined ? results : [...results, expression.otherwise],
        collation,
      );
    }
    case 'coalesce':
    case 'extremum':
      return together(binder, expression.operands, collation);
    default:
      return { collation, strength: IMPLICIT };
  }
}

/** Text made of parts; `collation` where none of them is text. Parts that do not meet leave it with none. */
function together(binder: Binder, parts: readonly BoundExpression[], collation: string): Derived {
  let merged: Derived | undefined;
  for (const part of parts) {
    if (!isText(part.type)) continue;
    const next = derive(binder, part);
    if (next.strength >= NUMERIC) continue;
    merged =
      merged === undefined
        ? next
        : (merge(merged, next) ?? { collation: `${characterSetOf(merged.collation)}_bin`, strength: NONE });
  }
  return merged ?? { collation, strength: COERCIBLE };
}

/**
 * The collation in which the expressions meet; undefined where none of them is text. `operation`: how messages name what brings them together.
 */
export function mergedCollation(
  binder: Binder,
  expressions: readonly BoundExpression[],
  operation: string,
  pos: number | undefined,
): string | undefined {
  let merged: Derived | undefined;
  for (const expression of expressions) {
    if (!isText(expression.type)) continue;
    const next = derive(binder, expression);
    if (next.strength >= NUMERIC) continue;
    if (merged === undefined) {
      merged = next;
      continue;
    }
    const found = merge(merged, next);
    if (found === undefined) refuse(binder, merged, next, expressions, operation, pos);
    merged = found;
  }
  return merged?.collation;
}

function merge(a: Derived, b: Derived): Derived | undefined {
  if (a.strength === NONE || b.strength === NONE)
    return a.strength === EXPLICIT ? a : b.strength === EXPLICIT ? b : undefined;
  if (a.strength !== b.strength) return a.strength < b.strength ? a : b;
  if (a.collation === b.collation || a.collation === CODE_POINTS) return a;
  if (b.collation === CODE_POINTS) return b;
  if (a.strength === EXPLICIT) return undefined;
  const x = characterSetOf(a.collation);
  const y = characterSetOf(b.collation);
  // Text of a smaller set can be had in a larger one.
  if (x !== y) {
    if (isUnicodeSet(x) && (!isUnicodeSet(y) || x === 'utf8mb4')) return a;
    return isUnicodeSet(y) ? b : undefined;
  }
  if (a.collation.endsWith('_bin')) return a;
  return b.collation.endsWith('_bin') ? b : undefined;
}

function refuse(
  binder: Binder,
  a: Derived,
  b: Derived,
  expressions: readonly BoundExpression[],
  operation: string,
  pos: number | undefined,
): never {
  const texts = expressions.filter(({ type }) => isText(type));
  const shown = (one: Derived): string => `(${one.collation},${STRENGTH_NAMES[one.strength] ?? ''})`;
  const list =
    texts.length > 3
      ? ''
      : texts.length === 3
        ? texts.map((text) => shown(derive(binder, text))).join(', ')
        : `${shown(a)} and ${shown(b)}`;
  return fail('collation_mismatch', `illegal mix of collations ${list} for operation '${operation}'`, pos, {
    variant: texts.length > 3 ? 'many' : texts.length === 3 ? 'three' : 'two',
    args: { list, operation },
  });
}

/** The collation of text that is made of the parts: that of the first of two that do not meet. */
export function resultCollation(binder: Binder, parts: readonly BoundExpression[]): string | undefined {
  if (!hasDefaultCollation(binder) || !parts.some(({ type }) => isText(type))) return undefined;
  return together(binder, parts, binder.semantics.literalCollation).collation;
}

/** `type` (text) with the collation in which the expressions meet. */
export function collatedAs(
  binder: Binder,
  type: SqlType,
  expressions: readonly BoundExpression[],
  operation: string,
  pos: number | undefined,
): SqlType {
  if (type.kind !== 'text') return type;
  if (!hasDefaultCollation(binder))
    return withCollation(type, writtenCollation(expressions) ?? type.collation ?? givenCollation(expressions));
  const collation = mergedCollation(binder, expressions, operation, pos);
  return collation === type.collation ? type : withCollation(type, collation);
}

/** The collation that COLLATE gives one of the expressions. */
function writtenCollation(expressions: readonly BoundExpression[]): string | undefined {
  return expressions.find((one) => 'collated' in one && one.collated === true)?.type.collation;
}

/** The collation that a column has or that was written; types that ignore case by themselves have their own comparisons. */
function givenCollation(expressions: readonly BoundExpression[]): string | undefined {
  return expressions.find(
    ({ type }) => type.kind === 'text' && type.collation !== undefined && type.declared === undefined,
  )?.type.collation;
}

function withCollation(type: SqlType, collation: string | undefined): SqlType {
  if (collation !== undefined) return { ...type, collation };
  const { collation: _none, ...rest } = type;
  return rest;
}

/** Functions and operators that compare their arguments; others only make text of them. */
const COMPARING: ReadonlySet<string> = new Set([
  'like',
  'not_like',
  'position_of',
  'index_in_list',
  'index_in_set',
  'order_of',
  'replace',
  'pattern_matches',
  'pattern_part',
  'pattern_position',
  'pattern_replace',
]);

/** Arguments of one call; where it compares them, all text among them with the collation in which it meets. */
export function argumentsCollated(
  binder: Binder,
  given: readonly BoundExpression[],
  operation: string,
  pos: number | undefined,
): readonly BoundExpression[] {
  if (!hasDefaultCollation(binder) || !COMPARING.has(operation)) return given;
  const texts = given.filter(({ type }) => type.kind === 'text');
  if (texts.length === 0) return given;
  const collation = mergedCollation(binder, texts, operation, pos);
  if (collation === undefined || texts.every(({ type }) => type.collation === collation)) return given;
  return given.map((one) =>
    one.type.kind === 'text' && one.type.collation !== collation ? { ...one, type: { ...one.type, collation } } : one,
  );
}

/** Columns of two queries that become one: text that has the collation of all text yields to that of the other. */
export function collationOfBoth(
  binder: Binder,
  type: SqlType,
  left: SqlType,
  right: SqlType,
  operation: string,
  pos: number | undefined,
): SqlType {
  if (!hasDefaultCollation(binder)) return type;
  const column = (one: SqlType): BoundExpression => {
    const byDefault = !isText(one) || one.collation === binder.semantics.literalCollation;
    return byDefault ? { kind: 'constant', value: '', type: one } : { kind: 'column', id: 0, type: one };
  };
  return collatedAs(binder, type, [column(left), column(right)], operation, pos);
}
