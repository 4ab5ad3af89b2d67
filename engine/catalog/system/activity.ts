/** State of the server and of this session as rows: settings, sessions, locks, cursors, statistics. */
import { BOOL, BYTES, FLOAT64, INT16, INT32, OID, TEXT, TIMESTAMPTZ } from '../../../sblr/contract/types.ts';
import { OIDS, TEXTS, type Producers } from './producer.ts';

export const ACTIVITY: Producers = {
  settings: {
    columns: [
      ['name', TEXT],
      ['value', TEXT],
      ['default_value', TEXT],
      ['reset_value', TEXT],
      ['unit', TEXT],
      ['description', TEXT],
      ['context', TEXT],
      ['kind', TEXT],
      ['minimum', TEXT],
      ['maximum', TEXT],
      ['options', TEXTS],
      ['reported', BOOL],
    ],
    rows: (context) => context.settings(),
  },
  sessions: {
    columns: [
      ['id', INT32],
      ['database_id', OID],
      ['role_id', OID],
      ['role_name', TEXT],
      ['application_name', TEXT],
      ['client_address', TEXT],
      ['started', TIMESTAMPTZ],
      ['transaction_started', TIMESTAMPTZ],
      ['statement_started', TIMESTAMPTZ],
      ['state_changed', TIMESTAMPTZ],
      ['state', TEXT],
      ['text', TEXT],
    ],
    *rows(context) {
      for (const one of context.sessions()) {
        yield [
          one.id,
          one.databaseId,
          one.roleId,
          one.roleName,
          one.applicationName,
          one.clientAddress,
          one.startedAt,
          one.transactionStartedAt,
          one.statementStartedAt,
          one.stateChangedAt,
          one.state,
          one.text,
        ];
      }
    },
  },
  prepared_statements: {
    columns: [
      ['name', TEXT],
      ['text', TEXT],
      ['prepared_at', TIMESTAMPTZ],
      ['parameter_types', OIDS],
      ['by_client', BOOL],
    ],
    rows: (context) => context.preparedStatements(),
  },
  large_objects: {
    columns: [
      ['id', OID],
      ['owner', OID],
    ],
    rows: (context) => context.largeObjects(),
  },
  large_object_pages: {
    columns: [
      ['id', OID],
      ['page', INT32],
      ['bytes', BYTES],
    ],
    rows: (context) => context.largeObjectPages(),
  },
  cursors: {
    columns: [
      ['name', TEXT],
      ['text', TEXT],
      ['hold', BOOL],
      ['scroll', BOOL],
      ['created_at', TIMESTAMPTZ],
    ],
    rows: (context) => context.cursors(),
  },
  statistics: {
    columns: [
      ['relation_id', OID],
      ['position', INT16],
      ['null_fraction', FLOAT64],
      ['distinct_count', FLOAT64],
      ['average_width', INT32],
    ],
    rows: (context) => context.statistics(),
  },
  listening_channels: {
    columns: [['channel', TEXT]],
    *rows(context) {
      for (const channel of context.listening()) yield [channel];
    },
  },
};
