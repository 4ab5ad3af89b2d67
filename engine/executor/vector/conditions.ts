/**
 * Conditions over vectors in three-valued logic: comparisons, IN lists of constants, IS NULL, IS TRUE,
 * boolean columns, AND, OR, NOT. Text and other values with native equality are compared as they are.
 */
import type { Semantics } from '../../../sblr/contract/semantics.ts';
import type { SqlValue } from '../../../sblr/contract/values.ts';
import type { BoundExpression, ComparisonOperator } from '../../binder/bound.ts';
import type { Evaluator } from '../operator.ts';
import { hasNativeEquality } from '../values.ts';
import { planNumber } from './arithmetic.ts';
import { numberForm } from './columns.ts';
import {
  SAFE,
  VECTOR_ROWS,
  type Frame,
  type NumberNode,
  type NumberVector,
  type TruthNode,
  type TruthPlan,
  type VectorScope,
} from './frame.ts';
import { isScalar, scalarValue } from './scalars.ts';

export const FALSE = 0;
export const TRUE = 1;
export const UNKNOWN = 2;

export function planTruth(
  expression: BoundExpression,
  scope: VectorScope,
  semantics: Semantics,
): TruthPlan | undefined {
  switch (expression.kind) {
    case 'column': {
      const slot = scope.layout.get(expression.id);
      if (slot === undefined || expression.type.kind !== 'bool') return undefined;
      return () => new TruthColumn(slot);
    }
    case 'compare':
      return planCompare(expression, scope) ?? planIdentity(expression, scope, semantics);
    case 'in_list':
      return planInList(expression, scope, semantics);
    case 'is_null':
      return planIsNull(expression, scope);
    case 'and':
    case 'or': {
      const operands = expression.operands.map((operand) => planTruth(operand, scope, semantics));
      if (operands.includes(undefined)) return undefined;
      const decisive = expression.kind === 'and' ? FALSE : TRUE;
      return (build) =>
        new Connective(
          (operands as TruthPlan[]).map((operand) => operand(build)),
          decisive,
        );
    }
    case 'not':
    case 'is_truth': {
      const operand = planTruth(expression.operand, scope, semantics);
      if (operand === undefined) return undefined;
      if (expression.kind === 'not') return (build) => new Mapped(operand(build), [TRUE, FALSE, UNKNOWN]);
      const wanted = expression.truth === 'unknown' ? UNKNOWN : expression.truth === 'true' ? TRUE : FALSE;
      const answers = [FALSE, TRUE, UNKNOWN].map((truth) => ((truth === wanted) !== expression.negated ? TRUE : FALSE));
      return (build) => new Mapped(operand(build), answers);
    }
    default:
      return undefined;
  }
}

class TruthColumn implements TruthNode {
  readonly truth = new Uint8Array(VECTOR_ROWS);
  readonly #slot: number;

  constructor(slot: number) {
    this.#slot = slot;
  }

  run(frame: Frame): boolean {
    const { rows, selection, selected } = frame;
    for (let at = 0; at < selected; at++) {
      const value = rows[selection[at]][this.#slot];
      this.truth[selection[at]] = value === null ? UNKNOWN : value === true ? TRUE : FALSE;
    }
    return true;
  }
}

class Connective implements TruthNode {
  readonly truth = new Uint8Array(VECTOR_ROWS);
  readonly #operands: readonly TruthNode[];
  readonly #decisive: number;

  constructor(operands: readonly TruthNode[], decisive: number) {
    this.#operands = operands;
    this.#decisive = decisive;
  }

  run(frame: Frame): boolean {
    const { truth } = this;
    const decisive = this.#decisive;
    truth.fill(1 - decisive);
    const { selection, selected } = frame;
    for (const operand of this.#operands) {
      if (!operand.run(frame)) return false;
      const other = operand.truth;
      for (let at = 0; at < selected; at++) {
        const row = selection[at];
        if (other[row] === decisive) truth[row] = decisive;
        else if (other[row] === UNKNOWN && truth[row] !== decisive) truth[row] = UNKNOWN;
      }
    }
    return true;
  }
}

/** Another truth per truth of the operand. */
class Mapped implements TruthNode {
  readonly truth = new Uint8Array(VECTOR_ROWS);
  readonly #operand: TruthNode;
  readonly #answers: readonly number[];

  constructor(operand: TruthNode, answers: readonly number[]) {
    this.#operand = operand;
    this.#answers = answers;
  }

