/**
 * One batch of the vectorised gear: rows as read, the numbers of those still selected, and the shapes
 * of computed vectors. Vectors are indexed by row number within the batch; entries of rows that were
 * not selected when a vector was computed are stale. A selection only ever shrinks within a batch.
 */
import type { Row } from '../../../sblr/contract/values.ts';
import type { BoundExpression } from '../../binder/bound.ts';
import type { Layout } from '../expressions/compile.ts';
import type { Evaluator, ExecutionContext } from '../operator.ts';

export const VECTOR_ROWS = 2048;

/** Largest whole number a double holds together with all smaller ones. */
export const SAFE = Number.MAX_SAFE_INTEGER;

export class Frame {
  readonly context: ExecutionContext;
  rows: readonly Row[] = [];
  readonly selection = new Int32Array(VECTOR_ROWS);
  selected = 0;
  /** Counts batches, so that vectors shared by expressions are computed once. */
  generation = 0;

  constructor(context: ExecutionContext) {
    this.context = context;
  }

  start(rows: readonly Row[]): void {
    this.rows = rows;
    this.selected = rows.length;
    for (let at = 0; at < rows.length; at++) this.selection[at] = at;
    this.generation++;
  }
}

/** Numbers and which of them are NULL (1). A decimal is values * 10^-scale with one scale per batch. */
export class NumberVector {
  values = new Float64Array(VECTOR_ROWS);
  nulls = new Uint8Array(VECTOR_ROWS);
  hasNulls = false;
  scale = 0;
}

/** Answers false when the batch holds something that only row-at-a-time execution does right. */
export interface NumberNode {
  readonly vector: NumberVector;
  run(frame: Frame): boolean;
}

/** Truth per row: 0 false, 1 true, 2 unknown. */
export interface TruthNode {
  readonly truth: Uint8Array;
  run(frame: Frame): boolean;
}

/** What is shared by the nodes of one execution: loaded columns, by slot. */
export class Build {
  readonly numbers = new Map<number, NumberNode>();
}

/** Planned once, built per execution (plans are shared by executions). */
export type NumberPlan = (build: Build) => NumberNode;
export type TruthPlan = (build: Build) => TruthNode;

export interface VectorScope {
  readonly layout: Layout;
  /** Row-at-a-time code, for what does not depend on the row. */
  readonly compile: (expression: BoundExpression) => Evaluator;
}
