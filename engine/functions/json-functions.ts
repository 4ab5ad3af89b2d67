/** Operators and functions of JSON documents, in both forms: text kept as written, and normalised. */
import { SqlError } from '../../sblr/contract/sql-error.ts';
import {
  JSON_NULL,
  jsonArray,
  jsonbFromNode,
  jsonbNode,
  jsonMember,
  jsonObject,
  type JsonNode,
  parseJson,
  parseJsonb,
  prettyJsonb,
  quoteJson,
} from '../../sblr/contract/text/json.ts';
import type { SqlType } from '../../sblr/contract/types.ts';
import { Jsonb, type SqlArray, type SqlValue } from '../../sblr/contract/values.ts';
import { compareJson } from '../types/compare.ts';
import type { EvalContext } from './function.ts';
import { jsonWriter } from './json-output.ts';
import { aggregateFor, NOT_STRICT, operator, scalar, scalarFor, STABLE } from './table.ts';
import { textOf } from './strings.ts';

const invalid = (message: string): SqlError => new SqlError('invalid_parameter_value', message);

/** The two forms of documents, so that shared functions are written once. */
interface Form<T extends SqlValue> {
  readonly type: 'json' | 'jsonb';
  open(value: T): JsonNode;
  /** The value of a part of a document. */
  part(node: JsonNode, whole: T): T;
}
const TEXT_FORM: Form<string> = {
  type: 'json',
  open: parseJson,
  part: (node, whole) => whole.slice(node.start, node.end),
};
const BINARY_FORM: Form<Jsonb> = { type: 'jsonb', open: jsonbNode, part: (node) => jsonbFromNode(node) };

/** Text of a part: strings without quotes, JSON null as NULL. */
export function nodeText(node: JsonNode, source: string | undefined): string | null {
  if (node.kind === 'string') return node.text;
  if (node.kind === 'null') return null;
  return source === undefined ? jsonbFromNode(node).text : source.slice(node.start, node.end);
}

function item(node: JsonNode, index: number): JsonNode | undefined {
  if (node.kind !== 'array') return undefined;
  return node.items[index < 0 ? node.items.length + index : index];
}
function member(node: JsonNode, key: string): JsonNode | undefined {
  return node.kind === 'object' ? jsonMember(node, key) : undefined;
}
function follow(node: JsonNode, path: SqlArray): JsonNode | undefined {
  let at: JsonNode | undefined = node;
  for (const step of path.items as readonly (string | null)[]) {
    if (step === null || at === undefined) return undefined;
    at = at.kind === 'array' ? (/^\s*[+-]?\d+$/.test(step) ? item(at, Number(step)) : undefined) : member(at, step);
  }
  return at;
}

