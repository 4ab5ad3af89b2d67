/**
 * Views as targets of modifications. A view over one table or view that neither groups, orders off nor
 * combines rows stands for the rows of its table: the modification is bound on the table, the view's
 * condition chooses the rows, and its columns are expressions over those of the table.
 */
import { identifierKey, type Identifier } from '../../sblr/contract/names.ts';
import type { NodeOf, RelationNode, ValueNode } from '../../sblr/nodes.ts';
import type { TableDefinition, ViewDefinition } from '../catalog/definitions.ts';
import type { BoundExpression, OutputColumn, RowCheck } from './bound.ts';
import { Binder, MAX_VIEW_DEPTH } from './context.ts';
import { fail } from './errors.ts';
import { bindCondition } from './expression.ts';
import { qualifiedKeys, watchReads } from './from.ts';
import { makeEntry, shapeOf, shownNames } from './range-entries.ts';
import { newLevel, Scope, type RangeEntry } from './scope.ts';
import { bindItems } from './select-items.ts';
import { storedQuery } from './stored-program.ts';

/** The parts of a query whose rows are rows of one relation. */
export interface PlainQuery {
  readonly from: NodeOf<'LOAD_TABLE'>;
  readonly where: ValueNode | undefined;
  readonly items: readonly (NodeOf<'ITEM'> | NodeOf<'STAR'>)[];
}

/** One view between the name in the statement and the table. */
export interface ViewLayer {
  readonly view: ViewDefinition;
  /** Binds the view's query: its own names and semantics. */
  readonly binder: Binder;
  readonly query: PlainQuery;
}

/** What a modification names: a table, or views down to one. */
export interface Target {
  readonly table: TableDefinition;
  /** The relation the statement names. */
  readonly relation: TableDefinition | ViewDefinition;
  /** Outermost first; none for a table. */
  readonly layers: readonly ViewLayer[];
  /** Who writes the table: the statement's binder, or that of the innermost view. */
  readonly binder: Binder;
}

/** A generation of the target's row as the statement sees it. */
export interface TargetRow {
  readonly entry: RangeEntry;
  /** Conditions of the views, innermost first, over the table's columns. */
  readonly conditions: readonly { readonly layer: ViewLayer; readonly condition: BoundExpression }[];
  /** A view whose select list does not give one row per row, and why. */
  readonly refused: { readonly view: ViewDefinition; readonly reason: string } | undefined;
}

/** The parts of a view's query, or why its rows are not those of one relation. */
export function plainQuery(source: RelationNode): PlainQuery | string {
  const not = (what: string): string => `Views ${what} are not automatically updatable.`;
  switch (source.op) {
    case 'WITH':
      return not('containing WITH');
    case 'SET_OP':
      return not('containing UNION, INTERSECT, or EXCEPT');
    case 'DISTINCT':
      return not('containing DISTINCT');
    case 'LIMIT': {
      const below = plainQuery(source.source);
      return typeof below === 'string' ? below : not('containing LIMIT or OFFSET');
    }
    case 'SORT':
    case 'LOCK_ROWS':
      return plainQuery(source.source);
    case 'PROJECT': {
      let below: RelationNode | undefined = source.source;
      let where: ValueNode | undefined;
      let grouped = false;
      let having = false;
      while (below !== undefined && (below.op === 'FILTER' || below.op === 'GROUP' || below.op === 'WINDOWS')) {
        if (below.op === 'GROUP') grouped = true;
        else if (below.op === 'FILTER' && below.having) having = true;
        else if (below.op === 'FILTER') where = below.condition;
        below = below.source;
      }
      if (grouped) return not('containing GROUP BY');
      if (having) return not('containing HAVING');
      if (below?.op !== 'LOAD_TABLE') return not('that do not select from a single table or view');
      return { from: below, where, items: source.items };
    }
    default:
      return not('that do not select from a single table or view');
  }
}

/** Follows views down to the table; `refuse` raises the error for a view whose rows cannot be modified. */
export function resolveView(
  binder: Binder,
  view: ViewDefinition,
  pos: number | undefined,
  refuse: (view: ViewDefinition, reason: string) => never,
): Target {
  const layers: ViewLayer[] = [];
  let current: ViewDefinition = view;
  let outer = binder;
  for (;;) {
    if (layers.length >= MAX_VIEW_DEPTH) fail('statement_too_complex', 'views are nested too deeply', pos);
    const { source, semantics } = storedQuery(current.program);
    const query = plainQuery(source);
    if (typeof query === 'string') return refuse(current, query);
    const { context } = outer;
    const names = context.viewNames?.(current) ?? outer.names;
    const inner = new Binder(
      { ...context, names, semantics, variables: undefined },
      binder.shared,
      binder.bindRelation,
    );
    layers.push({ view: current, binder: inner, query });
    const below = names.findRelation(query.from.name);
    if (below?.kind === 'system' || (below?.kind === 'view' && below.system))
      fail('insufficient_privilege', `permission denied: "${shownOf(inner, below.name)}" is a system catalog`);
    if (below?.kind === 'table') return { table: below, relation: view, layers, binder: inner };
    if (below?.kind !== 'view')
      return refuse(current, 'Views that do not select from a single table or view are not automatically updatable.');
    current = below;
    outer = inner;
  }
}

