/** String functions and operators. Positions and lengths count characters (code points). */
import { createHash } from 'node:crypto';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { padText, type TextFormatter, textFormatter } from '../../sblr/contract/text/text-io.ts';
import { parseHex, toHex } from '../../sblr/contract/text/strings.ts';
import type { TextSettings } from '../../sblr/contract/text/settings.ts';
import type { SqlType } from '../../sblr/contract/types.ts';
import { Bits, type SqlArray, SqlArray as SqlArrayValue, type SqlValue } from '../../sblr/contract/values.ts';
import { characterOffset } from '../types/casts.ts';
import type { EvalContext } from './function.ts';
import { NOT_STRICT, operator, operatorFor, scalar, scalarFor, STABLE, VOLATILE } from './table.ts';

/** Longest string a function may build. */
export const MAX_TEXT_LENGTH = 268_435_456;

function tooLarge(): SqlError {
  return new SqlError('program_limit_exceeded', 'requested length too large');
}

const HAS_PAIRS = /[\ud800-\udbff]/;

/** Number of characters. */
export function characters(text: string): number {
  if (!HAS_PAIRS.test(text)) return text.length;
  let count = text.length;
  for (let i = 0; i < text.length; i++) if ((text.charCodeAt(i) & 0xfc00) === 0xd800) count--;
  return count;
}

/** Characters start..end (from 0, end excluded). */
export function sliceCharacters(text: string, start: number, end: number): string {
  if (!HAS_PAIRS.test(text)) return text.slice(start, end);
  const from = characterOffset(text, start);
  return text.slice(from, from + characterOffset(text.slice(from), end - start));
}

/** A formatter of values of a type, resolved per settings object; booleans as 't' / 'f'. */
export function formatterFor(type: SqlType): (value: SqlValue, context: EvalContext) => string {
  let format: TextFormatter | undefined;
  let settings: TextSettings | undefined;
  return (value, context) => {
    if (format === undefined || settings !== context.text) {
      settings = context.text;
      format = textFormatter(type, settings);
    }
    return format(value);
  };
}

