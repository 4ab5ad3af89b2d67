/**
 * Comparisons: the type two operands are compared in, row comparison, IN lists.
 */
import { BOOL, DECIMAL, FLOAT64, INT64, TEXT, type SqlType } from '../../sblr/contract/types.ts';
import { OPERATORS } from '../../sblr/operators.ts';
import type { BoundExpression, ComparisonOperator } from './bound.ts';
import { coerce } from './coerce.ts';
import { collatedAs } from './collations.ts';
import type { Binder } from './context.ts';
import { fail } from './errors.ts';
import { bindOnce } from './expression-tools.ts';
import { isLenient } from './lenient-coerce.ts';
import { adaptOperands, dateComparisonType, impliedComparison, lenientComparisonType } from './lenient-comparison.ts';
import {
  baseType,
  canCast,
  categoryOf,
  isDomain,
  NUMERIC_LADDER,
  sameIdentity,
  typeIdentity,
  typeName,
} from './type-facts.ts';

export const COMPARISONS: ReadonlySet<string> = new Set<ComparisonOperator>([
  'equal',
  'not_equal',
  'less',
  'less_equal',
  'greater',
  'greater_equal',
]);

/** Kinds whose values compare without conversion to each other: all integers. */
const INTEGERS: ReadonlySet<string> = new Set(['int8', 'int16', 'int24', 'int32', 'int64', 'year', 'oid', 'reference']);

const NOT_COMPARABLE: ReadonlySet<string> = new Set(['json', 'xml', 'point', 'line', 'void']);

/** The type in which values of two types are compared, or undefined if they are not comparable. */
export function comparisonType(binder: Binder, left: SqlType, right: SqlType): SqlType | undefined {
  if (left.kind === 'unknown') return right.kind === 'unknown' ? TEXT : comparable(baseType(right));
  if (right.kind === 'unknown') return comparable(baseType(left));
  if (left === right && !isDomain(left)) return comparable(left);
  const a = baseType(left);
  const b = baseType(right);
  if (sameIdentity(a, b)) return comparable(a);
  const low = NUMERIC_LADDER[typeIdentity(a)];
  const high = NUMERIC_LADDER[typeIdentity(b)];
  if (low !== undefined && high !== undefined) {
    // A real is compared with an exact number as double precision.
    if ((a.kind === 'float32') !== (b.kind === 'float32')) return { kind: 'float64' };
    return low > high ? a : b;
  }
  if (INTEGERS.has(a.kind) && INTEGERS.has(b.kind) && categoryOf(a) === 'numeric' && categoryOf(b) === 'numeric')
    return INT64;
  const special = comparableAcross(a, b) ?? comparableAcross(b, a);
  if (special !== undefined) return special;
  if (a.kind === 'array' && b.kind === 'array') {
    const element =
      a.element !== undefined && b.element !== undefined && isString(a.element) && isString(b.element)
        ? TEXT
        : undefined;
    return element === undefined ? undefined : { kind: 'array', element };
  }
  if (a.kind === 'record' && b.kind === 'record') return a;
  return binder.semantics.coercion === 'strict' ? undefined : relaxedComparison(binder, a, b);
}

/** Comparison between types of different categories, where a dialect coerces freely. */
function relaxedComparison(binder: Binder, a: SqlType, b: SqlType): SqlType | undefined {
  if (binder.semantics.coercion === 'precedence')
    return canCast(a, b, 'explicit') && categoryOf(a) === 'string' ? b : a;
  return lenientComparisonType(a, b);
}

function comparable(type: SqlType): SqlType | undefined {
  return NOT_COMPARABLE.has(type.kind) || (type.kind === 'text' && NOT_COMPARABLE.has(typeIdentity(type)))
    ? undefined
    : plainText(type);
}

/** Unlimited strings of any name compare as text. */
function plainText(type: SqlType): SqlType {
  return type.kind === 'text' && typeIdentity(type) === 'varchar' ? TEXT : type;
}

function isString(type: SqlType): boolean {
  return categoryOf(type) === 'string';
}

function comparableAcross(a: SqlType, b: SqlType): SqlType | undefined {
  if (isString(a) && isString(b)) return TEXT;
  if (typeIdentity(a) === '"char"' && isString(b)) return TEXT;
  switch (a.kind) {
    case 'date':
      return b.kind === 'timestamp' || b.kind === 'timestamptz' ? b : undefined;
    case 'timestamp':
      return b.kind === 'timestamptz' ? b : undefined;
    case 'time':
      return b.kind === 'timetz' || b.kind === 'interval' ? b : undefined;
    case 'bits':
      return b.kind === 'bits' ? { kind: 'bits' } : undefined;
    case 'text':
      return typeIdentity(a) === 'inet' && typeIdentity(b) === 'cidr' ? a : undefined;
    case 'oid':
      return typeIdentity(a) === 'xid' && b.kind === 'int32' ? INT64 : undefined;
    default:
      return undefined;
  }
}

