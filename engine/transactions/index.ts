/**
 * Transactions, as the rest of the engine uses them.
 *
 *     const manager = new TransactionManager(store);
 *     const tx = manager.begin({ isolation: 'read_committed', lockGroup });
 *     tx.beginStatement();
 *     const lock = tx.lockRow(space, key, 'update', 'wait', 'accounts');
 *     // lock is 'granted', 'skipped', or a LockWaiter: suspend on lock.onSettled(...)
 *     if (tx.verifyLocked(space, key) === 'changed') { ... tx.getNewest(space, key) ... }
 *     tx.put(space, key, row);
 *     tx.endStatement();
 *     tx.commit((error) => ...);
 */
export {
  LockGroup,
  LockManager,
  LockOwner,
  LockWaiter,
  type LockInformation,
  type LockResult,
  type RowLockStrength,
  type TableLockMode,
  type WaitPolicy,
} from './locks.ts';
export { SessionLocks } from './session-locks.ts';
export { toSqlError } from './storage-errors.ts';
export { TransactionManager } from './transaction-manager.ts';
export type {
  DeferredCheck,
  IsolationLevel,
  LockedRow,
  Transaction,
  TransactionOptions,
  TransactionScanOptions,
  TransactionState,
} from './transaction.ts';
