/** Errors that commands raise by themselves, in the real server's words. */
import { SqlError } from '../../sblr/contract/sql-error.ts';

/** The real server quotes the rest of the text from where it stopped to understand. */
export function near(error: SqlError, text: string): SqlError['details'] {
  const { details, condition } = error;
  if (condition !== 'syntax_error' || details.position === undefined || details.variant !== undefined) return details;
  const rest = text.slice(details.position, details.position + 80);
  const line = text.slice(0, details.position).split('\n').length;
  return {
    ...details,
    message: `You have an error in your SQL syntax; check the manual that corresponds to your MySQL server version for the right syntax to use near '${rest}' at line ${line}`,
  };
}

export function severalStatements(rest: string): SqlError {
  const text = rest.replace(/^[\s;]+/, '');
  return new SqlError('syntax_error', {
    message: `You have an error in your SQL syntax; check the manual that corresponds to your MySQL server version for the right syntax to use near '${text.slice(0, 80)}' at line 1`,
    variant: 'several_statements',
  });
}

export function notPreparable(): SqlError {
  return new SqlError('feature_not_supported', {
    message: 'This command is not supported in the prepared statement protocol yet',
    variant: 'not_preparable',
  });
}

export function wrongArguments(where: string): SqlError {
  return new SqlError('protocol_violation', {
    message: `Incorrect arguments to ${where}`,
    variant: 'arguments',
    args: { command: where },
  });
}

export function emptyQuery(): SqlError {
  return new SqlError('syntax_error', { message: 'Query was empty', variant: 'empty_query' });
}
