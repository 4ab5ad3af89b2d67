/** Arrays and rows as text: '{1,"a b",NULL}', '[0:1]={1,2}', '1 2' (plain lists), '(1,"a b",)'. */
import { SqlError } from '../sql-error.ts';
import type { SqlType } from '../types.ts';
import { SqlArray, SqlRecord, type SqlValue } from '../values.ts';

const NEEDS_QUOTES = /[\s"\\{},]|^$|^null$/i;
const MAX_DIMENSIONS = 6;
export const MAX_ARRAY_ITEMS = 134_217_727;

export function formatArray(value: SqlArray, item: (value: SqlValue) => string, delimiter = ','): string {
  const { items, dimensions, lowerBounds } = value;
  if (items.length === 0) return '{}';
  let prefix = '';
  if (lowerBounds.some((bound) => bound !== 1)) {
    prefix = `${dimensions.map((length, i) => `[${lowerBounds[i] as number}:${(lowerBounds[i] as number) + length - 1}]`).join('')}=`;
  }
  let at = 0;
  const level = (dimension: number): string => {
    const count = dimensions[dimension] as number;
    const parts: string[] = [];
    for (let i = 0; i < count; i++) {
      if (dimension < dimensions.length - 1) parts.push(level(dimension + 1));
      else {
        const element = items[at++] as SqlValue;
        parts.push(element === null ? 'NULL' : quoteElement(item(element)));
      }
    }
    return `{${parts.join(delimiter)}}`;
  };
  return prefix + level(0);
}

function quoteElement(text: string): string {
  return NEEDS_QUOTES.test(text) ? `"${text.replace(/["\\]/g, '\\$&')}"` : text;
}

/** Catalog columns hold short lists of numbers as arrays of a type of their own: blanks between, the first at 0. */
const PLAIN_LISTS: ReadonlySet<string | undefined> = new Set(['int2vector', 'oidvector']);

export function isPlainList(type: SqlType): boolean {
  return type.kind === 'array' && PLAIN_LISTS.has(type.declared);
}

export function formatPlainList(value: SqlArray, item: (value: SqlValue) => string): string {
  return value.items.map((one) => (one === null ? 'NULL' : item(one))).join(' ');
}

export function parsePlainList(text: string, item: (text: string) => SqlValue): SqlArray {
  const parts = text.split(/\s+/).filter((part) => part !== '');
  return SqlArray.fromZero(parts.map(item));
}

function malformed(text: string, detail: string): SqlError {
  return new SqlError('invalid_text_representation', {
    message: `malformed array literal: "${text}"`,
    variant: 'array_literal',
    args: { value: text },
    detail,
  });
}

export function parseArray(text: string, item: (text: string) => SqlValue): SqlArray {
  let at = 0;
  const blank = (): void => {
    while (/\s/.test(text[at] ?? '')) at++;
  };
  blank();
  const bounds: { lower: number; length: number }[] = [];
  while (text[at] === '[') {
    const match = /\[\s*([+-]?\d+)(?:\s*:\s*([+-]?\d+))?\s*\]\s*/y;
    match.lastIndex = at;
    const found = match.exec(text);
    if (found === null) throw malformed(text, '"[" must introduce explicitly-specified array dimensions.');
    const lower = found[2] === undefined ? 1 : Number(found[1]);
    const upper = Number(found[2] ?? found[1]);
    if (upper < lower)
      throw new SqlError('array_subscript_error', { message: 'upper bound cannot be less than lower bound' });
    bounds.push({ lower, length: upper - lower + 1 });
    at = match.lastIndex;
  }
  if (bounds.length > 0) {
    if (text[at] !== '=') throw malformed(text, 'Missing "=" after array dimensions.');
    at++;
    blank();
  }
  if (text[at] !== '{') {
    throw malformed(
      text,
      bounds.length > 0
        ? 'Array contents must start with "{".'
        : 'Array value must start with "{" or dimension information.',
    );
  }
  const items: SqlValue[] = [];
  const dimensions: number[] = [];
  let leafDepth = -1;
  const level = (depth: number): void => {
    if (depth >= MAX_DIMENSIONS) {
      throw new SqlError('program_limit_exceeded', {
        message: `number of array dimensions (${depth + 1}) exceeds the maximum allowed (${MAX_DIMENSIONS})`,
      });
    }
    at++;
    let count = 0;
    blank();
    if (text[at] === '}') {
      at++;
      if (depth > 0 || dimensions.length > 0) throw malformed(text, 'Unexpected "}" character.');
      return;
    }
    for (;;) {
      blank();
      if (text[at] === '{') {
        if (leafDepth >= 0 && depth >= leafDepth) throw malformed(text, 'Unexpected "{" character.');
        level(depth + 1);
      } else {
        if (leafDepth < 0) leafDepth = depth;
        else if (leafDepth !== depth)
          throw malformed(text, 'Multidimensional arrays must have sub-arrays with matching dimensions.');
        items.push(element());
      }
      count++;
      blank();
      const next = text[at];
      if (next === ',') at++;
      else if (next === '}') {
        at++;
        break;
      } else if (next === undefined) throw malformed(text, 'Unexpected end of input.');
      else
        throw malformed(
          text,
          next === '"' || next === '{' ? `Unexpected "${next}" character.` : 'Unexpected array element.',
        );
    }
    if (dimensions[depth] === undefined) dimensions[depth] = count;
    else if (dimensions[depth] !== count)
      throw malformed(text, 'Multidimensional arrays must have sub-arrays with matching dimensions.');
  };
  const element = (): SqlValue => {
    if (text[at] === '"') {
      let out = '';
      at++;
      for (;;) {
        const char = text[at++];
        if (char === undefined) throw malformed(text, 'Unexpected end of input.');
        if (char === '"') return item(out);
        out += char === '\\' ? (text[at++] ?? '') : char;
      }
    }
    let out = '';
    let kept = 0;
    let escaped = false;
    for (;;) {
      const char = text[at];
      if (char === undefined) throw malformed(text, 'Unexpected end of input.');
      if (char === ',' || char === '}') break;
      if (char === '{' || char === '"')
        throw malformed(text, char === '"' ? 'Unexpected array element.' : 'Unexpected "{" character.');
      at++;
      if (char === '\\') {
        out += text[at++] ?? '';
        kept = out.length;
        escaped = true;
      } else {
        out += char;
        if (!/\s/.test(char)) kept = out.length;
      }
    }
    out = out.slice(0, kept);
    if (out === '' && !escaped) throw malformed(text, `Unexpected "${text[at] as string}" character.`);
    return !escaped && out.toLowerCase() === 'null' ? null : item(out);
  };
  level(0);
  blank();
  if (at < text.length) throw malformed(text, 'Junk after closing right brace.');
  if (bounds.length > 0) {
    if (bounds.length !== dimensions.length || bounds.some((bound, i) => bound.length !== dimensions[i]))
      throw malformed(text, 'Specified array dimensions do not match array contents.');
    return new SqlArray(
      items,
      dimensions,
      bounds.map((bound) => bound.lower),
    );
  }
  return new SqlArray(items, dimensions.length === 0 ? [] : dimensions);
}

const RECORD_QUOTES = /[\s"\\(),]|^$/;

export function formatRecord(value: SqlRecord, field: (value: SqlValue, index: number) => string): string {
  const parts = value.values.map((item, index) => {
    if (item === null) return '';
    const text = field(item, index);
    return RECORD_QUOTES.test(text) ? `"${text.replace(/["\\]/g, '$&$&')}"` : text;
  });
  return `(${parts.join(',')})`;
}

export function parseRecord(text: string, fields: readonly ((text: string) => SqlValue)[]): SqlRecord {
  const fail = (detail: string): SqlError =>
    new SqlError('invalid_text_representation', {
      message: `malformed record literal: "${text}"`,
      variant: 'record_literal',
      args: { value: text },
      detail,
    });
  const body = text.trim();
  if (!body.startsWith('(')) throw fail('Missing left parenthesis.');
  const values: SqlValue[] = [];
  let at = 1;
  if (fields.length === 0 && body[at] === ')') at++;
  else {
    for (;;) {
      let out = '';
      let isNull = true;
      let quoted = false;
      for (;;) {
        const char = body[at];
        if (char === undefined) throw fail('Unexpected end of input.');
        if (!quoted && (char === ',' || char === ')')) break;
        at++;
        isNull = false;
        if (char === '\\') out += body[at++] ?? '';
        else if (char === '"') {
          if (quoted && body[at] === '"') {
            out += '"';
            at++;
          } else quoted = !quoted;
        } else out += char;
      }
      const parse = fields[values.length];
      if (parse === undefined) throw fail('Too many columns.');
      values.push(isNull ? null : parse(out));
      if (body[at++] === ')') break;
    }
  }
  if (values.length < fields.length) throw fail('Too few columns.');
  if (at < body.length) throw fail('Junk after right parenthesis.');
  return new SqlRecord(values);
}
