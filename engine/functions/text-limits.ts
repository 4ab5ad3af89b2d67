/** The longest text that functions make, and the warning where they would make a longer one and answer NULL. */
import type { EvalContext } from './function.ts';

export const TEXT_RESULT_LIMIT = 67_108_864;

export function bytesLimit(context: EvalContext, name: string): null {
  context.notice({
    severity: 'warning',
    condition: 'program_limit_exceeded',
    details: {
      message: 'requested length too large',
      variant: 'result',
      args: { function: name, limit: TEXT_RESULT_LIMIT },
    },
  });
  return null;
}
