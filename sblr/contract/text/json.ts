/**
 * JSON documents: a strict parser that keeps source positions (so that `json` values can be cut out
 * exactly as written) and the writer of the normalised form (`jsonb`).
 */
import { SqlError } from '../sql-error.ts';
import { Jsonb } from '../values.ts';
import { parseDecimal } from './numbers.ts';

export type JsonKind = 'null' | 'true' | 'false' | 'number' | 'string' | 'array' | 'object';

/** One JSON value. Arrays use `items`; objects `keys` and `items` in step; strings and numbers `text`. */
export class JsonNode {
  readonly kind: JsonKind;
  readonly text: string;
  readonly items: readonly JsonNode[];
  readonly keys: readonly string[];
  /** Place in the source, [start, end); -1 when built. */
  readonly start: number;
  readonly end: number;

  constructor(
    kind: JsonKind,
    text: string,
    items: readonly JsonNode[],
    keys: readonly string[],
    start: number,
    end: number,
  ) {
    this.kind = kind;
    this.text = text;
    this.items = items;
    this.keys = keys;
    this.start = start;
    this.end = end;
  }
}

const EMPTY: readonly never[] = [];
export const JSON_NULL = new JsonNode('null', 'null', EMPTY, EMPTY, -1, -1);
export const JSON_TRUE = new JsonNode('true', 'true', EMPTY, EMPTY, -1, -1);
export const JSON_FALSE = new JsonNode('false', 'false', EMPTY, EMPTY, -1, -1);
export const jsonString = (text: string): JsonNode => new JsonNode('string', text, EMPTY, EMPTY, -1, -1);
export const jsonNumber = (text: string): JsonNode => new JsonNode('number', text, EMPTY, EMPTY, -1, -1);
export const jsonArray = (items: readonly JsonNode[]): JsonNode => new JsonNode('array', '', items, EMPTY, -1, -1);

/** A normalised object: keys sorted by byte length then bytes, the last of equal keys wins. */
export function jsonObject(keys: readonly string[], items: readonly JsonNode[]): JsonNode {
  const map = new Map<string, JsonNode>();
  for (let i = 0; i < keys.length; i++) map.set(keys[i] as string, items[i] as JsonNode);
  const sorted = [...map.keys()].sort(compareKeys);
  return new JsonNode(
    'object',
    '',
    sorted.map((key) => map.get(key) as JsonNode),
    sorted,
    -1,
    -1,
  );
}

/** Order of keys in a normalised object. */
export function compareKeys(a: string, b: string): number {
  const lengthA = Buffer.byteLength(a);
  const lengthB = Buffer.byteLength(b);
  if (lengthA !== lengthB) return lengthA - lengthB;
  return a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b));
}

export const MAX_JSON_DEPTH = 6000;
const MAX_TOKEN_SHOWN = 100;

class Parser {
  readonly #text: string;
  #at = 0;
  #depth = 0;
  readonly #normalise: boolean;

  constructor(text: string, normalise: boolean) {
    this.#text = text;
    this.#normalise = normalise;
  }

