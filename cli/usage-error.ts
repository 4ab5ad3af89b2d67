/**
 * An error the person at the command line can mend. It is shown as one line without a stack; the
 * message says what is wrong and what to do about it.
 */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}
