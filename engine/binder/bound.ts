/**
 * Bound expressions and the logical plan: what the binder makes of SBLR trees and the planner turns
 * into operators. Every column a relation puts out has an id unique in the statement, and expressions
 * refer to columns by id, so trees can be rearranged freely; a reference to an id that no input below
 * provides is a correlation to an outer query.
 */
import type { Identifier } from '../../sblr/contract/names.ts';
import type { SqlType, VariableKind } from '../../sblr/contract/types.ts';
import type { SqlValue } from '../../sblr/contract/values.ts';
import type {
  ObjectId,
  SystemRelation,
  TableDefinition,
  IndexDefinition,
  RoutineDefinition,
} from '../catalog/definitions.ts';
import type { FunctionDefinition } from '../functions/function.ts';

export type ColumnId = number;

export interface OutputColumn {
  readonly id: ColumnId;
  /** Label as this session sees it. */
  readonly name: string;
  readonly type: SqlType;
  /** Table and 1-based position it comes from unchanged; 0 when computed. */
  readonly tableId: ObjectId;
  readonly position: number;
  /** What the query calls that table, shown as its dialect shows names. */
  readonly relation?: string | undefined;
  /** It is NULL where an outer join finds no row of that table. */
  readonly optional?: boolean | undefined;
}

export type ComparisonOperator = 'equal' | 'not_equal' | 'less' | 'less_equal' | 'greater' | 'greater_equal';

/** How a cast treats values that do not fit, where a dialect converts freely. */
export type LenientContext = 'lenient' | 'column' | 'column_adjusted';

