/**
 * The catalog: all definitions in memory, found by id and by name, persisted as rows of one storage
 * space. `Catalog` is the committed state; `CatalogFork` lays one transaction's uncommitted changes
 * over it. A commit writes the changed definitions with the transaction's other rows and, once they
 * are durable, publishes them here under a new epoch.
 */
import { identifierKey, regular, type Identifier } from '../../sblr/contract/names.ts';
import type {
  CatalogView,
  DatabaseDefinition,
  Definition,
  ObjectId,
  RelationDefinition,
  RoleDefinition,
  RoutineDefinition,
  SchemaDefinition,
  ServerDefinition,
  TableDefinition,
  UserTypeDefinition,
} from './definitions.ts';

/** Ids below are for built-in objects and the dialects' catalogs. */
export const FIRST_USER_ID = 16384;
/** Storage space of the catalog's own rows. */
export const CATALOG_SPACE = 1;
/** Storage space of sequence states. */
export const SEQUENCE_SPACE = 2;
/** Storage space of statistics. */
export const STATISTICS_SPACE = 3;

/** Name spaces inside which names are unique. */
type NameClass = 'server' | 'database' | 'schema' | 'relation' | 'type' | 'routine' | 'role';

function nameClass(definition: Definition): NameClass {
  switch (definition.kind) {
    case 'table':
    case 'view':
    case 'sequence':
    case 'index':
      return 'relation';
    default:
      return definition.kind;
  }
}

/** The object a name lives in: schema for most, database for schemas, 0 for databases and roles. */
function container(definition: Definition, schemaOfIndex: ObjectId): ObjectId {
  switch (definition.kind) {
    case 'server':
    case 'database':
    case 'role':
      return 0;
    case 'schema':
      return definition.databaseId;
    case 'index':
      return schemaOfIndex;
    default:
      return definition.schemaId;
  }
}

export function nameKey(kind: NameClass, containerId: ObjectId, name: Identifier): string {
  return `${kind}:${containerId}:${identifierKey(name)}`;
}

const SERVER_KEY = nameKey('server', 0, regular('server'));

/** Maps shared by the committed state and forks: objects by id, ids by name. */
interface Layer {
  /** null = dropped in this layer. */
  readonly objects: Map<ObjectId, Definition | null>;
  /** Routine names hold several ids; all others one. Empty = dropped in this layer. */
  readonly names: Map<string, readonly ObjectId[]>;
}

abstract class LayeredView implements CatalogView {
  abstract get epoch(): number;
  abstract get(id: ObjectId): Definition | undefined;
  abstract idsByName(key: string): readonly ObjectId[];
  abstract all(kind: Definition['kind']): Iterable<Definition>;

  database(id: ObjectId): DatabaseDefinition | undefined {
    const found = this.get(id);
    return found?.kind === 'database' ? found : undefined;
  }

  server(): ServerDefinition | undefined {
    return this.#first(SERVER_KEY) as ServerDefinition | undefined;
  }

  databaseByName(name: Identifier): DatabaseDefinition | undefined {
    return this.#first(nameKey('database', 0, name)) as DatabaseDefinition | undefined;
  }

  schemaByName(databaseId: ObjectId, name: Identifier): SchemaDefinition | undefined {
    return this.#first(nameKey('schema', databaseId, name)) as SchemaDefinition | undefined;
  }

  relationByName(schemaId: ObjectId, name: Identifier): RelationDefinition | undefined {
    return this.#first(nameKey('relation', schemaId, name)) as RelationDefinition | undefined;
  }

  typeByName(schemaId: ObjectId, name: Identifier): UserTypeDefinition | undefined {
    return this.#first(nameKey('type', schemaId, name)) as UserTypeDefinition | undefined;
  }

  routinesByName(schemaId: ObjectId, name: Identifier): readonly RoutineDefinition[] {
    const ids = this.idsByName(nameKey('routine', schemaId, name));
    return ids.map((id) => this.get(id)).filter((found): found is RoutineDefinition => found?.kind === 'routine');
  }

  roleByName(name: Identifier): RoleDefinition | undefined {
    return this.#first(nameKey('role', 0, name)) as RoleDefinition | undefined;
  }

  #first(key: string): Definition | undefined {
    const ids = this.idsByName(key);
    return ids.length === 0 ? undefined : this.get(ids[0]!);
  }
}

/** Enters `definition` (and a table's indexes) into a layer, replacing what it held under that id. */
function enter(layer: Layer, view: LayeredView, definition: Definition): void {
  remove(layer, view, definition.id);
  layer.objects.set(definition.id, definition);
  addName(layer, view, definition, 0);
  if (definition.kind === 'table') {
    for (const index of definition.indexes) {
      layer.objects.set(index.id, index);
      addName(layer, view, index, definition.schemaId);
    }
  }
}

function addName(layer: Layer, view: LayeredView, definition: Definition, schemaOfIndex: ObjectId): void {
  const key = nameKey(nameClass(definition), container(definition, schemaOfIndex), definition.name);
  const ids = view.idsByName(key);
  layer.names.set(key, definition.kind === 'routine' ? [...ids, definition.id] : [definition.id]);
}

