/**
 * What storage knows of rows: nothing but how to turn them into bytes, which the engine tells it.
 */
import type { ByteWriter } from './byte-writer.ts';

/** A stored value: an immutable array, opaque to storage. Index entries are rows too. */
export type StoredRow = readonly unknown[];

/**
 * Key space number (u32, never reused). A table, an index and a catalog relation have one each.
 */
export type Space = number;

/**
 * A key: a string of code units 0..255, so that `<` is byte order. Keys are memcomparable: the order of
 * keys is the order of the values they were made from.
 */
export type Key = string;

/**
 * Encoded rows describe themselves: recovery decodes rows of every space before the engine (and its
 * catalog, which is stored here too) is up.
 */
export interface RowCodec {
  /** Appends the row's bytes. May throw; nothing of the transaction is then written. */
  encode(space: Space, row: StoredRow, writer: ByteWriter): void;
  /** The row in bytes[offset, offset + length). Must copy what it keeps: the bytes are reused. */
  decode(space: Space, bytes: Buffer, offset: number, length: number): StoredRow;
}
