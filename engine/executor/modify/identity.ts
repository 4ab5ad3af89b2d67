/** The identity column of a table as INSERT sees it: which slot it is, and how its counter meets values that are given. */
import type { Semantics } from '../../../sblr/contract/semantics.ts';
import type { SqlValue } from '../../../sblr/contract/values.ts';
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
