/**
 * Access paths of the `sys` relations: columns by which the rows of one object are found without making
 * all rows. A lookup names the definitions whose rows may match; the scan's condition decides.
 */
import { displayIdentifier } from '../../../sblr/contract/names.ts';
import type { SqlValue } from '../../../sblr/contract/values.ts';
import { domainCheckOf } from '../derived-ids.ts';
import { crossReferences } from '../cross-references.ts';
import type { CatalogView, Definition, ObjectId, ViewDefinition } from '../definitions.ts';
import type { SystemContext } from './producer.ts';

/** What the value of a lookup column is. Columns are in the order of preference. */
type LookupKind = 'fact' | 'object' | 'name' | 'constraint' | 'referenced' | 'owner_table' | 'type' | 'dependency';

export const LOOKUP_COLUMNS: Readonly<Record<string, Readonly<Record<string, LookupKind>>>> = {
  relations: { id: 'object', name: 'name', table_id: 'object' },
  columns: { relation_id: 'object' },
  constraints: { relation_id: 'object', type_id: 'object', id: 'constraint', ref_relation_id: 'referenced' },
  indexes: { id: 'object', relation_id: 'object' },
  index_keys: { index_id: 'object', relation_id: 'object' },
  constraint_columns: { relation_id: 'object' },
  sequences: { id: 'object', owner_table: 'owner_table' },
  views: { id: 'object', name: 'name' },
  types: { id: 'type', relation_id: 'object' },
  enum_labels: { type_id: 'object' },
  domain_constraints: { type_id: 'object' },
  routines: { id: 'object' },
  dependencies: { object_id: 'dependency', ref_id: 'referenced' },
  facts: { id: 'fact', kind: 'fact' },
};

/** One lookup at run time: the column and the value it must have. */
export interface SystemLookup {
  readonly column: string;
  readonly value: SqlValue;
}

/** The context of a lookup: only the built-in and defined objects that may match. */
export function narrow(context: SystemContext, relation: string, lookup: SystemLookup): SystemContext {
  const { column, value } = lookup;
  if (relation === 'facts') {
    const { factTable } = context;
    return { ...context, facts: column === 'id' ? factTable.withId(Number(value)) : factTable.ofKind(String(value)) };
  }
  const only = definitionsFor(relation, lookup, context);
  return {
    ...context,
    only,
    views: WITH_VIEWS.has(relation) ? viewsFor(context, lookup) : [],
    routines: relation === 'routines' ? withId(context.routines, value) : context.routines,
    listedTypes: relation === 'types' && column === 'id' ? withId(context.types, value) : context.types,
  };
}

/** Relations that list the dialect's own catalog views, too. */
const WITH_VIEWS: ReadonlySet<string> = new Set(['relations', 'columns']);

function viewsFor(context: SystemContext, { column, value }: SystemLookup): Iterable<ViewDefinition> {
  if (column === 'name') return [...context.views].filter((view) => view.name.text === value);
  const found = typeof value === 'number' ? context.viewById(value) : undefined;
  return found === undefined ? [] : [found];
}

const BUILT_IN = new WeakMap<readonly { readonly id: ObjectId }[], Map<SqlValue, unknown[]>>();

/** The built-in objects of one id, from lists that never change. */
function withId<T extends { readonly id: ObjectId }>(items: readonly T[], id: SqlValue): readonly T[] {
  let known = BUILT_IN.get(items);
  if (known === undefined) {
    known = new Map();
    for (const item of items) known.set(item.id, [...(known.get(item.id) ?? []), item]);
    BUILT_IN.set(items, known);
  }
  return (known.get(id) ?? []) as T[];
}

/** The definitions whose rows may have `value` in the column. */
function definitionsFor(relation: string, lookup: SystemLookup, context: SystemContext): readonly Definition[] {
  const { catalog } = context;
  const kind = LOOKUP_COLUMNS[relation]?.[lookup.column];
  const { value } = lookup;
  if (kind === 'name') return typeof value === 'string' ? relationsNamed(value, context) : [];
  if (typeof value !== 'number') return [];
  const references = crossReferences(catalog);
  switch (kind) {
    case 'constraint':
      return list(references.tableOfConstraint.get(value) ?? catalog.get(domainCheckOf(value)?.typeId ?? 0));
    case 'referenced':
      return [...objectsOf(catalog, value), ...(references.dependents.get(value) ?? [])];
    case 'owner_table':
      return references.sequencesOfTable.get(value) ?? [];
    case 'type':
      return list(catalog.get(value) ?? references.typeByArray.get(value));
    case 'dependency':
      return [...objectsOf(catalog, value), ...list(references.tableOfConstraint.get(value))];
    default:
      return objectsOf(catalog, value);
  }
}

const list = (found: Definition | undefined): readonly Definition[] => (found === undefined ? [] : [found]);

/** An index is listed with its table. */
function objectsOf(catalog: CatalogView, id: ObjectId): readonly Definition[] {
  const found = catalog.get(id);
  return list(found?.kind === 'index' ? catalog.get(found.tableId) : found);
}

/** Relations shown under a name, whatever their schema. */
function relationsNamed(
  name: string,
  { catalog, fold, schemas, temporarySchemas }: SystemContext,
): readonly Definition[] {
  const found = new Set<Definition>();
  // The session's temporary schemas are no objects of the catalog.
  const own = [...catalog.all('schema')].map((schema) => schema.id);
  for (const schema of new Set([...own, ...schemas.values(), ...temporarySchemas])) {
    for (const exact of [false, true]) {
      const relation = catalog.relationByName(schema, { text: name, exact });
      if (relation === undefined || displayIdentifier(relation.name, fold) !== name) continue;
      for (const definition of objectsOf(catalog, relation.id)) found.add(definition);
    }
    // A composite type is listed among the relations, too.
    const type = catalog.typeByName(schema, { text: name, exact: false });
    if (type !== undefined) found.add(type);
  }
  return [...found];
}