for (const form of [TEXT_FORM, BINARY_FORM] as unknown as readonly Form<never>[]) {
  const { type } = form;
  const part = (node: JsonNode | undefined, whole: never): SqlValue =>
    node === undefined ? null : form.part(node, whole);
  const text = (node: JsonNode | undefined, whole: never): SqlValue =>
    node === undefined ? null : nodeText(node, type === 'json' ? (whole as string) : undefined);
  operator(`json_get(${type}, text) ${type}`, (value: never, key: string) =>
    part(member(form.open(value), key), value),
  );
  operator(`json_get(${type}, int32) ${type}`, (value: never, index: number) =>
    part(item(form.open(value), index), value),
  );
  operator(`json_get_text(${type}, text) text`, (value: never, key: string) =>
    text(member(form.open(value), key), value),
  );
  operator(`json_get_text(${type}, int32) text`, (value: never, index: number) =>
    text(item(form.open(value), index), value),
  );
  operator(`json_get_path(${type}, text[]) ${type}`, (value: never, path: SqlArray) =>
    part(follow(form.open(value), path), value),
  );
  operator(`json_get_path_text(${type}, text[]) text`, (value: never, path: SqlArray) =>
    text(follow(form.open(value), path), value),
  );
  const spread = (values: readonly SqlValue[]): JsonNode | undefined =>
    follow(form.open(values[0] as never), { items: values.slice(1) } as unknown as SqlArray);
  scalar(`${type}_extract_path(${type}, ...text) ${type}`, (values: readonly SqlValue[]) =>
    part(spread(values), values[0] as never),
  );
  scalar(`${type}_extract_path_text(${type}, ...text) text`, (values: readonly SqlValue[]) =>
    text(spread(values), values[0] as never),
  );
  scalar(`${type}_typeof(${type}) text`, (value: never) => {
    const { kind } = form.open(value);
    return kind === 'true' || kind === 'false' ? 'boolean' : kind;
  });
  scalar(`${type}_array_length(${type}) int32`, (value: never) => {
    const node = form.open(value);
    if (node.kind === 'object') throw invalid('cannot get array length of a non-array');
    if (node.kind !== 'array') throw invalid('cannot get array length of a scalar');
    return node.items.length;
  });
}
scalar('json_strip_nulls(json) json', (value: string) => compact(parseJson(value), value));
/** Members that are null left out, written without blanks. */
function compact(node: JsonNode, source: string): string {
  if (node.kind === 'object') {
    const members = node.keys.flatMap((key, i) =>
      (node.items[i] as JsonNode).kind === 'null'
        ? []
        : [`${quoteJson(key)}:${compact(node.items[i] as JsonNode, source)}`],
    );
    return `{${members.join(',')}}`;
  }
  if (node.kind === 'array') return `[${node.items.map((child) => compact(child, source)).join(',')}]`;
  return node.kind === 'string' ? quoteJson(node.text) : source.slice(node.start, node.end);
}
function stripNulls(node: JsonNode): JsonNode {
  if (node.kind === 'array') return jsonArray(node.items.map(stripNulls));
  if (node.kind !== 'object') return node;
  const kept = node.keys.map((_, i) => i).filter((i) => (node.items[i] as JsonNode).kind !== 'null');
  return jsonObject(
    kept.map((i) => node.keys[i] as string),
    kept.map((i) => stripNulls(node.items[i] as JsonNode)),
  );
}
scalar('jsonb_strip_nulls(jsonb) jsonb', (value: Jsonb) => jsonbFromNode(stripNulls(jsonbNode(value))));
scalar('jsonb_pretty(jsonb) text', (value: Jsonb) => prettyJsonb(jsonbNode(value)));

// ---- containment and keys
function containsNode(a: JsonNode, b: JsonNode, top = false): boolean {
  if (b.kind === 'object')
    return (
      a.kind === 'object' &&
      b.keys.every((key, i) => {
        const found = jsonMember(a, key);
        return found !== undefined && containsNode(found, b.items[i] as JsonNode);
      })
    );
  if (b.kind === 'array')
    return (
      a.kind === 'array' &&
      b.items.every((wanted) =>
        a.items.some((have) => (wanted.kind === have.kind ? containsNode(have, wanted) : false)),
      )
    );
  if (a.kind === 'array') return top && a.items.some((have) => compareJson(have, b) === 0);
  return compareJson(a, b) === 0;
}
operator('contains(jsonb, jsonb) bool', (a: Jsonb, b: Jsonb) => containsNode(jsonbNode(a), jsonbNode(b), true));
operator('contained_by(jsonb, jsonb) bool', (a: Jsonb, b: Jsonb) => containsNode(jsonbNode(b), jsonbNode(a), true));
scalar('jsonb_contains(jsonb, jsonb) bool', (a: Jsonb, b: Jsonb) => containsNode(jsonbNode(a), jsonbNode(b), true));
function hasKey(value: Jsonb, key: string): boolean {
  const node = jsonbNode(value);
  if (node.kind === 'object') return node.keys.includes(key);
  if (node.kind === 'array') return node.items.some((child) => child.kind === 'string' && child.text === key);
  return node.kind === 'string' && node.text === key;
}
const anyKey = (value: Jsonb, keys: SqlArray): boolean =>
  keys.items.some((key) => key !== null && hasKey(value, key as string));
