/** Functions and operators of network addresses. */
import { SqlError } from '../../sblr/contract/sql-error.ts';
import {
  formatAddress,
  formatNetwork,
  maskedBytes,
  type NetworkAddress,
  parseNetwork,
} from '../../sblr/contract/text/network.ts';
import { canonicalInteger } from '../../sblr/contract/values.ts';
import type { Integer } from '../types/integers.ts';
import { operator, scalar } from './table.ts';

const read = (text: string): NetworkAddress => parseNetwork(text, 'inet');
const inet = (bytes: Uint8Array, bits: number): string => formatNetwork({ bytes, bits }, 'inet');
const cidr = (bytes: Uint8Array, bits: number): string => formatNetwork({ bytes, bits }, 'cidr');
const widthOf = ({ bytes }: NetworkAddress): number => bytes.length * 8;

scalar('host(inet) text', (a: string) => formatAddress(read(a).bytes));
scalar('text(inet) text', (a: string) => {
  const { bytes, bits } = read(a);
  return `${formatAddress(bytes)}/${bits}`;
});
scalar('abbrev(inet) text', (a: string) => a);
scalar('abbrev(cidr) text', (a: string) => {
  const { bytes, bits } = read(a);
  if (bytes.length === 16) return cidr(bytes, bits);
  return `${[...bytes].slice(0, Math.max(1, Math.ceil(bits / 8))).join('.')}/${bits}`;
});
scalar('family(inet) int32', (a: string) => (read(a).bytes.length === 4 ? 4 : 6));
scalar('masklen(inet) int32', (a: string) => read(a).bits);
scalar('network(inet) cidr', (a: string) => {
  const { bytes, bits } = read(a);
  return cidr(maskedBytes(bytes, bits), bits);
});
scalar('broadcast(inet) inet', (a: string) => {
  const { bytes, bits } = read(a);
  return inet(maskedBytes(bytes, bits, 255), bits);
});
scalar('netmask(inet) inet', (a: string) => {
  const { bytes, bits } = read(a);
  return inet(maskedBytes(new Uint8Array(bytes.length).fill(255), bits), bytes.length * 8);
});
scalar('hostmask(inet) inet', (a: string) => {
  const { bytes, bits } = read(a);
  return inet(maskedBytes(new Uint8Array(bytes.length), bits, 255), bytes.length * 8);
});

function maskLength(address: NetworkAddress, length: number): number {
  if (length === -1) return widthOf(address);
  if (length < 0 || length > widthOf(address))
    throw new SqlError('invalid_parameter_value', `invalid mask length: ${length}`);
  return length;
}
scalar('set_masklen(inet, int32) inet', (a: string, length: number) => {
  const address = read(a);
  return inet(address.bytes, maskLength(address, length));
});
scalar('set_masklen(cidr, int32) cidr', (a: string, length: number) => {
  const address = read(a);
  const bits = maskLength(address, length);
  return cidr(maskedBytes(address.bytes, bits), bits);
});
scalar('inet_same_family(inet, inet) bool', (a: string, b: string) => a.includes(':') === b.includes(':'));
scalar('inet_merge(inet, inet) cidr', (a: string, b: string) => {
  const x = read(a);
  const y = read(b);
  if (x.bytes.length !== y.bytes.length)
    throw new SqlError('invalid_parameter_value', 'cannot merge addresses from different families');
  let bits = Math.min(x.bits, y.bits);
  while (bits > 0 && !samePrefix(x.bytes, y.bytes, bits)) bits--;
  return cidr(maskedBytes(x.bytes, bits), bits);
});

function samePrefix(a: Uint8Array, b: Uint8Array, bits: number): boolean {
  const x = maskedBytes(a, bits);
  const y = maskedBytes(b, bits);
  return x.every((byte, i) => byte === y[i]);
}

/** Is `a` within `b`? `equal`: may it be all of it? */
function within(a: string, b: string, equal: boolean): boolean {
  const x = read(a);
  const y = read(b);
  return (
    x.bytes.length === y.bytes.length &&
    (equal ? x.bits >= y.bits : x.bits > y.bits) &&
    samePrefix(x.bytes, y.bytes, y.bits)
  );
}
operator('shift_left(inet, inet) bool', (a: string, b: string) => within(a, b, false));
operator('shift_right(inet, inet) bool', (a: string, b: string) => within(b, a, false));
operator('within_or_equal(inet, inet) bool', (a: string, b: string) => within(a, b, true));
operator('contains_or_equal(inet, inet) bool', (a: string, b: string) => within(b, a, true));
operator('overlaps(inet, inet) bool', (a: string, b: string) => within(a, b, true) || within(b, a, true));

operator('bit_not(inet) inet', (a: string) => {
  const { bytes, bits } = read(a);
  return inet(
    bytes.map((byte) => ~byte & 255),
    bits,
  );
});
for (const [name, word, join] of [
  ['bit_and', 'AND', (x: number, y: number) => x & y],
  ['bit_or', 'OR', (x: number, y: number) => x | y],
] as const) {
  operator(`${name}(inet, inet) inet`, (a: string, b: string) => {
    const x = read(a);
    const y = read(b);
    if (x.bytes.length !== y.bytes.length)
      throw new SqlError('invalid_parameter_value', `cannot ${word} inet values of different sizes`);
    return inet(
      x.bytes.map((byte, i) => join(byte, y.bytes[i] as number)),
      Math.max(x.bits, y.bits),
    );
  });
}

const numberOf = (bytes: Uint8Array): bigint => bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);

function shifted(a: string, distance: bigint): string {
  const { bytes, bits } = read(a);
  const sum = numberOf(bytes) + distance;
  if (sum < 0n || sum >> BigInt(bytes.length * 8) !== 0n)
    throw new SqlError('numeric_value_out_of_range', 'result is out of range');
  return inet(
    bytes.map((_byte, i) => Number((sum >> BigInt((bytes.length - 1 - i) * 8)) & 255n)),
    bits,
  );
}
operator('add(inet, int64) inet', (a: string, b: Integer) => shifted(a, BigInt(b)));
operator('add(int64, inet) inet', (a: Integer, b: string) => shifted(b, BigInt(a)));
operator('subtract(inet, int64) inet', (a: string, b: Integer) => shifted(a, -BigInt(b)));
operator('subtract(inet, inet) int64', (a: string, b: string) => {
  const x = read(a);
  const y = read(b);
  if (x.bytes.length !== y.bytes.length)
    throw new SqlError('invalid_parameter_value', 'cannot subtract inet values of different sizes');
  const difference = numberOf(x.bytes) - numberOf(y.bytes);
  if (BigInt.asIntN(64, difference) !== difference)
    throw new SqlError('numeric_value_out_of_range', 'result is out of range');
  return canonicalInteger(difference);
});
