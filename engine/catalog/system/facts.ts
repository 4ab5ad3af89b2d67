/** What the dialect says of its built-in objects, as rows. */
import { OID, TEXT } from '../../../sblr/contract/types.ts';
import { texts, TEXTS, type Producers } from './producer.ts';

export const FACTS: Producers = {
  facts: {
    columns: [
      ['kind', TEXT],
      ['id', OID],
      ['fields', TEXTS],
    ],
    *rows({ facts }) {
      for (const one of facts) yield [one.kind, one.id, texts(one.fields)];
    },
  },
};
