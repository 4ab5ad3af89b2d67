/**
 * Nodes of a physical plan: what to open at run time, where each column stands in the rows, estimates
 * for costing, and what EXPLAIN shows.
 */
import type { BoundExpression, ColumnId } from '../binder/bound.ts';
import type { IndexDefinition, TableDefinition } from '../catalog/definitions.ts';
import type { Layout } from '../executor/expressions/compile.ts';
import type { PointRead } from '../executor/point-read.ts';
import { PENDING, type Batch, type ExecutionContext, type Measurement, type Operator } from '../executor/operator.ts';

/** A column rows are sorted by. */
export interface PhysicalOrder {
  readonly id: ColumnId;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
  /** How text compares in this order; undefined = by code points. */
  readonly collation?: string | undefined;
}

/** One line under a node in EXPLAIN: a label and expressions or plain text. */
export interface PlanDetail {
  readonly label: string;
  readonly expressions?: readonly BoundExpression[] | undefined;
  readonly text?: string | undefined;
}

/** What a scan reads, or a modification changes, by name. */
export interface ReadRelation {
  readonly kind: 'table' | 'function' | 'common';
  readonly name: string;
  /** '' = none. */
  readonly alias: string;
  readonly index?: string | undefined;
  readonly access?: TableAccessPath | undefined;
}

/** How a scan finds the rows of a table. */
export interface TableAccessPath {
  readonly table: TableDefinition;
  /** Rows of the table, estimated. */
  readonly tableRows: number;
  readonly index?: IndexDefinition | undefined;
  /** At most one row has what is looked for. */
  readonly unique: boolean;
  /** What the first keys of the index equal. */
  readonly equal: readonly BoundExpression[];
  /** Further keys that a range or a list of values limits. */
  readonly ranged: number;
  /** All conditions on the table's columns, those that the index takes care of included. */
  readonly conditions: readonly BoundExpression[];
}

export interface NodeFacts {
  readonly layout: Layout;
  readonly width: number;
  readonly rows: number;
  readonly startup: number;
  readonly total: number;
  readonly order?: readonly PhysicalOrder[] | undefined;
  /** Kind of node as EXPLAIN names it, e.g. 'Seq Scan'; '' = not shown (its child stands for it). */
  readonly title: string;
  /** What it reads or changes, shown after the title. */
  readonly reads?: ReadRelation | undefined;
  readonly details?: readonly PlanDetail[] | undefined;
  readonly children?: readonly PhysicalNode[] | undefined;
  /** Further plans shown under it with a heading ('CTE x', 'SubPlan 1', 'InitPlan 1'). */
  readonly subplans?: readonly { readonly heading: string; readonly node: PhysicalNode }[] | undefined;
  /** Set for a plain scan of a whole table: what the vectorised gear needs to do it itself. */
  readonly scan?:
    | {
        readonly table: TableDefinition;
        readonly conjuncts: readonly BoundExpression[];
        readonly layout: Layout;
        readonly rows: number;
      }
    | undefined;
  /** Set for one row by a unique key of known values: see point-read.ts. */
  readonly point?: PointRead | undefined;
  readonly create: (context: ExecutionContext) => Operator;
}

export class PhysicalNode {
  readonly layout: Layout;
  readonly width: number;
  readonly rows: number;
  readonly startup: number;
  readonly total: number;
  readonly order: readonly PhysicalOrder[];
  readonly facts: NodeFacts;
  readonly children: readonly PhysicalNode[];

  constructor(facts: NodeFacts) {
    this.facts = facts;
    this.layout = facts.layout;
    this.width = facts.width;
    this.rows = facts.rows;
    this.startup = facts.startup;
    this.total = facts.total;
    this.order = facts.order ?? [];
    this.children = facts.children ?? [];
  }

  open(context: ExecutionContext): Operator {
    const operator = this.facts.create(context);
    if (context.measurements === undefined || this.facts.title === '') return operator;
    return new Measured(operator, this, context.measurements, undefined);
  }

  /** An operator that stands for this node's, counting rows by `counter` because it leaves conditions to its reader. */
  measured(operator: Operator, context: ExecutionContext, counter: PassedRows): Operator {
    if (context.measurements === undefined || this.facts.title === '') return operator;
    return new Measured(operator, this, context.measurements, counter);
  }

  /** The same rows with columns found under other ids. */
  relabel(layout: Layout, order: readonly PhysicalOrder[]): PhysicalNode {
    return new PhysicalNode({
      ...this.facts,
      layout,
      order,
      create: (context) => this.open(context),
      title: '',
      reads: undefined,
      details: undefined,
      subplans: undefined,
      children: [this],
    });
  }
}

/** Counts rows that passed conditions tested elsewhere. */
export interface PassedRows {
  readonly passed: number;
}

/** Counts and times what passes through a node. */
class Measured implements Operator {
  readonly #operator: Operator;
  readonly #measurement: Measurement;
  readonly #counter: PassedRows | undefined;
  #started = false;

  constructor(
    operator: Operator,
    node: PhysicalNode,
    measurements: Map<object, Measurement>,
    counter: PassedRows | undefined,
  ) {
    this.#operator = operator;
    this.#counter = counter;
    let measurement = measurements.get(node);
    if (measurement === undefined) {
      measurement = { loops: 0, rows: 0, startup: 0, total: 0 };
      measurements.set(node, measurement);
    }
    this.#measurement = measurement;
  }

  next(): Batch | null | typeof PENDING {
    const measurement = this.#measurement;
    if (!this.#started) {
      this.#started = true;
      measurement.loops++;
    }
    const before = performance.now();
    try {
      const batch = this.#operator.next();
      if (batch !== null && batch !== PENDING) {
        if (measurement.rows === 0) measurement.startup = measurement.total + performance.now() - before;
        if (this.#counter === undefined) measurement.rows += batch.length;
      }
      if (this.#counter !== undefined) measurement.rows = this.#counter.passed;
      return batch;
    } finally {
      measurement.total += performance.now() - before;
    }
  }

  rewind(): void {
    this.#started = false;
    this.#operator.rewind();
  }

  close(): void {
    this.#operator.close();
  }
}
