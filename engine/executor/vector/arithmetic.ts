/**
 * Numeric expressions over vectors: columns, scalars, widening casts, and + - * and negation of
 * integers, floats and decimals. Results that row-at-a-time code would refuse, or that a double does
 * not hold exactly, make the batch unusable here.
 */
import type { SqlType, TypeKind } from '../../../sblr/contract/types.ts';
import type { BoundExpression } from '../../binder/bound.ts';
import { columnNode, numberForm, ScalarNode } from './columns.ts';
import { NumberVector, SAFE, type Frame, type NumberNode, type NumberPlan, type VectorScope } from './frame.ts';
import { isScalar } from './scalars.ts';

export function planNumber(expression: BoundExpression, scope: VectorScope): NumberPlan | undefined {
  const form = numberForm(expression.type);
  if (form === undefined) return undefined;
  if (isScalar(expression)) {
    const evaluate = scope.compile(expression);
    return () => new ScalarNode(evaluate);
  }
  switch (expression.kind) {
    case 'column': {
      const slot = scope.layout.get(expression.id);
      return slot === undefined ? undefined : (build) => columnNode(build, slot, form);
    }
    case 'cast':
      return planCast(expression, scope);
    case 'call':
      return planCall(expression, scope);
    default:
      return undefined;
  }
}

const WIDTH: Partial<Record<TypeKind, number>> = { int16: 1, int32: 2, int64: 3 };

/** Casts that keep the number: to a wider integer, of an integer to float64 or to a decimal without modifiers. */
function planCast(expression: BoundExpression & { kind: 'cast' }, scope: VectorScope): NumberPlan | undefined {
  const { operand, type } = expression;
  const from = WIDTH[operand.type.kind];
  if (from === undefined || expression.domainId !== undefined || expression.context === 'try') return undefined;
  const to = WIDTH[type.kind];
  const keeps =
    to !== undefined
      ? to >= from
      : type.kind === 'float64' ||
        (type.kind === 'decimal' && type.precision === undefined && type.scale === undefined);
  return keeps ? planNumber(operand, scope) : undefined;
}

type Kernel = (a: NumberVector, b: NumberVector, out: NumberVector, frame: Frame) => boolean;

function planCall(expression: BoundExpression & { kind: 'call' }, scope: VectorScope): NumberPlan | undefined {
  const { function: definition, type } = expression;
  if (definition.kind !== 'scalar' || !definition.operator || !definition.strict) return undefined;
  if (!expression.arguments.every((argument) => argument.type.kind === type.kind && argument.type.unsigned !== true))
    return undefined;
  const [first, second] = expression.arguments;
  if (definition.name === 'negate' && expression.arguments.length === 1) {
    // 0 - x, which gives the same as negation except for the sign of a float's zero.
    if (type.kind === 'float32' || type.kind === 'float64') return undefined;
    const kernel = kernelOf('subtract', type);
    const operand = planNumber(first, scope);
    return kernel === undefined || operand === undefined
      ? undefined
      : (build) => new Binary(new ScalarNode(() => 0), operand(build), kernel);
  }
  if (expression.arguments.length !== 2) return undefined;
  const kernel = kernelOf(definition.name, type);
  if (kernel === undefined) return undefined;
  const left = planNumber(first, scope);
  const right = planNumber(second, scope);
  return left === undefined || right === undefined
    ? undefined
    : (build) => new Binary(left(build), right(build), kernel);
}

class Binary implements NumberNode {
  readonly vector = new NumberVector();
  readonly #left: NumberNode;
  readonly #right: NumberNode;
  readonly #kernel: Kernel;

  constructor(left: NumberNode, right: NumberNode, kernel: Kernel) {
    this.#left = left;
    this.#right = right;
    this.#kernel = kernel;
  }