  run(frame: Frame): boolean {
    if (!this.#operand.run(frame)) return false;
    const { selection, selected } = frame;
    const other = this.#operand.truth;
    for (let at = 0; at < selected; at++) this.truth[selection[at]] = this.#answers[other[selection[at]]];
    return true;
  }
}

// ---- numbers ----------------------------------------------------------------------------------------

function planCompare(expression: BoundExpression & { kind: 'compare' }, scope: VectorScope): TruthPlan | undefined {
  const { operator, operandType } = expression;
  if (expression.left.type.kind !== operandType.kind || expression.right.type.kind !== operandType.kind)
    return undefined;
  const left = planNumber(expression.left, scope);
  const right = planNumber(expression.right, scope);
  if (left === undefined || right === undefined) return undefined;
  return (build) => new Comparison(left(build), right(build), operator);
}

class Comparison implements TruthNode {
  readonly truth = new Uint8Array(VECTOR_ROWS);
  readonly #left: NumberNode;
  readonly #right: NumberNode;
  readonly #operator: ComparisonOperator;

  constructor(left: NumberNode, right: NumberNode, operator: ComparisonOperator) {
    this.#left = left;
    this.#right = right;
    this.#operator = operator;
  }

  run(frame: Frame): boolean {
    if (!this.#left.run(frame) || !this.#right.run(frame)) return false;
    const left = this.#left.vector;
    const right = this.#right.vector;
    if (!comparable(left, right, frame)) return false;
    compareVectors(this.#operator, left, right, this.truth, frame);
    if (left.hasNulls || right.hasNulls) {
      const { selection, selected } = frame;
      for (let at = 0; at < selected; at++) {
        const row = selection[at];
        if ((left.nulls[row] | right.nulls[row]) !== 0) this.truth[row] = UNKNOWN;
      }
    }
    return true;
  }
}

/** NaN has its own place in SQL order, and decimals of two scales need aligning: both go row by row unless exact. */
function comparable(left: NumberVector, right: NumberVector, frame: Frame): boolean {
  const { selection, selected } = frame;
  const scale = Math.max(left.scale, right.scale);
  if (scale - left.scale > 15 || scale - right.scale > 15) return false;
  const x = SAFE / 10 ** (scale - left.scale);
  const y = SAFE / 10 ** (scale - right.scale);
  const aligned = left.scale === right.scale;
  for (let at = 0; at < selected; at++) {
    const a = left.values[selection[at]];
    const b = right.values[selection[at]];
    if (a !== a || b !== b) return false;
    if (!aligned && (Math.abs(a) > x || Math.abs(b) > y)) return false;
  }
  return true;
}

function compareVectors(
  operator: ComparisonOperator,
  left: NumberVector,
  right: NumberVector,
  truth: Uint8Array,
  { selection, selected }: Frame,
): void {
  const scale = Math.max(left.scale, right.scale);
  const x = 10 ** (scale - left.scale);
  const y = 10 ** (scale - right.scale);
  const a = left.values;
  const b = right.values;
  switch (operator) {
    case 'equal':
      for (let at = 0; at < selected; at++)
        truth[selection[at]] = a[selection[at]] * x === b[selection[at]] * y ? TRUE : FALSE;
      return;
    case 'not_equal':
      for (let at = 0; at < selected; at++)
        truth[selection[at]] = a[selection[at]] * x !== b[selection[at]] * y ? TRUE : FALSE;
      return;
    case 'less':
      for (let at = 0; at < selected; at++)
        truth[selection[at]] = a[selection[at]] * x < b[selection[at]] * y ? TRUE : FALSE;
      return;
    case 'less_equal':
      for (let at = 0; at < selected; at++)
        truth[selection[at]] = a[selection[at]] * x <= b[selection[at]] * y ? TRUE : FALSE;
      return;
    case 'greater':
      for (let at = 0; at < selected; at++)
        truth[selection[at]] = a[selection[at]] * x > b[selection[at]] * y ? TRUE : FALSE;
      return;
    case 'greater_equal':
      for (let at = 0; at < selected; at++)
        truth[selection[at]] = a[selection[at]] * x >= b[selection[at]] * y ? TRUE : FALSE;
  }
}

// ---- values as they are -----------------------------------------------------------------------------

/** column = / <> value, for types whose equality is identity. */
function planIdentity(
  expression: BoundExpression & { kind: 'compare' },
  scope: VectorScope,
  semantics: Semantics,
): TruthPlan | undefined {
  if (expression.operator !== 'equal' && expression.operator !== 'not_equal') return undefined;
  if (
    !hasNativeEquality(expression.operandType, semantics) ||
    expression.left.kind !== 'column' ||
    !isScalar(expression.right)
  )
    return undefined;
  const slot = scope.layout.get(expression.left.id);
  if (slot === undefined) return undefined;
  const evaluate = scope.compile(expression.right);
  const wanted = expression.operator === 'equal';
  return () => new Identity(slot, evaluate, wanted);
}

class Identity implements TruthNode {
  readonly truth = new Uint8Array(VECTOR_ROWS);
  readonly #slot: number;
  readonly #evaluate: Evaluator;
  readonly #wanted: boolean;

  constructor(slot: number, evaluate: Evaluator, wanted: boolean) {
    this.#slot = slot;
    this.#evaluate = evaluate;
    this.#wanted = wanted;
  }

  run(frame: Frame): boolean {
    const { rows, selection, selected } = frame;
    const other = scalarValue(this.#evaluate, frame);
    if (other === undefined) return false;
    const slot = this.#slot;
    const wanted = this.#wanted;
    for (let at = 0; at < selected; at++) {
      const row = selection[at];
      const value = rows[row][slot];
      this.truth[row] = value === null || other === null ? UNKNOWN : (value === other) === wanted ? TRUE : FALSE;
    }
    return true;
  }
}

/** column IN (constants). */
function planInList(
  expression: BoundExpression & { kind: 'in_list' },
  scope: VectorScope,
  semantics: Semantics,
): TruthPlan | undefined {
  const { operand, items, negated, operandType } = expression;
  if (operand.kind !== 'column' || !hasNativeEquality(operandType, semantics)) return undefined;
  const slot = scope.layout.get(operand.id);
  if (slot === undefined) return undefined;
  const keys = new Set<SqlValue>();
  let hasNull = false;
  for (const item of items) {
    if (item.kind !== 'constant') return undefined;
    if (item.value === null) hasNull = true;
    else keys.add(item.value);
  }
  const found = negated ? FALSE : TRUE;
  const missed = hasNull ? UNKNOWN : negated ? TRUE : FALSE;
  return () => new Membership(slot, keys, found, missed);
}

class Membership implements TruthNode {
  readonly truth = new Uint8Array(VECTOR_ROWS);
  readonly #slot: number;
  readonly #keys: ReadonlySet<SqlValue>;
  readonly #found: number;
  readonly #missed: number;

  constructor(slot: number, keys: ReadonlySet<SqlValue>, found: number, missed: number) {
    this.#slot = slot;
    this.#keys = keys;
    this.#found = found;
    this.#missed = missed;
  }

  run(frame: Frame): boolean {
    const { rows, selection, selected } = frame;
    for (let at = 0; at < selected; at++) {
      const row = selection[at];
      const value = rows[row][this.#slot];
      this.truth[row] = value === null ? UNKNOWN : this.#keys.has(value) ? this.#found : this.#missed;
    }
    return true;
  }
}

function planIsNull(expression: BoundExpression & { kind: 'is_null' }, scope: VectorScope): TruthPlan | undefined {
  const { operand, negated } = expression;
  if (operand.type.kind === 'record') return undefined;
  if (operand.kind === 'column') {
    const slot = scope.layout.get(operand.id);
    return slot === undefined ? undefined : () => new NullColumn(slot, negated);
  }
  const number = numberForm(operand.type) === undefined ? undefined : planNumber(operand, scope);
  return number === undefined ? undefined : (build) => new NullNumber(number(build), negated);
}

class NullColumn implements TruthNode {
  readonly truth = new Uint8Array(VECTOR_ROWS);
  readonly #slot: number;
  readonly #negated: boolean;

  constructor(slot: number, negated: boolean) {
    this.#slot = slot;
    this.#negated = negated;
  }

  run(frame: Frame): boolean {
    const { rows, selection, selected } = frame;
    for (let at = 0; at < selected; at++) {
      const row = selection[at];
      this.truth[row] = (rows[row][this.#slot] === null) !== this.#negated ? TRUE : FALSE;
    }
    return true;
  }
}

class NullNumber implements TruthNode {
  readonly truth = new Uint8Array(VECTOR_ROWS);
  readonly #operand: NumberNode;
  readonly #negated: boolean;

  constructor(operand: NumberNode, negated: boolean) {
    this.#operand = operand;
    this.#negated = negated;
  }

  run(frame: Frame): boolean {
    if (!this.#operand.run(frame)) return false;
    const { selection, selected } = frame;
    const { nulls } = this.#operand.vector;
    for (let at = 0; at < selected; at++) {
      const row = selection[at];
      this.truth[row] = (nulls[row] === 1) !== this.#negated ? TRUE : FALSE;
    }
    return true;
  }
}
