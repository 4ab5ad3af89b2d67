/** Set-returning functions of JSON documents, and JSON read into rows. */
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { jsonbFromNode, jsonbNode, jsonMember, type JsonNode, parseJson } from '../../sblr/contract/text/json.ts';
import { textParser } from '../../sblr/contract/text/text-io.ts';
import { displayType } from '../../sblr/contract/text/type-name.ts';
import type { RecordField, SqlType } from '../../sblr/contract/types.ts';
import { type Jsonb, type Row, SqlArray, SqlRecord, type SqlValue } from '../../sblr/contract/values.ts';
import { limiter } from '../types/casts.ts';
import type { EvalContext } from './function.ts';
import { nodeText } from './json-functions.ts';
import { rowsSource, scalarFor, setFor, valuesSource } from './table.ts';

const invalid = (message: string): SqlError => new SqlError('invalid_parameter_value', message);

for (const type of ['json', 'jsonb'] as const) {
  const open = (value: SqlValue): JsonNode =>
    type === 'json' ? parseJson(value as string) : jsonbNode(value as Jsonb);
  const part = (node: JsonNode, whole: SqlValue): SqlValue =>
    type === 'json' ? (whole as string).slice(node.start, node.end) : jsonbFromNode(node);
  const text = (node: JsonNode, whole: SqlValue): SqlValue =>
    nodeText(node, type === 'json' ? (whole as string) : undefined);
  const items = (value: SqlValue, name: string): readonly JsonNode[] => {
    const node = open(value);
    if (node.kind === 'array') return node.items;
    if (node.kind === 'object')
      throw invalid(type === 'json' ? `cannot call ${name} on a non-array` : 'cannot extract elements from an object');
    throw invalid(type === 'json' ? `cannot call ${name} on a scalar` : 'cannot extract elements from a scalar');
  };
  setFor(
    `${type}_array_elements(${type}) ${type}`,
    { columns: [{ name: 'value', type: { kind: type } }], result: () => ({ kind: type }) },
    () =>
      ([value]) =>
        valuesSource(items(value as SqlValue, `${type}_array_elements`).map((node) => part(node, value as SqlValue))),
  );
  setFor(
    `${type}_array_elements_text(${type}) text`,
    { columns: [{ name: 'value', type: { kind: 'text' } }], result: () => ({ kind: 'text' }) },
    () =>
      ([value]) =>
        valuesSource(
          items(value as SqlValue, `${type}_array_elements_text`).map((node) => text(node, value as SqlValue)),
        ),
  );
  const members = (value: SqlValue, name: string): JsonNode => {
    const node = open(value);
    if (node.kind !== 'object') {
      if (type === 'jsonb')
        throw invalid(
          `cannot call ${name} on a ${node.kind === 'array' && name.includes('keys') ? 'n array' : 'non-object'}`.replace(
            'a n array',
            'an array',
          ),
        );
      throw invalid(
        node.kind === 'array'
          ? `cannot ${name.includes('keys') ? `call ${name} on an array` : 'deconstruct an array as an object'}`
          : `cannot ${name.includes('keys') ? `call ${name} on a scalar` : 'deconstruct a scalar'}`,
      );
    }
    return node;
  };
  for (const [suffix, valueType, read] of [
    ['each', type, part],
    ['each_text', 'text', text],
  ] as const) {
    const columns: RecordField[] = [
      { name: 'key', type: { kind: 'text' } },
      { name: 'value', type: { kind: valueType } },
    ];
    setFor(
      `${type}_${suffix}(${type}) record`,
      { columns, result: () => ({ kind: 'record', fields: columns }) },
      () =>
        ([value]) => {
          const node = members(value as SqlValue, `${type}_${suffix}`);
          return rowsSource(node.keys.map((key, i) => [key, read(node.items[i] as JsonNode, value as SqlValue)]));
        },
    );
  }
  setFor(
    `${type}_object_keys(${type}) text`,
    {},
    () =>
      ([value]) =>
        valuesSource(members(value as SqlValue, `${type}_object_keys`).keys),
  );

  // ---- rows from documents
  const rowReader = (fields: readonly RecordField[]) => {
    const readers = fields.map((field) => valueReader(field.type));
    return (node: JsonNode, source: string | undefined, context: EvalContext, base?: readonly SqlValue[]): Row => {
      if (node.kind !== 'object')
        throw invalid(`cannot call populate_composite on ${node.kind === 'array' ? 'an array' : 'a scalar'}`);
      return fields.map((field, i) => {
        const found = jsonMember(node, field.name);
        const before = base?.[i] ?? null;
        return found === undefined ? before : (readers[i] as ValueReader)(found, source, context, before);
      });
    };
  };
  const sourceOf = (value: SqlValue): string | undefined => (type === 'json' ? (value as string) : undefined);
  setFor(`${type}_to_record(${type}) record`, { columns: 'definition' }, (_types, columns) => {
    const read = rowReader(columns);
    return ([value], context) => rowsSource([read(open(value as SqlValue), sourceOf(value as SqlValue), context)]);
  });
  setFor(`${type}_to_recordset(${type}) record`, { columns: 'definition' }, (_types, columns) => {
    const read = rowReader(columns);
    return ([value], context) =>
      rowsSource(
        items(value as SqlValue, `${type}_to_recordset`).map((node) =>
          read(node, sourceOf(value as SqlValue), context),
        ),
      );
  });
  const fieldsOf = (base: SqlType | undefined): readonly RecordField[] | undefined => base?.fields;
  scalarFor(
    `${type}_populate_record(any_record, ${type}) any_record`,
    ([base], result) => {
      const read = rowReader(fieldsOf(base) ?? fieldsOf(result) ?? []);
      return (old: SqlRecord | null, value: SqlValue, context: EvalContext) =>
        value === null ? old : new SqlRecord(read(open(value), sourceOf(value), context, old?.values));
    },
    { strict: false, volatility: 'stable', result: ([base]) => base as SqlType },
  );
  setFor(
    `${type}_populate_recordset(any_record, ${type}) record`,
    { strict: false, columns: ([base]) => fieldsOf(base), result: ([base]) => base as SqlType },
    ([base], columns) => {
      const read = rowReader(fieldsOf(base) ?? columns);
      return ([old, value], context) =>
        rowsSource(
          value === null
            ? []
            : items(value as SqlValue, `${type}_populate_recordset`).map((node) =>
                read(node, sourceOf(value as SqlValue), context, (old as SqlRecord | null)?.values),
              ),
        );
    },
  );
}

