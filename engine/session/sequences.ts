/**
 * Sequences at run time. Values are never given back: a block is reserved by a small commit of its own,
 * ordered before any transaction that uses a value of it (the log is sequential, so when that one is
 * durable the reservation is too). A crash skips at most the rest of a block.
 */
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { canonicalInteger } from '../../sblr/contract/values.ts';
import type { StoredRow, TransactionStore } from '../../storage/contract/index.ts';
import { SEQUENCE_SPACE } from '../catalog/catalog.ts';
import type { ObjectId, SequenceDefinition } from '../catalog/definitions.ts';

/** Values reserved at once. */
const BLOCK = 32n;

interface State {
  /** Next value to give out. */
  next: bigint;
  /** Values from `next` on that are already reserved; counted in steps. */
  reserved: bigint;
  /** Last value given out; undefined before the first. */
  last: bigint | undefined;
}

export function idKey(id: number): string {
  return String.fromCharCode((id >>> 24) & 255, (id >>> 16) & 255, (id >>> 8) & 255, id & 255);
}

export class Sequences {
  readonly #store: TransactionStore;
  readonly #states = new Map<ObjectId, State>();

  constructor(store: TransactionStore) {
    this.#store = store;
  }

  create(id: ObjectId, start: bigint): void {
    this.#states.set(id, { next: start, reserved: 0n, last: undefined });
    this.#persist(id, start, false);
  }

  restart(id: ObjectId, value: bigint): void {
    this.create(id, value);
  }

  drop(id: ObjectId): void {
    this.#states.delete(id);
    this.#write(new Map([[idKey(id), null]]));
  }

  next(sequence: SequenceDefinition, name: string): number | bigint {
    const state = this.#state(sequence);
    const { increment, minimum, maximum } = sequence;
    if (state.last !== undefined && state.next !== state.last + increment) {
      // The step has changed since the last value.
      state.next = state.last + increment;
      state.reserved = 0n;
    }
    let value = state.next;
    if (value > maximum || value < minimum) {
      if (!sequence.cycle) {
        const bound =
          increment > 0n
            ? `maximum value of sequence "${name}" (${maximum})`
            : `minimum value of sequence "${name}" (${minimum})`;
        throw new SqlError('sequence_generator_limit_exceeded', {
          message: `nextval: reached ${bound}`,
          args: { name },
        });
      }
      value = increment > 0n ? minimum : maximum;
      state.reserved = 0n;
    }
    if (state.reserved === 0n) {
      state.reserved = BLOCK;
      this.#persist(sequence.id, value + increment * BLOCK, true);
    }
    state.reserved--;
    state.last = value;
    state.next = value + increment;
    return canonicalInteger(value);
  }

  /** Goes on after a value that was given from elsewhere, unless that is behind already. */
  pass(sequence: SequenceDefinition, value: bigint): void {
    const state = this.#state(sequence);
    const { increment } = sequence;
    if (increment > 0n ? value < state.next : value > state.next) return;
    const next = value + increment;
    const skipped = (next - state.next + increment - 1n) / increment;
    if (skipped <= state.reserved) state.reserved -= skipped;
    else {
      state.reserved = BLOCK;
      this.#persist(sequence.id, next + increment * BLOCK, true);
    }
    state.last = value;
    state.next = next;
  }

  set(sequence: SequenceDefinition, name: string, value: bigint, isCalled: boolean): void {
    if (value < sequence.minimum || value > sequence.maximum) {
      throw new SqlError(
        'numeric_value_out_of_range',
        `setval: value ${value} is out of bounds for sequence "${name}" (${sequence.minimum}..${sequence.maximum})`,
      );
    }
    const next = isCalled ? value + sequence.increment : value;
    this.#states.set(sequence.id, { next, reserved: 0n, last: isCalled ? value : undefined });
    this.#persist(sequence.id, next, isCalled);
  }

  /** What the sequence's own row shows: last value and whether it was given out. */
  peek(sequence: SequenceDefinition): { readonly lastValue: number | bigint; readonly isCalled: boolean } {
    const state = this.#state(sequence);
    return state.last === undefined
      ? { lastValue: canonicalInteger(state.next), isCalled: false }
      : { lastValue: canonicalInteger(state.last), isCalled: true };
  }

  #state(sequence: SequenceDefinition): State {
    let state = this.#states.get(sequence.id);
    if (state === undefined) {
      const row = this.#store.get(SEQUENCE_SPACE, idKey(sequence.id), Number.MAX_SAFE_INTEGER);
      const next = row === undefined ? sequence.start : BigInt(row[0] as number | bigint);
      state = {
        next,
        reserved: 0n,
        last: row !== undefined && row[1] === true ? next - sequence.increment : undefined,
      };
      this.#states.set(sequence.id, state);
    }
    return state;
  }

  #persist(id: ObjectId, next: bigint, called: boolean): void {
    this.#write(new Map([[idKey(id), [canonicalInteger(next), called]]]));
  }

  #write(rows: ReadonlyMap<string, StoredRow | null>): void {
    this.#store.commit(
      { spaces: new Map([[SEQUENCE_SPACE, rows]]), droppedSpaces: [], schemaEpoch: 0 },
      'relaxed',
      () => undefined,
    );
  }
}
