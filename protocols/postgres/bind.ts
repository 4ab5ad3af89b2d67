/** The Bind message: parameter values in text or binary, and the formats the results shall have. */
import { allText } from '../../sblr/contract/link-requests.ts';
import { SqlError, type SqlErrorDetails } from '../../sblr/contract/sql-error.ts';
import type { SqlType } from '../../sblr/contract/types.ts';
import type { SqlValue } from '../../sblr/contract/values.ts';
import type { NetworkReader } from '../shared/byte-reader.ts';
import { decodeBinary, invalidBinary } from './decode.ts';
import { formatAt } from './messages.ts';
import { typeOfOid } from './types.ts';
import type { Portal, PreparedStatement } from './statements.ts';

export interface BoundParameters {
  readonly values: SqlValue[];
  readonly text: readonly boolean[];
  readonly resultFormats: readonly number[];
}

export type BoundValues = Omit<BoundParameters, 'resultFormats'>;

const NO_FORMATS: readonly number[] = [];
const TEXT_FORMAT: readonly number[] = [0];
const BINARY_FORMAT: readonly number[] = [1];

function protocolViolation(message: string): SqlError {
  return new SqlError('protocol_violation', message);
}

export function readFormats(reader: NetworkReader): readonly number[] {
  const count = reader.u16();
  if (count === 0) return NO_FORMATS;
  if (count === 1) return sharedFormat(reader.i16());
  const formats: number[] = [];
  for (let index = 0; index < count; index++) formats.push(checkedFormat(reader.i16()));
  return formats;
}

/** Types that the client declares for parameters; undefined = left open. */
export function readDeclaredTypes(reader: NetworkReader): (SqlType | undefined)[] {
  const declared: (SqlType | undefined)[] = [];
  for (let count = reader.u16(); count > 0; count--) {
    const oid = reader.u32();
    const type = typeOfOid(oid);
    if (type === null) throw new SqlError('undefined_object', `type with OID ${oid} does not exist`);
    declared.push(type);
  }
  return declared;
}

export function checkedFormat(format: number): number {
  if (format !== 0 && format !== 1) throw new SqlError('invalid_parameter_value', `unsupported format code: ${format}`);
  return format;
}

function sharedFormat(format: number): readonly number[] {
  return checkedFormat(format) === 0 ? TEXT_FORMAT : BINARY_FORMAT;
}

/** True if a value is binary and its type still unknown: the statement must be described first. */
export function needsTypes(formats: readonly number[], statement: PreparedStatement): boolean {
  if (statement.parameterTypes !== undefined) return false;
  for (let index = 0; index < statement.parameterCount; index++) {
    if (formatAt(formats, index) === 1 && statement.declared[index] === undefined) return true;
  }
  return false;
}

function parameterType(statement: PreparedStatement, index: number): SqlType {
  return statement.declared[index] ?? statement.parameterTypes?.[index] ?? { kind: 'text' };
}

/** Reads the rest of a Bind message, from the parameter count on. */
export function readBoundParameters(
  reader: NetworkReader,
  formats: readonly number[],
  statement: PreparedStatement,
  portal: string,
): BoundParameters {
  const { values, text } = readValues(reader, formats, statement, portal);
  const resultFormats = readFormats(reader);
  reader.expectEnd();
  return { values, text, resultFormats };
}

/** Reads the count of parameters and their values. */
export function readValues(
  reader: NetworkReader,
  formats: readonly number[],
  statement: PreparedStatement,
  portal: string,
): BoundValues {
  const count = reader.u16();
  if (formats.length > 1 && formats.length !== count) {
    throw protocolViolation(`bind message has ${formats.length} parameter formats but ${count} parameters`);
  }
  if (count !== statement.parameterCount) {
    throw protocolViolation(
      `bind message supplies ${count} parameters, but prepared statement "${statement.name}" requires ${statement.parameterCount}`,
    );
  }
  const literals = statement.compiled?.literals;
  const values: SqlValue[] = [];
  const shared = allText(count);
  let text = shared;
  for (let index = 0; index < count; index++) {
    const length = reader.i32();
    if (length === -1) values.push(null);
    else if (length < 0) throw protocolViolation('invalid parameter length in bind message');
    else if (formatAt(formats, index) === 0) values.push(textParameter(reader, length));
    else {
      if (text === shared) text = [...text];
      (text as boolean[])[index] = false;
      values.push(binaryParameter(reader, length, parameterType(statement, index), index + 1, portal));
    }
  }
  if (literals !== undefined && literals.length > 0) values.push(...literals);
  return { values, text };
}

function textParameter(reader: NetworkReader, length: number): string {
  const value = reader.utf8(length);
  if (value.includes('\0'))
    throw new SqlError('character_not_in_repertoire', 'invalid byte sequence for encoding "UTF8": 0x00');
  return value;
}

function binaryParameter(
  reader: NetworkReader,
  length: number,
  type: SqlType,
  parameter: number,
  portal: string,
): SqlValue {
  const end = reader.position + length;
  if (length > reader.remaining) throw protocolViolation('insufficient data left in message');
  const outerEnd = reader.end;
  reader.end = end;
  const value = inContext(parameterContext(portal, parameter, false), () => decodeBinary(reader, length, type));
  reader.end = outerEnd;
  if (reader.position !== end) throw invalidBinary(`incorrect binary data format in bind parameter ${parameter}`);
  return value;
}

/** Runs `read`; an error of it tells where it was found. */
function inContext(context: string, read: () => SqlValue): SqlValue {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof SqlError)) throw error;
    throw new SqlError(error.condition, { ...error.details, context });
  }
}

/** What the engine says of a parameter's value, as Bind says it; values lifted from the text are not the client's. */
export function atParameter(details: SqlErrorDetails, portal: Portal | undefined): SqlErrorDetails {
  const { parameter } = details;
  if (parameter === undefined || portal === undefined || parameter > portal.statement.parameterCount) return details;
  return { ...details, context: parameterContext(portal.name, parameter, true) };
}

/** Where a refused parameter stands, as the context of an error says it; text values are not quoted in it. */
function parameterContext(portal: string, parameter: number, text: boolean): string {
  const where = portal === '' ? 'unnamed portal' : `portal "${portal}"`;
  return `${where} parameter $${parameter}${text ? " = '...'" : ''}`;
}
