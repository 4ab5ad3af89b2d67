/**
 * Conversions: of unknown literals and parameters to what their context wants, implicit and assignment
 * casts, and the common type of several expressions.
 */
import { TEXT, type SqlType } from '../../sblr/contract/types.ts';
import type { BoundExpression } from './bound.ts';
import { resultCollation } from './collations.ts';
import type { Binder } from './context.ts';
import { fail } from './errors.ts';
import { coerceLeniently, coerceToColumn, convertsLeniently, isLenient, truth } from './lenient-coerce.ts';
import { commonLenientType } from './lenient-types.ts';
import { constant, foldCast, readLiteral } from './literal.ts';
import {
  baseType,
  canCast,
  categoryOf,
  hasModifiers,
  isDomain,
  isPreferred,
  sameIdentity,
  sameType,
  typeIdentity,
  typeName,
  withoutModifiers,
  type CastContext,
} from './type-facts.ts';

export { constant };

export function nullOf(type: SqlType): BoundExpression {
  return { kind: 'constant', value: null, type };
}

/** Converts `expression` to `target`, or answers undefined where no cast exists in this context. */
export function coerce(
  binder: Binder,
  expression: BoundExpression,
  target: SqlType,
  context: CastContext | 'try',
  pos: number | undefined,
): BoundExpression | undefined {
  const { type } = expression;
  if (target.kind === 'unknown' || type === target) return expression;
  if (type.kind === 'unknown') return coerceUnknown(binder, expression, target, context, pos);
  // Array types of one element type differ in how they are written only.
  if (context === 'explicit' && type.kind === 'array' && sameType(type, target) && type.declared !== target.declared)
    return { kind: 'cast', operand: expression, type: target, context, pos };
  const renamed =
    context === 'explicit' && isLenient(binder) && target.declared !== undefined && type.declared !== target.declared;
  if (!renamed && sameType(type, target)) return expression;
  if (isDomain(target)) {
    if (type.typeId === target.typeId && context === 'implicit') return expression;
    const { typeId, ...base } = target;
    const inner = coerce(binder, expression, base, context, pos);
    return inner === undefined
      ? undefined
      : { kind: 'cast', operand: inner, type: target, context, pos, domainId: typeId };
  }
  if (isLenient(binder) && convertsLeniently(type, target))
    return coerceLeniently(binder, expression, target, context, pos);
  if (sameIdentity(type, target)) return adjust(binder, expression, target, context, pos);
  if (context === 'implicit' || context === 'assignment') {
    // Between unlimited strings nothing changes but the name.
    if (
      type.kind === 'text' &&
      target.kind === 'text' &&
      !hasModifiers(target) &&
      type.fixed !== true &&
      isPlainText(type) &&
      isPlainText(target)
    )
      return expression;
  }
  // Where coercion is not strict, whatever a cast converts is converted by itself.
  const rule: CastContext = context === 'try' || binder.semantics.coercion !== 'strict' ? 'explicit' : context;
  if (expression.kind === 'row' && type.typeId === undefined && target.kind === 'record' && target.fields !== undefined)
    return coerceRow(binder, expression, target, rule, pos);
  if (!canCast(type, target, rule)) return undefined;
  if (expression.kind === 'array' && target.kind === 'array') {
    const items = coerceItems(
      binder,
      expression.items,
      expression.nested ? target : (target.element as SqlType),
      rule,
      pos,
    );
    if (items !== undefined) return { ...expression, items, type: target };
  }
  if (expression.kind === 'constant' && expression.value === null) return nullOf(target);
  if (expression.kind === 'constant' && binder.fold) {
    const folded = foldCast(expression.value, type, target, context);
    if (folded !== undefined) return constant(folded, target);
  }
  return { kind: 'cast', operand: expression, type: target, context, pos };
}

function isPlainText(type: SqlType): boolean {
  const identity = typeIdentity(type);
  return identity === 'text' || identity === 'varchar';
}

/** Same type, other modifiers: a length or precision to enforce, or none. */
function adjust(
  binder: Binder,
  expression: BoundExpression,
  target: SqlType,
  context: CastContext | 'try',
  pos: number | undefined,
): BoundExpression {
  const { type } = expression;
  if (!needsAdjusting(type, target)) {
    if (context === 'explicit' && (isDomain(type) || hasModifiers(type)) && !hasModifiers(target)) {
      return { kind: 'cast', operand: expression, type: target, context, pos };
    }
    return expression;
  }
  if (context === 'implicit') return expression;
  if (expression.kind === 'constant') {
    if (expression.value === null) return nullOf(target);
    if (
      typeof expression.value === 'string' &&
      target.fixed !== true &&
      target.length !== undefined &&
      expression.value.length <= target.length
    ) {
      return constant(expression.value, target);
    }
  }
  void binder;
  return { kind: 'cast', operand: expression, type: target, context, pos };
}

