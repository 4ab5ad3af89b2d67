/** Display of a built-in type with its modifier, as catalog views ask for it (format_type). */
import { intervalFieldsOf } from '../../sblr/contract/text/interval-fields.ts';
import { displayType } from '../../sblr/contract/text/type-name.ts';
import type { SqlType } from '../../sblr/contract/types.ts';

/** Modifier of text and bit types carries four bytes of header; decimals pack precision and scale. */
const HEADER = 4;

export function withModifier(type: SqlType, modifier: number): SqlType {
  if (modifier < 0) return type;
  switch (type.kind) {
    case 'text':
      return { ...type, length: modifier - HEADER };
    case 'bits':
      return { ...type, length: modifier };
    case 'decimal':
      return { ...type, precision: ((modifier - HEADER) >> 16) & 0xffff, scale: (modifier - HEADER) & 0x7ff };
    case 'time':
    case 'timetz':
    case 'timestamp':
    case 'timestamptz':
      return (modifier & 0xffff) === 0xffff ? type : { ...type, precision: modifier & 0xffff };
    case 'interval': {
      const precision = modifier & 0xffff;
      const fields = intervalFieldsOf((modifier >> 16) & 0x7fff);
      return {
        ...type,
        ...(fields === undefined ? {} : { intervalFields: fields }),
        ...(precision === 0xffff ? {} : { precision }),
      };
    }
    case 'array':
      return type.element === undefined ? type : { ...type, element: withModifier(type.element, modifier) };
    default:
      return type;
  }
}

/** `modifier` undefined: the type as such, where -1 is the type without the limits that its name implies. */
export function formatBuiltinType(name: string, type: SqlType, modifier: number | undefined): string {
  if (modifier === undefined && type.kind === 'text' && type.fixed === true)
    return displayType({ ...type, length: 1 }).replace(/\(1\)$/, '');
  // An array type with a name of its own, of which its elements alone tell nothing.
  if (type.kind === 'array' && type.declared !== undefined) return type.declared;
  const shown = displayType(withModifier(type, modifier ?? -1));
  return shown === '' ? name : shown;
}
