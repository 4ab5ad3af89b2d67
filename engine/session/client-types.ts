/**
 * Types as clients are told of them: an array of a user-defined type gets the catalog id of its own,
 * which expressions do not carry because they are made of their element alone.
 */
import type { RecordField, SqlType } from '../../sblr/contract/types.ts';
import { baseType } from '../binder/type-facts.ts';
import type { CatalogView } from '../catalog/definitions.ts';

export function clientType(catalog: CatalogView, type: SqlType): SqlType {
  if (type.kind === 'record' && type.fields !== undefined) {
    const fields = type.fields.map((field): RecordField => {
      const shown = clientType(catalog, field.type);
      return shown === field.type ? field : { ...field, type: shown };
    });
    return fields.every((field, index) => field === type.fields?.[index]) ? type : { ...type, fields };
  }
  const { element } = type;
  if (type.kind !== 'array' || element === undefined) return type;
  // A domain over an array goes out as the array.
  if (type.typeId !== undefined)
    return catalog.get(type.typeId) === undefined ? type : clientType(catalog, baseType(type));
  const shown = clientType(catalog, element);
  if (element.typeId === undefined) return shown === element ? type : { ...type, element: shown };
  const definition = catalog.get(element.typeId);
  if (definition?.kind !== 'type') return type;
  return { ...type, element: shown, typeId: definition.arrayTypeId };
}
