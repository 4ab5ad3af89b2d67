/**
 * Row blocks, types and tagged values: what is written is read, value for value, for every kind.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteReader } from '../../../sblr/contract/byte-reader.ts';
import { ByteWriter } from '../../../sblr/contract/byte-writer.ts';
import { CodecError } from '../../../sblr/contract/codec-error.ts';
import { RowBlockReader, RowBlockWriter, readRows } from '../../../sblr/contract/row-block.ts';
import { readTaggedValue, writeTaggedValue } from '../../../sblr/contract/tagged-value.ts';
import { readType, TYPE_KINDS, writeType } from '../../../sblr/contract/type-codec.ts';
import type { SqlType } from '../../../sblr/contract/types.ts';
import {
  canonicalInteger,
  Decimal,
  SqlArray,
  SqlRecord,
  TimeTz,
  type SqlValue,
} from '../../../sblr/contract/values.ts';
import {
  anyBits,
  anyDecimal,
  anyInt64,
  anyInterval,
  anyJsonb,
  anyText,
  anyTimeTz,
  anyType,
  anyValue,
  arrayOfItems,
} from './arbitraries.ts';

const infinite = fc.constantFrom(Infinity, -Infinity);
const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(canonicalInteger);
const u32 = fc.integer({ min: 0, max: 0xffffffff });
const longText = fc.oneof(anyText, fc.string({ unit: 'grapheme', minLength: 30, maxLength: 300 }));
const instant = fc.oneof(
  fc.maxSafeInteger(),
  infinite,
  fc.bigInt({ min: -(2n ** 63n) + 1n, max: 2n ** 63n - 2n }).map(canonicalInteger),
);

interface Case {
  readonly type: SqlType;
  readonly value: fc.Arbitrary<SqlValue>;
}

const scalarCases: readonly Case[] = [
  { type: { kind: 'unknown' }, value: longText },
  { type: { kind: 'named' }, value: longText },
  { type: { kind: 'polymorphic', pattern: 'any_element' }, value: longText },
  { type: { kind: 'void' }, value: fc.constant('') },
  { type: { kind: 'bool' }, value: fc.boolean() },
  { type: { kind: 'int8' }, value: fc.integer({ min: -128, max: 127 }) },
  { type: { kind: 'int8', unsigned: true }, value: fc.integer({ min: 0, max: 255 }) },
  { type: { kind: 'int16' }, value: fc.integer({ min: -32768, max: 32767 }) },
  { type: { kind: 'int24' }, value: fc.integer({ min: -8388608, max: 8388607 }) },
  { type: { kind: 'int32' }, value: fc.integer() },
  { type: { kind: 'int32', unsigned: true }, value: u32 },
  { type: { kind: 'int64' }, value: anyInt64 },
  { type: { kind: 'int64', unsigned: true }, value: u64 },
  { type: { kind: 'decimal' }, value: anyDecimal },
  { type: { kind: 'float32' }, value: fc.float() },
  { type: { kind: 'float64' }, value: fc.double() },
  { type: { kind: 'text' }, value: longText },
  { type: { kind: 'bytes' }, value: fc.uint8Array().map((bytes) => Buffer.from(bytes)) },
  { type: { kind: 'bits' }, value: anyBits },
  { type: { kind: 'date' }, value: fc.oneof(fc.integer({ min: -2147483647, max: 2147483646 }), infinite) },
  { type: { kind: 'time' }, value: fc.integer({ min: 0, max: 86_400_000_000 }) },
  { type: { kind: 'timetz' }, value: anyTimeTz },
  { type: { kind: 'timestamp' }, value: instant },
  { type: { kind: 'timestamptz' }, value: instant },
  { type: { kind: 'interval' }, value: anyInterval },
  { type: { kind: 'year' }, value: fc.integer({ min: 0, max: 2155 }) },
  { type: { kind: 'uuid' }, value: fc.uuid() },
  { type: { kind: 'json' }, value: fc.json() },
  { type: { kind: 'jsonb' }, value: anyJsonb },
  { type: { kind: 'oid' }, value: u32 },
  {
    type: { kind: 'reference', target: 'relation' },
    value: fc.oneof(fc.integer({ min: 0, max: 0xfffffffe }), longText),
  },
  { type: { kind: 'enum', labels: ['a', 'b'] }, value: fc.constantFrom('a', 'b') },
  { type: { kind: 'set', labels: ['a', 'b'] }, value: u64 },
];

const nullable = (value: fc.Arbitrary<SqlValue>): fc.Arbitrary<SqlValue> => fc.option(value, { nil: null });

function arrayCase({ type, value }: Case): Case {
  return { type: { kind: 'array', element: type }, value: arrayOfItems(nullable(value)) };
}

function recordCase(fields: readonly Case[]): Case {
  return {
    type: { kind: 'record', fields: fields.map(({ type }, index) => ({ name: `f${index}`, type })) },
    value: fc.tuple(...fields.map(({ value }) => nullable(value))).map((values) => new SqlRecord(values)),
  };
}

const threeScalars = scalarCases.filter(({ type }) => ['int32', 'text', 'decimal'].includes(type.kind));
const cases: readonly Case[] = [
  ...scalarCases,
  ...scalarCases.map(arrayCase),
  arrayCase(arrayCase(scalarCases[8] as Case)),
  recordCase(scalarCases),
  recordCase([...threeScalars, arrayCase(threeScalars[0] as Case), recordCase(threeScalars)]),
  arrayCase(recordCase(threeScalars)),
  { type: { kind: 'record' }, value: fc.array(anyValue, { maxLength: 4 }).map((values) => new SqlRecord(values)) },
];

/** toEqual, but number and bigint, 0 and -0, and the classes must be the same. */
function expectSame(actual: unknown, expected: unknown): void {
  expect(actual).toStrictEqual(expected);
}

