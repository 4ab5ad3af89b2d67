/** Bits of many numbers taken together in 64 bits without a sign; of no rows all bits, or none: never NULL. */
import { canonicalInteger } from '../../sblr/contract/values.ts';
import type { Integer } from '../types/integers.ts';
import { aggregate } from './table.ts';

const ALL = 0xffff_ffff_ffff_ffffn;

interface Word {
  bits: bigint;
}

for (const [name, empty, fold] of [
  ['all_bits_and', ALL, (a: bigint, b: bigint) => a & b],
  ['all_bits_or', 0n, (a: bigint, b: bigint) => a | b],
  ['all_bits_xor', 0n, (a: bigint, b: bigint) => a ^ b],
] as const)
  aggregate<Word>(
    `${name}(int64) int64`,
    {
      create: () => ({ bits: empty }),
      step: (state, value: Integer) => {
        state.bits = fold(state.bits, BigInt.asUintN(64, BigInt(value)));
      },
      final: (state) => canonicalInteger(state.bits),
      combine: (state, other) => {
        state.bits = fold(state.bits, other.bits);
      },
    },
    { result: () => ({ kind: 'int64', unsigned: true }), duplicateInsensitive: name !== 'all_bits_xor' },
  );
