/**
 * Views keep the names of what they read. When a relation, a column or a schema gets another name, the
 * stored queries of its readers are written anew, so that they go on reading the same thing under the
 * names they always used.
 */
import { identifierKey, type Identifier, type Name } from '../../sblr/contract/names.ts';
import { decodeProgram } from '../../sblr/decode.ts';
import { encodeProgram } from '../../sblr/encode.ts';
import type { AnyNode, NodeOf } from '../../sblr/nodes.ts';
import { OPCODES, type OpcodeName } from '../../sblr/opcodes.ts';
import type { RelationDefinition, SchemaDefinition, ViewDefinition } from '../catalog/definitions.ts';
import type { DdlContext } from './context.ts';
import { viewsReading } from './dependencies.ts';

type Load = NodeOf<'LOAD_TABLE'>;

/** To be called before the relation changes: `change` gets each place where a view reads it. */
function rewriteReaders(relation: RelationDefinition, context: DdlContext, change: (load: Load) => Load): void {
  for (const view of viewsReading(relation.id, context)) {
    const names = context.viewNames(view);
    putQuery(view, context, (load) => (names.findRelation(load.name)?.id === relation.id ? change(load) : load));
  }
}

function putQuery(view: ViewDefinition, context: DdlContext, change: (load: Load) => Load): void {
  const program = decodeProgram(view.program);
  const statements = program.statements.map((statement) => mapLoads(statement, change, new Set()));
  context.catalog.put({ ...view, program: encodeProgram({ ...program, statements }).bytes });
}

/** A copy of the tree with the relations it names changed; names of its own common tables are left alone. */
function mapLoads<N extends AnyNode>(tree: N, change: (load: Load) => Load, own: ReadonlySet<string>): N {
  const visit = (value: unknown, hidden: ReadonlySet<string>): unknown => {
    if (Array.isArray(value)) return value.map((item) => visit(item, hidden));
    if (value === null || typeof value !== 'object' || !('op' in value)) return value;
    const current = value as { op: OpcodeName } & Record<string, unknown>;
    if (current.op === 'LOAD_TABLE') {
      const load = value as Load;
      return load.name.length === 1 && hidden.has(identifierKey(load.name[0] as Identifier)) ? load : change(load);
    }
    let inner = hidden;
    if (current.op === 'WITH') {
      const { ctes } = value as NodeOf<'WITH'>;
      inner = new Set([...hidden, ...ctes.map((cte) => identifierKey(cte.name))]);
    }
    const copy: Record<string, unknown> = { ...current };
    for (const input of Object.keys(OPCODES[current.op].inputs)) copy[input] = visit(current[input], inner);
    return copy;
  };
  return visit(tree, own) as N;
}

const lastOf = (name: Name): Identifier => name[name.length - 1] as Identifier;

export function renameInViews(relation: RelationDefinition, newName: Identifier, context: DdlContext): void {
  rewriteReaders(relation, context, (load) => ({
    ...load,
    name: [...load.name.slice(0, -1), newName],
    alias: load.alias ?? lastOf(load.name),
  }));
}

export function moveInViews(relation: RelationDefinition, schema: SchemaDefinition, context: DdlContext): void {
  rewriteReaders(relation, context, (load) => ({
    ...load,
    name: [...load.name.slice(0, -2), schema.name, lastOf(load.name)],
    alias: load.alias ?? lastOf(load.name),
  }));
}

/** The column keeps its old name where views read it. */
export function renameColumnInViews(
  relation: RelationDefinition & { readonly kind: 'table' | 'view' },
  position: number,
  context: DdlContext,
): void {
  const live = relation.columns.filter((column) => !column.dropped);
  const at = live.findIndex((column) => column.position === position);
  rewriteReaders(relation, context, (load) => ({
    ...load,
    columns: [...load.columns, ...live.slice(load.columns.length, at + 1).map((column) => column.name)],
  }));
}

/** The names that views gave to the other columns stay theirs. */
export function dropColumnInViews(
  relation: RelationDefinition & { readonly kind: 'table' },
  position: number,
  context: DdlContext,
): void {
  const live = relation.columns.filter((column) => !column.dropped);
  const at = live.findIndex((column) => column.position === position);
  rewriteReaders(relation, context, (load) => ({ ...load, columns: load.columns.filter((_, index) => index !== at) }));
}

export function renameSchemaInViews(schema: SchemaDefinition, newName: Identifier, context: DdlContext): void {
  const old = context.display(schema.name);
  const key = identifierKey(schema.name);
  const change = (load: Load): Load => {
    const qualifier = load.name[load.name.length - 2];
    if (qualifier === undefined || identifierKey(qualifier) !== key) return load;
    return { ...load, name: [...load.name.slice(0, -2), newName, lastOf(load.name)] };
  };
  for (const view of context.catalog.all('view')) {
    if (view.kind !== 'view' || view.system || view.databaseId !== schema.databaseId) continue;
    const searchPath = view.searchPath.map((name) => (name === old ? context.display(newName) : name));
    putQuery({ ...view, searchPath }, context, change);
  }
}
