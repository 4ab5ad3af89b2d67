/** The `sys` relations about transactions under way: their locks, and those that are prepared. */
import { BOOL, INT32, INT64, OID, TEXT, TIMESTAMPTZ } from '../../sblr/contract/types.ts';
import type { Row } from '../../sblr/contract/values.ts';

export interface TransactionContext {
  locks(): Iterable<Row>;
  preparedTransactions(): Iterable<Row>;
}

export const TRANSACTION_PRODUCERS = {
  locks: {
    columns: [
      ['kind', TEXT],
      ['relation_id', OID],
      ['name', TEXT],
      ['mode', TEXT],
      ['session_id', INT32],
      ['granted', BOOL],
    ],
    rows: (context: TransactionContext) => context.locks(),
  },
  prepared_transactions: {
    columns: [
      ['id', INT64],
      ['name', TEXT],
      ['prepared_at', TIMESTAMPTZ],
      ['owner_id', OID],
      ['database_id', OID],
    ],
    rows: (context: TransactionContext) => context.preparedTransactions(),
  },
} as const;
