/**
 * Order-preserving keys: a value becomes a binary string (code units 0..255) such that comparing the
 * strings orders the values, alone or one after another. Index entries and sort runs use them.
 *
 * Every encoding is self-delimiting, so keys of several columns are simply concatenated; a descending
 * column has all bytes of its value inverted.
 */
import { jsonbNode, type JsonNode } from '../../sblr/contract/text/json.ts';
import { MICROS_PER_DAY } from '../../sblr/contract/text/calendar.ts';
import { parseDecimal } from '../../sblr/contract/text/numbers.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { SqlType } from '../../sblr/contract/types.ts';
import type {
  Bits,
  Decimal,
  Interval,
  Jsonb,
  SqlArray,
  SqlRecord,
  SqlValue,
  TimeTz,
} from '../../sblr/contract/values.ts';
import { collationNamed, collationOf } from './collation.ts';

export type KeyEncoder = (value: SqlValue) => string;

const PRESENT = '\x01';
const NULL_FIRST = '\x00';
const NULL_LAST = '\x02';

/** Key of one value, NULL included. */
export function encodeKey(
  type: SqlType,
  value: SqlValue,
  descending: boolean,
  nullsFirst: boolean,
  collation?: string,
): string {
  if (value === null) return nullsFirst ? NULL_FIRST : NULL_LAST;
  const body = bodyEncoder(type, collation)(value);
  return PRESENT + (descending ? invert(body) : body);
}

/** The encoder for many values of one key column. */
export function keyEncoder(type: SqlType, descending: boolean, nullsFirst: boolean, collation?: string): KeyEncoder {
  const body = bodyEncoder(type, collation);
  const nothing = nullsFirst ? NULL_FIRST : NULL_LAST;
  return descending
    ? (value) => (value === null ? nothing : PRESENT + invert(body(value)))
    : (value) => (value === null ? nothing : PRESENT + body(value));
}

export function invert(text: string): string {
  const bytes = Buffer.from(text, 'latin1');
  for (let i = 0; i < bytes.length; i++) bytes[i] = 255 - (bytes[i] as number);
  return bytes.toString('latin1');
}

function bodyEncoder(type: SqlType, collation: string | undefined): KeyEncoder {
  switch (type.kind) {
    case 'bool':
      return (value) => (value === true ? '\x01' : '\x00');
    case 'int8':
    case 'int16':
    case 'int24':
    case 'int32':
    case 'year':
      return type.unsigned === true ? (value) => encodeInt64(value as number) : (value) => encodeInt32(value as number);
    case 'oid':
    case 'reference':
      return (value) => encodeInt32((value as number) - 2147483648);
    case 'int64':
    case 'set':
    case 'date':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
      return (value) => encodeInt64(value as number | bigint);
    case 'float32':
    case 'float64':
      return (value) => encodeFloat(value as number);
    case 'decimal':
      return (value) => encodeDecimal(value as Decimal);
    case 'text':
    case 'unknown':
    case 'json': {
      const name = collationOf(type, collation);
      if (name === undefined) return (value) => encodeText(value as string);
      const found = collationNamed(name);
      const key = found.key.bind(found);
      return (value) => encodeText(key(value as string));
    }
    case 'uuid':
      return (value) => Buffer.from((value as string).replaceAll('-', ''), 'hex').toString('latin1');
    case 'bytes':
      return (value) =>
        terminate(
          Buffer.from(
            (value as Uint8Array).buffer,
            (value as Uint8Array).byteOffset,
            (value as Uint8Array).length,
          ).toString('latin1'),
        );
    case 'bits':
      return (value) => `${(value as Bits).text}\x00\x00`;
    case 'timetz':
      return (value) =>
        encodeInt64((value as TimeTz).micros - (value as TimeTz).offsetSeconds * 1e6) +
        encodeInt32(-(value as TimeTz).offsetSeconds);
    case 'interval':
      return (value) => encodeInterval(value as Interval);
    case 'enum': {
      const positions = new Map((type.labels ?? []).map((label, index) => [label, index]));
      return (value) => encodeInt32(positions.get(value as string) ?? -1);
    }
    case 'jsonb':
      return (value) => encodeJson(jsonbNode(value as Jsonb), true);
    case 'array': {
      const item = bodyEncoder(type.element ?? { kind: 'text' }, collation);
      return (value) => encodeArray(value as SqlArray, item);
    }
    case 'record': {
      const fields = (type.fields ?? []).map((field) => bodyEncoder(field.type, undefined));
      return (value) => {
        let text = '';
        const { values } = value as SqlRecord;
        for (let i = 0; i < fields.length; i++) {
          const field = values[i] as SqlValue;
          text += field === null ? NULL_LAST : PRESENT + (fields[i] as KeyEncoder)(field);
        }
        return text;
      };
    }
    default:
      throw new SqlError('undefined_function', {
        message: `could not identify a comparison function for type ${type.declared ?? type.kind}`,
      });
  }
}

