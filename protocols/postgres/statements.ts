/** Prepared statements and portals of the extended protocol, as the worker keeps them. */
import type { CompiledStatement } from '../../sblr/contract/dialect.ts';
import type { ExecuteRequest, ImplicitTransaction, ResultColumn } from '../../sblr/contract/session.ts';
import type { SqlType } from '../../sblr/contract/types.ts';
import type { SqlValue } from '../../sblr/contract/values.ts';
import type { FrameBuffer } from '../shared/framing.ts';
import type { RowEncoder } from './encode.ts';
import { CLIENT } from './messages.ts';

/** What the outstanding engine request is for. */
export type Request = 'none' | 'query' | 'execute' | 'prepare' | 'describe-cursor' | 'end-group' | 'fail';

/** What follows when a 'prepare', 'end-group' or 'fail' request is answered. */
export type Continuation =
  | 'none'
  | 'call'
  | 'describe-statement'
  | 'describe-portal'
  | 'ready'
  | 'finish-query'
  | 'skip';

export const NO_COLUMNS: readonly ResultColumn[] = [];

export class PreparedStatement {
  readonly name: string;
  /** Text as the client sent it: error positions count in it. */
  readonly text: string;
  /** Where in `text` the statement starts. */
  readonly origin: number;
  /** Undefined for text without a statement. */
  readonly compiled: CompiledStatement | undefined;
  /** Types the client declared, undefined where it left them open. */
  readonly declared: readonly (SqlType | undefined)[];
  readonly parameterCount: number;
  /** `declared`, filled up to the parameter count, then the types of the literals. */
  readonly requestTypes: readonly (SqlType | undefined)[];
  /** Has the engine accepted the statement? Until then its ParseComplete may be owed. */
  validated = false;
  /** The engine's answer to prepare, refreshed on every Describe. */
  parameterTypes: readonly SqlType[] | undefined;
  columns: readonly ResultColumn[] | undefined;

  constructor(
    name: string,
    text: string,
    origin: number,
    compiled: CompiledStatement | undefined,
    declared: readonly (SqlType | undefined)[],
  ) {
    this.name = name;
    this.text = text;
    this.origin = origin;
    this.compiled = compiled;
    this.declared = declared;
    this.parameterCount = Math.max(compiled?.parameterCount ?? 0, declared.length);
    this.requestTypes = requestTypes(declared, compiled, this.parameterCount);
  }

  get isCopy(): boolean {
    const kind = this.compiled?.action.kind;
    return kind === 'copy-in' || kind === 'copy-out';
  }
}

/** The same array for all statements that leave everything open: the link then sees that nothing changed. */
const ALL_OPEN: readonly undefined[] = [];

function requestTypes(
  declared: readonly (SqlType | undefined)[],
  compiled: CompiledStatement | undefined,
  parameterCount: number,
): readonly (SqlType | undefined)[] {
  if (compiled === undefined) return declared;
  if (compiled.literals.length === 0 && declared.every((type) => type === undefined)) return ALL_OPEN;
  const types: (SqlType | undefined)[] = [...declared];
  while (types.length < parameterCount) types.push(undefined);
  types.push(...compiled.literalTypes);
  return types;
}

export type PortalState =
  /** Bound by us only; the engine has not heard of it. */
  | 'bound'
  /** Suspended in the engine. */
  | 'open'
  | 'done';

export class Portal {
  readonly name: string;
  readonly statement: PreparedStatement;
  readonly parameters: readonly SqlValue[];
  readonly textParameters: readonly boolean[];
  readonly resultFormats: readonly number[];
  state: PortalState = 'bound';
  /** Columns of this execution, once known. */
  columns: readonly ResultColumn[] | undefined;
  encoder: RowEncoder | undefined;
  /** A Describe is to be answered from the execution that follows it. */
  describeOwed = false;
  /** Answers rows: executing it again once done gives none, instead of an error. */
  returnsRows = false;

  constructor(
    name: string,
    statement: PreparedStatement,
    parameters: readonly SqlValue[],
    textParameters: readonly boolean[],
    resultFormats: readonly number[],
  ) {
    this.name = name;
    this.statement = statement;
    this.parameters = parameters;
    this.textParameters = textParameters;
    this.resultFormats = resultFormats;
  }

  /** Its name in the engine, where a name is never empty. */
  get engineName(): string {
    return this.name === '' ? '<unnamed portal>' : this.name;
  }

  /** Its first execution; after `maxRows` > 0 rows the engine keeps the portal and waits. */
  request(compiled: CompiledStatement, implicit: ImplicitTransaction, maxRows: number): ExecuteRequest {
    const { statement } = this;
    return {
      program: compiled.program,
      parameters: this.parameters,
      parameterTypes: statement.requestTypes,
      textParameters: this.textParameters,
      implicit,
      text: compiled.text,
      wantColumns: statement.columns === undefined || this.describeOwed || statement.isCopy,
      ...(maxRows > 0 ? { portal: this.engineName } : undefined),
      maxRows,
    };
  }
}

/** Is the next message, already here, an Execute of this portal? */
export function nextExecutes(input: FrameBuffer, portal: string): boolean {
  const at = input.payloadEnd;
  if (input.typeAt(at) !== CLIENT.execute) return false;
  const end = input.bytes.indexOf(0, at + 5);
  return end >= 0 && end < input.after(at) && input.bytes.toString('utf8', at + 5, end) === portal;
}
