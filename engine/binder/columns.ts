/**
 * COLUMN nodes: columns of the relations in scope, output aliases, variables of the surrounding routine,
 * whole rows and the system columns of tables.
 */
import { identifierKey, type Identifier, type Name } from '../../sblr/contract/names.ts';
import { BOOL, OID, TEXT, type SqlType } from '../../sblr/contract/types.ts';
import type { NodeOf } from '../../sblr/nodes.ts';
import type { BoundExpression, OutputColumn } from './bound.ts';
import { RowKeysNeeded, type Binder } from './context.ts';
import { fail, notSupported } from './errors.ts';
import {
  displayKey,
  findEntry,
  findUnqualified,
  missingEntry,
  noteLevel,
  noteRead,
  similarColumn,
  useColumn,
  type RangeEntry,
  type Scope,
} from './scope.ts';

export function bindColumn(node: NodeOf<'COLUMN'>, scope: Scope): BoundExpression {
  const { name, pos } = node;
  const last = name[name.length - 1] as Identifier;
  const key = identifierKey(last);
  if (name.length === 1) return unqualified(node, scope, last, key);
  const qualifier = name.slice(0, -1);
  const found = findEntry(scope, qualifier, pos);
  if (found === undefined) {
    const variable = name.length === 2 ? recordVariable(scope, qualifier[0] as Identifier, last) : undefined;
    return variable ?? missingEntry(scope, qualifier, pos, last);
  }
  const index = found.entry.find(key);
  if (index === -2)
    fail('ambiguous_column', `column reference "${displayKey(key)}" is ambiguous`, pos, { args: placeOf(scope, name) });
  if (index >= 0) return useColumn({ entry: found.entry, index, scope: found.scope }, pos);
  const system = systemColumn(found.entry, key, pos, found.scope);
  if (system !== undefined) return system;
  return fail(
    'undefined_column',
    `column ${scope.binder.display(qualifier[qualifier.length - 1] as Identifier)}.${displayShown(scope, last)} does not exist`,
    pos,
    {
      ...hintOf(similarColumn(scope, key)),
      variant: 'qualified',
      args: placeOf(scope, name),
    },
  );
}

/** What an error about a column says of it besides its message: its name as written, and the clause it stands in. */
function placeOf(scope: Scope, name: Name): { column: string; clause: string } {
  return { column: name.map((part) => scope.binder.display(part)).join('.'), clause: scope.level.clause };
}

function displayShown(scope: Scope, name: Identifier): string {
  return scope.binder.display(name);
}

function hintOf(hint: string | undefined): { hint?: string } {
  return hint === undefined ? {} : { hint };
}

function unqualified(node: NodeOf<'COLUMN'>, scope: Scope, name: Identifier, key: string): BoundExpression {
  const { pos } = node;
  const found = findUnqualified(scope, key, pos);
  if (found !== undefined) {
    const preferred = conflicting(scope, name, pos);
    return preferred ?? useColumn(found, pos);
  }
  const alias = scope.aliases?.get(key);
  if (alias !== undefined) return alias;
  const shown = scope.binder.display(name);
  const variable = scope.binder.context.variables?.typeOf(name.text, 'local');
  if (variable !== undefined) return { kind: 'variable', name: name.text, scope: 'local', type: variable };
  for (let at: Scope | undefined = scope; at !== undefined; at = at.parent) {
    const tables = at.entries.filter(
      (entry) => entry.unqualified && (entry.table !== undefined || entry.catalogId !== undefined),
    );
    if (tables.length === 1) {
      const system = systemColumn(tables[0] as RangeEntry, key, pos, at);
      if (system !== undefined) return system;
    }
  }
  const entry = findEntry(scope, [name], pos);
  if (entry !== undefined) return wholeRow(entry.entry, entry.scope, pos);
  return fail('undefined_column', `column "${shown}" does not exist`, pos, {
    ...hintOf(similarColumn(scope, key)),
    args: placeOf(scope, [name]),
  });
}

/** There is no output column of that name. */
export function noColumn(shown: string, pos: number | undefined, clause: string): never {
  return fail('undefined_column', `column "${shown}" does not exist`, pos, { args: { column: shown, clause } });
}

/** A column's name that is a variable's, too: the variable where it wins. */
function conflicting(scope: Scope, name: Identifier, pos: number | undefined): BoundExpression | undefined {
  const { context } = scope.binder;
  const type = context.variables?.typeOf(name.text, 'local');
  if (type === undefined || context.semantics.variableConflict === 'column') return undefined;
  if (context.semantics.variableConflict === 'variable')
    return { kind: 'variable', name: name.text, scope: 'local', type };
  return fail('ambiguous_column', `column reference "${scope.binder.display(name)}" is ambiguous`, pos, {
    detail: 'It could refer to either a variable of the program or a table column.',
  });
}

