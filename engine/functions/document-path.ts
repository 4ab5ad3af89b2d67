/**
 * Paths through JSON documents of the form $.member[0]."quoted member"[last-1][0 to 2].*[*]**.member: reading them, and the values
 * that they lead to. A value that is no array counts as an array of itself for [0] and [last].
 */
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { jsonArray, jsonMember, type JsonNode, jsonObject } from '../../sblr/contract/text/json.ts';

interface Place {
  readonly index: number;
  /** Counted back from the last item. */
  readonly fromLast: boolean;
}

export type Leg =
  | { readonly kind: 'member'; readonly name: string }
  | { readonly kind: 'members' }
  | { readonly kind: 'item'; readonly place: Place }
  | { readonly kind: 'range'; readonly from: Place; readonly to: Place }
  | { readonly kind: 'items' }
  | { readonly kind: 'descendants' };

export interface DocumentPath {
  readonly legs: readonly Leg[];
  /** May it lead to more than one value? */
  readonly wild: boolean;
}

const MAX_CACHED = 500;
const MAX_LEGS = 100;
const cache = new Map<string, DocumentPath>();

function bad(text: string, at: number): SqlError {
  return new SqlError('syntax_error', {
    message: `invalid JSON path expression "${text}"`,
    variant: 'json_path',
    args: { at: at + 1 },
  });
}

const NAME = /[\p{L}_$][\p{L}\p{Nd}\p{M}_$]*/uy;
const QUOTED = /"(?:[^"\\]|\\.)*"/y;
const SUBSCRIPT = /\[\s*(?:(\*)|(\d+|last(?:\s*-\s*\d+)?)(?:\s+to\s+(\d+|last(?:\s*-\s*\d+)?))?)\s*\]/y;

export function documentPath(text: string): DocumentPath {
  let found = cache.get(text);
  if (found === undefined) {
    found = read(text);
    if (cache.size >= MAX_CACHED) cache.clear();
    cache.set(text, found);
  }
  return found;
}

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

function placeOf(text: string): Place {
  if (!text.startsWith('last')) return { index: Number(text), fromLast: false };
  const [, back = '0'] = text.split('-');
  return { index: Number(back), fromLast: true };
}

function read(text: string): DocumentPath {
  const legs: Leg[] = [];
  const blanks = (from: number): number => from + (/^\s*/.exec(text.slice(from))?.[0].length ?? 0);
  let at = blanks(0);
  if (text.charAt(at) !== '$') throw bad(text, at);
  at = blanks(at + 1);
  while (at < text.length) {
    if (legs.length >= MAX_LEGS) throw bad(text, at);
    if (text.startsWith('**', at)) {
      legs.push({ kind: 'descendants' });
      at = blanks(at + 2);
      if (at >= text.length) throw bad(text, at);
    } else if (text.charAt(at) === '.') {
      at = blanks(at + 1);
      if (text.charAt(at) === '*') {
        legs.push({ kind: 'members' });
        at = blanks(at + 1);
        continue;
      }
      const quoted = match(QUOTED, text, at);
      const name = quoted ?? match(NAME, text, at);
      if (name === null) throw bad(text, at);
      legs.push({ kind: 'member', name: quoted === null ? name[0] : (JSON.parse(quoted[0]) as string) });
      at = blanks(at + name[0].length);
    } else {
      const subscript = match(SUBSCRIPT, text, at);
      if (subscript === null) throw bad(text, at);
      const [all, star, from, to] = subscript as unknown as [string, string?, string?, string?];
      if (star !== undefined) legs.push({ kind: 'items' });
      else if (to !== undefined) legs.push({ kind: 'range', from: placeOf(from as string), to: placeOf(to) });
      else legs.push({ kind: 'item', place: placeOf(from as string) });
      at = blanks(at + all.length);
    }
  }
  return { legs, wild: legs.some(({ kind }) => kind !== 'member' && kind !== 'item') };
}