/** Must elements be looked at? */
function needsConverting(from: SqlType, to: SqlType): boolean {
  return needsAdjusting(from, to) || (isDomain(to) && from.typeId !== to.typeId);
}

function needsAdjusting(from: SqlType, to: SqlType): boolean {
  if (to.kind === 'array' && from.kind === 'array')
    return to.element !== undefined && from.element !== undefined && needsConverting(from.element, to.element);
  if (to.length !== undefined && to.length !== from.length)
    return to.fixed === true || from.length === undefined || from.length > to.length;
  return (
    (to.precision !== undefined && to.precision !== from.precision) ||
    (to.scale !== undefined && to.scale !== from.scale) ||
    (to.intervalFields !== undefined && to.intervalFields !== from.intervalFields)
  );
}

function coerceUnknown(
  binder: Binder,
  expression: BoundExpression,
  target: SqlType,
  context: CastContext | 'try',
  pos: number | undefined,
): BoundExpression | undefined {
  if (expression.kind === 'constant') {
    if (expression.value === null)
      return isDomain(target) ? domainCast(nullOf(withoutDomain(target)), target, context, pos) : nullOf(target);
    const base = withoutDomain(target);
    const read =
      context === 'try'
        ? castNode(constant(expression.value, TEXT), base, 'try', pos)
        : readLiteral(binder, String(expression.value), base, context, pos);
    return isDomain(target) ? domainCast(read, target, context, pos) : read;
  }
  if (expression.kind === 'parameter') {
    // Elements of a domain are looked at as they are converted.
    const { element } = target;
    const wanted = element !== undefined && isDomain(element) ? { ...target, element: baseType(element) } : target;
    const typed = binder.inferParameter(expression.index, baseType(wanted), pos);
    return coerce(binder, typed, target, context, pos);
  }
  return castNode(expression, target, context, pos);
}

function withoutDomain(type: SqlType): SqlType {
  if (!isDomain(type)) return type;
  const { typeId: _typeId, ...rest } = type;
  return rest;
}

function domainCast(
  operand: BoundExpression,
  target: SqlType,
  context: CastContext | 'try',
  pos: number | undefined,
): BoundExpression {
  return { kind: 'cast', operand, type: target, context, pos, domainId: target.typeId };
}

function castNode(
  operand: BoundExpression,
  type: SqlType,
  context: CastContext | 'try',
  pos: number | undefined,
): BoundExpression {
  return { kind: 'cast', operand, type, context, pos };
}

function coerceRow(
  binder: Binder,
  row: BoundExpression & { kind: 'row' },
  target: SqlType,
  context: CastContext,
  pos: number | undefined,
): BoundExpression | undefined {
  const fields = target.fields ?? [];
  if (fields.length !== row.items.length) {
    fail('cannot_coerce', `cannot cast type record to ${typeName(target)}`, pos, {
      detail: row.items.length < fields.length ? 'Input has too few columns.' : 'Input has too many columns.',
    });
  }
  const items: BoundExpression[] = [];
  for (let i = 0; i < fields.length; i++) {
    const item = coerce(binder, row.items[i] as BoundExpression, (fields[i] as { type: SqlType }).type, context, pos);
    if (item === undefined) return undefined;
    items.push(item);
  }
  return { kind: 'row', items, type: target };
}

function coerceItems(
  binder: Binder,
  items: readonly BoundExpression[],
  target: SqlType,
  context: CastContext,
  pos: number | undefined,
): BoundExpression[] | undefined {
  const result: BoundExpression[] = [];
  for (const item of items) {
    const converted = coerce(binder, item, target, context, pos);
    if (converted === undefined) return undefined;
    result.push(converted);
  }
  return result;
}

/** Converts or raises cannot_coerce, for CAST. */
export function castTo(
  binder: Binder,
  expression: BoundExpression,
  target: SqlType,
  mode: 'explicit' | 'try',
  pos: number | undefined,
): BoundExpression {
  const result = coerce(binder, expression, target, mode, pos);
  if (result !== undefined) {
    // A cast that changes nothing but the modifiers still names the type of the result.
    return result.type === target || sameType(result.type, target)
      ? result
      : { kind: 'cast', operand: result, type: target, context: mode, pos };
  }
  return fail('cannot_coerce', `cannot cast type ${typeName(expression.type)} to ${typeName(target)}`, pos);
}

