/**
 * Conversion of values between types: `castFunction` gives the code for a pair of types and a context.
 * Whether a cast may happen in a context is the binder's decision; here is how it is done, including
 * the length and precision of the target (an assignment refuses what an explicit cast cuts off).
 */
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { joinMicros, MICROS_PER_DAY, splitMicros } from '../../sblr/contract/text/calendar.ts';
import { roundMicros } from '../../sblr/contract/text/date-time-parse.ts';
import { restrictInterval } from '../../sblr/contract/text/interval.ts';
import { jsonbNode, parseJsonb } from '../../sblr/contract/text/json.ts';
import { parseDecimal } from '../../sblr/contract/text/numbers.ts';
import { TEXT_CASTS, TEXT_INPUTS } from '../../sblr/contract/text/own-text.ts';
import type { TextSettings } from '../../sblr/contract/text/settings.ts';
import {
  cutBytes,
  type TextFormatter,
  textFormatter,
  type TextParser,
  textParser,
} from '../../sblr/contract/text/text-io.ts';
import { baseTypeName, displayType } from '../../sblr/contract/text/type-name.ts';
import type { SqlType } from '../../sblr/contract/types.ts';
import type { Decimal } from '../../sblr/contract/values.ts';
import {
  Bits,
  canonicalInteger,
  Interval,
  type Jsonb,
  SqlArray,
  SqlRecord,
  type SqlValue,
  TimeTz,
} from '../../sblr/contract/values.ts';
import type { EvalContext } from '../functions/function.ts';
import { fromLocal, isInfinite, makeInterval, type Timestamp, timestampFrom, toLocal } from './date-time.ts';
import {
  coerceDecimal,
  decimalFromInteger,
  decimalFromNumber,
  decimalToInteger,
  decimalToNumber,
  roundDecimal,
} from './decimal.ts';
import { outOfRange, roundHalfEven } from './integers.ts';

export type CastContext = 'implicit' | 'assignment' | 'explicit' | 'try';
/** Converts one value that is not NULL. */
export type CastCode = (value: SqlValue, context: EvalContext) => SqlValue;

/** The code of a cast; undefined where the two types do not convert. */
export function castFunction(from: SqlType, to: SqlType, context: CastContext): CastCode | undefined {
  if (context === 'try') return tryCast(from, to);
  const convert = conversion(from, to, context);
  if (convert === undefined) return undefined;
  const limit = limiter(to, context);
  if (limit === undefined) return convert;
  if (convert === same) return limit;
  return (value, evaluation) => {
    const converted = convert(value, evaluation);
    return converted === null ? null : limit(converted, evaluation);
  };
}

function tryCast(from: SqlType, to: SqlType): CastCode | undefined {
  const code = castFunction(from, to, 'explicit');
  if (code === undefined) return undefined;
  return (value, evaluation) => {
    try {
      return code(value, evaluation);
    } catch (error) {
      if (error instanceof SqlError && error.sqlstate.startsWith('22')) return null;
      throw error;
    }
  };
}

const same: CastCode = (value) => value;
const isInteger = (type: SqlType): boolean =>
  type.kind === 'int8' ||
  type.kind === 'int16' ||
  type.kind === 'int24' ||
  type.kind === 'int32' ||
  type.kind === 'int64' ||
  type.kind === 'year';
const isObjectId = (type: SqlType): boolean => type.kind === 'oid' || type.kind === 'reference';
const isString = (type: SqlType): boolean => type.kind === 'text' || type.kind === 'unknown';

function conversion(from: SqlType, to: SqlType, context: CastContext): CastCode | undefined {
  if (from === to) return same;
  if (isString(from)) {
    const spell =
      to.declared === undefined || to.declared === 'varchar' ? TEXT_CASTS.get(from.declared ?? '') : undefined;
    return spell === undefined || to.kind !== 'text' ? fromText(to) : (value) => spell(value as string);
  }
  if (to.kind === 'text') return toText(from, to);
  if (from.kind === to.kind) return sameKind(from, to, context);
  switch (to.kind) {
    case 'int8':
    case 'int16':
    case 'int24':
    case 'int32':
    case 'int64':
    case 'year':
      return toInteger(from, to);
    case 'oid':
    case 'reference':
      return toObjectId(from);
    case 'decimal':
      return toDecimal(from);
    case 'float32':
    case 'float64':
      return toFloat(from, to);
    case 'bool':
      if (isInteger(from)) return (value) => value !== 0;
      return from.kind === 'jsonb' ? jsonbTo('boolean', (text) => text === 'true', ['true', 'false']) : undefined;
    case 'bits':
      return isInteger(from) ? integerToBits(from, to) : undefined;
    case 'json':
      return from.kind === 'jsonb' ? (value) => (value as Jsonb).text : undefined;
    case 'jsonb':
      return from.kind === 'json' ? (value) => parseJsonb(value as string) : undefined;
    default:
      return dateTimeConversion(from, to);
  }
}