/** `before`: the value that a row keeps the members of which are not told. */
type ValueReader = (node: JsonNode, source: string | undefined, context: EvalContext, before?: SqlValue) => SqlValue;

/** Reads a JSON value as an SQL type: arrays and rows member by member, the rest through text input. */
function valueReader(type: SqlType): ValueReader {
  if (type.kind === 'json' || type.kind === 'jsonb') {
    const document = type.kind === 'json' ? jsonText : jsonDocument;
    return (node, source) => (node.kind === 'null' ? null : document(node, source));
  }
  const limit = limiter(type, 'assignment');
  const scalarReader: ValueReader = (node, source, context) => {
    const text = nodeText(node, source);
    if (text === null) return null;
    const value = textParser(type, context.text)(text);
    return limit === undefined ? value : limit(value, context);
  };
  if (type.kind === 'array') {
    const element = type.element ?? { kind: 'text' };
    const item = valueReader(element);
    return (node, source, context) => {
      if (node.kind !== 'array') {
        if (node.kind === 'string' || node.kind === 'null') return scalarReader(node, source, context);
        throw new SqlError('invalid_text_representation', 'expected JSON array');
      }
      return nestedArray(node, (child) => item(child, source, context));
    };
  }
  if (type.kind === 'record' && type.fields !== undefined) {
    const fields = type.fields;
    const readers = fields.map((field) => valueReader(field.type));
    return (node, source, context, before) => {
      if (node.kind !== 'object') {
        if (node.kind === 'string' || node.kind === 'null') return scalarReader(node, source, context);
        throw invalid(`cannot convert JSON ${node.kind} to type ${displayType(type)}`);
      }
      return new SqlRecord(
        fields.map((field, i) => {
          const found = jsonMember(node, field.name);
          const old = before instanceof SqlRecord ? (before.values[i] ?? null) : null;
          return found === undefined ? old : (readers[i] as ValueReader)(found, source, context, old);
        }),
      );
    };
  }
  return scalarReader;
}

function jsonText(node: JsonNode, source: string | undefined): string {
  return source === undefined ? jsonbFromNode(node).text : source.slice(node.start, node.end);
}

function jsonDocument(node: JsonNode, source: string | undefined): Jsonb {
  if (source === undefined) return jsonbFromNode(node);
  return jsonbFromNode(jsonbNode({ text: source.slice(node.start, node.end) } as Jsonb));
}

function nestedArray(node: JsonNode, item: (child: JsonNode) => SqlValue): SqlArray {
  const dimensions: number[] = [];
  for (let at: JsonNode | undefined = node; at?.kind === 'array' && at.items.length > 0; at = at.items[0])
    dimensions.push(at.items.length);
  const items: SqlValue[] = [];
  const walk = (at: JsonNode, depth: number): void => {
    if (depth === dimensions.length) {
      items.push(item(at));
      return;
    }
    if (at.kind !== 'array' || at.items.length !== dimensions[depth]) {
      throw new SqlError('invalid_text_representation', {
        message: 'malformed JSON array',
        detail: 'Multidimensional arrays must have sub-arrays with matching dimensions.',
      });
    }
    for (const child of at.items) walk(child, depth + 1);
  };
  walk(node, 0);
  return new SqlArray(items, dimensions);
}
