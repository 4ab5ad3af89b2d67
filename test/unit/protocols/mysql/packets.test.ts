/** Packets of the MySQL protocol: cut anywhere, split at 2^24-1 bytes, bounded, in order. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_PACKET_PAYLOAD, PacketBuffer, PacketWriter } from '../../../../protocols/mysql/packets.ts';
import { NetworkReader } from '../../../../protocols/shared/byte-reader.ts';
import { NetworkWriter } from '../../../../protocols/shared/byte-writer.ts';

function written(payloads: readonly Uint8Array[]): Buffer {
  const writer = new PacketWriter(new NetworkWriter());
  for (const payload of payloads) {
    writer.sequence = 0;
    writer.begin();
    writer.out.raw(payload);
    writer.end();
  }
  return Buffer.from(writer.out.take());
}

/** All payloads found when the bytes arrive in chunks of a size. */
function received(bytes: Buffer, chunk: number, limit = 1 << 26): Buffer[] {
  const input = new PacketBuffer();
  const reader = new NetworkReader();
  const found: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += chunk) {
    input.append(Buffer.from(bytes.subarray(at, at + chunk)));
    for (;;) {
      const state = input.next(limit, 0);
      if (state === 'incomplete') break;
      if (state !== 'packet') throw new Error(state);
      input.open(reader);
      found.push(reader.copy(reader.remaining));
      input.consume();
    }
    input.releaseChunk();
  }
  return found;
}

describe('packets', () => {
  it('are found whatever pieces they arrive in', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 }), fc.nat(20), (payloads, extra) => {
        const bytes = written(payloads);
        expect(received(bytes, 1 + extra)).toEqual(payloads.map((payload) => Buffer.from(payload)));
      }),
    );
  });

  it.each([MAX_PACKET_PAYLOAD - 1, MAX_PACKET_PAYLOAD, MAX_PACKET_PAYLOAD + 1])(
    'of %i bytes come back whole',
    (size) => {
      const payload = Buffer.alloc(size, 7);
      const bytes = written([payload]);
      expect(bytes.length).toBe(size + (size < MAX_PACKET_PAYLOAD ? 4 : 8));
      const [found, ...more] = received(bytes, 1 << 20);
      expect(more).toEqual([]);
      expect(found?.equals(payload)).toBe(true);
    },
  );

  it('at the limit are taken, and one byte more is refused', () => {
    expect(received(written([Buffer.alloc(100)]), 7, 100)).toHaveLength(1);
    expect(() => received(written([Buffer.alloc(101)]), 7, 100)).toThrow('too_large');
  });

  it('out of order are refused', () => {
    const bytes = written([Buffer.from('x')]);
    bytes[3] = 5;
    expect(() => received(bytes, 100)).toThrow('out_of_order');
  });
});