export type BoundExpression =
  | { readonly kind: 'constant'; readonly value: SqlValue; readonly type: SqlType; readonly collated?: true }
  | { readonly kind: 'parameter'; readonly index: number; readonly type: SqlType }
  | {
      readonly kind: 'column';
      readonly id: ColumnId;
      readonly type: SqlType;
      /** Its collation was written with it. */
      readonly collated?: true;
      readonly pos?: number | undefined;
    }
  | {
      readonly kind: 'variable';
      readonly name: string;
      readonly scope: VariableKind;
      readonly type: SqlType;
    }
  | { readonly kind: 'set_variable'; readonly name: string; readonly value: BoundExpression; readonly type: SqlType }
  /** Comparison of two operands of one comparable type. */
  | {
      readonly kind: 'compare';
      readonly operator: ComparisonOperator;
      readonly left: BoundExpression;
      readonly right: BoundExpression;
      readonly operandType: SqlType;
      readonly type: SqlType;
      readonly pos?: number | undefined;
    }
  | {
      readonly kind: 'call';
      readonly function: FunctionDefinition;
      readonly arguments: readonly BoundExpression[];
      readonly type: SqlType;
      /** How messages show it, where the native ones do. */
      readonly shown?: (() => string) | undefined;
      readonly pos?: number | undefined;
    }
  /** A user-defined function. */
  | {
      readonly kind: 'routine';
      readonly routine: RoutineDefinition;
      readonly arguments: readonly BoundExpression[];
      readonly type: SqlType;
      readonly pos?: number | undefined;
    }
  | {
      readonly kind: 'cast';
      readonly operand: BoundExpression;
      readonly type: SqlType;
      /**
       * lenient, column, column_adjusted: what can be read of the value counts; the rest is a warning in an expression, for a
       * column an error or (adjusted) a warning with the nearest value.
       */
      readonly context: 'implicit' | 'assignment' | 'explicit' | 'try' | LenientContext;
      /** Made for a comparison, which knows the date of zeros whatever the mode takes for a value. */
      readonly compared?: boolean | undefined;
      /** The names of table and column and the number of the first row, for messages of assignments. */
      readonly table?: string | undefined;
      readonly column?: string | undefined;
      readonly firstRow?: number | undefined;
      /** It was written to give text a collation. */
      readonly collated?: true;
      /** It only cuts digits that a computed value has beyond its type: not wanted where the value is computed with. */
      readonly rounding?: true;
      readonly pos?: number | undefined;
      /** Domain whose constraints the value must meet. */ readonly domainId?: ObjectId | undefined;
    }
  | { readonly kind: 'and' | 'or'; readonly operands: readonly BoundExpression[]; readonly type: SqlType }
  | { readonly kind: 'not'; readonly operand: BoundExpression; readonly type: SqlType }
  | {
      readonly kind: 'is_null';
      readonly operand: BoundExpression;
      readonly negated: boolean;
      /** The operand is a field of a row that is tested: a row in it is a value, whatever its own fields are. */
      readonly inRow?: boolean;
      readonly type: SqlType;
    }
  | {
      readonly kind: 'is_truth';
      readonly operand: BoundExpression;
      readonly truth: 'true' | 'false' | 'unknown';
      readonly negated: boolean;
      readonly type: SqlType;
    }
  | {
      readonly kind: 'is_distinct';
      readonly left: BoundExpression;
      readonly right: BoundExpression;
      readonly negated: boolean;
      readonly operandType: SqlType;
      readonly type: SqlType;
    }
  | {
      readonly kind: 'in_list';
      readonly operand: BoundExpression;
      readonly items: readonly BoundExpression[];
      readonly negated: boolean;
      readonly operandType: SqlType;
      readonly type: SqlType;
    }
  /** operand op ANY/ALL (array); `test` compares column `left` with column `right` (ids private to this node). */
  | {
      readonly kind: 'quantified_array';
      readonly operand: BoundExpression;
      readonly array: BoundExpression;
      readonly left: ColumnId;
      readonly right: ColumnId;
      readonly test: BoundExpression;
      readonly quantifier: 'any' | 'all';
      readonly type: SqlType;
    }
  | {
      readonly kind: 'case';
      readonly whens: readonly { readonly condition: BoundExpression; readonly result: BoundExpression }[];
      readonly otherwise: BoundExpression | undefined;
      readonly type: SqlType;
    }
  /** Evaluates `value` once, binds it to column `id`, then evaluates `body` (simple CASE, BETWEEN of volatile operands, NULLIF). */
  | {
      readonly kind: 'let';
      readonly id: ColumnId;
      readonly value: BoundExpression;
      readonly body: BoundExpression;
      readonly type: SqlType;
    }
  | { readonly kind: 'coalesce'; readonly operands: readonly BoundExpression[]; readonly type: SqlType }
  | {
      readonly kind: 'extremum';
      readonly which: 'greatest' | 'least';
      readonly nullPropagates: boolean;
      readonly operands: readonly BoundExpression[];
      readonly type: SqlType;
    }
  /** `nested`: the items are arrays that become the next dimension. */
  | {
      readonly kind: 'array';
      readonly items: readonly BoundExpression[];
      readonly nested: boolean;
      readonly type: SqlType;
    }
  | { readonly kind: 'row'; readonly items: readonly BoundExpression[]; readonly type: SqlType }
  | { readonly kind: 'field'; readonly operand: BoundExpression; readonly index: number; readonly type: SqlType }
  | {
      readonly kind: 'subscript';
      readonly operand: BoundExpression;
      readonly steps: readonly {
        readonly slice: boolean;
        readonly lower: BoundExpression | undefined;
        readonly upper: BoundExpression | undefined;
      }[];
      readonly type: SqlType;
    }
  | { readonly kind: 'next_value'; readonly sequenceId: ObjectId; readonly type: SqlType }
  /** A subquery; outer columns it uses appear free in `plan`. */
  | {
      readonly kind: 'subquery';
      readonly form: 'scalar' | 'exists' | 'array';
      readonly plan: LogicalPlan;
      readonly type: SqlType;
    }
  /** operand(s) op ANY/ALL (query): `test` over the outer row, `left` ids bound to operands, and the query's output columns. */
  | {
      readonly kind: 'quantified_query';
      readonly operands: readonly BoundExpression[];
      readonly left: readonly ColumnId[];
      readonly plan: LogicalPlan;
      readonly test: BoundExpression;
      readonly quantifier: 'any' | 'all';
      readonly negated: boolean;
      readonly type: SqlType;
    };

