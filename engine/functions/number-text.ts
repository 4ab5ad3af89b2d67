/** Numbers in other forms: bases 2 to 36, hexadecimal digits, base 64, checksums, thousands in groups; and text back to them. */
import { crc32, deflateSync, inflateSync } from 'node:zlib';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { SqlType } from '../../sblr/contract/types.ts';
import { Bits, canonicalInteger, Decimal, type SqlValue } from '../../sblr/contract/values.ts';
import { absDecimal, bigPower, decimalFromNumber, roundDecimal } from '../types/decimal.ts';
import { type Integer, subtract64 } from '../types/integers.ts';
import { plainTextOf } from './free-conversion.ts';
import type { EvalContext } from './function.ts';
import { scalar, scalarFor } from './table.ts';

const MAX_FRACTION = 30;
const MAX_DIGITS = 65;
/** Digits that every integer of 64 bits has room for. */
const SAFE_DIGITS = 18;

// ---- bases

type NumberKind = 'int64' | 'decimal' | 'float64';
/** What a function computes with for an argument of a type. */
function numberKind(type: SqlType | undefined): NumberKind {
  switch (type?.kind) {
    case 'int8':
    case 'int16':
    case 'int24':
    case 'int32':
    case 'int64':
    case 'year':
    case 'bool':
      return 'int64';
    case 'decimal':
      return 'decimal';
    default:
      return 'float64';
  }
}

const unsigned = (value: Integer): bigint => BigInt.asUintN(64, BigInt(value));
/** Leading digits of a base, as far as there are any, in 64 bits. */
function readBase(text: string, base: number): bigint {
  const trimmed = text.trim();
  const negative = trimmed.startsWith('-');
  let value = 0n;
  for (const char of trimmed.slice(negative || trimmed.startsWith('+') ? 1 : 0).toLowerCase()) {
    const digit = Number.parseInt(char, 36);
    if (!(digit < base)) break;
    value = value * BigInt(base) + BigInt(digit);
    if (value > 0xffffffffffffffffn) {
      value = 0xffffffffffffffffn;
      break;
    }
  }
  return negative ? -value : value;
}
scalar('text_in_base(text, int64, int64) text', (text: string, from: Integer, to: Integer) => {
  const source = Math.abs(Number(from));
  const target = Math.abs(Number(to));
  if (source < 2 || source > 36 || target < 2 || target > 36) return null;
  const value = readBase(text, source);
  // A negative target base shows the sign.
  const shown = to < 0 ? BigInt.asIntN(64, value) : unsigned(value);
  return shown.toString(target).toUpperCase();
});
/** Of a number its digits, of anything else its bytes. */
scalarFor('hex_of(any) text', ([type]) => {
  switch (type?.kind) {
    case 'bytes':
      return (value: Uint8Array) => Buffer.from(value).toString('hex').toUpperCase();
    case 'bits':
      return (value: Bits) => BigInt(`0b0${value.text}`).toString(16).toUpperCase();
    case 'decimal':
      return (value: Decimal) => unsigned(roundDecimal(value, 0).unscaled).toString(16).toUpperCase();
    case 'float32':
    case 'float64':
      return (value: number) => unsigned(Math.round(value)).toString(16).toUpperCase();
    default: {
      if (numberKind(type) === 'int64') return (value: Integer) => unsigned(value).toString(16).toUpperCase();
      const text = plainTextOf(type as SqlType);
      return (value: SqlValue, context: EvalContext) => Buffer.from(text(value, context)).toString('hex').toUpperCase();
    }
  }
});
scalar('bytes_of_hex(text) bytes', (text: string) =>
  /^[0-9a-f]*$/i.test(text) ? Uint8Array.from(Buffer.from(text.length % 2 === 0 ? text : `0${text}`, 'hex')) : null,
);

const LINE = 76;
for (const type of ['text', 'bytes'])
  scalar(`base64_of(${type}) text`, (value: string | Uint8Array) =>
    (
      Buffer.from(value as string)
        .toString('base64')
        .match(new RegExp(`.{1,${LINE}}`, 'g')) ?? []
    ).join('\n'),
  );
scalar('bytes_of_base64(text) bytes', (text: string) => {
  const compact = text.replace(/\s/g, '');
  return /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(compact)
    ? Uint8Array.from(Buffer.from(compact, 'base64'))
    : null;
});

// ---- checksums and compression

