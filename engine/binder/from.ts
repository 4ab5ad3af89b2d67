/**
 * The FROM clause: tables, views, CTEs, functions, subqueries and joins become a plan and the entries
 * that names are found in.
 */
import { identifierKey, type Identifier, type Name } from '../../sblr/contract/names.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { BOOL, INT64, OID, TEXT, type RecordField, type SqlType } from '../../sblr/contract/types.ts';
import { node as makeNode, type NodeOf, type RelationNode, type ValueNode } from '../../sblr/nodes.ts';
import type {
  RelationDefinition,
  SequenceDefinition,
  SystemRelation,
  TableDefinition,
  ViewDefinition,
  RoutineDefinition,
} from '../catalog/definitions.ts';
import { SYSTEM_RELATIONS } from '../catalog/system-relations.ts';
import type { BoundExpression, LogicalPlan, OutputColumn } from './bound.ts';
import { brokenView, isSourceGone } from './broken-view.ts';
import { callFunction, isResultPlace, outputParameters } from './calls.ts';
import { resolveUnknown } from './coerce.ts';
import { Binder, MAX_VIEW_DEPTH, type BoundRelation, type CteBinding } from './context.ts';
import { atPosition, fail } from './errors.ts';
import { bindExpression, bindRoutineArguments } from './expression.ts';
import { bindJoin } from './join.ts';
import {
  aliasColumns,
  columnKey,
  columnKeys,
  makeEntry,
  renameColumns,
  shapeOf,
  shownNames,
  type FromOptions,
  type FromResult,
} from './range-entries.ts';
import { returning } from './polymorphic-routines.ts';
import { Scope, type RangeEntry } from './scope.ts';
import { storedQuery } from './stored-program.ts';
import { sameIdentity, typeName } from './type-facts.ts';
import { resolveType, showName } from './user-types.ts';

/** Binds one item of FROM. `left` = the entries a lateral item may refer to. */
export function bindFrom(
  node: RelationNode,
  scope: Scope,
  left: readonly RangeEntry[],
  options: FromOptions,
): FromResult {
  const result = bindItem(node, scope, left, options);
  scope.binder.shared.trace?.relation(node, result.entries);
  return result;
}

function bindItem(node: RelationNode, scope: Scope, left: readonly RangeEntry[], options: FromOptions): FromResult {
  switch (node.op) {
    case 'DUAL':
      return { plan: { kind: 'dual', columns: [] }, entries: [] };
    case 'LOAD_TABLE':
      return bindTable(node, scope, options);
    case 'LOADED_ROWS':
      return bindLoadedRows(node, scope.binder);
    case 'LOAD_FUNCTION':
      return bindFunctions(node, scope, left);
    case 'DERIVED':
      return bindDerived(node, scope, left, options);
    case 'JOIN':
      scope.binder.enter(node.pos);
      try {
        return bindJoin(node, scope, left, options, bindFrom);
      } finally {
        scope.binder.leave();
      }
    default: {
      const bound = scope.binder.bindRelation(scope.binder, node, scope.parent, scope.ctes);
      return { plan: bound.plan, entries: [entryOfColumns(scope.binder, '', '', bound.columns)] };
    }
  }
}

function entryOfColumns(_binder: Binder, key: string, display: string, columns: readonly OutputColumn[]): RangeEntry {
  return makeEntry({ key, display, columns, keys: columns.map((column) => columnKey(column.name)) });
}

function findCte(ctes: CteBinding | undefined, key: string): CteBinding | undefined {
  for (let at = ctes; at !== undefined; at = at.next) if (at.key === key) return at;
  return undefined;
}

