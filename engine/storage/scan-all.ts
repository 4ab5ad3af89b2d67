/** All rows of a space in key order, for what is read once at the start. */
import type { Row } from '../../sblr/contract/values.ts';
import { NEWEST, ScanBatch, SCAN_PENDING, type Key, type TransactionStore } from '../../storage/contract/index.ts';

export async function* scanAll(store: TransactionStore, space: number): AsyncIterable<readonly [Key, Row]> {
  const scan = store.scan(space, '', undefined, NEWEST);
  const batch = new ScanBatch();
  for (;;) {
    const count = scan.next(batch, 1000);
    if (count === SCAN_PENDING) {
      await new Promise<void>((resolve, reject) =>
        scan.wait((error) => (error === undefined ? resolve() : reject(error))),
      );
      continue;
    }
    if (count === 0) break;
    for (let i = 0; i < count; i++) yield [batch.keys[i]!, batch.rows[i] as Row];
  }
  scan.close();
}