export interface SortKey {
  readonly expression: BoundExpression;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
  readonly collation?: string | undefined;
}

export interface Assigned {
  readonly column: OutputColumn;
  readonly expression: BoundExpression;
}

export interface AggregateCall {
  readonly column: OutputColumn;
  readonly function: FunctionDefinition;
  readonly arguments: readonly BoundExpression[];
  readonly distinct: boolean;
  readonly order: readonly SortKey[];
  /** Direct arguments come in `arguments`, the ordered-set inputs here. */
  readonly within: readonly SortKey[];
  readonly filter: BoundExpression | undefined;
}

export interface WindowFrame {
  readonly unit: 'rows' | 'range' | 'groups';
  readonly start: 'unbounded_preceding' | 'preceding' | 'current_row' | 'following' | 'unbounded_following';
  readonly end: 'unbounded_preceding' | 'preceding' | 'current_row' | 'following' | 'unbounded_following';
  readonly startOffset: BoundExpression | undefined;
  readonly endOffset: BoundExpression | undefined;
  readonly exclude: 'no_others' | 'current_row' | 'group' | 'ties';
}

export interface WindowCall {
  readonly column: OutputColumn;
  /** kind 'window' or 'aggregate'. */
  readonly function: FunctionDefinition;
  readonly arguments: readonly BoundExpression[];
  readonly filter: BoundExpression | undefined;
  readonly ignoreNulls: boolean;
}

export interface CteDefinition {
  readonly id: number;
  readonly name: string;
  readonly plan: LogicalPlan;
  readonly materialized: 'default' | 'always' | 'never';
  /** Modifies data: runs to completion exactly once even if never read. */
  readonly modifies: boolean;
}

/** What a row written through a view must meet, over the columns of the row as stored. */
export interface RowCheck {
  readonly view: Identifier;
  readonly condition: BoundExpression;
}

/** Row source and target of a data modification. */
export interface ModifyTarget {
  readonly table: TableDefinition;
  /** Column ids of the target row in the source plan, by table position (dropped ones are absent). */
  readonly columns: readonly OutputColumn[];
  /** Column holding the row key (text) in the source plan; undefined for a plain INSERT. */
  readonly rowKey: ColumnId | undefined;
}

export interface InsertConflict {
  readonly action: 'nothing' | 'update';
  /** Unique indexes that arbitrate; empty = any. */
  readonly indexes: readonly IndexDefinition[];
  /** Ids standing for the existing row's columns by position, in assignments, where and returning. */
  readonly existing: readonly OutputColumn[];
  /** Over `existing`, when it was updated. */
  readonly checks: readonly RowCheck[];
  /** Ids standing for the row proposed (EXCLUDED), by position. */
  readonly proposed: readonly OutputColumn[];
  /** Columns of the source that the assignments read beside the row proposed. */
  readonly carried: readonly OutputColumn[];
  /** New values by table position. */
  readonly assignments: readonly { readonly position: number; readonly expression: BoundExpression }[];
  readonly where: BoundExpression | undefined;
}

/** What a statement over a join does to one of its tables. */
export interface JoinedPart {
  readonly target: ModifyTarget;
  /** undefined = its rows are deleted. An undefined expression = DEFAULT. */
  readonly assignments:
    | readonly { readonly position: number; readonly expression: BoundExpression | undefined }[]
    | undefined;
}

export interface MergeAction {
  readonly when: 'matched' | 'not_matched' | 'not_matched_by_source';
  readonly condition: BoundExpression | undefined;
  readonly action: 'update' | 'insert' | 'delete' | 'nothing';
  readonly assignments: readonly { readonly position: number; readonly expression: BoundExpression }[];
}

/**
 * `columns` of a node = its output, in order. Rows at run time are arrays in that order.
 */
