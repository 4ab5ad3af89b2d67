/**
 * Evaluates JSON path expressions (parsed by sblr/contract/text/json-path-text.ts) over normalised documents.
 * datetime() is refused.
 */
import type { Condition } from '../../sblr/contract/conditions.ts';
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
  jsonObject,
  type JsonNode,
  jsonString,
} from '../../sblr/contract/text/json.ts';
import {
  type JsonPath,
  type JsonPathExpression,
  parseJsonPath,
  type PathArithmetic,
  type PathComparison,
  type PathRange,
} from '../../sblr/contract/text/json-path-text.ts';
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
import { compileRegex } from './regex.ts';
import { operator, scalar, setFor, valuesSource } from './table.ts';

const formatDecimal = (value: Decimal): string => value.toString();
const MAX_CACHED = 200;
const cache = new Map<string, JsonPathExpression>();

function compilePath(text: string): JsonPathExpression {
  let found = cache.get(text);
  if (found === undefined) {
    found = parseJsonPath(text);
    if (cache.size >= MAX_CACHED) cache.clear();
    cache.set(text, found);
  }
  return found;
}

/** A failure that predicates turn into unknown and `silent` calls into no answer. */
function pathError(condition: Condition, message: string): PathFailure {
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

  values(path: JsonPath, current: JsonNode): JsonNode[] {
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
              'sql_json_object_not_found',
              'jsonpath wildcard member accessor can only be applied to an object',
            );
          return [];
        });
      case 'elements':
        return this.#base(path.base, current, false).flatMap((node) => {
          if (node.kind === 'array') return [...node.items];
          if (this.#strict)
            throw pathError(
              'sql_json_array_not_found',
              'jsonpath wildcard array accessor can only be applied to an array',
            );
          return [node];
        });
      case 'descendants':
        return this.#base(path.base, current, false).flatMap((node) => descendants(node, 0, path.first, path.last));
      case 'index':
        return this.#base(path.base, current, false).flatMap((node) => this.#elements(node, path.ranges, current));
      case 'filter':
        return this.#base(path.base, current, true).filter((node) => this.test(path.test, node) === true);
      case 'method':
        return this.#base(path.base, current, path.name !== 'size' && path.name !== 'type').flatMap((node) =>
          path.name === 'keyvalue' ? this.#keyValues(node) : [this.#method(node, path.name)],
        );
      case 'arithmetic':
        return [
          jsonNumber(
            formatDecimal(
              calculate(
                path.by,
                this.#number(path.left, current, 'left', path.by),
                this.#number(path.right, current, 'right', path.by),
              ),
            ),
          ),
        ];
      case 'negate':
      case 'plus':
        return this.#signed(path.operand, current, path.kind === 'negate' ? '-' : '+');
      default: {
        const truth = this.test(path, current);
        return [truth === undefined ? JSON_NULL : truth ? JSON_TRUE : JSON_FALSE];
      }
    }
  }

  #signed(operand: JsonPath, current: JsonNode, sign: '+' | '-'): JsonNode[] {
    const message = `operand of unary jsonpath operator ${sign} is not a numeric value`;
    return this.#base(operand, current, true).map((node) => {
      const value = numberOf(node, 'sql_json_number_not_found', message);
      return sign === '+' ? node : jsonNumber(formatDecimal(negateDecimal(value)));
    });
  }

  /** Items of a path; in lax mode arrays give their elements where `unwrap`. */
  #base(path: JsonPath, current: JsonNode, unwrap: boolean): JsonNode[] {
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
      'sql_json_member_not_found',
      node.kind === 'object'
        ? `JSON object does not contain key "${name}"`
        : 'jsonpath member accessor can only be applied to an object',
    );
  }
  #elements(node: JsonNode, ranges: readonly PathRange[], current: JsonNode): JsonNode[] {
    if (node.kind !== 'array' && this.#strict)
      throw pathError('sql_json_array_not_found', 'jsonpath array accessor can only be applied to an array');
    const items = node.kind === 'array' ? node.items : [node];
    const outer = this.#last;
    this.#last = items.length - 1;
    const found: JsonNode[] = [];
    for (const range of ranges) {
      const from = this.#position(range.from, current);
      const to = range.to === undefined ? from : this.#position(range.to, current);
      if (this.#strict && (from < 0 || from > to || to >= items.length))
        throw pathError('invalid_sql_json_subscript', 'jsonpath array subscript is out of bounds');
      for (let i = Math.max(0, from); i <= to && i < items.length; i++) found.push(items[i] as JsonNode);
    }
    this.#last = outer;
    return found;
  }
  #position(path: JsonPath, current: JsonNode): number {
    const [node, more] = this.values(path, current);
    if (node?.kind !== 'number' || more !== undefined)
      throw pathError('invalid_sql_json_subscript', 'jsonpath array subscript is not a single numeric value');
    return Math.trunc(Number(node.text));
  }
  #number(path: JsonPath, current: JsonNode, side: 'left' | 'right', by: PathArithmetic): Decimal {
    const [node, more] = this.#base(path, current, true);
    if (node?.kind !== 'number' || more !== undefined)
      throw pathError(
        'singleton_sql_json_item_required',
        `${side} operand of jsonpath operator ${by} is not a single numeric value`,
      );
    return parseDecimal(node.text);
  }
  /** An object of key, value and the number of the object they come from, per member. */
  #keyValues(node: JsonNode): JsonNode[] {
    if (node.kind !== 'object')
      throw pathError('sql_json_object_not_found', 'jsonpath item method .keyvalue() can only be applied to an object');
    if (node !== this.#root)
      throw new SqlError(
        'feature_not_supported',
        'keyvalue() of an object inside the document in JSON paths is not supported',
      );
    return node.keys.map((key, i) =>
      jsonObject(['id', 'key', 'value'], [jsonNumber('0'), jsonString(key), node.items[i] as JsonNode]),
    );
  }
  #method(node: JsonNode, name: string): JsonNode {
    if (name === 'type') return jsonString(node.kind === 'true' || node.kind === 'false' ? 'boolean' : node.kind);
    if (name === 'size') {
      if (node.kind !== 'array' && this.#strict)
        throw pathError('sql_json_array_not_found', 'jsonpath item method .size() can only be applied to an array');
      return jsonNumber(String(node.kind === 'array' ? node.items.length : 1));
    }
    if (name === 'double') return toDouble(node);
    const message = `jsonpath item method .${name}() can only be applied to a numeric value`;
    const value = numberOf(node, 'non_numeric_sql_json_item', message);
    return jsonNumber(
      formatDecimal(name === 'abs' ? absDecimal(value) : name === 'floor' ? floorDecimal(value) : ceilDecimal(value)),
    );
  }

  /** Truth of a predicate; undefined = unknown. */
  test(path: JsonPath, current: JsonNode): boolean | undefined {
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
      case 'regex': {
        const { flags } = path;
        const lines = flags.includes('q') ? 'q' : `${flags.includes('s') ? '' : 'p'}${flags.includes('m') ? 'w' : ''}`;
        const regex = compileRegex(path.pattern, (flags.includes('i') ? 'i' : '') + lines);
        return this.#attempt(() =>
          this.#any(path.left, current, (item) => (item.kind === 'string' ? regex.test(item.text) : undefined)),
        );
      }
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
    left: JsonPath,
    right: JsonPath,
    current: JsonNode,
    test: (a: JsonNode, b: JsonNode) => boolean | undefined,
  ): boolean | undefined {
    const others = this.#base(right, current, true);
    return this.#anyOf(this.#base(left, current, true).flatMap((a) => others.map((b) => () => test(a, b))));
  }
  #any(path: JsonPath, current: JsonNode, test: (item: JsonNode) => boolean | undefined): boolean | undefined {
    return this.#anyOf(this.#base(path, current, true).map((item) => () => test(item)));
  }
  #anyOf(tests: readonly (() => boolean | undefined)[]): boolean | undefined {
    let unknown = false;
    let passed = false;
    for (const test of tests) {
      const truth = test();
      if (truth === undefined) {
        if (this.#strict) return undefined;
        unknown = true;
      } else if (truth) {
        if (!this.#strict) return true;
        passed = true;
      }
    }
    return passed ? true : unknown ? undefined : false;
  }
}