for (const name of ['length', 'char_length', 'character_length']) scalar(`${name}(text) int32`, characters);
scalar('length(bytes) int32', (a: Uint8Array) => a.length);
scalar('length(bits) int32', (a: Bits) => a.text.length);
scalar('length(bytes, name) int32', (a: Uint8Array, encoding: string) => characters(decodeBytes(a, encoding)));
scalar('octet_length(text) int32', (a: string) => Buffer.byteLength(a));
scalarFor(
  'octet_length(fixed_text) int32',
  ([type]) =>
    (a: string) =>
      Buffer.byteLength(padText(a, type?.length ?? 0)),
);
scalar('octet_length(bytes) int32', (a: Uint8Array) => a.length);
scalar('octet_length(bits) int32', (a: Bits) => Math.ceil(a.text.length / 8));
scalar('bit_length(text) int32', (a: string) => Buffer.byteLength(a) * 8);
scalar('bit_length(bytes) int32', (a: Uint8Array) => a.length * 8);
scalar('bit_length(bits) int32', (a: Bits) => a.text.length);
scalar('lower(text) text', (a: string) => a.toLowerCase());
scalar('upper(text) text', (a: string) => upper(a));
function upper(text: string): string {
  const made = text.toUpperCase();
  // One character stays one character, as with C's towupper.
  return made.length === text.length
    ? made
    : [...text].map((char) => (char.toUpperCase().length === char.length ? char.toUpperCase() : char)).join('');
}
scalar('initcap(text) text', (a: string) =>
  a.toLowerCase().replace(/[\p{L}\p{N}]+/gu, (word) => upper(word.charAt(0)) + word.slice(1)),
);
scalar('ascii(text) int32', (a: string) => a.codePointAt(0) ?? 0);
scalar('chr(int32) text', (code: number) => {
  if (code === 0) throw new SqlError('program_limit_exceeded', 'null character not permitted');
  if (code < 0) throw new SqlError('program_limit_exceeded', 'character number must be positive');
  if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
    throw new SqlError(
      'program_limit_exceeded',
      `requested character ${code > 0x10ffff ? 'too large' : 'not valid'} for encoding: ${code}`,
    );
  return String.fromCodePoint(code);
});
scalar('reverse(text) text', (a: string) =>
  HAS_PAIRS.test(a) ? [...a].reverse().join('') : a.split('').reverse().join(''),
);
scalar('repeat(text, int32) text', (a: string, count: number) => {
  if (count <= 0) return '';
  if (a.length * count > MAX_TEXT_LENGTH) throw tooLarge();
  return a.repeat(count);
});
scalar('replace(text, text, text) text', (a: string, from: string, to: string) =>
  from === '' ? a : a.replaceAll(from, () => to),
);
scalar('translate(text, text, text) text', (a: string, from: string, to: string) => {
  const targets = [...to];
  const map = new Map<string, string>();
  [...from].forEach((char, index) => {
    if (!map.has(char)) map.set(char, targets[index] ?? '');
  });
  let out = '';
  for (const char of a) out += map.get(char) ?? char;
  return out;
});
scalar('left(text, int32) text', (a: string, count: number) =>
  sliceCharacters(a, 0, Math.max(0, count >= 0 ? count : characters(a) + count)),
);
scalar('right(text, int32) text', (a: string, count: number) => {
  const total = characters(a);
  return sliceCharacters(a, count >= 0 ? Math.max(0, total - count) : Math.min(total, -count), total);
});
function pad(a: string, length: number, fill: string, left: boolean): string {
  const wanted = Math.max(0, length);
  if (wanted > MAX_TEXT_LENGTH) throw tooLarge();
  const missing = wanted - characters(a);
  if (missing <= 0) return sliceCharacters(a, 0, wanted);
  if (fill === '') return a;
  const unit = characters(fill);
  const filler = fill.repeat(Math.floor(missing / unit)) + sliceCharacters(fill, 0, missing % unit);
  return left ? filler + a : a + filler;
}
scalar('lpad(text, int32, text) text', (a: string, n: number, fill: string) => pad(a, n, fill, true));
scalar('lpad(text, int32) text', (a: string, n: number) => pad(a, n, ' ', true));
scalar('rpad(text, int32, text) text', (a: string, n: number, fill: string) => pad(a, n, fill, false));
scalar('rpad(text, int32) text', (a: string, n: number) => pad(a, n, ' ', false));

function trim(text: string, set: string, left: boolean, right: boolean): string {
  const chars = new Set(set);
  const points = HAS_PAIRS.test(text) ? [...text] : text;
  let start = 0;
  let end = points.length;
  if (left) while (start < end && chars.has(points[start] as string)) start++;
  if (right) while (end > start && chars.has(points[end - 1] as string)) end--;
  return typeof points === 'string' ? points.slice(start, end) : points.slice(start, end).join('');
}
for (const [name, left, right] of [
  ['btrim', true, true],
  ['trim', true, true],
  ['ltrim', true, false],
  ['rtrim', false, true],
] as const) {
  scalar(`${name}(text) text`, (a: string) => trim(a, ' ', left, right));
  scalar(`${name}(text, text) text`, (a: string, set: string) => trim(a, set, left, right));
  scalar(`${name}(bytes, bytes) bytes`, (a: Uint8Array, set: Uint8Array) => {
    let start = 0;
    let end = a.length;
    if (left) while (start < end && set.includes(a[start] as number)) start++;
    if (right) while (end > start && set.includes(a[end - 1] as number)) end--;
    return a.slice(start, end);
  });
}

