/**
 * Hostile programs: random bytes, truncated, flipped and resealed programs are refused with an
 * SqlError, never with anything else; what is accepted is a program that encodes again.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { BODY_OFFSET } from '../../sblr/container.ts';
import { decodeProgram } from '../../sblr/decode.ts';
import { encodeProgram } from '../../sblr/encode.ts';
import { MAX_PROGRAM_BYTES } from '../../sblr/limits.ts';
import { SBLR_VERSION } from '../../sblr/opcodes.ts';
import { ProgramError } from '../../sblr/program-error.ts';
import { resealProgram, verifyProgram } from '../../sblr/verify.ts';
import { anyProgram } from '../unit/sblr/arbitraries.ts';

/** Was it accepted? Anything thrown but an SqlError fails the test. */
function accepts(bytes: Uint8Array): boolean {
  try {
    verifyProgram(bytes);
    return true;
  } catch (error) {
    if (!(error instanceof SqlError)) throw error;
    return false;
  }
}

const sample = fc.sample(anyProgram, { seed: 7, numRuns: 12 }).map((program) => encodeProgram(program).bytes);

describe('the verifier', () => {
  it('refuses random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => {
        expect(() => verifyProgram(bytes)).toThrow(ProgramError);
      }),
    );
  });

  it('refuses random bodies under a right header and hash', () => {
    const head = (sample[0] as Uint8Array).subarray(0, BODY_OFFSET);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (body) => {
        expect(accepts(resealProgram(Buffer.concat([head, body])))).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it('refuses every truncation, resealed or not', () => {
    for (const bytes of sample) {
      for (let length = 0; length < bytes.length; length += bytes.length > 2000 ? 7 : 1) {
        const cut = bytes.subarray(0, length);
        expect(accepts(cut)).toBe(false);
        if (length >= BODY_OFFSET) expect(accepts(resealProgram(cut))).toBe(false);
      }
    }
  });

  it('refuses bytes after the end', () => {
    for (const bytes of sample) expect(accepts(resealProgram(Buffer.concat([bytes, Buffer.alloc(1)])))).toBe(false);
  });

  it('refuses every single flipped bit', () => {
    const bytes = Buffer.from(sample.find((program) => program.length < 1500) as Uint8Array);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(accepts(bytes)).toBe(false);
      bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
    }
    expect(accepts(bytes)).toBe(true);
  });

  it('survives changed bytes behind a right hash: refused, or a program that encodes again', () => {
    let accepted = 0;
    fc.assert(
      fc.property(
        fc.nat(sample.length - 1),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        (index, changes) => {
          const bytes = Buffer.from(sample[index] as Uint8Array);
          for (const [at, value] of changes) bytes[BODY_OFFSET + (at % (bytes.length - BODY_OFFSET))] = value;
          const sealed = resealProgram(bytes);
          if (!accepts(sealed)) return;
          accepted++;
          const program = decodeProgram(sealed);
          expect(decodeProgram(encodeProgram(program).bytes)).toEqual(program);
        },
      ),
      { numRuns: 3000 },
    );
    expect(accepted).toBeGreaterThan(0);
  });

  it('survives extreme counts and lengths everywhere', () => {
    for (const original of sample.filter((program) => program.length < 1500)) {
      for (let at = BODY_OFFSET; at + 4 <= original.length; at++) {
        for (const extreme of [0xffffffff, 0x7fffffff, 0x80000000, 0x00ffffff]) {
          const bytes = Buffer.from(original);
          bytes.writeUInt32LE(extreme, at);
          accepts(resealProgram(bytes));
        }
      }
    }
  });

  it('refuses what is too large before reading it', () => {
    expect(() => verifyProgram(new Uint8Array(MAX_PROGRAM_BYTES + 1))).toThrow(/more than/);
  });

  it('refuses deep nesting in a hand-made stream', () => {
    const { bytes } = encodeProgram({
      version: SBLR_VERSION,
      parameterTypes: [],
      semantics: decodeProgram(sample[0] as Uint8Array).semantics,
      statements: [{ op: 'RESET_ALL' }],
    });
    const prefix = Buffer.from(bytes.subarray(0, bytes.length - 20)); // without counts, code and source map
    const instruction = (code: number, ...payload: number[]): Buffer => {
      const buffer = Buffer.alloc(8 + payload.length);
      buffer.writeUInt16LE(code, 0);
      buffer.writeUInt32LE(payload.length, 4);
      buffer.set(payload, 8);
      return buffer;
    };
    const build = (depth: number): Buffer => {
      // DEFAULT_VALUE, then NOT over and over, then RETURN_VALUE.
      const stream = [
        instruction(0x071f),
        ...Array.from({ length: depth }, () => instruction(0x0708)),
        instruction(0x0d0d, 1),
      ];
      const counts = Buffer.alloc(8);
      counts.writeUInt32LE(stream.length, 0);
      counts.writeUInt32LE(
        stream.reduce((sum, part) => sum + part.length, 0),
        4,
      );
      return Buffer.from(resealProgram(Buffer.concat([prefix, counts, ...stream, Buffer.alloc(stream.length * 4)])));
    };
    expect(decodeProgram(build(498)).statements).toHaveLength(1);
    for (const depth of [499, 500, 200_000]) {
      expect(() => decodeProgram(build(depth))).toThrow(
        expect.objectContaining({ condition: 'statement_too_complex' }),
      );
    }
  });
});