  document(): JsonNode {
    const node = this.#value('value');
    this.#blank();
    if (this.#at < this.#text.length) throw this.#unexpected('end of input');
    return node;
  }

  #blank(): void {
    const text = this.#text;
    for (;;) {
      const code = text.charCodeAt(this.#at);
      if (code === 32 || code === 10 || code === 13 || code === 9) this.#at++;
      else return;
    }
  }

  #value(expected: string): JsonNode {
    this.#blank();
    const start = this.#at;
    const code = this.#text.charCodeAt(start);
    if (code === 34) {
      const value = this.#string();
      return new JsonNode('string', value, EMPTY, EMPTY, start, this.#at);
    }
    if (code === 123) return this.#object(start);
    if (code === 91) return this.#array(start);
    if (code === 45 || (code >= 48 && code <= 57)) return this.#number(start);
    if (this.#word('null')) return new JsonNode('null', 'null', EMPTY, EMPTY, start, this.#at);
    if (this.#word('true')) return new JsonNode('true', 'true', EMPTY, EMPTY, start, this.#at);
    if (this.#word('false')) return new JsonNode('false', 'false', EMPTY, EMPTY, start, this.#at);
    throw this.#unexpected(expected);
  }

  #word(word: string): boolean {
    if (!this.#text.startsWith(word, this.#at)) return false;
    const next = this.#text.charCodeAt(this.#at + word.length);
    if (isWordCode(next)) return false;
    this.#at += word.length;
    return true;
  }

  #number(start: number): JsonNode {
    const pattern = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
    pattern.lastIndex = start;
    const match = pattern.exec(this.#text);
    const end = start + (match?.[0].length ?? 0);
    if (match === null || isWordCode(this.#text.charCodeAt(end)) || this.#text[end] === '.') throw this.#invalidToken();
    this.#at = end;
    return new JsonNode(
      'number',
      this.#normalise ? parseDecimal(match[0]).toString() : match[0],
      EMPTY,
      EMPTY,
      start,
      end,
    );
  }

  #array(start: number): JsonNode {
    this.#enter();
    this.#at++;
    this.#blank();
    const items: JsonNode[] = [];
    if (this.#text[this.#at] === ']') this.#at++;
    else {
      for (;;) {
        items.push(this.#value(items.length === 0 ? 'array element or "]"' : 'value'));
        this.#blank();
        const next = this.#text[this.#at];
        if (next === ',') this.#at++;
        else if (next === ']') {
          this.#at++;
          break;
        } else throw this.#unexpected('"," or "]"');
      }
    }
    this.#depth--;
    return new JsonNode('array', '', items, EMPTY, start, this.#at);
  }

  #object(start: number): JsonNode {
    this.#enter();
    this.#at++;
    this.#blank();
    const keys: string[] = [];
    const items: JsonNode[] = [];
    if (this.#text[this.#at] === '}') this.#at++;
    else {
      for (;;) {
        this.#blank();
        if (this.#text[this.#at] !== '"') throw this.#unexpected(keys.length === 0 ? 'string or "}"' : 'string');
        keys.push(this.#string());
        this.#blank();
        if (this.#text[this.#at] !== ':') throw this.#unexpected('":"');
        this.#at++;
        items.push(this.#value('value'));
        this.#blank();
        const next = this.#text[this.#at];
        if (next === ',') this.#at++;
        else if (next === '}') {
          this.#at++;
          break;
        } else throw this.#unexpected('"," or "}"');
      }
    }
    this.#depth--;
    if (this.#normalise) return jsonObject(keys, items);
    return new JsonNode('object', '', items, keys, start, this.#at);
  }

  #enter(): void {
    if (++this.#depth > MAX_JSON_DEPTH)
      throw new SqlError('statement_too_complex', { message: 'stack depth limit exceeded' });
  }

  #string(): string {
    const text = this.#text;
    const start = this.#at + 1;
    let at = start;
    for (;;) {
      const code = text.charCodeAt(at);
      if (code === 34) {
        this.#at = at + 1;
        return text.slice(start, at);
      }
      if (code === 92) break;
      if (code < 32)
        throw this.#error(`Character with value 0x${code.toString(16).padStart(2, '0')} must be escaped.`, at);
      if (Number.isNaN(code)) throw this.#error(`Token "${text.slice(start - 1)}" is invalid.`, at);
      at++;
    }
    return this.#escapedString(start, at);
  }

  #escapedString(start: number, first: number): string {
    const text = this.#text;
    let out = text.slice(start, first);
    let at = first;
    for (;;) {
      const code = text.charCodeAt(at);
      if (code === 34) {
        this.#at = at + 1;
        return out;
      }
      if (Number.isNaN(code)) throw this.#error(`Token "${text.slice(start - 1)}" is invalid.`, at);
      if (code < 32)
        throw this.#error(`Character with value 0x${code.toString(16).padStart(2, '0')} must be escaped.`, at);
      if (code !== 92) {
        out += text[at++] as string;
        continue;
      }
      const escape = text[at + 1];
      at += 2;
      const simple = escape === undefined ? undefined : SIMPLE_ESCAPES[escape];
      if (simple !== undefined) out += simple;
      else if (escape === 'u') {
        const hex = text.slice(at, at + 4);
        if (!/^[0-9a-fA-F]{4}$/.test(hex)) throw this.#error('"\\u" must be followed by four hexadecimal digits.', at);
        at += 4;
        const unit = Number.parseInt(hex, 16);
        if (unit === 0 && this.#normalise) {
          throw new SqlError('untranslatable_character', {
            message: 'unsupported Unicode escape sequence',
            detail: '\\u0000 cannot be converted to text.',
          });
        }
        if (unit >= 0xdc00 && unit <= 0xdfff && !/[\ud800-\udbff]$/.test(out))
          throw this.#error('Unicode low surrogate must follow a high surrogate.', at);
        if (unit >= 0xd800 && unit <= 0xdbff && !/^\\u[dD][c-fC-F][0-9a-fA-F]{2}/.test(text.slice(at, at + 6)))
          throw this.#error('Unicode low surrogate must follow a high surrogate.', at);
        out += String.fromCharCode(unit);
      } else if (escape === undefined) throw this.#error(`Token "${text.slice(start - 1)}" is invalid.`, at);
      else throw this.#error(`Escape sequence "\\${escape}" is invalid.`, at);
    }
  }

  #invalidToken(): SqlError {
    let end = this.#at;
    while (
      isWordCode(this.#text.charCodeAt(end)) ||
      this.#text[end] === '.' ||
      this.#text[end] === '+' ||
      this.#text[end] === '-'
    )
      end++;
    if (end === this.#at) end++;
    return this.#error(
      `Token "${this.#text.slice(this.#at, Math.min(end, this.#at + MAX_TOKEN_SHOWN))}" is invalid.`,
      end,
    );
  }

  #unexpected(expected: string): SqlError {
    const text = this.#text;
    if (this.#at >= text.length) return this.#error('The input string ended unexpectedly.', text.length);
    let end = this.#at;
    const rest = text.slice(this.#at, this.#at + MAX_TOKEN_SHOWN);
    const word =
      /^(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])|(?:null|true|false)(?!\w)|"(?:[^"\\]|\\.)*"|[{}[\]:,])/.exec(
        rest,
      );
    if (word === null) return this.#invalidToken();
    const token = word[0];
    end += token.length;
    const wanted = expected === 'value' ? 'JSON value' : expected;
    return this.#error(`Expected ${wanted}, but found "${token}".`, end);
  }

  #error(detail: string, end: number): SqlError {
    const upTo = this.#text.slice(0, end);
    const line = upTo.split('\n').length;
    const lineStart = upTo.lastIndexOf('\n') + 1;
    let shown = upTo.slice(lineStart);
    if (shown.length > 50) shown = `...${shown.slice(-50)}`;
    const lineEnd = this.#text.indexOf('\n', end);
    if (end < (lineEnd < 0 ? this.#text.length : lineEnd)) shown += '...';
    return new SqlError('invalid_text_representation', {
      message: 'invalid input syntax for type json',
      variant: 'json',
      detail,
      context: `JSON data, line ${line}: ${shown}`,
    });
  }
}

const SIMPLE_ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

function isWordCode(code: number): boolean {
  return (
    (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122) || code === 95 || code > 127
  );
}

/** Parses keeping source positions, duplicate keys and number spellings. */
export function parseJson(text: string): JsonNode {
  return new Parser(text, false).document();
}

const parsed = new WeakMap<Jsonb, JsonNode>();

/** The tree of a normalised document, parsed once per value. */
export function jsonbNode(value: Jsonb): JsonNode {
  let node = parsed.get(value);
  if (node === undefined) {
    node = new Parser(value.text, true).document();
    parsed.set(value, node);
  }
  return node;
}

/** A normalised document from a tree in normal form. */
export function jsonbFromNode(node: JsonNode): Jsonb {
  const value = new Jsonb(writeJsonb(node));
  parsed.set(value, node);
  return value;
}

/** Reads a document and normalises it. */
export function parseJsonb(text: string): Jsonb {
  return jsonbFromNode(new Parser(text, true).document());
}

/** Puts a tree that keeps source form into normal form. */
export function normaliseNode(node: JsonNode): JsonNode {
  switch (node.kind) {
    case 'array':
      return jsonArray(node.items.map(normaliseNode));
    case 'object':
      return jsonObject(node.keys, node.items.map(normaliseNode));
    case 'number':
      return jsonNumber(parseDecimal(node.text).toString());
    default:
      return node;
  }
}

const NEEDS_ESCAPE = /["\\\u0000-\u001f]/;
const ESCAPES = /["\\\u0000-\u001f]/g;
const ESCAPED: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

export function quoteJson(text: string): string {
  if (!NEEDS_ESCAPE.test(text)) return `"${text}"`;
  return `"${text.replace(ESCAPES, (char) => ESCAPED[char] ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)}"`;
}

/** The canonical text: one blank after ':' and ','. */
export function writeJsonb(node: JsonNode): string {
  switch (node.kind) {
    case 'string':
      return quoteJson(node.text);
    case 'array':
      return `[${node.items.map(writeJsonb).join(', ')}]`;
    case 'object':
      return `{${node.keys.map((key, i) => `${quoteJson(key)}: ${writeJsonb(node.items[i] as JsonNode)}`).join(', ')}}`;
    default:
      return node.text;
  }
}

/** Indented by four blanks per level. */
export function prettyJsonb(node: JsonNode, indent = ''): string {
  const deeper = `${indent}    `;
  if (node.kind === 'array') {
    if (node.items.length === 0) return `[\n${indent}]`;
    return `[\n${node.items.map((item) => deeper + prettyJsonb(item, deeper)).join(',\n')}\n${indent}]`;
  }
  if (node.kind === 'object') {
    if (node.keys.length === 0) return `{\n${indent}}`;
    return `{\n${node.keys.map((key, i) => `${deeper}${quoteJson(key)}: ${prettyJsonb(node.items[i] as JsonNode, deeper)}`).join(',\n')}\n${indent}}`;
  }
  return writeJsonb(node);
}

export function jsonMember(node: JsonNode, key: string): JsonNode | undefined {
  const index = node.keys.lastIndexOf(key);
  return index < 0 ? undefined : node.items[index];
}
