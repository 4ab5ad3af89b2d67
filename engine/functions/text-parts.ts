/**
 * Parts of text and text made of parts, where positions count from 1, or back from the end when negative, and a position outside
 * the text gives an empty text instead of an error. Bytes count as characters of their own.
 */
import { bytesLimit, TEXT_RESULT_LIMIT } from './text-limits.ts';
import { characters, sliceCharacters } from './strings.ts';
import type { SqlValue } from '../../sblr/contract/values.ts';
import type { Integer } from '../types/integers.ts';
import type { EvalContext } from './function.ts';
import { NOT_STRICT, scalar } from './table.ts';

// ---- cutting

/** First character (from 0) and the one behind the last; undefined = nothing. */
function bounds(size: number, from: Integer, count: Integer | undefined): readonly [number, number] | undefined {
  const start = Number(from);
  const first = start > 0 ? start - 1 : start < 0 ? size + start : -1;
  if (first < 0 || first >= size || (count !== undefined && count <= 0)) return undefined;
  return [first, count === undefined ? size : Math.min(size, first + Number(count))];
}
function part(text: string, from: Integer, count?: Integer): string {
  const range = bounds(characters(text), from, count);
  return range === undefined ? '' : sliceCharacters(text, range[0], range[1]);
}
function bytesPart(bytes: Uint8Array, from: Integer, count?: Integer): Uint8Array {
  const range = bounds(bytes.length, from, count);
  return range === undefined ? new Uint8Array(0) : bytes.slice(range[0], range[1]);
}
scalar('text_part(text, int64) text', (text: string, from: Integer) => part(text, from));
scalar('text_part(text, int64, int64) text', part);
scalar('text_part(bytes, int64) bytes', (bytes: Uint8Array, from: Integer) => bytesPart(bytes, from));
scalar('text_part(bytes, int64, int64) bytes', bytesPart);
scalar('text_start(text, int64) text', (text: string, count: Integer) => part(text, 1, count));
scalar('text_start(bytes, int64) bytes', (bytes: Uint8Array, count: Integer) => bytesPart(bytes, 1, count));
scalar('text_end(text, int64) text', (text: string, count: Integer) => {
  const size = characters(text);
  return count <= 0 ? '' : sliceCharacters(text, Math.max(0, size - Number(count)), size);
});
scalar('text_end(bytes, int64) bytes', (bytes: Uint8Array, count: Integer) =>
  count <= 0 ? new Uint8Array(0) : bytes.slice(Math.max(0, bytes.length - Number(count))),
);

/** Text up to the count-th delimiter, from the left, or from the right when negative. */
scalar('text_before_delimiter(text, text, int64) text', (text: string, delimiter: string, count: Integer) => {
  let left = Number(count);
  if (delimiter === '' || left === 0) return '';
  if (left > 0) {
    let at = -delimiter.length;
    while (left-- > 0) {
      at = text.indexOf(delimiter, at + delimiter.length);
      if (at < 0) return text;
    }
    return text.slice(0, at);
  }
  // Counted from the right are those that are found from the left.
  const found: number[] = [];
  for (let at = text.indexOf(delimiter); at >= 0; at = text.indexOf(delimiter, at + delimiter.length)) found.push(at);
  const start = found[found.length + left];
  return start === undefined ? text : text.slice(start + delimiter.length);
});

// ---- replacing and padding

scalar(
  'replace_part(text, int64, int64, text) text',
  (text: string, from: Integer, count: Integer, replacement: string) => {
    const size = characters(text);
    if (from < 1 || from > size) return text;
    const first = Number(from) - 1;
    const end = count < 0 || first + Number(count) > size ? size : first + Number(count);
    return sliceCharacters(text, 0, first) + replacement + sliceCharacters(text, end, size);
  },
);

function padded(text: string, length: Integer, fill: string, left: boolean, context: EvalContext): string | null {
  const size = characters(text);
  if (length < 0) return null;
  if (size >= length) return sliceCharacters(text, 0, Number(length));
  if (fill === '') return '';
  if (length > TEXT_RESULT_LIMIT) return bytesLimit(context, left ? 'lpad' : 'rpad');
  const missing = Number(length) - size;
  const filler = sliceCharacters(fill.repeat(Math.ceil(missing / characters(fill))), 0, missing);
  return left ? filler + text : text + filler;
}
scalar('pad_start(text, int64, text) text', (text: string, length: Integer, fill: string, context: EvalContext) =>
  padded(text, length, fill, true, context),
);
scalar('pad_end(text, int64, text) text', (text: string, length: Integer, fill: string, context: EvalContext) =>
  padded(text, length, fill, false, context),
);
scalar('repeated(text, int64) text', (text: string, count: Integer, context: EvalContext) => {
  if (count <= 0) return '';
  return text.length * Number(count) > TEXT_RESULT_LIMIT ? bytesLimit(context, 'repeat') : text.repeat(Number(count));
});
scalar('blanks(int64) text', (count: Integer, context: EvalContext) => {
  if (count <= 0) return '';
  return count > TEXT_RESULT_LIMIT ? bytesLimit(context, 'space') : ' '.repeat(Number(count));
});

