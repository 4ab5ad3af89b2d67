/**
 * Rows of a JSON document by a plan: a row per value that a path leads to, its columns read by paths from there, nested paths giving
 * further rows. The plan is text in JSON, made by the parser.
 */
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { jsonbFromNode, type JsonNode, writeJsonb } from '../../sblr/contract/text/json.ts';
import type { RecordField, SqlType } from '../../sblr/contract/types.ts';
import type { Row, SqlValue } from '../../sblr/contract/values.ts';
import { lenientCast } from '../types/lenient-casts.ts';
import { Fit } from '../types/fit.ts';
import { documentPath, valuesAt } from './document-path.ts';
import { documentOf } from './document-values.ts';
import type { EvalContext } from './function.ts';
import { rowsSource, setFor } from './table.ts';

type Fallback = 'null' | 'error' | { readonly default: string };

type ColumnPlan =
  | { readonly kind: 'ordinality' }
  | { readonly kind: 'value'; readonly path: string; readonly empty: Fallback; readonly error: Fallback }
  | { readonly kind: 'exists'; readonly path: string }
  | { readonly kind: 'nested'; readonly path: string; readonly columns: readonly ColumnPlan[] };

/** Rows of one document. */
const MAX_ROWS = 1_000_000;
const TEXT: SqlType = { kind: 'text' };

type Read = (node: JsonNode | undefined, context: EvalContext) => SqlValue;

function failure(column: string, empty: boolean): SqlError {
  return new SqlError('invalid_json_text', {
    message: `${empty ? 'Missing' : 'Invalid'} value for JSON_TABLE column '${column}'`,
    variant: empty ? 'missing' : 'invalid',
    args: { column },
  });
}

function reader({ name, type }: RecordField, plan: Extract<ColumnPlan, { kind: 'value' }>): Read {
  const cast = type.kind === 'jsonb' ? undefined : lenientCast(TEXT, type, true);
  const fit = new Fit(false);
  const convert = (text: string, context: EvalContext): SqlValue | undefined => {
    fit.failed = false;
    const value = cast === undefined ? text : cast(text, context, fit);
    return fit.failed ? undefined : value;
  };
  const instead = (fallback: Fallback, empty: boolean, context: EvalContext): SqlValue => {
    if (fallback === 'error') throw failure(name, empty);
    return fallback === 'null' ? null : (convert(fallback.default, context) ?? null);
  };
  return (node, context) => {
    if (node === undefined) return instead(plan.empty, true, context);
    if (type.kind === 'jsonb') return jsonbFromNode(node);
    if (node.kind === 'null') return null;
    if (node.kind === 'array' || node.kind === 'object') return instead(plan.error, false, context);
    const text = node.kind === 'string' ? node.text : booleanText(node, type);
    return convert(text, context) ?? instead(plan.error, false, context);
  };
}

/** Truth values are 1 and 0 in columns of numbers. */
function booleanText(node: JsonNode, type: SqlType): string {
  if (type.kind === 'text' || (node.kind !== 'true' && node.kind !== 'false')) return writeJsonb(node);
  return node.kind === 'true' ? '1' : '0';
}

/** Fills the columns of a level, which begin at `first`, and adds the rows to `out`. */
interface Level {
  readonly width: number;
  emit(node: JsonNode, ordinal: number, row: SqlValue[], out: Row[], context: EvalContext): void;
}

function level(plan: readonly ColumnPlan[], fields: readonly RecordField[], first: number): Level {
  const fill: ((node: JsonNode, ordinal: number, row: SqlValue[], context: EvalContext) => void)[] = [];
  const nested: { readonly path: string; readonly level: Level }[] = [];
  let at = first;
  for (const column of plan) {
    if (column.kind === 'nested') {
      const inner = level(column.columns, fields, at);
      nested.push({ path: column.path, level: inner });
      at += inner.width;
      continue;
    }
    const index = at++;
    if (column.kind === 'ordinality') fill.push((_node, ordinal, row) => (row[index] = ordinal));
    else if (column.kind === 'exists')
      fill.push((node, _ordinal, row) => (row[index] = valuesAt(node, documentPath(column.path)).length > 0 ? 1 : 0));
    else {
      const read = reader(fields[index] as RecordField, column);
      fill.push((node, _ordinal, row, context) => {
        const found = valuesAt(node, documentPath(column.path));
        row[index] = read(found[0], context);
      });
    }
  }
  return {
    width: at - first,
    emit(node, ordinal, row, out, context) {
      for (const one of fill) one(node, ordinal, row, context);
      const before = out.length;
      // Nested paths beside each other give their rows one after the other.
      for (const inner of nested) {
        const found = valuesAt(node, documentPath(inner.path));
        found.forEach((child, i) => inner.level.emit(child, i + 1, [...row], out, context));
      }
      if (out.length === before) out.push([...row]);
      if (out.length > MAX_ROWS) throw new SqlError('program_limit_exceeded', 'too many rows of one document');
    },
  };
}

setFor('document_rows(any, text, text) record', { columns: 'definition' }, ([type], fields) => {
  const document = documentOf(type as SqlType, 'json_table', 1);
  let known: string | undefined;
  let root: Level | undefined;
  return ([value, path, plan], context) => {
    if (root === undefined || known !== plan) {
      known = plan as string;
      root = level(JSON.parse(known) as ColumnPlan[], fields, 0);
    }
    const out: Row[] = [];
    const row: SqlValue[] = fields.map(() => null);
    for (const [i, node] of valuesAt(document(value as SqlValue), documentPath(path as string)).entries())
      root.emit(node, i + 1, [...row], out, context);
    return rowsSource(out);
  };
});