/** Values of one kind whose inner types may differ. */
function sameKind(from: SqlType, to: SqlType, context: CastContext): CastCode | undefined {
  if (to.kind === 'array') {
    const inner = castFunction(from.element ?? { kind: 'text' }, to.element ?? { kind: 'text' }, context);
    if (inner === undefined || inner === same) return inner;
    return (value, evaluation) => {
      const array = value as SqlArray;
      return new SqlArray(
        array.items.map((item) => (item === null ? null : inner(item, evaluation))),
        array.dimensions,
        array.lowerBounds,
      );
    };
  }
  if (to.kind === 'record' && to.fields !== undefined && from.fields !== undefined) {
    const { fields } = to;
    if (fields.length !== from.fields.length) return undefined;
    const inner = from.fields.map((field, i) =>
      castFunction(field.type, (fields[i] as { type: SqlType }).type, context),
    );
    if (inner.includes(undefined)) return undefined;
    if (inner.every((code) => code === same)) return same;
    return (value, evaluation) =>
      new SqlRecord(
        (value as SqlRecord).values.map((item, i) => (item === null ? null : (inner[i] as CastCode)(item, evaluation))),
      );
  }
  return same;
}

/** Parser resolved once per settings object, which changes rarely. */
function fromText(to: SqlType): CastCode {
  if (to.kind === 'text' && to.declared !== 'name' && to.declared !== '"char"' && !TEXT_INPUTS.has(to.declared ?? ''))
    return same;
  let parse: TextParser | undefined;
  let settings: TextSettings | undefined;
  return (value, evaluation) => {
    if (parse === undefined || settings !== evaluation.text) {
      settings = evaluation.text;
      parse = textParser(to, settings);
    }
    return parse(value as string);
  };
}

function toText(from: SqlType, to: SqlType): CastCode {
  const limit = to.declared === 'name' ? 63 : to.declared === '"char"' ? 1 : undefined;
  if (from.kind === 'bool') return (value) => (value === true ? 'true' : 'false');
  if (from.kind === 'int32' && to.declared === '"char"')
    return (value) => (value === 0 ? '' : String.fromCharCode((value as number) & 255));
  let format: TextFormatter | undefined;
  let settings: TextSettings | undefined;
  return (value, evaluation) => {
    if (format === undefined || settings !== evaluation.text) {
      settings = evaluation.text;
      format = textFormatter(from, settings);
    }
    const text = format(value);
    return limit === undefined ? text : cutBytes(text, limit);
  };
}

const RANGES: Readonly<Record<string, readonly [number, number, string]>> = {
  int8: [-128, 127, 'tinyint'],
  uint8: [0, 255, 'tinyint'],
  int16: [-32768, 32767, 'smallint'],
  uint16: [0, 65535, 'smallint'],
  int24: [-8388608, 8388607, 'mediumint'],
  uint24: [0, 16777215, 'mediumint'],
  int32: [-2147483648, 2147483647, 'integer'],
  uint32: [0, 4294967295, 'integer'],
  year: [0, 65535, 'year'],
};

/** Checks a whole number against the target's range. */
function rangeCheck(to: SqlType): (value: number | bigint) => SqlValue {
  if (to.kind === 'int64') {
    const [low, high] =
      to.unsigned === true ? [0n, 18446744073709551615n] : [-9223372036854775808n, 9223372036854775807n];
    return (value) => {
      if (typeof value === 'number' && Number.isSafeInteger(value) && (low !== 0n || value >= 0)) return value + 0;
      const exact = BigInt(value);
      if (exact < low || exact > high) throw outOfRange('bigint');
      return canonicalInteger(exact);
    };
  }
  const [low, high, name] = RANGES[to.unsigned === true ? `u${to.kind}` : to.kind] as readonly [number, number, string];
  return (value) => {
    if (value < low || value > high) throw outOfRange(name);
    return Number(value) + 0;
  };
}

