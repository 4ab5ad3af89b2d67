/**
 * The change log: every committed transaction, in commit order, for consumers that follow the store
 * (later tiers, replication). Tier 1's commit log is its embedded implementation.
 *
 * A transaction is never split. A segment of the log stays until every registered consumer has
 * acknowledged it (bounded by the store's retention limit).
 */
import type { Key, Space } from './codec.ts';

export interface ChangeOperation {
  readonly space: Space;
  readonly key: Key;
  readonly kind: 'put' | 'delete' | 'drop-space';
  /** Encoded row of a put. */
  readonly bytes: Uint8Array | undefined;
}

export interface ChangeTransaction {
  /** Commit stamp: the sequence number of the log. */
  readonly stamp: number;
  /** UUIDv7, 16 bytes. */
  readonly versionId: Uint8Array;
  /** Microseconds since 1970-01-01. */
  readonly timestampMicros: number;
  readonly schemaEpoch: number;
  readonly operations: readonly ChangeOperation[];
}

export interface ChangeLog {
  /** Registers a consumer, or finds it again; answers the stamp it acknowledged last. */
  register(consumer: string, fromStamp: number): number;
  unregister(consumer: string): void;
  /**
   * Reads transactions with stamp > `afterStamp`, in order, about `maxBytes` of them (at least one if
   * there is one). An empty list = nothing new yet.
   */
  read(
    afterStamp: number,
    maxBytes: number,
    callback: (error: Error | undefined, transactions: readonly ChangeTransaction[]) => void,
  ): void;
  /** The consumer needs nothing up to and including `stamp` any more. */
  acknowledge(consumer: string, stamp: number): void;
  /** Calls back after commits, at most once per group; returns how to stop. */
  subscribe(listener: (lastStamp: number) => void): () => void;
}
