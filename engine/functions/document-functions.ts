/**
 * Functions of JSON documents by path (document-path.ts): reading, changing, searching, merging and describing them. Arguments may
 * be documents or text that is one.
 */
import { SqlError } from '../../sblr/contract/sql-error.ts';
import {
  JSON_NULL,
  jsonArray,
  jsonbFromNode,
  jsonMember,
  type JsonNode,
  jsonObject,
  jsonString,
  parseJson,
  quoteJson,
  writeJsonb,
} from '../../sblr/contract/text/json.ts';
import type { SqlType } from '../../sblr/contract/types.ts';
import type { Jsonb, SqlValue } from '../../sblr/contract/values.ts';
import { compareJson } from '../types/compare.ts';
import { changedAt, type DocumentPath, documentPath, indexOf, type Leg, legText, valuesAt } from './document-path.ts';
import { documentOf, nodeOf } from './document-values.ts';
import { plainTextOf } from './free-conversion.ts';
import type { EvalContext } from './function.ts';
import { likeEscape, likeMatcher } from './pattern.ts';
import { aggregateFor, type Implementation, NOT_STRICT, scalar, scalarFor } from './table.ts';

type Values = readonly SqlValue[];

/** A document of one argument; text is read as one. */
const documentAt = (types: readonly SqlType[], index: number, name: string): ((value: SqlValue) => JsonNode) =>
  documentOf(types[index] as SqlType, name, index + 1);

/** A path that must lead to one value at most. */
function plainPath(text: string): DocumentPath {
  const path = documentPath(text);
  if (path.wild)
    throw new SqlError('syntax_error', {
      message: 'a path with wildcards is not allowed here',
      variant: 'json_path_wild',
      args: {},
    });
  return path;
}

// ---- reading

function extracted(document: JsonNode, paths: readonly string[]): Jsonb | null {
  const [first] = paths;
  if (paths.length === 1) {
    const path = documentPath(first as string);
    const found = valuesAt(document, path);
    if (!path.wild) return found[0] === undefined ? null : jsonbFromNode(found[0]);
    return found.length === 0 ? null : jsonbFromNode(jsonArray(found));
  }
  const all = paths.flatMap((path) => valuesAt(document, documentPath(path)));
  return all.length === 0 ? null : jsonbFromNode(jsonArray(all));
}
scalarFor('json_extract(any, ...text) jsonb', (types) => {
  const document = documentAt(types, 0, 'json_extract');
  return (values: Values) => extracted(document(values[0] as SqlValue), values.slice(1) as readonly string[]);
});
/** A string without its quotes, everything else as it is written. */
function unquoted(node: JsonNode): string {
  return node.kind === 'string' ? node.text : writeJsonb(node);
}
scalarFor('json_unquote(any) text', ([type]) => {
  if (type?.kind === 'jsonb') {
    const document = documentOf(type, 'json_unquote', 1);
    return (value: SqlValue) => unquoted(document(value));
  }
  return (value: SqlValue) => {
    const text = String(value);
    return text.length > 1 && text.startsWith('"') && text.endsWith('"') ? unquoted(parseJson(text)) : text;
  };
});
/** The scalar that a path leads to, as text; NULL for none, null or more than a scalar. */
scalarFor('json_scalar_at(any, text) text', (types) => {
  const document = documentAt(types, 0, 'json_value');
  return (value: SqlValue, path: string) => {
    const [found] = valuesAt(document(value), documentPath(path));
    return found === undefined || found.kind === 'null' || found.kind === 'array' || found.kind === 'object'
      ? null
      : unquoted(found);
  };
});
scalar('json_quote(text) text', (text: string) => quoteJson(text));

