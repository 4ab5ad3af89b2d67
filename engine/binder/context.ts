/**
 * State of binding one statement. `BindContext` is what the caller gives; `Binder` is the mutable state
 * shared by all parts of a statement: column ids, parameter types, relations used. A view is bound by a
 * Binder of its own (own names and semantics) over the same shared state.
 */
import type { Identifier } from '../../sblr/contract/names.ts';
import { displayIdentifier } from '../../sblr/contract/names.ts';
import type { Semantics } from '../../sblr/contract/semantics.ts';
import { UNKNOWN, type SqlType, type VariableKind } from '../../sblr/contract/types.ts';
import { DEFAULT_TEXT_SETTINGS, type TextSettings } from '../../sblr/contract/text/settings.ts';
import type { RelationNode } from '../../sblr/nodes.ts';
import type {
  NameContext,
  ObjectId,
  RelationDefinition,
  SystemRelation,
  TableDefinition,
  ViewDefinition,
} from '../catalog/definitions.ts';
import type { BoundExpression, ColumnId, LogicalPlan, OutputColumn } from './bound.ts';
import { fail } from './errors.ts';
import type { Scope } from './scope.ts';
import type { BindTrace } from './trace.ts';
import { sameIdentity, typeName, withoutModifiers } from './type-facts.ts';

/** Views inside views inside views ... */
export const MAX_VIEW_DEPTH = 64;
/** Nested subqueries and expressions. */
export const MAX_BIND_DEPTH = 1500;
export const MAX_OUTPUT_COLUMNS = 1664;

/** Variables a statement may refer to: those of a routine, of the session, settings. */
export interface VariableScope {
  /** Type of a variable, or undefined if there is none of that name. */
  typeOf(name: string, scope: VariableKind): SqlType | undefined;
}

export interface BindContext {
  readonly names: NameContext;
  readonly semantics: Semantics;
  /** Declared type per parameter; undefined = inferred, kind unknown = a literal taken out of the text. */
  readonly parameterTypes: readonly (SqlType | undefined)[];
  /** How literals of date and time types are read; absent = defaults. */
  readonly text?: TextSettings | undefined;
  readonly variables?: VariableScope | undefined;
  /** Names as a view's query sees them: its own search path, its owner's rights. Absent = the caller's. */
  readonly viewNames?: ((view: ViewDefinition) => NameContext) | undefined;
  /** Number of views already being expanded around this query. */
  readonly viewDepth?: number | undefined;
  /** The rows that the client sends, for LOADED_ROWS. */
  readonly loaded?: SystemRelation | undefined;
  /** False keeps conversions of constants as written, for rendering. Default true. */
  readonly fold?: boolean | undefined;
}

/** A relation whose columns are read, and which: the privilege is checked when the statement is bound. */
export interface ReadCheck {
  readonly names: NameContext;
  readonly relation: RelationDefinition;
  readonly positions: Set<number>;
  /** The row that a modification writes: it is not read unless a column of it is. */
  readonly written: boolean;
}

export interface CteBinding {
  readonly key: string;
  readonly id: number;
  readonly display: string;
  /** Output of the CTE; undefined for the recursive reference until the base is bound. */
  readonly columns: readonly OutputColumn[] | undefined;
  /** Why it cannot be read, if so. */
  readonly refusal?:
    | { readonly condition: 'invalid_recursion' | 'feature_not_supported'; readonly message: string }
    | undefined;
  readonly next: CteBinding | undefined;
}

/** What all Binders of one statement share. */
export interface Shared {
  nextColumn: number;
  nextCte: number;
  modifies: boolean;
  /** Values that do not fit a column are adjusted, whatever the dialect's rule. */
  adjusts: boolean;
  /** The table that is modified, for messages. */
  assigned: string;
  depth: number;
  /** All table scans carry their row keys: some expression needs one. */
  rowKeys: boolean;
  /** Aggregates whose arguments are being bound, outermost first. `at`: depth of the query they stand in; `level`: deepest query at or above it that their arguments use; `nested`: levels of aggregates inside. */
  readonly openAggregates: {
    readonly at: number;
    level: number;
    readonly nested: { readonly level: number; readonly pos: number | undefined }[];
  }[];
  /** All columns made, by id. */
  readonly columns: OutputColumn[];
  readonly parameterTypes: (SqlType | undefined)[];
  /** By column id, for relations the role does not own; all of them in `reads`. */
  readonly checks: (ReadCheck | undefined)[];
  readonly reads: ReadCheck[];
  /** Rights of whoever runs the statement: routines are called with these, in a view's query, too. */
  readonly caller: NameContext;
  /** Position of the first use per parameter. */
  readonly parameterPositions: (number | undefined)[];
  readonly tables: Map<ObjectId, { readonly table: TableDefinition; access: 'read' | 'write' | 'lock' }>;
  /** Set when the query is bound to be written as text. */
  readonly trace?: BindTrace | undefined;
}

/** Thrown when an expression needs a row key that its scan does not carry: the statement is bound again with `rowKeys`. */
export class RowKeysNeeded extends Error {}

export interface BoundRelation {
  readonly plan: LogicalPlan;
  /** Visible output; a prefix of plan.columns. */
  readonly columns: readonly OutputColumn[];
}

