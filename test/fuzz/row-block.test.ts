/**
 * Row blocks, types and values that are garbage: a CodecError, never a crash, a hang or a huge allocation.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ByteReader } from '../../sblr/contract/byte-reader.ts';
import { CodecError } from '../../sblr/contract/codec-error.ts';
import { readRows, RowBlockWriter } from '../../sblr/contract/row-block.ts';
import { readTaggedValue } from '../../sblr/contract/tagged-value.ts';
import { readType } from '../../sblr/contract/type-codec.ts';
import type { SqlType } from '../../sblr/contract/types.ts';
import { Decimal, SqlArray, SqlRecord } from '../../sblr/contract/values.ts';
import { anyType } from '../unit/sblr/arbitraries.ts';

function survives(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    return false;
  }
}

it('random bytes as rows of random types', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 200 }),
      fc.array(anyType, { minLength: 1, maxLength: 4 }),
      fc.nat(50),
      (bytes, types, rowCount) => {
        survives(() => readRows({ rowCount, bytes }, types));
      },
    ),
    { numRuns: 2000 },
  );
});

it('random bytes as types and values', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      survives(() => readType(new ByteReader(bytes)));
      survives(() => readTaggedValue(new ByteReader(bytes)));
    }),
    { numRuns: 3000 },
  );
});

it('every truncation and every extreme length of a real block', () => {
  const types: SqlType[] = [
    { kind: 'int32' },
    { kind: 'text' },
    { kind: 'array', element: { kind: 'text' } },
    { kind: 'record', fields: [{ name: 'a', type: { kind: 'decimal' } }] },
    { kind: 'record' },
    { kind: 'reference' },
  ];
  const writer = new RowBlockWriter(types);
  writer.append([
    1,
    'text',
    new SqlArray(['a', null]),
    new SqlRecord([new Decimal(12, 1)]),
    new SqlRecord([1, 'x']),
    77,
  ]);
  writer.append([2, null, null, new SqlRecord([null]), null, 'name']);
  const { bytes, rowCount } = writer.take();
  for (let length = 0; length < bytes.length; length++) {
    expect(survives(() => readRows({ rowCount, bytes: bytes.subarray(0, length) }, types))).toBe(false);
  }
  expect(survives(() => readRows({ rowCount: 1, bytes }, types))).toBe(false);
  expect(survives(() => readRows({ rowCount: 0xffffffff, bytes }, types))).toBe(false);
  for (let at = 0; at + 4 <= bytes.length; at++) {
    for (const extreme of [0xffffffff, 0x7fffffff, 0x00ffffff]) {
      const changed = Buffer.from(bytes);
      changed.writeUInt32LE(extreme, at);
      survives(() => readRows({ rowCount, bytes: changed }, types));
    }
  }
});