  run(frame: Frame): boolean {
    if (!this.#left.run(frame) || !this.#right.run(frame)) return false;
    const { vector } = this;
    combineNulls(this.#left.vector, this.#right.vector, vector, frame);
    return this.#kernel(this.#left.vector, this.#right.vector, vector, frame);
  }
}

export function combineNulls(a: NumberVector, b: NumberVector, out: NumberVector, frame: Frame): void {
  const { selection, selected } = frame;
  const { nulls } = out;
  out.hasNulls = a.hasNulls || b.hasNulls;
  if (!out.hasNulls) for (let at = 0; at < selected; at++) nulls[selection[at]] = 0;
  else
    for (let at = 0; at < selected; at++) {
      const row = selection[at];
      nulls[row] = a.nulls[row] | b.nulls[row];
    }
}

const LIMITS: Partial<Record<TypeKind, number>> = { int16: 32767, int32: 2147483647, int64: SAFE };

function kernelOf(name: string, type: SqlType): Kernel | undefined {
  if (type.kind === 'float64') return floatKernel(name);
  if (type.kind === 'decimal') return decimalKernel(name);
  const limit = LIMITS[type.kind];
  return limit === undefined ? undefined : wholeKernel(name, limit);
}

/** Range checks cover NULL rows too, whose values are arbitrary: at worst the batch goes row by row. */
function wholeKernel(name: string, limit: number): Kernel | undefined {
  switch (name) {
    case 'add':
      return (a, b, out, { selection, selected }) => {
        let fits = true;
        for (let at = 0; at < selected; at++) {
          const row = selection[at];
          const result = a.values[row] + b.values[row];
          if (result > limit || result < -limit) fits = false;
          out.values[row] = result;
        }
        return fits;
      };
    case 'subtract':
      return (a, b, out, { selection, selected }) => {
        let fits = true;
        for (let at = 0; at < selected; at++) {
          const row = selection[at];
          const result = a.values[row] - b.values[row];
          if (result > limit || result < -limit) fits = false;
          out.values[row] = result;
        }
        return fits;
      };
    case 'multiply':
      return (a, b, out, { selection, selected }) => {
        let fits = true;
        for (let at = 0; at < selected; at++) {
          const row = selection[at];
          const result = a.values[row] * b.values[row] + 0;
          if (result > limit || result < -limit) fits = false;
          out.values[row] = result;
        }
        return fits;
      };
    default:
      return undefined;
  }
}

/** What is not finite, and a product of zero (underflow?), is left to row-at-a-time code. */
function floatKernel(name: string): Kernel | undefined {
  switch (name) {
    case 'add':
      return (a, b, out, { selection, selected }) => {
        for (let at = 0; at < selected; at++) {
          const row = selection[at];
          const result = a.values[row] + b.values[row];
          if (!Number.isFinite(result)) return false;
          out.values[row] = result;
        }
        return true;
      };
    case 'subtract':
      return (a, b, out, { selection, selected }) => {
        for (let at = 0; at < selected; at++) {
          const row = selection[at];
          const result = a.values[row] - b.values[row];
          if (!Number.isFinite(result)) return false;
          out.values[row] = result;
        }
        return true;
      };
    case 'multiply':
      return (a, b, out, { selection, selected }) => {
        for (let at = 0; at < selected; at++) {
          const row = selection[at];
          const result = a.values[row] * b.values[row];
          if (!Number.isFinite(result) || (result === 0 && a.values[row] !== 0 && b.values[row] !== 0)) return false;
          out.values[row] = result;
        }
        return true;
      };
    default:
      return undefined;
  }
}

const MAX_SCALE_STEP = 15;
/** Products keep all digits up to this scale; beyond it row-at-a-time code rounds. */
const MAX_PRODUCT_SCALE = 1000;

function decimalKernel(name: string): Kernel | undefined {
  switch (name) {
    case 'add':
    case 'subtract': {
      const sign = name === 'add' ? 1 : -1;
      return (a, b, out, { selection, selected }) => {
        const scale = Math.max(a.scale, b.scale);
        if (scale - a.scale > MAX_SCALE_STEP || scale - b.scale > MAX_SCALE_STEP) return false;
        const x = 10 ** (scale - a.scale);
        const y = 10 ** (scale - b.scale);
        out.scale = scale;
        for (let at = 0; at < selected; at++) {
          const row = selection[at];
          const left = a.values[row] * x;
          const right = b.values[row] * y;
          const result = left + sign * right + 0;
          if (!(Math.abs(left) <= SAFE && Math.abs(right) <= SAFE && Math.abs(result) <= SAFE)) return false;
          out.values[row] = result;
        }
        return true;
      };
    }
    case 'multiply':
      return (a, b, out, { selection, selected }) => {
        out.scale = a.scale + b.scale;
        if (out.scale > MAX_PRODUCT_SCALE) return false;
        for (let at = 0; at < selected; at++) {
          const row = selection[at];
          const result = a.values[row] * b.values[row] + 0;
          if (!(Math.abs(result) <= SAFE)) return false;
          out.values[row] = result;
        }
        return true;
      };
    default:
      return undefined;
  }
}
