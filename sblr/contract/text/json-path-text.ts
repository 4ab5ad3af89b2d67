/**
 * Text of JSON path expressions: the tree it means, and the canonical spelling of a tree. Values of type jsonpath are kept
 * in that spelling; engine/functions/json-path.ts evaluates the tree.
 */
import { SqlError } from '../sql-error.ts';
import { JSON_FALSE, JSON_NULL, JSON_TRUE, jsonNumber, type JsonNode, jsonString, quoteJson } from './json.ts';
import { tokenizeJsonPath, type PathToken } from './json-path-tokens.ts';
import { parseDecimal } from './numbers.ts';

export type PathComparison = '==' | '!=' | '<' | '<=' | '>' | '>=';
export type PathArithmetic = '+' | '-' | '*' | '/' | '%';

export interface PathRange {
  readonly from: JsonPath;
  readonly to: JsonPath | undefined;
}

export type JsonPath =
  | { readonly kind: 'root' | 'current' | 'last' }
  | { readonly kind: 'literal'; readonly value: JsonNode }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'member'; readonly base: JsonPath; readonly name: string }
  | { readonly kind: 'members' | 'elements'; readonly base: JsonPath }
  /** Levels below the item, the item itself being level 0; Infinity = the last. */
  | { readonly kind: 'descendants'; readonly base: JsonPath; readonly first: number; readonly last: number }
  | { readonly kind: 'index'; readonly base: JsonPath; readonly ranges: readonly PathRange[] }
  | { readonly kind: 'filter'; readonly base: JsonPath; readonly test: JsonPath }
  | { readonly kind: 'method'; readonly base: JsonPath; readonly name: string }
  | { readonly kind: 'compare'; readonly by: PathComparison; readonly left: JsonPath; readonly right: JsonPath }
  | { readonly kind: 'arithmetic'; readonly by: PathArithmetic; readonly left: JsonPath; readonly right: JsonPath }
  | { readonly kind: 'negate' | 'plus' | 'not' | 'exists' | 'unknown'; readonly operand: JsonPath }
  | { readonly kind: 'and' | 'or' | 'starts'; readonly left: JsonPath; readonly right: JsonPath }
  | { readonly kind: 'regex'; readonly left: JsonPath; readonly pattern: string; readonly flags: string };

export interface JsonPathExpression {
  readonly strict: boolean;
  readonly path: JsonPath;
}

const PREDICATES: ReadonlySet<string> = new Set([
  'compare',
  'and',
  'or',
  'not',
  'exists',
  'unknown',
  'starts',
  'regex',
]);
const COMPARISONS: ReadonlySet<string> = new Set(['==', '!=', '<>', '<', '<=', '>', '>=']);
const METHODS: ReadonlySet<string> = new Set(['size', 'type', 'abs', 'floor', 'ceiling', 'double', 'keyvalue']);
const MAX_DEPTH = 200;

export function parseJsonPath(text: string): JsonPathExpression {
  if (text.trim() === '')
    throw new SqlError('invalid_text_representation', `invalid input syntax for type jsonpath: "${text}"`);
  return new Parser(tokenizeJsonPath(text)).run();
}

class Parser {
  readonly #tokens: readonly PathToken[];
  #at = 0;
  #depth = 0;
  /** Nesting of filters and subscripts: '@' and 'last' mean something only there. */
  #filters = 0;
  #subscripts = 0;

  constructor(tokens: readonly PathToken[]) {
    this.#tokens = tokens;
  }