scalarFor('json_contains(any, any) bool', (types) => {
  const target = documentAt(types, 0, 'json_contains');
  const candidate = documentAt(types, 1, 'json_contains');
  return (a: SqlValue, b: SqlValue) => contains(target(a), candidate(b));
});
scalarFor('json_contains(any, any, text) bool', (types) => {
  const target = documentAt(types, 0, 'json_contains');
  const candidate = documentAt(types, 1, 'json_contains');
  return (a: SqlValue, b: SqlValue, path: string) => {
    const [found] = valuesAt(target(a), plainPath(path));
    return found === undefined ? null : contains(found, candidate(b));
  };
});
function contains(target: JsonNode, candidate: JsonNode): boolean {
  if (target.kind === 'array') {
    if (candidate.kind === 'array') return candidate.items.every((item) => contains(target, item));
    return target.items.some((item) => contains(item, candidate));
  }
  if (target.kind === 'object')
    return (
      candidate.kind === 'object' &&
      candidate.keys.every((key, i) => {
        const member = jsonMember(target, key);
        return member !== undefined && contains(member, candidate.items[i] as JsonNode);
      })
    );
  return compareJson(target, candidate) === 0;
}

function oneOrAll(word: string, name: string): 'one' | 'all' {
  const lower = word.toLowerCase();
  if (lower === 'one' || lower === 'all') return lower;
  throw new SqlError('invalid_parameter_value', {
    message: `The oneOrAll argument to ${name} may take these values: 'one' or 'all'.`,
    variant: 'one_or_all',
    args: { function: name },
  });
}
scalarFor('json_contains_path(any, text, ...text) bool', (types) => {
  const document = documentAt(types, 0, 'json_contains_path');
  return (values: Values) => {
    const [value, word, ...paths] = values as readonly [SqlValue, string, ...string[]];
    const node = document(value);
    const leads = (path: string): boolean => valuesAt(node, documentPath(path)).length > 0;
    return oneOrAll(word, 'json_contains_path') === 'one' ? paths.some(leads) : paths.every(leads);
  };
});

function keysOf(node: JsonNode | undefined): Jsonb | null {
  return node?.kind === 'object' ? jsonbFromNode(jsonArray(node.keys.map(jsonString))) : null;
}
function lengthOf(node: JsonNode | undefined): number | null {
  if (node === undefined) return null;
  return node.kind === 'array' || node.kind === 'object' ? node.items.length : 1;
}
for (const [name, result, code] of [
  ['json_keys', 'jsonb', keysOf],
  ['json_length', 'int64', lengthOf],
] as const) {
  scalarFor(`${name}(any) ${result}`, (types) => {
    const document = documentAt(types, 0, name);
    return (value: SqlValue) => code(document(value));
  });
  scalarFor(`${name}(any, text) ${result}`, (types) => {
    const document = documentAt(types, 0, name);
    return (value: SqlValue, path: string) => code(valuesAt(document(value), plainPath(path))[0]);
  });
}
function depth(node: JsonNode): number {
  return 1 + node.items.reduce((deepest, item) => Math.max(deepest, depth(item)), 0);
}
scalarFor('json_depth(any) int64', (types) => {
  const document = documentAt(types, 0, 'json_depth');
  return (value: SqlValue) => depth(document(value));
});
function kindName({ kind, text }: JsonNode): string {
  switch (kind) {
    case 'true':
    case 'false':
      return 'BOOLEAN';
    case 'number':
      if (!/^-?\d+$/.test(text)) return 'DOUBLE';
      return BigInt(text) > 9223372036854775807n ? 'UNSIGNED INTEGER' : 'INTEGER';
    default:
      return kind.toUpperCase();
  }
}
scalarFor('json_type(any) text', (types) => {
  const document = documentAt(types, 0, 'json_type');
  return (value: SqlValue) => kindName(document(value));
});
scalarFor('json_valid(any) bool', ([type]) => {
  if (type?.kind === 'jsonb') return () => true;
  return (value: SqlValue) => {
    if (typeof value !== 'string') return false;
    try {
      parseJson(value);
      return true;
    } catch (error) {
      if (error instanceof SqlError) return false;
      throw error;
    }
  };
});
/** Indented by two blanks per level, empty containers in one piece. */
function pretty(node: JsonNode, indent: string): string {
  if ((node.kind !== 'array' && node.kind !== 'object') || node.items.length === 0) return writeJsonb(node);
  const deeper = `${indent}  `;
  const items = node.items.map((item, i) =>
    node.kind === 'object' ? `${quoteJson(node.keys[i] as string)}: ${pretty(item, deeper)}` : pretty(item, deeper),
  );
  const [open, close] = node.kind === 'array' ? '[]' : '{}';
  return `${open}\n${deeper}${items.join(`,\n${deeper}`)}\n${indent}${close}`;
}
scalarFor('json_pretty(any) text', (types) => {
  const document = documentAt(types, 0, 'json_pretty');
  return (value: SqlValue) => pretty(document(value), '');
});

