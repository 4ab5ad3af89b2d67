/**
 * What two values of different kinds are compared as, where any two compare: numbers in text as doubles, text beside a date or
 * time as that, booleans as 0 and 1. A constant is brought to the other's type where that says the same, so that indexes serve;
 * where a value is only known later, a weaker comparison that an index can serve is added.
 */
import { BYTES, JSONB, TEXT, type SqlType } from '../../sblr/contract/types.ts';
import { functionsNamed } from '../functions/registry.ts';
import { lenientOperator } from '../functions/lenient-arithmetic.ts';
import { readInstant } from '../types/lenient-date-time.ts';
import type { BoundExpression, ComparisonOperator } from './bound.ts';
import type { Binder } from './context.ts';
import { coerceLeniently, numericConstant, withoutRounding } from './lenient-coerce.ts';
import { DOUBLE, isInstant, isInteger, isNumber, WIDE } from './lenient-types.ts';
import { constant } from './literal.ts';

/** The type in which values of two different kinds are compared. */
export function lenientComparisonType(a: SqlType, b: SqlType): SqlType | undefined {
  if (a.kind === 'jsonb' || b.kind === 'jsonb') return JSONB;
  if (isInstant(a) || isInstant(b)) return instantType(a, b);
  if (a.kind === 'bytes' && b.kind === 'bytes') return BYTES;
  if (isBinary(a, b) || isBinary(b, a)) return BYTES;
  if (isLabel(a) && (isLabel(b) || b.kind === 'text')) return TEXT;
  if (isLabel(b) && a.kind === 'text') return TEXT;
  if (isWhole(a) && isWhole(b)) return WIDE;
  if (a.kind === 'decimal' && isWhole(b)) return { kind: 'decimal' };
  if (b.kind === 'decimal' && isWhole(a)) return { kind: 'decimal' };
  return comparesAsNumber(a) && comparesAsNumber(b) ? DOUBLE : undefined;
}

function isBinary(a: SqlType, b: SqlType): boolean {
  return a.kind === 'bytes' && (b.kind === 'text' || isLabel(b));
}

function isLabel(type: SqlType): boolean {
  return type.kind === 'enum' || type.kind === 'set';
}

function isWhole(type: SqlType): boolean {
  return (
    isInteger(type) ||
    type.kind === 'bool' ||
    type.kind === 'bits' ||
    type.kind === 'year' ||
    (type.kind === 'bytes' && type.declared === 'hex')
  );
}

function comparesAsNumber(type: SqlType): boolean {
  return isNumber(type) || isWhole(type) || type.kind === 'text' || type.kind === 'bytes' || isLabel(type);
}

function instantType(a: SqlType, b: SqlType): SqlType {
  if (!isInstant(a)) return { kind: b.kind };
  if (!isInstant(b)) return { kind: a.kind };
  if (a.kind === 'timestamptz' || b.kind === 'timestamptz') return { kind: 'timestamptz' };
  return a.kind === b.kind ? { kind: a.kind } : { kind: 'timestamp' };
}

/** The operands as they are best compared. */
export function adaptOperands(
  binder: Binder,
  left: BoundExpression,
  right: BoundExpression,
): readonly [BoundExpression, BoundExpression] {
  const a = withoutRounding(left);
  const b = withoutRounding(right);
  return [adapted(binder, a, b), adapted(binder, b, a)];
}

/** A constant as the type of what it is compared with. */
function adapted(binder: Binder, expression: BoundExpression, other: BoundExpression): BoundExpression {
  if (other.type.kind === 'jsonb' && expression.type.kind !== 'jsonb') return asDocument(binder, expression);
  if (expression.kind !== 'constant' || typeof expression.value !== 'string' || expression.type.kind !== 'text')
    return expression;
  const { type } = other;
  if (isInteger(type) || type.kind === 'bool' || type.kind === 'year' || type.kind === 'bits')
    return numericConstant(expression.value) ?? expression;
  if (type.kind === 'enum' && type.labels !== undefined) {
    const wanted = expression.value.toLowerCase();
    const label = type.labels.find((each) => each.toLowerCase() === wanted);
    return label === undefined ? expression : constant(label, type);
  }
  return expression;
}

/** A value compared with a document: text is a string in it, not a document of its own. */
function asDocument(binder: Binder, expression: BoundExpression): BoundExpression {
  const { type } = expression;
  if (type.kind === 'unknown' && expression.kind === 'parameter')
    return asDocument(binder, binder.inferParameter(expression.index, TEXT, undefined));
  const [definition] = functionsNamed('document_value');
  if (definition?.kind !== 'scalar' || type.kind === 'unknown' || type.kind === 'json') return expression;
  return { kind: 'call', function: definition, arguments: [expression], type: JSONB };
}

/** The instant type in which a date is compared with this constant: a time in it counts. */
export function dateComparisonType(type: SqlType, other: BoundExpression): SqlType {
  if (type.kind !== 'date' || isInstant(other.type)) return type;
  if (other.kind !== 'constant') return { kind: 'timestamp' };
  const found = typeof other.value === 'string' ? readInstant(other.value) : undefined;
  return found !== undefined && found.micros !== 0 ? { kind: 'timestamp' } : type;
}

/**
 * A comparison that follows from the exact one and that an index on the bare side can serve: of an integer with a number known
 * later, of a date with an instant known later.
 */
export function impliedComparison(
  binder: Binder,
  operator: ComparisonOperator,
  left: BoundExpression,
  right: BoundExpression,
): BoundExpression | undefined {
  if (right.kind === 'column' && left.kind === 'parameter') return implied(binder, swapped(operator), right, left);
  return left.kind === 'column' && right.kind === 'parameter' ? implied(binder, operator, left, right) : undefined;
}

const SWAPPED: Partial<Record<ComparisonOperator, ComparisonOperator>> = {
  less: 'greater',
  less_equal: 'greater_equal',
  greater: 'less',
  greater_equal: 'less_equal',
};

function swapped(operator: ComparisonOperator): ComparisonOperator {
  return SWAPPED[operator] ?? operator;
}

function implied(
  binder: Binder,
  operator: ComparisonOperator,
  column: BoundExpression,
  value: BoundExpression,
): BoundExpression | undefined {
  if (operator === 'not_equal') return undefined;
  const bool: SqlType = { kind: 'bool' };
  if (isInteger(column.type) && operator === 'equal' && (value.type.kind === 'text' || value.type.kind === 'float64')) {
    const number = value.type.kind === 'text' ? value : coerceLeniently(binder, value, DOUBLE, 'implicit', undefined);
    const definition = lenientOperator('whole_number', false);
    if (number === undefined || definition === undefined) return undefined;
    const whole: BoundExpression = { kind: 'call', function: definition, arguments: [number], type: WIDE };
    return { kind: 'compare', operator, left: column, right: whole, operandType: WIDE, type: bool };
  }
  if (column.type.kind === 'date' && value.type.kind === 'text') {
    const date = coerceLeniently(binder, value, { kind: 'date' }, 'implicit', undefined);
    if (date === undefined) return undefined;
    const wider = operator === 'less' ? 'less_equal' : operator === 'greater' ? 'greater_equal' : operator;
    return { kind: 'compare', operator: wider, left: column, right: date, operandType: column.type, type: bool };
  }
  return undefined;
}
