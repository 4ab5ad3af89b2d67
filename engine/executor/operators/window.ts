/**
 * Window functions: the input comes sorted by partition and order keys; each partition is collected,
 * and every call is evaluated for its rows in order over the frame of each row.
 */
import { AssertionError } from 'node:assert';
import { SqlError } from '../../../sblr/contract/sql-error.ts';
import type { SqlType } from '../../../sblr/contract/types.ts';
import type { Row, SqlValue } from '../../../sblr/contract/values.ts';
import type { WindowFrame } from '../../binder/bound.ts';
import type { AggregateImplementation, WindowEvaluator, WindowRows } from '../../functions/function.ts';
import {
  BATCH_ROWS,
  mustPause,
  PENDING,
  type Batch,
  type Evaluator,
  type ExecutionContext,
  type Operator,
} from '../operator.ts';
import { rowBytes, type Comparator } from '../values.ts';
import { isDistance, shiftValue } from '../value-arithmetic.ts';
import type { OrderColumn } from './sort.ts';
import type { RowKey } from './sets.ts';

export interface WindowCallSpec {
  /** Makes a new evaluator per partition, for window functions. */
  readonly create: (() => WindowEvaluator) | undefined;
  readonly aggregate: ((context: ExecutionContext) => AggregateImplementation) | undefined;
  readonly strict: boolean;
  readonly inputs: readonly Evaluator[];
  readonly filter: Evaluator | undefined;
}

export interface WindowSpec {
  readonly partitionKey: RowKey | undefined;
  readonly orderKeys: readonly Evaluator[];
  readonly orderTypes: readonly SqlType[];
  readonly order: readonly OrderColumn[];
  /** Compares rows of order-key values. */
  readonly compareOrder: Comparator<Row>;
  readonly frame: WindowFrame;
  readonly startOffset: Evaluator | undefined;
  readonly endOffset: Evaluator | undefined;
  readonly calls: readonly WindowCallSpec[];
  /** Columns of the source row; call results follow. */
  readonly width: number;
}

const NO_ROW: Row = [];

/** A partition being evaluated: the last of `results` up to row `at`. */
interface PartitionWork {
  readonly rows: PartitionRows;
  readonly results: SqlValue[][];
  evaluate: (() => SqlValue) | undefined;
  at: number;
}

export class Window implements Operator {
  readonly #source: Operator;
  readonly #spec: WindowSpec;
  readonly #context: ExecutionContext;
  #batch: Batch | null = null;
  #position = 0;
  #sourceDone = false;
  #rows: Row[] = [];
  #key: unknown;
  #results: SqlValue[][] | undefined;
  #work: PartitionWork | undefined;
  #emitted = 0;
  #reserved = 0;

  constructor(source: Operator, spec: WindowSpec, context: ExecutionContext) {
    this.#source = source;
    this.#spec = spec;
    this.#context = context;
  }

