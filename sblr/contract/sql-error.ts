/**
 * SqlError: the expected kind of failure, one that reaches the client in its dialect's own form.
 *
 * `message` is plain English that serves where a protocol has no text of its own; `args` carry the
 * parts (names, types, values) so that a protocol's map can word the message as the real server does,
 * keyed by `condition` and, where one condition has several messages, `variant`.
 * Failures of storage are StorageError (storage/contract), bugs are AssertionError: never mixed.
 */
import { CONDITIONS, type Condition } from './conditions.ts';

export interface SqlErrorDetails {
  readonly message: string;
  /** Which of several messages of one condition this is, e.g. 'column_of_relation'. */
  readonly variant?: string;
  readonly args?: Readonly<Record<string, string | number>>;
  /** Offset into the statement text, in UTF-16 code units from 0. Protocols convert. */
  readonly position?: number;
  readonly detail?: string;
  readonly hint?: string;
  /** 1-based number of the parameter whose value is refused. */
  readonly parameter?: number;
  /** Call stack of routines, inner first. */
  readonly context?: string;
  readonly schema?: string;
  readonly table?: string;
  readonly column?: string;
  readonly dataType?: string;
  readonly constraint?: string;
  /** Overrides the condition's SQLSTATE (RAISE with a user's own state). */
  readonly sqlstate?: string;
}

export class SqlError extends Error {
  readonly condition: Condition;
  readonly details: SqlErrorDetails;

  constructor(condition: Condition, details: SqlErrorDetails | string) {
    const full = typeof details === 'string' ? { message: details } : details;
    super(full.message);
    this.name = 'SqlError';
    this.condition = condition;
    this.details = full;
  }

  get sqlstate(): string {
    return this.details.sqlstate ?? CONDITIONS[this.condition].sqlstate;
  }

  /** The same error with a statement position, unless it already has one. */
  at(position: number | undefined): SqlError {
    if (position === undefined || this.details.position !== undefined) return this;
    return new SqlError(this.condition, { ...this.details, position });
  }
}

/** A notice or warning on its way to the client. */
export interface SqlNotice {
  readonly severity: 'debug' | 'log' | 'info' | 'notice' | 'warning';
  readonly condition: Condition;
  readonly details: SqlErrorDetails;
}
