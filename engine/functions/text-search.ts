/**
 * Where text is found: in other text, in lists, in comma-separated sets. Characters that the collation takes for equal are equal here.
 */
import type { Collation } from '../types/collation.ts';
import type { Integer } from '../types/integers.ts';
import { callCollation } from './call-collation.ts';
import { NOT_STRICT, scalar, scalarFor } from './table.ts';
import { characters } from './strings.ts';

/** Finds text in text, both by character; positions count from 1, 0 = nowhere. */
function finder({ fold }: Collation): (part: string, text: string, from: number) => number {
  const find = (part: string, text: string, from: number): number => {
    const start = from === 1 ? 0 : [...text].slice(0, from - 1).join('').length;
    const at = text.indexOf(part, start);
    return at < 0 ? 0 : characters(text.slice(0, at)) + 1;
  };
  return fold === undefined ? find : (part, text, from) => find(fold(part), fold(text), from);
}

scalarFor('position_of(text, text) int64', (types, _result, semantics) => {
  const find = finder(callCollation(types, semantics));
  return (part: string, text: string) => find(part, text, 1);
});
scalarFor('position_of(text, text, int64) int64', (types, _result, semantics) => {
  const find = finder(callCollation(types, semantics));
  return (part: string, text: string, from: Integer) =>
    from < 1 || from > characters(text) + 1 ? 0 : find(part, text, Number(from));
});
scalar(
  'position_of(bytes, bytes) int64',
  (part: Uint8Array, whole: Uint8Array) => Buffer.from(whole).indexOf(part) + 1,
);

/** Number of the first equal text of a list, from 1; 0 = none. */
scalarFor(
  'index_in_list(text, ...text) int64',
  (types, _result, semantics) => {
    const collation = callCollation(types, semantics);
    return (values: readonly (string | null)[]) => {
      const [wanted] = values;
      if (wanted === null || wanted === undefined) return 0;
      const key = collation.hash(wanted);
      return Math.max(
        0,
        values.findIndex((value, i) => i > 0 && value !== null && collation.hash(value) === key),
      );
    };
  },
  NOT_STRICT,
);
scalar(
  'index_in_numbers(float64, ...float64) int64',
  (values: readonly (number | null)[]) => {
    const [wanted] = values;
    if (wanted === null || wanted === undefined) return 0;
    return Math.max(
      0,
      values.findIndex((value, i) => i > 0 && value === wanted),
    );
  },
  NOT_STRICT,
);
/** Place of a text among those that commas separate, from 1; 0 = none. */
scalarFor('index_in_set(text, text) int64', (types, _result, semantics) => {
  const collation = callCollation(types, semantics);
  return (wanted: string, set: string) => {
    if (set === '' || wanted.includes(',')) return 0;
    const key = collation.hash(wanted);
    return set.split(',').findIndex((member) => collation.hash(member) === key) + 1;
  };
});
scalarFor('order_of(text, text) int32', (types, _result, semantics) => {
  const collation = callCollation(types, semantics);
  return (a: string, b: string) => Math.sign(collation.compare(a, b));
});
/** Number of the last of ascending bounds that a number has reached; -1 for no number. */
scalar(
  'bounds_reached(float64, ...float64) int64',
  (values: readonly (number | null)[]) => {
    const [value, ...bounds] = values;
    if (value === null || value === undefined) return -1;
    const above = bounds.findIndex((bound) => bound !== null && bound > value);
    return above < 0 ? bounds.length : above;
  },
  NOT_STRICT,
);
