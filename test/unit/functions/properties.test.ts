/** Properties of values: keys order as comparators do, decimals calculate exactly, texts read back. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatTimestamp, formatTimestampTz } from '../../../sblr/contract/text/date-time-format.ts';
import { parseTimestamp, parseTimestampTz } from '../../../sblr/contract/text/date-time-parse.ts';
import { formatInterval, parseInterval } from '../../../sblr/contract/text/interval.ts';
import { parseJsonb } from '../../../sblr/contract/text/json.ts';
import { parseDecimal } from '../../../sblr/contract/text/numbers.ts';
import { DEFAULT_TEXT_SETTINGS } from '../../../sblr/contract/text/settings.ts';
import { textFormatter, textParser } from '../../../sblr/contract/text/text-io.ts';
import { timeZoneByName, UTC } from '../../../sblr/contract/text/time-zone.ts';
import { arrayOf, type SqlType } from '../../../sblr/contract/types.ts';
import {
  Bits,
  canonicalInteger,
  Decimal,
  Interval,
  SqlArray,
  SqlRecord,
  type SqlValue,
  TimeTz,
} from '../../../sblr/contract/values.ts';
import { comparatorFor, compareNullable, hashKeyFor } from '../../../engine/types/compare.ts';
import {
  addDecimal,
  compareDecimal,
  divideDecimal,
  multiplyDecimal,
  roundDecimal,
  subtractDecimal,
} from '../../../engine/types/decimal.ts';
import { encodeKey } from '../../../engine/types/key.ts';

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(canonicalInteger);
const stamp = fc.bigInt({ min: -210_866_803_200_000_000n, max: 9_223_372_022_399_999_999n }).map(canonicalInteger);
const decimal = fc.oneof(
  fc
    .tuple(fc.bigInt({ min: -(10n ** 25n), max: 10n ** 25n }), fc.integer({ min: 0, max: 20 }))
    .map(([n, scale]) => new Decimal(canonicalInteger(n), scale)),
  fc
    .tuple(fc.integer({ min: -1000, max: 1000 }), fc.integer({ min: 0, max: 4 }))
    .map(([n, scale]) => new Decimal(n, scale)),
);
const specialDecimal = fc.oneof(
  decimal,
  fc.constantFrom(parseDecimal('NaN'), parseDecimal('Infinity'), parseDecimal('-Infinity')),
);
const text = fc.oneof(
  fc.string({ maxLength: 6 }),
  fc.string({ unit: 'grapheme', maxLength: 4 }),
  fc.constantFrom('', 'a', 'a\u0001', 'a\u{ffff}', 'a\u{10000}', 'ab'),
);
const interval = fc
  .tuple(
    fc.integer({ min: -1000, max: 1000 }),
    fc.integer({ min: -1000, max: 1000 }),
    fc.integer({ min: -1e12, max: 1e12 }),
  )
  .map(([m, d, u]) => new Interval(m, d, u));
const json = fc.jsonValue({ maxDepth: 2 }).map((value) => parseJsonb(JSON.stringify(value)));
const LABELS = ['z', 'a', 'm'];

const CASES: readonly (readonly [SqlType, fc.Arbitrary<SqlValue>])[] = [
  [{ kind: 'bool' }, fc.boolean()],
  [{ kind: 'int16' }, fc.integer({ min: -32768, max: 32767 })],
  [{ kind: 'int32' }, fc.integer()],
  [{ kind: 'int64' }, int64],
  [{ kind: 'oid' }, fc.integer({ min: 0, max: 4294967295 })],
  [{ kind: 'decimal' }, specialDecimal],
  [{ kind: 'float64' }, fc.double()],
  [{ kind: 'float32' }, fc.float()],
  [{ kind: 'text' }, text],
  [{ kind: 'bytes' }, fc.uint8Array({ maxLength: 5 })],
  [{ kind: 'bits' }, fc.string({ unit: fc.constantFrom('0', '1'), maxLength: 10 }).map((bits) => new Bits(bits))],
  [{ kind: 'date' }, fc.oneof(fc.integer({ min: -2440588, max: 3000000 }), fc.constantFrom(Infinity, -Infinity))],
  [{ kind: 'time' }, fc.integer({ min: 0, max: 86_400_000_000 })],
  [
    { kind: 'timetz' },
    fc
      .tuple(fc.integer({ min: 0, max: 86_400 }), fc.integer({ min: -14, max: 14 }))
      .map(([s, h]) => new TimeTz(s * 1e6, h * 3600)),
  ],
  [{ kind: 'timestamp' }, fc.oneof(stamp, fc.constantFrom(Infinity, -Infinity))],
  [{ kind: 'interval' }, interval],
  [{ kind: 'uuid' }, fc.uuid()],
  [{ kind: 'jsonb' }, json],
  [{ kind: 'enum', labels: LABELS, typeId: 1 }, fc.constantFrom(...LABELS)],
  [
    arrayOf({ kind: 'int32' }),
    fc.array(fc.option(fc.integer({ min: -3, max: 3 })), { maxLength: 4 }).map((items) => new SqlArray(items)),
  ],
  [arrayOf({ kind: 'text' }), fc.array(fc.option(text), { maxLength: 3 }).map((items) => new SqlArray(items))],
  [
    {
      kind: 'record',
      fields: [
        { name: 'a', type: { kind: 'int32' } },
        { name: 'b', type: { kind: 'text' } },
      ],
    },
    fc.tuple(fc.option(fc.integer({ min: 0, max: 3 })), fc.option(text)).map((values) => new SqlRecord(values)),
  ],
];

const sign = (value: number): number => (value < 0 ? -1 : value > 0 ? 1 : 0);
const orderOf = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

describe('keys', () => {
  for (const [type, values] of CASES) {
    test(`order of ${type.kind} keys is the order of values`, () => {
      const compare = comparatorFor(type);
      const hash = hashKeyFor(type);
      fc.assert(
        fc.property(values, values, fc.boolean(), (a, b, descending) => {
          const order = sign(compare(a, b));
          const keys = orderOf(encodeKey(type, a, descending, false), encodeKey(type, b, descending, false));
          expect(keys + 0).toBe((descending ? -order : order) + 0);
          expect(new Map([[hash(a), 1]]).has(hash(b))).toBe(order === 0);
        }),
        { numRuns: 300 },
      );
    });
  }

  test('keys of several columns order column by column, NULLs where asked', () => {
    const [first, second] = [CASES[8], CASES[5]] as const;
    if (first === undefined || second === undefined) throw new Error('cases moved');
    const row = fc.tuple(fc.option(first[1]), fc.option(second[1]));
    fc.assert(
      fc.property(row, row, fc.boolean(), (x, y, nullsFirst) => {
        const key = (r: readonly [SqlValue, SqlValue]): string =>
          encodeKey(first[0], r[0], false, nullsFirst) + encodeKey(second[0], r[1], true, nullsFirst);
        const column = (a: SqlValue, b: SqlValue, type: SqlType, descending: boolean): number => {
          if (a === null || b === null) return a === b ? 0 : (a === null) === nullsFirst ? -1 : 1;
          return sign(compareNullable(a, b, comparatorFor(type))) * (descending ? -1 : 1);
        };
        expect(orderOf(key(x), key(y)) + 0).toBe(
          (column(x[0], y[0], first[0], false) || column(x[1], y[1], second[0], true)) + 0,
        );
      }),
      { numRuns: 500 },
    );
  });
});

describe('decimals', () => {
  const big = (a: Decimal, scale: number): bigint => BigInt(a.unscaled) * 10n ** BigInt(scale - a.scale);
  test('sums, differences and products are exact', () => {
    fc.assert(
      fc.property(decimal, decimal, (a, b) => {
        const scale = Math.max(a.scale, b.scale);
        expect(big(addDecimal(a, b), scale)).toBe(big(a, scale) + big(b, scale));
        expect(big(subtractDecimal(a, b), scale)).toBe(big(a, scale) - big(b, scale));
        expect(BigInt(multiplyDecimal(a, b).unscaled)).toBe(BigInt(a.unscaled) * BigInt(b.unscaled));
        expect(sign(compareDecimal(a, b))).toBe(
          big(a, scale) < big(b, scale) ? -1 : big(a, scale) > big(b, scale) ? 1 : 0,
        );
      }),
    );
  });
  test('quotients are off by at most half a unit of the last place', () => {
    fc.assert(
      fc.property(
        decimal,
        decimal.filter((b) => b.unscaled !== 0),
        (a, b) => {
          const quotient = divideDecimal(a, b);
          const difference =
            BigInt(quotient.unscaled) * BigInt(b.unscaled) * 10n ** BigInt(a.scale) -
            BigInt(a.unscaled) * 10n ** BigInt(quotient.scale + b.scale);
          const abs = (n: bigint): bigint => (n < 0n ? -n : n);
          expect(abs(difference) * 2n <= abs(BigInt(b.unscaled)) * 10n ** BigInt(a.scale)).toBe(true);
        },
      ),
    );
  });
  test('text reads back, canonical', () => {
    fc.assert(
      fc.property(decimal, (a) => {
        const back = parseDecimal(a.toString());
        expect(back.unscaled).toBe(a.unscaled === 0 ? 0 : a.unscaled);
        expect(back.scale).toBe(a.scale);
        expect(typeof back.unscaled === 'number').toBe(Number.isSafeInteger(Number(BigInt(back.unscaled))));
        expect(compareDecimal(roundDecimal(a, a.scale), a)).toBe(0);
      }),
    );
  });
});

describe('texts read back', () => {
  for (const dateStyle of ['iso', 'sql', 'postgres', 'german'] as const) {
    test(`timestamps in style ${dateStyle}`, () => {
      const settings = { ...DEFAULT_TEXT_SETTINGS, dateStyle };
      fc.assert(
        fc.property(stamp, (value) => {
          const dated = dateStyle === 'german' ? { ...settings, dateOrder: 'dmy' as const } : settings;
          expect(parseTimestamp(formatTimestamp(value, dated), dated)).toBe(value);
        }),
      );
    });
  }
  for (const zone of [
    'UTC',
    'America/New_York',
    'Europe/Berlin',
    'Asia/Kolkata',
    'Australia/Lord_Howe',
    'Africa/Casablanca',
  ]) {
    test(`instants in ${zone}`, () => {
      const settings = { ...DEFAULT_TEXT_SETTINGS, timeZone: timeZoneByName(zone) ?? UTC };
      fc.assert(
        fc.property(
          stamp.filter((value) => value > -200_000_000_000_000_000n && value < 9_000_000_000_000_000_000n),
          (value) => {
            expect(parseTimestampTz(formatTimestampTz(value, settings), settings)).toBe(value);
          },
        ),
      );
    });
  }
  for (const intervalStyle of ['postgres', 'postgres_verbose', 'sql_standard', 'iso_8601'] as const) {
    test(`intervals in style ${intervalStyle}`, () => {
      const settings = { ...DEFAULT_TEXT_SETTINGS, intervalStyle };
      fc.assert(
        fc.property(interval, (value) => {
          expect(parseInterval(formatInterval(value, settings), settings)).toEqual(value);
        }),
      );
    });
  }
  for (const [type, values] of CASES) {
    if (type.kind === 'timestamp' || type.kind === 'float32') continue;
    test(`${type.kind}`, () => {
      const format = textFormatter(type, DEFAULT_TEXT_SETTINGS);
      const parse = textParser(type, DEFAULT_TEXT_SETTINGS);
      const compare = comparatorFor(type);
      fc.assert(
        fc.property(values, (value) => {
          expect(compare(parse(format(value)), value)).toBe(0);
        }),
      );
    });
  }
});