/** State of a new statement; column ids start at `firstColumn`. */
export function newShared(context: BindContext, firstColumn = 1, trace?: BindTrace): Shared {
  return {
    trace,
    nextColumn: firstColumn,
    nextCte: 1,
    modifies: false,
    adjusts: false,
    assigned: '',
    depth: 0,
    rowKeys: false,
    openAggregates: [],
    columns: [],
    parameterTypes: [...context.parameterTypes],
    checks: [],
    reads: [],
    caller: context.names,
    parameterPositions: [],
    tables: new Map(),
  };
}

export class Binder {
  readonly context: BindContext;
  readonly names: NameContext;
  readonly semantics: Semantics;
  readonly shared: Shared;
  readonly viewDepth: number;
  readonly fold: boolean;
  readonly text: TextSettings;
  /** Binds a query: set by the query module, so that expressions need not import it. */
  readonly bindRelation: (
    binder: Binder,
    relation: RelationNode,
    outer: Scope | undefined,
    ctes: CteBinding | undefined,
    keepUnknown?: boolean,
  ) => BoundRelation;

  constructor(context: BindContext, shared: Shared, bindRelation: Binder['bindRelation']) {
    this.context = context;
    this.names = context.names;
    this.semantics = context.semantics;
    this.shared = shared;
    this.viewDepth = context.viewDepth ?? 0;
    this.fold = context.fold ?? true;
    this.text = context.text ?? DEFAULT_TEXT_SETTINGS;
    this.bindRelation = bindRelation;
  }

  display(identifier: Identifier): string {
    return displayIdentifier(identifier, this.semantics.identifierFold);
  }

  newId(): ColumnId {
    return this.shared.nextColumn++;
  }

  newColumn(name: string, type: SqlType, origin?: OutputColumn | undefined): OutputColumn {
    const column: OutputColumn = {
      id: this.shared.nextColumn++,
      name,
      type,
      tableId: origin?.tableId ?? 0,
      position: origin?.position ?? 0,
      relation: origin?.relation,
      optional: origin?.optional,
    };
    this.shared.columns[column.id] = column;
    return column;
  }

  /** A column of a table at a position. */
  newTableColumn(
    name: string,
    type: SqlType,
    tableId: ObjectId,
    position: number,
    relation?: string | undefined,
  ): OutputColumn {
    const column: OutputColumn = { id: this.shared.nextColumn++, name, type, tableId, position, relation };
    this.shared.columns[column.id] = column;
    return column;
  }

  /** The columns of one side of an outer join, whose rows may be missing. */
  markOptional(columns: readonly OutputColumn[]): void {
    for (const { id } of columns) this.#revise(id, { optional: true });
  }

  /** Gives the columns of a subquery or view the name by which the query calls it. */
  callColumns(columns: readonly OutputColumn[], relation: string): void {
    for (const { id } of columns) this.#revise(id, { relation });
  }

  #revise(id: ColumnId, change: Partial<OutputColumn>): void {
    const column = this.shared.columns[id];
    if (column !== undefined) this.shared.columns[id] = { ...column, ...change };
  }

  /** The column an expression passes on unchanged, if it does. */
  originOf(expression: BoundExpression): OutputColumn | undefined {
    return expression.kind === 'column' ? this.shared.columns[expression.id] : undefined;
  }

  enter(position: number | undefined): void {
    if (++this.shared.depth > MAX_BIND_DEPTH) fail('statement_too_complex', 'stack depth limit exceeded', position);
  }

  leave(): void {
    this.shared.depth--;
  }

  useTable(table: TableDefinition, access: 'read' | 'write' | 'lock'): void {
    const known = this.shared.tables.get(table.id);
    if (known === undefined) this.shared.tables.set(table.id, { table, access });
    else if (access === 'write' || (access === 'lock' && known.access === 'read')) known.access = access;
  }

  /** A reference to a parameter, typed as far as known. */
  parameter(index: number, declared: SqlType | undefined, position: number | undefined): BoundExpression {
    const { parameterTypes, parameterPositions } = this.shared;
    while (parameterTypes.length <= index) parameterTypes.push(undefined);
    parameterPositions[index] ??= position;
    const known = parameterTypes[index];
    if ((known === undefined || known.kind === 'unknown') && declared !== undefined && declared.kind !== 'unknown') {
      parameterTypes[index] = declared;
      return { kind: 'parameter', index, type: declared };
    }
    return { kind: 'parameter', index, type: known === undefined ? UNKNOWN : known };
  }

  /** Gives a parameter of yet unknown type the type its context asks for. */
  inferParameter(index: number, wanted: SqlType, position: number | undefined): BoundExpression {
    const plain = withoutModifiers(wanted);
    const known = this.shared.parameterTypes[index];
    if (known === undefined || known.kind === 'unknown') {
      this.shared.parameterTypes[index] = plain;
      return { kind: 'parameter', index, type: plain };
    }
    if (!sameIdentity(known, plain)) {
      // Where every value converts, a parameter may stand in several contexts and has the type of the first.
      if (this.semantics.coercion === 'lenient') {
        const operand: BoundExpression = { kind: 'parameter', index, type: known };
        return { kind: 'cast', operand, type: plain, context: 'lenient' };
      }
      fail(
        'ambiguous_parameter',
        `inconsistent types deduced for parameter $${index + 1}`,
        position ?? this.shared.parameterPositions[index],
        {
          detail: `${typeName(known)} versus ${typeName(plain)}`,
        },
      );
    }
    return { kind: 'parameter', index, type: known };
  }
}
