/**
 * Which objects depend on which, found from the definitions themselves: views by the relations they
 * read, foreign keys by their target, columns by their type. Stored expressions carry names, so a
 * rename rewrites them.
 */
import { identifierKey, type Identifier } from '../../sblr/contract/names.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { decodeProgram } from '../../sblr/decode.ts';
import { encodeProgram } from '../../sblr/encode.ts';
import type { AnyNode, RelationNode } from '../../sblr/nodes.ts';
import { OPCODES, type OpcodeName } from '../../sblr/opcodes.ts';
import type { ColumnDefinition, ObjectId, StoredExpression, ViewDefinition } from '../catalog/definitions.ts';
import type { DdlContext } from './context.ts';

export function viewsReading(id: ObjectId, context: DdlContext): ViewDefinition[] {
  const found: ViewDefinition[] = [];
  for (const view of context.catalog.all('view')) {
    if (view.kind === 'view' && !view.system && view.dependsOn.includes(id)) found.push(view);
  }
  return found.sort((a, b) => a.id - b.id);
}

/** After a change of a relation: views that no longer bind are dropped (cascade) or forbid the change, where they have a say. */
export function checkDependentViews(
  id: ObjectId,
  what: string,
  behavior: 'restrict' | 'cascade',
  context: DdlContext,
): void {
  if (context.semantics.viewSources === 'by-name') return;
  const lost: { readonly view: ViewDefinition; readonly because: string }[] = [];
  const lose = (view: ViewDefinition, because: string): void => {
    if (lost.some((one) => one.view.id === view.id)) return;
    lost.push({ view, because });
    for (const reader of viewsReading(view.id, context)) lose(reader, shownView(view, context));
  };
  for (const view of viewsReading(id, context)) if (!stillBinds(view, context)) lose(view, what);
  if (lost.length === 0) return;
  const shown = lost.map(({ view }) => shownView(view, context));
  if (behavior === 'restrict')
    throw dependentError(
      what,
      lost.map(({ because }, at) => `${shown[at]} depends on ${because}`),
    );
  for (const { view } of lost) context.catalog.drop(view.id);
  const cascade = shown.map((one) => `drop cascades to ${one}`);
  context.notice(
    'notice',
    'successful_completion',
    cascade.length === 1
      ? { message: cascade[0]! }
      : { message: `drop cascades to ${cascade.length} other objects`, detail: cascade.join('\n') },
  );
}

function shownView(view: ViewDefinition, context: DdlContext): string {
  return `view ${context.display(view.name)}`;
}

/** `reference`: the foreign key that is in the way, its table and the table it refers to. */
export function dependentError(
  what: string,
  details: readonly string[],
  reference?: Readonly<Record<string, string>>,
): SqlError {
  return new SqlError('dependent_objects_still_exist', {
    message: `cannot drop ${what} because other objects depend on it`,
    ...(reference === undefined ? {} : { variant: 'referenced' }),
    args: { object: what, ...reference },
    detail: details.join('\n'),
    hint: 'Use DROP ... CASCADE to drop the dependent objects too.',
  });
}

function stillBinds(view: ViewDefinition, context: DdlContext): boolean {
  try {
    const program = decodeProgram(view.program);
    const statement = program.statements[0]!;
    if (statement.op !== 'RETURN') return false;
    const bound = context.bindQuery(statement.source as RelationNode, context.viewNames(view));
    return bound.plan.columns.every(
      (column, at) => view.columns[at] === undefined || column.type.kind === view.columns[at].type.kind,
    );
  } catch (error) {
    if (error instanceof SqlError) return false;
    throw error;
  }
}

/** A copy of a node tree with every COLUMN named `from` (unqualified or qualified) renamed. */
export function renameColumnIn<N extends AnyNode>(tree: N, from: Identifier, to: Identifier): N {
  const key = identifierKey(from);
  const visit = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(visit);
    if (value === null || typeof value !== 'object' || !('op' in value)) return value;
    const current = value as { op: OpcodeName } & Record<string, unknown>;
    const copy: Record<string, unknown> = { ...current };
    if (current.op === 'COLUMN') {
      const name = current['name'] as readonly Identifier[];
      const last = name[name.length - 1]!;
      if (identifierKey(last) === key) copy['name'] = [...name.slice(0, -1), to];
    }
    for (const input of Object.keys(OPCODES[current.op].inputs)) copy[input] = visit(current[input]);
    return copy;
  };
  return visit(tree) as N;
}

function renameInStored(
  stored: StoredExpression | undefined,
  from: Identifier,
  to: Identifier,
): StoredExpression | undefined {
  if (stored === undefined) return undefined;
  const program = decodeProgram(stored.program);
  const statements = program.statements.map((statement) => renameColumnIn(statement, from, to));
  return { text: stored.text, program: encodeProgram({ ...program, statements }).bytes };
}

/** Renames a column in its table and in all stored expressions of that table; views keep their output names. */
export function renameColumnEverywhere(
  tableId: ObjectId,
  column: ColumnDefinition,
  newName: Identifier,
  context: DdlContext,
): void {
  const relation = context.catalog.get(tableId);
  if (relation?.kind === 'view') {
    context.catalog.put({
      ...relation,
      columns: relation.columns.map((candidate) =>
        candidate.position === column.position ? { ...candidate, name: newName } : candidate,
      ),
    });
    return;
  }
  const table = context.catalog.table(tableId);
  const rename = (stored: StoredExpression | undefined): StoredExpression | undefined =>
    renameInStored(stored, column.name, newName);
  context.catalog.put({
    ...table,
    columns: table.columns.map((candidate) => ({
      ...candidate,
      name: candidate.position === column.position ? newName : candidate.name,
      defaultValue: candidate.generated === 'none' ? candidate.defaultValue : rename(candidate.defaultValue),
    })),
    constraints: table.constraints.map((constraint) =>
      constraint.check === undefined ? constraint : { ...constraint, check: rename(constraint.check) },
    ),
    indexes: table.indexes.map((index) => ({
      ...index,
      predicate: rename(index.predicate),
      keys: index.keys.map((key) => ({ ...key, expression: rename(key.expression) })),
    })),
  });
}
