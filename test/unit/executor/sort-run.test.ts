/** Sorting by number prefixes gives the order of the comparison proper, stably, for every type that has one. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FLOAT64, INT64, TEXT, type SqlType } from '../../../sblr/contract/types.ts';
import { Decimal, type Row, type SqlValue } from '../../../sblr/contract/values.ts';
import { rowComparator } from '../../../engine/executor/operators/sort.ts';
import { prefixOfRow, sortPrefixOf, sortRows } from '../../../engine/executor/operators/sort-run.ts';
import { comparatorOf } from '../../../engine/executor/values.ts';
import { SEMANTICS } from '../../../parsers/postgres/facts.ts';

const KINDS: readonly (readonly [SqlType, fc.Arbitrary<SqlValue>])[] = [
  [INT64, fc.oneof(fc.integer(), fc.constantFrom<SqlValue>(9223372036854775807n, 9223372036854775806n, -(2n ** 63n)))],
  [FLOAT64, fc.oneof(fc.double(), fc.constantFrom(NaN, Infinity, -Infinity, 0, -0))],
  [
    { kind: 'decimal' },
    fc.oneof(
      fc.tuple(fc.integer(), fc.integer({ min: 0, max: 40 })).map(([unscaled, scale]) => new Decimal(unscaled, scale)),
      fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }).map((unscaled) => new Decimal(unscaled, 12)),
      fc.constantFrom<SqlValue>(
        new Decimal(0, 0, 'NaN'),
        new Decimal(0, 0, 'Infinity'),
        new Decimal(0, 0, '-Infinity'),
        new Decimal(10, 1),
        new Decimal(1, 0),
      ),
    ),
  ],
  [
    TEXT,
    fc.string({ unit: fc.constantFrom('a', 'b', '\u{ffff}', '\u{e000}', '\u{d7ff}', '😀', 'é', ''), maxLength: 6 }),
  ],
];

test.each(KINDS)('%j', (type, values) => {
  const nullable = fc.option(values, { freq: 6 });
  fc.assert(
    fc.property(fc.array(nullable, { maxLength: 60 }), fc.boolean(), fc.boolean(), (column, descending, nullsFirst) => {
      const rows: Row[] = column.map((value, at) => [value, at % 3, at]);
      const order = [
        { compare: comparatorOf(type, SEMANTICS), descending, nullsFirst },
        { compare: comparatorOf(INT64, SEMANTICS), descending: true, nullsFirst },
      ];
      const compare = rowComparator(order, [0, 1]);
      const prefix = sortPrefixOf(type, SEMANTICS, undefined);
      expect(prefix).toBeDefined();
      const spec = { slot: 0, prefix, descending, nullsFirst };
      const prefixes = Float64Array.from(rows, (row) => prefixOfRow(spec, row));
      const sorted = sortRows(rows, prefixes, compare);
      expect(sorted.rows).toEqual(rows.toSorted(compare));
      for (let at = 1; at < rows.length; at++)
        expect((sorted.prefixes[at - 1] as number) <= (sorted.prefixes[at] as number)).toBe(true);
    }),
  );
});