export type LogicalPlan =
  | { readonly kind: 'dual'; readonly columns: readonly [] }
  | {
      readonly kind: 'scan';
      readonly table: TableDefinition;
      readonly columns: readonly OutputColumn[];
      /** Set when the statement needs the row key (text) as a column: it is then the last of `columns`. */ readonly rowKey:
        | ColumnId
        | undefined;
      readonly alias: string;
    }
  | {
      readonly kind: 'system_scan';
      readonly relation: SystemRelation;
      readonly columns: readonly OutputColumn[];
      readonly alias: string;
    }
  | {
      readonly kind: 'function_scan';
      readonly calls: readonly BoundExpression[];
      /** Output columns per call, by count. */ readonly widths: readonly number[];
      readonly ordinality: boolean;
      readonly columns: readonly OutputColumn[];
      readonly alias: string;
    }
  | {
      readonly kind: 'values';
      readonly rows: readonly (readonly BoundExpression[])[];
      readonly columns: readonly OutputColumn[];
    }
  | {
      readonly kind: 'filter';
      readonly source: LogicalPlan;
      readonly condition: BoundExpression;
      readonly columns: readonly OutputColumn[];
    }
  | {
      readonly kind: 'project';
      readonly source: LogicalPlan;
      readonly items: readonly Assigned[];
      readonly columns: readonly OutputColumn[];
      /** Some item is a set-returning call: the rows multiply (all such items run in step). */ readonly setReturning: boolean;
    }
  | {
      readonly kind: 'join';
      readonly join: 'inner' | 'left' | 'right' | 'full' | 'semi' | 'anti';
      readonly left: LogicalPlan;
      readonly right: LogicalPlan;
      readonly condition: BoundExpression | undefined /** The right side uses columns of the left. */;
      readonly lateral: boolean;
      readonly columns: readonly OutputColumn[];
    }
  | {
      readonly kind: 'aggregate';
      readonly source: LogicalPlan;
      readonly keys: readonly Assigned[];
      /** Grouping sets as lists of indexes into keys; one set of all keys for a plain GROUP BY. */ readonly sets: readonly (readonly number[])[];
      readonly aggregates: readonly AggregateCall[];
      /** Outputs of GROUPING(...): bit masks over key indexes. */ readonly groupings: readonly {
        readonly column: OutputColumn;
        readonly keys: readonly number[];
      }[];
      readonly columns: readonly OutputColumn[];
    }
  | {
      readonly kind: 'window';
      readonly source: LogicalPlan;
      readonly partition: readonly BoundExpression[];
      readonly order: readonly SortKey[];
      readonly frame: WindowFrame;
      readonly calls: readonly WindowCall[] /** source columns, then one per call. */;
      readonly columns: readonly OutputColumn[];
    }
  | {
      readonly kind: 'distinct';
      readonly source: LogicalPlan /** DISTINCT ON keys; empty = whole row. */;
      readonly on: readonly BoundExpression[];
      /** Order that decides which row DISTINCT ON keeps (the query's ORDER BY). */ readonly order: readonly SortKey[];
      readonly columns: readonly OutputColumn[];
    }
  | {
      readonly kind: 'sort';
      readonly source: LogicalPlan;
      readonly keys: readonly SortKey[];
      readonly columns: readonly OutputColumn[];
    }
  | {
      readonly kind: 'limit';
      readonly source: LogicalPlan;
      readonly count: BoundExpression | undefined;
      readonly offset: BoundExpression | undefined;
      readonly withTies: boolean;
      readonly percent: boolean;
      /** All rows of the source are read and their number told. */
      readonly countsAll?: boolean;
      /** Sort keys that define ties. */
      readonly order: readonly SortKey[];
      readonly columns: readonly OutputColumn[];
    }
  | {
      readonly kind: 'set_operation';
      readonly operation: 'union' | 'intersect' | 'except';
      readonly all: boolean;
      readonly left: LogicalPlan;
      readonly right: LogicalPlan;
      readonly columns: readonly OutputColumn[];
    }
  | {
      readonly kind: 'with';
      readonly ctes: readonly CteDefinition[];
      readonly body: LogicalPlan;
      readonly columns: readonly OutputColumn[];
    }
  | {
      readonly kind: 'cte_scan';
      readonly cte: number;
      readonly columns: readonly OutputColumn[];
      readonly alias: string;
    }
  /** The plan of a recursive CTE: `step` reads the previous round's rows by cte_scan of `cte`. */
  | {
      readonly kind: 'recursive_union';
      readonly cte: number;
      readonly base: LogicalPlan;
      readonly step: LogicalPlan;
      readonly all: boolean;
      readonly columns: readonly OutputColumn[];
    }
  | {
      readonly kind: 'lock_rows';
      readonly source: LogicalPlan;
      readonly targets: readonly { readonly table: TableDefinition; readonly rowKey: ColumnId }[];
      readonly strength: 'key_share' | 'share' | 'no_key_update' | 'update';
      readonly wait: 'wait' | 'nowait' | 'skip_locked';
      readonly columns: readonly OutputColumn[];
    }
  /** values[p]: expression over source columns for table position p+1; undefined = default (or generated). */
  | {
      readonly kind: 'insert';
      readonly target: ModifyTarget;
      readonly source: LogicalPlan;
      readonly values: readonly (BoundExpression | undefined)[];
      readonly overriding: 'none' | 'system' | 'user';
      readonly onDuplicate: 'error' | 'ignore' | 'replace';
      readonly conflict: InsertConflict | undefined /** Over target.columns (the row as stored). */;
      readonly checks: readonly RowCheck[];
      readonly returning: readonly Assigned[];
      readonly columns: readonly OutputColumn[];
    }
  | {
      readonly kind: 'update';
      readonly target: ModifyTarget;
      /** Rows that a constraint refuses are passed over with a warning. */
      readonly ignoring: boolean;
      readonly source: LogicalPlan;
      /** Expressions over source columns. undefined expression = DEFAULT. */ readonly assignments: readonly {
        readonly position: number;
        readonly expression: BoundExpression | undefined;
      }[];
      /** Ids of the new row by position, for returning; other source columns stay visible. */ readonly updated: readonly OutputColumn[];
      /** Over `updated`. */
      readonly checks: readonly RowCheck[];
      readonly returning: readonly Assigned[];
      readonly columns: readonly OutputColumn[];
    }
  | {
      readonly kind: 'delete';
      readonly target: ModifyTarget;
      readonly ignoring: boolean;
      readonly source: LogicalPlan;
      readonly returning: readonly Assigned[];
      readonly columns: readonly OutputColumn[];
    }
  /** Rows of a join, each changing the row of every part that it has one of. */
  | {
      readonly kind: 'modify_joined';
      readonly source: LogicalPlan;
      readonly parts: readonly JoinedPart[];
      readonly ignoring: boolean;
      readonly columns: readonly OutputColumn[];
    }
  /** source = target LEFT-joined from the merge source: rowKey is NULL where nothing matched. */
  | {
      readonly kind: 'merge';
      readonly target: ModifyTarget;
      readonly source: LogicalPlan;
      readonly actions: readonly MergeAction[];
      readonly returning: readonly Assigned[];
      readonly columns: readonly OutputColumn[];
    };

/** A bound statement that yields or modifies rows. */
export interface BoundQuery {
  readonly plan: LogicalPlan;
  /** Inferred type per parameter. */
  readonly parameterTypes: readonly SqlType[];
  /** Where each parameter first stands in the text. */
  readonly parameterPositions?: readonly (number | undefined)[] | undefined;
  /** Highest column id used, so that the planner can make fresh ones. */
  readonly lastColumnId: number;
  /** Reads or writes nothing but constants and its own parameters? Tables it depends on, for locks and invalidation. */
  readonly tables: readonly { readonly table: TableDefinition; readonly access: 'read' | 'write' | 'lock' }[];
  readonly modifies: boolean;
}
