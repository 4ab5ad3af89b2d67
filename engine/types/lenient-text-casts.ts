/** Any value as text, bytes or bits, as labels of an enumeration or set, as a document. */
import { type SqlType } from '../../sblr/contract/types.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { parseJsonb } from '../../sblr/contract/text/json.ts';
import { invalidAt } from '../../sblr/contract/text/raw-bytes.ts';
import { dateText, filledDigits, instantText, numberText, timeText } from '../../sblr/contract/text/plain.ts';
import { textFormatter } from '../../sblr/contract/text/text-io.ts';
import { Bits, canonicalInteger, type Jsonb, type SqlValue } from '../../sblr/contract/values.ts';
import { type EvalContext } from '../functions/function.ts';
import { characterOffset, trimBlanks } from './casts.ts';
import { wholeNumber } from './lenient-number-casts.ts';
import { type LenientCast, type Misfits, INTEGERS, textOf, plainText, local } from './lenient-values.ts';

/** Bytes of a wrong text that its error shows. */
const SHOWN_BYTES = 6;

export function toText(from: SqlType, to: SqlType, assignment: boolean): LenientCast {
  const cast = textCast(from, to);
  if (!assignment || from.kind !== 'bytes') return cast;
  return (value, evaluation, misfits) => cast(readableBytes(value as Uint8Array, misfits), evaluation, misfits);
}

