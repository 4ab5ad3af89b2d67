/**
 * JSON path expressions over normalised documents: paths with accessors, filters, comparisons, arithmetic
 * and the methods size, type, abs, floor, ceiling and double. What the language has beyond that is refused.
 */
import { SqlError } from '../../sblr/contract/sql-error.ts';
import {
  JSON_FALSE,
  JSON_NULL,
  JSON_TRUE,
  jsonArray,
  jsonbFromNode,
  jsonbNode,
  jsonMember,
  jsonNumber,
  type JsonNode,
  jsonString,
} from '../../sblr/contract/text/json.ts';
import { Decimal, Jsonb, type SqlValue } from '../../sblr/contract/values.ts';
import { parseDecimal } from '../../sblr/contract/text/numbers.ts';
import { compareJson } from '../types/compare.ts';
import {
  absDecimal,
  addDecimal,
  ceilDecimal,
  compareDecimal,
  divideDecimal,
  floorDecimal,
  moduloDecimal,
  multiplyDecimal,
  negateDecimal,
  subtractDecimal,
} from '../types/decimal.ts';
import { operator, scalar, setFor, valuesSource } from './table.ts';

type Comparison = '==' | '!=' | '<' | '<=' | '>' | '>=';
type Arithmetic = '+' | '-' | '*' | '/' | '%';

type Path =
  | { readonly kind: 'root' | 'current' | 'last' }
  | { readonly kind: 'literal'; readonly value: JsonNode }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'member'; readonly base: Path; readonly name: string }
  | { readonly kind: 'members' | 'elements'; readonly base: Path }
  | { readonly kind: 'descendants'; readonly base: Path }
  | {
      readonly kind: 'index';
      readonly base: Path;
      readonly ranges: readonly { readonly from: Path; readonly to: Path | undefined }[];
    }
  | { readonly kind: 'filter'; readonly base: Path; readonly test: Path }
  | { readonly kind: 'method'; readonly base: Path; readonly name: string }
  | { readonly kind: 'compare'; readonly by: Comparison; readonly left: Path; readonly right: Path }
  | { readonly kind: 'arithmetic'; readonly by: Arithmetic; readonly left: Path; readonly right: Path }
  | { readonly kind: 'negate' | 'not' | 'exists' | 'unknown'; readonly operand: Path }
  | { readonly kind: 'and' | 'or'; readonly left: Path; readonly right: Path }
  | { readonly kind: 'starts'; readonly left: Path; readonly right: Path };

const formatDecimal = (value: Decimal): string => value.toString();
const PREDICATES: ReadonlySet<string> = new Set(['compare', 'and', 'or', 'not', 'exists', 'unknown', 'starts']);
const METHODS: ReadonlySet<string> = new Set(['size', 'type', 'abs', 'floor', 'ceiling', 'double']);
const TOKENS =
  /\s*(?:("(?:\\.|[^"\\])*")|(\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\.\d+)|(\$"(?:\\.|[^"\\])*"|\$[A-Za-z_]\w*)|([A-Za-z_]\w*)|(\*\*|==|!=|<>|<=|>=|&&|\|\||[$@.*[\]()?,<>!+\-/%{}]))/y;
const MAX_DEPTH = 200;
const MAX_CACHED = 200;

interface Compiled {
  readonly strict: boolean;
  readonly path: Path;
}
const cache = new Map<string, Compiled>();

function compilePath(text: string): Compiled {
  let found = cache.get(text);
  if (found === undefined) {
    found = new Parser(text).run();
    if (cache.size >= MAX_CACHED) cache.clear();
    cache.set(text, found);
  }
  return found;
}

class Parser {
  readonly #tokens: string[] = [];
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    TOKENS.lastIndex = 0;
    const end = text.trimEnd().length;
    let position = 0;
    while (position < end) {
      TOKENS.lastIndex = position;
      const match = TOKENS.exec(text);
      if (match === null)
        throw new SqlError(
          'syntax_error',
          `syntax error at or near "${text.slice(position).trim()[0] ?? ''}" of jsonpath input`,
        );
      this.#tokens.push(match[0].trimStart());
      position = TOKENS.lastIndex;
    }
    if (this.#tokens.length === 0)
      throw new SqlError('invalid_text_representation', `invalid input syntax for type jsonpath: "${text}"`);
  }