function overlap(a: JsonNode, b: JsonNode): boolean {
  if (a.kind === 'array' || b.kind === 'array') {
    const left = a.kind === 'array' ? a.items : [a];
    const right = b.kind === 'array' ? b.items : [b];
    return left.some((item) => right.some((other) => compareJson(item, other) === 0));
  }
  if (a.kind === 'object' && b.kind === 'object')
    return a.keys.some((key, i) => {
      const other = jsonMember(b, key);
      return other !== undefined && compareJson(a.items[i] as JsonNode, other) === 0;
    });
  return compareJson(a, b) === 0;
}
scalarFor('json_overlaps(any, any) bool', (types) => {
  const left = documentAt(types, 0, 'json_overlaps');
  const right = documentAt(types, 1, 'json_overlaps');
  return (a: SqlValue, b: SqlValue) => overlap(left(a), right(b));
});
scalarFor('json_member(any, any) bool', (types) => {
  const value = nodeOf(types[0] as SqlType);
  const document = documentAt(types, 1, 'member of');
  return (a: SqlValue, b: SqlValue, context: EvalContext) => {
    const wanted = value(a, context);
    const node = document(b);
    return node.kind === 'array'
      ? node.items.some((item) => compareJson(item, wanted) === 0)
      : compareJson(node, wanted) === 0;
  };
});

// ---- searching

function search(node: JsonNode, at: string, matches: (text: string) => boolean, first: boolean, found: string[]): void {
  if (first && found.length > 0) return;
  if (node.kind === 'string' && matches(node.text)) found.push(at);
  node.items.forEach((item, i) =>
    search(item, at + legText(node.kind === 'object' ? (node.keys[i] as string) : i), matches, first, found),
  );
}
scalarFor(
  'json_search(any, text, text, ...text) jsonb',
  (types) => {
    const document = documentAt(types, 0, 'json_search');
    return (values: Values) => {
      const [value, word, pattern, escape, ...paths] = values as readonly [
        SqlValue,
        string | null,
        string | null,
        string?,
        ...string[],
      ];
      if (value === null || word === null || pattern === null || paths.some((path) => path === null)) return null;
      const first = oneOrAll(word, 'json_search') === 'one';
      const matches = likeMatcher(likeEscape(pattern, escape ?? '\\'));
      const found: string[] = [];
      const node = document(value);
      if (paths.length === 0) search(node, '$', matches, first, found);
      for (const path of paths)
        for (const start of valuesAt(node, documentPath(path)))
          search(start, path.replace(/\s/g, ''), matches, first, found);
      if (found.length === 0) return null;
      const texts = [...new Set(found)].map(jsonString);
      return jsonbFromNode(texts.length === 1 || first ? (texts[0] as JsonNode) : jsonArray(texts));
    };
  },
  NOT_STRICT,
);

// ---- making