/** An operand converted for comparison; integers of any width compare as they are. */
export function comparisonOperand(
  binder: Binder,
  operand: BoundExpression,
  type: SqlType,
  pos: number | undefined,
): BoundExpression {
  const from = operand.type;
  if (from.kind === 'unknown') return compared(coerce(binder, operand, type, 'implicit', pos) ?? operand);
  if (INTEGERS.has(from.kind) && INTEGERS.has(type.kind)) return operand;
  if ((from.kind === 'float32' || from.kind === 'float64') && type.kind === 'float64') return operand;
  if (sameIdentity(from, type)) return operand;
  if (from.kind === 'text' && type.kind === 'text' && from.fixed !== true && type.fixed !== true) return operand;
  const strict = binder.semantics.coercion === 'strict';
  const converted = coerce(binder, operand, type, strict ? 'implicit' : 'explicit', pos);
  return compared(converted ?? { kind: 'cast', operand, type, context: 'implicit', pos });
}

function compared(operand: BoundExpression): BoundExpression {
  return operand.kind === 'cast' && operand.context === 'lenient' ? { ...operand, compared: true } : operand;
}

function noOperator(operator: string, left: SqlType, right: SqlType, pos: number | undefined): never {
  const symbol = OPERATORS[operator as keyof typeof OPERATORS] ?? operator;
  return fail('undefined_function', `operator does not exist: ${typeName(left)} ${symbol} ${typeName(right)}`, pos, {
    hint: 'No operator matches the given name and argument types. You might need to add explicit type casts.',
    variant: 'operator',
  });
}

function shownOperator(operator: ComparisonOperator): string {
  return OPERATORS[operator as keyof typeof OPERATORS] ?? operator;
}

function dateComparison(type: SqlType, left: BoundExpression, right: BoundExpression): SqlType {
  const first = dateComparisonType(type, left);
  return first.kind === 'date' ? dateComparisonType(type, right) : first;
}

/** left operator right, row by row where both are rows. */
export function compare(
  binder: Binder,
  operator: ComparisonOperator,
  givenLeft: BoundExpression,
  givenRight: BoundExpression,
  pos: number | undefined,
  leftPos = pos,
  rightPos = pos,
): BoundExpression {
  const lenient = isLenient(binder);
  const [left, right] = lenient ? adaptOperands(binder, givenLeft, givenRight) : [givenLeft, givenRight];
  if (left.kind === 'row' && right.kind === 'row') return compareRows(binder, operator, left.items, right.items, pos);
  if (left.kind === 'row' && right.type.kind === 'record' && right.type.fields !== undefined) {
    return bindOnce(
      () => binder.newId(),
      right,
      (use) => compareRows(binder, operator, left.items, fieldsOf(use), pos),
    );
  }
  if (right.kind === 'row' && left.type.kind === 'record' && left.type.fields !== undefined) {
    return bindOnce(
      () => binder.newId(),
      left,
      (use) => compareRows(binder, operator, fieldsOf(use), right.items, pos),
    );
  }
  const found = comparisonType(binder, left.type, right.type) ?? noOperator(operator, left.type, right.type, pos);
  const dated = lenient && found.kind === 'date' ? dateComparison(found, left, right) : found;
  const type = collatedAs(binder, dated, [left, right], shownOperator(operator), pos);
  if (type.kind === 'jsonb' || !NOT_COMPARABLE.has(type.kind)) {
    const exact: BoundExpression = {
      kind: 'compare',
      operator,
      left: comparisonOperand(binder, left, type, leftPos),
      right: comparisonOperand(binder, right, type, rightPos),
      operandType: type,
      type: BOOL,
      pos,
    };
    const implied = lenient ? impliedComparison(binder, operator, left, right) : undefined;
    return implied === undefined ? exact : { kind: 'and', operands: [implied, exact], type: BOOL };
  }
  return noOperator(operator, left.type, right.type, pos);
}

export function fieldsOf(record: BoundExpression): BoundExpression[] {
  return (record.type.fields ?? []).map(
    (field, index) => ({ kind: 'field', operand: record, index, type: field.type }) as const,
  );
}

/** Row comparison: all equal, some not equal, or lexicographic order. */
export function compareRows(
  binder: Binder,
  operator: ComparisonOperator,
  left: readonly BoundExpression[],
  right: readonly BoundExpression[],
  pos: number | undefined,
): BoundExpression {
  if (left.length !== right.length) fail('syntax_error', 'unequal number of entries in row expressions', pos);
  if (left.length === 0) fail('feature_not_supported', 'cannot compare rows of zero length', pos);
  const one = (by: ComparisonOperator, i: number): BoundExpression =>
    compare(binder, by, left[i] as BoundExpression, right[i] as BoundExpression, pos);
  if (left.length === 1) return one(operator, 0);
  if (operator === 'equal' || operator === 'not_equal') {
    const operands = left.map((_item, i) => one(operator, i));
    return { kind: operator === 'equal' ? 'and' : 'or', operands, type: BOOL };
  }
  const strict: ComparisonOperator = operator === 'less' || operator === 'less_equal' ? 'less' : 'greater';
  let result = one(operator, left.length - 1);
  for (let i = left.length - 2; i >= 0; i--) {
    const tail: BoundExpression = { kind: 'and', operands: [one('equal', i), result], type: BOOL };
    result = { kind: 'or', operands: [one(strict, i), tail], type: BOOL };
  }
  // Implied by the rest, and what an index range can be made of.
  return { kind: 'and', operands: [one(strict === 'less' ? 'less_equal' : 'greater_equal', 0), result], type: BOOL };
}

