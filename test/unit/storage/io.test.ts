/** Version ids, byte writer, log records. */
import { validate, version } from 'uuid';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteWriter } from '../../../storage/contract/index.ts';
import { NodeRandom } from '../../../storage/io/node-random.ts';
import { UuidV7Generator } from '../../../storage/io/uuid-v7.ts';
import { beginRecord, finishRecord, KIND_COMMIT, RecordWalker } from '../../../storage/log/record.ts';

test('version ids are valid, and rise even when the clock steps back', () => {
  let now = 1_700_000_000_000;
  const generator = new UuidV7Generator({ nowMillis: () => now, nowMicros: () => now * 1000 }, new NodeRandom());
  let last = '';
  for (let i = 0; i < 20_000; i++) {
    if (i === 9000) now -= 5000;
    if (i % 3000 === 0) now++;
    const bytes = Buffer.alloc(18);
    generator.write(bytes, 1);
    const hex = bytes.toString('hex', 1, 17);
    const text = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
    expect(text > last).toBe(true);
    last = text;
    if (i % 500 === 0) expect(validate(text) && version(text) === 7).toBe(true);
  }
});

test('varint and text survive any value', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.string({ unit: 'binary' }), (number, text) => {
      const writer = new ByteWriter(4);
      writer.varint(number);
      const end = writer.length;
      let value = 0;
      let factor = 1;
      for (let i = 0; i < end; i++) {
        value += (writer.buffer[i]! & 0x7f) * factor;
        factor *= 128;
      }
      expect(value).toBe(number);
      writer.text(text);
      let at = end;
      let size = 0;
      for (let shift = 1; ; shift *= 128) {
        const byte = writer.buffer[at++]!;
        size += (byte & 0x7f) * shift;
        if (byte < 0x80) break;
      }
      expect(writer.length).toBe(at + size);
      expect(writer.buffer.toString('utf8', at, at + size)).toBe(Buffer.from(text).toString('utf8'));
    }),
  );
});

test('a damaged record is noticed, whatever byte it is', () => {
  const writer = new ByteWriter();
  const start = beginRecord(writer);
  writer.u8(2);
  writer.u32(7);
  writer.varint(3);
  writer.binary('abc');
  finishRecord(writer, start, { kind: KIND_COMMIT, stamp: 12345678901, timestampMicros: 1.7e15, schemaEpoch: 3 }, 1);
  const good = Buffer.from(writer.buffer.subarray(0, writer.length));
  const walk = (bytes: Buffer): RecordWalker => {
    const walker = new RecordWalker();
    walker.buffer = bytes;
    walker.limit = bytes.length;
    return walker;
  };
  const walker = walk(good);
  expect(walker.step()).toBe(true);
  expect(walker.stamp).toBe(12345678901);
  expect(walker.operation() && walker.key()).toBe('abc');
  for (let i = 0; i < good.length; i++) {
    const bad = Buffer.from(good);
    bad[i]! ^= 0x10;
    expect(walk(bad).step()).toBe(false);
  }
  for (let i = 0; i < good.length; i++) expect(walk(good.subarray(0, i)).step()).toBe(false);
});