function bindTable(node: NodeOf<'LOAD_TABLE'>, scope: Scope, options: FromOptions): FromResult {
  const { binder } = scope;
  const { name } = node;
  const last = name[name.length - 1] as Identifier;
  if (name.length === 1) {
    const cte = findCte(scope.ctes, identifierKey(last));
    if (cte !== undefined) return bindCteScan(node, cte, scope);
  }
  const relation = atPosition(node.pos, () => binder.names.findRelation(name));
  if (relation === undefined)
    fail('undefined_table', `relation "${showName(binder, name)}" does not exist`, node.pos, {
      variant: 'relation',
      args: { name: showName(binder, name) },
    });
  binder.shared.trace?.relations.set(node, relation);
  const alias = node.alias ?? last;
  const key = identifierKey(alias);
  const display = binder.display(alias);
  const qualified = node.alias === undefined ? qualifiedKeys(binder, name, relation) : undefined;
  switch (relation.kind) {
    case 'table':
      return scanTable(
        node,
        relation,
        binder,
        key,
        display,
        qualified,
        options.rowKeys || binder.shared.rowKeys ? 'keyed' : 'read',
      );
    case 'system':
      return scanSystem(node, relation, binder, key, display, qualified);
    case 'view':
      return expandView(node, relation, binder, key, display, qualified, options);
    case 'index':
      return fail('wrong_object_type', `cannot open relation "${binder.display(last)}"`, node.pos, {
        detail: 'This operation is not supported for indexes.',
      });
    case 'sequence':
      return scanSequence(node, relation, binder, key, display, qualified);
  }
}

/** The name with its schema, by which columns may be qualified. */
export function qualifiedKeys(
  binder: Binder,
  name: Name,
  relation: RelationDefinition | SystemRelation,
): readonly string[] {
  const keys = name.map(identifierKey);
  if (keys.length > 1 || relation.kind === 'system' || relation.kind === 'index') return keys;
  const schema = binder.names.catalog.get(relation.schemaId);
  if (schema?.kind === 'schema')
    return [schema.main ? binder.semantics.mainSchema.toLowerCase() : identifierKey(schema.name), ...keys];
  const system = binder.names.schemaName(relation.schemaId);
  return system === undefined ? keys : [system.toLowerCase(), ...keys];
}

/** The privilege to read the relation is checked when the statement is bound, for the columns it reads by then. */
export function watchReads(
  binder: Binder,
  relation: RelationDefinition,
  columns: readonly OutputColumn[],
  written = false,
): void {
  if (binder.names.isSuperuser) return;
  const check = { names: binder.names, relation, positions: new Set<number>(), written };
  binder.shared.reads.push(check);
  for (const column of columns) binder.shared.checks[column.id] = check;
}

/** Columns of a scan of a table, and its row key when asked for. */
export function tableColumns(
  binder: Binder,
  table: TableDefinition,
  names: readonly string[],
  relation?: string | undefined,
): OutputColumn[] {
  const { live } = shapeOf(table);
  const columns: OutputColumn[] = [];
  for (let i = 0; i < live.length; i++) {
    const column = live[i] as TableDefinition['columns'][number];
    columns.push(binder.newTableColumn(names[i] as string, column.type, table.id, column.position, relation));
  }
  return columns;
}

export function scanTable(
  node: { readonly columns: readonly Identifier[]; readonly pos?: number | undefined },
  table: TableDefinition,
  binder: Binder,
  key: string,
  display: string,
  qualified: readonly string[] | undefined,
  use: 'read' | 'keyed' | 'written',
): FromResult {
  const shape = shapeOf(table);
  const { names, keys } = aliasColumns(binder, node.columns, shownNames(binder, table), shape.keys, display, node.pos);
  const columns = tableColumns(binder, table, names, display);
  binder.useTable(table, 'read');
  const rowKey = use !== 'read' ? binder.newColumn('ctid', TEXT) : undefined;
  watchReads(binder, table, rowKey === undefined ? columns : [...columns, rowKey], use === 'written');
  const plan: LogicalPlan = {
    kind: 'scan',
    table,
    columns: rowKey === undefined ? columns : [...columns, rowKey],
    rowKey: rowKey?.id,
    alias: display,
  };
  const find = keys === shape.keys ? shape.find : undefined;
  return {
    plan,
    entries: [
      makeEntry({
        key,
        display,
        qualified,
        columns,
        keys,
        ...(find === undefined ? {} : { find }),
        table,
        rowKey: rowKey?.id,
      }),
    ],
  };
}