describe('row blocks', () => {
  it('cover every kind of type', () => {
    expect(new Set(cases.map(({ type }) => type.kind))).toEqual(new Set(TYPE_KINDS));
  });

  it.each(cases.map((item) => [JSON.stringify(item.type).slice(0, 80), item] as const))(
    'round-trip %s',
    (_, { type, value }) => {
      fc.assert(
        fc.property(fc.array(nullable(value), { maxLength: 8 }), (values) => {
          const writer = new RowBlockWriter([type]);
          for (const item of values) writer.append([item]);
          expect(writer.rowCount).toBe(values.length);
          expectSame(
            readRows(writer.take(), [type]),
            values.map((item) => [item]),
          );
          expect(writer.byteLength).toBe(0);
        }),
        { numRuns: 60 },
      );
    },
  );

  it('round-trip rows of many columns', () => {
    const anyTable = fc
      .array(fc.constantFrom(...cases), { maxLength: 20 })
      .chain((columns) =>
        fc.tuple(
          fc.constant(columns.map(({ type }) => type)),
          fc.array(fc.tuple(...columns.map(({ value }) => nullable(value))), { maxLength: 6 }),
        ),
      );
    fc.assert(
      fc.property(anyTable, ([types, rows]) => {
        const writer = new RowBlockWriter(types);
        for (const row of rows) writer.append(row);
        expectSame(readRows(writer.take(), types), rows);
      }),
      { numRuns: 100 },
    );
  });

  it('survive the writer being used again, small and large', () => {
    const types: SqlType[] = [{ kind: 'text' }];
    const writer = new RowBlockWriter(types);
    const blocks = ['a', 'b'.repeat(100_000), 'c', 'd'.repeat(20_000)].map((text) => {
      writer.append([text]);
      return writer.take();
    });
    expect(blocks.map((block) => (readRows(block, types)[0] as string[])[0]?.length)).toEqual([1, 100_000, 1, 20_000]);
    expect(readRows(blocks[0] as never, types)).toEqual([['a']]);
  });

  it('give a protocol encoder the place of every value', () => {
    const types: SqlType[] = [
      { kind: 'int32' },
      { kind: 'text' },
      { kind: 'bool' },
      { kind: 'int64' },
      { kind: 'oid' },
      { kind: 'float64' },
    ];
    const writer = new RowBlockWriter(types);
    writer.append([-7, 'grün', null, 9007199254740993n, 4000000000, 1.5]);
    writer.append([8, null, true, -5, 0, -0]);
    const reader = new RowBlockReader(types).reset(writer.take());
    expect(reader.nextRow()).toBe(true);
    expect(reader.int32At(0)).toBe(-7);
    const start = reader.offsets[1] as number;
    expect(reader.bytes.toString('utf8', start, start + (reader.lengths[1] as number))).toBe('grün');
    expect(reader.lengths[2]).toBe(-1);
    expect(reader.isNull(2)).toBe(true);
    expect(reader.int64At(3)).toBe(9007199254740993n);
    expect(reader.uint32At(4)).toBe(4000000000);
    expect(reader.float64At(5)).toBe(1.5);
    expect(reader.nextRow()).toBe(true);
    expect(reader.isNull(1)).toBe(true);
    expect(reader.boolAt(2)).toBe(true);
    expect(reader.int64At(3)).toBe(-5);
    expect(reader.nextRow()).toBe(false);
    let rows = 0;
    writer.append([1, '', false, 1, 1, 1]);
    reader.reset(writer.take()).forEachRow(() => rows++);
    expect(rows).toBe(1);
  });

  it('carry references with their names', () => {
    const types: SqlType[] = [{ kind: 'reference', target: 'relation' }];
    const names = new Map([[1259, 'sys.relations']]);
    const writer = new RowBlockWriter(types, (target, id) => (target === 'relation' ? names.get(id) : undefined));
    for (const value of [1259, 5, 'emp']) writer.append([value]);
    const reader = new RowBlockReader(types).reset(writer.take());
    const seen: unknown[] = [];
    reader.forEachRow(() => seen.push([reader.referenceIdAt(0), reader.referenceNameAt(0), reader.valueAt(0)]));
    expect(seen).toEqual([
      [1259, 'sys.relations', 1259],
      [5, '5', 5],
      [0xffffffff, 'emp', 'emp'],
    ]);
  });

  it('refuse values that are not of their type, and keep the rows before', () => {
    const wrong: readonly (readonly [SqlType, SqlValue])[] = [
      [{ kind: 'int32' }, 'x'],
      [{ kind: 'int32' }, 1.5],
      [{ kind: 'int32' }, 2 ** 31],
      [{ kind: 'text' }, 5],
      [{ kind: 'bool' }, 1],
      [{ kind: 'int64' }, 2 ** 60],
      [{ kind: 'int64' }, 2n ** 63n],
      [{ kind: 'int64', unsigned: true }, -1],
      [{ kind: 'oid' }, -1],
      [{ kind: 'date' }, 0x7fffffff],
      [{ kind: 'date' }, 0.5],
      [{ kind: 'timestamp' }, 2n ** 63n - 1n],
      [{ kind: 'timestamp' }, NaN],
      [{ kind: 'uuid' }, 'x'],
      [{ kind: 'uuid' }, 'g0000000-0000-0000-0000-000000000000'],
      [{ kind: 'decimal' }, 1],
      [{ kind: 'jsonb' }, '{}'],
      [{ kind: 'array', element: { kind: 'int32' } }, new SqlArray(['x'])],
      [{ kind: 'array', element: { kind: 'int32' } }, new SqlArray([1], [2])],
      [{ kind: 'interval' }, new TimeTz(0, 0)],
      [{ kind: 'record', fields: [] }, new SqlRecord([1])],
    ];
    for (const [type, value] of wrong) {
      const writer = new RowBlockWriter([{ kind: 'text' }, type]);
      writer.append(['kept', null]);
      const before = writer.byteLength;
      expect(() => writer.append(['lost', value]), `${type.kind} ${String(value)}`).toThrow(TypeError);
      expect(writer.byteLength).toBe(before);
      expect(readRows(writer.take(), [{ kind: 'text' }, type])).toEqual([['kept', null]]);
    }
    expect(() => new RowBlockWriter([{ kind: 'text' }]).append([])).toThrow(TypeError);
  });

  it('have one zero', () => {
    const types: SqlType[] = [{ kind: 'decimal' }];
    const writer = new RowBlockWriter(types);
    writer.append([new Decimal(0, 2)]);
    writer.append([new Decimal(-5, 3)]);
    expectSame(readRows(writer.take(), types), [[new Decimal(0, 2)], [new Decimal(-5, 3)]]);
  });
});