function toInteger(from: SqlType, to: SqlType): CastCode | undefined {
  const check = rangeCheck(to);
  const name = displayType({ kind: to.kind });
  if (isInteger(from) || isObjectId(from)) return (value) => check(value as number | bigint);
  switch (from.kind) {
    case 'decimal':
      return (value) => {
        const { special } = value as Decimal;
        if (special !== undefined)
          throw new SqlError(
            'feature_not_supported',
            `cannot convert ${special === 'NaN' ? 'NaN' : 'infinity'} to ${name}`,
          );
        return check(decimalToInteger(value as Decimal));
      };
    case 'float32':
    case 'float64':
      return (value) => {
        const number = value as number;
        if (!Number.isFinite(number)) throw outOfRange(name);
        const rounded = roundHalfEven(number);
        if (to.kind === 'int64' && (rounded >= 9223372036854775808 || rounded < -9223372036854775808))
          throw outOfRange(name);
        return check(Number.isSafeInteger(rounded) ? rounded : BigInt(rounded));
      };
    case 'bool':
      return (value) => (value === true ? 1 : 0);
    case 'bits':
      return (value) => bitsToInteger(value as Bits, to, check);
    case 'jsonb':
      return jsonbTo(name, (text) => check(decimalToInteger(parseDecimal(text))), ['number']);
    default:
      return undefined;
  }
}

function bitsToInteger(value: Bits, to: SqlType, check: (value: number | bigint) => SqlValue): SqlValue {
  const width = to.kind === 'int64' ? 64 : 32;
  const { text } = value;
  if (text.length > width) throw outOfRange(baseTypeName({ kind: to.kind }));
  const bits = text === '' ? 0n : BigInt(`0b${text}`);
  return check(canonicalInteger(text.length === width ? BigInt.asIntN(width, bits) : bits));
}

function integerToBits(from: SqlType, to: SqlType): CastCode {
  const width = from.kind === 'int64' ? 64 : 32;
  const length = to.length ?? 1;
  return (value) => {
    const text = BigInt.asUintN(width, BigInt(value as number | bigint))
      .toString(2)
      .padStart(width, '0');
    if (length <= width) return new Bits(text.slice(width - length));
    return new Bits((value as number) < 0 ? text.padStart(length, '1') : text.padStart(length, '0'));
  };
}

function toObjectId(from: SqlType): CastCode | undefined {
  if (isObjectId(from)) return same;
  if (!isInteger(from)) return undefined;
  return (value) => {
    const id = value as number | bigint;
    if (id < -2147483648 || id > 4294967295 || (from.kind === 'int64' && id < 0))
      throw new SqlError('numeric_value_out_of_range', 'OID out of range');
    return Number(id) < 0 ? Number(id) + 4294967296 : Number(id);
  };
}

function toDecimal(from: SqlType): CastCode | undefined {
  if (isInteger(from) || isObjectId(from)) return (value) => decimalFromInteger(value as number | bigint);
  switch (from.kind) {
    case 'float32':
      return (value) => decimalFromNumber(value as number, 6);
    case 'float64':
      return (value) => decimalFromNumber(value as number, 15);
    case 'jsonb':
      return jsonbTo('numeric', parseDecimal, ['number']);
    default:
      return undefined;
  }
}

