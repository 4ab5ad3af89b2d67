/** What the conversions of engine/types/lenient-*.ts share: how a value's loss is reported, the text and the local instant of a value. */
import type { SqlType } from '../../sblr/contract/types.ts';
import { jsonbNode } from '../../sblr/contract/text/json.ts';
import type { Jsonb, SqlValue } from '../../sblr/contract/values.ts';
import type { EvalContext } from '../functions/function.ts';
import { type Timestamp, toLocal } from './date-time.ts';

/** What happened to a value on its way to another type. */
export interface Misfits {
  /** Text that is no number of the type, or not all of it. */
  unread(type: string, text: string, partly: boolean): void;
  /** Nearest value of the type taken. */
  outOfRange(type: string, text: string): void;
  /** Text or bytes cut to the length of the type; only blanks if `blanks`. */
  cut(type: SqlType, text: string, blanks: boolean): void;
  /** More bits than the type has. */
  tooManyBits(type: SqlType, text: string): void;
  /** Digits dropped by rounding. */
  rounded(): void;
  /** Text or a number that is no date or time; answers the value to take instead. */
  unreadInstant(type: string, text: string): SqlValue;
  /** Are digits of seconds beyond those of the type dropped, not rounded? */
  readonly truncatesSeconds: boolean;
  /** Is the date of zeros a value? */
  readonly zeroDate: boolean;
  /** A date of zeros that is none. */
  zeroInstant(type: string, text: string): SqlValue;
  /** More behind a date or time than was read, or a part that the type does not have. */
  cutInstant(type: string, text: string): void;
  /** Text that is no document: an error, since there is nothing to take instead. */
  noDocument(text: string): void;
  /** No label of an enumeration or set. */
  noLabel(text: string): void;
}

export type LenientCast = (value: SqlValue, evaluation: EvalContext, misfits: Misfits) => SqlValue;

export type Whole = number | bigint;

export const INTEGERS: ReadonlySet<string> = new Set(['int8', 'int16', 'int24', 'int32', 'int64']);
export const textOf = (value: SqlValue): string => (typeof value === 'string' ? value : String(value));

/** The text of a value that is text, bytes or a document. */
export function plainText(from: SqlType): (value: SqlValue) => string {
  switch (from.kind) {
    case 'bytes':
      return (value) => (value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : textOf(value));
    case 'jsonb':
      return (value) => jsonText(value as Jsonb);
    default:
      return textOf;
  }
}

/** A document's string without its quotes; any other document as it is written. */
export function jsonText(value: Jsonb): string {
  const node = jsonbNode(value);
  return node.kind === 'string' || node.kind === 'number' ? node.text : value.text;
}

export function local(from: SqlType, value: SqlValue, evaluation: EvalContext): Timestamp {
  return from.kind === 'timestamptz' ? toLocal(value as Timestamp, evaluation.text.timeZone) : (value as Timestamp);
}
