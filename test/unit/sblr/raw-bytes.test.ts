/** Statement text with bytes in it that are no UTF-8 comes back byte for byte. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { holdsRawBytes, invalidAt, rawBytes, textWithRawBytes } from '../../../sblr/contract/text/raw-bytes.ts';

describe('text with raw bytes', () => {
  it('keeps every byte', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (array) => {
        const bytes = Buffer.from(array);
        const text = textWithRawBytes(bytes);
        expect(rawBytes(text)).toEqual(bytes);
        expect(holdsRawBytes(text)).toBe(invalidAt(bytes) !== undefined);
      }),
    );
  });

  it('is plain text where all of it is valid', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(textWithRawBytes(Buffer.from(text))).toBe(text);
        expect(holdsRawBytes(text)).toBe(false);
      }),
    );
  });

  it('tells where the first invalid byte is', () => {
    for (const [hex, at] of [
      ['61ff', 1],
      ['c080', 0],
      ['eda080', 0],
      ['f0908080f5', 4],
      ['e282', 0],
    ] as const)
      expect(invalidAt(Buffer.from(hex, 'hex'))).toBe(at);
  });
});
