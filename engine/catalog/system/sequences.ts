/** Sequences as rows. */
import { BOOL, INT16, INT64, OID } from '../../../sblr/contract/types.ts';
import { canonicalInteger } from '../../../sblr/contract/values.ts';
import { own, type Producers } from './producer.ts';

export const SEQUENCES: Producers = {
  sequences: {
    columns: [
      ['id', OID],
      ['type_id', OID],
      ['start', INT64],
      ['increment', INT64],
      ['minimum', INT64],
      ['maximum', INT64],
      ['cache', INT64],
      ['cycle', BOOL],
      ['last_value', INT64],
      ['is_called', BOOL],
      ['owner_table', OID],
      ['owner_column', INT16],
      ['owner_internal', BOOL],
    ],
    *rows(context) {
      for (const one of own(context, 'sequence')) {
        const state = context.sequenceState(one);
        yield [
          one.id,
          context.typeId(one.type),
          canonicalInteger(one.start),
          canonicalInteger(one.increment),
          canonicalInteger(one.minimum),
          canonicalInteger(one.maximum),
          canonicalInteger(one.cache),
          one.cycle,
          state.lastValue,
          state.isCalled,
          one.ownedBy?.tableId ?? 0,
          one.ownedBy?.column ?? 0,
          one.ownedBy?.internal ?? false,
        ];
      }
    },
  },
};