/** Text must be a document, everything else becomes one. */
scalarFor('document_of(any) jsonb', (types) => {
  const [type] = types as readonly [SqlType];
  if (type.kind === 'text' || type.kind === 'jsonb' || type.kind === 'json') {
    const document = documentAt(types, 0, 'cast_as_json');
    return (value: SqlValue) => jsonbFromNode(document(value));
  }
  const node = nodeOf(type);
  return (value: SqlValue, context: EvalContext) => jsonbFromNode(node(value, context));
});
/** Any value as one inside a document: text is a string. */
scalarFor('document_value(any) jsonb', ([type]) => {
  const node = nodeOf(type as SqlType);
  return (value: SqlValue, context: EvalContext) => jsonbFromNode(node(value, context));
});

scalarFor(
  'json_array_of(...any) jsonb',
  (types) => {
    const nodes = types.map(nodeOf);
    return (values: Values, context: EvalContext) =>
      jsonbFromNode(jsonArray(values.map((value, i) => (nodes[i] as ReturnType<typeof nodeOf>)(value, context))));
  },
  NOT_STRICT,
);
function keyNull(): SqlError {
  return new SqlError('null_value_not_allowed', {
    message: 'JSON documents may not contain NULL member names.',
    variant: 'json_key',
    args: {},
  });
}
scalarFor(
  'json_object_of(...any) jsonb',
  (types) => {
    const nodes = types.map(nodeOf);
    return (values: Values, context: EvalContext) => {
      const keys: string[] = [];
      const items: JsonNode[] = [];
      values.forEach((value, i) => {
        const node = (nodes[i] as ReturnType<typeof nodeOf>)(value, context);
        if (i % 2 === 1) items.push(node);
        else if (value === null) throw keyNull();
        else keys.push(unquoted(node));
      });
      return jsonbFromNode(jsonObject(keys, items));
    };
  },
  NOT_STRICT,
);
interface Collected {
  keys: string[];
  items: JsonNode[];
}
const COLLECTING = { strict: false, ordered: true, growing: true };
aggregateFor<Collected>('json_array_of_rows(any) jsonb', COLLECTING, ([type]) => {
  const node = nodeOf(type as SqlType);
  return {
    create: () => ({ keys: [], items: [] }),
    step: (state, value: SqlValue, _other: SqlValue, context: EvalContext) => {
      state.items.push(node(value, context));
    },
    final: (state) => (state.items.length === 0 ? null : jsonbFromNode(jsonArray([...state.items]))),
  };
});
aggregateFor<Collected>('json_object_of_rows(any, any) jsonb', COLLECTING, ([keyType, type]) => {
  const node = nodeOf(type as SqlType);
  const keyText = plainTextOf(keyType as SqlType);
  return {
    create: () => ({ keys: [], items: [] }),
    step: (state, key: SqlValue, value: SqlValue, context: EvalContext) => {
      if (key === null) throw keyNull();
      state.keys.push(keyText(key, context));
      state.items.push(node(value, context));
    },
    final: (state) => (state.items.length === 0 ? null : jsonbFromNode(jsonObject(state.keys, state.items))),
  };
});

// ---- changing