const SYSTEM_KEYS = new WeakMap<SystemRelation, readonly string[]>();

function scanSystem(
  node: NodeOf<'LOAD_TABLE'>,
  relation: SystemRelation,
  binder: Binder,
  key: string,
  display: string,
  qualified: readonly string[] | undefined,
): FromResult {
  let own = SYSTEM_KEYS.get(relation);
  if (own === undefined) {
    own = relation.columns.map((column) => column.name.toLowerCase());
    SYSTEM_KEYS.set(relation, own);
  }
  const { names, keys } = aliasColumns(
    binder,
    node.columns,
    relation.columns.map((column) => column.name),
    own,
    display,
    node.pos,
  );
  const columns = relation.columns.map((column, i) =>
    binder.newTableColumn(names[i] as string, column.type, relation.id, i + 1),
  );
  return {
    plan: { kind: 'system_scan', relation, columns, alias: display },
    entries: [makeEntry({ key, display, qualified, columns, keys, system: relation })],
  };
}

/** The rows that the client sends: as many of their fields as are asked for; the column behind them is not named. */
function bindLoadedRows(node: NodeOf<'LOADED_ROWS'>, binder: Binder): FromResult {
  const { loaded } = binder.context;
  if (loaded === undefined) throw new SqlError('feature_not_supported', 'rows of the client are only read by a load');
  const columns = loaded.columns.map((column, i) => binder.newTableColumn(column.name, column.type, loaded.id, i + 1));
  const fields = columns.slice(0, -1);
  const keys = node.fields.length === 0 ? fields.map((column) => column.name) : node.fields.map(identifierKey);
  const entry = makeEntry({ key: '', display: '', qualified: undefined, columns: fields, keys, system: loaded });
  return { plan: { kind: 'system_scan', relation: loaded, columns, alias: 'load' }, entries: [entry] };
}

/** A sequence read as a relation: one row with its state. */
function scanSequence(
  node: NodeOf<'LOAD_TABLE'>,
  sequence: SequenceDefinition,
  binder: Binder,
  key: string,
  display: string,
  qualified: readonly string[] | undefined,
): FromResult {
  const relation = SYSTEM_RELATIONS.get('sequences') as SystemRelation;
  const all = relation.columns.map((column, i) => binder.newTableColumn(column.name, column.type, relation.id, i + 1));
  const source = (name: string): BoundExpression => {
    const column = all.find((candidate) => candidate.name === name) as OutputColumn;
    return { kind: 'column', id: column.id, type: column.type };
  };
  const own: readonly (readonly [string, BoundExpression])[] = [
    ['last_value', source('last_value')],
    ['log_cnt', { kind: 'constant', value: 0, type: INT64 }],
    ['is_called', source('is_called')],
  ];
  const { names, keys } = aliasColumns(
    binder,
    node.columns,
    own.map(([name]) => name),
    own.map(([name]) => name),
    display,
    node.pos,
  );
  const items = own.map(([, expression], i) => ({
    column: binder.newTableColumn(names[i] as string, expression.type, sequence.id, i + 1),
    expression,
  }));
  const columns = items.map((item) => item.column);
  watchReads(binder, sequence, columns);
  const condition: BoundExpression = {
    kind: 'compare',
    operator: 'equal',
    operandType: OID,
    type: BOOL,
    left: source('id'),
    right: { kind: 'constant', value: sequence.id, type: OID },
  };
  const filtered: LogicalPlan = {
    kind: 'filter',
    source: { kind: 'system_scan', relation, columns: all, alias: display },
    condition,
    columns: all,
  };
  return {
    plan: { kind: 'project', source: filtered, items, columns, setReturning: false },
    entries: [makeEntry({ key, display, qualified, columns, keys })],
  };
}