  run(): Compiled {
    const strict = this.#accept('strict');
    if (!strict) this.#accept('lax');
    const path = this.#or();
    if (this.#at < this.#tokens.length) throw this.#error();
    return { strict, path };
  }

  #peek(): string | undefined {
    return this.#tokens[this.#at];
  }
  #accept(token: string): boolean {
    if (this.#peek() !== token) return false;
    this.#at++;
    return true;
  }
  #expect(token: string): void {
    if (!this.#accept(token)) throw this.#error();
  }
  #error(): SqlError {
    const token = this.#peek();
    return new SqlError(
      'syntax_error',
      token === undefined
        ? 'syntax error at end of jsonpath input'
        : `syntax error at or near "${token}" of jsonpath input`,
    );
  }
  #unsupported(what: string): SqlError {
    return new SqlError('feature_not_supported', `${what} in JSON paths is not supported`);
  }

  #or(): Path {
    if (++this.#depth > MAX_DEPTH) throw new SqlError('statement_too_complex', 'JSON path is nested too deeply');
    let left = this.#and();
    while (this.#accept('||')) left = { kind: 'or', left, right: this.#and() };
    this.#depth--;
    return left;
  }
  #and(): Path {
    let left = this.#comparison();
    while (this.#accept('&&')) left = { kind: 'and', left, right: this.#comparison() };
    return left;
  }
  #comparison(): Path {
    if (this.#accept('!')) {
      const operand = this.#comparison();
      if (!PREDICATES.has(operand.kind)) throw this.#error();
      return { kind: 'not', operand };
    }
    const left = this.#sum();
    const token = this.#peek();
    if (
      token === '==' ||
      token === '!=' ||
      token === '<>' ||
      token === '<' ||
      token === '<=' ||
      token === '>' ||
      token === '>='
    ) {
      this.#at++;
      return { kind: 'compare', by: token === '<>' ? '!=' : token, left, right: this.#sum() };
    }
    if (token === 'starts') {
      this.#at++;
      this.#expect('with');
      return { kind: 'starts', left, right: this.#primary() };
    }
    if (token === 'like_regex') throw this.#unsupported('like_regex');
    return left;
  }
  #sum(): Path {
    let left = this.#product();
    for (;;) {
      const token = this.#peek();
      if (token !== '+' && token !== '-') return left;
      this.#at++;
      left = { kind: 'arithmetic', by: token, left, right: this.#product() };
    }
  }
  #product(): Path {
    let left = this.#unary();
    for (;;) {
      const token = this.#peek();
      if (token !== '*' && token !== '/' && token !== '%') return left;
      this.#at++;
      left = { kind: 'arithmetic', by: token, left, right: this.#unary() };
    }
  }
  #unary(): Path {
    if (this.#accept('-')) return { kind: 'negate', operand: this.#unary() };
    if (this.#accept('+')) return this.#unary();
    return this.#accessors(this.#primary());
  }

  #primary(): Path {
    const token = this.#peek();
    if (token === undefined) throw this.#error();
    this.#at++;
    if (token === '$') return { kind: 'root' };
    if (token === '@') return { kind: 'current' };
    if (token === 'last') return { kind: 'last' };
    if (token === 'true') return { kind: 'literal', value: JSON_TRUE };
    if (token === 'false') return { kind: 'literal', value: JSON_FALSE };
    if (token === 'null') return { kind: 'literal', value: JSON_NULL };
    if (token.startsWith('"')) return { kind: 'literal', value: jsonString(unquote(token)) };
    if (/^[\d.]/.test(token) && token !== '.')
      return { kind: 'literal', value: jsonNumber(formatDecimal(parseDecimal(token))) };
    if (token.startsWith('$'))
      return { kind: 'variable', name: token[1] === '"' ? unquote(token.slice(1)) : token.slice(1) };
    if (token === 'exists') {
      this.#expect('(');
      const operand = this.#or();
      this.#expect(')');
      return { kind: 'exists', operand };
    }
    if (token === '(') {
      const inner = this.#or();
      this.#expect(')');
      if (this.#peek() === 'is') {
        this.#at++;
        this.#expect('unknown');
        return { kind: 'unknown', operand: inner };
      }
      return inner;
    }
    this.#at--;
    throw this.#error();
  }

  #accessors(start: Path): Path {
    let base = start;
    for (;;) {
      if (this.#accept('.')) base = this.#dot(base);
      else if (this.#accept('[')) base = this.#subscript(base);
      else if (this.#accept('?')) {
        this.#expect('(');
        const test = this.#or();
        this.#expect(')');
        if (!PREDICATES.has(test.kind)) throw this.#error();
        base = { kind: 'filter', base, test };
      } else return base;
    }
  }
  #dot(base: Path): Path {
    if (this.#accept('*')) return { kind: 'members', base };
    if (this.#accept('**')) {
      if (this.#peek() === '{') throw this.#unsupported('a level of **');
      return { kind: 'descendants', base };
    }
    const token = this.#peek();
    if (token === undefined || !/^["A-Za-z_$]/.test(token)) throw this.#error();
    this.#at++;
    if (token.startsWith('"')) return { kind: 'member', base, name: unquote(token) };
    if (this.#peek() === '(') {
      if (!METHODS.has(token)) throw this.#unsupported(`${token}()`);
      this.#at++;
      this.#expect(')');
      return { kind: 'method', base, name: token };
    }
    return { kind: 'member', base, name: token };
  }
  #subscript(base: Path): Path {
    if (this.#accept('*')) {
      this.#expect(']');
      return { kind: 'elements', base };
    }
    const ranges: { from: Path; to: Path | undefined }[] = [];
    do {
      const from = this.#sum();
      ranges.push({ from, to: this.#accept('to') ? this.#sum() : undefined });
    } while (this.#accept(','));
    this.#expect(']');
    return { kind: 'index', base, ranges };
  }
}

function unquote(token: string): string {
  try {
    return JSON.parse(token) as string;
  } catch {
    throw new SqlError('feature_not_supported', 'escapes other than those of JSON in JSON paths are not supported');
  }
}

/** A failure that predicates turn into unknown and `silent` calls into no answer. */
function pathError(condition: 'invalid_parameter_value' | 'division_by_zero', message: string): PathFailure {
  return new PathFailure(new SqlError(condition, message));
}
class PathFailure extends Error {
  readonly reason: SqlError;
  constructor(reason: SqlError) {
    super(reason.message);
    this.reason = reason;
  }
}

class Evaluation {
  readonly #root: JsonNode;
  readonly #variables: JsonNode;
  readonly #strict: boolean;
  #last = -1;

  constructor(root: JsonNode, variables: JsonNode, strict: boolean) {
    this.#root = root;
    this.#variables = variables;
    this.#strict = strict;
  }

  values(path: Path, current: JsonNode): JsonNode[] {
    switch (path.kind) {
      case 'root':
        return [this.#root];
      case 'current':
        return [current];
      case 'last':
        if (this.#last < 0) throw new SqlError('syntax_error', 'LAST is allowed only in array subscripts');
        return [jsonNumber(String(this.#last))];
      case 'literal':
        return [path.value];
      case 'variable': {
        const found = this.#variables.kind === 'object' ? jsonMember(this.#variables, path.name) : undefined;
        if (found === undefined)
          throw new SqlError('undefined_object', `could not find jsonpath variable "${path.name}"`);
        return [found];
      }
      case 'member':
        return this.#base(path.base, current, true).flatMap((node) => this.#member(node, path.name));
      case 'members':
        return this.#base(path.base, current, true).flatMap((node) => {
          if (node.kind === 'object') return [...node.items];
          if (this.#strict)
            throw pathError(
              'invalid_parameter_value',
              'jsonpath wildcard member accessor can only be applied to an object',
            );
          return [];
        });
      case 'elements':
        return this.#base(path.base, current, false).flatMap((node) => {
          if (node.kind === 'array') return [...node.items];
          if (this.#strict)
            throw pathError(
              'invalid_parameter_value',
              'jsonpath wildcard array accessor can only be applied to an array',
            );
          return [node];
        });
      case 'descendants':
        return this.#base(path.base, current, false).flatMap((node) => descendants(node));
      case 'index':
        return this.#base(path.base, current, false).flatMap((node) => this.#elements(node, path.ranges, current));
      case 'filter':
        return this.#base(path.base, current, true).filter((node) => this.test(path.test, node) === true);
      case 'method':
        return this.#base(path.base, current, path.name !== 'size' && path.name !== 'type').map((node) =>
          this.#method(node, path.name),
        );
      case 'arithmetic':
        return [
          jsonNumber(
            formatDecimal(
              calculate(path.by, this.#number(path.left, current, path.by), this.#number(path.right, current, path.by)),
            ),
          ),
        ];
      case 'negate':
        return this.#base(path.operand, current, true).map((node) =>
          jsonNumber(
            formatDecimal(negateDecimal(numberOf(node, 'operand of unary jsonpath operator - is not a numeric value'))),
          ),
        );
      default: {
        const truth = this.test(path, current);
        return [truth === undefined ? JSON_NULL : truth ? JSON_TRUE : JSON_FALSE];
      }
    }
  }

  /** Items of a path; in lax mode arrays give their elements where `unwrap`. */
  #base(path: Path, current: JsonNode, unwrap: boolean): JsonNode[] {
    const nodes = this.values(path, current);
    return unwrap && !this.#strict
      ? nodes.flatMap((node) => (node.kind === 'array' ? [...node.items] : [node]))
      : nodes;
  }
  #member(node: JsonNode, name: string): JsonNode[] {
    const found = node.kind === 'object' ? jsonMember(node, name) : undefined;
    if (found !== undefined) return [found];
    if (!this.#strict) return [];
    throw pathError(
      'invalid_parameter_value',
      node.kind === 'object'
        ? `JSON object does not contain key "${name}"`
        : 'jsonpath member accessor can only be applied to an object',
    );
  }
  #elements(
    node: JsonNode,
    ranges: readonly { readonly from: Path; readonly to: Path | undefined }[],
    current: JsonNode,
  ): JsonNode[] {
    if (node.kind !== 'array' && this.#strict)
      throw pathError('invalid_parameter_value', 'jsonpath array accessor can only be applied to an array');
    const items = node.kind === 'array' ? node.items : [node];
    const outer = this.#last;
    this.#last = items.length - 1;
    const found: JsonNode[] = [];
    for (const range of ranges) {
      const from = this.#position(range.from, current);
      const to = range.to === undefined ? from : this.#position(range.to, current);
      if (this.#strict && (from < 0 || from > to || to >= items.length))
        throw pathError('invalid_parameter_value', 'jsonpath array subscript is out of bounds');
      for (let i = Math.max(0, from); i <= to && i < items.length; i++) found.push(items[i] as JsonNode);
    }
    this.#last = outer;
    return found;
  }
  #position(path: Path, current: JsonNode): number {
    const [node, more] = this.values(path, current);
    if (node?.kind !== 'number' || more !== undefined)
      throw pathError('invalid_parameter_value', 'jsonpath array subscript is not a single numeric value');
    return Math.trunc(Number(node.text));
  }
  #number(path: Path, current: JsonNode, by: Arithmetic): Decimal {
    const [node, more] = this.#base(path, current, true);
    if (node?.kind !== 'number' || more !== undefined)
      throw pathError('invalid_parameter_value', `operand of jsonpath operator ${by} is not a single numeric value`);
    return parseDecimal(node.text);
  }
  #method(node: JsonNode, name: string): JsonNode {
    if (name === 'type') return jsonString(node.kind === 'true' || node.kind === 'false' ? 'boolean' : node.kind);
    if (name === 'size') {
      if (node.kind !== 'array' && this.#strict)
        throw pathError('invalid_parameter_value', 'jsonpath item method .size() can only be applied to an array');
      return jsonNumber(String(node.kind === 'array' ? node.items.length : 1));
    }
    if (name === 'double' && node.kind === 'string' && /^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$/.test(node.text))
      return jsonNumber(formatDecimal(parseDecimal(String(Number(node.text)))));
    const value = numberOf(
      node,
      `jsonpath item method .${name}() can only be applied to a ${name === 'double' ? 'string or ' : ''}numeric value`,
    );
    if (name === 'double') return node;
    return jsonNumber(
      formatDecimal(name === 'abs' ? absDecimal(value) : name === 'floor' ? floorDecimal(value) : ceilDecimal(value)),
    );
  }

  /** Truth of a predicate; undefined = unknown. */
  test(path: Path, current: JsonNode): boolean | undefined {
    switch (path.kind) {
      case 'and': {
        const left = this.test(path.left, current);
        if (left === false) return false;
        const right = this.test(path.right, current);
        return right === false ? false : left === undefined || right === undefined ? undefined : true;
      }
      case 'or': {
        const left = this.test(path.left, current);
        if (left === true) return true;
        const right = this.test(path.right, current);
        return right === true ? true : left === undefined || right === undefined ? undefined : false;
      }
      case 'not': {
        const truth = this.test(path.operand, current);
        return truth === undefined ? undefined : !truth;
      }
      case 'unknown':
        return this.test(path.operand, current) === undefined;
      case 'exists':
        return this.#attempt(() => this.values(path.operand, current).length > 0);
      case 'compare':
        return this.#attempt(() =>
          this.#anyPair(path.left, path.right, current, (a, b) => compareItems(path.by, a, b)),
        );
      case 'starts':
        return this.#attempt(() =>
          this.#anyPair(path.left, path.right, current, (a, b) =>
            a.kind === 'string' && b.kind === 'string' ? a.text.startsWith(b.text) : undefined,
          ),
        );
      default:
        throw new SqlError('syntax_error', 'a JSON path predicate was expected');
    }
  }
  #attempt(code: () => boolean | undefined): boolean | undefined {
    try {
      return code();
    } catch (error) {
      if (error instanceof PathFailure) return undefined;
      throw error;
    }
  }
  /** Some pair passes; in strict mode one pair that cannot be compared makes the whole unknown. */
  #anyPair(
    left: Path,
    right: Path,
    current: JsonNode,
    test: (a: JsonNode, b: JsonNode) => boolean | undefined,
  ): boolean | undefined {
    const others = this.#base(right, current, true);
    let unknown = false;
    let passed = false;
    for (const a of this.#base(left, current, true)) {
      for (const b of others) {
        const truth = test(a, b);
        if (truth === undefined) {
          if (this.#strict) return undefined;
          unknown = true;
        } else if (truth) {
          if (!this.#strict) return true;
          passed = true;
        }
      }
    }
    return passed ? true : unknown ? undefined : false;
  }
}

function numberOf(node: JsonNode, message: string): Decimal {
  if (node.kind !== 'number') throw pathError('invalid_parameter_value', message);
  return parseDecimal(node.text);
}

function calculate(by: Arithmetic, a: Decimal, b: Decimal): Decimal {
  switch (by) {
    case '+':
      return addDecimal(a, b);
    case '-':
      return subtractDecimal(a, b);
    case '*':
      return multiplyDecimal(a, b);
    default:
      if (compareDecimal(b, ZERO) === 0) throw pathError('division_by_zero', 'division by zero');
      return by === '/' ? divideDecimal(a, b) : moduloDecimal(a, b);
  }
}
const ZERO = new Decimal(0, 0);

function descendants(node: JsonNode): JsonNode[] {
  return [node, ...node.items.flatMap((item) => descendants(item))];
}

const isBoolean = (node: JsonNode): boolean => node.kind === 'true' || node.kind === 'false';

function compareItems(by: Comparison, a: JsonNode, b: JsonNode): boolean | undefined {
  const booleans = isBoolean(a) && isBoolean(b);
  if (a.kind !== b.kind && !booleans) {
    // Null equals nothing else; other kinds cannot be compared.
    return a.kind === 'null' || b.kind === 'null' ? by === '!=' : undefined;
  }
  if (a.kind === 'array' || a.kind === 'object') return undefined;
  const order = booleans ? Number(a.kind === 'true') - Number(b.kind === 'true') : compareJson(a, b);
  switch (by) {
    case '==':
      return order === 0;
    case '!=':
      return order !== 0;
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    case '>=':
      return order >= 0;
  }
}

function query(target: Jsonb, path: string, variables: Jsonb | undefined, silent: boolean): JsonNode[] | undefined {
  const { strict, path: compiled } = compilePath(path);
  const root = jsonbNode(target);
  const given = variables === undefined ? JSON_NULL : jsonbNode(variables);
  if (variables !== undefined && given.kind !== 'object')
    throw new SqlError('invalid_parameter_value', '"vars" argument is not an object');
  try {
    return new Evaluation(root, given, strict).values(compiled, root);
  } catch (error) {
    if (!(error instanceof PathFailure)) throw error;
    if (silent) return undefined;
    throw error.reason;
  }
}

function match(nodes: JsonNode[] | undefined, silent: boolean): SqlValue {
  const [only, more] = nodes ?? [];
  if (only !== undefined && more === undefined) {
    if (isBoolean(only)) return only.kind === 'true';
    if (only.kind === 'null') return null;
  }
  if (silent) return null;
  throw new SqlError('invalid_parameter_value', 'single boolean result is expected');
}

const exists = (nodes: JsonNode[] | undefined): SqlValue => (nodes === undefined ? null : nodes.length > 0);
operator('json_path_exists(jsonb, text) bool', (target: Jsonb, path: string) =>
  exists(query(target, path, undefined, true)),
);
operator('json_path_match(jsonb, text) bool', (target: Jsonb, path: string) =>
  match(query(target, path, undefined, true), true),
);

for (const parameters of ['jsonb, text', 'jsonb, text, jsonb', 'jsonb, text, jsonb, bool']) {
  scalar(`jsonb_path_exists(${parameters}) bool`, (target: Jsonb, path: string, variables?: Jsonb, silent?: boolean) =>
    exists(query(target, path, given(variables), silent === true)),
  );
  scalar(`jsonb_path_match(${parameters}) bool`, (target: Jsonb, path: string, variables?: Jsonb, silent?: boolean) =>
    match(query(target, path, given(variables), silent === true), silent === true),
  );
  scalar(
    `jsonb_path_query_array(${parameters}) jsonb`,
    (target: Jsonb, path: string, variables?: Jsonb, silent?: boolean) =>
      jsonbFromNode(jsonArray(query(target, path, given(variables), silent === true) ?? [])),
  );
  scalar(
    `jsonb_path_query_first(${parameters}) jsonb`,
    (target: Jsonb, path: string, variables?: Jsonb, silent?: boolean) => {
      const [first] = query(target, path, given(variables), silent === true) ?? [];
      return first === undefined ? null : jsonbFromNode(first);
    },
  );
  setFor(
    `jsonb_path_query(${parameters}) jsonb`,
    {},
    () =>
      ([target, path, variables, silent]) =>
        valuesSource(
          (query(target as Jsonb, path as string, given(variables), silent === true) ?? []).map((node) =>
            jsonbFromNode(node),
          ),
        ),
  );
}

/** Shorter calls end with the context where the next parameter would be. */
function given(variables: unknown): Jsonb | undefined {
  return variables instanceof Jsonb ? variables : undefined;
}
