/** The statistics of all tables as last analyzed, given out with the number of rows of now. */
import type { Catalog } from '../catalog/catalog.ts';
import type { ObjectId } from '../catalog/definitions.ts';
import type { TransactionStore } from '../../storage/contract/index.ts';
import type { StatisticsSource, TableStatistics } from './statistics.ts';

export class KnownStatistics implements StatisticsSource {
  readonly #catalog: Catalog;
  readonly #store: TransactionStore;
  readonly #byTable = new Map<ObjectId, TableStatistics>();
  /** Grows when a table was analyzed: plans made before that read the table are planned again. */
  version = 0;
  readonly #versions = new Map<ObjectId, number>();

  constructor(catalog: Catalog, store: TransactionStore) {
    this.#catalog = catalog;
    this.#store = store;
  }

  table(id: ObjectId): TableStatistics | undefined {
    const known = this.#byTable.get(id);
    const table = this.#catalog.get(id);
    if (table?.kind !== 'table') return known;
    const rows = this.#store.approximateRows(table.space);
    return known === undefined ? { rows, rowBytes: 64, columns: [] } : { ...known, rows };
  }

  set(id: ObjectId, statistics: TableStatistics): void {
    this.#byTable.set(id, statistics);
    this.#versions.set(id, ++this.version);
  }

  /** Was one of the tables analyzed after `version`? */
  analyzedSince(version: number, tables: readonly { readonly table: { readonly id: ObjectId } }[]): boolean {
    for (const { table } of tables) if ((this.#versions.get(table.id) ?? 0) > version) return true;
    return false;
  }

  delete(id: ObjectId): void {
    this.#byTable.delete(id);
    this.#versions.delete(id);
  }

  analyzed(): ReadonlyMap<ObjectId, TableStatistics> {
    return this.#byTable;
  }
}
