/**
 * Columns of a dialect's own catalog views. Their programs cast every column to its type, so that names and types are
 * read from the program without binding it; each is read when somebody first asks.
 */
import { decodeProgram } from '../../sblr/decode.ts';
import type { ColumnDefinition } from './definitions.ts';

const KNOWN = new WeakMap<Uint8Array, readonly ColumnDefinition[]>();

export function systemViewColumns(program: Uint8Array): readonly ColumnDefinition[] {
  let columns = KNOWN.get(program);
  if (columns === undefined) {
    columns = read(program);
    KNOWN.set(program, columns);
  }
  return columns;
}

function read(program: Uint8Array): ColumnDefinition[] {
  const [statement] = decodeProgram(program).statements;
  if (statement?.op !== 'RETURN' || statement.source?.op !== 'PROJECT') return [];
  const columns: ColumnDefinition[] = [];
  for (const item of statement.source.items) {
    if (item.op !== 'ITEM' || item.alias === undefined || item.value.op !== 'CAST') continue;
    columns.push({
      position: columns.length + 1,
      name: item.alias,
      type: item.value.type,
      notNull: false,
      identity: 'none',
      generated: 'none',
      missing: null,
      dropped: false,
    });
  }
  return columns;
}
