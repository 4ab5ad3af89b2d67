/** What follows a key in the text of an index definition: its collation, operator class and order, as far as they are not the key's defaults. */
import type { IndexKeyDefinition } from '../catalog/definitions.ts';

export function indexKeySuffix(key: IndexKeyDefinition): string {
  const own = key.type.collation ?? key.type.element?.collation;
  const collation = key.collation === undefined || key.collation === own ? '' : ` COLLATE ${quoted(key.collation)}`;
  const operatorClass = key.operatorClass === undefined ? '' : ` ${key.operatorClass}`;
  const descending = key.descending ? ' DESC' : '';
  const nulls = key.nullsFirst === key.descending ? '' : key.nullsFirst ? ' NULLS FIRST' : ' NULLS LAST';
  return `${collation}${operatorClass}${descending}${nulls}`;
}

function quoted(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}
