/**
 * UPDATE and DELETE of the tables of a join: the whole FROM is bound with the row keys of its tables, and each table
 * that is changed is a part of its own over the joined rows.
 */
import { identifierKey, type Identifier } from '../../sblr/contract/names.ts';
import type { NodeOf } from '../../sblr/nodes.ts';
import type { TableDefinition } from '../catalog/definitions.ts';
import type { JoinedPart, LogicalPlan } from './bound.ts';
import type { Binder, BoundRelation, CteBinding } from './context.ts';
import { fail, notSupported } from './errors.ts';
import { bindCondition } from './expression.ts';
import { bindFrom } from './from.ts';
import { depthBelow } from './levels.ts';
import { plainRelation } from './outputs.ts';
import { newLevel, Scope, type RangeEntry } from './scope.ts';
import { bindAssignments, extendPlan } from './targets.ts';
import { requirePrivilege, type Target } from './view-target.ts';

type Assignment = NodeOf<'ASSIGNMENT'>;
type TableEntry = RangeEntry & { readonly table: TableDefinition; readonly rowKey: number };

export function bindJoined(
  binder: Binder,
  node: NodeOf<'MODIFY_JOINED'>,
  outer: Scope | undefined,
  ctes: CteBinding | undefined,
): BoundRelation {
  const level = newLevel(depthBelow(binder, outer));
  const scope = new Scope(binder, outer, level, ctes);
  level.fromStart = binder.shared.nextColumn;
  const from = bindFrom(node.source, scope, [], { rowKeys: true, lock: undefined });
  scope.entries.push(...from.entries);
  level.fromEnd = binder.shared.nextColumn;
  level.clause = 'where';
  let plan: LogicalPlan = from.plan;
  if (node.where !== undefined)
    plan = {
      kind: 'filter',
      source: plan,
      condition: bindCondition(node.where, scope, 'WHERE'),
      columns: plan.columns,
    };
  binder.shared.modifies = true;
  const parts: JoinedPart[] = [];
  if (node.action === 'delete') {
    for (const { name, pos } of node.targets.map((target) => ({ ...target, pos: node.pos })))
      parts.push(deletedPart(binder, namedEntry(scope, name, pos)));
  } else {
    scope.level.clause = 'assignment';
    for (const [entry, assignments] of byEntry(scope, node.assignments)) {
      const target = targetOf(binder, entry);
      const bound = bindAssignments(assignments, scope, target, entry, (record) => {
        const extended = extendPlan(binder, plan, 'row', record);
        plan = extended.plan;
        return extended.use;
      });
      requirePrivilege(
        binder,
        target,
        'UPDATE',
        bound.map(({ position }) => position),
      );
      parts.push({ ...partOf(binder, entry), assignments: bound });
    }
  }
  refuseTwice(parts, node.pos);
  return plainRelation({ kind: 'modify_joined', source: plan, parts, ignoring: node.ignoring, columns: [] });
}

function partOf(binder: Binder, entry: TableEntry): Omit<JoinedPart, 'assignments'> {
  binder.useTable(entry.table, 'write');
  return { target: { table: entry.table, columns: entry.columns, rowKey: entry.rowKey } };
}

function deletedPart(binder: Binder, entry: TableEntry): JoinedPart {
  requirePrivilege(binder, targetOf(binder, entry), 'DELETE');
  return { ...partOf(binder, entry), assignments: undefined };
}

function targetOf(binder: Binder, entry: TableEntry): Target {
  return { table: entry.table, relation: entry.table, layers: [], binder };
}

/** One table changed under two names would need its rows changed twice. */
function refuseTwice(parts: readonly JoinedPart[], pos: number | undefined): void {
  const seen = new Set<number>();
  for (const { target } of parts) {
    if (seen.has(target.table.id)) notSupported('changing a table under two names in one statement', pos);
    seen.add(target.table.id);
  }
}

/** The entry of FROM whose rows are deleted. */
function namedEntry(scope: Scope, name: readonly Identifier[], pos: number | undefined): TableEntry {
  const last = name.at(-1) as Identifier;
  const found = scope.entries.find((entry) => entry.key === identifierKey(last) && entry.nameable);
  const shown = scope.binder.display(last);
  if (found === undefined) {
    fail('undefined_table', `missing FROM-clause entry for table "${shown}"`, pos, {
      variant: 'joined_target',
      args: { name: shown },
    });
  }
  return changeable(found, 'DELETE', pos);
}

function changeable(entry: RangeEntry, verb: string, pos: number | undefined): TableEntry {
  const { table, rowKey } = entry;
  if (table !== undefined && rowKey !== undefined) return { ...entry, table, rowKey };
  return fail('wrong_object_type', `"${entry.display}" is not a table`, pos, {
    variant: 'not_updatable',
    args: { name: entry.display, verb },
  });
}

/** Assignments by the entry of FROM whose column they set, in their order. */
function byEntry(scope: Scope, assignments: readonly Assignment[]): Map<TableEntry, Assignment[]> {
  const entries = new Map<RangeEntry, TableEntry>();
  const found = new Map<TableEntry, Assignment[]>();
  for (const assignment of assignments) {
    const entry = assignedEntry(scope, assignment);
    let part = entries.get(entry);
    if (part === undefined) {
      part = changeable(entry, 'UPDATE', assignment.pos);
      entries.set(entry, part);
      found.set(part, []);
    }
    found.get(part)?.push(assignment);
  }
  return found;
}

function assignedEntry(scope: Scope, assignment: Assignment): RangeEntry {
  const column = assignment.columns[0] as Identifier;
  const qualifier = assignment.qualifier?.at(-1);
  const candidates = scope.entries.filter(
    (entry) =>
      entry.nameable &&
      (qualifier === undefined || entry.key === identifierKey(qualifier)) &&
      entry.find(identifierKey(column)) >= 0,
  );
  const [first, ...others] = candidates;
  const written = [...(qualifier === undefined ? [] : [qualifier]), column];
  const shown = written.map((part) => scope.binder.display(part)).join('.');
  if (first === undefined)
    fail('undefined_column', `column "${shown}" does not exist`, assignment.pos, { args: { column: shown } });
  if (others.length > 0)
    fail('ambiguous_column', `column reference "${shown}" is ambiguous`, assignment.pos, { args: { column: shown } });
  return first;
}
