/**
 * Grouping and aggregation by hashing: grouping sets, FILTER, DISTINCT, ORDER BY inside aggregates and
 * ordered-set aggregates. Groups come out in the order in which they were first met.
 *
 * When no further group fits in memory, rows of groups not yet met are put aside in a file and grouped
 * in a further pass, after the groups in memory have been handed out.
 */
import type { Row, SqlValue } from '../../../sblr/contract/values.ts';
import type { AggregateImplementation, AggregateState } from '../../functions/function.ts';
import { KeyCodes } from '../key-codes.ts';
import { BATCH_ROWS, PENDING, type Batch, type Evaluator, type ExecutionContext, type Operator } from '../operator.ts';
import { rowBytes, type Comparator } from '../values.ts';
import { VECTOR_ROWS } from '../vector/frame.ts';
import type { GroupHost, VectorProgram } from '../vector/program.ts';
import { RowSpool } from './row-spool.ts';

export interface AggregateCallSpec {
  readonly implementation: AggregateImplementation;
  /** Makes the implementation for one execution, where it needs to know that. */
  readonly open?: ((context: ExecutionContext) => AggregateImplementation) | undefined;
  /** Direct arguments of an ordered-set aggregate, evaluated once per group over its keys. */
  readonly direct: readonly Evaluator[];
  /** Values passed per row (the WITHIN GROUP keys of an ordered-set aggregate). */
  readonly inputs: readonly Evaluator[];
  readonly filter: Evaluator | undefined;
  /** Rows with a NULL input are skipped. */
  readonly strict: boolean;
  /** Hash of the inputs, for DISTINCT. */
  readonly distinct: ((values: readonly SqlValue[]) => unknown) | undefined;
  /** Sort keys evaluated after the inputs; with `compare` set, rows are kept and stepped in order at the end. */
  readonly sortKeys: readonly Evaluator[];
  readonly compare: Comparator<readonly SqlValue[]> | undefined;
  /** Does the state hold all inputs? They are then counted against the statement's memory. */
  readonly growing: boolean;
}

export interface AggregateSpec {
  readonly keys: readonly Evaluator[];
  /** Hash per key. */
  readonly hashes: readonly ((value: SqlValue) => unknown)[];
  readonly sets: readonly (readonly number[])[];
  readonly calls: readonly AggregateCallSpec[];
  /** Key indexes per GROUPING(...) output. */
  readonly groupings: readonly (readonly number[])[];
}

export interface Group {
  readonly set: number;
  /** Number within its grouping set, in the order met. */
  readonly number: number;
  readonly keys: readonly SqlValue[];
  readonly states: AggregateState[];
  /** Per call: inputs kept for sorting. */
  readonly kept: (SqlValue[][] | undefined)[] | undefined;
  /** Per call: inputs seen, for DISTINCT. */
  readonly seen: (Set<unknown> | undefined)[] | undefined;
}

/** Groups held in any case, so that every pass gets on. */
const LEAST_GROUPS = 256;

export class HashAggregate implements Operator, GroupHost {
  readonly #source: Operator;
  readonly #spec: AggregateSpec;
  readonly #context: ExecutionContext;
  /** Per grouping set: numbers of its keys (undefined = a set without keys), and the groups by number. */
  readonly #codes: (KeyCodes | undefined)[];
  readonly #bySet: Group[][];
  readonly #parts: unknown[] = [];
  readonly #groups: Group[] = [];
  readonly #simple: boolean;
  #batch: Batch | null = null;
  #position = 0;
  #complete = false;
  #emitted = 0;
  #reserved = 0;
  #required = 0;
  #out: Row[] = [];
  #full = false;
  /** Rows for the next pass, and the file the current pass reads. */
  #aside: RowSpool | undefined;
  #reading: RowSpool | undefined;
  /** Set when the source gives unfiltered rows that are aggregated batch-wise. */
  readonly #vector: VectorProgram | undefined;

