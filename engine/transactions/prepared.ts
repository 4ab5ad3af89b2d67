/**
 * Transactions in the second phase of a two-phase commit: prepared, so that nothing can make their
 * commit fail any more, and waiting for somebody to say how they end. A session, a restart or a crash
 * does not end them: their changes and locks are rows of a space of their own, written when they are
 * prepared and taken away by the same commit that makes the changes count. Their locks stay, in a group
 * that belongs to no session.
 *
 *     name 00                          what is known of the transaction
 *     name 00 n (6 bytes)              one change ['change', space, key, row], or one ['lock', kind, number, text, mode]
 */
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { Row, SqlValue } from '../../sblr/contract/values.ts';
import type { Key, Space, ChangedRows } from '../../storage/contract/index.ts';
import type { LockDescription } from './locks.ts';
import type { PreparedInformation } from './prepared-information.ts';

export const PREPARED_SPACE = 4;
/** Transactions prepared at a time. */
export const MAX_PREPARED = 64;
/** Longest name, in bytes. */
const MAX_NAME_BYTES = 200;

/** The transaction itself, as its registry knows it. */
export interface PreparedTransaction {
  /** Ends it, taking `rows` away in the same commit. */
  finish(how: 'commit' | 'rollback', rows: ReadonlyMap<Key, null>, done: (error: Error | undefined) => void): void;
}

interface Entry {
  readonly information: PreparedInformation;
  readonly rows: ReadonlyMap<Key, null>;
  /** undefined while it is being prepared or finished. */
  transaction: PreparedTransaction | undefined;
}

export type Changes = ReadonlyMap<Space, ChangedRows>;

/** What was stored of one transaction, read back at the start. */
export interface StoredPrepared {
  readonly information: PreparedInformation;
  readonly keys: Map<Key, null>;
  readonly changes: { readonly space: Space; readonly key: Key; readonly row: Row | null }[];
  readonly locks: LockDescription[];
}

export class PreparedTransactions {
  readonly #entries = new Map<string, Entry>();

  *list(): Iterable<PreparedInformation> {
    for (const { information, transaction } of this.#entries.values()) if (transaction !== undefined) yield information;
  }

  get(name: string): PreparedInformation | undefined {
    return this.#entries.get(name)?.information;
  }

  /** The rows that say all of the transaction. Its name is taken from now on, until `prepared` or `forget`. */
  begin(information: PreparedInformation, changes: Changes, locks: Iterable<LockDescription>): Map<Key, Row> {
    const { name } = information;
    if (Buffer.byteLength(name) >= MAX_NAME_BYTES)
      throw new SqlError('invalid_parameter_value', { message: `transaction identifier "${name}" is too long` });
    if (this.#entries.has(name))
      throw new SqlError('duplicate_object', {
        message: `transaction identifier "${name}" is already in use`,
        variant: 'transaction',
        args: { name },
      });
    if (this.#entries.size >= MAX_PREPARED)
      throw new SqlError('out_of_memory', {
        message: 'maximum number of prepared transactions reached',
        hint: `Increase max_prepared_transactions (currently ${MAX_PREPARED}).`,
      });
    const rows = new Map<Key, Row>();
    const head = headKey(name);
    rows.set(head, [information] as never);
    let count = 0;
    for (const [space, changed] of changes)
      for (const [key, row] of changed.entries())
        rows.set(head + partKey(++count), ['change', space, key, row] as never);
    for (const { kind, number, text, mode } of locks)
      rows.set(head + partKey(++count), ['lock', kind, number, text, mode] as never);
    const keys = new Map<Key, null>();
    for (const key of rows.keys()) keys.set(key, null);
    this.#entries.set(name, { information, rows: keys, transaction: undefined });
    return rows;
  }

  /** The transaction is durable, or was found so at the start. */
  prepared(name: string, transaction: PreparedTransaction): void {
    this.#entries.get(name)!.transaction = transaction;
  }

  /** It could not be prepared. */
  forget(name: string): void {
    this.#entries.delete(name);
  }

  finish(name: string, how: 'commit' | 'rollback', done: (error: Error | undefined) => void): void {
    const entry = this.#entries.get(name);
    if (entry === undefined)
      throw new SqlError('undefined_object', {
        message: `prepared transaction with identifier "${name}" does not exist`,
        variant: 'prepared_transaction',
        args: { name },
      });
    const { transaction } = entry;
    if (transaction === undefined)
      throw new SqlError('object_not_in_prerequisite_state', `prepared transaction with identifier "${name}" is busy`);
    entry.transaction = undefined;
    transaction.finish(how, entry.rows, (error) => {
      if (error === undefined) this.#entries.delete(name);
      else entry.transaction = transaction;
      done(error);
    });
  }

  /** Takes in what was stored before the start; the caller makes the transaction and calls `prepared`. */
  restore(stored: StoredPrepared): void {
    const { information, keys } = stored;
    this.#entries.set(information.name, { information, rows: keys, transaction: undefined });
  }
}

/** Puts the rows of the space together again, transaction by transaction. */
export class PreparedReader {
  readonly all: StoredPrepared[] = [];
  #head = '';

  row(key: Key, row: Row): void {
    const [first] = row as readonly unknown[];
    if (typeof first === 'object') {
      this.#head = key;
      this.all.push({ information: first as PreparedInformation, keys: new Map(), changes: [], locks: [] });
    }
    const current = this.all.at(-1);
    if (current === undefined || !key.startsWith(this.#head)) throw new Error('a change of no prepared transaction');
    current.keys.set(key, null);
    if (first === 'change') {
      const [, space, changed, content] = row as unknown as [string, Space, Key, SqlValue[] | null];
      current.changes.push({ space, key: changed, row: content });
    } else if (first === 'lock') {
      const [, kind, number, text, mode] = row as unknown as [string, LockDescription['kind'], number, string, number];
      current.locks.push({ kind, number, text, mode });
    }
  }
}

function headKey(name: string): Key {
  return `${Buffer.from(name).toString('latin1')}\0`;
}

function partKey(number: number): Key {
  const bytes = Buffer.alloc(6);
  bytes.writeUIntBE(number, 0, 6);
  return bytes.toString('latin1');
}