function bindCteScan(node: NodeOf<'LOAD_TABLE'>, cte: CteBinding, scope: Scope): FromResult {
  const { binder } = scope;
  if (cte.refusal !== undefined) fail(cte.refusal.condition, cte.refusal.message, node.pos);
  const source = cte.columns ?? [];
  const alias = node.alias;
  const display = alias === undefined ? cte.display : binder.display(alias);
  const { names, keys } = aliasColumns(
    binder,
    node.columns,
    source.map((column) => column.name),
    columnKeys(binder, source),
    display,
    node.pos,
  );
  const columns = source.map((column, i) => binder.newColumn(names[i] as string, column.type, column));
  binder.callColumns(columns, display);
  const plan: LogicalPlan = { kind: 'cte_scan', cte: cte.id, columns, alias: display };
  return {
    plan,
    entries: [makeEntry({ key: alias === undefined ? cte.key : identifierKey(alias), display, columns, keys })],
  };
}

function expandView(
  node: NodeOf<'LOAD_TABLE'>,
  view: ViewDefinition,
  binder: Binder,
  key: string,
  display: string,
  qualified: readonly string[] | undefined,
  options: FromOptions,
): FromResult {
  const bound = bindView(view, binder, node.pos, options.lock);
  const shape = shapeOf(view);
  // A catalog view of a dialect comes without column definitions: its query names them.
  const declared = shape.keys.length > 0;
  const own = declared ? shape.keys : columnKeys(binder, bound.columns);
  const { names, keys } = aliasColumns(
    binder,
    node.columns,
    declared ? shownNames(binder, view) : bound.columns.map((column) => column.name),
    own,
    display,
    node.pos,
  );
  if (bound.columns.length < names.length) throw brokenView(view, binder, node.pos);
  const columns = renameColumns(binder, bound.columns.slice(0, names.length), names, view);
  binder.callColumns(columns, display);
  if (!view.system || !binder.names.isOpen(view)) watchReads(binder, view, columns);
  return {
    plan: bound.plan,
    entries: [makeEntry({ key, display, qualified, columns, keys, catalogId: view.system ? view.id : undefined })],
  };
}

/** The query of a view, bound with the view's own names and semantics. */
export function bindView(
  view: ViewDefinition,
  binder: Binder,
  pos: number | undefined,
  lock: NodeOf<'LOCK_ROWS'> | undefined,
): BoundRelation {
  if (binder.viewDepth >= MAX_VIEW_DEPTH) fail('statement_too_complex', 'views are nested too deeply', pos);
  const { source, semantics } = storedQuery(view.program);
  const { context } = binder;
  const names = context.viewNames?.(view) ?? binder.names;
  const inner = new Binder(
    { ...context, names, semantics, variables: undefined, viewDepth: binder.viewDepth + 1 },
    binder.shared,
    binder.bindRelation,
  );
  try {
    return inner.bindRelation(inner, lock === undefined ? source : wrapLock(source, lock), undefined, undefined);
  } catch (error) {
    throw isSourceGone(error) ? brokenView(view, binder, pos) : error;
  }
}

/** FOR UPDATE of a query reaches into the subqueries of its FROM. */
function wrapLock(source: RelationNode, lock: NodeOf<'LOCK_ROWS'>): RelationNode {
  return makeNode('LOCK_ROWS', { strength: lock.strength, wait: lock.wait, of: [], source, pos: lock.pos });
}

export function lateralScope(scope: Scope, left: readonly RangeEntry[]): Scope {
  const inner = new Scope(scope.binder, scope.parent, scope.level, scope.ctes, [...left]);
  inner.lateral = true;
  return inner;
}

