/**
 * Joins in FROM: conditions, USING and NATURAL with their merged columns, aliases of joins.
 */
import { identifierKey, type Identifier } from '../../sblr/contract/names.ts';
import { BOOL } from '../../sblr/contract/types.ts';
import type { NodeOf, RelationNode } from '../../sblr/nodes.ts';
import type { BoundExpression, LogicalPlan, OutputColumn } from './bound.ts';
import { coerceTo, commonType } from './coerce.ts';
import { entryColumn } from './columns.ts';
import { compare } from './comparison.ts';
import type { Binder } from './context.ts';
import { fail } from './errors.ts';
import { bindCondition } from './expression.ts';
import { aliasColumns, makeEntry, type FromOptions, type FromResult } from './range-entries.ts';
import { displayKey, noteRead, Scope, withVisibility, type RangeEntry } from './scope.ts';

type BindFrom = (node: RelationNode, scope: Scope, left: readonly RangeEntry[], options: FromOptions) => FromResult;

export function bindJoin(
  node: NodeOf<'JOIN'>,
  scope: Scope,
  visible: readonly RangeEntry[],
  options: FromOptions,
  bindFrom: BindFrom,
): FromResult {
  const { binder } = scope;
  const leftStart = binder.shared.nextColumn;
  const left = bindFrom(node.left, scope, visible, options);
  const leftEnd = binder.shared.nextColumn;
  const lateralBefore = scope.level.lateralIds.length;
  const right = bindFrom(
    node.right,
    scope,
    visible.length === 0 ? left.entries : [...visible, ...left.entries],
    options,
  );
  const lateral = scope.level.lateralIds.slice(lateralBefore).some((id) => id >= leftStart && id < leftEnd);
  if (lateral && (node.kind === 'right' || node.kind === 'full')) {
    fail('invalid_column_reference', 'invalid reference to FROM-clause entry', node.pos, {
      detail: 'The combining JOIN type must be INNER or LEFT for a LATERAL reference.',
    });
  }
  checkNames(left.entries, right.entries);
  if (node.kind === 'left' || node.kind === 'full') markNullable(right.entries, binder);
  if (node.kind === 'right' || node.kind === 'full') markNullable(left.entries, binder);
  let entries: readonly RangeEntry[] = [...left.entries, ...right.entries];
  let condition: BoundExpression | undefined;
  const using = node.natural
    ? commonColumns(left.entries, right.entries)
    : node.using.map((name) => ({ key: identifierKey(name), shown: binder.display(name) }));
  if (node.natural || node.using.length > 0) {
    const merged = mergeColumns(node, scope, left, right, using);
    condition = merged.condition;
    entries = merged.entries;
  } else if (node.condition !== undefined) {
    const inner = new Scope(binder, scope.parent, scope.level, scope.ctes, [...entries]);
    inner.blocked = visible;
    const clause = scope.level.clause;
    scope.level.clause = 'join';
    condition = bindCondition(node.condition, inner, 'JOIN/ON');
    scope.level.clause = clause;
  }
  const plan: LogicalPlan = {
    kind: 'join',
    join: node.kind === 'cross' ? 'inner' : node.kind,
    left: left.plan,
    right: right.plan,
    condition,
    lateral,
    columns: [...left.plan.columns, ...right.plan.columns],
  };
  if (node.alias !== undefined) entries = [aliasJoin(node, scope, entries)];
  return { plan, entries };
}

/** Two relations of one FROM must not share a name. */
function checkNames(left: readonly RangeEntry[], right: readonly RangeEntry[]): void {
  for (const entry of right) {
    if (entry.key === '' || !entry.nameable) continue;
    for (const other of left) {
      if (other.key !== entry.key || !other.nameable) continue;
      const different = other.qualified !== undefined && entry.qualified !== undefined && other.table !== entry.table;
      if (!different) fail('duplicate_alias', `table name "${entry.display}" specified more than once`);
    }
  }
}

interface Column {
  readonly entry: RangeEntry;
  readonly index: number;
}

function allColumns(entries: readonly RangeEntry[]): Column[] {
  return entries
    .filter((entry) => entry.unqualified)
    .flatMap((entry) => entry.columns.map((_column, index) => ({ entry, index })));
}

const keyOf = (column: Column): string => column.entry.keys[column.index] as string;

function commonColumns(left: readonly RangeEntry[], right: readonly RangeEntry[]): { key: string; shown: string }[] {
  const keys = new Set(allColumns(right).map(keyOf));
  const found: { key: string; shown: string }[] = [];
  for (const column of allColumns(left)) {
    const key = keyOf(column);
    if (keys.has(key) && !found.some((other) => other.key === key)) found.push({ key, shown: displayKey(key) });
  }
  return found;
}

