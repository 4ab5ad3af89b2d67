/** Sequences: CREATE, ALTER, and those owned by identity and serial columns. */
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { INT64, type SqlType } from '../../sblr/contract/types.ts';
import type { NodeOf } from '../../sblr/nodes.ts';
import type { ColumnDefinition, ObjectId, SequenceDefinition } from '../catalog/definitions.ts';
import {
  chooseName,
  claimRelationName,
  placeOf,
  relationNameTaken,
  requireOwner,
  resolveType,
  undefinedRelation,
  type DdlContext,
} from './context.ts';
import { putColumn, requireColumn } from './tables.ts';

type Options = NodeOf<'SEQUENCE_OPTIONS'>;
type Parameters = Pick<SequenceDefinition, 'type' | 'increment' | 'minimum' | 'maximum' | 'start' | 'cache' | 'cycle'>;

const BOUNDS: Readonly<Record<string, readonly [bigint, bigint]>> = {
  int16: [-32768n, 32767n],
  int32: [-2147483648n, 2147483647n],
  int64: [-9223372036854775808n, 9223372036854775807n],
};

const big = (value: number | bigint): bigint => BigInt(value);

function parameters(
  options: Options | undefined,
  old: Parameters | undefined,
  fallbackType: SqlType,
  context: DdlContext,
): Parameters {
  const type = options?.type === undefined ? (old?.type ?? fallbackType) : resolveType(context, options.type);
  const bounds = BOUNDS[type.kind];
  if (bounds === undefined)
    throw new SqlError('invalid_parameter_value', 'sequence type must be smallint, integer, or bigint');
  const increment = options?.increment === undefined ? (old?.increment ?? 1n) : big(options.increment);
  if (increment === 0n) throw new SqlError('invalid_parameter_value', 'INCREMENT must not be zero');
  const ascending = increment > 0n;
  const typeChanged = old !== undefined && old.type.kind !== type.kind;
  const keepMinimum =
    old !== undefined && options?.noMinimum !== true && !(typeChanged && old.minimum === BOUNDS[old.type.kind]![0]);
  const keepMaximum =
    old !== undefined && options?.noMaximum !== true && !(typeChanged && old.maximum === BOUNDS[old.type.kind]![1]);
  const minimum =
    options?.minimum !== undefined ? big(options.minimum) : keepMinimum ? old!.minimum : ascending ? 1n : bounds[0];
  const maximum =
    options?.maximum !== undefined ? big(options.maximum) : keepMaximum ? old!.maximum : ascending ? bounds[1] : -1n;
  if (minimum < bounds[0] || maximum > bounds[1]) {
    throw new SqlError(
      'invalid_parameter_value',
      minimum < bounds[0]
        ? `MINVALUE (${minimum}) is out of range for sequence data type ${type.declared ?? typeWord(type)}`
        : `MAXVALUE (${maximum}) is out of range for sequence data type ${type.declared ?? typeWord(type)}`,
    );
  }
  if (minimum >= maximum)
    throw new SqlError('invalid_parameter_value', `MINVALUE (${minimum}) must be less than MAXVALUE (${maximum})`);
  const start = options?.start !== undefined ? big(options.start) : (old?.start ?? (ascending ? minimum : maximum));
  if (start < minimum)
    throw new SqlError('invalid_parameter_value', `START value (${start}) cannot be less than MINVALUE (${minimum})`);
  if (start > maximum)
    throw new SqlError(
      'invalid_parameter_value',
      `START value (${start}) cannot be greater than MAXVALUE (${maximum})`,
    );
  const cache = options?.cache === undefined ? (old?.cache ?? 1n) : big(options.cache);
  if (cache <= 0n) throw new SqlError('invalid_parameter_value', `CACHE (${cache}) must be greater than zero`);
  const cycle =
    options === undefined || options.cycle === 'default' ? (old?.cycle ?? false) : options.cycle === 'cycle';
  return { type: { kind: type.kind }, increment, minimum, maximum, start, cache, cycle };
}

function typeWord(type: SqlType): string {
  return type.kind === 'int16' ? 'smallint' : type.kind === 'int32' ? 'integer' : 'bigint';
}

export async function createSequence(statement: NodeOf<'CREATE_SEQUENCE'>, context: DdlContext): Promise<void> {
  const place = placeOf(context, statement.name, statement.temporary, statement.pos);
  if (!(await claimRelationName(context, place, statement.exists))) return;
  const values = parameters(statement.options, undefined, INT64, context);
  const id = context.catalog.base.allocateId();
  context.catalog.put({
    kind: 'sequence',
    id,
    name: place.name,
    owner: context.ownerIn(place.schema),
    schemaId: place.schema.id,
    databaseId: place.schema.databaseId,
    persistence: statement.temporary || place.schema.name.text.startsWith('temp:') ? 'temporary' : 'permanent',
    ...values,
  });
  context.createSequenceState(id, values.start);
  applyOwner(statement.options, id, context);
}

export async function alterSequence(statement: NodeOf<'ALTER_SEQUENCE'>, context: DdlContext): Promise<void> {
  const found = context.names.findRelation(statement.name);
  if (found === undefined || found.kind !== 'sequence') {
    const error = undefinedRelation(context, statement.name, 'relation', undefined);
    if (!statement.exists) throw error;
    context.notice('notice', 'successful_completion', { message: `${error.message}, skipping` });
    return;
  }
  requireOwner(context, found, 'sequence');
  changeSequence(found.id, statement.options, context);
}