/** The bytes, or those before the first that is no text. */
function readableBytes(bytes: Uint8Array, misfits: Misfits): Uint8Array {
  const at = invalidAt(bytes);
  if (at === undefined) return bytes;
  const wrong = [...bytes.subarray(at, at + SHOWN_BYTES)].map((byte) =>
    byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).toUpperCase().padStart(2, '0')}`,
  );
  misfits.unread('string', wrong.join('') + (bytes.length > at + SHOWN_BYTES ? '...' : ''), false);
  return bytes.subarray(0, at);
}

function textCast(from: SqlType, to: SqlType): LenientCast {
  const convert = textValue(from);
  const { length } = to;
  const fixed = to.fixed === true;
  return (value, evaluation, misfits) => {
    const text = convert(value, evaluation);
    if (length === undefined || text.length <= length) return fixed ? trimBlanks(text) : text;
    const end = characterOffset(text, length);
    if (end < text.length) {
      const cut = text.slice(0, end);
      misfits.cut(to, text, trimBlanks(text.slice(end)) === '');
      return fixed ? trimBlanks(cut) : cut;
    }
    return fixed ? trimBlanks(text) : text;
  };
}

/** The text of any value. */
function textValue(from: SqlType): (value: SqlValue, evaluation: EvalContext) => string {
  const precision = from.precision ?? 0;
  switch (from.kind) {
    case 'bool':
      return (value) => (value === true ? '1' : '0');
    case 'float64':
    case 'float32':
      return (value) => numberText(from, value as number);
    case 'date':
      return (value) => dateText(value as number);
    case 'time':
      return (value) => timeText(value as number, precision);
    case 'timestamp':
    case 'timestamptz':
      return (value, evaluation) => instantText(local(from, value, evaluation), precision);
    case 'bytes':
      return (value) => Buffer.from(value as Uint8Array).toString('utf8');
    case 'bits':
      return (value) => Buffer.from(bytesOfBits(value as Bits)).toString('latin1');
    case 'text':
    case 'unknown':
    case 'enum':
    case 'decimal':
    case 'year':
    case 'json':
      return textOf;
    case 'set':
      return (value, evaluation) => textFormatter(from, evaluation.text)(value);
    case 'jsonb':
      return (value) => (value as Jsonb).text;
    default:
      if (INTEGERS.has(from.kind)) return integerText(filledDigits(from));
      return (value, evaluation) => textFormatter(from, evaluation.text)(value);
  }
}

function integerText(digits: number | undefined): (value: SqlValue) => string {
  return digits === undefined ? textOf : (value) => textOf(value).padStart(digits, '0');
}

export function toBytes(from: SqlType, to: SqlType): LenientCast {
  const text = textValue(from);
  const { length } = to;
  return (value, evaluation, misfits) => {
    const bytes =
      value instanceof Uint8Array
        ? value
        : value instanceof Bits
          ? bytesOfBits(value)
          : Buffer.from(text(value, evaluation), 'utf8');
    if (length === undefined || bytes.length === length) return bytes;
    if (bytes.length > length) {
      misfits.cut(to, Buffer.from(bytes).toString('latin1'), false);
      return bytes.subarray(0, length);
    }
    if (to.fixed !== true) return bytes;
    const padded = Buffer.alloc(length);
    padded.set(bytes);
    return padded;
  };
}

function bytesOfBits({ text }: Bits): Uint8Array {
  const length = (text.length + 7) >> 3;
  const padded = text.padStart(length * 8, '0');
  return Uint8Array.from({ length }, (_, i) => Number.parseInt(padded.slice(i * 8, i * 8 + 8), 2));
}

/** Bits of any value: the bytes of text, the binary digits of a number. */
export function toBits(from: SqlType, to: SqlType): LenientCast | undefined {
  const isText = from.kind === 'text' || from.kind === 'bytes' || from.kind === 'unknown';
  const whole = isText ? undefined : wholeNumber(from, true);
  if (!isText && whole === undefined) return undefined;
  const length = to.length ?? 64;
  return (value, evaluation, misfits) => {
    const number =
      value instanceof Bits
        ? BigInt(`0b0${value.text}`)
        : whole === undefined
          ? bigOfBytes(value instanceof Uint8Array ? value : Buffer.from(textOf(value), 'utf8'))
          : BigInt(whole(value, evaluation, misfits));
    const digits = BigInt.asUintN(64, number).toString(2);
    if (digits.length <= length && number < 18446744073709551616n) return new Bits(digits.padStart(length, '0'));
    misfits.tooManyBits(to, textOf(value));
    return new Bits('1'.repeat(length));
  };
}

function bigOfBytes(value: Uint8Array): bigint {
  let result = 0n;
  for (const byte of value.subarray(0, 16)) result = (result << 8n) | BigInt(byte);
  return result;
}

export function toEnum(from: SqlType, to: SqlType): LenientCast | undefined {
  const labels = to.labels ?? [];
  const folded = labels.map((label) => label.toLowerCase());
  const byNumber = from.kind !== 'text' && from.kind !== 'enum' && from.kind !== 'bytes' && from.kind !== 'unknown';
  const whole = byNumber ? wholeNumber(from, true) : undefined;
  if (byNumber && whole === undefined) return undefined;
  return (value, evaluation, misfits) => {
    const index =
      whole === undefined ? labelIndex(folded, textOf(value)) : Number(whole(value, evaluation, misfits)) - 1;
    const label = labels[index];
    if (label === undefined) misfits.noLabel(textOf(value));
    return label ?? '';
  };
}

/** Of a label, or of the number of one. */
function labelIndex(folded: readonly string[], text: string): number {
  const found = folded.indexOf(trimBlanks(text).toLowerCase());
  return found < 0 && /^\d+$/.test(text) ? Number(text) - 1 : found;
}

export function toSet(from: SqlType, to: SqlType): LenientCast | undefined {
  const labels = to.labels ?? [];
  const folded = labels.map((label) => label.toLowerCase());
  const byNumber =
    from.kind !== 'text' &&
    from.kind !== 'set' &&
    from.kind !== 'enum' &&
    from.kind !== 'bytes' &&
    from.kind !== 'unknown';
  const whole = byNumber ? wholeNumber(from, true) : undefined;
  if (byNumber && whole === undefined) return undefined;
  const text = textValue(from);
  const most = (1n << BigInt(labels.length)) - 1n;
  return (value, evaluation, misfits) => {
    if (whole !== undefined) {
      const bits = BigInt(whole(value, evaluation, misfits));
      if (bits < 0n || bits > most) misfits.noLabel(textOf(value));
      return canonicalInteger(bits & most);
    }
    let bits = 0n;
    const written = text(value, evaluation);
    let unknown = false;
    for (const part of written === '' ? [] : written.split(',')) {
      const index = folded.indexOf(trimBlanks(part).toLowerCase());
      if (index < 0) unknown = true;
      else bits |= 1n << BigInt(index);
    }
    if (unknown && bits === 0n && /^\d+$/.test(written) && BigInt(written) <= most)
      return canonicalInteger(BigInt(written));
    if (unknown) misfits.noLabel(written);
    return canonicalInteger(bits);
  };
}

function documentIn(text: string, misfits: Misfits): Jsonb {
  try {
    return parseJsonb(text);
  } catch (error) {
    if (error instanceof SqlError && error.condition === 'invalid_text_representation') misfits.noDocument(text);
    throw error;
  }
}

export function toJson(from: SqlType): LenientCast | undefined {
  switch (from.kind) {
    case 'jsonb':
      return (value) => value;
    case 'text':
    case 'unknown':
    case 'bytes': {
      const text = plainText(from);
      return (value, _evaluation, misfits) => documentIn(text(value), misfits);
    }
    case 'bool':
      return (value) => parseJsonb(value === true ? 'true' : 'false');
    case 'date':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
    case 'enum':
    case 'set': {
      const text = textValue(from);
      return (value, evaluation) => parseJsonb(JSON.stringify(text(value, evaluation)));
    }
    default: {
      const text = textValue(from);
      return (value, evaluation) => parseJsonb(text(value, evaluation));
    }
  }
}
