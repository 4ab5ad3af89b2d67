/** Privileges in force as rows, one per grantee and privilege: those granted, and the defaults of fresh objects. */
import { BOOL, INT16, OID, TEXT } from '../../../sblr/contract/types.ts';
import type { Row } from '../../../sblr/contract/values.ts';
import { effectiveGrants } from '../privileges.ts';
import type { Definition, GrantEntry, ObjectId } from '../definitions.ts';
import { own, type Producers, type SystemContext } from './producer.ts';

const KINDS = ['table', 'view', 'sequence', 'schema', 'routine', 'type'] as const satisfies Definition['kind'][];

export const GRANTS: Producers = {
  grants: {
    columns: [
      ['kind', TEXT],
      ['object_id', OID],
      ['column_position', INT16],
      ['grantor_id', OID],
      ['grantee_id', OID],
      ['privilege', TEXT],
      ['grantable', BOOL],
    ],
    *rows(context: SystemContext) {
      for (const kind of KINDS) {
        for (const object of own(context, kind)) {
          yield* grantRows(kind, object.id, 0, effectiveGrants(object));
          if (object.kind !== 'table' && object.kind !== 'view') continue;
          for (const column of object.columns)
            if (column.grants !== undefined) yield* grantRows(kind, object.id, column.position, column.grants);
        }
      }
    },
  },
};

function* grantRows(kind: string, id: ObjectId, column: number, grants: readonly GrantEntry[]): Iterable<Row> {
  for (const entry of grants) {
    for (const privilege of entry.privileges) {
      const grantable = privilege.endsWith('*');
      const name = grantable ? privilege.slice(0, -1) : privilege;
      yield [kind, id, column, entry.grantor, entry.grantee, name, grantable];
    }
  }
}
