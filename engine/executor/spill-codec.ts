/**
 * Rows as bytes for temporary files: self-describing values, no type needed. Only this process reads
 * them back, so there is no version.
 */
import {
  Bits,
  Decimal,
  Interval,
  Jsonb,
  SqlArray,
  SqlRecord,
  TimeTz,
  type Row,
  type SqlValue,
} from '../../sblr/contract/values.ts';

class Writer {
  #buffer = Buffer.allocUnsafe(16384);
  #length = 0;

  #room(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + bytes));
    this.#buffer.copy(grown, 0, 0, this.#length);
    this.#buffer = grown;
  }

  byte(value: number): void {
    this.#room(1);
    this.#buffer[this.#length++] = value;
  }

  u32(value: number): void {
    this.#room(4);
    this.#length = this.#buffer.writeUInt32LE(value, this.#length);
  }

  double(value: number): void {
    this.#room(8);
    this.#length = this.#buffer.writeDoubleLE(value, this.#length);
  }

  text(value: string): void {
    const bytes = Buffer.byteLength(value);
    this.u32(bytes);
    this.#room(bytes);
    this.#length += this.#buffer.write(value, this.#length);
  }

  bytes(value: Uint8Array): void {
    this.u32(value.length);
    this.#room(value.length);
    this.#buffer.set(value, this.#length);
    this.#length += value.length;
  }

  finish(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }
}

const SPECIALS = ['NaN', 'Infinity', '-Infinity'] as const;

function write(out: Writer, value: SqlValue): void {
  switch (typeof value) {
    case 'number':
      out.byte(3);
      out.double(value);
      return;
    case 'string':
      out.byte(5);
      out.text(value);
      return;
    case 'boolean':
      out.byte(value ? 2 : 1);
      return;
    case 'bigint':
      out.byte(4);
      out.text(value.toString());
      return;
    default:
      writeObject(out, value);
  }
}

function writeObject(out: Writer, value: Exclude<SqlValue, number | string | boolean | bigint>): void {
  if (value === null) out.byte(0);
  else if (value instanceof Uint8Array) {
    out.byte(6);
    out.bytes(value);
  } else if (value instanceof Decimal) {
    out.byte(7);
    out.u32(value.scale);
    out.byte(value.special === undefined ? 255 : SPECIALS.indexOf(value.special));
    write(out, value.unscaled);
  } else if (value instanceof Bits) {
    out.byte(8);
    out.text(value.text);
  } else if (value instanceof TimeTz) {
    out.byte(9);
    out.double(value.micros);
    out.double(value.offsetSeconds);
  } else if (value instanceof Interval) {
    out.byte(10);
    out.double(value.months);
    out.double(value.days);
    out.double(value.micros);
  } else if (value instanceof Jsonb) {
    out.byte(11);
    out.text(value.text);
  } else if (value instanceof SqlArray) {
    out.byte(12);
    out.u32(value.dimensions.length);
    for (const length of value.dimensions) out.double(length);
    for (const bound of value.lowerBounds) out.double(bound);
    out.u32(value.items.length);
    for (const item of value.items) write(out, item);
  } else if (value instanceof SqlRecord) {
    out.byte(13);
    out.u32(value.values.length);
    for (const item of value.values) write(out, item);
  } else throw new TypeError('value of unknown class');
}

class Reader {
  readonly #buffer: Buffer;
  position = 0;

  constructor(bytes: Uint8Array) {
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get atEnd(): boolean {
    return this.position >= this.#buffer.length;
  }

  byte(): number {
    return this.#buffer[this.position++];
  }

  u32(): number {
    this.position += 4;
    return this.#buffer.readUInt32LE(this.position - 4);
  }

  double(): number {
    this.position += 8;
    return this.#buffer.readDoubleLE(this.position - 8);
  }

  text(): string {
    const length = this.u32();
    this.position += length;
    return this.#buffer.toString('utf8', this.position - length, this.position);
  }

  bytes(): Uint8Array {
    const length = this.u32();
    this.position += length;
    return new Uint8Array(this.#buffer.subarray(this.position - length, this.position));
  }
}

function read(from: Reader): SqlValue {
  switch (from.byte()) {
    case 0:
      return null;
    case 1:
      return false;
    case 2:
      return true;
    case 3:
      return from.double();
    case 4:
      return BigInt(from.text());
    case 5:
      return from.text();
    case 6:
      return from.bytes();
    case 7: {
      const scale = from.u32();
      const special = from.byte();
      const unscaled = read(from) as number | bigint;
      return new Decimal(unscaled, scale, special === 255 ? undefined : SPECIALS[special]);
    }
    case 8:
      return new Bits(from.text());
    case 9:
      return new TimeTz(from.double(), from.double());
    case 10:
      return new Interval(from.double(), from.double(), from.double());
    case 11:
      return new Jsonb(from.text());
    case 12: {
      const depth = from.u32();
      const dimensions = Array.from({ length: depth }, () => from.double());
      const bounds = Array.from({ length: depth }, () => from.double());
      const items = Array.from({ length: from.u32() }, () => read(from));
      return new SqlArray(items, dimensions, bounds);
    }
    case 13:
      return new SqlRecord(Array.from({ length: from.u32() }, () => read(from)));
    default:
      throw new TypeError('damaged temporary file');
  }
}

export function encodeRows(rows: readonly Row[]): Uint8Array {
  const out = new Writer();
  for (const row of rows) {
    out.u32(row.length);
    for (const value of row) write(out, value);
  }
  return out.finish();
}

export function decodeRows(bytes: Uint8Array): Row[] {
  const from = new Reader(bytes);
  const rows: Row[] = [];
  while (!from.atEnd) rows.push(Array.from({ length: from.u32() }, () => read(from)));
  return rows;
}