/** Index from 0; may lie outside. */
export function indexOf({ index, fromLast }: Place, size: number): number {
  return fromLast ? size - 1 - index : index;
}

/** The values that a path leads to, in order. */
export function valuesAt(node: JsonNode, { legs }: DocumentPath): JsonNode[] {
  const found: JsonNode[] = [];
  follow(node, legs, 0, found);
  return found.length > 1 && legs.some(({ kind }) => kind === 'descendants') ? [...new Set(found)] : found;
}

function follow(node: JsonNode, legs: readonly Leg[], at: number, found: JsonNode[]): void {
  const leg = legs[at];
  if (leg === undefined) {
    found.push(node);
    return;
  }
  const { kind } = node;
  const items = kind === 'array' ? node.items : [node];
  switch (leg.kind) {
    case 'member': {
      const member = kind === 'object' ? jsonMember(node, leg.name) : undefined;
      if (member !== undefined) follow(member, legs, at + 1, found);
      return;
    }
    case 'members':
      if (kind === 'object') for (const item of node.items) follow(item, legs, at + 1, found);
      return;
    case 'item': {
      const item = items[indexOf(leg.place, items.length)];
      if (item !== undefined) follow(item, legs, at + 1, found);
      return;
    }
    case 'range': {
      const first = Math.max(0, indexOf(leg.from, items.length));
      const last = Math.min(items.length - 1, indexOf(leg.to, items.length));
      for (let i = first; i <= last; i++) follow(items[i] as JsonNode, legs, at + 1, found);
      return;
    }
    case 'items':
      if (kind === 'array') for (const item of node.items) follow(item, legs, at + 1, found);
      return;
    case 'descendants':
      follow(node, legs, at + 1, found);
      for (const item of node.items) follow(item, legs, at, found);
  }
}

/** What a change of the value at a path makes of it; undefined = removes it. `missing`: there is none yet. */
export type Change = (value: JsonNode | undefined) => JsonNode | undefined;

/** The document with the value at a path changed; where the path leads nowhere, it is added if `change` makes one. */
export function changedAt(node: JsonNode, { legs }: DocumentPath, change: Change): JsonNode {
  return changed(node, legs, 0, change) ?? node;
}

function changed(node: JsonNode, legs: readonly Leg[], at: number, change: Change): JsonNode | undefined {
  const leg = legs[at];
  if (leg === undefined) return change(node);
  const last = at === legs.length - 1;
  if (leg.kind === 'member') {
    if (node.kind !== 'object') return node;
    const index = node.keys.lastIndexOf(leg.name);
    if (index < 0) {
      const made = last ? change(undefined) : undefined;
      return made === undefined ? node : jsonObject([...node.keys, leg.name], [...node.items, made]);
    }
    const old = node.items[index] as JsonNode;
    const made = changed(old, legs, at + 1, change);
    if (made === old) return node;
    if (made !== undefined) return jsonObject(node.keys, node.items.with(index, made));
    return jsonObject(
      node.keys.filter((_, i) => i !== index),
      node.items.filter((_, i) => i !== index),
    );
  }
  if (leg.kind !== 'item') return node;
  const isArray = node.kind === 'array';
  const items = isArray ? node.items : [node];
  const index = indexOf(leg.place, items.length);
  const old = items[index];
  if (old === undefined) {
    const made = last && index >= 0 ? change(undefined) : undefined;
    return made === undefined ? node : jsonArray([...items, made]);
  }
  const made = changed(old, legs, at + 1, change);
  if (made === old) return node;
  if (!isArray) return made === undefined ? node : made;
  return jsonArray(made === undefined ? items.filter((_, i) => i !== index) : items.with(index, made));
}

/** The path of a value below others, as text. */
export function legText(leg: string | number): string {
  if (typeof leg === 'number') return `[${leg}]`;
  return /^[\p{L}_$][\p{L}\p{Nd}_$]*$/u.test(leg) ? `.${leg}` : `.${JSON.stringify(leg)}`;
}
