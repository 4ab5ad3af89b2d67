/**
 * Settings of a dialect as a table of text, one line each:
 * name|default|kind|options|minimum|maximum|unit|context|reported (r = told to clients when it changes)
 */
import type { SettingDefinition, SettingRole } from '../../sblr/contract/session.ts';

/** `roles`: which settings carry a meaning for the engine. */
export function settingTable(text: string, roles: Readonly<Record<string, SettingRole>>): readonly SettingDefinition[] {
  return text
    .trim()
    .split('\n')
    .map((line) => setting(line, roles));
}

function setting(line: string, roles: Readonly<Record<string, SettingRole>>): SettingDefinition {
  const [name = '', defaultValue = '', kind, options = '', minimum = '', maximum = '', unit = '', context, reported] =
    line.split('|');
  const role = roles[name];
  return {
    name,
    ...(role === undefined ? {} : { role }),
    defaultValue,
    kind: kind as SettingDefinition['kind'],
    ...(options === '' ? {} : { options: options.split(',') }),
    ...(minimum === '' ? {} : { minimum: Number(minimum) }),
    ...(maximum === '' ? {} : { maximum: Number(maximum) }),
    ...(unit === '' ? {} : { unit }),
    context: context as SettingDefinition['context'],
    reported: reported === 'r',
    description: `Setting ${name.replaceAll('_', ' ')}.`,
  };
}
