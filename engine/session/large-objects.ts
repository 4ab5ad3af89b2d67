/**
 * Large objects: byte strings of their own id, read and written at any place through descriptors that live
 * as long as their transaction. Bytes are kept in pages, rows of a space of the system, so that they have
 * versions, locks and recovery like all rows; the object's own row tells owner and size. Pages never
 * written read as zeros.
 */
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { Row } from '../../sblr/contract/values.ts';
import { ScanBatch, SCAN_PENDING } from '../../storage/contract/scan.ts';
import { SUSPEND } from '../executor/operator.ts';
import type { Transaction } from '../transactions/transaction.ts';
import type { Session } from './session.ts';
import { idKey } from './sequences.ts';

/** Storage space of the objects: [owner, size]. */
export const LARGE_OBJECT_SPACE = 5;
/** Storage space of their pages: [bytes]. */
export const LARGE_OBJECT_PAGE_SPACE = 6;

const PAGE_BYTES = 2048;
/** Page numbers have 31 bits. */
const SIZE_LIMIT = 2 ** 31 * PAGE_BYTES;
/** Longest datum that one call answers. */
const READ_LIMIT = 2 ** 30 - 1;
/** Descriptors open in one transaction. */
const DESCRIPTOR_LIMIT = 8192;

interface Descriptor {
  readonly id: number;
  readonly writable: boolean;
  position: number;
}

export type SeekOrigin = 'start' | 'current' | 'end';

export class LargeObjects {
  readonly #session: Session;
  /** Those of `#transaction`, by number; gaps are closed ones. */
  #descriptors: (Descriptor | undefined)[] = [];
  #transaction: Transaction | undefined;

  constructor(session: Session) {
    this.#session = session;
  }

  // ---- whole objects

