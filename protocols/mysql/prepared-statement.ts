/** A statement prepared by COM_STMT_PREPARE, as the worker keeps it. */
import type { CompiledStatement } from '../../sblr/contract/dialect.ts';
import type { ResultColumn } from '../../sblr/contract/session.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { SqlType } from '../../sblr/contract/types.ts';
import type { SqlValue } from '../../sblr/contract/values.ts';
import type { NetworkReader } from '../shared/byte-reader.ts';
import { wrongArguments } from './command-errors.ts';
import type { CharacterSet } from './character-sets.ts';
import { CLIENT } from './constants.ts';
import { writeColumnDefinition, writeEof } from './messages.ts';
import type { PacketWriter } from './packets.ts';
import {
  bytesForText,
  dependOnValues,
  engineTypes,
  type ParameterType,
  readParameterTypes,
  readParameterValues,
} from './parameters.ts';

/** No parameter was sent ahead. */
const NOTHING_AHEAD: ReadonlyMap<number, Buffer> = new Map();

export class PreparedStatement {
  readonly id: number;
  readonly compiled: CompiledStatement;
  /** Parameter types of the last execution: later ones may leave them out. */
  types: readonly ParameterType[] = [];
  /** One list for all executions with these types: both ends of the link know it by that. */
  #requestTypes: readonly (SqlType | undefined)[] | undefined;
  columns: readonly ResultColumn[] = [];
  /** Columns of the cursor that the last execution opened. */
  cursor: readonly ResultColumn[] | undefined = undefined;
  readonly #long = new Map<number, Buffer[]>();
  #longBytes = 0;
  #longError: SqlError | undefined = undefined;

  constructor(id: number, compiled: CompiledStatement) {
    this.id = id;
    this.compiled = compiled;
  }

  get parameterCount(): number {
    return this.compiled.parameterCount;
  }

  /** The types that an execution brought along. */
  declare(types: readonly ParameterType[]): void {
    const { types: before } = this;
    const same = types.every(({ code, unsigned }, i) => code === before[i]?.code && unsigned === before[i]?.unsigned);
    if (same) return;
    this.types = types;
    this.#requestTypes = undefined;
  }

  /**
   * Types of the parameters the client gave, then those of the literals taken out of the text. Nothing was given yet
   * when the statement is prepared.
   */
  requestTypes(values: readonly SqlValue[] = [], long = NOTHING_AHEAD): readonly (SqlType | undefined)[] {
    const lasting = long.size === 0 && !bytesForText(this.types, values);
    if (this.#requestTypes !== undefined && lasting) return this.#requestTypes;
    const { compiled } = this;
    const types: (SqlType | undefined)[] = engineTypes(this.types, values, long);
    if (types.length > 0 || compiled.literals.length > 0) {
      while (types.length < compiled.parameterCount) types.push(undefined);
      types.push(...compiled.literalTypes);
    }
    if (lasting && !dependOnValues(this.types)) this.#requestTypes = types;
    return types;
  }

  /** Name of the engine's portal behind the cursor. */
  get portal(): string {
    return `statement ${this.id}`;
  }

  /** A piece of a parameter sent ahead, of `limit` bytes in all. What is wrong with it the execution tells. */
  addLongData(parameter: number, piece: Buffer, limit: number): void {
    if (parameter >= this.parameterCount) {
      this.#failLong(wrongArguments('mysqld_stmt_send_long_data'));
      return;
    }
    this.#longBytes += piece.length;
    if (this.#longBytes > limit) {
      const message =
        "Parameter of prepared statement which is set through mysql_send_long_data() is longer than 'max_allowed_packet' bytes";
      this.#failLong(new SqlError('program_limit_exceeded', { message, variant: 'long_data' }));
      return;
    }
    const pieces = this.#long.get(parameter);
    if (pieces === undefined) this.#long.set(parameter, [piece]);
    else pieces.push(piece);
  }

  #failLong(error: SqlError): void {
    this.reset();
    this.#longError = error;
  }

  /** Takes what was sent ahead, by parameter. */
  takeLongData(): ReadonlyMap<number, Buffer> {
    if (this.#longError !== undefined) throw this.#longError;
    if (this.#long.size === 0) return NOTHING_AHEAD;
    const taken = new Map([...this.#long].map(([parameter, pieces]) => [parameter, Buffer.concat(pieces)]));
    this.reset();
    return taken;
  }

  reset(): void {
    this.#long.clear();
    this.#longBytes = 0;
    this.#longError = undefined;
  }
}

/** Of the flags of COM_STMT_EXECUTE. */
const CURSOR_READ_ONLY = 1;
const ITERATION_COUNT_BYTES = 4;

export interface Execution {
  readonly wantsCursor: boolean;
  /** Of the parameters, then of the literals taken out of the text. */
  readonly values: readonly SqlValue[];
  readonly types: readonly (SqlType | undefined)[];
}

/** The payload of COM_STMT_EXECUTE after the statement's number. */
export function readExecution(reader: NetworkReader, statement: PreparedStatement, set: CharacterSet): Execution {
  const wantsCursor = (reader.u8() & CURSOR_READ_ONLY) !== 0;
  reader.skip(ITERATION_COUNT_BYTES);
  const long = statement.takeLongData();
  const { compiled, parameterCount } = statement;
  if (parameterCount === 0) return { wantsCursor, values: compiled.literals, types: compiled.literalTypes };
  const nulls = reader.copy((parameterCount + 7) >> 3);
  if (reader.u8() === 1) statement.declare(readParameterTypes(reader, parameterCount));
  if (statement.types.length !== parameterCount) throw wrongArguments('mysqld_stmt_execute');
  const given = readParameterValues(reader, nulls, statement.types, long, set);
  const values = compiled.literals.length === 0 ? given : [...given, ...compiled.literals];
  return { wantsCursor, values, types: statement.requestTypes(given, long) };
}

/** COM_STMT_PREPARE_OK: the statement's id, then its parameters and columns where it has any. */
export function writePrepared(
  packets: PacketWriter,
  statement: PreparedStatement,
  answer: {
    readonly capabilities: number;
    readonly charset: number;
    readonly parameterTypes: readonly SqlType[];
    readonly warnings: number;
    readonly status: number;
  },
): void {
  const { parameterCount, columns } = statement;
  const endDefinitions = (): void => {
    if ((answer.capabilities & CLIENT.DEPRECATE_EOF) === 0) writeEof(packets, answer.status, 0);
  };
  packets.begin();
  packets.out.u8(0);
  packets.out.u32le(statement.id);
  packets.out.u16le(columns.length);
  packets.out.u16le(parameterCount);
  packets.out.u8(0);
  packets.out.u16le(Math.min(answer.warnings, 0xffff));
  packets.end();
  for (let i = 0; i < parameterCount; i++) {
    const type = answer.parameterTypes[i] ?? { kind: 'text' };
    writeColumnDefinition(packets, { name: '?', type, tableId: 0, columnPosition: 0 }, answer.charset);
  }
  if (parameterCount > 0) endDefinitions();
  for (const column of columns) writeColumnDefinition(packets, column, answer.charset);
  if (columns.length > 0) endDefinitions();
}
