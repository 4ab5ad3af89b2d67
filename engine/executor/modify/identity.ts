/**
 * The identity column of a table as INSERT sees it: which slot it is, how its counter meets values that are given,
 * and which rows of a statement get which values of the counter.
 */
import type { Semantics } from '../../../sblr/contract/semantics.ts';
import type { Row, SqlValue } from '../../../sblr/contract/values.ts';
import type { ColumnDefinition, ObjectId, TableDefinition } from '../../catalog/definitions.ts';
import type { ExecutionContext } from '../operator.ts';

export class IdentityColumn {
  /** Position - 1. */
  readonly slot: number;
  readonly sequenceId: ObjectId;
  readonly #follows: boolean;

  constructor(column: ColumnDefinition & { readonly sequenceId: ObjectId }) {
    this.slot = column.position - 1;
    this.sequenceId = column.sequenceId;
    this.#follows = column.counterFollows === true;
  }

  static of(table: TableDefinition): IdentityColumn | undefined {
    for (const column of table.columns) {
      const { sequenceId } = column;
      if (sequenceId !== undefined && !column.dropped) return new IdentityColumn({ ...column, sequenceId });
    }
    return undefined;
  }

  /** Does a given value ask for the next one of the counter? */
  isRequest(value: SqlValue, request: Semantics['identityRequest']): boolean {
    if (request === 'default') return false;
    return value === null || (request === 'null-or-zero' && value === 0);
  }

  /** Moves the counter past a given value, where it follows them. */
  follow(value: SqlValue, context: ExecutionContext): void {
    if (this.#follows && (typeof value === 'number' || typeof value === 'bigint'))
      context.passSequenceValue(this.sequenceId, value);
  }
}

/**
 * The values one INSERT takes from the counter, where values that are given may ask for them. A row takes its value
 * last, when nothing but a key can refuse it any more; a row that was passed over leaves its value to the next one.
 */
export class IdentityDraw {
  readonly #column: IdentityColumn;
  /** The position has no value of its own: every row asks. */
  readonly #always: boolean;
  readonly #request: Semantics['identityRequest'];
  /** The statement lists its rows: it uses up one value for each. */
  readonly #perRow: boolean;
  readonly #context: ExecutionContext;
  /** Does the row under way get its value from the counter? */
  generates = false;
  #left: number | bigint | undefined;
  #owed = 0;

  constructor(
    column: IdentityColumn,
    always: boolean,
    request: Semantics['identityRequest'],
    perRow: boolean,
    context: ExecutionContext,
  ) {
    this.#column = column;
    this.#always = always;
    this.#request = request;
    this.#perRow = perRow;
    this.#context = context;
  }

  /** Before the row is verified: a value to come counts as one that is there. */
  begin(row: SqlValue[]): void {
    const { slot } = this.#column;
    this.generates = this.#always || this.#column.isRequest(row[slot], this.#request);
    if (this.#request === 'default') return;
    if (this.generates) row[slot] = 0;
    else this.#column.follow(row[slot], this.#context);
  }

  /** After the row was verified. */
  take(row: SqlValue[]): void {
    if (!this.generates || this.#request === 'default') return;
    const { slot, sequenceId } = this.#column;
    if (this.#left === undefined) {
      row[slot] = this.#context.nextSequenceValue(sequenceId);
      return;
    }
    row[slot] = this.#left;
    this.#left = undefined;
    if (this.#perRow) this.#owed++;
  }

  /** The row was not stored. */
  leave(row: Row): void {
    const value = row[this.#column.slot];
    if (this.generates && (typeof value === 'number' || typeof value === 'bigint')) this.#left = value;
  }

  finish(): void {
    for (; this.#owed > 0; this.#owed--) this.#context.nextSequenceValue(this.#column.sequenceId);
  }
}
