/** Settings as values of expressions: switches are 1 and 0, numbers are in their unit. */
import type { SettingDefinition } from '../../sblr/contract/session.ts';
import { FLOAT64, INT64, TEXT, type SqlType } from '../../sblr/contract/types.ts';
import type { SqlValue } from '../../sblr/contract/values.ts';
import { settingNumber } from './setting-text.ts';

/** undefined = there is no such setting. */
export function settingType(definition: SettingDefinition | undefined): SqlType | undefined {
  switch (definition?.kind) {
    case undefined:
      return undefined;
    case 'bool':
    case 'integer':
      return INT64;
    case 'real':
      return definition.role === 'clock' ? { kind: 'float64', scale: 6 } : FLOAT64;
    default:
      return TEXT;
  }
}

export function settingValue(definition: SettingDefinition | undefined, text: string | undefined): SqlValue {
  if (text === undefined) return null;
  switch (definition?.kind) {
    case 'bool':
      return text === 'on' ? 1 : 0;
    case 'integer':
    case 'real':
      return Number(settingNumber(definition, text));
    default:
      return text;
  }
}