  next(): Batch | null | typeof PENDING {
    for (;;) {
      if (this.#results !== undefined) {
        const out = this.#emit(this.#results);
        if (out !== undefined) return out;
        this.#results = undefined;
        this.#rows = [];
        this.#release();
      }
      if (this.#work === undefined) {
        const collected = this.#collect();
        if (collected === PENDING) return PENDING;
        if (!collected) return null;
      }
      if (!this.#evaluate()) return PENDING;
      this.#emitted = 0;
    }
  }

  /** Reads rows up to the end of the partition; false = no more rows. */
  #collect(): boolean | typeof PENDING {
    const { partitionKey } = this.#spec;
    for (;;) {
      if (this.#batch === null) {
        if (this.#sourceDone) return this.#rows.length > 0;
        if (mustPause(this.#context)) return PENDING;
        const batch = this.#source.next();
        if (batch === PENDING) return PENDING;
        if (batch === null) {
          this.#sourceDone = true;
          continue;
        }
        this.#batch = batch;
        this.#position = 0;
        const bytes = (rowBytes(batch[0]) + 16) * batch.length;
        this.#context.require(bytes, 'A window partition');
        this.#reserved += bytes;
      }
      while (this.#position < this.#batch.length) {
        const row = this.#batch[this.#position];
        const key = partitionKey === undefined ? 0 : partitionKey(row, this.#context);
        if (this.#rows.length > 0 && key !== this.#key) return true;
        this.#key = key;
        this.#rows.push(row);
        this.#position++;
      }
      this.#batch = null;
    }
  }

  /** Evaluates all calls over the partition, slice by slice; false = must go on later. */
  #evaluate(): boolean {
    const { calls } = this.#spec;
    const context = this.#context;
    this.#work ??= {
      rows: new PartitionRows(this.#rows, this.#spec, context),
      results: [],
      evaluate: undefined,
      at: 0,
    };
    const work = this.#work;
    const { rows } = work;
    while (work.results.length < calls.length || work.evaluate !== undefined) {
      if (work.evaluate === undefined) {
        const call = calls[work.results.length];
        rows.use(call);
        const evaluator = call.create?.();
        work.evaluate =
          evaluator === undefined
            ? aggregateEvaluator(call, rows, context)
            : () => evaluator.evaluate(rows, context.evaluation);
        work.results.push(new Array(rows.count));
        work.at = 0;
      }
      const results = work.results[work.results.length - 1];
      while (work.at < rows.count) {
        rows.moveTo(work.at);
        results[work.at] = work.evaluate();
        work.at++;
        if ((work.at & 15) === 0 && context.sliceUsed()) {
          context.checkCancelled();
          context.yieldSlice();
          return false;
        }
      }
      work.evaluate = undefined;
    }
    this.#results = work.results;
    this.#work = undefined;
    return true;
  }

  #emit(results: SqlValue[][]): Batch | undefined {
    const end = Math.min(this.#emitted + BATCH_ROWS, this.#rows.length);
    if (this.#emitted >= end) return undefined;
    const { width } = this.#spec;
    const out: Row[] = [];
    for (let at = this.#emitted; at < end; at++) {
      const source = this.#rows[at];
      const row: SqlValue[] = new Array<SqlValue>(width + results.length);
      for (let slot = 0; slot < width; slot++) row[slot] = source[slot];
      for (let call = 0; call < results.length; call++) row[width + call] = results[call][at];
      out.push(row);
    }
    this.#emitted = end;
    return out;
  }

  #release(): void {
    this.#context.releaseRequired(this.#reserved);
    this.#reserved = 0;
  }

  rewind(): void {
    this.#release();
    this.#batch = null;
    this.#sourceDone = false;
    this.#rows = [];
    this.#results = undefined;
    this.#work = undefined;
    this.#source.rewind();
  }

  close(): void {
    this.#release();
    this.#rows = [];
    this.#source.close();
  }
}

/** One partition with frame arithmetic; the WindowRows that functions see. */
class PartitionRows implements WindowRows {
  readonly #rows: readonly Row[];
  readonly #spec: WindowSpec;
  readonly #context: ExecutionContext;
  /** Order keys per row, where a frame is bounded by distance from them. */
  readonly #orders: readonly Row[];
  /** Peer group number per row, and start of each group. */
  readonly #group: Int32Array;
  readonly #groupStarts: number[] = [];
  readonly #startOffset: SqlValue;
  readonly #endOffset: SqlValue;
  #call: WindowCallSpec | undefined;
  #arguments: (SqlValue[] | undefined)[] = [];
  row = 0;
  frameStart = 0;
  frameEnd = 0;
  peerStart = 0;
  peerEnd = 0;

  constructor(rows: readonly Row[], spec: WindowSpec, context: ExecutionContext) {
    this.#rows = rows;
    this.#spec = spec;
    this.#context = context;
    const orders: Row[] = [];
    const keepsOrders = spec.frame.unit === 'range' && (spec.startOffset ?? spec.endOffset) !== undefined;
    this.#group = new Int32Array(rows.length);
    let before: Row = NO_ROW;
    for (let at = 0; at < rows.length; at++) {
      const order: SqlValue[] = new Array<SqlValue>(spec.orderKeys.length);
      for (let key = 0; key < order.length; key++) order[key] = spec.orderKeys[key](rows[at], context);
      if (at === 0 || spec.compareOrder(before, order) !== 0) this.#groupStarts.push(at);
      this.#group[at] = this.#groupStarts.length - 1;
      before = order;
      if (keepsOrders) orders.push(order);
    }
    this.#orders = orders;
    this.#startOffset = this.#offset(spec.startOffset, 'starting');
    this.#endOffset = this.#offset(spec.endOffset, 'ending');
  }

  #offset(evaluate: Evaluator | undefined, which: string): SqlValue {
    if (evaluate === undefined) return null;
    const value = evaluate(NO_ROW, this.#context);
    if (value === null)
      throw new SqlError('null_value_not_allowed', { message: `frame ${which} offset must not be null` });
    const { frame } = this.#spec;
    if (frame.unit === 'range' ? !isDistance(value) : typeof value === 'number' && value < 0) {
      throw new SqlError('invalid_preceding_or_following_size', {
        message:
          frame.unit === 'range'
            ? 'invalid preceding or following size in window function'
            : `frame ${which} offset must not be negative`,
      });
    }
    return value;
  }

  get count(): number {
    return this.#rows.length;
  }

  use(call: WindowCallSpec): void {
    this.#call = call;
    this.#arguments = call.inputs.map(() => undefined);
  }

  moveTo(row: number): void {
    this.row = row;
    const group = this.#group[row];
    this.peerStart = this.#groupStarts[group];
    this.peerEnd = this.#groupStart(group + 1);
    const { frame } = this.#spec;
    this.frameStart = this.#bound(frame.start, this.#startOffset, false);
    this.frameEnd = Math.max(this.frameStart, this.#bound(frame.end, this.#endOffset, true));
  }

  #groupStart(group: number): number {
    if (group < 0) return 0;
    return group < this.#groupStarts.length ? this.#groupStarts[group] : this.count;
  }

  #bound(kind: WindowFrame['start'], offset: SqlValue, end: boolean): number {
    const { unit } = this.#spec.frame;
    switch (kind) {
      case 'unbounded_preceding':
        return 0;
      case 'unbounded_following':
        return this.count;
      case 'current_row':
        if (unit === 'rows') return end ? this.row + 1 : this.row;
        return end ? this.peerEnd : this.peerStart;
      default: {
        const sign = kind === 'preceding' ? -1 : 1;
        if (unit === 'range') return this.#rangeBound(offset, sign, end);
        const distance = Number(offset) * sign;
        if (unit === 'rows') return clamp(this.row + distance + (end ? 1 : 0), this.count);
        return this.#groupStart(this.#group[this.row] + distance + (end ? 1 : 0));
      }
    }
  }

  /** First row whose key is not before (end: beyond) the current key moved by the offset. */
  #rangeBound(offset: SqlValue, sign: number, end: boolean): number {
    const [column] = this.#spec.order;
    const current = this.#orders[this.row][0];
    if (current === null) return end ? this.peerEnd : this.peerStart;
    const limit: Row = [shiftValue(current, offset, column.descending ? -sign : sign, this.#spec.orderTypes[0])];
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >> 1;
      const order = this.#spec.compareOrder(this.#orders[middle], limit);
      if (order < 0 || (end && order === 0)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** May any row be left out of a frame at all? */
  get excludes(): boolean {
    return this.#spec.frame.exclude !== 'no_others';
  }

  excluded(row: number): boolean {
    switch (this.#spec.frame.exclude) {
      case 'no_others':
        return false;
      case 'current_row':
        return row === this.row;
      case 'group':
        return row >= this.peerStart && row < this.peerEnd;
      case 'ties':
        return row !== this.row && row >= this.peerStart && row < this.peerEnd;
    }
  }

  argument(index: number, row: number): SqlValue {
    const call = this.#call;
    if (call === undefined) throw new AssertionError({ message: 'window call not set' });
    if (row < 0 || row >= this.count || index >= call.inputs.length) return null;
    let values = this.#arguments[index];
    if (values === undefined) {
      values = this.#rows.map((one) => call.inputs[index](one, this.#context));
      this.#arguments[index] = values;
    }
    return values[row];
  }

  passes(row: number): boolean {
    const filter = this.#call?.filter;
    return filter === undefined || filter(this.#rows[row], this.#context) === true;
  }
}

function clamp(value: number, count: number): number {
  return Math.max(0, Math.min(count, value));
}

/** An aggregate over the frame: grows with it while its start stands still, else starts over. */
function aggregateEvaluator(call: WindowCallSpec, rows: PartitionRows, context: ExecutionContext): () => SqlValue {
  const implementation = call.aggregate?.(context);
  if (implementation === undefined) throw new AssertionError({ message: 'window call without code' });
  let state = implementation.create([]);
  let start = 0;
  let end = 0;
  let value: SqlValue = null;
  let fresh = false;
  let excluding = false;
  const step = (row: number): void => {
    if (!rows.passes(row)) return;
    if (implementation.stepMany !== undefined) {
      const values = call.inputs.map((_input, at) => rows.argument(at, row));
      if (!call.strict || !values.includes(null)) implementation.stepMany(state, values, context.evaluation);
      return;
    }
    const a = rows.argument(0, row);
    const b = rows.argument(1, row);
    if (call.strict && ((call.inputs.length > 0 && a === null) || (call.inputs.length > 1 && b === null))) return;
    implementation.step(state, a, b, context.evaluation);
  };
  return () => {
    let excludes = false;
    for (let at = rows.peerStart; rows.excludes && at < rows.peerEnd && !excludes; at++) {
      if (at >= rows.frameStart && at < rows.frameEnd && rows.excluded(at)) excludes = true;
    }
    if (excludes || excluding || rows.frameStart !== start || rows.frameEnd < end) {
      state = implementation.create([]);
      start = rows.frameStart;
      end = start;
      fresh = false;
    }
    excluding = excludes;
    if (fresh && rows.frameEnd === end) return value;
    for (let at = end; at < rows.frameEnd; at++) if (!excludes || !rows.excluded(at)) step(at);
    end = rows.frameEnd;
    value = implementation.final(state, context.evaluation);
    fresh = true;
    return value;
  };
}
