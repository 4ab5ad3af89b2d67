/** Character sets of clients: what they write is read, what they get is theirs. */
import { describe, expect, test } from 'vitest';
import { characterSet, clientCollation } from '../../../../protocols/mysql/character-sets.ts';
import { PacketWriter } from '../../../../protocols/mysql/packets.ts';
import { NetworkWriter } from '../../../../protocols/shared/byte-writer.ts';

describe('character sets', () => {
  test('latin1 has a character for every byte', () => {
    const latin1 = characterSet('latin1');
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, code) => code));
    expect(latin1.encode(latin1.decode(bytes))).toEqual(bytes);
    expect(latin1.decode(Buffer.of(0xe9, 0x80))).toBe('é€');
    expect(latin1.encode('é€ж😀')).toEqual(Buffer.of(0xe9, 0x80, 0x3f, 0x3f));
  });

  test('ascii has no more than seven bits', () => {
    expect(characterSet('ascii').encode('aé')).toEqual(Buffer.from('a?'));
    expect(characterSet('ascii').decode(Buffer.of(0x61, 0xe9))).toBe('a?');
  });

  test('no conversion where none is named', () => {
    expect(characterSet('NULL').utf8).toBe(true);
    expect(characterSet(undefined).utf8).toBe(true);
  });

  test('a client names its set by a collation', () => {
    expect(clientCollation(8)).toEqual({ charset: 'latin1', collation: 'latin1_swedish_ci' });
    expect(clientCollation(47)).toEqual({ charset: 'latin1', collation: 'latin1_bin' });
    expect(clientCollation(224)).toEqual({ charset: 'utf8mb4', collation: 'utf8mb4_unicode_ci' });
    expect(clientCollation(303)).toEqual({ charset: 'utf8mb4', collation: 'utf8mb4_0900_ai_ci' });
    expect(clientCollation(7)).toBeUndefined();
  });

  test('lengths are those of the text as it is sent', () => {
    const out = new NetworkWriter();
    const packets = new PacketWriter(out);
    packets.set = characterSet('latin1');
    packets.text('né');
    packets.engineText(Buffer.from('é'));
    packets.rest('é');
    expect(Buffer.from(out.take())).toEqual(Buffer.of(2, 0x6e, 0xe9, 1, 0xe9, 0xe9));
  });
});