const allKeys = (value: Jsonb, keys: SqlArray): boolean =>
  keys.items.every((key) => key === null || hasKey(value, key as string));
operator('json_has_key(jsonb, text) bool', hasKey);
operator('json_has_any_key(jsonb, text[]) bool', anyKey);
operator('json_has_all_keys(jsonb, text[]) bool', allKeys);
scalar('jsonb_exists(jsonb, text) bool', hasKey);
scalar('jsonb_exists_any(jsonb, text[]) bool', anyKey);
scalar('jsonb_exists_all(jsonb, text[]) bool', allKeys);

// ---- changes
function concatenate(left: Jsonb, right: Jsonb): Jsonb {
  const a = jsonbNode(left);
  const b = jsonbNode(right);
  if (a.kind === 'object' && b.kind === 'object')
    return jsonbFromNode(jsonObject([...a.keys, ...b.keys], [...a.items, ...b.items]));
  const list = (node: JsonNode): readonly JsonNode[] => (node.kind === 'array' ? node.items : [node]);
  return jsonbFromNode(jsonArray([...list(a), ...list(b)]));
}
operator('concat(jsonb, jsonb) jsonb', concatenate);
scalar('jsonb_concat(jsonb, jsonb) jsonb', concatenate);
function without(node: JsonNode, drop: (index: number) => boolean): JsonNode {
  const kept = node.items.map((_, i) => i).filter((i) => !drop(i));
  const items = kept.map((i) => node.items[i] as JsonNode);
  return node.kind === 'object'
    ? jsonObject(
        kept.map((i) => node.keys[i] as string),
        items,
      )
    : jsonArray(items);
}
function deleteKeys(value: Jsonb, keys: readonly SqlValue[]): Jsonb {
  const node = jsonbNode(value);
  if (node.kind === 'object') return jsonbFromNode(without(node, (i) => keys.includes(node.keys[i] as string)));
  if (node.kind !== 'array') throw invalid('cannot delete from scalar');
  return jsonbFromNode(
    without(
      node,
      (i) => (node.items[i] as JsonNode).kind === 'string' && keys.includes((node.items[i] as JsonNode).text),
    ),
  );
}
function deleteIndex(value: Jsonb, index: number): Jsonb {
  const node = jsonbNode(value);
  if (node.kind === 'object') throw invalid('cannot delete from object using integer index');
  if (node.kind !== 'array') throw invalid('cannot delete from scalar');
  const at = index < 0 ? node.items.length + index : index;
  return jsonbFromNode(without(node, (i) => i === at));
}
for (const [define, name] of [
  [operator, 'subtract'],
  [scalar, 'jsonb_delete'],
] as const) {
  define(`${name}(jsonb, text) jsonb`, (value: Jsonb, key: string) => deleteKeys(value, [key]));
  define(`${name}(jsonb, text[]) jsonb`, (value: Jsonb, keys: SqlArray) => deleteKeys(value, keys.items));
  define(`${name}(jsonb, int32) jsonb`, deleteIndex);
}