function toFloat(from: SqlType, to: SqlType): CastCode | undefined {
  const single = to.kind === 'float32';
  const finish = (value: number, source: number | string): number => {
    const result = single ? Math.fround(value) : value;
    if (!Number.isFinite(result) && (typeof source === 'string' || Number.isFinite(source))) {
      throw new SqlError(
        'numeric_value_out_of_range',
        typeof source === 'string'
          ? `"${source}" is out of range for type ${single ? 'real' : 'double precision'}`
          : 'value out of range: overflow',
      );
    }
    if (single && result === 0 && value !== 0)
      throw new SqlError('numeric_value_out_of_range', 'value out of range: underflow');
    return result;
  };
  if (isInteger(from)) return (value) => finish(Number(value), 0);
  switch (from.kind) {
    case 'float32':
      return same;
    case 'float64':
      return (value) => finish(value as number, value as number);
    case 'decimal':
      return (value) => {
        const number = value as Decimal;
        return number.special !== undefined
          ? decimalToNumber(number)
          : finish(decimalToNumber(number), number.toString());
      };
    case 'jsonb':
      return jsonbTo(single ? 'real' : 'double precision', (text) => finish(Number(text), text), ['number']);
    default:
      return undefined;
  }
}

const JSON_NAMES: Readonly<Record<string, string>> = {
  null: 'null',
  string: 'string',
  number: 'numeric',
  true: 'boolean',
  false: 'boolean',
  array: 'array',
  object: 'object',
};

function jsonbTo(name: string, convert: (text: string) => SqlValue, kinds: readonly string[]): CastCode {
  return (value) => {
    const node = jsonbNode(value as Jsonb);
    if (kinds.includes(node.kind)) return convert(node.text);
    const what = node.kind === 'array' || node.kind === 'object' ? 'array or object' : JSON_NAMES[node.kind];
    throw new SqlError(
      'invalid_parameter_value',
      `cannot cast jsonb ${node.kind === 'array' || node.kind === 'object' ? node.kind : what} to type ${name}`,
    );
  };
}

function dateTimeConversion(from: SqlType, to: SqlType): CastCode | undefined {
  switch (`${from.kind}>${to.kind}`) {
    case 'date>timestamp':
      return (value) => dateToTimestamp(value as number);
    case 'date>timestamptz':
      return (value, evaluation) => fromLocal(dateToTimestamp(value as number), evaluation.text.timeZone);
    case 'timestamp>date':
      return (value) => (isInfinite(value as Timestamp) ? value : splitMicros(value as Timestamp).days);
    case 'timestamp>time':
      return (value) => (isInfinite(value as Timestamp) ? null : splitMicros(value as Timestamp).micros);
    case 'timestamp>timestamptz':
      return (value, evaluation) => fromLocal(value as Timestamp, evaluation.text.timeZone);
    case 'timestamptz>timestamp':
      return (value, evaluation) => toLocal(value as Timestamp, evaluation.text.timeZone);
    case 'timestamptz>date':
      return (value, evaluation) =>
        isInfinite(value as Timestamp)
          ? value
          : splitMicros(toLocal(value as Timestamp, evaluation.text.timeZone)).days;
    case 'timestamptz>time':
      return (value, evaluation) =>
        isInfinite(value as Timestamp)
          ? null
          : splitMicros(toLocal(value as Timestamp, evaluation.text.timeZone)).micros;
    case 'timestamptz>timetz':
      return (value, evaluation) => {
        if (isInfinite(value as Timestamp)) return null;
        const { offset } = evaluation.text.timeZone.spanAt(Math.floor(Number(value) / 1e6));
        return new TimeTz(splitMicros(toLocal(value as Timestamp, evaluation.text.timeZone)).micros, offset);
      };
    case 'time>timetz':
      return (value, evaluation) =>
        new TimeTz(
          value as number,
          evaluation.text.timeZone.spanAt(Math.floor(evaluation.transactionTimestamp / 1e6)).offset,
        );
    case 'time>interval':
      return (value) => new Interval(0, 0, value as number);
    case 'timetz>time':
      return (value) => (value as TimeTz).micros;
    case 'interval>time':
      return (value) => {
        const { micros } = value as Interval;
        return micros - Math.floor(micros / MICROS_PER_DAY) * MICROS_PER_DAY;
      };
    default:
      return undefined;
  }
}

export function dateToTimestamp(days: number): Timestamp {
  if (days === Infinity || days === -Infinity) return days;
  try {
    return timestampFrom(days, 0);
  } catch {
    throw new SqlError('datetime_field_overflow', 'date out of range for timestamp');
  }
}