function substringBounds(start: number, length: number): [number, number] {
  if (length < 0) throw new SqlError('substring_error', { message: 'negative substring length not allowed', args: {} });
  return [Math.max(1, start) - 1, Math.max(1, start + length) - 1];
}
for (const name of ['substring', 'substr']) {
  scalar(`${name}(text, int32) text`, (a: string, start: number) =>
    sliceCharacters(a, Math.max(0, start - 1), a.length),
  );
  scalar(`${name}(text, int32, int32) text`, (a: string, start: number, length: number) => {
    const [from, to] = substringBounds(start, length);
    return sliceCharacters(a, from, to);
  });
  scalar(`${name}(bytes, int32) bytes`, (a: Uint8Array, start: number) => a.slice(Math.max(0, start - 1)));
  scalar(`${name}(bytes, int32, int32) bytes`, (a: Uint8Array, start: number, length: number) => {
    const [from, to] = substringBounds(start, length);
    return a.slice(from, to);
  });
}
scalar('substring(bits, int32) bits', (a: Bits, start: number) => new Bits(a.text.slice(Math.max(0, start - 1))));
scalar(
  'substring(bits, int32, int32) bits',
  ({ text }: Bits, start: number, length: number) => new Bits(text.slice(...substringBounds(start, length))),
);

function overlay(a: string, b: string, start: number, length: number): string {
  if (start <= 0) throw new SqlError('substring_error', 'negative substring length not allowed');
  return sliceCharacters(a, 0, start - 1) + b + sliceCharacters(a, Math.max(0, start - 1 + length), a.length);
}
scalar('overlay(text, text, int32) text', (a: string, b: string, start: number) => overlay(a, b, start, characters(b)));
scalar('overlay(text, text, int32, int32) text', overlay);
scalar('overlay(bytes, bytes, int32) bytes', (a: Uint8Array, b: Uint8Array, start: number) =>
  overlayBytes(a, b, start, b.length),
);
scalar('overlay(bytes, bytes, int32, int32) bytes', overlayBytes);
function overlayBytes(a: Uint8Array, b: Uint8Array, start: number, length: number): Uint8Array {
  return Uint8Array.from(Buffer.concat([a.subarray(0, start - 1), b, a.subarray(start - 1 + length)]));
}

function place(part: string, text: string): number {
  const at = text.indexOf(part);
  return at < 0 ? 0 : characters(text.slice(0, at)) + 1;
}
scalar('position(text, text) int32', place);
scalar('strpos(text, text) int32', (text: string, part: string) => place(part, text));
scalar('position(bytes, bytes) int32', (part: Uint8Array, bytes: Uint8Array) => Buffer.from(bytes).indexOf(part) + 1);
scalar('position(bits, bits) int32', (a: Bits, b: Bits) => Math.min(b.text.length, b.text.indexOf(a.text) + 1));
scalar('starts_with(text, text) bool', (a: string, b: string) => a.startsWith(b));
operator('starts_with(text, text) bool', (a: string, b: string) => a.startsWith(b));

scalar('split_part(text, text, int32) text', (text: string, separator: string, index: number) => {
  if (index === 0) throw new SqlError('invalid_parameter_value', 'field position must not be zero');
  if (text === '') return '';
  if (separator === '') return index === 1 || index === -1 ? text : '';
  const parts = text.split(separator);
  return parts[index > 0 ? index - 1 : parts.length + index] ?? '';
});

// ---- concatenation: the operator yields NULL for one NULL, the functions pass over them
operator('concat(text, text) text', (a: string, b: string) => a + b);
operatorFor(
  'concat(any_non_array, text) text',
  ([type]) => {
    const format = textOf(type as SqlType);
    return (a: SqlValue, b: string, context: EvalContext) => format(a, context) + b;
  },
  STABLE,
);
operatorFor(
  'concat(text, any_non_array) text',
  ([, type]) => {
    const format = textOf(type as SqlType);
    return (a: string, b: SqlValue, context: EvalContext) => a + format(b, context);
  },
  STABLE,
);
operator('concat(bytes, bytes) bytes', (a: Uint8Array, b: Uint8Array) => Uint8Array.from(Buffer.concat([a, b])));

/** The text a cast gives: booleans as true and false. */
export function textOf(type: SqlType): (value: SqlValue, context: EvalContext) => string {
  return type.kind === 'bool' ? (value) => (value === true ? 'true' : 'false') : formatterFor(type);
}