function numberOf(node: JsonNode, condition: Condition, message: string): Decimal {
  if (node.kind !== 'number') throw pathError(condition, message);
  return parseDecimal(node.text);
}

const FLOAT = /^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$/;

function toDouble(node: JsonNode): JsonNode {
  if (node.kind !== 'number' && node.kind !== 'string')
    throw pathError(
      'non_numeric_sql_json_item',
      'jsonpath item method .double() can only be applied to a string or numeric value',
    );
  const value = FLOAT.test(node.text) ? Number(node.text) : Number.NaN;
  if (!Number.isFinite(value))
    throw pathError(
      'non_numeric_sql_json_item',
      node.kind === 'number'
        ? 'numeric argument of jsonpath item method .double() is out of range for type double precision'
        : 'string argument of jsonpath item method .double() is not a valid representation of a double precision number',
    );
  return node.kind === 'number' ? node : jsonNumber(formatDecimal(parseDecimal(String(value))));
}

function calculate(by: PathArithmetic, a: Decimal, b: Decimal): Decimal {
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

/** Items so many levels below; levels without end for both bounds mean the leaves. */
function descendants(node: JsonNode, level: number, first: number, last: number): JsonNode[] {
  const leaves = first === Number.POSITIVE_INFINITY && last === first;
  const here = level >= first || (leaves && node.items.length === 0 && node.kind !== 'array' && node.kind !== 'object');
  const below = level < last ? node.items.flatMap((item) => descendants(item, level + 1, first, last)) : [];
  return here ? [node, ...below] : below;
}

const isBoolean = (node: JsonNode): boolean => node.kind === 'true' || node.kind === 'false';

function compareItems(by: PathComparison, a: JsonNode, b: JsonNode): boolean | undefined {
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
  throw new SqlError('singleton_sql_json_item_required', 'single boolean result is expected');
}

const exists = (nodes: JsonNode[] | undefined): SqlValue => (nodes === undefined ? null : nodes.length > 0);
operator('json_path_exists(jsonb, jsonpath) bool', (target: Jsonb, path: string) =>
  exists(query(target, path, undefined, true)),
);
operator('json_path_match(jsonb, jsonpath) bool', (target: Jsonb, path: string) =>
  match(query(target, path, undefined, true), true),
);

for (const parameters of ['jsonb, jsonpath', 'jsonb, jsonpath, jsonb', 'jsonb, jsonpath, jsonb, bool']) {
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