/** The code that applies the target's length or precision; undefined when it has none. */
export function limiter(to: SqlType, context: CastContext): CastCode | undefined {
  switch (to.kind) {
    case 'text':
      return textLimiter(to, context);
    case 'decimal': {
      const { precision, scale = 0 } = to;
      if (precision === undefined) return undefined;
      return (value) => coerceDecimal(value as Decimal, precision, scale);
    }
    case 'bits':
      return bitsLimiter(to, context);
    case 'bytes': {
      const { length } = to;
      if (length === undefined) return undefined;
      return (value) => {
        if ((value as Uint8Array).length > length) throw tooLong(to);
        return value;
      };
    }
    case 'time': {
      const { precision } = to;
      return precision === undefined || precision >= 6 ? undefined : (value) => roundMicros(value as number, precision);
    }
    case 'timetz': {
      const { precision } = to;
      return precision === undefined || precision >= 6
        ? undefined
        : (value) => new TimeTz(roundMicros((value as TimeTz).micros, precision), (value as TimeTz).offsetSeconds);
    }
    case 'timestamp':
    case 'timestamptz': {
      const { precision } = to;
      return precision === undefined || precision >= 6
        ? undefined
        : (value) => roundTimestamp(value as Timestamp, precision);
    }
    case 'interval': {
      const { intervalFields, precision } = to;
      return intervalFields === undefined && precision === undefined
        ? undefined
        : (value) => restrictInterval(value as Interval, intervalFields, precision);
    }
    case 'array': {
      const inner = to.element === undefined ? undefined : limiter(to.element, context);
      if (inner === undefined) return undefined;
      return (value, evaluation) => {
        const array = value as SqlArray;
        return new SqlArray(
          array.items.map((item) => (item === null ? null : inner(item, evaluation))),
          array.dimensions,
          array.lowerBounds,
        );
      };
    }
    default:
      return undefined;
  }
}

export function roundTimestamp(value: Timestamp, precision: number): Timestamp {
  if (isInfinite(value)) return value;
  const { days, micros } = splitMicros(value);
  return joinMicros(days, roundMicros(micros, precision));
}

function tooLong(to: SqlType): SqlError {
  return new SqlError('string_data_right_truncation', {
    message: `value too long for type ${displayType(to)}`,
    args: { type: displayType(to) },
  });
}

/** Values of CHAR(n) are kept without trailing blanks; text output pads them. */
function textLimiter(to: SqlType, context: CastContext): CastCode | undefined {
  const { length } = to;
  const fixed = to.fixed === true;
  if (length === undefined) return fixed ? (value) => trimBlanks(value as string) : undefined;
  return (value) => {
    const text = value as string;
    if (text.length <= length) return fixed ? trimBlanks(text) : text;
    const end = characterOffset(text, length);
    if (end === text.length) return fixed ? trimBlanks(text) : text;
    if (context !== 'explicit' && context !== 'try') {
      for (let i = end; i < text.length; i++) if (text.charCodeAt(i) !== 32) throw tooLong(to);
    }
    const cut = text.slice(0, end);
    return fixed ? trimBlanks(cut) : cut;
  };
}

/** Where in the string the first `count` characters end. */
export function characterOffset(text: string, count: number): number {
  let at = 0;
  for (let i = 0; i < count && at < text.length; i++)
    at += (text.charCodeAt(at) & 0xfc00) === 0xd800 && at + 1 < text.length ? 2 : 1;
  return at;
}

export function trimBlanks(text: string): string {
  let end = text.length;
  while (end > 0 && text.charCodeAt(end - 1) === 32) end--;
  return end === text.length ? text : text.slice(0, end);
}

function bitsLimiter(to: SqlType, context: CastContext): CastCode | undefined {
  const { length } = to;
  if (length === undefined) return undefined;
  const fixed = to.fixed === true;
  return (value) => {
    const { text } = value as Bits;
    if (fixed) {
      if (text.length === length) return value;
      if (context === 'explicit') return new Bits(text.slice(0, length).padEnd(length, '0'));
      throw new SqlError(
        'string_data_length_mismatch',
        `bit string length ${text.length} does not match type bit(${length})`,
      );
    }
    if (text.length <= length) return value;
    if (context === 'explicit') return new Bits(text.slice(0, length));
    throw new SqlError('string_data_right_truncation', `bit string too long for type bit varying(${length})`);
  };
}

export { makeInterval, roundDecimal };