/** IS [NOT] DISTINCT FROM. */
export function distinctFrom(
  binder: Binder,
  givenLeft: BoundExpression,
  givenRight: BoundExpression,
  negated: boolean,
  pos: number | undefined,
): BoundExpression {
  const [left, right] = isLenient(binder) ? adaptOperands(binder, givenLeft, givenRight) : [givenLeft, givenRight];
  if (left.kind === 'row' && right.kind === 'row') {
    if (left.items.length !== right.items.length)
      fail('syntax_error', 'unequal number of entries in row expressions', pos);
    const operands = left.items.map((item, i) =>
      distinctFrom(binder, item, right.items[i] as BoundExpression, negated, pos),
    );
    return { kind: negated ? 'and' : 'or', operands, type: BOOL };
  }
  const found = comparisonType(binder, left.type, right.type) ?? noOperator('equal', left.type, right.type, pos);
  const type = collatedAs(binder, found, [left, right], '<=>', pos);
  return {
    kind: 'is_distinct',
    left: comparisonOperand(binder, left, type, pos),
    right: comparisonOperand(binder, right, type, pos),
    negated,
    operandType: type,
    type: BOOL,
  };
}

/** Are both items compared with the operand in one type? */
function comparesAlike(binder: Binder, operand: SqlType, first: SqlType | undefined, item: SqlType): boolean {
  if (first === undefined || item.kind === 'unknown' || first.kind === 'unknown') return true;
  const a = comparisonType(binder, operand, first);
  const b = comparisonType(binder, operand, item);
  return a !== undefined && b !== undefined && sameIdentity(a, b);
}

/** operand [NOT] IN (items). */
export function inList(
  binder: Binder,
  operand: BoundExpression,
  given: readonly BoundExpression[],
  negated: boolean,
  pos: number | undefined,
  positions: readonly (number | undefined)[],
): BoundExpression {
  const lenient = isLenient(binder);
  const items = lenient ? given.map((item) => adaptOperands(binder, operand, item)[1]) : given;
  // Where everything converts, items of one kind share a type and each of the others is compared by itself.
  const mixed = lenient && items.some((item) => !comparesAlike(binder, operand.type, items[0]?.type, item.type));
  if (!mixed && operand.kind !== 'row' && operand.type.kind !== 'record') {
    let type: SqlType | undefined = operand.type;
    for (const item of items) {
      if (type === undefined) break;
      type = item.type.kind === 'unknown' && type.kind === 'unknown' ? type : comparisonType(binder, type, item.type);
    }
    if (type?.kind === 'unknown') type = TEXT;
    if (type !== undefined && items.length > 1) {
      const operandType = collatedAs(binder, type, [operand, ...items], ' IN ', pos);
      return {
        kind: 'in_list',
        operand: comparisonOperand(binder, operand, operandType, pos),
        items: items.map((item, i) => comparisonOperand(binder, item, operandType, positions[i] ?? pos)),
        negated,
        operandType,
        type: BOOL,
      };
    }
  }
  const build = (use: BoundExpression): BoundExpression => {
    const tests = items.map((item, i) =>
      compare(binder, negated ? 'not_equal' : 'equal', use, item, pos, pos, positions[i] ?? pos),
    );
    return tests.length === 1
      ? (tests[0] as BoundExpression)
      : { kind: negated ? 'and' : 'or', operands: tests, type: BOOL };
  };
  return items.length === 1 || operand.kind === 'row' ? build(operand) : bindOnce(() => binder.newId(), operand, build);
}

/** A number that is compared with one of a wider kind is what it is compared as, where operands are coerced strictly. */
export function comparedNumber(binder: Binder, left: BoundExpression, { kind }: SqlType): BoundExpression {
  const widens = /^int\d/.test(left.type.kind)
    ? kind === 'decimal' || kind.startsWith('float')
    : left.type.kind === 'decimal' && kind.startsWith('float');
  if (!widens || binder.semantics.coercion !== 'strict') return left;
  return coerce(binder, left, kind === 'decimal' ? DECIMAL : FLOAT64, 'implicit', undefined) ?? left;
}

/** The check where a value must be groupable. */
export function requireComparable(binder: Binder, expression: BoundExpression, pos: number | undefined): void {
  if (comparisonType(binder, expression.type, expression.type) === undefined) {
    fail('undefined_function', `could not identify an equality operator for type ${typeName(expression.type)}`, pos);
  }
}
