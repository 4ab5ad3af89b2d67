/** Functions over large objects: whole ones by id, pieces through descriptors. See session/large-objects.ts. */
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { EvalContext } from './function.ts';
import { checkInt64, type Integer } from '../types/integers.ts';
import { scalar, VOLATILE } from './table.ts';

type C = EvalContext;

const WRITE_FLAG = 0x20000;
const READ_FLAG = 0x40000;
const LARGEST_INT32 = 2147483647;
const ORIGINS = ['start', 'current', 'end'] as const;

const objects = (c: C): C['introspection']['largeObjects'] => c.introspection.largeObjects;

scalar('large_object_create(int32) oid', (_flags: number, c: C) => objects(c).create(0), VOLATILE);
scalar('large_object_create_as(oid) oid', (id: number, c: C) => objects(c).create(id), VOLATILE);
scalar(
  'large_object_unlink(oid) int32',
  (id: number, c: C) => {
    objects(c).unlink(id);
    return 1;
  },
  VOLATILE,
);
scalar(
  'large_object_from_bytes(oid, bytes) oid',
  (id: number, bytes: Uint8Array, c: C) => {
    const made = objects(c).create(id);
    objects(c).write(made, 0, bytes);
    return made;
  },
  VOLATILE,
);
scalar('large_object_bytes(oid) bytes', (id: number, c: C) => objects(c).read(id, 0, undefined), VOLATILE);
scalar(
  'large_object_bytes(oid, int64, int32) bytes',
  (id: number, from: Integer, length: number, c: C) => {
    if (length < 0) throw new SqlError('invalid_parameter_value', 'requested length cannot be negative');
    return objects(c).read(id, seekTarget(Number(from)), length);
  },
  VOLATILE,
);
scalar(
  'large_object_put(oid, int64, bytes) void',
  (id: number, at: Integer, bytes: Uint8Array, c: C) => {
    objects(c).write(id, seekTarget(Number(at)), bytes);
    return '';
  },
  VOLATILE,
);
scalar(
  'large_object_open(oid, int32) int32',
  (id: number, flags: number, c: C) => {
    if ((flags & (WRITE_FLAG | READ_FLAG)) === 0)
      throw new SqlError('invalid_parameter_value', `invalid flags for opening a large object: ${flags}`);
    return objects(c).open(id, (flags & WRITE_FLAG) !== 0);
  },
  VOLATILE,
);
scalar(
  'large_object_close(int32) int32',
  (descriptor: number, c: C) => {
    objects(c).close(descriptor);
    return 0;
  },
  VOLATILE,
);
scalar(
  'large_object_read(int32, int32) bytes',
  (descriptor: number, length: number, c: C) => objects(c).readNext(descriptor, length),
  VOLATILE,
);
scalar(
  'large_object_write(int32, bytes) int32',
  (descriptor: number, bytes: Uint8Array, c: C) => objects(c).writeNext(descriptor, bytes),
  VOLATILE,
);
scalar(
  'large_object_seek(int32, int32, int32) int32',
  (descriptor: number, offset: number, whence: number, c: C) =>
    asInt32('lo_lseek', descriptor, objects(c).seek(descriptor, offset, originOf(whence))),
  VOLATILE,
);
scalar(
  'large_object_seek64(int32, int64, int32) int64',
  (descriptor: number, offset: Integer, whence: number, c: C) =>
    checkInt64(BigInt(objects(c).seek(descriptor, Number(offset), originOf(whence)))),
  VOLATILE,
);
scalar(
  'large_object_tell(int32) int32',
  (descriptor: number, c: C) => asInt32('lo_tell', descriptor, objects(c).tell(descriptor)),
  VOLATILE,
);
scalar(
  'large_object_tell64(int32) int64',
  (descriptor: number, c: C) => checkInt64(BigInt(objects(c).tell(descriptor))),
  VOLATILE,
);
const truncate = (descriptor: number, size: Integer, c: C): number => {
  objects(c).truncate(descriptor, Number(size));
  return 0;
};
scalar('large_object_truncate(int32, int32) int32', truncate, VOLATILE);
scalar('large_object_truncate64(int32, int64) int32', truncate, VOLATILE);

function originOf(whence: number): (typeof ORIGINS)[number] {
  const origin = ORIGINS[whence];
  if (origin === undefined) throw new SqlError('invalid_parameter_value', `invalid whence setting: ${whence}`);
  return origin;
}

function seekTarget(at: number): number {
  if (at < 0) throw new SqlError('invalid_parameter_value', `invalid large object seek target: ${at}`);
  return at;
}

function asInt32(what: string, descriptor: number, value: number): number {
  if (value > LARGEST_INT32)
    throw new SqlError(
      'numeric_value_out_of_range',
      `${what} result out of range for large-object descriptor ${descriptor}`,
    );
  return value;
}