  /** `id` 0 = any that is free. */
  create(id: number): number {
    let made = id;
    if (id === 0) {
      do made = this.#session.core.catalog.allocateId();
      while (this.#now(made) !== undefined);
    } else if (this.#now(id) !== undefined) throw new SqlError('unique_violation', `large object ${id} already exists`);
    this.#lock(made);
    this.#transact().put(LARGE_OBJECT_SPACE, this.#key(made), [this.#session.currentRole, 0]);
    return made;
  }

  unlink(id: number): void {
    const row = this.#existing(id, this.#now(id));
    if (!this.#isOwner(row)) throw new SqlError('insufficient_privilege', `must be owner of large object ${id}`);
    this.#lock(id);
    this.#dropPages(id, 0, sizeOf(row));
    this.#transact().delete(LARGE_OBJECT_SPACE, this.#key(id));
    this.#descriptors = this.#descriptors.map((one) => (one?.id === id ? undefined : one));
  }

  read(id: number, from: number, length: number | undefined): Uint8Array {
    const row = this.#existing(id, this.#shown(id));
    this.#mayUse(id, row);
    const end = length === undefined ? sizeOf(row) : Math.min(from + length, sizeOf(row));
    return this.#bytes(id, from, end, false);
  }

  write(id: number, at: number, bytes: Uint8Array): void {
    this.#mayUse(id, this.#existing(id, this.#now(id)));
    this.#lock(id);
    this.#put(id, at, bytes);
  }

  // ---- through descriptors

  open(id: number, writable: boolean): number {
    const row = this.#existing(id, writable ? this.#now(id) : this.#shown(id));
    this.#mayUse(id, row);
    const open = this.#own();
    let free = open.indexOf(undefined);
    if (free < 0) free = open.length;
    if (free >= DESCRIPTOR_LIMIT)
      throw new SqlError('program_limit_exceeded', 'too many large objects are open in this transaction');
    open[free] = { id, writable, position: 0 };
    this.#transact().onRollback(() => {
      open[free] = undefined;
    });
    return free;
  }

  close(descriptor: number): void {
    this.#find(descriptor);
    this.#own()[descriptor] = undefined;
  }

  readNext(descriptor: number, length: number): Uint8Array {
    const open = this.#find(descriptor);
    const size = sizeOf(this.#row(open));
    const end = Math.min(open.position + Math.max(length, 0), size);
    const bytes = this.#bytes(open.id, open.position, end, open.writable);
    open.position += bytes.length;
    return bytes;
  }

  writeNext(descriptor: number, bytes: Uint8Array): number {
    const open = this.#find(descriptor);
    this.#requireWritable(descriptor, open);
    this.#lock(open.id);
    this.#put(open.id, open.position, bytes);
    open.position += bytes.length;
    return bytes.length;
  }

  seek(descriptor: number, offset: number, origin: SeekOrigin): number {
    const open = this.#find(descriptor);
    const base = origin === 'start' ? 0 : origin === 'current' ? open.position : sizeOf(this.#row(open));
    const target = base + offset;
    if (target < 0 || target > SIZE_LIMIT)
      throw new SqlError('invalid_parameter_value', `invalid large object seek target: ${target}`);
    open.position = target;
    return target;
  }

  tell(descriptor: number): number {
    return this.#find(descriptor).position;
  }

  truncate(descriptor: number, size: number): void {
    const open = this.#find(descriptor);
    this.#requireWritable(descriptor, open);
    if (size < 0 || size > SIZE_LIMIT)
      throw new SqlError('invalid_parameter_value', `invalid large object truncation target: ${size}`);
    this.#lock(open.id);
    const row = this.#row(open);
    const old = sizeOf(row);
    if (size < old) {
      this.#dropPages(open.id, Math.ceil(size / PAGE_BYTES), old);
      const rest = size % PAGE_BYTES;
      const page = this.#page(open.id, Math.floor(size / PAGE_BYTES), true);
      if (rest > 0 && page !== undefined)
        this.#transact().put(LARGE_OBJECT_PAGE_SPACE, this.#pageKey(open.id, Math.floor(size / PAGE_BYTES)), [
          page.slice(0, rest),
        ]);
    }
    this.#transact().put(LARGE_OBJECT_SPACE, this.#key(open.id), [row[0] as number, size]);
  }

  // ---- lists

  /** [id, owner] of all objects of the database. */
  *list(): Iterable<Row> {
    for (const [key, row] of this.#scan(LARGE_OBJECT_SPACE)) yield [idOf(key, 4), row[0]!];
  }

  /** [id, page number, bytes] of all pages. */
  *pages(): Iterable<Row> {
    for (const [key, row] of this.#scan(LARGE_OBJECT_PAGE_SPACE)) yield [idOf(key, 4), idOf(key, 8), row[0]!];
  }

  *#scan(space: number): Iterable<readonly [string, Row]> {
    const { databaseId } = this.#session;
    const scan = this.#transact().scan(space, idKey(databaseId), idKey(databaseId + 1), { synchronous: true });
    const batch = new ScanBatch();
    try {
      for (;;) {
        const count = scan.next(batch, 64);
        if (count === 0 || count === SCAN_PENDING) return;
        for (let at = 0; at < count; at++) yield [batch.keys[at]!, batch.rows[at] as Row];
      }
    } finally {
      scan.close();
    }
  }

  // ---- descriptors

  /** Descriptors of the running transaction; those of an earlier one are gone with it. */
  #own(): (Descriptor | undefined)[] {
    const { transaction } = this.#session;
    if (this.#transaction !== transaction) {
      this.#transaction = transaction;
      this.#descriptors = [];
    }
    return this.#descriptors;
  }

  #find(descriptor: number): Descriptor {
    const found = this.#own()[descriptor];
    if (found === undefined) throw new SqlError('undefined_object', `invalid large-object descriptor: ${descriptor}`);
    return found;
  }

