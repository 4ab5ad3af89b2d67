/** The one timer of a session: it bounds the statement that runs, or the wait for the next one in an open transaction. */
import { SqlError } from '../../sblr/contract/sql-error.ts';

export class SessionTimer {
  #timer: NodeJS.Timeout | undefined = undefined;

  /** `expired` is told once the statement has run for so long; 0 = never. */
  startStatement(milliseconds: number, expired: (error: SqlError) => void): void {
    this.#start(milliseconds, expired, () => {
      const message = 'canceling statement due to statement timeout';
      return new SqlError('query_canceled', { message, variant: 'statement_timeout' });
    });
  }

  /** A client that leaves its transaction open holds its locks: the session is ended, if the settings say so. */
  startIdle(milliseconds: number, expired: (error: SqlError) => void): void {
    this.#start(milliseconds, expired, () => {
      const message = 'terminating connection due to idle-in-transaction timeout';
      return new SqlError('idle_in_transaction_session_timeout', { message });
    });
  }

  #start(milliseconds: number, expired: (error: SqlError) => void, error: () => SqlError): void {
    if (milliseconds > 0) this.#timer = setTimeout(() => expired(error()), milliseconds);
  }

  stop(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