  run(): JsonPathExpression {
    const strict = this.#word('strict');
    if (!strict) this.#word('lax');
    const path = this.#or();
    if (this.#token.kind !== 'end') throw this.#error();
    return { strict, path };
  }

  get #token(): PathToken {
    return this.#tokens[this.#at] as PathToken;
  }
  #symbol(text: string): boolean {
    if (this.#token.kind !== 'symbol' || this.#token.text !== text) return false;
    this.#at++;
    return true;
  }
  /** A key word; in any case but for the three of JSON. */
  #word(word: string): boolean {
    const token = this.#token;
    const same = word === 'true' || word === 'false' || word === 'null' ? token.text : token.text.toLowerCase();
    if (token.kind !== 'word' || same !== word) return false;
    this.#at++;
    return true;
  }
  #expect(text: string): void {
    if (!this.#symbol(text)) throw this.#error();
  }
  #string(): string {
    if (this.#token.kind !== 'string') throw this.#error();
    return (this.#tokens[this.#at++] as PathToken).text;
  }
  #error(message = 'syntax error'): SqlError {
    const token = this.#token;
    const where = token.kind === 'end' ? 'at end' : `at or near "${token.raw}"`;
    return new SqlError('syntax_error', `${message} ${where} of jsonpath input`);
  }

  #or(): JsonPath {
    if (++this.#depth > MAX_DEPTH) throw new SqlError('statement_too_complex', 'JSON path is nested too deeply');
    let left = this.#and();
    while (this.#symbol('||')) left = { kind: 'or', left: this.#predicate(left), right: this.#predicate(this.#and()) };
    this.#depth--;
    return left;
  }
  #and(): JsonPath {
    let left = this.#comparison();
    while (this.#symbol('&&'))
      left = { kind: 'and', left: this.#predicate(left), right: this.#predicate(this.#comparison()) };
    return left;
  }
  #predicate(path: JsonPath): JsonPath {
    if (!PREDICATES.has(path.kind)) throw this.#error();
    return path;
  }
  #value(path: JsonPath): JsonPath {
    if (PREDICATES.has(path.kind)) throw this.#error();
    return path;
  }
  #comparison(): JsonPath {
    if (this.#symbol('!')) {
      const operand = this.#accessors(this.#primary());
      return { kind: 'not', operand: this.#predicate(operand) };
    }
    const left = this.#sum();
    const { kind, text } = this.#token;
    if (kind === 'symbol' && COMPARISONS.has(text)) {
      this.#at++;
      const by = (text === '<>' ? '!=' : text) as PathComparison;
      return { kind: 'compare', by, left: this.#value(left), right: this.#value(this.#sum()) };
    }
    if (this.#word('starts')) {
      if (!this.#word('with')) throw this.#error();
      if (this.#token.kind !== 'string' && this.#token.kind !== 'variable') throw this.#error();
      return { kind: 'starts', left: this.#value(left), right: this.#primary() };
    }
    if (this.#word('like_regex')) {
      const pattern = this.#string();
      return { kind: 'regex', left: this.#value(left), pattern, flags: this.#word('flag') ? this.#flags() : '' };
    }
    return left;
  }
  /** The flags of like_regex, each once and in the order they are shown in. */
  #flags(): string {
    const written = this.#string();
    for (const flag of written) {
      if ('ismq'.includes(flag)) continue;
      if (flag === 'x')
        throw new SqlError(
          'feature_not_supported',
          'XQuery "x" flag (expanded regular expressions) is not implemented',
        );
      throw new SqlError('syntax_error', {
        message: 'invalid input syntax for type jsonpath',
        detail: `Unrecognized flag character "${flag}" in LIKE_REGEX predicate.`,
      });
    }
    return [...'ismq'].filter((flag) => written.includes(flag)).join('');
  }
  #sum(): JsonPath {
    let left = this.#product();
    for (;;) {
      const by = this.#symbol('+') ? '+' : this.#symbol('-') ? '-' : undefined;
      if (by === undefined) return left;
      left = { kind: 'arithmetic', by, left: this.#value(left), right: this.#value(this.#product()) };
    }
  }
  #product(): JsonPath {
    let left = this.#unary();
    for (;;) {
      const by = this.#symbol('*') ? '*' : this.#symbol('/') ? '/' : this.#symbol('%') ? '%' : undefined;
      if (by === undefined) return left;
      left = { kind: 'arithmetic', by, left: this.#value(left), right: this.#value(this.#unary()) };
    }
  }
  #unary(): JsonPath {
    for (const [sign, kind] of [
      ['-', 'negate'],
      ['+', 'plus'],
    ] as const) {
      if (!this.#symbol(sign)) continue;
      if (++this.#depth > MAX_DEPTH) throw new SqlError('statement_too_complex', 'JSON path is nested too deeply');
      const operand = this.#value(this.#unary());
      this.#depth--;
      return { kind, operand };
    }
    return this.#accessors(this.#primary());
  }

  #primary(): JsonPath {
    const token = this.#token;
    switch (token.kind) {
      case 'string':
        this.#at++;
        return { kind: 'literal', value: jsonString(token.text) };
      case 'number':
        this.#at++;
        return { kind: 'literal', value: jsonNumber(parseDecimal(token.text).toString()) };
      case 'variable':
        this.#at++;
        return { kind: 'variable', name: token.text };
      case 'end':
        throw this.#error();
      default:
    }
    if (this.#symbol('$')) return { kind: 'root' };
    if (this.#symbol('@')) {
      if (this.#filters === 0) throw new SqlError('syntax_error', '@ is not allowed in root expressions');
      return { kind: 'current' };
    }
    if (this.#word('last')) {
      if (this.#subscripts === 0) throw new SqlError('syntax_error', 'LAST is allowed only in array subscripts');
      return { kind: 'last' };
    }
    if (this.#word('true')) return { kind: 'literal', value: JSON_TRUE };
    if (this.#word('false')) return { kind: 'literal', value: JSON_FALSE };
    if (this.#word('null')) return { kind: 'literal', value: JSON_NULL };
    if (this.#word('exists')) {
      this.#expect('(');
      const operand = this.#value(this.#or());
      this.#expect(')');
      return { kind: 'exists', operand };
    }
    if (this.#symbol('(')) {
      const inner = this.#or();
      this.#expect(')');
      if (!PREDICATES.has(inner.kind) || !this.#word('is')) return inner;
      if (!this.#word('unknown')) throw this.#error();
      return { kind: 'unknown', operand: inner };
    }
    throw this.#error();
  }

  #accessors(start: JsonPath): JsonPath {
    let base = start;
    for (;;) {
      if (this.#symbol('.')) base = this.#dot(base);
      else if (this.#symbol('[')) base = this.#subscript(base);
      else if (this.#symbol('?')) {
        this.#expect('(');
        this.#filters++;
        const test = this.#predicate(this.#or());
        this.#filters--;
        this.#expect(')');
        base = { kind: 'filter', base, test };
      } else return base;
    }
  }
  #dot(base: JsonPath): JsonPath {
    if (this.#symbol('*')) return { kind: 'members', base };
    if (this.#symbol('**')) return this.#levels(base);
    const token = this.#token;
    if (token.kind !== 'string' && token.kind !== 'word') throw this.#error();
    this.#at++;
    const method = token.text.toLowerCase();
    if (token.kind === 'string' || this.#token.text !== '(' || this.#token.kind !== 'symbol')
      return { kind: 'member', base, name: token.text };
    if (method === 'datetime') throw new SqlError('feature_not_supported', 'datetime() in JSON paths is not supported');
    if (!METHODS.has(method)) throw this.#error();
    this.#at++;
    this.#expect(')');
    return { kind: 'method', base, name: method };
  }
  /** The levels of `**`, all of them unless written. */
  #levels(base: JsonPath): JsonPath {
    if (!this.#symbol('{')) return { kind: 'descendants', base, first: 0, last: Number.POSITIVE_INFINITY };
    const level = (): number => {
      if (this.#word('last')) return Number.POSITIVE_INFINITY;
      if (this.#token.kind !== 'number' || !/^\d+$/.test(this.#token.text)) throw this.#error();
      return Number((this.#tokens[this.#at++] as PathToken).text);
    };
    const first = level();
    const last = this.#word('to') ? level() : first;
    this.#expect('}');
    return { kind: 'descendants', base, first, last };
  }
  #subscript(base: JsonPath): JsonPath {
    if (this.#symbol('*')) {
      this.#expect(']');
      return { kind: 'elements', base };
    }
    this.#subscripts++;
    const ranges: PathRange[] = [];
    do {
      const from = this.#value(this.#sum());
      ranges.push({ from, to: this.#word('to') ? this.#value(this.#sum()) : undefined });
    } while (this.#symbol(','));
    this.#subscripts--;
    this.#expect(']');
    return { kind: 'index', base, ranges };
  }
}

// ---- canonical spelling ------------------------------------------------------------------------------------

export function formatJsonPath({ strict, path }: JsonPathExpression): string {
  return `${strict ? 'strict ' : ''}${show(path, true)}`;
}

const PRIORITIES: Partial<Record<JsonPath['kind'], number>> = {
  or: 0,
  and: 1,
  compare: 2,
  starts: 2,
  negate: 5,
  plus: 5,
};

function priority(path: JsonPath): number {
  if (path.kind === 'arithmetic') return path.by === '+' || path.by === '-' ? 3 : 4;
  return PRIORITIES[path.kind] ?? 6;
}

/** In parentheses where the operator around it binds no weaker. */
function operand(path: JsonPath, around: JsonPath): string {
  return show(path, priority(path) <= priority(around));
}

function infix(path: JsonPath & { left: JsonPath; right: JsonPath }, operator: string, parentheses: boolean): string {
  const text = `${operand(path.left, path)} ${operator} ${operand(path.right, path)}`;
  return parentheses ? `(${text})` : text;
}

/** What an accessor stands behind. */
function head(path: JsonPath): string {
  const text = show(path, true);
  return path.kind === 'literal' && path.value.kind === 'number' ? `(${text})` : text;
}

function show(path: JsonPath, parentheses: boolean): string {
  switch (path.kind) {
    case 'root':
      return '$';
    case 'current':
      return '@';
    case 'last':
      return 'last';
    case 'literal':
      return path.value.kind === 'string' ? quoteJson(path.value.text) : path.value.text || path.value.kind;
    case 'variable':
      return `$${quoteJson(path.name)}`;
    case 'member':
      return `${head(path.base)}.${quoteJson(path.name)}`;
    case 'members':
      return `${head(path.base)}.*`;
    case 'elements':
      return `${head(path.base)}[*]`;
    case 'descendants':
      return `${head(path.base)}.**${levels(path.first, path.last)}`;
    case 'index':
      return `${head(path.base)}[${path.ranges.map(showRange).join(',')}]`;
    case 'filter':
      return `${head(path.base)}?(${show(path.test, false)})`;
    case 'method':
      return `${head(path.base)}.${path.name}()`;
    case 'compare':
    case 'arithmetic':
      return infix(path, path.by, parentheses);
    case 'and':
      return infix(path, '&&', parentheses);
    case 'or':
      return infix(path, '||', parentheses);
    case 'starts':
      return infix(path, 'starts with', parentheses);
    case 'regex': {
      const flags = path.flags === '' ? '' : ` flag "${path.flags}"`;
      const text = `${operand(path.left, path)} like_regex ${quoteJson(path.pattern)}${flags}`;
      return parentheses ? `(${text})` : text;
    }
    case 'negate':
    case 'plus': {
      const text = `${path.kind === 'plus' ? '+' : '-'}${operand(path.operand, path)}`;
      return parentheses ? `(${text})` : text;
    }
    case 'not':
      return `!(${show(path.operand, false)})`;
    case 'unknown':
      return `(${show(path.operand, false)}) is unknown`;
    case 'exists':
      return `exists (${show(path.operand, false)})`;
  }
}

function showRange({ from, to }: PathRange): string {
  return to === undefined ? show(from, false) : `${show(from, false)} to ${show(to, false)}`;
}

function levels(first: number, last: number): string {
  const level = (value: number): string => (value === Number.POSITIVE_INFINITY ? 'last' : String(value));
  if (first === 0 && last === Number.POSITIVE_INFINITY) return '';
  return first === last ? `{${level(first)}}` : `{${level(first)} to ${level(last)}}`;
}
