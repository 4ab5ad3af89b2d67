/** Window functions. The executor gives the partition, the frame and the peers; see WindowRows. */
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { SqlValue } from '../../sblr/contract/values.ts';
import type { WindowRows } from './function.ts';
import { windowFunction } from './table.ts';

windowFunction('row_number() int64', false, () => ({ evaluate: (rows) => rows.row + 1 }));
windowFunction('rank() int64', false, () => ({ evaluate: (rows) => rows.peerStart + 1 }));
windowFunction('dense_rank() int64', false, () => {
  let rank = 0;
  let lastStart = -1;
  return {
    evaluate: (rows) => {
      if (rows.peerStart !== lastStart) {
        rank++;
        lastStart = rows.peerStart;
      }
      return rank;
    },
  };
});
windowFunction('percent_rank() float64', false, () => ({
  evaluate: (rows) => (rows.count <= 1 ? 0 : rows.peerStart / (rows.count - 1)),
}));
windowFunction('cume_dist() float64', false, () => ({ evaluate: (rows) => rows.peerEnd / rows.count }));
windowFunction('ntile(int32) int32', false, () => {
  let buckets: number | null = null;
  return {
    evaluate: (rows) => {
      if (rows.row === 0) {
        buckets = rows.argument(0, 0) as number | null;
        if (buckets !== null && buckets <= 0)
          throw new SqlError('invalid_argument_for_ntile_function', 'argument of ntile must be greater than zero');
      }
      if (buckets === null) return null;
      // The first `rest` buckets hold one row more.
      const size = Math.floor(rows.count / buckets);
      const rest = rows.count % buckets;
      const large = rest * (size + 1);
      return rows.row < large
        ? Math.floor(rows.row / (size + 1)) + 1
        : rest + Math.floor((rows.row - large) / size) + 1;
    },
  };
});

/** Row `offset` rows away (NULLs skipped when they are ignored), or undefined outside the partition. */
function shifted(rows: WindowRows, offset: number, ignoreNulls: boolean): number | undefined {
  if (!ignoreNulls || offset === 0) {
    const at = rows.row + offset;
    return at >= 0 && at < rows.count ? at : undefined;
  }
  const step = offset < 0 ? -1 : 1;
  let left = Math.abs(offset);
  for (let at = rows.row + step; at >= 0 && at < rows.count; at += step) {
    if (rows.argument(0, at) !== null && --left === 0) return at;
  }
  return undefined;
}
for (const [name, sign] of [
  ['lag', -1],
  ['lead', 1],
] as const) {
  const evaluator = (_types: unknown, ignoreNulls: boolean, count: number) => ({
    evaluate: (rows: WindowRows): SqlValue => {
      const offset = count > 1 ? (rows.argument(1, rows.row) as number | null) : 1;
      if (offset === null) return null;
      const at = shifted(rows, sign * offset, ignoreNulls);
      if (at !== undefined) return rows.argument(0, at);
      return count > 2 ? rows.argument(2, rows.row) : null;
    },
  });
  windowFunction(`${name}(any_element) any_element`, false, (types, ignore) => evaluator(types, ignore, 1));
  windowFunction(`${name}(any_element, int32) any_element`, false, (types, ignore) => evaluator(types, ignore, 2));
  windowFunction(`${name}(any_compatible, int32, any_compatible) any_compatible`, false, (types, ignore) =>
    evaluator(types, ignore, 3),
  );
}

/** The nth row of the frame from its start (or end), as a partition index. */
function nthOfFrame(rows: WindowRows, nth: number, fromEnd: boolean, ignoreNulls: boolean): number | undefined {
  let left = nth;
  for (let i = 0; i < rows.frameEnd - rows.frameStart; i++) {
    const at = fromEnd ? rows.frameEnd - 1 - i : rows.frameStart + i;
    if (rows.excluded(at) || (ignoreNulls && rows.argument(0, at) === null)) continue;
    if (--left === 0) return at;
  }
  return undefined;
}
const pick = (rows: WindowRows, at: number | undefined): SqlValue => (at === undefined ? null : rows.argument(0, at));
windowFunction('first_value(any_element) any_element', true, (_types, ignore) => ({
  evaluate: (rows) => pick(rows, nthOfFrame(rows, 1, false, ignore)),
}));
windowFunction('last_value(any_element) any_element', true, (_types, ignore) => ({
  evaluate: (rows) => pick(rows, nthOfFrame(rows, 1, true, ignore)),
}));
windowFunction('nth_value(any_element, int32) any_element', true, (_types, ignore) => ({
  evaluate: (rows) => {
    const nth = rows.argument(1, rows.row) as number | null;
    if (nth === null) return null;
    if (nth <= 0)
      throw new SqlError('invalid_argument_for_nth_value_function', 'argument of nth_value must be greater than zero');
    return pick(rows, nthOfFrame(rows, nth, false, ignore));
  },
}));
