/** Databases and schemas as rows. */
import { displayIdentifier } from '../../../sblr/contract/names.ts';
import { BOOL, OID, TEXT } from '../../../sblr/contract/types.ts';
import { aclItems } from '../privileges.ts';
import { optionTexts, own, texts, TEXTS, type Producers } from './producer.ts';

export const NAMESPACES: Producers = {
  databases: {
    columns: [
      ['id', OID],
      ['name', TEXT],
      ['owner', OID],
      ['comment', TEXT],
      ['acl', TEXTS],
      ['options', TEXTS],
    ],
    *rows(context) {
      for (const definition of context.catalog.all('database')) {
        if (definition.kind !== 'database') continue;
        yield [
          definition.id,
          displayIdentifier(definition.name, context.fold),
          definition.owner,
          definition.comment ?? null,
          texts(aclItems(context.catalog, definition.grants)),
          optionTexts(definition.options),
        ];
      }
    },
  },
  schemas: {
    columns: [
      ['id', OID],
      ['name', TEXT],
      ['owner', OID],
      ['main', BOOL],
      ['system', BOOL],
      ['comment', TEXT],
      ['acl', TEXTS],
      ['database_id', OID],
    ],
    *rows(context) {
      for (const [name, id] of context.schemas) yield [id, name, context.administrator, false, true, null, null, 0];
      for (const schema of own(context, 'schema')) {
        yield [
          schema.id,
          schema.main ? context.mainSchema : displayIdentifier(schema.name, context.fold),
          schema.owner,
          schema.main,
          false,
          schema.comment ?? null,
          texts(aclItems(context.catalog, schema.grants)),
          schema.databaseId,
        ];
      }
    },
  },
};
