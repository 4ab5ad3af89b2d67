/**
 * Spaces nobody uses any more: those of temporary tables, and those of tables dropped right before a crash
 * (their spaces go after the commit). Found at the start, when no session has made anything yet.
 */
import type { TransactionStore } from '../../storage/contract/index.ts';
import { FIRST_USER_ID } from '../catalog/catalog.ts';
import type { CatalogView } from '../catalog/definitions.ts';

export function reclaimSpaces(store: TransactionStore, catalog: CatalogView, schemaEpoch: number): void {
  const used = new Set<number>();
  for (const table of catalog.all('table')) {
    if (table.kind !== 'table') continue;
    used.add(table.space);
    for (const index of table.indexes) used.add(index.space);
  }
  const lost = [...store.spaces()].filter((space) => space >= FIRST_USER_ID && !used.has(space));
  if (lost.length === 0) return;
  // If this is lost, too, the next start finds them again.
  store.commit({ spaces: new Map(), droppedSpaces: lost, schemaEpoch }, 'relaxed', () => undefined);
}
