/**
 * The builder: a program in memory to bytes. Parsers call `encodeProgram` once per statement text;
 * the result's hash is the key of every cache behind it. Trees are written in postfix order, driven
 * by the opcode table alone.
 */
import { ByteWriter } from './contract/byte-writer.ts';
import type { Name } from './contract/names.ts';
import type { ProgramRef } from './contract/session.ts';
import { SqlError } from './contract/sql-error.ts';
import { isInt32, writeTaggedValue } from './contract/tagged-value.ts';
import { writeType } from './contract/type-codec.ts';
import type { SqlType } from './contract/types.ts';
import type { SqlValue } from './contract/values.ts';
import { bodyHash, HASH_BYTES, HASH_OFFSET, MAGIC } from './container.ts';
import {
  CLASS_STATEMENT,
  CLASSES,
  MANY,
  ONE,
  OPERAND_BOOL,
  OPERAND_BYTES,
  OPERAND_ENUM,
  OPERAND_I32,
  OPERAND_IDENT,
  OPERAND_INT,
  OPERAND_LABEL,
  OPERAND_NAME,
  OPERAND_STRUCT,
  OPERAND_TEXT,
  OPERAND_TYPE,
  OPERAND_U16,
  OPERAND_U32,
  OPERAND_U8,
  OPERAND_VALUE,
  OPTIONAL,
  PLANS,
  type InputPlan,
  type NodePlan,
  type OperandPlan,
} from './layout.ts';
import {
  MAX_INSTRUCTIONS,
  MAX_LIST_ITEMS,
  MAX_NAME_PARTS,
  MAX_NESTING,
  MAX_PARAMETERS,
  MAX_PROGRAM_BYTES,
  MAX_STATEMENTS,
} from './limits.ts';
import type { Program } from './nodes.ts';
import { SBLR_VERSION } from './opcodes.ts';
import { tooDeep, tooLarge } from './program-error.ts';
import { encodeSemantics } from './semantics-codec.ts';

/** A node as the codec sees it. */
type Fields = Readonly<Record<string, unknown>>;

const LONE_SURROGATE = /\p{Surrogate}/u;

/** Storage of a larger statement is not kept for the next one. */
const KEEP_BYTES = 1 << 20;

class ProgramEncoder {
  readonly #code = new ByteWriter(4096, MAX_PROGRAM_BYTES);
  readonly #values = new ByteWriter(1024, MAX_PROGRAM_BYTES);
  readonly #output = new ByteWriter(4096, MAX_PROGRAM_BYTES);
  readonly #stringIndex = new Map<string, number>();
  #strings: string[] = [];
  readonly #valueIndex = new Map<string | number | boolean, number>();
  #valueCount = 0;
  #nullIndex = -1;
  #byteStrings: Uint8Array[] = [];
  #positions: number[] = [];
  #labelLimit = 0;

  encode(program: Program): ProgramRef {
    this.#reset();
    const { statements } = program;
    if (program.version !== SBLR_VERSION) throw new TypeError(`cannot write version ${program.version}`);
    if (statements.length > MAX_STATEMENTS) throw tooLarge('statements', MAX_STATEMENTS);
    this.#labelLimit = statements.length;
    for (const statement of statements) {
      this.#node(statement as unknown as Fields, CLASS_STATEMENT, undefined, 1);
    }
    const bytes = this.#assemble(program);
    const hash = bodyHash(bytes);
    bytes.write(hash, HASH_OFFSET, HASH_BYTES, 'latin1');
    return { hash, bytes };
  }

  #reset(): void {
    for (const writer of [this.#code, this.#values, this.#output]) {
      if (writer.bytes.length > KEEP_BYTES) writer.replaceStorage(4096);
      writer.position = 0;
    }
    this.#stringIndex.clear();
    this.#strings = [];
    this.#valueIndex.clear();
    this.#valueCount = 0;
    this.#nullIndex = -1;
    this.#byteStrings = [];
    this.#positions = [];
  }

  // ---- the instruction stream ----

