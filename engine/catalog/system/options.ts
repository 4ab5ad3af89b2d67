/** Options of databases, relations and indexes as rows: what their dialects declared, by name. */
import { OID, TEXT } from '../../../sblr/contract/types.ts';
import { own, type Producers } from './producer.ts';

export const OPTIONS: Producers = {
  options: {
    columns: [
      ['object_id', OID],
      ['name', TEXT],
      ['value', TEXT],
    ],
    *rows(context) {
      for (const database of context.only ?? context.catalog.all('database'))
        if (database.kind === 'database')
          for (const [name, value] of Object.entries(database.options)) yield [database.id, name, value];
      for (const view of own(context, 'view'))
        for (const [name, value] of Object.entries(view.options)) yield [view.id, name, value];
      for (const table of own(context, 'table')) {
        for (const [name, value] of Object.entries(table.options)) yield [table.id, name, value];
        for (const index of table.indexes)
          for (const [name, value] of Object.entries(index.options)) yield [index.id, name, value];
      }
    },
  },
};
