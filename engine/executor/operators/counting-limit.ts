/** A limit that reads its source to the end, though it hands on only rows offset .. offset + count, and tells how many there were. */
import type { Row } from '../../../sblr/contract/values.ts';
import type { ExecutionContext, Operator } from '../operator.ts';
import { type Batch, mustPause, PENDING } from '../operator.ts';

export interface CountingLimitSpec {
  /** Rows passed over, and handed on at most, once both are known. */
  bounds(context: ExecutionContext): { readonly offset: number; readonly count: number };
}

export class CountingLimit implements Operator {
  readonly #source: Operator;
  readonly #spec: CountingLimitSpec;
  readonly #context: ExecutionContext;
  #start = -1;
  #end = 0;
  #seen = 0;
  #done = false;

  constructor(source: Operator, spec: CountingLimitSpec, context: ExecutionContext) {
    this.#source = source;
    this.#spec = spec;
    this.#context = context;
  }

  next(): Batch | null | typeof PENDING {
    if (this.#done) return null;
    if (this.#start < 0) {
      const { offset, count } = this.#spec.bounds(this.#context);
      [this.#start, this.#end] = [offset, offset + count];
    }
    for (;;) {
      const batch = this.#source.next();
      if (batch === PENDING) return batch;
      if (batch === null) {
        this.#done = true;
        this.#context.rowsFound?.(this.#seen);
        return null;
      }
      const out: readonly Row[] = batch.slice(
        Math.max(0, this.#start - this.#seen),
        Math.max(0, this.#end - this.#seen),
      );
      this.#seen += batch.length;
      if (out.length > 0) return out;
      if (mustPause(this.#context)) return PENDING;
    }
  }

  rewind(): void {
    this.#start = -1;
    this.#seen = 0;
    this.#done = false;
    this.#source.rewind();
  }

  close(): void {
    this.#done = true;
    this.#source.close();
  }
}
