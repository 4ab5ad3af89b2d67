/**
 * Network addresses in text: IPv4 and IPv6 with an optional number of network bits. They are kept in the spelling that is
 * shown; `parseNetwork` gives the bytes.
 */
import { SqlError } from '../sql-error.ts';

export interface NetworkAddress {
  /** Four or sixteen bytes. */
  readonly bytes: Uint8Array;
  /** Leading bits that name the network. */
  readonly bits: number;
}

type NetworkType = 'inet' | 'cidr';

function invalid(type: NetworkType, text: string): SqlError {
  return new SqlError('invalid_text_representation', `invalid input syntax for type ${type}: "${text}"`);
}

/** The bytes of an IPv4 address; a network may leave out trailing parts. */
function readIPv4(text: string, short: boolean): number[] | undefined {
  const parts = text.split('.');
  if (parts.length > 4 || (!short && parts.length < 4)) return undefined;
  const bytes = parts.map((part) => (/^\d{1,3}$/.test(part) ? Number(part) : 256));
  if (bytes.some((byte) => byte > 255)) return undefined;
  while (bytes.length < 4) bytes.push(0);
  return bytes;
}

const hexPair = (bytes: readonly number[], at: number): string =>
  (((bytes[at] as number) << 8) | (bytes[at + 1] as number)).toString(16);

function readIPv6(text: string): number[] | undefined {
  let written = text;
  const mapped = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  if (mapped !== null) {
    const low = readIPv4(mapped[2] as string, false);
    if (low === undefined) return undefined;
    written = `${mapped[1]}${hexPair(low, 0)}:${hexPair(low, 2)}`;
  }
  const [left = '', right, more] = written.split('::') as [string, string?, string?];
  if (more !== undefined) return undefined;
  const groups = (part: string): number[] =>
    part === ''
      ? []
      : part.split(':').map((group) => (/^[0-9a-f]{1,4}$/i.test(group) ? Number.parseInt(group, 16) : -1));
  const head = groups(left);
  const tail = right === undefined ? [] : groups(right);
  const missing = 8 - head.length - tail.length;
  // '::' stands for one group at least.
  if (right === undefined ? missing !== 0 : missing < 1) return undefined;
  const all = [...head, ...new Array<number>(missing).fill(0), ...tail];
  if (all.includes(-1)) return undefined;
  return all.flatMap((group) => [group >> 8, group & 255]);
}

/** Bits of a class A, B, C ... network that names none, but at least those of the parts written. */
function classBits(first: number, parts: number): number {
  const byClass = first >= 240 ? 32 : first >= 224 ? 8 : first >= 192 ? 24 : first >= 128 ? 16 : 8;
  return Math.max(byClass, parts * 8);
}

export function parseNetwork(text: string, type: NetworkType): NetworkAddress {
  const match = /^([0-9a-fA-F:.]+)(?:\/(\d{1,3}))?$/.exec(text);
  if (match === null) throw invalid(type, text);
  const address = match[1] as string;
  const six = address.includes(':');
  const bytes = six ? readIPv6(address) : readIPv4(address, type === 'cidr' || match[2] !== undefined);
  if (bytes === undefined) throw invalid(type, text);
  const most = bytes.length * 8;
  const implied = six || type === 'inet' ? most : classBits(bytes[0] as number, address.split('.').length);
  const bits = match[2] === undefined ? implied : Number(match[2]);
  if (bits > most) throw invalid(type, text);
  return { bytes: Uint8Array.from(bytes), bits };
}

/** The bytes with the bits after the network cleared, or set. */
export function maskedBytes(bytes: Uint8Array, bits: number, fill: 0 | 255 = 0): Uint8Array {
  return bytes.map((byte, i) => {
    const keep = Math.max(0, Math.min(8, bits - i * 8));
    const mask = (0xff << (8 - keep)) & 0xff;
    return (byte & mask) | (fill & ~mask & 0xff);
  });
}

/** Checks the text of an address and gives the spelling that is shown. */
export function readNetwork(text: string, type: NetworkType): string {
  const { bytes, bits } = parseNetwork(text, type);
  if (type === 'cidr' && !sameBytes(bytes, maskedBytes(bytes, bits)))
    throw new SqlError('invalid_text_representation', {
      message: `invalid cidr value: "${text}"`,
      detail: 'Value has bits set to right of mask.',
    });
  return formatNetwork({ bytes, bits }, type);
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

export function formatAddress(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups: number[] = [];
  for (let i = 0; i < 16; i += 2) groups.push(((bytes[i] as number) << 8) | (bytes[i + 1] as number));
  let best = { start: 0, length: 0 };
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (start + length < 8 && groups[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
  }
  const lead = best.start === 0 && best.length >= 6 && best.length < 8;
  if (lead && (best.length === 6 || (best.length === 5 && groups[5] === 0xffff)))
    return `::${bytes.slice(12).join('.')}`;
  if (best.start === 0 && best.length === 5 && groups[5] === 0xffff) return `::ffff:${bytes.slice(12).join('.')}`;
  const hex = groups.map((group) => group.toString(16));
  if (best.length < 2) return hex.join(':');
  return `${hex.slice(0, best.start).join(':')}::${hex.slice(best.start + best.length).join(':')}`;
}

export function formatNetwork({ bytes, bits }: NetworkAddress, type: NetworkType): string {
  const whole = bits === bytes.length * 8;
  return whole && type === 'inet' ? formatAddress(bytes) : `${formatAddress(bytes)}/${bits}`;
}