  #requireWritable(descriptor: number, open: Descriptor): void {
    if (!open.writable)
      throw new SqlError(
        'object_not_in_prerequisite_state',
        `large object descriptor ${descriptor} was not opened for writing`,
      );
  }

  #row(open: Descriptor): Row {
    return this.#existing(open.id, open.writable ? this.#now(open.id) : this.#shown(open.id));
  }

  // ---- rows

  #transact(): Transaction {
    return this.#session.transaction!;
  }

  #key(id: number): string {
    return idKey(this.#session.databaseId) + idKey(id);
  }

  #pageKey(id: number, page: number): string {
    return this.#key(id) + idKey(page);
  }

  /** As the snapshot shows it. */
  #shown(id: number): Row | undefined {
    return this.#transact().get(LARGE_OBJECT_SPACE, this.#key(id));
  }

  /** As it is now, changes of the running statement included: what writers go by. */
  #now(id: number): Row | undefined {
    return this.#transact().getNewest(LARGE_OBJECT_SPACE, this.#key(id));
  }

  #existing(id: number, row: Row | undefined): Row {
    if (row === undefined) throw new SqlError('undefined_object', `large object ${id} does not exist`);
    return row;
  }

  #isOwner(row: Row): boolean {
    return this.#session.isSuperuser || row[0] === this.#session.currentRole;
  }

  #mayUse(id: number, row: Row): void {
    if (!this.#isOwner(row)) throw new SqlError('insufficient_privilege', `permission denied for large object ${id}`);
  }

  /** Others who want to write wait for the transaction's end; the statement is suspended and calls again. */
  #lock(id: number): void {
    const transaction = this.#transact();
    const key = this.#key(id);
    const result = transaction.lockRow(LARGE_OBJECT_SPACE, key, 'update', 'wait');
    if (result === 'granted') {
      if (transaction.get(LARGE_OBJECT_SPACE, key) !== undefined) transaction.verifyLocked(LARGE_OBJECT_SPACE, key);
      return;
    }
    if (result === 'skipped') return;
    const context = this.#session.running?.context;
    if (context === undefined) {
      const error = new SqlError('lock_not_available', 'cannot wait for a large object here');
      result.cancel(error);
      throw error;
    }
    context.waitFor((resume) => result.onSettled(resume));
    throw SUSPEND;
  }

  // ---- bytes

  #page(id: number, page: number, now: boolean): Uint8Array | undefined {
    const transaction = this.#transact();
    const key = this.#pageKey(id, page);
    const row = now
      ? transaction.getNewest(LARGE_OBJECT_PAGE_SPACE, key)
      : transaction.get(LARGE_OBJECT_PAGE_SPACE, key);
    return row?.[0] as Uint8Array | undefined;
  }

  #bytes(id: number, from: number, end: number, now: boolean): Uint8Array {
    if (end <= from) return new Uint8Array(0);
    if (end - from > READ_LIMIT)
      throw new SqlError('invalid_parameter_value', 'large object read request is too large');
    const bytes = new Uint8Array(end - from);
    for (let page = Math.floor(from / PAGE_BYTES); page * PAGE_BYTES < end; page++) {
      const stored = this.#page(id, page, now);
      if (stored === undefined) continue;
      const start = page * PAGE_BYTES;
      const part = stored.subarray(Math.max(from - start, 0), Math.max(Math.min(end - start, stored.length), 0));
      bytes.set(part, Math.max(start - from, 0));
    }
    return bytes;
  }

  /** Writes into the locked object; what lies between its end and `at` reads as zeros. */
  #put(id: number, at: number, bytes: Uint8Array): void {
    const end = at + bytes.length;
    if (end > SIZE_LIMIT)
      throw new SqlError('invalid_parameter_value', `invalid large object write request size: ${bytes.length}`);
    const row = this.#existing(id, this.#now(id));
    const transaction = this.#transact();
    for (let page = Math.floor(at / PAGE_BYTES); page * PAGE_BYTES < end; page++) {
      const start = page * PAGE_BYTES;
      const first = Math.max(at - start, 0);
      const last = Math.min(end - start, PAGE_BYTES);
      const old = first > 0 || last < PAGE_BYTES ? this.#page(id, page, true) : undefined;
      const made = new Uint8Array(Math.max(old?.length ?? 0, last));
      if (old !== undefined) made.set(old);
      made.set(bytes.subarray(start + first - at, start + last - at), first);
      transaction.put(LARGE_OBJECT_PAGE_SPACE, this.#pageKey(id, page), [made]);
    }
    transaction.put(LARGE_OBJECT_SPACE, this.#key(id), [row[0] as number, Math.max(sizeOf(row), end)]);
  }

  #dropPages(id: number, first: number, size: number): void {
    const transaction = this.#transact();
    for (let page = first; page * PAGE_BYTES < size; page++)
      if (this.#page(id, page, true) !== undefined)
        transaction.delete(LARGE_OBJECT_PAGE_SPACE, this.#pageKey(id, page));
  }
}

const sizeOf = (row: Row): number => Number(row[1]);

/** The id written by idKey at a place of a key. */
function idOf(key: string, at: number): number {
  return (
    ((key.charCodeAt(at) << 24) |
      (key.charCodeAt(at + 1) << 16) |
      (key.charCodeAt(at + 2) << 8) |
      key.charCodeAt(at + 3)) >>>
    0
  );
}
