/** Begins transactions, and keeps what they share: locks, dependencies, and those that are prepared. */
import type { Row } from '../../sblr/contract/values.ts';
import type { Key, Space, TransactionStore } from '../../storage/contract/index.ts';
import { LockManager } from './locks.ts';
import { PreparedReader, PreparedTransactions } from './prepared.ts';
import { SerializableRegistry } from './serializable.ts';
import { StoreTransaction, type TransactionHost } from './store-transaction.ts';
import type { Transaction, TransactionOptions } from './transaction.ts';

/** Rows one transaction may change, unless the manager is told otherwise: they are held in memory. */
export const MAX_CHANGES = 20_000_000;

export class TransactionManager implements TransactionHost {
  readonly store: TransactionStore;
  readonly locks = new LockManager();
  readonly serializable = new SerializableRegistry();
  readonly prepared = new PreparedTransactions();
  readonly #nowMicros: () => number;
  readonly maxChanges: number;
  #lastId: number;

  constructor(
    store: TransactionStore,
    nowMicros: () => number = () => Date.now() * 1000,
    maxChanges: number = MAX_CHANGES,
  ) {
    this.store = store;
    this.maxChanges = maxChanges;
    this.#nowMicros = nowMicros;
    // Ids rise across restarts, at least over those that committed.
    this.#lastId = store.lastStamp() + 2;
  }

  begin(options: TransactionOptions): Transaction {
    const id = ++this.#lastId;
    const transaction = new StoreTransaction(this, id, options, this.#nowMicros());
    return transaction;
  }

  /** Takes in the rows of PREPARED_SPACE at the start; `changed` is told of every change that waits. */
  async restorePrepared(
    rows: AsyncIterable<readonly [Key, Row]>,
    changed: (space: Space, key: Key) => void,
  ): Promise<void> {
    const reader = new PreparedReader();
    for await (const [key, row] of rows) reader.row(key, row);
    for (const stored of reader.all) {
      const { id, isolation, name } = stored.information;
      this.#lastId = Math.max(this.#lastId, id);
      const transaction = new StoreTransaction(this, id, { isolation }, this.#nowMicros());
      this.prepared.restore(stored);
      transaction.restore(stored);
      this.prepared.prepared(name, transaction);
      for (const { space, key } of stored.changes) changed(space, key);
    }
  }

  /** The id the next transaction will get. */
  get nextId(): number {
    return this.#lastId + 1;
  }
}