export function changeSequence(id: ObjectId, options: Options, context: DdlContext): void {
  const old = context.catalog.get(id) as SequenceDefinition;
  const values = parameters(options, old, old.type, context);
  context.catalog.put({ ...old, ...values });
  if (options.restartPresent) {
    const restart = options.restart === undefined ? values.start : big(options.restart);
    for (const [wrong, bound] of [
      [restart < values.minimum, `less than MINVALUE (${values.minimum})`],
      [restart > values.maximum, `greater than MAXVALUE (${values.maximum})`],
    ] as const)
      if (wrong) throw new SqlError('invalid_parameter_value', `RESTART value (${restart}) cannot be ${bound}`);
    context.restartSequence(id, restart);
  }
  applyOwner(options, id, context);
}

function applyOwner(options: Options, id: ObjectId, context: DdlContext): void {
  const sequence = context.catalog.get(id) as SequenceDefinition;
  if (options.ownedByNone) {
    context.catalog.put({ ...sequence, ownedBy: undefined });
    return;
  }
  if (options.ownedBy === undefined) return;
  if (options.ownedBy.length < 2)
    throw new SqlError('syntax_error', {
      message: 'invalid OWNED BY option',
      hint: 'Specify OWNED BY table.column or OWNED BY NONE.',
    });
  const table = context.names.findRelation(options.ownedBy.slice(0, -1));
  if (table === undefined || table.kind !== 'table') throw undefinedRelation(context, options.ownedBy.slice(0, -1));
  if (table.schemaId !== sequence.schemaId)
    throw new SqlError('object_not_in_prerequisite_state', 'sequence must be in same schema as table it is linked to');
  const column = requireColumn(table, options.ownedBy[options.ownedBy.length - 1]!, context);
  context.catalog.put({ ...sequence, ownedBy: { tableId: table.id, column: column.position, internal: false } });
}

/** The sequence behind an identity or serial column. */
/** Sequences count in signed types: that of a column, and the largest value the column takes where it is another. */
function counterType(column: ColumnDefinition): { readonly type: SqlType; readonly maximum?: bigint } {
  const { kind, unsigned } = column.type;
  const signed = unsigned !== true;
  switch (kind) {
    case 'int8':
      return { type: { kind: 'int16' }, maximum: signed ? 127n : 255n };
    case 'int16':
      return signed ? { type: column.type } : { type: { kind: 'int32' }, maximum: 65535n };
    case 'int24':
      return { type: { kind: 'int32' }, maximum: signed ? 8388607n : 16777215n };
    case 'int32':
      return signed ? { type: column.type } : { type: INT64, maximum: 4294967295n };
    case 'int64':
      return { type: INT64 };
    default:
      throw new SqlError('invalid_parameter_value', 'identity column type must be smallint, integer, or bigint');
  }
}

/** The table option that says with what value the counter of the identity column goes on. */
export const COUNTER_OPTION = 'auto_increment';

/** The counter of a table's identity column goes on with `value`, if it is not past it. */
export function continueCounter(tableId: ObjectId, value: string | undefined, context: DdlContext): void {
  if (value === undefined || !/^\d+$/.test(value)) return;
  for (const { sequenceId, dropped } of context.catalog.table(tableId).columns) {
    const sequence = dropped || sequenceId === undefined ? undefined : context.catalog.get(sequenceId);
    if (sequence?.kind === 'sequence') context.passSequence(sequence, BigInt(value) - 1n);
  }
}

/** The counter goes on with `value`, or behind the greatest that the column holds. */
export async function resetCounter(tableId: ObjectId, value: string | undefined, context: DdlContext): Promise<void> {
  if (value === undefined || !/^\d+$/.test(value)) return;
  const table = context.catalog.table(tableId);
  for (const { sequenceId, position, dropped } of table.columns) {
    const sequence = dropped || sequenceId === undefined ? undefined : context.catalog.get(sequenceId);
    if (sequence?.kind !== 'sequence') continue;
    const behind = ((await context.greatest(table, position)) ?? 0n) + 1n;
    const wanted = BigInt(value) < 1n ? 1n : BigInt(value);
    const next = wanted > behind ? wanted : behind;
    context.restartSequence(sequence.id, next > sequence.maximum ? sequence.maximum : next);
  }
}

export async function createOwnedSequence(
  context: DdlContext,
  tableId: ObjectId,
  column: ColumnDefinition,
  options: Options | undefined,
): Promise<ObjectId> {
  const table = context.catalog.table(tableId);
  const counter = counterType(column);
  const values = parameters(options, undefined, counter.type, context);
  const id = context.catalog.base.allocateId();
  const name = chooseName(table.name.text, column.name.text, 'seq', relationNameTaken(context, table.schemaId));
  context.catalog.put({
    kind: 'sequence',
    id,
    name,
    owner: table.owner,
    schemaId: table.schemaId,
    databaseId: table.databaseId,
    persistence: table.persistence === 'temporary' ? 'temporary' : 'permanent',
    ownedBy: { tableId, column: column.position, internal: column.identity !== 'none' },
    ...values,
    ...(counter.maximum === undefined ? {} : { maximum: counter.maximum }),
  });
  context.createSequenceState(id, values.start);
  putColumn(context, tableId, column.position, { sequenceId: id });
  return id;
}