  /** Writes what `node` needs from the stacks, then the node itself. */
  #node(node: Fields, nodeClass: number, allowed: ReadonlySet<string> | undefined, depth: number): void {
    const plan = PLANS.get(node['op'] as string);
    if (plan === undefined) throw new TypeError(`no opcode ${String(node['op'])}`);
    if (plan.class !== nodeClass) throw new TypeError(`${plan.name} is not a ${CLASSES[nodeClass]}`);
    if (allowed !== undefined && !allowed.has(plan.name)) throw new TypeError(`${plan.name} is not allowed here`);
    if (depth > MAX_NESTING) throw tooDeep(node['pos'] as number | undefined);
    const inputs = plan.inputs;
    for (let index = 0; index < inputs.length; index++) this.#input(node, plan, inputs[index] as InputPlan, depth + 1);
    this.#instruction(node, plan);
  }

  #input(node: Fields, plan: NodePlan, input: InputPlan, depth: number): void {
    const field = node[input.name];
    if (input.mode === MANY) {
      const items = field as readonly Fields[] | undefined;
      if (!Array.isArray(items)) throw new TypeError(`${plan.name}.${input.name} is not a list`);
      for (const item of items) this.#node(item, input.class, input.allowed, depth);
    } else if (field !== undefined) {
      this.#node(field as Fields, input.class, input.allowed, depth);
    } else if (input.mode === ONE) {
      throw new TypeError(`${plan.name}.${input.name} is missing`);
    }
  }

  #instruction(node: Fields, plan: NodePlan): void {
    if (this.#positions.length === MAX_INSTRUCTIONS) throw tooLarge('instructions', MAX_INSTRUCTIONS);
    const position = node['pos'] as number | undefined;
    this.#positions.push(position === undefined ? 0 : position + 1);
    const code = this.#code;
    code.u16(plan.code);
    code.u16(0);
    const lengthAt = code.position;
    code.u32(0);
    const operands = plan.operands;
    for (let index = 0; index < operands.length; index++) {
      const operand = operands[index] as OperandPlan;
      this.#operand(operand, node[operand.name], plan);
    }
    const inputs = plan.inputs;
    for (let index = 0; index < inputs.length; index++) {
      const input = inputs[index] as InputPlan;
      if (input.mode === OPTIONAL) code.u8(node[input.name] === undefined ? 0 : 1);
      else if (input.mode === MANY) code.u32((node[input.name] as readonly unknown[]).length);
    }
    code.setU32(lengthAt, code.position - lengthAt - 4);
  }

  #operand(operand: OperandPlan, value: unknown, plan: NodePlan): void {
    const code = this.#code;
    if (operand.mode === ONE) {
      if (value === undefined) throw new TypeError(`${plan.name}.${operand.name} is missing`);
      this.#scalar(operand, value);
    } else if (operand.mode === OPTIONAL) {
      code.u8(value === undefined ? 0 : 1);
      if (value !== undefined) this.#scalar(operand, value);
    } else {
      if (!Array.isArray(value)) throw new TypeError(`${plan.name}.${operand.name} is not a list`);
      if (value.length > MAX_LIST_ITEMS) throw tooLarge(`items in ${operand.name}`, MAX_LIST_ITEMS);
      code.u16(value.length);
      for (const item of value) {
        if (operand.kind !== OPERAND_STRUCT) this.#scalar(operand, item);
        else for (const field of operand.fields) this.#operand(field, (item as Fields)[field.name], plan);
      }
    }
  }

  #scalar(operand: OperandPlan, value: unknown): void {
    const code = this.#code;
    switch (operand.kind) {
      case OPERAND_BOOL:
        code.u8(value === true ? 1 : 0);
        return;
      case OPERAND_ENUM: {
        const index = operand.optionIndex.get(value as string);
        if (index === undefined) throw new TypeError(`${operand.name} has no value ${String(value)}`);
        code.u8(index);
        return;
      }
      case OPERAND_TEXT:
        code.u32(this.#string(value as string));
        return;
      case OPERAND_IDENT: {
        const identifier = value as Name[number];
        code.u32(this.#string(identifier.text));
        code.u8(identifier.exact ? 1 : 0);
        return;
      }
      case OPERAND_NAME:
        this.#name(value as Name);
        return;
      case OPERAND_TYPE:
        writeType(code, value as SqlType);
        return;
      case OPERAND_VALUE:
        code.u32(this.#value(value as SqlValue));
        return;
      case OPERAND_BYTES:
        code.u32(this.#byteStrings.push(value as Uint8Array) - 1);
        return;
      default:
        this.#number(operand, value);
    }
  }

  #number(operand: OperandPlan, value: unknown): void {
    const code = this.#code;
    switch (operand.kind) {
      case OPERAND_U8:
        code.u8(ranged(operand, value, 0, 0xff));
        return;
      case OPERAND_U16:
        code.u16(ranged(operand, value, 0, 0xffff));
        return;
      case OPERAND_U32:
        code.u32(ranged(operand, value, 0, 0xffffffff));
        return;
      case OPERAND_I32:
        code.i32(ranged(operand, value, -0x80000000, 0x7fffffff));
        return;
      case OPERAND_LABEL:
        code.u32(ranged(operand, value, 0, this.#labelLimit));
        return;
      case OPERAND_INT:
        if (typeof value === 'bigint' ? BigInt.asIntN(64, value) !== value : !Number.isSafeInteger(value)) {
          throw new SqlError('numeric_value_out_of_range', { message: `${operand.name} is out of range` });
        }
        code.i64(value as number | bigint);
        return;
      default:
        throw new TypeError(`no operand kind ${operand.kind}`);
    }
  }

  #name(name: Name): void {
    const code = this.#code;
    if (name.length > MAX_NAME_PARTS) throw tooLarge('parts in a name', MAX_NAME_PARTS);
    code.u8(name.length);
    for (let index = 0; index < name.length; index++) {
      const identifier = name[index] as Name[number];
      code.u32(this.#string(identifier.text));
      code.u8(identifier.exact ? 1 : 0);
    }
  }

  // ---- the constant pool ----

  #string(text: string): number {
    const known = this.#stringIndex.get(text);
    if (known !== undefined) return known;
    if (typeof text !== 'string') throw new TypeError('an operand is not a string');
    const index = this.#strings.push(text) - 1;
    this.#stringIndex.set(text, index);
    return index;
  }

  /** Pool index of a literal; numbers, strings, booleans and NULL are kept once. */
  #value(value: SqlValue): number {
    if (value === null) {
      if (this.#nullIndex < 0) this.#nullIndex = this.#addValue(null);
      return this.#nullIndex;
    }
    const internable =
      typeof value === 'string' || typeof value === 'boolean' || (typeof value === 'number' && isInt32(value));
    if (!internable) return this.#addValue(value);
    let index = this.#valueIndex.get(value);
    if (index === undefined) {
      index = this.#addValue(value);
      this.#valueIndex.set(value, index);
    }
    return index;
  }

  #addValue(value: SqlValue): number {
    writeTaggedValue(this.#values, value);
    return this.#valueCount++;
  }

  // ---- the container ----

  #assemble(program: Program): Buffer {
    const output = this.#output;
    output.u32(MAGIC);
    output.u16(SBLR_VERSION);
    output.u16(0);
    output.zeros(HASH_BYTES);
    if (program.parameterTypes.length > MAX_PARAMETERS) throw tooLarge('parameters', MAX_PARAMETERS);
    output.u16(program.parameterTypes.length);
    for (const type of program.parameterTypes) {
      output.u8(type === undefined ? 0 : 1);
      if (type !== undefined) writeType(output, type);
    }
    const semantics = encodeSemantics(program.semantics);
    output.u16(semantics.length);
    output.raw(semantics);
    this.#writeStrings(output);
    output.u32(this.#valueCount);
    output.raw(this.#values.bytes.subarray(0, this.#values.position));
    output.u32(this.#byteStrings.length);
    for (const bytes of this.#byteStrings) output.blob(bytes);
    output.u32(this.#positions.length);
    output.u32(this.#code.position);
    output.raw(this.#code.bytes.subarray(0, this.#code.position));
    for (const position of this.#positions) output.u32(position);
    return output.copy();
  }

  #writeStrings(output: ByteWriter): void {
    const strings = this.#strings;
    output.u32(strings.length);
    for (let index = 0; index < strings.length; index++) {
      const text = strings[index] as string;
      // A lone surrogate has no UTF-8 and could pair up with its neighbour's.
      if (LONE_SURROGATE.test(text)) strings[index] = text.replace(/\p{Surrogate}/gu, '\ufffd');
      output.u32(text.length);
    }
    output.text(strings.join(''));
  }
}

function ranged(operand: OperandPlan, value: unknown, minimum: number, maximum: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < minimum || value > maximum) {
    throw new TypeError(`${operand.name} is ${String(value)}, not an integer from ${minimum} to ${maximum}`);
  }
  return value;
}

const encoder = new ProgramEncoder();

/**
 * Encodes a program. Throws SqlError statement_too_complex when it is nested too deeply and
 * program_limit_exceeded when it is too large; TypeError when a node does not fit the opcode table.
 */
export function encodeProgram(program: Program): ProgramRef {
  return encoder.encode(program);
}
