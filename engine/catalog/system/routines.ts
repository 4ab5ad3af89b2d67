/** Views and routines as rows. */
import { displayIdentifier } from '../../../sblr/contract/names.ts';
import { BOOL, INT16, OID, TEXT } from '../../../sblr/contract/types.ts';
import { SqlArray } from '../../../sblr/contract/values.ts';
import { aclItems } from '../privileges.ts';
import { numbers, OIDS, own, texts, TEXTS, type Producers } from './producer.ts';

export const ROUTINES: Producers = {
  views: {
    columns: [
      ['id', OID],
      ['schema_id', OID],
      ['name', TEXT],
      ['owner', OID],
      ['definition', TEXT],
      ['check_option', TEXT],
    ],
    *rows(context) {
      for (const view of own(context, 'view'))
        yield [
          view.id,
          view.schemaId,
          displayIdentifier(view.name, context.fold),
          view.owner,
          view.text,
          view.checkOption,
        ];
    },
  },
  routines: {
    columns: [
      ['id', OID],
      ['schema_id', OID],
      ['name', TEXT],
      ['owner', OID],
      ['language', TEXT],
      ['kind', TEXT],
      ['return_type_id', OID],
      ['returns_set', BOOL],
      ['argument_types', OIDS],
      ['argument_names', TEXTS],
      ['argument_modes', TEXTS],
      ['argument_count', INT16],
      ['default_count', INT16],
      ['source', TEXT],
      ['volatility', TEXT],
      ['strict', BOOL],
      ['system', BOOL],
      ['comment', TEXT],
      ['acl', TEXTS],
      ['owners_rights', BOOL],
      ['settings', TEXTS],
    ],
    *rows(context) {
      for (const one of context.routines) {
        yield [
          one.id,
          context.systemSchemaId,
          one.name,
          context.administrator,
          'internal',
          one.kind,
          0,
          false,
          numbers([]),
          null,
          null,
          0,
          0,
          one.primitive,
          'v',
          false,
          true,
          null,
          null,
          false,
          null,
        ];
      }
      for (const one of own(context, 'routine')) {
        const inputs = one.parameters.filter((parameter) => parameter.mode !== 'out' && parameter.mode !== 'table');
        yield [
          one.id,
          one.schemaId,
          displayIdentifier(one.name, context.fold),
          one.owner,
          one.language,
          one.form === 'procedure' ? 'p' : one.form === 'aggregate' ? 'a' : 'f',
          one.returns === undefined ? context.typeId({ kind: 'void' }) : context.typeId(one.returns),
          one.returnsSet,
          SqlArray.fromZero(inputs.map((parameter) => context.typeId(parameter.type))),
          one.parameters.some((parameter) => parameter.name !== undefined)
            ? texts(
                one.parameters.map((parameter) =>
                  parameter.name === undefined ? '' : displayIdentifier(parameter.name, context.fold),
                ),
              )
            : null,
          inputs.length === one.parameters.length ? null : texts(one.parameters.map((parameter) => parameter.mode)),
          inputs.length,
          inputs.filter((parameter) => parameter.defaultValue !== undefined).length,
          one.source,
          one.volatility,
          one.strict,
          false,
          one.comment ?? null,
          texts(aclItems(context.catalog, one.grants)),
          one.ownersRights === true,
          one.settings === undefined ? null : texts(Object.entries(one.settings).map((pair) => pair.join('='))),
        ];
      }
    },
  },
  parameters: {
    columns: [
      ['routine_id', OID],
      ['position', INT16],
      ['name', TEXT],
      ['mode', TEXT],
      ['type_id', OID],
      ['default_text', TEXT],
    ],
    *rows(context) {
      for (const one of own(context, 'routine')) {
        for (const [at, parameter] of one.parameters.entries())
          yield [
            one.id,
            at + 1,
            parameter.name === undefined ? null : displayIdentifier(parameter.name, context.fold),
            parameter.mode,
            context.typeId(parameter.type),
            context.parameterDefault(one, parameter),
          ];
      }
    },
  },
};
