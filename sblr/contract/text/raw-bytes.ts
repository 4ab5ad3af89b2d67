/**
 * Text that holds bytes which are no UTF-8, as statements with binary strings in them do: such a byte stands as the lone low
 * surrogate U+DC00 + byte, which no valid text contains. Protocols read statements so, parsers turn their strings back to bytes.
 */
const RAW = 0xdc00;
const LONE_SURROGATE = /[\udc80-\udcff]/u;

/** Bytes of the valid sequence at `at`, or 0. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at] as number;
  if (first < 0x80) return 1;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || at + length > bytes.length) return 0;
  for (let next = at + 1; next < at + length; next++) if (((bytes[next] as number) & 0xc0) !== 0x80) return 0;
  const second = bytes[at + 1] as number;
  // Forms longer than needed, surrogates, and what lies beyond U+10FFFF.
  if ((first === 0xe0 && second < 0xa0) || (first === 0xed && second > 0x9f)) return 0;
  return (first === 0xf0 && second < 0x90) || (first === 0xf4 && second > 0x8f) ? 0 : length;
}

export function textWithRawBytes(bytes: Buffer): string {
  let text = '';
  let from = 0;
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes, at);
    if (length === 0) {
      text += bytes.toString('utf8', from, at) + String.fromCharCode(RAW + (bytes[at] as number));
      from = at + 1;
    }
    at += length === 0 ? 1 : length;
  }
  return text + bytes.toString('utf8', from);
}

export const holdsRawBytes = (text: string): boolean => LONE_SURROGATE.test(text);

/** The bytes that such a text was read from. */
export function rawBytes(text: string): Buffer {
  const parts: Buffer[] = [];
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const after = at > 0 ? text.charCodeAt(at - 1) & 0xfc00 : 0;
    if (code < RAW + 0x80 || code > RAW + 0xff || after === 0xd800) continue;
    parts.push(Buffer.from(text.slice(from, at), 'utf8'), Buffer.of(code - RAW));
    from = at + 1;
  }
  return Buffer.concat([...parts, Buffer.from(text.slice(from), 'utf8')]);
}

/** Where the first byte stands that belongs to no valid sequence; undefined in valid text. */
export function invalidAt(bytes: Uint8Array): number | undefined {
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes, at);
    if (length === 0) return at;
    at += length;
  }
  return undefined;
}
