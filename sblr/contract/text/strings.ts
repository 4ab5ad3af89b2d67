/** Byte strings, UUIDs and bit strings as text. */
import { SqlError } from '../sql-error.ts';
import { Bits } from '../values.ts';
import { invalidSyntax } from './errors.ts';

const HEX: readonly string[] = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'));

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}

export function formatBytes(value: Uint8Array, output: 'hex' | 'escape'): string {
  if (output === 'hex') return `\\x${toHex(value)}`;
  let text = '';
  for (const byte of value) {
    if (byte === 92) text += '\\\\';
    else if (byte < 32 || byte > 126) text += `\\${byte.toString(8).padStart(3, '0')}`;
    else text += String.fromCharCode(byte);
  }
  return text;
}

export function parseBytes(text: string): Uint8Array {
  if (text.startsWith('\\x')) return parseHex(text.slice(2));
  const source = Buffer.from(text, 'utf8');
  const out = new Uint8Array(source.length);
  let length = 0;
  for (let i = 0; i < source.length; i++) {
    const byte = source[i] as number;
    if (byte !== 92) out[length++] = byte;
    else if (source[i + 1] === 92) {
      out[length++] = 92;
      i++;
    } else {
      const octal = /^[0-3][0-7]{2}/.exec(source.toString('latin1', i + 1, i + 4));
      if (octal === null)
        throw new SqlError('invalid_text_representation', {
          message: 'invalid input syntax for type bytea',
          variant: 'bytes_escape',
        });
      out[length++] = Number.parseInt(octal[0], 8);
      i += 3;
    }
  }
  return out.slice(0, length);
}

/** Hexadecimal digits, blanks between pairs allowed. */
export function parseHex(digits: string): Uint8Array {
  const compact = digits.replace(/\s/g, '');
  const bad = /[^0-9a-fA-F]/u.exec(compact);
  if (bad !== null)
    throw new SqlError('invalid_parameter_value', { message: `invalid hexadecimal digit: "${bad[0]}"` });
  if (compact.length % 2 === 1)
    throw new SqlError('invalid_parameter_value', { message: 'invalid hexadecimal data: odd number of digits' });
  return Uint8Array.from(Buffer.from(compact, 'hex'));
}

export function parseUuid(text: string): string {
  let body = text;
  if (body.startsWith('{') && body.endsWith('}')) body = body.slice(1, -1);
  if (!/^[0-9a-fA-F]{4}(-?[0-9a-fA-F]{4}){7}$/.test(body)) throw invalidSyntax('uuid', text);
  const hex = body.replace(/-/g, '').toLowerCase();
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

export function parseBits(text: string): Bits {
  let body = text;
  if (/^x/i.test(body)) {
    body = body.slice(1);
    const bad = /[^0-9a-fA-F]/u.exec(body);
    if (bad !== null)
      throw new SqlError('invalid_text_representation', { message: `"${bad[0]}" is not a valid hexadecimal digit` });
    return new Bits([...body].map((digit) => Number.parseInt(digit, 16).toString(2).padStart(4, '0')).join(''));
  }
  if (/^b/i.test(body)) body = body.slice(1);
  const bad = /[^01]/u.exec(body);
  if (bad !== null)
    throw new SqlError('invalid_text_representation', { message: `"${bad[0]}" is not a valid binary digit` });
  return new Bits(body);
}

export function hexByte(byte: number): string {
  return HEX[byte] as string;
}
