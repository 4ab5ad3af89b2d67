/**
 * What the binder notes down on request while it binds a query, so that the query can be written as
 * text again: what each value node became, and which relation of which FROM a column came from.
 */
import type { NodeOf, RelationNode, ValueNode } from '../../sblr/nodes.ts';
import type { RelationDefinition, SystemRelation } from '../catalog/definitions.ts';
import type { AggregateCall, BoundExpression, ColumnId, WindowCall } from './bound.ts';
import type { RangeEntry } from './scope.ts';
import type { SelectItem } from './select-items.ts';

export interface TracedColumn {
  readonly entry: RangeEntry;
  readonly index: number;
}

/** What stands behind a column that the query computes below its select list. */
export type TracedCall =
  | { readonly kind: 'aggregate'; readonly node: NodeOf<'AGGREGATE'>; readonly call: AggregateCall }
  | { readonly kind: 'window'; readonly node: NodeOf<'WINDOW_CALL'>; readonly call: WindowCall }
  | { readonly kind: 'grouping'; readonly items: readonly BoundExpression[] }
  | { readonly kind: 'set'; readonly expression: BoundExpression };

export class BindTrace {
  /** Value nodes as bound, before what stands around them converts them. */
  readonly values = new Map<ValueNode, BoundExpression>();
  /** Back from expressions to the node, where the expression alone does not tell how it was written. */
  readonly nodes = new Map<BoundExpression, ValueNode>();
  readonly entries = new Map<RelationNode, readonly RangeEntry[]>();
  readonly relations = new Map<RelationNode, RelationDefinition | SystemRelation>();
  readonly functions = new Map<RelationNode, readonly BoundExpression[]>();
  readonly items = new Map<NodeOf<'ITEM'> | NodeOf<'STAR'>, readonly SelectItem[]>();
  readonly calls = new Map<ColumnId, TracedCall>();
  readonly #columns = new Map<BoundExpression, TracedColumn>();
  readonly #columnsById = new Map<ColumnId, TracedColumn>();

  value(node: ValueNode, bound: BoundExpression): void {
    this.values.set(node, bound);
    if (AMBIGUOUS.has(node.op) || (node.op === 'OPERATOR' && node.operands.some((operand) => operand.op === 'ROW')))
      this.nodes.set(bound, node);
  }

  /** An item of FROM; its columns are known by the first relation that has a name. */
  relation(node: RelationNode, entries: readonly RangeEntry[]): void {
    this.entries.set(node, entries);
    for (const entry of entries) {
      if (entry.key === '') continue;
      entry.columns.forEach((column, index) => {
        if (!this.#columnsById.has(column.id)) this.#columnsById.set(column.id, { entry, index });
      });
    }
  }

  column(expression: BoundExpression, entry: RangeEntry, index: number): void {
    // A merged column of a nameless join that is one side's column is shown as that.
    if (expression.kind === 'column' && entry.key === '') return;
    this.#columns.set(expression, { entry, index });
  }

  /** Where a reference points to; `expression` may be a copy of the one bound. */
  columnOf(expression: BoundExpression): TracedColumn | undefined {
    return (
      this.#columns.get(expression) ?? (expression.kind === 'column' ? this.#columnsById.get(expression.id) : undefined)
    );
  }
}

const AMBIGUOUS: ReadonlySet<ValueNode['op']> = new Set<ValueNode['op']>([
  'CASE',
  'NULLIF',
  'COLLATE',
  'EXISTS',
  'SUBQUERY',
  'ARRAY_QUERY',
  'IN_QUERY',
  'QUANTIFIED_QUERY',
]);