for (const type of ['text', 'bytes']) {
  scalar(`checksum_of(${type}) int64`, (value: string | Uint8Array) => crc32(value as string), {
    result: () => ({ kind: 'int64', unsigned: true }),
  });
  /** Length before compression in four bytes, the lowest first, and the compressed bytes. */
  scalar(`compressed(${type}) bytes`, (value: string | Uint8Array) => {
    const bytes = Buffer.from(value as string);
    if (bytes.length === 0) return new Uint8Array(0);
    const head = Buffer.alloc(4);
    head.writeUInt32LE(bytes.length);
    return Uint8Array.from(Buffer.concat([head, deflateSync(bytes)]));
  });
}
scalar('uncompressed(bytes) bytes', (value: Uint8Array) => {
  if (value.length === 0) return value;
  if (value.length <= 4) return null;
  try {
    return Uint8Array.from(inflateSync(value.subarray(4), { maxOutputLength: 67_108_864 }));
  } catch {
    return null;
  }
});
scalar('uncompressed_length(bytes) int32', (value: Uint8Array) =>
  value.length <= 4 ? 0 : Buffer.from(value).readUInt32LE(0) & 0x3fffffff,
);

// ---- rounding and groups of thousands

function rounded(value: Decimal, scale: Integer, truncate: boolean): Decimal {
  const wanted = Math.max(-MAX_FRACTION * 3, Math.min(MAX_FRACTION, Number(scale)));
  // Nothing is gained by zeros behind the last digit.
  const digits = Math.min(wanted, Math.max(value.scale, 0));
  if (wanted >= value.scale) return value;
  const unit = bigPower(value.scale - digits);
  const exact = BigInt(value.unscaled);
  const size = exact < 0n ? -exact : exact;
  const kept = truncate ? size / unit : (size + unit / 2n) / unit;
  const signed = exact < 0n ? -kept : kept;
  return digits >= 0
    ? new Decimal(canonicalInteger(signed), digits)
    : new Decimal(canonicalInteger(signed * bigPower(-digits)), 0);
}
function roundedDouble(value: number, scale: Integer, truncate: boolean): number {
  const digits = Number(scale);
  if (digits > 22 || !Number.isFinite(value)) return value;
  if (digits < -308) return 0;
  const factor = 10 ** Math.abs(digits);
  const scaled = digits < 0 ? value / factor : value * factor;
  if (!Number.isFinite(scaled)) return value;
  const whole = truncate ? Math.trunc(scaled) : halfEven(scaled);
  return digits < 0 ? whole * factor : whole / factor;
}
function halfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest < 0.5 || (rest === 0.5 && floor % 2 === 0) ? floor : floor + 1;
}
function roundedInteger(value: Integer, scale: Integer, truncate: boolean): Integer {
  if (scale >= 0) return value;
  const unit = bigPower(Math.min(30, -Number(scale)));
  const exact = BigInt(value);
  const size = exact < 0n ? -exact : exact;
  const kept = (truncate ? size / unit : (size + unit / 2n) / unit) * unit;
  return canonicalInteger(exact < 0n ? -kept : kept);
}
scalarFor(
  'absolute_of(any) float64',
  ([type]) => {
    switch (numberKind(type)) {
      case 'int64':
        return (value: Integer) => (value < 0 ? subtract64(0, value) : value);
      case 'decimal':
        return absDecimal;
      default:
        return (value: SqlValue) => Math.abs(doubleOf(value));
    }
  },
  {
    result: ([type]) => {
      const kind = numberKind(type);
      if (type?.kind === kind) return type;
      if (kind === 'int64') return { kind: 'int32', ...(type?.unsigned === true ? { unsigned: true } : {}) };
      return { kind, ...(type?.kind === 'float32' && type.scale !== undefined ? { scale: type.scale } : {}) };
    },
  },
);
/** A decimal of as many digits as the places ask for, or as it had where they are not known beforehand. */
function roundedType(
  { precision, scale = 0 }: SqlType,
  [value, places]: readonly (SqlValue | undefined)[] = [],
  truncate: boolean,
): SqlType {
  const literal = value instanceof Decimal ? String(value.unscaled).replace('-', '').length : undefined;
  const digits = literal ?? precision;
  const before = value instanceof Decimal ? value.scale : scale;
  if (digits === undefined) return { kind: 'decimal' };
  const after = typeof places === 'number' ? Math.max(0, Math.min(MAX_FRACTION, places)) : before;
  const carry = after < before && !truncate ? 1 : 0;
  return {
    kind: 'decimal',
    precision: Math.max(1, Math.min(MAX_DIGITS, Math.max(digits, before) - before + after + carry)),
    scale: after,
  };
}
const MOST = { signed: 9223372036854775807n, unsigned: 18446744073709551615n };
function inRange(value: Integer, isUnsigned: boolean): Integer {
  if (value <= (isUnsigned ? MOST.unsigned : MOST.signed)) return value;
  const type = isUnsigned ? 'BIGINT UNSIGNED' : 'BIGINT';
  throw new SqlError('numeric_value_out_of_range', { message: `${type.toLowerCase()} out of range`, args: { type } });
}
for (const [name, truncate] of [
  ['rounded', false],
  ['truncated', true],
] as const) {
  scalarFor(
    `${name}(any, int64) float64`,
    ([type], { scale: shown }) => {
      switch (numberKind(type)) {
        case 'int64':
          return (value: Integer, scale: Integer) =>
            inRange(roundedInteger(value, scale, truncate), type?.unsigned === true);
        case 'decimal':
          if (shown === undefined) return (value: Decimal, scale: Integer) => rounded(value, scale, truncate);
          return (value: Decimal, scale: Integer) => roundDecimal(rounded(value, scale, truncate), shown);
        default:
          return (value: SqlValue, scale: Integer) => roundedDouble(doubleOf(value), scale, truncate);
      }
    },
    {
      result: ([type], constants) => {
        const kind = numberKind(type);
        const places = constants?.[1];
        if (kind === 'float64' && typeof places === 'number' && (type?.kind === 'float64' || type?.kind === 'float32'))
          return places > MAX_FRACTION ? { kind } : { kind, scale: Math.max(0, places) };
        if (kind === 'decimal') return roundedType(type as SqlType, constants, truncate);
        return { kind, ...(kind === 'int64' && type?.unsigned === true ? { unsigned: true } : {}) };
      },
    },
  );
}
/** Other values are doubles: what their text begins with. */
function doubleOf(value: SqlValue): number {
  return typeof value === 'number' ? value : Number.parseFloat(String(value)) || 0;
}