/** field of a record variable (new.price), or variable of a routine by its name (increase.price). */
function recordVariable(scope: Scope, qualifier: Identifier, field: Identifier): BoundExpression | undefined {
  const { variables } = scope.binder.context;
  const type = variables?.typeOf(qualifier.text, 'local');
  if (type === undefined) {
    const name = `${qualifier.text}.${field.text}`;
    const own = variables?.typeOf(name, 'local');
    return own === undefined ? undefined : { kind: 'variable', name, scope: 'local', type: own };
  }
  if (type.kind !== 'record' || type.fields === undefined) return undefined;
  const key = identifierKey(field);
  const index = type.fields.findIndex(
    (candidate) => candidate.name === field.text || candidate.name.toLowerCase() === key,
  );
  if (index < 0) return undefined;
  return {
    kind: 'field',
    operand: { kind: 'variable', name: qualifier.text, scope: 'local', type },
    index,
    type: (type.fields[index] as { type: SqlType }).type,
  };
}

/** Columns of an entry as expressions. */
export function entryColumn(
  entry: RangeEntry,
  index: number,
  pos?: number | undefined,
  binder?: Binder | undefined,
): BoundExpression {
  const column = entry.columns[index] as OutputColumn;
  if (binder !== undefined) noteRead(binder, column);
  const replaced = entry.expressions?.[index];
  const expression: BoundExpression = replaced ?? { kind: 'column', id: column.id, type: column.type, pos };
  binder?.shared.trace?.column(expression, entry, index);
  return expression;
}

/** t.* where a value is wanted: the relation's row, also where a column has the relation's name. */
export function bindWholeRow(node: NodeOf<'WHOLE_ROW'>, scope: Scope): BoundExpression {
  const found = findEntry(scope, node.name, node.pos);
  if (found === undefined) missingEntry(scope, node.name, node.pos);
  return wholeRow(found.entry, found.scope, node.pos);
}

/** The row of a relation as one value: NULL where an outer join found none. */
export function wholeRow(entry: RangeEntry, scope: Scope, pos: number | undefined): BoundExpression {
  scope.used = true;
  noteLevel(scope);
  if (scope.lateral) scope.level.lateralIds.push(...entry.columns.map((column) => column.id));
  if (entry.scalar) return entryColumn(entry, 0, pos, scope.binder);
  const items = entry.columns.map((_column, i) => entryColumn(entry, i, pos, scope.binder));
  const type: SqlType = entry.rowType ?? {
    kind: 'record',
    fields: entry.columns.map((column) => ({ name: column.name, type: column.type })),
  };
  const row: BoundExpression = { kind: 'row', items, type };
  if (!entry.nullable.value) return row;
  const missing = (item: BoundExpression): BoundExpression => ({
    kind: 'is_null',
    operand: item,
    negated: false,
    type: BOOL,
  });
  let condition: BoundExpression;
  if (entry.table !== undefined) {
    if (entry.rowKey === undefined) throw new RowKeysNeeded();
    condition = missing({ kind: 'column', id: entry.rowKey, type: TEXT });
  } else {
    const operands = items.map(missing);
    condition = operands.length === 1 ? (operands[0] as BoundExpression) : { kind: 'and', operands, type: BOOL };
  }
  return {
    kind: 'case',
    whens: [{ condition, result: { kind: 'constant', value: null, type } }],
    otherwise: row,
    type,
  };
}

/** tableoid, ctid and the transaction columns of a table. */
function systemColumn(
  entry: RangeEntry,
  key: string,
  pos: number | undefined,
  scope: Scope,
): BoundExpression | undefined {
  if (entry.catalogId !== undefined && key === 'tableoid') {
    scope.used = true;
    noteLevel(scope);
    return { kind: 'constant', value: entry.catalogId, type: OID };
  }
  if (entry.table === undefined || !SYSTEM_COLUMNS.has(key)) return undefined;
  scope.used = true;
  noteLevel(scope);
  switch (key) {
    case 'tableoid':
      return { kind: 'constant', value: entry.table.id, type: OID };
    case 'ctid':
      // Bound with row keys already, so this row has none yet: it is being written.
      if (entry.rowKey === undefined && scope.binder.shared.rowKeys) notSupported('ctid of a row being written', pos);
      if (entry.rowKey === undefined) throw new RowKeysNeeded();
      noteRead(scope.binder, scope.binder.shared.columns[entry.rowKey] as OutputColumn);
      return { kind: 'column', id: entry.rowKey, type: TEXT, pos };
    default:
      return {
        kind: 'constant',
        value: key === 'xmin' ? 2 : 0,
        type: { kind: 'oid', declared: key.startsWith('x') ? 'xid' : 'cid' },
      };
  }
}

const SYSTEM_COLUMNS: ReadonlySet<string> = new Set(['tableoid', 'ctid', 'xmin', 'xmax', 'cmin', 'cmax']);
