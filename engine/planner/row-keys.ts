/**
 * Keys and orders of rows as the executor wants them: compiled from expressions with the types' comparisons and
 * hashes.
 */
import type { BoundExpression, OutputColumn, SortKey } from '../binder/bound.ts';
import { compileExpression, type Layout } from '../executor/expressions/compile.ts';
import type { RowKey } from '../executor/operators/sets.ts';
import { sortPrefixOf } from '../executor/operators/sort-run.ts';
import type { OrderColumn } from '../executor/operators/sort.ts';
import { comparatorOf, hashKeyOf, joinKey } from '../executor/values.ts';
import type { Planner } from './planner.ts';

export function orderColumns(planner: Planner, keys: readonly SortKey[]): OrderColumn[] {
  return keys.map((key) => ({
    compare: comparatorOf(key.expression.type, planner.options.semantics, key.collation),
    descending: key.descending,
    nullsFirst: key.nullsFirst,
    prefix: sortPrefixOf(key.expression.type, planner.options.semantics, key.collation),
  }));
}

/** Key over expressions in which NULLs are equal. */
export function rowKey(planner: Planner, expressions: readonly BoundExpression[], layout: Layout): RowKey {
  const parts = expressions.map((expression) => ({
    evaluate: compileExpression(expression, layout, planner.compile),
    hash: hashKeyOf(expression.type, planner.options.semantics),
  }));
  if (parts.length === 1) {
    const [{ evaluate, hash }] = parts;
    return (row, context) => {
      const value = evaluate(row, context);
      return value === null ? null : hash(value);
    };
  }
  return (row, context) => {
    const keys: unknown[] = new Array(parts.length);
    for (let at = 0; at < parts.length; at++) {
      const value = parts[at].evaluate(row, context);
      keys[at] = value === null ? null : parts[at].hash(value);
    }
    return joinKey(keys);
  };
}

export function columnExpressions(columns: readonly OutputColumn[]): BoundExpression[] {
  return columns.map((column) => ({ kind: 'column', id: column.id, type: column.type }));
}
