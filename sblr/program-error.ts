/**
 * ProgramError: a program that is refused because its bytes are not a well-formed program. It is an
 * SqlError, so an engine that is sent garbage answers the session and goes on. The other refusals are
 * plain SqlErrors: nested too deeply (statement_too_complex), too large (program_limit_exceeded).
 */
import { SqlError } from './contract/sql-error.ts';
import { MAX_NESTING } from './limits.ts';

export class ProgramError extends SqlError {
  constructor(reason: string, offset?: number) {
    super('internal_error', {
      message: offset === undefined ? `malformed program: ${reason}` : `malformed program at byte ${offset}: ${reason}`,
      variant: 'malformed_program',
    });
    this.name = 'ProgramError';
  }
}

export function tooDeep(position?: number): SqlError {
  return new SqlError('statement_too_complex', {
    message: 'stack depth limit exceeded',
    args: { limit: MAX_NESTING },
    ...(position === undefined ? {} : { position }),
  });
}

export function tooLarge(what: string, limit: number): SqlError {
  return new SqlError('program_limit_exceeded', {
    message: `statement has more than ${limit} ${what}`,
    variant: 'program_size',
    args: { what, limit },
  });
}