function bindDerived(
  node: NodeOf<'DERIVED'>,
  scope: Scope,
  left: readonly RangeEntry[],
  options: FromOptions,
): FromResult {
  const { binder } = scope;
  let outer: Scope | undefined = scope.parent;
  if (node.lateral) outer = lateralScope(scope, left);
  else if (left.length > 0 || scope.parent !== undefined) {
    // Only there to word the error for a reference that LATERAL would have allowed.
    outer = new Scope(binder, scope.parent, { ...scope.level, depth: scope.level.depth }, scope.ctes);
    outer.blocked = left;
  }
  const clause = scope.level.clause;
  scope.level.clause = 'from_subquery';
  const source = options.lock === undefined ? node.source : wrapLock(node.source, options.lock);
  const bound = binder.bindRelation(binder, source, outer, scope.ctes);
  scope.level.clause = clause;
  const key = node.alias === undefined ? '' : identifierKey(node.alias);
  const display = node.alias === undefined ? 'unnamed_subquery' : binder.display(node.alias);
  const shown = bound.columns.map((column) => column.name);
  const { names, keys } = aliasColumns(
    binder,
    node.columns,
    shown,
    columnKeys(binder, bound.columns),
    display,
    node.pos,
  );
  const columns = renameColumns(binder, bound.columns, names);
  if (node.alias !== undefined) binder.callColumns(columns, display);
  return {
    plan: bound.plan,
    entries: [makeEntry({ key, display, columns, keys })],
  };
}

function bindFunctions(node: NodeOf<'LOAD_FUNCTION'>, scope: Scope, left: readonly RangeEntry[]): FromResult {
  const { binder } = scope;
  const inner = lateralScope(scope, left);
  const clause = scope.level.clause;
  scope.level.clause = 'from_function';
  const nodes = node.calls.flatMap((call): ValueNode[] =>
    call.op === 'CALL' && call.function === 'unnest' && call.arguments.length > 1
      ? call.arguments.map((argument) =>
          makeNode('CALL', { function: 'unnest', variadic: false, arguments: [argument], pos: call.pos }),
        )
      : [call],
  );
  const calls: BoundExpression[] = [];
  const widths: number[] = [];
  const fields: RecordField[] = [];
  let scalar = false;
  for (const call of nodes) {
    const bound = bindFunctionItem(call, inner);
    const columns = functionColumns(node, bound, call, inner);
    calls.push(columns.call);
    widths.push(columns.fields.length);
    fields.push(...columns.fields);
    scalar = columns.scalar;
  }
  scope.level.clause = clause;
  binder.shared.trace?.functions.set(node, calls);
  if (node.ordinality) fields.push({ name: 'ordinality', type: INT64 });
  const first = fields[0]?.name ?? '';
  const display = node.alias === undefined ? functionName(nodes[0] as ValueNode, binder) : binder.display(node.alias);
  const shown = fields.map((field, i) =>
    scalar &&
    nodes.length === 1 &&
    i === 0 &&
    node.alias !== undefined &&
    field.name === first &&
    isOwnName(calls[0] as BoundExpression, first)
      ? display
      : field.name,
  );
  const plain = shown.map((name) => columnKey(name));
  const { names, keys } = aliasColumns(binder, node.columns, shown, plain, display, node.pos);
  const columns = fields.map((field, i) => binder.newColumn(names[i] as string, field.type));
  const plan: LogicalPlan = {
    kind: 'function_scan',
    calls,
    widths,
    ordinality: node.ordinality,
    columns,
    alias: display,
  };
  const key = node.alias === undefined ? columnKey(display) : identifierKey(node.alias);
  return { plan, entries: [makeEntry({ key, display, columns, keys, scalar: scalar && columns.length === 1 })] };
}

/** The call whose rows have these fields. */
function withFields(call: BoundExpression, type: SqlType): BoundExpression {
  const asked = call.kind === 'routine' && call.type.fields === undefined;
  return asked ? { ...call, type, routine: returning(call.routine, type) } : ({ ...call, type } as BoundExpression);
}

/** Is the column named after the function itself, so that an alias renames it? */
function isOwnName(call: BoundExpression, name: string): boolean {
  if (call.kind === 'routine') return onlyOutput(call.routine) === undefined;
  return call.kind !== 'call' || call.function.kind !== 'set' || call.function.name === name;
}

