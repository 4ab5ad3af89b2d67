/**
 * value + offset for RANGE frames of windows: numbers, decimals, dates and times moved by numbers or
 * intervals.
 */
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { SqlType } from '../../sblr/contract/types.ts';
import { compareIntervals } from '../types/compare.ts';
import { canonicalInteger, Decimal, Interval, type SqlValue } from '../../sblr/contract/values.ts';

const DAY_MICROS = 86_400_000_000;

export function shiftValue(value: SqlValue, offset: SqlValue, sign: number, type: SqlType): SqlValue {
  if (offset instanceof Interval) return shiftTime(value, offset, sign, type);
  if (value instanceof Decimal || offset instanceof Decimal)
    return shiftDecimal(toDecimal(value), toDecimal(offset), sign);
  if (typeof value === 'number' && typeof offset === 'number') {
    const moved = value + sign * offset;
    if (type.kind === 'float32' || type.kind === 'float64' || Number.isSafeInteger(moved)) return moved;
  }
  if (
    (typeof value === 'number' || typeof value === 'bigint') &&
    (typeof offset === 'number' || typeof offset === 'bigint')
  ) {
    if (!Number.isFinite(Number(value))) return value;
    return canonicalInteger(BigInt(value) + BigInt(sign) * BigInt(offset));
  }
  throw new SqlError('feature_not_supported', 'RANGE with offset is not supported for this type');
}

/** May a frame reach as far as this? Neither backwards nor to a place that is no number. */
export function isDistance(offset: SqlValue): boolean {
  if (offset instanceof Interval) return compareIntervals(offset, new Interval(0, 0, 0)) >= 0;
  if (offset instanceof Decimal)
    return offset.special === undefined ? offset.unscaled >= 0 : offset.special === 'Infinity';
  return typeof offset === 'number' || typeof offset === 'bigint' ? offset >= 0 : true;
}

function toDecimal(value: SqlValue): Decimal {
  if (value instanceof Decimal) return value;
  if (typeof value === 'bigint') return new Decimal(value, 0);
  if (typeof value === 'number' && Number.isInteger(value)) return new Decimal(value, 0);
  throw new SqlError('feature_not_supported', 'RANGE with offset is not supported for this type');
}

function shiftDecimal(value: Decimal, offset: Decimal, sign: number): SqlValue {
  if (value.special !== undefined) return value;
  if (offset.special !== undefined) return new Decimal(0, 0, sign > 0 ? 'Infinity' : '-Infinity');
  const scale = Math.max(value.scale, offset.scale);
  const a = BigInt(value.unscaled) * 10n ** BigInt(scale - value.scale);
  const b = BigInt(offset.unscaled) * 10n ** BigInt(scale - offset.scale);
  return new Decimal(canonicalInteger(a + BigInt(sign) * b), scale);
}

function shiftTime(value: SqlValue, offset: Interval, sign: number, type: SqlType): SqlValue {
  if (value instanceof Interval) {
    return new Interval(
      value.months + sign * offset.months,
      value.days + sign * offset.days,
      value.micros + sign * offset.micros,
    );
  }
  const number = Number(value);
  if (!Number.isFinite(number)) return value;
  if (type.kind === 'time') return number + sign * offset.micros;
  const micros = type.kind === 'date' ? number * DAY_MICROS : number;
  const moved = addMonths(micros, sign * offset.months) + sign * (offset.days * DAY_MICROS + offset.micros);
  return type.kind === 'date' ? moved / DAY_MICROS : moved;
}

function addMonths(micros: number, months: number): number {
  if (months === 0) return micros;
  const days = Math.floor(micros / DAY_MICROS);
  const rest = micros - days * DAY_MICROS;
  const date = new Date(days * 86_400_000);
  const target = date.getUTCFullYear() * 12 + date.getUTCMonth() + months;
  const year = Math.floor(target / 12);
  const month = target - year * 12;
  const last = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  return (Date.UTC(year, month, Math.min(date.getUTCDate(), last)) / 86_400_000) * DAY_MICROS + rest;
}