  constructor(source: Operator, spec: AggregateSpec, context: ExecutionContext, vector?: VectorProgram) {
    this.#vector = vector;
    this.#source = source;
    this.#spec = opened(spec, context);
    this.#context = context;
    this.#codes = spec.sets.map((members) => (members.length === 0 ? undefined : new KeyCodes(members.length)));
    this.#bySet = spec.sets.map(() => []);
    this.#simple = spec.calls.every(
      (call) =>
        call.compare === undefined &&
        call.distinct === undefined &&
        !call.growing &&
        call.inputs.length <= 2 &&
        call.implementation.stepMany === undefined,
    );
  }

  next(): Batch | null | typeof PENDING {
    if (!this.#complete) {
      for (;;) {
        if (this.#batch === null) {
          if (this.#context.sliceUsed()) {
            this.#context.yieldSlice();
            return PENDING;
          }
          const batch = this.#reading === undefined ? this.#source.next() : this.#reading.read();
          if (batch === PENDING) return PENDING;
          if (batch === null) break;
          const rows =
            this.#vector === undefined || this.#reading !== undefined || batch.length > VECTOR_ROWS
              ? batch
              : this.#vector.take(batch, this);
          if (rows.length === 0) continue;
          this.#batch = rows;
          this.#position = 0;
        }
        this.#consume(this.#batch);
        this.#batch = null;
      }
      // A grouping set without keys is one group even of no rows.
      for (let set = 0; set < this.#spec.sets.length; set++) {
        if (this.#reading === undefined && this.#spec.sets[set].length === 0 && this.#bySet[set].length === 0)
          this.#newGroup(
            set,
            this.#spec.keys.map(() => null),
          );
      }
      this.#complete = true;
    }
    const out = this.#emit();
    if (out !== null || this.#aside === undefined) return out;
    this.#nextPass(this.#aside);
    return this.next();
  }

  #nextPass(aside: RowSpool): void {
    this.#reading?.close();
    this.#reading = aside;
    this.#aside = undefined;
    this.#forget();
  }

  #forget(): void {
    for (const codes of this.#codes) codes?.clear();
    for (const groups of this.#bySet) groups.length = 0;
    this.#groups.length = 0;
    this.#emitted = 0;
    this.#complete = false;
    this.#full = false;
    this.#releaseKept();
    this.#context.release(this.#reserved);
    this.#reserved = 0;
  }

  #consume(batch: Batch): void {
    const { sets, keys } = this.#spec;
    const values: SqlValue[] = new Array(keys.length);
    const plain = sets.length === 1;
    const only = plain && keys.length === 0 ? this.#groupOf(0, values) : undefined;
    if (only !== undefined && this.#simple && this.#spec.calls.length === 1 && this.#stepAll(only, batch)) return;
    while (this.#position < batch.length) {
      const row = batch[this.#position];
      for (let at = 0; at < keys.length; at++) values[at] = keys[at](row, this.#context);
      if (only !== undefined) this.#step(only, row);
      else if (plain) this.#stepIn(0, values, row);
      // A row put aside belongs to one set only, whose number stands behind its columns.
      else if (this.#reading !== undefined) this.#stepIn(row[row.length - 1] as number, values, row.slice(0, -1));
      else for (let set = 0; set < sets.length; set++) this.#stepIn(set, values, row);
      this.#position++;
    }
  }

  #stepIn(set: number, values: readonly SqlValue[], row: Row): void {
    const group = this.#groupOf(set, values);
    if (group !== undefined) this.#step(group, row);
    else this.#aside?.add(this.#spec.sets.length === 1 ? row : [...row, set]);
  }

  /** One aggregate over everything: a tight loop. */
  #stepAll(group: Group, batch: Batch): boolean {
    const [call] = this.#spec.calls;
    const { implementation, inputs, filter, strict } = call;
    if (filter !== undefined || inputs.length > 1) return false;
    const [state] = group.states;
    const context = this.#context;
    const { evaluation } = context;
    if (inputs.length === 0) {
      while (this.#position < batch.length) {
        this.#position++;
        implementation.step(state, null, null, evaluation);
      }
      return true;
    }
    const [input] = inputs;
    while (this.#position < batch.length) {
      const value = input(batch[this.#position], context);
      this.#position++;
      if (value !== null || !strict) implementation.step(state, value, null, evaluation);
    }
    return true;
  }

  /** The group of a row; undefined when it is a new one and there is no room for it. */
  #groupOf(set: number, values: readonly SqlValue[]): Group | undefined {
    const spec = this.#spec;
    const members = spec.sets[set];
    const codes = this.#codes[set];
    const groups = this.#bySet[set];
    if (codes === undefined) return groups.length > 0 ? groups[0] : this.#newGroup(set, noKeys(values));
    const parts = this.#parts;
    for (let at = 0; at < members.length; at++) {
      const key = members[at];
      const value = values[key];
      parts[at] = value === null ? null : spec.hashes[key](value);
    }
    const closed = this.#aside !== undefined || (this.#full && this.#groups.length >= LEAST_GROUPS);
    const before = codes.bytes;
    const code = codes.codeOf(parts, !closed);
    if (code < 0) {
      this.#aside ??= new RowSpool(this.#context);
      return undefined;
    }
    if (code < groups.length) return groups[code];
    const kept =
      members.length === values.length
        ? values.slice()
        : values.map((value, at) => (members.includes(at) ? value : null));
    return this.#newGroup(set, kept, codes.bytes - before);
  }

  groupOf(values: readonly SqlValue[]): Group | undefined {
    return this.#groupOf(0, values);
  }

  #newGroup(set: number, keys: readonly SqlValue[], keyBytes = 0): Group {
    const { calls } = this.#spec;
    const states = calls.map((call) =>
      call.implementation.create(call.direct.map((evaluate) => evaluate(keys, this.#context))),
    );
    const group: Group = {
      set,
      number: this.#bySet[set].length,
      keys,
      states,
      kept: this.#simple ? undefined : calls.map((call) => (call.compare === undefined ? undefined : [])),
      seen: this.#simple ? undefined : calls.map((call) => (call.distinct === undefined ? undefined : new Set())),
    };
    this.#bySet[set].push(group);
    this.#groups.push(group);
    const bytes = rowBytes(keys) + keyBytes + 100 * (1 + calls.length);
    if (this.#context.reserve(bytes)) this.#reserved += bytes;
    else this.#full = true;
    return group;
  }

  /** Inputs kept for DISTINCT, ORDER BY or the result of an aggregate cannot be put aside. */
  #requireKept(bytes: number): void {
    this.#context.require(bytes, 'An aggregate that keeps its input');
    this.#required += bytes;
  }

  #releaseKept(): void {
    this.#context.releaseRequired(this.#required);
    this.#required = 0;
  }

  #step(group: Group, row: Row): void {
    const { calls } = this.#spec;
    const context = this.#context;
    const { evaluation } = context;
    for (let at = 0; at < calls.length; at++) {
      const call = calls[at];
      if (call.filter !== undefined && call.filter(row, context) !== true) continue;
      const { inputs } = call;
      if (this.#simple) {
        const a = inputs.length > 0 ? inputs[0](row, context) : null;
        const b = inputs.length > 1 ? inputs[1](row, context) : null;
        if (call.strict && ((inputs.length > 0 && a === null) || (inputs.length > 1 && b === null))) continue;
        call.implementation.step(group.states[at], a, b, evaluation);
      } else this.#stepSlow(group, at, row);
    }
  }

  #stepSlow(group: Group, at: number, row: Row): void {
    const call = this.#spec.calls[at];
    const context = this.#context;
    const values: SqlValue[] = [];
    for (const input of call.inputs) {
      const value = input(row, context);
      if (value === null && call.strict) return;
      values.push(value);
    }
    if (!this.isNew(group, at, values)) return;
    const kept = group.kept?.[at];
    if (kept !== undefined) {
      for (const sortKey of call.sortKeys) values.push(sortKey(row, context));
      this.#requireKept(rowBytes(values));
      kept.push(values);
    } else {
      if (call.growing) this.#requireKept(rowBytes(values));
      stepCall(call, group.states[at], values, context);
    }
  }

  /** For DISTINCT: false when the group has had these inputs. */
  isNew(group: Group, at: number, values: readonly SqlValue[]): boolean {
    const { distinct } = this.#spec.calls[at];
    const seen = group.seen?.[at];
    if (seen === undefined || distinct === undefined) return true;
    const key = distinct(values);
    const before = seen.size;
    seen.add(key);
    if (seen.size === before) return false;
    this.#requireKept(typeof key === 'string' ? 64 + 2 * key.length : 64);
    return true;
  }

  #emit(): Batch | null | typeof PENDING {
    const { calls, sets, groupings } = this.#spec;
    while (this.#emitted < this.#groups.length && this.#out.length < BATCH_ROWS) {
      const group = this.#groups[this.#emitted];
      const row: SqlValue[] = group.keys.slice();
      for (let at = 0; at < calls.length; at++) {
        const call = calls[at];
        const kept = group.kept?.[at];
        if (kept !== undefined && call.compare !== undefined) {
          kept.sort(call.compare);
          for (const values of kept)
            stepCall(call, group.states[at], values.slice(0, call.inputs.length), this.#context);
          kept.length = 0;
        }
        row.push(call.implementation.final(group.states[at], this.#context.evaluation));
      }
      for (const keys of groupings) {
        let mask = 0;
        for (const key of keys) mask = mask * 2 + (sets[group.set].includes(key) ? 0 : 1);
        row.push(mask);
      }
      this.#out.push(row);
      this.#emitted++;
    }
    if (this.#out.length === 0) return null;
    const out = this.#out;
    this.#out = [];
    return out;
  }

  #reset(): void {
    this.#forget();
    this.#batch = null;
    this.#out = [];
    this.#aside?.close();
    this.#aside = undefined;
    this.#reading?.close();
    this.#reading = undefined;
  }

  rewind(): void {
    this.#reset();
    this.#source.rewind();
  }

  close(): void {
    this.#reset();
    this.#source.close();
  }
}

function opened(spec: AggregateSpec, context: ExecutionContext): AggregateSpec {
  if (spec.calls.every((call) => call.open === undefined)) return spec;
  const calls = spec.calls.map((call) =>
    call.open === undefined ? call : { ...call, implementation: call.open(context) },
  );
  return { ...spec, calls };
}

/** The keys of a group of a set that has none: NULL in each column. */
function noKeys(values: readonly SqlValue[]): SqlValue[] {
  return new Array<SqlValue>(values.length).fill(null);
}

export function stepCall(
  call: AggregateCallSpec,
  state: AggregateState,
  values: readonly SqlValue[],
  context: ExecutionContext,
): void {
  const { implementation } = call;
  if (implementation.stepMany !== undefined) implementation.stepMany(state, values, context.evaluation);
  else
    implementation.step(
      state,
      values.length > 0 ? values[0] : null,
      values.length > 1 ? values[1] : null,
      context.evaluation,
    );
}
