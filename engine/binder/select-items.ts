/**
 * The items of a select list or RETURNING clause: names, stars, expressions.
 */
import { identifierKey, type Identifier } from '../../sblr/contract/names.ts';
import type { NodeOf } from '../../sblr/nodes.ts';
import type { BoundExpression, OutputColumn } from './bound.ts';
import { entryColumn } from './columns.ts';
import { fieldsOf } from './comparison.ts';
import { MAX_OUTPUT_COLUMNS } from './context.ts';
import { fail } from './errors.ts';
import { bindExpression } from './expression.ts';
import { findEntry, missingEntry, noteLevel, type RangeEntry, type Scope } from './scope.ts';
import { typeName } from './type-facts.ts';

export interface SelectItem {
  readonly name: string;
  /** identifierKey of the name. */
  readonly key: string;
  readonly expression: BoundExpression;
  readonly origin: OutputColumn | undefined;
  readonly pos: number | undefined;
}

/** Binds what may name items where no column has the name. */
export function withAliases<T>(scope: Scope, items: readonly SelectItem[], work: () => T): T {
  scope.aliases = new Map(items.map((item) => [item.key, item.expression]));
  const bound = work();
  scope.aliases = undefined;
  return bound;
}

/** The items of a select list or RETURNING, stars expanded. */
export function bindItems(
  project: { readonly items: readonly (NodeOf<'ITEM'> | NodeOf<'STAR'>)[]; readonly pos?: number | undefined },
  scope: Scope,
): SelectItem[] {
  const items: SelectItem[] = [];
  const { trace } = scope.binder.shared;
  for (const node of project.items) {
    const start = items.length;
    if (node.op === 'STAR') expandStar(node, scope, items);
    else {
      const expression = bindExpression(node.value, scope);
      const name = itemName(node, scope, expression);
      items.push({
        name: name.shown,
        key: name.key,
        expression,
        origin: scope.binder.originOf(expression),
        pos: node.value.pos,
      });
    }
    trace?.items.set(node, items.slice(start));
  }
  if (items.length > MAX_OUTPUT_COLUMNS)
    fail('too_many_columns', `target lists can have at most ${MAX_OUTPUT_COLUMNS} entries`, project.pos);
  return items;
}

function itemName(node: NodeOf<'ITEM'>, scope: Scope, expression: BoundExpression): { shown: string; key: string } {
  const { binder } = scope;
  if (node.alias !== undefined) return { shown: binder.display(node.alias), key: identifierKey(node.alias) };
  if (node.value.op === 'COLUMN') {
    const last = node.value.name[node.value.name.length - 1] as Identifier;
    const key = identifierKey(last);
    const origin = binder.originOf(expression);
    return {
      shown:
        origin !== undefined && origin.name.toLowerCase() === last.text.toLowerCase()
          ? origin.name
          : binder.display(last),
      key,
    };
  }
  const shown = node.label ?? '?column?';
  return { shown, key: shown.toLowerCase() === shown ? shown : `"${shown}` };
}

function expandStar(node: NodeOf<'STAR'>, scope: Scope, items: SelectItem[]): void {
  const { binder } = scope;
  const add = (entry: RangeEntry): void => {
    noteLevel(scope);
    for (let i = 0; i < entry.columns.length; i++) {
      const column = entry.columns[i] as OutputColumn;
      if (node.given && (entry.table?.columns[column.position - 1]?.generated ?? 'none') !== 'none') continue;
      items.push({
        name: column.name,
        key: entry.keys[i] as string,
        expression: entryColumn(entry, i, node.pos, binder),
        origin: binder.shared.columns[column.id] ?? column,
        pos: node.pos,
      });
    }
  };
  if (node.record !== undefined) {
    const record = bindExpression(node.record, scope);
    if (record.type.kind !== 'record' || record.type.fields === undefined)
      fail('wrong_object_type', `type ${typeName(record.type)} is not composite`, node.pos);
    const values = record.kind === 'row' ? record.items : fieldsOf(record);
    record.type.fields.forEach((field, i) =>
      items.push({
        name: field.name,
        key: field.name.toLowerCase(),
        expression: values[i] as BoundExpression,
        origin: undefined,
        pos: node.pos,
      }),
    );
    return;
  }
  if (node.qualifier !== undefined) {
    const found = findEntry(scope, node.qualifier, node.pos);
    if (found === undefined) missingEntry(scope, node.qualifier, node.pos);
    found.scope.used = true;
    if (found.scope.lateral) found.scope.level.lateralIds.push(...found.entry.columns.map((column) => column.id));
    add(found.entry);
    return;
  }
  if (scope.entries.length === 0) fail('syntax_error', 'SELECT * with no tables specified is not valid', node.pos);
  for (const entry of scope.entries) if (entry.unqualified) add(entry);
}