/** Converts implicitly or raises datatype_mismatch in the words of `what`. */
export function coerceTo(
  binder: Binder,
  expression: BoundExpression,
  target: SqlType,
  what: string,
  pos: number | undefined,
): BoundExpression {
  const result = coerce(binder, expression, target, 'implicit', pos);
  if (result === undefined)
    fail('cannot_coerce', `${what} could not convert type ${typeName(expression.type)} to ${typeName(target)}`, pos);
  return result;
}

/** A condition. */
export function coerceToBoolean(
  binder: Binder,
  expression: BoundExpression,
  what: string,
  pos: number | undefined,
): BoundExpression {
  if (expression.type.kind === 'bool') return expression;
  const lenient = isLenient(binder) ? truth(binder, expression, pos) : undefined;
  if (lenient !== undefined) return lenient;
  const result = coerce(
    binder,
    expression,
    { kind: 'bool' },
    binder.semantics.coercion === 'strict' ? 'implicit' : 'explicit',
    pos,
  );
  if (result === undefined || result.type.kind !== 'bool') {
    fail('datatype_mismatch', `argument of ${what} must be type boolean, not type ${typeName(expression.type)}`, pos);
  }
  return result;
}

/** Unknown becomes text, as where nothing else says what it is. */
export function resolveUnknown(binder: Binder, expression: BoundExpression, pos: number | undefined): BoundExpression {
  if (expression.type.kind !== 'unknown') return expression;
  return coerce(binder, expression, TEXT, 'implicit', pos) ?? expression;
}

/** Value for a column in INSERT or UPDATE. */
export function coerceForAssignment(
  binder: Binder,
  expression: BoundExpression,
  type: SqlType,
  columnName: string,
  pos: number | undefined,
  firstRow = 1,
): BoundExpression {
  const result =
    isLenient(binder) && convertsLeniently(expression.type, type)
      ? coerceToColumn(binder, expression, type, columnName, pos, firstRow)
      : coerce(binder, expression, type, 'assignment', pos);
  if (result === undefined) {
    fail(
      'datatype_mismatch',
      `column "${columnName}" is of type ${typeName(type)} but expression is of type ${typeName(expression.type)}`,
      pos,
      {
        hint: 'You will need to rewrite or cast the expression.',
      },
    );
  }
  return result;
}

/**
 * The type several expressions have in common: the first known type, replaced by a later one that it
 * converts to implicitly but not back. `what` names the construct in the error.
 */
export function commonType(
  binder: Binder,
  types: readonly SqlType[],
  what: string,
  positions: readonly (number | undefined)[],
): SqlType {
  let chosen: SqlType | undefined;
  let same = true;
  for (let i = 0; i < types.length; i++) {
    const type = types[i] as SqlType;
    if (type.kind === 'unknown') {
      // A literal brings no modifiers, and is not cut to those of the others.
      if (binder.semantics.coercion === 'strict') same = false;
      continue;
    }
    if (chosen === undefined) {
      chosen = type;
      continue;
    }
    if (sameType(chosen, type)) continue;
    if (isLenient(binder) && convertsLeniently(chosen, type)) {
      chosen = commonLenientType(chosen, type);
      continue;
    }
    same = false;
    if (sameIdentity(chosen, type)) continue;
    if (categoryOf(chosen) !== categoryOf(type)) {
      if (binder.semantics.coercion !== 'strict') {
        chosen = TEXT;
        continue;
      }
      fail(
        'datatype_mismatch',
        `${what} types ${typeName(chosen)} and ${typeName(type)} cannot be matched`,
        positions[i],
      );
    }
    if (
      !isPreferred(chosen) &&
      canCast(baseType(chosen), baseType(type), 'implicit') &&
      !canCast(baseType(type), baseType(chosen), 'implicit')
    )
      chosen = type;
  }
  if (chosen === undefined) return TEXT;
  return same ? (isDomain(chosen) ? baseType(chosen) : chosen) : withoutModifiers(baseType(chosen));
}

/** Brings expressions to their common type. */
export function unify(
  binder: Binder,
  expressions: readonly BoundExpression[],
  what: string,
  positions: readonly (number | undefined)[],
): { type: SqlType; items: BoundExpression[] } {
  const type = commonType(
    binder,
    expressions.map((item) => item.type),
    what,
    positions,
  );
  const collation = type.kind === 'text' ? resultCollation(binder, expressions) : undefined;
  const own = collation === undefined ? type : { ...type, collation };
  return { type: own, items: expressions.map((item, i) => coerceTo(binder, item, own, what, positions[i])) };
}