function removeName(layer: Layer, view: LayeredView, definition: Definition, schemaOfIndex: ObjectId): void {
  const key = nameKey(nameClass(definition), container(definition, schemaOfIndex), definition.name);
  const ids = view.idsByName(key);
  if (ids.includes(definition.id))
    layer.names.set(
      key,
      ids.filter((id) => id !== definition.id),
    );
}

function remove(layer: Layer, view: LayeredView, id: ObjectId): void {
  const old = view.get(id);
  if (old === undefined || old.kind === 'index') return;
  removeName(layer, view, old, 0);
  layer.objects.set(id, null);
  if (old.kind === 'table') {
    for (const index of old.indexes) {
      removeName(layer, view, index, old.schemaId);
      layer.objects.set(index.id, null);
    }
  }
}

/** The committed state. */
export class Catalog extends LayeredView {
  readonly #layer: Layer = { objects: new Map(), names: new Map() };
  #epoch = 1;
  #nextId = FIRST_USER_ID;

  get epoch(): number {
    return this.#epoch;
  }

  get nextId(): ObjectId {
    return this.#nextId;
  }

  /** Reserves a new object id. Ids of rolled-back transactions are not used again before a restart. */
  allocateId(): ObjectId {
    return this.#nextId++;
  }

  /** Recovery: ids below `id` were given out. */
  reserveIdsBelow(id: ObjectId): void {
    if (id > this.#nextId) this.#nextId = id;
  }

  get(id: ObjectId): Definition | undefined {
    return this.#layer.objects.get(id) ?? undefined;
  }

  idsByName(key: string): readonly ObjectId[] {
    return this.#layer.names.get(key) ?? [];
  }

  *all(kind: Definition['kind']): Iterable<Definition> {
    for (const definition of this.#layer.objects.values()) {
      if (definition !== null && definition.kind === kind) yield definition;
    }
  }

  /** Publishes committed changes: a definition to enter, or null to drop, by id. */
  publish(changes: ReadonlyMap<ObjectId, Definition | null>): void {
    for (const [id, definition] of changes) {
      if (definition === null) remove(this.#layer, this, id);
    }
    for (const definition of changes.values()) {
      if (definition !== null) enter(this.#layer, this, definition);
    }
    for (const [id, definition] of this.#layer.objects) {
      if (definition === null) this.#layer.objects.delete(id);
    }
    this.#epoch++;
  }

  fork(): CatalogFork {
    return new CatalogFork(this);
  }
}

/** Numbers the changes of all forks of this process. */
let lastRevision = 0;

/** One transaction's view: the committed catalog with its own changes over it. */
export class CatalogFork extends LayeredView {
  readonly base: Catalog;
  #layer: Layer = { objects: new Map(), names: new Map() };
  /** Changed definitions by id, in order of the first change; what a commit persists. */
  #changes = new Map<ObjectId, Definition | null>();
  #revision = 0;

  constructor(base: Catalog) {
    super();
    this.base = base;
  }

  /** Unique (and negative) once something changed, so that plans are never shared between forks. */
  get epoch(): number {
    return this.#revision === 0 ? this.base.epoch : -this.#revision;
  }

  get changed(): boolean {
    return this.#changes.size > 0;
  }

  get changes(): ReadonlyMap<ObjectId, Definition | null> {
    return this.#changes;
  }

  get(id: ObjectId): Definition | undefined {
    const own = this.#layer.objects.get(id);
    if (own !== undefined) return own ?? undefined;
    return this.base.get(id);
  }

  idsByName(key: string): readonly ObjectId[] {
    return this.#layer.names.get(key) ?? this.base.idsByName(key);
  }

  *all(kind: Definition['kind']): Iterable<Definition> {
    for (const definition of this.base.all(kind)) {
      if (!this.#layer.objects.has(definition.id)) yield definition;
    }
    for (const definition of this.#layer.objects.values()) {
      if (definition !== null && definition.kind === kind) yield definition;
    }
  }

  put(definition: Definition): void {
    this.#revision = ++lastRevision;
    enter(this.#layer, this, definition);
    this.#changes.delete(definition.id);
    this.#changes.set(definition.id, definition);
  }

  drop(id: ObjectId): void {
    this.#revision = ++lastRevision;
    remove(this.#layer, this, id);
    this.#changes.delete(id);
    this.#changes.set(id, null);
  }

  /** The table as this transaction sees it; the caller knows that it exists. */
  table(id: ObjectId): TableDefinition {
    const found = this.get(id);
    if (found?.kind !== 'table') throw new Error(`object ${id} is not a table`);
    return found;
  }

  /** A mark to which `restore` can return (savepoints, failed statements). */
  mark(): CatalogMark {
    return {
      objects: new Map(this.#layer.objects),
      names: new Map(this.#layer.names),
      changes: new Map(this.#changes),
    };
  }

  restore(mark: CatalogMark): void {
    this.#layer = { objects: new Map(mark.objects), names: new Map(mark.names) };
    this.#changes = new Map(mark.changes);
    this.#revision = ++lastRevision;
  }
}

export interface CatalogMark {
  readonly objects: ReadonlyMap<ObjectId, Definition | null>;
  readonly names: ReadonlyMap<string, readonly ObjectId[]>;
  readonly changes: ReadonlyMap<ObjectId, Definition | null>;
}
