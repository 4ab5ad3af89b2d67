/** Text of many rows joined by a separator, up to the length that the session allows; a longer text is cut with a warning. */
import type { EvalContext } from './function.ts';
import type { SqlType } from '../../sblr/contract/types.ts';
import type { SqlValue } from '../../sblr/contract/values.ts';
import { plainTextOf } from './free-conversion.ts';
import { aggregateFor } from './table.ts';

const USUAL_LIMIT = 1024;

interface Joined {
  parts: string[];
  bytes: number;
  /** Number of the first row that did not fit whole; 0 = none. */
  cutAt: number;
  rows: number;
}

/** As much of a text as fits into so many bytes, in whole characters. */
function fitting(text: string, bytes: number): string {
  const encoded = Buffer.from(text);
  let end = bytes;
  while (end > 0 && ((encoded[end] as number) & 0xc0) === 0x80) end--;
  return encoded.subarray(0, end).toString('utf8');
}

aggregateFor<Joined>('joined_rows(any, text) text', { strict: false, ordered: true, growing: true }, ([type]) => {
  const textOf = plainTextOf(type as SqlType);
  return {
    create: () => ({ parts: [], bytes: 0, cutAt: 0, rows: 0 }),
    step: (state, given: SqlValue, separator: string | null, context: EvalContext) => {
      if (given === null) return;
      const value = textOf(given, context);
      state.rows++;
      if (state.cutAt > 0) return;
      const limit = Number(context.introspection.setting('group_concat_max_len') ?? USUAL_LIMIT);
      const part = state.parts.length === 0 ? value : (separator ?? '') + value;
      const size = Buffer.byteLength(part);
      if (state.bytes + size <= limit) {
        state.parts.push(part);
        state.bytes += size;
        return;
      }
      state.parts.push(fitting(part, limit - state.bytes));
      state.bytes = limit;
      state.cutAt = state.rows;
    },
    final: (state, context) => {
      if (state.parts.length === 0) return null;
      if (state.cutAt > 0)
        context.notice({
          severity: 'warning',
          condition: 'string_data_right_truncation_warning',
          details: { message: 'joined text was cut', variant: 'joined', args: { row: state.cutAt } },
        });
      return state.parts.join('');
    },
  };
});
