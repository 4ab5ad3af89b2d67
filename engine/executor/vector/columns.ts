/**
 * Columns of a batch as vectors of numbers: only those an expression uses, only selected rows, once
 * per batch.
 */
import type { SqlType } from '../../../sblr/contract/types.ts';
import { Decimal, type SqlValue } from '../../../sblr/contract/values.ts';
import type { Evaluator } from '../operator.ts';
import { NumberVector, SAFE, type Build, type Frame, type NumberNode } from './frame.ts';
import { scalarValue } from './scalars.ts';

/** How values of a type stand in a vector; undefined = not at all. */
export function numberForm(type: SqlType): 'plain' | 'decimal' | undefined {
  if (type.unsigned === true) return undefined;
  switch (type.kind) {
    case 'int16':
    case 'int32':
    case 'int64':
    case 'float32':
    case 'float64':
    case 'date':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
      return 'plain';
    case 'decimal':
      return 'decimal';
    default:
      return undefined;
  }
}

export function columnNode(build: Build, slot: number, form: 'plain' | 'decimal'): NumberNode {
  let node = build.numbers.get(slot);
  if (node === undefined) {
    node = form === 'plain' ? new PlainColumn(slot) : new DecimalColumn(slot);
    build.numbers.set(slot, node);
  }
  return node;
}

class PlainColumn implements NumberNode {
  readonly vector = new NumberVector();
  readonly #slot: number;
  #generation = 0;
  #usable = false;

  constructor(slot: number) {
    this.#slot = slot;
  }

  run(frame: Frame): boolean {
    if (this.#generation !== frame.generation) {
      this.#generation = frame.generation;
      this.#usable = this.#load(frame);
    }
    return this.#usable;
  }

  #load(frame: Frame): boolean {
    const { rows, selection, selected } = frame;
    const { values, nulls } = this.vector;
    const slot = this.#slot;
    let hasNulls = false;
    for (let at = 0; at < selected; at++) {
      const row = selection[at];
      const value = rows[row][slot];
      if (typeof value === 'number') {
        values[row] = value;
        nulls[row] = 0;
      } else if (value === null) {
        values[row] = 0;
        nulls[row] = 1;
        hasNulls = true;
      } else return false;
    }
    this.vector.hasNulls = hasNulls;
    return true;
  }
}

class DecimalColumn implements NumberNode {
  readonly vector = new NumberVector();
  readonly #slot: number;
  #generation = 0;
  #usable = false;

  constructor(slot: number) {
    this.#slot = slot;
  }

  run(frame: Frame): boolean {
    if (this.#generation !== frame.generation) {
      this.#generation = frame.generation;
      this.#usable = this.#load(frame);
    }
    return this.#usable;
  }

  #load(frame: Frame): boolean {
    const { rows, selection, selected } = frame;
    const { values, nulls } = this.vector;
    const slot = this.#slot;
    let hasNulls = false;
    let scale = -1;
    for (let at = 0; at < selected; at++) {
      const row = selection[at];
      const value = rows[row][slot];
      if (value === null) {
        values[row] = 0;
        nulls[row] = 1;
        hasNulls = true;
        continue;
      }
      if (!(value instanceof Decimal) || typeof value.unscaled !== 'number' || value.special !== undefined)
        return false;
      if (value.scale !== scale) {
        if (scale >= 0) return false;
        scale = value.scale;
      }
      values[row] = value.unscaled;
      nulls[row] = 0;
    }
    this.vector.hasNulls = hasNulls;
    this.vector.scale = scale < 0 ? 0 : scale;
    return true;
  }
}

/** One value in all rows. */
export class ScalarNode implements NumberNode {
  readonly vector = new NumberVector();
  readonly #evaluate: Evaluator;
  #generation = 0;
  #usable = false;
  #filled: SqlValue | undefined;

  constructor(evaluate: Evaluator) {
    this.#evaluate = evaluate;
  }

  run(frame: Frame): boolean {
    if (this.#generation !== frame.generation) {
      this.#generation = frame.generation;
      const value = scalarValue(this.#evaluate, frame);
      if (value === undefined) this.#usable = false;
      else if (value !== this.#filled || value === 0) this.#usable = this.#fill(value);
    }
    return this.#usable;
  }

  #fill(value: SqlValue): boolean {
    this.#filled = value;
    const { vector } = this;
    vector.scale = 0;
    if (value === null) {
      vector.values.fill(0);
      vector.nulls.fill(1);
      vector.hasNulls = true;
      return true;
    }
    let number: number;
    if (typeof value === 'number') number = value;
    else if (
      value instanceof Decimal &&
      value.special === undefined &&
      typeof value.unscaled === 'number' &&
      Math.abs(value.unscaled) <= SAFE
    ) {
      number = value.unscaled;
      vector.scale = value.scale;
    } else return false;
    vector.values.fill(number);
    vector.nulls.fill(0);
    vector.hasNulls = false;
    return true;
  }
}