function functionName(call: ValueNode, binder: Binder): string {
  if (call.op === 'CALL') return call.function;
  if (call.op === 'CALL_ROUTINE') return binder.display(call.name[call.name.length - 1] as Identifier);
  return call.op === 'CAST' ? 'cast' : 'column';
}

/** A call in FROM: set-returning calls stay as they are. */
function bindFunctionItem(call: ValueNode, scope: Scope): BoundExpression {
  if (call.op === 'CALL') {
    const arguments_ = call.arguments
      .map((argument) => bindExpression(argument, scope))
      .filter((argument) => !isResultPlace(argument));
    return callFunction(
      scope.binder,
      call.function,
      arguments_,
      call.variadic,
      call.pos,
      call.arguments.map((argument) => argument.pos),
    );
  }
  if (call.op === 'CALL_ROUTINE') return bindRoutineArguments(call, scope);
  return resolveUnknown(scope.binder, bindExpression(call, scope), call.pos);
}

function functionColumns(
  node: NodeOf<'LOAD_FUNCTION'>,
  call: BoundExpression,
  item: ValueNode,
  scope: Scope,
): { call: BoundExpression; fields: readonly RecordField[]; scalar: boolean } {
  const { binder } = scope;
  if (node.definitions.length > 0) {
    if (call.type.kind !== 'record')
      fail('syntax_error', 'a column definition list is only allowed for functions returning "record"', node.pos);
    const fields = node.definitions.map((definition) => ({
      name: binder.display(definition.name),
      type: resolveType(binder, definition.type, node.pos),
    }));
    checkDefinitions(call.type.fields, fields);
    return { call: withFields(call, { kind: 'record', fields }), fields, scalar: false };
  }
  if (call.kind === 'call' && call.function.kind === 'set') {
    const columns = call.function.columns(call.arguments.map((argument) => argument.type));
    if (columns === undefined) {
      const known = call.type.kind === 'record' ? call.type.fields : undefined;
      if (known !== undefined) return { call, fields: known, scalar: false };
      fail('syntax_error', 'a column definition list is required for functions returning "record"', item.pos);
    }
    return { call, fields: columns, scalar: columns.length === 1 };
  }
  if (call.type.kind === 'record') {
    if (call.type.fields === undefined)
      fail('syntax_error', 'a column definition list is required for functions returning "record"', item.pos);
    return { call, fields: call.type.fields, scalar: false };
  }
  const output = call.kind === 'routine' ? onlyOutput(call.routine) : undefined;
  const name = output === undefined ? functionName(item, binder) : binder.display(output);
  return { call, fields: [{ name, type: call.type }], scalar: true };
}

/** A column definition list must fit the row where its columns are known. */
function checkDefinitions(returned: readonly RecordField[] | undefined, wanted: readonly RecordField[]): void {
  if (returned === undefined) return;
  const message = 'function return row and query-specified return row do not match';
  if (returned.length !== wanted.length) {
    const count = `${returned.length} attribute${returned.length === 1 ? '' : 's'}`;
    fail('datatype_mismatch', message, undefined, {
      detail: `Returned row contains ${count}, but query expects ${wanted.length}.`,
    });
  }
  wanted.forEach(({ type }, i) => {
    const given = (returned[i] as RecordField).type;
    if (given.kind === 'unknown' || sameIdentity(given, type)) return;
    fail('datatype_mismatch', message, undefined, {
      detail: `Returned type ${typeName(given)} at ordinal position ${i + 1}, but query expects ${typeName(type)}.`,
    });
  });
}

/** The name of a routine's one output parameter: its column is called so whatever the alias. */
function onlyOutput(routine: RoutineDefinition): Identifier | undefined {
  const outputs = outputParameters(routine);
  return outputs.length === 1 ? outputs[0]?.name : undefined;
}
