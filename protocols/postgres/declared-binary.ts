/**
 * Binary forms of types that the engine keeps as text under a declared name: network addresses, row
 * identifiers, log positions and the like. Each form is read into and written from the text form.
 */
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { NetworkReader } from '../shared/byte-reader.ts';
import type { NetworkWriter } from '../shared/byte-writer.ts';

/** How one type looks in binary. */
export interface DeclaredBinary {
  read(reader: NetworkReader, length: number): string;
  write(writer: NetworkWriter, text: string): void;
}

const FAMILY_IPV4 = 2;
const FAMILY_IPV6 = 3;
const IPV4_BYTES = 4;
const IPV6_BYTES = 16;
const IPV6_GROUPS = 8;

function malformed(type: string): SqlError {
  return new SqlError('invalid_binary_representation', `invalid length in external "${type}" value`);
}

/** The longest run of two or more zero groups is written as two colons, the first of equals. */
function ipv6Text(bytes: Uint8Array): string {
  const groups = Array.from(
    { length: IPV6_GROUPS },
    (_, at) => ((bytes[at * 2] as number) << 8) | (bytes[at * 2 + 1] as number),
  );
  const embedded = embeddedIpv4(bytes, groups);
  if (embedded !== undefined) return embedded;
  let best = 0;
  let start = -1;
  for (let at = 0; at < IPV6_GROUPS; at++) {
    let run = 0;
    while (at + run < IPV6_GROUPS && groups[at + run] === 0) run++;
    if (run > best) [best, start] = [run, at];
  }
  const hex = groups.map((group) => group.toString(16));
  if (best < 2) return hex.join(':');
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + best).join(':')}`;
}

/** ::a.b.c.d and ::ffff:a.b.c.d show their last four bytes in decimal. */
function embeddedIpv4(bytes: Uint8Array, groups: readonly number[]): string | undefined {
  if (groups.slice(0, 5).some((group) => group !== 0)) return undefined;
  const mapped = groups[5] === 0xffff;
  const compatible = groups[5] === 0 && groups[6] !== 0;
  return mapped || compatible ? `::${mapped ? 'ffff:' : ''}${bytes.subarray(12).join('.')}` : undefined;
}

function ipv6Bytes(text: string): number[] {
  const dots = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text);
  const plain =
    dots === null
      ? text
      : `${dots[1]}${((Number(dots[2]) << 8) | Number(dots[3])).toString(16)}:${((Number(dots[4]) << 8) | Number(dots[5])).toString(16)}`;
  const [head = '', tail] = plain.split('::') as [string?, string?];
  const parse = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
  const before = parse(head);
  const after = parse(tail ?? '');
  const zeros = tail === undefined ? 0 : Math.max(0, IPV6_GROUPS - before.length - after.length);
  const groups = [...before, ...new Array<number>(zeros).fill(0), ...after];
  return groups.flatMap((group) => [group >> 8, group & 0xff]);
}

/** Family, prefix length, whether it is a network, byte count, address. */
function network(type: 'inet' | 'cidr'): DeclaredBinary {
  return {
    read(reader, length) {
      const family = length >= 4 ? reader.u8() : 0;
      const size = family === FAMILY_IPV4 ? IPV4_BYTES : family === FAMILY_IPV6 ? IPV6_BYTES : -1;
      if (size < 0)
        throw new SqlError('invalid_binary_representation', `invalid address family in external "${type}" value`);
      const bits = reader.u8();
      reader.u8();
      if (bits > size * 8)
        throw new SqlError('invalid_binary_representation', `invalid bits in external "${type}" value`);
      if (reader.u8() !== size || length !== size + 4) throw malformed(type);
      const bytes = reader.view(size);
      const address = family === FAMILY_IPV4 ? bytes.join('.') : ipv6Text(bytes);
      return type === 'inet' && bits === size * 8 ? address : `${address}/${bits}`;
    },
    write(writer, text) {
      const [address = '', prefix] = text.split('/') as [string?, string?];
      const wide = address.includes(':');
      const bytes = wide ? ipv6Bytes(address) : address.split('.').map(Number);
      while (bytes.length < (wide ? IPV6_BYTES : IPV4_BYTES)) bytes.push(0);
      writer.u8(wide ? FAMILY_IPV6 : FAMILY_IPV4);
      writer.u8(prefix === undefined ? bytes.length * 8 : Number(prefix));
      writer.u8(type === 'cidr' ? 1 : 0);
      writer.u8(bytes.length);
      writer.raw(Uint8Array.from(bytes));
    },
  };
}

function macAddress(type: string, size: number): DeclaredBinary {
  return {
    read(reader, length) {
      if (length !== size) throw malformed(type);
      return (reader.view(size).toString('hex').match(/../g) as string[]).join(':');
    },
    write(writer, text) {
      writer.raw(Buffer.from(text.replaceAll(/[^0-9a-fA-F]/g, ''), 'hex'));
    },
  };
}

/** One byte; no character is a zero byte. */
const SINGLE_BYTE: DeclaredBinary = {
  read(reader, length) {
    if (length !== 1) throw malformed('char');
    const byte = reader.u8();
    return byte === 0 ? '' : byte < 0x80 ? String.fromCharCode(byte) : `\\${byte.toString(8)}`;
  },
  write(writer, text) {
    const octal = /^\\([0-3][0-7]{2})$/.exec(text);
    writer.u8(octal === null ? (Buffer.from(text)[0] ?? 0) : Number.parseInt(octal[1] as string, 8));
  },
};

/** Block and offset of a row. */
const ROW_IDENTIFIER: DeclaredBinary = {
  read(reader, length) {
    if (length !== 6) throw malformed('tid');
    const block = reader.u32();
    return `(${block},${reader.u16()})`;
  },
  write(writer, text) {
    const [block = 0, offset = 0] = (text.match(/\d+/g) ?? []).map(Number);
    writer.i32(block | 0);
    writer.i16(offset);
  },
};

/** Position in a log: two halves in hexadecimal. */
const LOG_POSITION: DeclaredBinary = {
  read(reader, length) {
    if (length !== 8) throw malformed('pg_lsn');
    const high = reader.u32();
    return `${high.toString(16).toUpperCase()}/${reader.u32().toString(16).toUpperCase()}`;
  },
  write(writer, text) {
    const [high = '0', low = '0'] = text.split('/');
    writer.i32(Number.parseInt(high, 16) | 0);
    writer.i32(Number.parseInt(low, 16) | 0);
  },
};

/** A version byte before the text. */
const VERSIONED_TEXT: DeclaredBinary = {
  read(reader, length) {
    const version = length > 0 ? reader.u8() : 0;
    if (version !== 1) throw new SqlError('feature_not_supported', `unsupported jsonpath version number: ${version}`);
    return reader.utf8(length - 1);
  },
  write(writer, text) {
    writer.u8(1);
    writer.utf8(text);
  },
};

const FORMS: ReadonlyMap<string, DeclaredBinary> = new Map([
  ['inet', network('inet')],
  ['cidr', network('cidr')],
  ['macaddr', macAddress('macaddr', 6)],
  ['macaddr8', macAddress('macaddr8', 8)],
  ['"char"', SINGLE_BYTE],
  ['tid', ROW_IDENTIFIER],
  ['pg_lsn', LOG_POSITION],
  ['jsonpath', VERSIONED_TEXT],
]);

/** The binary form of a type kept as text; undefined = the text itself. */
export function declaredBinary(declared: string | undefined): DeclaredBinary | undefined {
  return declared === undefined ? undefined : FORMS.get(declared);
}
