/** Fields that an interval type may be limited to, as the set of bits that stands in the type's modifier. */
const MONTH = 1 << 1;
const YEAR = 1 << 2;
const DAY = 1 << 3;
const HOUR = 1 << 10;
const MINUTE = 1 << 11;
const SECOND = 1 << 12;

export const INTERVAL_RANGES: Readonly<Record<string, number>> = {
  year: YEAR,
  month: MONTH,
  day: DAY,
  hour: HOUR,
  minute: MINUTE,
  second: SECOND,
  'year to month': YEAR | MONTH,
  'day to hour': DAY | HOUR,
  'day to minute': DAY | HOUR | MINUTE,
  'day to second': DAY | HOUR | MINUTE | SECOND,
  'hour to minute': HOUR | MINUTE,
  'hour to second': HOUR | MINUTE | SECOND,
  'minute to second': MINUTE | SECOND,
};

const NAMES = new Map(Object.entries(INTERVAL_RANGES).map(([name, bits]) => [bits, name]));

/** The words of a set of fields; undefined = no limit. */
export function intervalFieldsOf(range: number): string | undefined {
  return NAMES.get(range);
}
