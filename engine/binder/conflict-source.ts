/**
 * ON DUPLICATE KEY of INSERT ... SELECT: its assignments may name columns of the tables that the query reads. They
 * become further outputs of the query, carried beside the row that is proposed.
 */
import { identifierKey, type Identifier, type Name } from '../../sblr/contract/names.ts';
import { node as makeNode, type AnyNode, type NodeOf, type RelationNode } from '../../sblr/nodes.ts';
import { OPCODES, type OpcodeName } from '../../sblr/opcodes.ts';
import type { TableDefinition, ViewDefinition } from '../catalog/definitions.ts';
import type { OutputColumn } from './bound.ts';
import { makeEntry, shapeOf } from './range-entries.ts';
import type { RangeEntry } from './scope.ts';

/** Nothing that is written can be this name. */
const CARRIED = 'columns of the query';

export interface CarriedSource {
  /** The statement with what it names of the query's tables as outputs of the query. */
  readonly insert: NodeOf<'INSERT'>;
  /** How many outputs were added at the end. */
  readonly count: number;
}

/** undefined = the assignments name nothing of the query, or it has no tables of its own that they could see. */
export function carrySource(
  insert: NodeOf<'INSERT'>,
  target: TableDefinition | ViewDefinition,
): CarriedSource | undefined {
  const { onConflict, source } = insert;
  if (onConflict?.anyKey !== true || source === undefined || projectOf(source) === undefined) return undefined;
  const known = knownNames(insert, onConflict, target);
  const names: Name[] = [];
  const assignments = onConflict.assignments.map((assignment) =>
    mapColumns(assignment, (column) => {
      if (isKnown(column.name, known)) return column;
      names.push(column.name);
      return makeNode('COLUMN', { name: [exact(CARRIED), exact(String(names.length))], pos: column.pos });
    }),
  );
  if (names.length === 0) return undefined;
  return {
    insert: makeNode('INSERT', {
      ...insert,
      source: withOutputs(source, names),
      onConflict: makeNode('ON_CONFLICT', { ...onConflict, assignments }),
    }),
    count: names.length,
  };
}

/** What the assignments see of the query: the outputs that were added. */
export function carriedEntry(columns: readonly OutputColumn[]): RangeEntry {
  return makeEntry({
    key: identifierKey(exact(CARRIED)),
    display: CARRIED,
    columns,
    keys: columns.map((_column, at) => identifierKey(exact(String(at + 1)))),
    unqualified: false,
  });
}

const exact = (text: string): Identifier => ({ text, exact: true });

interface KnownNames {
  readonly relations: ReadonlySet<string>;
  readonly columns: ReadonlySet<string>;
}

function knownNames(
  insert: NodeOf<'INSERT'>,
  onConflict: NodeOf<'ON_CONFLICT'>,
  target: TableDefinition | ViewDefinition,
): KnownNames {
  const relations = [insert.alias ?? insert.table.at(-1), onConflict.rowAlias, { text: 'excluded', exact: false }];
  return {
    relations: new Set(relations.flatMap((name) => (name === undefined ? [] : [identifierKey(name)]))),
    columns: new Set([...shapeOf(target).keys, ...onConflict.rowColumns.map(identifierKey)]),
  };
}

function isKnown(name: Name, known: KnownNames): boolean {
  const qualifier = name.at(-2);
  return qualifier === undefined
    ? known.columns.has(identifierKey(name.at(-1) as Identifier))
    : known.relations.has(identifierKey(qualifier));
}

/** The select list of a query whose rows are rows of its tables. */
function projectOf(source: RelationNode): NodeOf<'PROJECT'> | undefined {
  if (source.op === 'SORT' || source.op === 'LIMIT' || source.op === 'LOCK_ROWS') return projectOf(source.source);
  return source.op === 'PROJECT' ? source : undefined;
}

function withOutputs(source: RelationNode, names: readonly Name[]): RelationNode {
  if (source.op === 'PROJECT') {
    const added = names.map((name, at) =>
      makeNode('ITEM', { value: makeNode('COLUMN', { name }), alias: exact(`${CARRIED} ${at}`), label: undefined }),
    );
    return makeNode('PROJECT', { ...source, items: [...source.items, ...added] });
  }
  if (source.op !== 'SORT' && source.op !== 'LIMIT' && source.op !== 'LOCK_ROWS') return source;
  return { ...source, source: withOutputs(source.source, names) } as RelationNode;
}

/** A copy of a tree with other columns; queries inside it keep theirs. */
function mapColumns<N extends AnyNode>(tree: N, map: (column: NodeOf<'COLUMN'>) => NodeOf<'COLUMN'>): N {
  const visit = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(visit);
    if (value === null || typeof value !== 'object' || !('op' in value)) return value;
    const current = value as { op: OpcodeName } & Record<string, unknown>;
    if (current.op === 'COLUMN') return map(current as unknown as NodeOf<'COLUMN'>);
    if (OPCODES[current.op].result === 'relation') return value;
    const copy: Record<string, unknown> = { ...current };
    for (const input of Object.keys(OPCODES[current.op].inputs)) copy[input] = visit(current[input]);
    return copy;
  };
  return visit(tree) as N;
}