/** What to do at the end of a path. */
interface Change {
  readonly kind: 'set' | 'insert' | 'delete';
  readonly value: JsonNode;
  readonly create: boolean;
  readonly after: boolean;
}
function pathIndex(step: string, level: number): number {
  if (!/^\s*[+-]?\d+\s*$/.test(step))
    throw new SqlError(
      'invalid_text_representation',
      `path element at position ${level + 1} is not an integer: "${step}"`,
    );
  return Number(step);
}
function change(node: JsonNode, path: readonly SqlValue[], level: number, edit: Change): JsonNode {
  const step = path[level];
  if (step === null) throw new SqlError('null_value_not_allowed', `path element at position ${level + 1} is null`);
  const last = level === path.length - 1;
  if (node.kind === 'object') return changeMember(node, path, level, edit, step as string, last);
  if (node.kind === 'array') return changeItem(node, path, level, edit, step as string, last);
  return node;
}
function changeMember(
  node: JsonNode,
  path: readonly SqlValue[],
  level: number,
  edit: Change,
  key: string,
  last: boolean,
): JsonNode {
  const index = node.keys.indexOf(key);
  if (!last) {
    if (index < 0) return node;
    return jsonObject(
      node.keys,
      node.items.map((child, i) => (i === index ? change(child, path, level + 1, edit) : child)),
    );
  }
  if (edit.kind === 'delete') return index < 0 ? node : without(node, (i) => i === index);
  if (index >= 0) {
    if (edit.kind === 'insert')
      throw new SqlError('invalid_parameter_value', {
        message: 'cannot replace existing key',
        hint: 'Try using the function jsonb_set to replace key value.',
      });
    return jsonObject(
      node.keys,
      node.items.map((child, i) => (i === index ? edit.value : child)),
    );
  }
  return edit.create ? jsonObject([...node.keys, key], [...node.items, edit.value]) : node;
}
function changeItem(
  node: JsonNode,
  path: readonly SqlValue[],
  level: number,
  edit: Change,
  step: string,
  last: boolean,
): JsonNode {
  const written = pathIndex(step, level);
  const length = node.items.length;
  const at = written < 0 ? length + written : written;
  if (!last) {
    if (at < 0 || at >= length) return node;
    return jsonArray(node.items.map((child, i) => (i === at ? change(child, path, level + 1, edit) : child)));
  }
  if (edit.kind === 'delete') return without(node, (i) => i === at);
  if (edit.kind === 'set' && at >= 0 && at < length)
    return jsonArray(node.items.map((child, i) => (i === at ? edit.value : child)));
  if (!edit.create) return node;
  const place = at < 0 ? 0 : at >= length ? length : at + (edit.kind === 'insert' && edit.after ? 1 : 0);
  return jsonArray([...node.items.slice(0, place), edit.value, ...node.items.slice(place)]);
}
function apply(value: Jsonb, path: SqlArray, edit: Change): Jsonb {
  const node = jsonbNode(value);
  if (node.kind !== 'object' && node.kind !== 'array')
    throw invalid(edit.kind === 'delete' ? 'cannot delete path in scalar' : 'cannot set path in scalar');
  if (path.items.length === 0) return value;
  return jsonbFromNode(change(node, path.items, 0, edit));
}
const set = (value: Jsonb, path: SqlArray, replacement: Jsonb, create: boolean): Jsonb =>
  apply(value, path, { kind: 'set', value: jsonbNode(replacement), create, after: false });
const remove = (value: Jsonb, path: SqlArray): Jsonb =>
  apply(value, path, { kind: 'delete', value: JSON_NULL, create: false, after: false });
operator('json_delete_path(jsonb, text[]) jsonb', remove);
scalar('jsonb_delete_path(jsonb, text[]) jsonb', remove);
scalar('jsonb_set(jsonb, text[], jsonb) jsonb', (a: Jsonb, p: SqlArray, v: Jsonb) => set(a, p, v, true));
scalar('jsonb_set(jsonb, text[], jsonb, bool) jsonb', set);
const insert = (value: Jsonb, path: SqlArray, added: Jsonb, after: boolean): Jsonb =>
  apply(value, path, { kind: 'insert', value: jsonbNode(added), create: true, after });