/** Registers a function of a document and pairs of a path and a value. */
function changing(name: string, apply: (document: JsonNode, path: string, value: JsonNode) => JsonNode): void {
  scalarFor(
    `${name}(any, ...any) jsonb`,
    (types) => {
      const document = documentAt(types, 0, name);
      const nodes = types.map(nodeOf);
      return ((values: Values, context: EvalContext) => {
        if (values[0] === null) return null;
        let node = document(values[0] as SqlValue);
        for (let i = 1; i + 1 < values.length; i += 2) {
          const path = values[i];
          if (path === null || path === undefined) return null;
          const value = (nodes[i + 1] as ReturnType<typeof nodeOf>)(values[i + 1] as SqlValue, context);
          node = apply(node, String(path), value);
        }
        return jsonbFromNode(node);
      }) as Implementation;
    },
    NOT_STRICT,
  );
}
changing('json_set', (document, path, value) => changedAt(document, plainPath(path), () => value));
changing('json_insert', (document, path, value) => changedAt(document, plainPath(path), (old) => old ?? value));
changing('json_replace', (document, path, value) =>
  changedAt(document, plainPath(path), (old) => (old === undefined ? undefined : value)),
);
changing('json_array_append', (document, path, value) =>
  changedAt(document, plainPath(path), (old) =>
    old === undefined ? undefined : jsonArray([...(old.kind === 'array' ? old.items : [old]), value]),
  ),
);
changing('json_array_insert', (document, path, value) => {
  const { legs } = plainPath(path);
  const last = legs.at(-1);
  if (last?.kind !== 'item')
    throw new SqlError('syntax_error', {
      message: 'a path to a cell of an array is wanted',
      variant: 'json_path_cell',
      args: {},
    });
  return changedAt(document, { legs: legs.slice(0, -1), wild: false }, (array) => {
    if (array?.kind !== 'array') return array;
    const index = indexOf((last as Extract<Leg, { kind: 'item' }>).place, array.items.length);
    const at = Math.max(0, Math.min(array.items.length, index));
    return jsonArray([...array.items.slice(0, at), value, ...array.items.slice(at)]);
  });
});
scalarFor('json_remove(any, ...text) jsonb', (types) => {
  const document = documentAt(types, 0, 'json_remove');
  return (values: Values) => {
    let node = document(values[0] as SqlValue);
    for (const text of values.slice(1) as readonly string[]) {
      const path = plainPath(text);
      if (path.legs.length === 0)
        throw new SqlError('syntax_error', {
          message: 'the whole document cannot be removed',
          variant: 'json_path_root',
          args: {},
        });
      node = changedAt(node, path, () => undefined);
    }
    return jsonbFromNode(node);
  };
});

// ---- merging

function patched(target: JsonNode, patch: JsonNode): JsonNode {
  if (patch.kind !== 'object') return patch;
  const members = new Map<string, JsonNode>();
  if (target.kind === 'object') target.keys.forEach((key, i) => members.set(key, target.items[i] as JsonNode));
  patch.keys.forEach((key, i) => {
    const value = patch.items[i] as JsonNode;
    if (value.kind === 'null') members.delete(key);
    else members.set(key, patched(members.get(key) ?? JSON_NULL, value));
  });
  return jsonObject([...members.keys()], [...members.values()]);
}
function preserved(a: JsonNode, b: JsonNode): JsonNode {
  if (a.kind === 'object' && b.kind === 'object') {
    const members = new Map(a.keys.map((key, i) => [key, a.items[i] as JsonNode]));
    b.keys.forEach((key, i) => {
      const value = b.items[i] as JsonNode;
      const old = members.get(key);
      members.set(key, old === undefined ? value : preserved(old, value));
    });
    return jsonObject([...members.keys()], [...members.values()]);
  }
  return jsonArray([...(a.kind === 'array' ? a.items : [a]), ...(b.kind === 'array' ? b.items : [b])]);
}
/** With NULL nothing is known of the result until a patch that is no object takes its place. */
function patchedUnlessNull(target: JsonNode | null, patch: JsonNode | null): JsonNode | null {
  if (patch === null) return null;
  if (patch.kind !== 'object') return patch;
  return target === null ? null : patched(target, patch);
}
for (const [name, merge, strict] of [
  ['json_merge_patch', patchedUnlessNull, false],
  ['json_merge_preserve', preserved as typeof patchedUnlessNull, true],
] as const)
  scalarFor(
    `${name}(any, ...any) jsonb`,
    (types) => {
      const documents = types.map((_, i) => documentAt(types, i, name));
      return (values: readonly (SqlValue | null)[]) => {
        const merged = values
          .map((value, i) => (value === null ? null : (documents[i] as (value: SqlValue) => JsonNode)(value)))
          .reduce(merge);
        return merged === null ? null : jsonbFromNode(merged);
      };
    },
    { strict },
  );