interface Habit {
  readonly group: string;
  readonly point: string;
}
const HABITS: Readonly<Record<string, Habit>> = {
  de_DE: { group: '.', point: ',' },
  fr_FR: { group: '', point: ',' },
  es_ES: { group: '', point: ',' },
  it_IT: { group: '', point: ',' },
  nl_NL: { group: '', point: ',' },
  pt_BR: { group: '.', point: ',' },
  da_DK: { group: '.', point: ',' },
  de_CH: { group: "'", point: '.' },
};
const USUAL: Habit = { group: ',', point: '.' };
function grouped(value: SqlValue, scale: Integer, locale: string): string {
  const digits = Math.max(0, Math.min(MAX_FRACTION, Number(scale)));
  const exact =
    value instanceof Decimal
      ? value
      : typeof value === 'bigint'
        ? new Decimal(value, 0)
        : decimalFromNumber(doubleOf(value), 17);
  const text = roundDecimal(exact, digits).toString();
  const [whole = '', fraction] = text.replace('-', '').split('.');
  const { group, point } = HABITS[locale] ?? USUAL;
  const head = group === '' ? whole : whole.replace(/\B(?=(\d{3})+$)/g, group);
  return `${text.startsWith('-') ? '-' : ''}${head}${fraction === undefined ? '' : point + fraction}`;
}
scalar('number_in_groups(any, int64) text', (value: SqlValue, scale: Integer) => grouped(value, scale, ''));
scalar('number_in_groups(any, int64, text) text', grouped);

// ---- bits

scalarFor('bits_set_in(any) int64', () => (value: SqlValue) => {
  if (value instanceof Bits) return [...value.text].filter((bit) => bit === '1').length;
  if (value instanceof Uint8Array) return value.reduce((sum, byte) => sum + ones(BigInt(byte)), 0);
  const whole =
    value instanceof Decimal
      ? roundDecimal(value, 0).unscaled
      : typeof value === 'bigint'
        ? value
        : Math.round(Number.parseFloat(String(value)) || 0);
  return ones(unsigned(whole));
});
function ones(value: bigint): number {
  return value.toString(2).replaceAll('0', '').length;
}

// ---- numbers of chance

/** Two sums that feed each other: the same numbers for the same seed, everywhere. */
const MODULUS = 0x3fffffff;
class Sequence {
  #first: number;
  #second: number;