scalarFor(
  'concat_present(...any) text',
  (types) => {
    const formats = types.map(formatterFor);
    return (values: readonly SqlValue[], context: EvalContext) => {
      let out = '';
      for (let i = 0; i < values.length; i++)
        if (values[i] !== null)
          out += (formats[i] as (v: SqlValue, c: EvalContext) => string)(values[i] as SqlValue, context);
      return out;
    };
  },
  { strict: false, volatility: 'stable' },
);
scalarFor(
  'concat_ws(text, ...any) text',
  (types) => {
    const formats = types.map(formatterFor);
    return (values: readonly SqlValue[], context: EvalContext) => {
      const separator = values[0] as string | null;
      if (separator === null) return null;
      const parts: string[] = [];
      for (let i = 1; i < values.length; i++)
        if (values[i] !== null)
          parts.push((formats[i] as (v: SqlValue, c: EvalContext) => string)(values[i] as SqlValue, context));
      return parts.join(separator);
    };
  },
  { strict: false, volatility: 'stable' },
);

// ---- quoting
const KEYWORDS = new Set(
  'all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean both case cast char character check coalesce collate collation column concurrently constraint create cross current_catalog current_date current_role current_schema current_time current_timestamp current_user dec decimal default deferrable desc distinct do else end except exists extract false fetch float for foreign freeze from full grant greatest group grouping having ilike in initially inner inout int integer intersect interval into is isnull join lateral leading least left like limit localtime localtimestamp national natural nchar none normalize not notnull null nullif numeric offset on only or order out outer overlaps overlay placing position precision primary real references returning right row select session_user setof similar smallint some substring symmetric table tablesample then time timestamp to trailing treat trim true union unique user using values varchar variadic verbose when where window with xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable'.split(
    ' ',
  ),
);
export function quoteIdentifier(text: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(text) && !KEYWORDS.has(text) ? text : `"${text.replaceAll('"', '""')}"`;
}
export function quoteLiteral(text: string): string {
  const quoted = `'${text.replaceAll("'", "''").replaceAll('\\', '\\\\')}'`;
  return text.includes('\\') ? `E${quoted}` : quoted;
}
scalar('quote_ident(text) text', quoteIdentifier);
scalar('quote_literal(text) text', quoteLiteral);
scalarFor(
  'quote_literal(any_element) text',
  ([type]) => {
    const format = textOf(type as SqlType);
    return (value: SqlValue, context: EvalContext) => quoteLiteral(format(value, context));
  },
  STABLE,
);
scalar('quote_nullable(text) text', (text: string | null) => (text === null ? 'NULL' : quoteLiteral(text)), NOT_STRICT);
scalarFor(
  'quote_nullable(any_element) text',
  ([type]) => {
    const format = textOf(type as SqlType);
    return (value: SqlValue, context: EvalContext) => (value === null ? 'NULL' : quoteLiteral(format(value, context)));
  },
  { strict: false, volatility: 'stable' },
);

scalarFor(
  'format(text, ...any) text',
  (types) => {
    const formats = types.map(formatterFor);
    return (values: readonly SqlValue[], context: EvalContext) => {
      const pattern = values[0] as string | null;
      if (pattern === null) return null;
      const text = (index: number): string | null => {
        const value = values[index] as SqlValue;
        return value === null ? null : (formats[index] as (v: SqlValue, c: EvalContext) => string)(value, context);
      };
      return formatText(pattern, values.length - 1, text, (index) => values[index] as SqlValue);
    };
  },
  { strict: false, volatility: 'stable' },
);

