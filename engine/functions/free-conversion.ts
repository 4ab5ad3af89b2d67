/**
 * What functions share that take any value for what they need and warn, instead of failing, where it is none.
 */
import type { SqlType } from '../../sblr/contract/types.ts';
import type { SqlValue } from '../../sblr/contract/values.ts';
import { toText } from '../types/lenient-text-casts.ts';
import type { Misfits } from '../types/lenient-values.ts';
import type { EvalContext } from './function.ts';

/** Longest value shown in a warning. */
const MAX_SHOWN = 128;

/** Warns of text that is not the date or time that it should be, or not all of it. */
export function instantWarning(
  context: EvalContext,
  type: string,
  text: string,
  variant?: 'truncated' | 'function',
  name = '',
): void {
  const value = text.slice(0, MAX_SHOWN);
  context.notice({
    severity: 'warning',
    condition: variant === 'truncated' ? 'invalid_text_representation' : 'invalid_datetime_format',
    details: {
      message: `invalid input syntax for type ${type}: "${value}"`,
      args: { type, value, function: name },
      ...(variant === undefined ? {} : { variant }),
    },
  });
}

const IGNORED = (): void => {};
/** Text without a length takes every value: there is nothing to report. */
const NO_MISFITS: Misfits = {
  unread: IGNORED,
  outOfRange: IGNORED,
  cut: IGNORED,
  tooManyBits: IGNORED,
  rounded: IGNORED,
  unreadInstant: () => null,
  truncatesSeconds: false,
  zeroDate: true,
  zeroInstant: () => null,
  cutInstant: IGNORED,
  noLabel: IGNORED,
  noDocument: IGNORED,
};

/** The plain text of values of a type. */
export function plainTextOf(type: SqlType): (value: SqlValue, context: EvalContext) => string {
  const convert = toText(type, { kind: 'text' }, false);
  return (value, context) => convert(value, context, NO_MISFITS) as string;
}