function shownOf(binder: Binder, name: Identifier | string): string {
  return typeof name === 'string' ? name : binder.display(name);
}

/** The names of the target over a generation of the table's columns, as `shown` calls it. */
export function targetRow(
  binder: Binder,
  target: Target,
  columns: readonly OutputColumn[],
  shown: { readonly key: string; readonly display: string; readonly qualified: readonly string[] | undefined },
  rowKey: number | undefined,
): TargetRow {
  const { table, layers } = target;
  const conditions: { layer: ViewLayer; condition: BoundExpression }[] = [];
  const shape = shapeOf(table);
  let refused: TargetRow['refused'];
  let below: Pick<RangeEntry, 'columns' | 'keys' | 'expressions'> & { readonly table?: TableDefinition } = {
    columns,
    keys: shape.keys,
    expressions: undefined,
    table,
  };
  for (let at = layers.length - 1; at >= 0; at--) {
    const layer = layers[at] as ViewLayer;
    const scope = layerScope(layer, below, rowKey);
    const viewer = at === 0 ? binder : (layers[at - 1] as ViewLayer).binder;
    const items = bindItems({ items: layer.query.items }, scope);
    const returns = returnedKind(scope);
    if (returns !== undefined)
      refused = {
        view: layer.view,
        reason: `Views that return ${returns} are not automatically updatable.`,
      };
    const names = shownNames(binder, layer.view);
    below = {
      columns: viewColumns(viewer, layer.view, names),
      keys: shapeOf(layer.view).keys,
      expressions: items.slice(0, names.length).map((item) => item.expression),
    };
    if (layer.query.where === undefined) continue;
    scope.level.clause = 'where';
    conditions.push({ layer, condition: bindCondition(layer.query.where, scope, 'WHERE') });
  }
  return { entry: makeEntry({ ...shown, ...below, rowKey }), conditions, refused };
}

function returnedKind({ level }: Scope): string | undefined {
  if (level.aggregates.length > 0 || level.groupings.length > 0) return 'aggregate functions';
  if (level.windows.length > 0) return 'window functions';
  return level.sets.length > 0 ? 'set-returning functions' : undefined;
}

/** What a view's own query sees: the relation below it. */
function layerScope(
  layer: ViewLayer,
  below: Pick<RangeEntry, 'columns' | 'keys' | 'expressions'> & { readonly table?: TableDefinition },
  rowKey: number | undefined,
): Scope {
  const { binder, query } = layer;
  const { name, alias } = query.from;
  const called = alias ?? (name[name.length - 1] as Identifier);
  const relation = binder.names.findRelation(name);
  const entry = makeEntry({
    ...below,
    key: identifierKey(called),
    display: binder.display(called),
    qualified: alias === undefined && relation !== undefined ? qualifiedKeys(binder, name, relation) : undefined,
    rowKey,
  });
  return new Scope(binder, undefined, newLevel(0), undefined, [entry]);
}

/** Columns of a view as `viewer` reads them. */
function viewColumns(viewer: Binder, view: ViewDefinition, names: readonly string[]): OutputColumn[] {
  const columns = shapeOf(view).live.map((column, at) =>
    viewer.newTableColumn(names[at] as string, column.type, view.id, column.position),
  );
  watchReads(viewer, view, columns, true);
  return columns;
}

/** Privileges of the statement on the target, and of the views' owners on what is below them. */
export function requirePrivilege(
  binder: Binder,
  target: Target,
  privilege: string,
  positions?: readonly number[],
): void {
  let writer = binder;
  for (const layer of target.layers) {
    writer.names.checkPrivilege(layer.view, privilege);
    writer = layer.binder;
  }
  writer.names.checkPrivilege(target.table, privilege, positions);
}

/** Conditions that a row written through the views must meet: WITH CHECK OPTION. */
export function viewChecks(target: Target, row: TargetRow): RowCheck[] {
  const checked = new Set<ViewLayer>();
  let cascaded = false;
  for (const layer of target.layers) {
    if (cascaded || layer.view.checkOption !== 'none') checked.add(layer);
    if (layer.view.checkOption === 'cascaded') cascaded = true;
  }
  return row.conditions
    .filter(({ layer }) => checked.has(layer))
    .map(({ layer, condition }) => ({ view: layer.view.name, condition }));
}