/** Whole copies of a text taken off the ends. */
function trimmed(text: string, remove: string, start: boolean, end: boolean): string {
  if (remove === '') return text;
  let from = 0;
  let to = text.length;
  if (start) while (text.startsWith(remove, from) && from + remove.length <= to) from += remove.length;
  if (end) while (to - remove.length >= from && text.startsWith(remove, to - remove.length)) to -= remove.length;
  return text.slice(from, to);
}
for (const [name, start, end] of [
  ['trim_start', true, false],
  ['trim_end', false, true],
  ['trim_both', true, true],
] as const) {
  scalar(`${name}(text) text`, (text: string) => trimmed(text, ' ', start, end));
  scalar(`${name}(text, text) text`, (text: string, remove: string) => trimmed(text, remove, start, end));
}

// ---- joining and choosing

scalar(
  'joined_with(text, ...text) text',
  (values: readonly (string | null)[]) => {
    const [separator, ...parts] = values;
    return separator === null || separator === undefined ? null : parts.filter((text) => text !== null).join(separator);
  },
  NOT_STRICT,
);
scalar(
  'nth_text(int64, ...text) text',
  (values: readonly SqlValue[]) => {
    const [index] = values;
    return index === null ? null : (values[Number(index)] ?? null);
  },
  NOT_STRICT,
);
/** Texts of the bits that are set, joined by commas. */
scalar(
  'texts_of_bits(int64, ...text) text',
  (values: readonly SqlValue[]) => {
    const [bits, ...texts] = values;
    if (bits === null || bits === undefined) return null;
    const mask = BigInt.asUintN(64, BigInt(bits as Integer));
    return texts.filter((text, i) => text !== null && ((mask >> BigInt(i)) & 1n) === 1n).join(',');
  },
  NOT_STRICT,
);
/** A text for every bit, set or not. */
scalar('bits_as_texts(int64, ...text) text', (values: readonly SqlValue[]) => {
  const [bits, on, off, separator = ',', count = '64'] = values as readonly [Integer, string, string, string?, string?];
  const wanted = Number(count);
  const mask = BigInt.asUintN(64, BigInt(bits));
  const used = wanted < 0 || wanted > 64 || Number.isNaN(wanted) ? 64 : wanted;
  return Array.from({ length: used }, (_, i) => (((mask >> BigInt(i)) & 1n) === 1n ? on : off)).join(separator);
});

// ---- characters and codes

function bytesOfCode(code: number): number[] {
  const bytes: number[] = [];
  for (let rest = code >>> 0; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return bytes.length === 0 ? [0] : bytes;
}
scalar(
  'bytes_of_codes(...int64) bytes',
  (codes: readonly (Integer | null)[]) =>
    Uint8Array.from(
      codes.flatMap((code) => (code === null ? [] : bytesOfCode(Number(BigInt.asUintN(32, BigInt(code)))))),
    ),
  NOT_STRICT,
);
scalar('first_byte(text) int32', (text: string) => (text === '' ? 0 : (Buffer.from(text.slice(0, 2))[0] as number)));
/** The bytes of the first character as one number. */
scalar('first_character_code(text) int64', (text: string) => {
  const [first] = text;
  return first === undefined ? 0 : Buffer.from(first).reduce((sum, byte) => sum * 256 + byte, 0);
});
scalar(
  'quoted_text(text) text',
  (text: string | null) =>
    text === null
      ? 'NULL'
      : `'${text.replace(/[\\'\0\x1a]/g, (char) => (char === '\0' ? '\\0' : char === '\x1a' ? '\\Z' : `\\${char}`))}'`,
  NOT_STRICT,
);

const SOUNDS = '01230120022455012623010202';
/** The sound of English words: a letter and digits, at least three; any number of them. */
scalar('sound_of(text) text', (text: string) => {
  const letters = text.toUpperCase().replace(/[^A-Z]/g, '');
  if (letters === '') return '';
  const code = (letter: string): string => SOUNDS.charAt(letter.charCodeAt(0) - 65);
  let out = letters.charAt(0);
  let last = code(out);
  for (const letter of letters.slice(1)) {
    // Vowels stand between equal sounds without parting them.
    const digit = code(letter);
    if (digit === '0' || digit === last) continue;
    out += digit;
    last = digit;
  }
  return out.padEnd(4, '0');
});