/** %[position$][-][width]type with types s, I, L. */
function formatText(
  pattern: string,
  count: number,
  text: (index: number) => string | null,
  raw: (index: number) => SqlValue,
): string {
  let out = '';
  let next = 1;
  const take = (index: number): number => {
    if (index > count) throw new SqlError('invalid_parameter_value', 'too few arguments for format()');
    return index;
  };
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern[i] as string;
    if (char !== '%') {
      out += char;
      continue;
    }
    if (pattern[i + 1] === '%') {
      out += '%';
      i++;
      continue;
    }
    const match = /^%(?:(\d+)\$)?(-)?(?:(\d+)|\*(?:(\d+)\$)?)?(.?)/su.exec(pattern.slice(i)) as RegExpExecArray;
    const [whole, position, minus, width, widthPosition, kind = ''] = match;
    if (kind === '')
      throw new SqlError('invalid_parameter_value', {
        message: 'unterminated format() type specifier',
        hint: 'For a single "%" use "%%".',
      });
    if (position === '0' || widthPosition === '0')
      throw new SqlError('invalid_parameter_value', 'format specifies argument 0, but arguments are numbered from 1');
    let size = width === undefined ? 0 : Number(width);
    let left = minus !== undefined;
    if (whole.includes('*')) {
      const from = take(widthPosition === undefined ? next : Number(widthPosition));
      next = from + 1;
      size = Number(raw(from) ?? 0);
      left ||= size < 0;
      size = Math.abs(size);
    }
    if (!/[sIL]/.test(kind))
      throw new SqlError('invalid_parameter_value', {
        message: `unrecognized format() type specifier "${kind}"`,
        hint: 'For a single "%" use "%%".',
      });
    const index = take(position === undefined ? next : Number(position));
    next = index + 1;
    const value = text(index);
    let shown: string;
    if (kind === 's') shown = value ?? '';
    else if (kind === 'L') shown = value === null ? 'NULL' : quoteLiteral(value);
    else {
      if (value === null)
        throw new SqlError('null_value_not_allowed', 'null values cannot be formatted as an SQL identifier');
      shown = quoteIdentifier(value);
    }
    if (size > MAX_TEXT_LENGTH) throw tooLarge();
    const missing = size - characters(shown);
    out += missing > 0 ? (left ? shown + ' '.repeat(missing) : ' '.repeat(missing) + shown) : shown;
    i += whole.length - 1;
  }
  return out;
}

// ---- encodings and digests
export function decodeBytes(bytes: Uint8Array, encoding: string): string {
  const name = encodingKey(encoding);
  if (name === 'utf8' || name === 'unicode') {
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      throw new SqlError('character_not_in_repertoire', 'invalid byte sequence for encoding "UTF8"');
    }
  }
  const label = ENCODINGS[name];
  if (label === undefined) throw new SqlError('invalid_parameter_value', `invalid source encoding name "${encoding}"`);
  return label === 'latin1'
    ? Buffer.from(bytes).toString('latin1')
    : new TextDecoder(label, { fatal: true }).decode(bytes);
}
export function encodeText(text: string, encoding: string): Uint8Array {
  const name = encodingKey(encoding);
  if (name === 'utf8' || name === 'unicode') return Uint8Array.from(Buffer.from(text, 'utf8'));
  const label = ENCODINGS[name];
  if (label === undefined)
    throw new SqlError('invalid_parameter_value', `invalid destination encoding name "${encoding}"`);
  if (label !== 'latin1')
    throw new SqlError('feature_not_supported', `conversion to encoding "${encoding}" is not supported`);
  const limit = name === 'sqlascii' ? 127 : 255;
  for (const char of text) {
    if ((char.codePointAt(0) as number) > limit) {
      const hex = [...Buffer.from(char)].map((byte) => `0x${byte.toString(16)}`).join(' ');
      throw new SqlError(
        'untranslatable_character',
        `character with byte sequence ${hex} in encoding "UTF8" has no equivalent in encoding "${encoding.toUpperCase()}"`,
      );
    }
  }
  return Uint8Array.from(Buffer.from(text, 'latin1'));
}
function encodingKey(encoding: string): string {
  return encoding.toLowerCase().replace(/[^a-z0-9]/g, '');
}
const ENCODINGS: Readonly<Record<string, string>> = {
  latin1: 'latin1',
  iso88591: 'latin1',
  sqlascii: 'latin1',
  latin2: 'iso-8859-2',
  latin9: 'iso-8859-15',
  win1252: 'windows-1252',
  win1251: 'windows-1251',
  win1250: 'windows-1250',
  koi8r: 'koi8-r',
  koi8: 'koi8-r',
  eucjp: 'euc-jp',
  euckr: 'euc-kr',
  sjis: 'shift_jis',
  gbk: 'gbk',
  gb18030: 'gb18030',
  big5: 'big5',
};
scalar('convert_from(bytes, name) text', decodeBytes);
scalar('convert_to(text, name) bytes', encodeText);
scalar('convert(bytes, name, name) bytes', (bytes: Uint8Array, from: string, to: string) =>
  encodeText(decodeBytes(bytes, from), to),
);
scalar('to_ascii(text) text', (text: string) =>
  text
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/[^\x00-\x7f]/g, ' '),
);