describe('types and tagged values', () => {
  it('types round-trip', () => {
    fc.assert(
      fc.property(anyType, (type) => {
        const writer = new ByteWriter(4);
        writeType(writer, type);
        const reader = new ByteReader(writer.copy());
        expect(readType(reader)).toEqual(type);
        reader.expectEnd();
      }),
    );
  });

  it('values round-trip whatever they are', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const writer = new ByteWriter(4);
        writeTaggedValue(writer, value);
        const reader = new ByteReader(writer.copy());
        expectSame(readTaggedValue(reader), value);
        reader.expectEnd();
      }),
      { numRuns: 500 },
    );
  });

  it('nest only so deep', () => {
    let type: SqlType = { kind: 'int32' };
    let value: SqlValue = 1;
    for (let level = 0; level < 100; level++) {
      type = { kind: 'array', element: type };
      value = new SqlRecord([value]);
    }
    expect(() => writeType(new ByteWriter(), type)).toThrow(CodecError);
    expect(() => writeTaggedValue(new ByteWriter(), value)).toThrow(CodecError);
  });

  it('integers of 64 bits keep every bit', () => {
    for (const value of [
      0,
      -1,
      2 ** 53 - 1,
      -(2 ** 53 - 1),
      2n ** 53n,
      -(2n ** 53n),
      2n ** 63n - 1n,
      -(2n ** 63n),
      2 ** 32,
      -(2 ** 32),
      2 ** 31,
    ]) {
      const writer = new ByteWriter(4);
      writer.i64(value);
      expect(writer.copy().readBigInt64LE()).toBe(BigInt(value));
      expect(new ByteReader(writer.copy()).i64()).toBe(value);
    }
  });
});