scalar('jsonb_insert(jsonb, text[], jsonb) jsonb', (a: Jsonb, p: SqlArray, v: Jsonb) => insert(a, p, v, false));
scalar('jsonb_insert(jsonb, text[], jsonb, bool) jsonb', insert);
function setLax(
  value: Jsonb | null,
  path: SqlArray | null,
  added: Jsonb | null,
  create: boolean | null,
  treatment: string | null,
): SqlValue {
  if (value === null || path === null || create === null) return null;
  if (added !== null) return set(value, path, added, create);
  switch (treatment) {
    case 'use_json_null':
      return set(value, path, new Jsonb('null'), create);
    case 'delete_key':
      return remove(value, path);
    case 'return_target':
      return value;
    case 'raise_exception':
      throw new SqlError('null_value_not_allowed', {
        message: 'JSON value must not be null',
        detail: 'Exception was raised because null_value_treatment is "raise_exception".',
      });
    default:
      throw invalid(
        'null_value_treatment must be "delete_key", "return_target", "use_json_null", or "raise_exception"',
      );
  }
}
scalar(
  'jsonb_set_lax(jsonb, text[], jsonb) jsonb',
  (a: Jsonb, p: SqlArray, v: Jsonb) => setLax(a, p, v, true, 'use_json_null'),
  NOT_STRICT,
);
scalar(
  'jsonb_set_lax(jsonb, text[], jsonb, bool) jsonb',
  (a: Jsonb, p: SqlArray, v: Jsonb, c: boolean) => setLax(a, p, v, c, 'use_json_null'),
  NOT_STRICT,
);
scalar(
  'jsonb_set_lax(jsonb, text[], jsonb, bool, text) jsonb',
  (a: Jsonb, p: SqlArray, v: Jsonb, c: boolean, t: string) => setLax(a, p, v, c, t),
  NOT_STRICT,
);

// ---- building
for (const [suffix, isBinary] of [
  ['json', false],
  ['jsonb', true],
] as const) {
  scalarFor(
    `to_${suffix}(any_element) ${suffix}`,
    ([type]) => {
      const write = jsonWriter(type as SqlType);
      return isBinary
        ? (value: SqlValue, c: EvalContext) => parseJsonb(write(value, c))
        : (value: SqlValue, c: EvalContext) => write(value, c);
    },
    STABLE,
  );
  scalarFor(
    `${suffix}_build_array(...any) ${suffix}`,
    (types) => {
      const writers = types.map((type) => jsonWriter(type));
      return (values: readonly SqlValue[], c: EvalContext) => {
        const text = `[${values.map((value, i) => (writers[i] as ReturnType<typeof jsonWriter>)(value, c)).join(', ')}]`;
        return isBinary ? parseJsonb(text) : text;
      };
    },
    { strict: false, volatility: 'stable' },
  );
  scalarFor(
    `${suffix}_build_object(...any) ${suffix}`,
    (types) => {
      const writers = types.map((type) => jsonWriter(type));
      const keys = types.map((type) => keyText(type));
      return (values: readonly SqlValue[], c: EvalContext) => {
        if (values.length % 2 === 1) {
          throw new SqlError('invalid_parameter_value', {
            message: 'argument list must have even number of elements',
            hint: `The arguments of ${suffix}_build_object() must consist of alternating keys and values.`,
          });
        }
        const parts: string[] = [];
        for (let i = 0; i < values.length; i += 2) {
          if (values[i] === null)
            throw isBinary
              ? invalid(`argument ${i + 1}: key must not be null`)
              : new SqlError('invalid_parameter_value', {
                  message: `argument ${i + 1} cannot be null`,
                  hint: 'Object keys should be text.',
                });
          parts.push(
            `${quoteJson((keys[i] as ReturnType<typeof keyText>)(values[i] as SqlValue, c))} : ${(writers[i + 1] as ReturnType<typeof jsonWriter>)(values[i + 1] as SqlValue, c)}`,
          );
        }
        const text = `{${parts.join(', ')}}`;
        return isBinary ? parseJsonb(text) : text;
      };
    },
    { strict: false, volatility: 'stable' },
  );
  const finish = (text: string): SqlValue => (isBinary ? parseJsonb(text) : text);
  scalar(`${suffix}_object(text[]) ${suffix}`, (pairs: SqlArray) => {
    if (pairs.dimensions.length > 2 || (pairs.dimensions.length === 2 && pairs.dimensions[1] !== 2))
      throw new SqlError(
        'array_subscript_error',
        pairs.dimensions.length > 2 ? 'wrong number of array subscripts' : 'array must have two columns',
      );
    if (pairs.items.length % 2 === 1)
      throw new SqlError('array_subscript_error', 'array must have even number of elements');
    return finish(
      objectText(
        pairs.items.filter((_, i) => i % 2 === 0),
        pairs.items.filter((_, i) => i % 2 === 1),
      ),
    );
  });
  scalar(`${suffix}_object(text[], text[]) ${suffix}`, (keys: SqlArray, values: SqlArray) => {
    if (keys.items.length !== values.items.length)
      throw new SqlError('array_subscript_error', 'mismatched array dimensions');
    return finish(objectText(keys.items, values.items));
  });
  collectors(suffix, isBinary);
}
function objectText(keys: readonly SqlValue[], values: readonly SqlValue[]): string {
  const parts = keys.map((key, i) => {
    if (key === null) throw new SqlError('null_value_not_allowed', 'null value not allowed for object key');
    return `${quoteJson(key as string)} : ${values[i] === null ? 'null' : quoteJson(values[i] as string)}`;
  });
  return `{${parts.join(', ')}}`;
}
function keyText(type: SqlType): (value: SqlValue, context: EvalContext) => string {
  if (type.kind === 'array' || type.kind === 'record' || type.kind === 'json' || type.kind === 'jsonb') {
    return () => {
      throw invalid('key value must be scalar, not array, composite, or json');
    };
  }
  return textOf(type);
}
scalarFor('row_to_json(any_record) json', ([type]) => jsonWriter(type as SqlType), STABLE);
scalarFor(
  'row_to_json(any_record, bool) json',
  ([type]) => {
    const plain = jsonWriter(type as SqlType);
    const pretty = jsonWriter(type as SqlType, true);
    return (value: SqlValue, lines: boolean, c: EvalContext) => (lines ? pretty : plain)(value, c);
  },
  STABLE,
);
scalarFor('array_to_json(any_array) json', ([type]) => jsonWriter(type as SqlType), STABLE);
scalarFor(
  'array_to_json(any_array, bool) json',
  ([type]) => {
    const plain = jsonWriter(type as SqlType);
    const pretty = jsonWriter(type as SqlType, true);
    return (value: SqlValue, lines: boolean, c: EvalContext) => (lines ? pretty : plain)(value, c);
  },
  STABLE,
);

