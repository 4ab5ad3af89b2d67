/**
 * PointRead: a query that reads one row by a unique key whose values are constants and parameters, and
 * answers columns of it as they are. Nothing in it can wait, so it needs no operators, no execution
 * context and no time slice: the commonest statement of applications is two look-ups.
 */
import type { Row, SqlValue } from '../../sblr/contract/values.ts';
import { completeRow, type IndexScanSpec } from './operators/scans.ts';

/** A key column's value: parameter number `parameter`, or `constant` when that is negative. */
export interface PointValue {
  readonly parameter: number;
  readonly constant: SqlValue;
}

/** Looks up the row of `space` that an index entry stands for, as the query sees both. */
export type RowSource = (index: number, key: string, space: number) => Row | undefined;

export class PointRead {
  readonly spec: IndexScanSpec;
  readonly #values: readonly PointValue[];
  /** Columns of the table that make the answer; undefined = all of them. */
  readonly #slots: readonly number[] | undefined;

  constructor(spec: IndexScanSpec, values: readonly PointValue[], slots?: readonly number[]) {
    this.spec = spec;
    this.#values = values;
    this.#slots = slots;
  }

  /** The same row with columns picked from those answered so far. */
  pick(slots: readonly number[]): PointRead {
    const before = this.#slots;
    return new PointRead(
      this.spec,
      this.#values,
      before === undefined ? slots : slots.map((slot) => before[slot] as number),
    );
  }

  /** The answer: a row, or none. */
  read(parameters: readonly SqlValue[], get: RowSource): Row | undefined {
    const { ranges, index, table, missing } = this.spec;
    let key = '';
    for (let at = 0; at < this.#values.length; at++) {
      const { parameter, constant } = this.#values[at]!;
      const part = ranges.encodePart(at, parameter < 0 ? constant : (parameters[parameter] ?? null));
      if (part === undefined) return undefined;
      key += part;
    }
    const stored = get(index.space, key, table.space);
    if (stored === undefined) return undefined;
    const row = completeRow(stored, '', missing, false);
    const slots = this.#slots;
    if (slots === undefined) return row.length === missing.length ? row : row.slice(0, missing.length);
    const picked: SqlValue[] = new Array(slots.length);
    for (let at = 0; at < slots.length; at++) picked[at] = row[slots[at]!]!;
    return picked;
  }
}
