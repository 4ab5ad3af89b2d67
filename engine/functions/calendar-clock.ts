/**
 * The clock in the session's zone or at UTC, cut to a number of fractional digits, and instants as seconds since 1970. The moment is
 * that of the statement, or of the call itself.
 */
import { joinMicros, MICROS_PER_SECOND, splitMicros } from '../../sblr/contract/text/calendar.ts';
import { type TimeZone, UTC, zoneOrOffset } from '../../sblr/contract/text/time-zone.ts';
import type { SqlType } from '../../sblr/contract/types.ts';
import { Decimal, type SqlValue } from '../../sblr/contract/values.ts';
import { fromLocal, type Timestamp, toLocal } from '../types/date-time.ts';
import { decimalToNumber } from '../types/decimal.ts';
import { readInstant } from '../types/lenient-date-time.ts';
import { fractionDigits } from './calendar-arithmetic.ts';
import type { EvalContext } from './function.ts';
import { instantWarning } from './free-conversion.ts';
import { scalar, scalarFor, STABLE, VOLATILE } from './table.ts';

const MAX_SECONDS = 32_536_771_199;

function cut(micros: number, digits: number): number {
  const unit = 10 ** (6 - digits);
  return Math.floor(micros / unit) * unit;
}

for (const [place, zone] of [
  ['local', (context: EvalContext): TimeZone => context.text.timeZone],
  ['utc', (): TimeZone => UTC],
] as const) {
  const instant = (moment: number, digits: number, context: EvalContext): Timestamp => {
    const { days, micros } = splitMicros(toLocal(moment, zone(context)));
    return joinMicros(days, cut(micros, digits));
  };
  const whole = { ...STABLE, result: (): SqlType => ({ kind: 'timestamp', precision: 6 }) };
  scalar(
    `${place}_instant(int32) timestamp`,
    (digits: number, context: EvalContext) => instant(context.statementTimestamp, digits, context),
    whole,
  );
  scalar(
    `${place}_date() date`,
    (context: EvalContext) => splitMicros(toLocal(context.statementTimestamp, zone(context))).days,
    STABLE,
  );
  scalar(
    `${place}_time(int32) time`,
    (digits: number, context: EvalContext) => splitMicros(instant(context.statementTimestamp, digits, context)).micros,
    { ...STABLE, result: (): SqlType => ({ kind: 'time', precision: 6 }) },
  );
}
scalar(
  'local_clock(int32) timestamp',
  (digits: number, context: EvalContext) => {
    const { days, micros } = splitMicros(toLocal(context.clock(), context.text.timeZone));
    return joinMicros(days, cut(micros, digits));
  },
  { ...VOLATILE, result: () => ({ kind: 'timestamp', precision: 6 }) },
);

// ---- seconds since 1970

scalar(
  'epoch_seconds() int64',
  (context: EvalContext) => Math.floor(context.statementTimestamp / MICROS_PER_SECOND),
  STABLE,
);
scalarFor(
  'epoch_seconds(any) decimal',
  ([type], result) => {
    const scale = result.kind === 'decimal' ? (result.scale ?? 6) : 0;
    return (value: SqlValue, context: EvalContext) => {
      const moment = instantValue(type as SqlType, value, context);
      if (moment === undefined) return scale === 0 ? 0 : new Decimal(0, scale);
      const micros = Number(moment);
      if (micros < 0 || micros > MAX_SECONDS * MICROS_PER_SECOND) return scale === 0 ? 0 : new Decimal(0, scale);
      if (scale === 0) return Math.floor(micros / MICROS_PER_SECOND);
      return new Decimal(Math.floor(micros / 10 ** (6 - scale)), scale);
    };
  },
  {
    ...STABLE,
    result: ([type]) => {
      const scale = type?.kind === 'text' ? 6 : (type?.precision ?? 0);
      return scale === 0 ? { kind: 'int64' } : { kind: 'decimal', precision: 11 + scale, scale };
    },
  },
);

/** Microseconds since 1970 of a local reading. */
function instantValue(type: SqlType, value: SqlValue, context: EvalContext): Timestamp | undefined {
  switch (type.kind) {
    case 'timestamptz':
      return value as Timestamp;
    case 'timestamp':
      return fromLocal(value as Timestamp, context.text.timeZone);
    case 'date':
      return fromLocal(joinMicros(value as number, 0), context.text.timeZone);
    default: {
      const read = readInstant(String(value));
      if (read === undefined) instantWarning(context, 'datetime', String(value));
      return read === undefined ? undefined : fromLocal(joinMicros(read.days, read.micros), context.text.timeZone);
    }
  }
}

scalarFor(
  'instant_of_epoch_seconds(any) timestamp',
  () => (value: SqlValue, context: EvalContext) => {
    const seconds = value instanceof Decimal ? decimalToNumber(value) : Number.parseFloat(String(value)) || 0;
    if (seconds < 0 || seconds > MAX_SECONDS) return null;
    return toLocal(Math.round(seconds * MICROS_PER_SECOND), context.text.timeZone);
  },
  { ...STABLE, result: ([type]) => ({ kind: 'timestamp', precision: fractionDigits(type) }) },
);

// ---- zones

scalar(
  'reading_in_zone(timestamp, text, text) timestamp',
  (value: Timestamp, from: string, to: string) => {
    const source = zoneOrOffset(from);
    const target = zoneOrOffset(to);
    return source === undefined || target === undefined ? null : toLocal(fromLocal(value, source), target);
  },
  { result: ([type]) => ({ kind: 'timestamp', precision: type?.precision ?? 0 }) },
);
