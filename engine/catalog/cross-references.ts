/**
 * Lookups that definitions alone do not offer: which table a constraint belongs to, which sequences a
 * column owns, what depends on an object. Computed when first asked for and kept for one state of the
 * catalog.
 */
import { CatalogFork } from './catalog.ts';
import type {
  CatalogView,
  Definition,
  ObjectId,
  SequenceDefinition,
  TableDefinition,
  UserTypeDefinition,
} from './definitions.ts';

export class CrossReferences {
  readonly tableOfConstraint = new Map<ObjectId, TableDefinition>();
  readonly typeByArray = new Map<ObjectId, UserTypeDefinition>();
  readonly sequencesOfTable = new Map<ObjectId, SequenceDefinition[]>();
  /** Definitions whose rows tell of a dependency on the object. */
  readonly dependents = new Map<ObjectId, Definition[]>();

  constructor(catalog: CatalogView) {
    for (const table of catalog.all('table')) {
      if (table.kind !== 'table') continue;
      for (const constraint of table.constraints) {
        this.tableOfConstraint.set(constraint.id, table);
        if (constraint.refTableId !== undefined) add(this.dependents, constraint.refTableId, table);
      }
    }
    for (const sequence of catalog.all('sequence')) {
      if (sequence.kind !== 'sequence' || sequence.ownedBy === undefined) continue;
      add(this.sequencesOfTable, sequence.ownedBy.tableId, sequence);
      add(this.dependents, sequence.ownedBy.tableId, sequence);
    }
    for (const view of catalog.all('view'))
      if (view.kind === 'view') for (const id of view.dependsOn) add(this.dependents, id, view);
    for (const type of catalog.all('type')) if (type.kind === 'type') this.typeByArray.set(type.arrayTypeId, type);
  }
}

function add<T>(map: Map<ObjectId, T[]>, id: ObjectId, item: T): void {
  const known = map.get(id);
  if (known === undefined) map.set(id, [item]);
  else if (known[known.length - 1] !== item) known.push(item);
}

const KNOWN = new WeakMap<CatalogView, { readonly epoch: number; readonly references: CrossReferences }>();

export function crossReferences(catalog: CatalogView): CrossReferences {
  const state = catalog instanceof CatalogFork && !catalog.changed ? catalog.base : catalog;
  let known = KNOWN.get(state);
  if (known === undefined || known.epoch !== state.epoch) {
    known = { epoch: state.epoch, references: new CrossReferences(state) };
    KNOWN.set(state, known);
  }
  return known.references;
}