function findOne(
  entries: readonly RangeEntry[],
  key: string,
  shown: string,
  side: 'left' | 'right',
  pos: number | undefined,
): Column {
  const found = allColumns(entries).filter((column) => keyOf(column) === key);
  if (found.length === 0)
    fail('undefined_column', `column "${shown}" specified in USING clause does not exist in ${side} table`, pos);
  if (found.length > 1)
    fail('ambiguous_column', `common column name "${shown}" appears more than once in ${side} table`, pos);
  return found[0] as Column;
}

function mergeColumns(
  node: NodeOf<'JOIN'>,
  scope: Scope,
  left: FromResult,
  right: FromResult,
  using: readonly { key: string; shown: string }[],
): { condition: BoundExpression | undefined; entries: readonly RangeEntry[] } {
  const { binder } = scope;
  const tests: BoundExpression[] = [];
  const merged: { column: OutputColumn; key: string; expression: BoundExpression }[] = [];
  const usedLeft: Column[] = [];
  const usedRight: Column[] = [];
  for (const { key, shown } of using) {
    if (merged.some((other) => other.key === key))
      fail('duplicate_column', `column name "${shown}" appears more than once in USING clause`, node.pos);
    const a = findOne(left.entries, key, shown, 'left', node.pos);
    const b = findOne(right.entries, key, shown, 'right', node.pos);
    usedLeft.push(a);
    usedRight.push(b);
    const leftValue = entryColumn(a.entry, a.index, node.pos, binder);
    const rightValue = entryColumn(b.entry, b.index, node.pos, binder);
    tests.push(compare(binder, 'equal', leftValue, rightValue, node.pos));
    const type = commonType(binder, [leftValue.type, rightValue.type], 'JOIN/USING', [node.pos, node.pos]);
    const l = coerceTo(binder, leftValue, type, 'JOIN/USING', node.pos);
    const r = coerceTo(binder, rightValue, type, 'JOIN/USING', node.pos);
    const expression: BoundExpression =
      node.kind === 'full' ? { kind: 'coalesce', operands: [l, r], type } : node.kind === 'right' ? r : l;
    const origin = a.entry.columns[a.index] as OutputColumn;
    merged.push({
      column:
        expression.kind === 'column'
          ? (binder.shared.columns[expression.id] ?? origin)
          : { ...origin, type, tableId: 0, position: 0 },
      key,
      expression,
    });
  }
  const condition: BoundExpression | undefined =
    tests.length === 0 ? undefined : tests.length === 1 ? tests[0] : { kind: 'and', operands: tests, type: BOOL };
  const rest = (side: FromResult, used: readonly Column[]): Column[] =>
    allColumns(side.entries).filter(
      (column) => !used.some((other) => other.entry === column.entry && other.index === column.index),
    );
  const others = [...rest(left, usedLeft), ...rest(right, usedRight)];
  const columns = [
    ...merged.map((item) => item.column),
    ...others.map((item) => item.entry.columns[item.index] as OutputColumn),
  ];
  const keys = [...merged.map((item) => item.key), ...others.map(keyOf)];
  const expressions = [
    ...merged.map((item) => item.expression),
    ...others.map((item) => item.entry.expressions?.[item.index]),
  ];
  const whole = makeEntry({ key: '', display: 'unnamed_join', columns, keys, expressions });
  const hidden = [...left.entries, ...right.entries].map((entry) => withVisibility(entry, false, entry.nameable));
  const entries = [whole, ...hidden];
  if (node.usingAlias !== undefined) {
    entries.push(
      makeEntry({
        key: identifierKey(node.usingAlias),
        display: binder.display(node.usingAlias),
        columns: columns.slice(0, merged.length),
        keys: keys.slice(0, merged.length),
        expressions: expressions.slice(0, merged.length),
        unqualified: false,
      }),
    );
  }
  return { condition, entries };
}

/** (a JOIN b) AS j: only j can be named. */
function aliasJoin(node: NodeOf<'JOIN'>, scope: Scope, entries: readonly RangeEntry[]): RangeEntry {
  const { binder } = scope;
  const alias = node.alias as Identifier;
  const display = binder.display(alias);
  const all = allColumns(entries);
  const source = all.map((item) => item.entry.columns[item.index] as OutputColumn);
  for (const column of source) noteRead(binder, column);
  const { names, keys } = aliasColumns(
    binder,
    node.columns,
    source.map((column) => column.name),
    all.map(keyOf),
    display,
    node.pos,
  );
  return makeEntry({
    key: identifierKey(alias),
    display,
    columns: source.map((column, i) => (column.name === names[i] ? column : { ...column, name: names[i] as string })),
    keys,
    expressions: all.map((item) => item.entry.expressions?.[item.index]),
  });
}

function markNullable(entries: readonly RangeEntry[], binder: Binder): void {
  for (const entry of entries) {
    entry.nullable.value = true;
    binder.markOptional(entry.columns);
  }
}