interface Parts {
  parts: string[];
}
function collectors(suffix: 'json' | 'jsonb', isBinary: boolean): void {
  const facts = { strict: false, ordered: true, growing: true } as const;
  aggregateFor<Parts>(`${suffix}_agg(any_element) ${suffix}`, facts, ([type]) => {
    const write = jsonWriter(type as SqlType);
    const separator = type?.kind === 'array' || type?.kind === 'record' ? ', \n ' : ', ';
    return {
      create: () => ({ parts: [] }),
      step: (state, value: SqlValue, _b: SqlValue, c) => {
        state.parts.push(write(value, c));
      },
      final: (state) => {
        if (state.parts.length === 0) return null;
        const text = `[${state.parts.join(separator)}]`;
        return isBinary ? parseJsonb(text) : text;
      },
    };
  });
  aggregateFor<Parts>(`${suffix}_object_agg(any, any) ${suffix}`, facts, ([keyType, valueType]) => {
    const key = keyText(keyType as SqlType);
    const write = jsonWriter(valueType as SqlType);
    return {
      create: () => ({ parts: [] }),
      step: (state, k: SqlValue, v: SqlValue, c) => {
        if (k === null)
          throw isBinary ? invalid('field name must not be null') : invalid('field name must not be null');
        state.parts.push(`${quoteJson(key(k, c))} : ${write(v, c)}`);
      },
      final: (state) => {
        if (state.parts.length === 0) return null;
        const text = `{ ${state.parts.join(', ')} }`;
        return isBinary ? parseJsonb(text) : text;
      },
    };
  });
}
