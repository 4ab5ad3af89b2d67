/** Length-encoded integers and texts of received packets (MySQL protocol, "Basic data types"). */
import { MalformedMessage, type NetworkReader } from '../shared/byte-reader.ts';

const TWO_BYTES = 0xfc;
const THREE_BYTES = 0xfd;
const EIGHT_BYTES = 0xfe;

export function readLengthInteger(reader: NetworkReader): number | bigint {
  const first = reader.u8();
  switch (first) {
    case TWO_BYTES:
      return reader.u16le();
    case THREE_BYTES:
      return reader.u24le();
    case EIGHT_BYTES: {
      const value = reader.u64le();
      return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
    }
    default:
      if (first > 250) throw new MalformedMessage('invalid length-encoded integer');
      return first;
  }
}

export function readLengthBytes(reader: NetworkReader): Buffer {
  const length = readLengthInteger(reader);
  if (typeof length !== 'number') throw new MalformedMessage('insufficient data left in message');
  return reader.view(length);
}

export function readLengthText(reader: NetworkReader): string {
  const length = readLengthInteger(reader);
  if (typeof length !== 'number') throw new MalformedMessage('insufficient data left in message');
  return reader.utf8(length);
}