scalar('encode(bytes, text) text', (bytes: Uint8Array, format: string) => {
  switch (format.toLowerCase()) {
    case 'hex':
      return toHex(bytes);
    case 'base64':
      return Buffer.from(bytes)
        .toString('base64')
        .replace(/(.{76})(?=.)/g, '$1\n');
    case 'escape': {
      let out = '';
      for (const byte of bytes)
        out +=
          byte === 0 || byte > 127
            ? `\\${byte.toString(8).padStart(3, '0')}`
            : byte === 92
              ? '\\\\'
              : String.fromCharCode(byte);
      return out;
    }
    default:
      throw unknownEncoding(format);
  }
});
scalar('decode(text, text) bytes', (text: string, format: string) => {
  switch (format.toLowerCase()) {
    case 'hex':
      return parseHex(text);
    case 'base64': {
      const compact = text.replace(/[\s]/g, '');
      const bad = /[^A-Za-z0-9+/=]/u.exec(compact);
      if (bad !== null)
        throw new SqlError(
          'invalid_parameter_value',
          `invalid symbol "${bad[0]}" found while decoding base64 sequence`,
        );
      if (compact.length % 4 !== 0)
        throw new SqlError('invalid_parameter_value', {
          message: 'invalid base64 end sequence',
          hint: 'Input data is missing padding, is truncated, or is otherwise corrupted.',
        });
      return Uint8Array.from(Buffer.from(compact, 'base64'));
    }
    case 'escape': {
      const out: number[] = [];
      const source = Buffer.from(text);
      for (let i = 0; i < source.length; i++) {
        if (source[i] !== 92) out.push(source[i] as number);
        else if (source[i + 1] === 92) {
          out.push(92);
          i++;
        } else {
          const octal = /^[0-3][0-7]{2}/.exec(source.toString('latin1', i + 1, i + 4));
          if (octal === null) throw new SqlError('invalid_text_representation', 'invalid input syntax for type bytea');
          out.push(Number.parseInt(octal[0], 8));
          i += 3;
        }
      }
      return Uint8Array.from(out);
    }
    default:
      throw unknownEncoding(format);
  }
});
function unknownEncoding(format: string): SqlError {
  return new SqlError('invalid_parameter_value', `unrecognized encoding: "${format}"`);
}
const digest =
  (algorithm: string) =>
  (bytes: Uint8Array): Uint8Array =>
    Uint8Array.from(createHash(algorithm).update(bytes).digest());
scalar('md5(text) text', (text: string) => createHash('md5').update(text).digest('hex'));
scalar('md5(bytes) text', (bytes: Uint8Array) => createHash('md5').update(bytes).digest('hex'));
for (const size of ['224', '256', '384', '512']) scalar(`sha${size}(bytes) bytes`, digest(`sha${size}`));