export function encodeInt32(value: number): string {
  return String.fromCharCode(((value >>> 24) & 255) ^ 128, (value >>> 16) & 255, (value >>> 8) & 255, value & 255);
}

/** Whole numbers of 64 bits; infinities sort outside them. */
export function encodeInt64(value: number | bigint): string {
  if (typeof value === 'bigint') return big64(value);
  if (value === Infinity) return '\xff\xff\xff\xff\xff\xff\xff\xff';
  if (value === -Infinity) return '\x00\x00\x00\x00\x00\x00\x00\x00';
  const high = Math.floor(value / 4294967296);
  const low = value - high * 4294967296;
  return String.fromCharCode(
    ((high >>> 24) & 255) ^ 128,
    (high >>> 16) & 255,
    (high >>> 8) & 255,
    high & 255,
    (low >>> 24) & 255,
    (low >>> 16) & 255,
    (low >>> 8) & 255,
    low & 255,
  );
}

const scratch = Buffer.alloc(8);

function big64(value: bigint): string {
  scratch.writeBigUInt64BE(BigInt.asUintN(64, value) ^ 0x8000000000000000n);
  return scratch.toString('latin1');
}

export function encodeFloat(value: number): string {
  if (value !== value) return '\xff\xff\xff\xff\xff\xff\xff\xff';
  scratch.writeDoubleBE(value + 0);
  if (value < 0) for (let i = 0; i < 8; i++) scratch[i] = 255 - (scratch[i] as number);
  else scratch[0] = (scratch[0] as number) | 128;
  return scratch.toString('latin1');
}

const PLAIN_ASCII = /^[\x01-\x7f]*$/;

export function encodeText(text: string): string {
  if (text.length < 200 && PLAIN_ASCII.test(text)) return `${text}\x00\x00`;
  return terminate(Buffer.from(text, 'utf8').toString('latin1'));
}

/** Marks the end with two zero bytes; a zero byte inside becomes 00 FF. */
function terminate(bytes: string): string {
  return `${bytes.includes('\x00') ? bytes.replaceAll('\x00', '\x00\xff') : bytes}\x00\x00`;
}

/** Class of value, then exponent and pairs of digits (all inverted for negative values). */
export function encodeDecimal(value: Decimal): string {
  switch (value.special) {
    case '-Infinity':
      return '\x00';
    case 'Infinity':
      return '\x04';
    case 'NaN':
      return '\x05';
    default:
  }
  if (value.unscaled === 0) return '\x02';
  const negative = value.unscaled < 0;
  let digits = (negative ? -value.unscaled : value.unscaled).toString();
  const exponent = digits.length - value.scale;
  let end = digits.length;
  while (digits.charCodeAt(end - 1) === 48) end--;
  digits = digits.slice(0, end);
  if (digits.length % 2 === 1) digits += '0';
  let body = encodeInt32(exponent);
  for (let i = 0; i < digits.length; i += 2)
    body += String.fromCharCode((digits.charCodeAt(i) - 48) * 10 + digits.charCodeAt(i + 1) - 48 + 1);
  body += '\x00';
  return negative ? `\x01${invert(body)}` : `\x03${body}`;
}

function encodeInterval(value: Interval): string {
  const carry = Math.floor(value.micros / MICROS_PER_DAY);
  return encodeInt64(value.months * 30 + value.days + carry) + encodeInt64(value.micros - carry * MICROS_PER_DAY);
}

function encodeArray(value: SqlArray, item: KeyEncoder): string {
  let text = '';
  for (const element of value.items) text += element === null ? NULL_LAST : PRESENT + item(element);
  text += `\x00${String.fromCharCode(value.dimensions.length)}`;
  for (let i = 0; i < value.dimensions.length; i++)
    text += encodeInt32(value.dimensions[i] as number) + encodeInt32(value.lowerBounds[i] as number);
  return text;
}

const JSON_TAG: Readonly<Record<JsonNode['kind'], string>> = {
  null: '\x01',
  string: '\x02',
  number: '\x03',
  false: '\x04',
  true: '\x05',
  array: '\x06',
  object: '\x07',
};

function encodeJson(node: JsonNode, top = false): string {
  const tag = top && node.kind === 'array' && node.items.length === 0 ? '\x00' : JSON_TAG[node.kind];
  switch (node.kind) {
    case 'string':
      return tag + encodeText(node.text);
    case 'number':
      return tag + encodeDecimal(parseDecimal(node.text));
    case 'array':
    case 'object': {
      let text = tag + encodeInt32(node.items.length);
      for (let i = 0; i < node.items.length; i++) {
        if (node.kind === 'object') text += encodeText(node.keys[i] as string);
        text += encodeJson(node.items[i] as JsonNode);
      }
      return text;
    }
    default:
      return tag;
  }
}