  constructor(seed: Integer | null) {
    const start = BigInt.asUintN(32, BigInt(seed ?? 0));
    this.#first = Number(BigInt.asUintN(32, start * 0x10001n + 55555555n)) % MODULUS;
    this.#second = Number(BigInt.asUintN(32, start * 0x10000001n)) % MODULUS;
  }

  next(): number {
    this.#first = (this.#first * 3 + this.#second) % MODULUS;
    this.#second = (this.#first + this.#second + 33) % MODULUS;
    return this.#first / MODULUS;
  }
}
const UNSTEADY = { strict: false, volatility: 'volatile' } as const;
scalar('random_from_seed(int64) float64', (seed: Integer | null) => new Sequence(seed).next(), UNSTEADY);
/** The seed begins a sequence that goes on through the rows of the statement. */
scalarFor(
  'random_sequence(int64) float64',
  () => {
    let sequence: Sequence | undefined;
    let statement = 0;
    return (seed: Integer | null, context: EvalContext) => {
      if (sequence === undefined || statement !== context.statementTimestamp) {
        sequence = new Sequence(seed);
        statement = context.statementTimestamp;
      }
      return sequence.next();
    };
  },
  UNSTEADY,
);

// ---- logarithms: NULL where there is none

for (const [name, code] of [
  ['natural_logarithm', Math.log],
  ['binary_logarithm', Math.log2],
  ['common_logarithm', Math.log10],
] as const)
  scalar(`${name}(float64) float64`, (value: number) => (value > 0 ? code(value) : null));
scalar('logarithm(float64, float64) float64', (base: number, value: number) =>
  value > 0 && base > 0 && base !== 1 ? Math.log(value) / Math.log(base) : null,
);
scalar('real_square_root(float64) float64', (value: number) => (value < 0 ? null : Math.sqrt(value)));
scalar('real_arc_sine(float64) float64', (value: number) => (Math.abs(value) > 1 ? null : Math.asin(value)));
scalar('real_arc_cosine(float64) float64', (value: number) => (Math.abs(value) > 1 ? null : Math.acos(value)));
scalar('arc_tangent(float64) float64', (value: number) => Math.atan(value));
scalar('arc_tangent(float64, float64) float64', (y: number, x: number) => Math.atan2(y, x));
scalar('sign_of(float64) int32', (value: number) => Math.sign(value) + 0);
for (const [name, up] of [
  ['ceiling_of', true],
  ['floor_of', false],
] as const)
  scalarFor(
    `${name}(any) int64`,
    ([type], { kind }) => {
      switch (numberKind(type)) {
        case 'int64':
          return (value: Integer) => value;
        case 'decimal':
          if (kind === 'decimal') return (value: Decimal) => new Decimal(wholeOf(value, up), 0);
          return (value: Decimal) => wholeOf(value, up);
        default:
          return (value: SqlValue) => (up ? Math.ceil(doubleOf(value)) : Math.floor(doubleOf(value))) + 0;
      }
    },
    { result: ([type]) => wholeType(type) },
  );
/** An integer where every value of the type has room in one. */
function wholeType(type: SqlType | undefined): SqlType {
  const kind = numberKind(type);
  if (kind === 'float64') return { kind };
  if (kind === 'int64') return { kind, ...(type?.unsigned === true ? { unsigned: true } : {}) };
  const digits = (type?.precision ?? MAX_DIGITS) - (type?.scale ?? 0);
  return type?.precision === undefined || digits <= SAFE_DIGITS
    ? { kind: 'int64' }
    : { kind, precision: Math.min(MAX_DIGITS, digits + 1), scale: 0 };
}
function wholeOf(value: Decimal, up: boolean): Integer {
  const unit = bigPower(value.scale);
  const exact = BigInt(value.unscaled);
  const cut = exact / unit;
  const rest = exact % unit;
  return canonicalInteger(rest === 0n ? cut : up ? (rest > 0n ? cut + 1n : cut) : rest < 0n ? cut - 1n : cut);
}
function finite(value: number): number {
  if (Number.isFinite(value)) return value;
  throw new SqlError('numeric_value_out_of_range', { message: 'double out of range', args: { type: 'DOUBLE' } });
}
scalar('double_power(float64, float64) float64', (base: number, exponent: number) => finite(base ** exponent));
scalar('double_cotangent(float64) float64', (value: number) => finite(1 / Math.tan(value)));
scalar('double_exponential(float64) float64', (value: number) => finite(Math.exp(value)));