const byteIndex = (index: number, length: number): void => {
  if (index < 0 || index >= length)
    throw new SqlError('array_subscript_error', `index ${index} out of valid range, 0..${length - 1}`);
};
scalar('get_byte(bytes, int32) int32', (bytes: Uint8Array, index: number) => {
  byteIndex(index, bytes.length);
  return bytes[index] as number;
});
scalar('set_byte(bytes, int32, int32) bytes', (bytes: Uint8Array, index: number, value: number) => {
  byteIndex(index, bytes.length);
  const copy = bytes.slice();
  copy[index] = value & 255;
  return copy;
});
scalar('get_bit(bytes, int64) int32', (bytes: Uint8Array, index: number) => {
  byteIndex(index, bytes.length * 8);
  return ((bytes[index >> 3] as number) >> (index & 7)) & 1;
});
scalar('set_bit(bytes, int64, int32) bytes', (bytes: Uint8Array, index: number, value: number) => {
  byteIndex(index, bytes.length * 8);
  if (value !== 0 && value !== 1) throw new SqlError('invalid_parameter_value', 'new bit must be 0 or 1');
  const copy = bytes.slice();
  const at = index >> 3;
  copy[at] = value === 1 ? (copy[at] as number) | (1 << (index & 7)) : (copy[at] as number) & ~(1 << (index & 7));
  return copy;
});
scalar('get_bit(bits, int32) int32', (bits: Bits, index: number) => {
  bitIndex(index, bits.text.length);
  return bits.text[index] === '1' ? 1 : 0;
});
scalar('set_bit(bits, int32, int32) bits', (bits: Bits, index: number, value: number) => {
  bitIndex(index, bits.text.length);
  if (value !== 0 && value !== 1) throw new SqlError('invalid_parameter_value', 'new bit must be 0 or 1');
  return new Bits(`${bits.text.slice(0, index)}${value}${bits.text.slice(index + 1)}`);
});
function bitIndex(index: number, length: number): void {
  if (index < 0 || index >= length)
    throw new SqlError('array_subscript_error', `bit index ${index} out of valid range (0..${length - 1})`);
}

// ---- Unicode
function normalForm(form: string): 'NFC' | 'NFD' | 'NFKC' | 'NFKD' {
  const name = form.toUpperCase();
  if (name !== 'NFC' && name !== 'NFD' && name !== 'NFKC' && name !== 'NFKD')
    throw new SqlError('invalid_parameter_value', `invalid normalization form: ${form}`);
  return name;
}
scalar('normalize(text) text', (text: string) => text.normalize());
scalar('normalize(text, text) text', (text: string, form: string) => text.normalize(normalForm(form)));
scalar('is_normalized(text) bool', (text: string) => text.normalize() === text);
scalar('is_normalized(text, text) bool', (text: string, form: string) => text.normalize(normalForm(form)) === text);
scalar('unistr(text) text', (text: string) =>
  text.replace(
    /\\(?:([0-9a-fA-F]{4})|u([0-9a-fA-F]{4})|\+([0-9a-fA-F]{6})|U([0-9a-fA-F]{8})|(\\)|)/g,
    (whole, a, b, c, d, slash) => {
      if (slash !== undefined) return '\\';
      const hex: string | undefined = a ?? b ?? c ?? d;
      if (hex === undefined)
        throw new SqlError('syntax_error', {
          message: 'invalid Unicode escape',
          hint: 'Unicode escapes must be \\XXXX, \\+XXXXXX, \\uXXXX, or \\UXXXXXXXX.',
        });
      const code = Number.parseInt(hex, 16);
      if (code > 0x10ffff || code === 0) throw new SqlError('syntax_error', 'invalid Unicode code point');
      void whole;
      return code >= 0xd800 && code <= 0xdfff ? String.fromCharCode(code) : String.fromCodePoint(code);
    },
  ),
);

scalar('parse_ident(text) text[]', (text: string) => parseIdentifiers(text, true));
scalar('parse_ident(text, bool) text[]', parseIdentifiers);
function parseIdentifiers(text: string, strict: boolean): SqlArray {
  const parts: string[] = [];
  const pattern = /\s*(?:"((?:[^"]|"")+)"|([\p{L}_][\p{L}\p{N}_$]*))\s*/uy;
  let at = 0;
  for (;;) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match === null)
      throw new SqlError('invalid_parameter_value', { message: `string is not a valid identifier: "${text}"` });
    parts.push(match[1]?.replaceAll('""', '"') ?? (match[2] as string).toLowerCase());
    at = pattern.lastIndex;
    if (text[at] !== '.') break;
    at++;
  }
  if (strict && at < text.length)
    throw new SqlError('invalid_parameter_value', { message: `string is not a valid identifier: "${text}"` });
  return new SqlArrayValue(parts);
}

scalar('gen_random_uuid() uuid', () => globalThis.crypto.randomUUID(), VOLATILE);
scalar('uuid_generate_v4() uuid', () => globalThis.crypto.randomUUID(), VOLATILE);
