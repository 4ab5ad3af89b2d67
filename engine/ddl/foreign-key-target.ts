/** What a foreign key refers to: the unique index over the named columns, and whether their types can be compared. */
import { identifierKey, type Identifier } from '../../sblr/contract/names.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { SqlType } from '../../sblr/contract/types.ts';
import type { IndexDefinition, TableDefinition } from '../catalog/definitions.ts';
import { chooseName, type DdlContext } from './context.ts';

export function referencedKey(
  parent: TableDefinition,
  names: readonly Identifier[],
  context: DdlContext,
): { refColumns: number[]; index: IndexDefinition } {
  if (names.length === 0) {
    const primary = parent.constraints.find((candidate) => candidate.kind === 'primary_key');
    if (primary === undefined) {
      throw new SqlError('undefined_object', {
        message: `there is no primary key for referenced table "${context.display(parent.name)}"`,
        variant: 'no_primary_key',
        args: { table: context.display(parent.name) },
      });
    }
    if (primary.deferrable) throw deferrableKey('primary key', parent, context);
    return { refColumns: [...primary.columns], index: parent.indexes.find((index) => index.id === primary.indexId)! };
  }
  const refColumns = names.map((name) => {
    const found = parent.columns.find(
      (candidate) => !candidate.dropped && identifierKey(candidate.name) === identifierKey(name),
    );
    if (found !== undefined) return found.position;
    throw new SqlError('undefined_column', {
      message: `column "${context.display(name)}" referenced in foreign key constraint does not exist`,
      variant: 'foreign_key',
      args: { column: context.display(name) },
    });
  });
  const candidates = parent.indexes.filter(
    (candidate) =>
      (candidate.unique || candidate.uniqueLate === true) &&
      candidate.predicate === undefined &&
      candidate.keys.length === refColumns.length &&
      candidate.keys.every((key) => key.column !== 0 && refColumns.includes(key.column)),
  );
  const index = candidates.find((candidate) => candidate.unique);
  if (index === undefined && candidates.length > 0) throw deferrableKey('unique constraint', parent, context);
  if (index === undefined || new Set(refColumns).size !== refColumns.length) {
    throw new SqlError('invalid_foreign_key', {
      message: `there is no unique constraint matching given keys for referenced table "${context.display(parent.name)}"`,
      variant: 'no_unique_constraint',
      args: { table: context.display(parent.name) },
    });
  }
  return { refColumns, index };
}

function deferrableKey(what: string, parent: TableDefinition, context: DdlContext): SqlError {
  return new SqlError(
    'object_not_in_prerequisite_state',
    `cannot use a deferrable ${what} for referenced table "${context.display(parent.name)}"`,
  );
}

const NUMERIC = new Set(['int8', 'int16', 'int24', 'int32', 'int64', 'decimal', 'float32', 'float64', 'year']);

function comparableGroup(type: SqlType): string {
  if (NUMERIC.has(type.kind)) return 'number';
  if (type.kind === 'enum') return `enum:${type.typeId}`;
  if (type.kind === 'date' || type.kind === 'timestamp' || type.kind === 'timestamptz') return 'instant';
  return type.kind;
}

/** Numbers of a referencing column are compared as those of the key: integers of any width, else only wider ones. */
function widens(from: SqlType, to: SqlType): boolean {
  if (!NUMERIC.has(from.kind)) return true;
  const rank = (type: SqlType): number => (type.kind.startsWith('float') ? 2 : type.kind === 'decimal' ? 1 : 0);
  return rank(from) <= rank(to);
}

export function requireComparable(
  child: TableDefinition,
  position: number,
  parent: TableDefinition,
  refPosition: number,
  given: Identifier | undefined,
  context: DdlContext,
): void {
  const a = child.columns[position - 1]!;
  const b = parent.columns[refPosition - 1]!;
  if (comparableGroup(a.type) === comparableGroup(b.type) && widens(a.type, b.type)) return;
  const words = child.columns[position - 1]!.name.text;
  const name = given ?? chooseName(child.name.text, words, 'fkey', () => false);
  throw new SqlError('datatype_mismatch', {
    message: `foreign key constraint "${context.display(name)}" cannot be implemented`,
    detail: `Key columns "${context.display(a.name)}" and "${context.display(b.name)}" are of incompatible types: ${context.typeName(a.type)} and ${context.typeName(b.type)}.`,
  });
}
