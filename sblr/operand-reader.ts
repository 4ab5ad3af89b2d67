/**
 * Reads the operands of an instruction, checking every index and range on the way. Shared by the
 * decoder and the disassembler.
 */
import type { ByteReader } from './contract/byte-reader.ts';
import { CodecError } from './contract/codec-error.ts';
import type { Identifier } from './contract/names.ts';
import { readType } from './contract/type-codec.ts';
import type { Container } from './container.ts';
import {
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
  type OperandPlan,
} from './layout.ts';

export class OperandReader {
  readonly #container: Container;
  readonly #code: ByteReader;
  /** Highest jump target seen, -1 = none: checked once the number of statements is known. */
  highestLabel = -1;

  constructor(container: Container) {
    this.#container = container;
    this.#code = container.code;
  }

  read(operand: OperandPlan): unknown {
    if (operand.mode === ONE) return this.#scalar(operand);
    if (operand.mode === OPTIONAL) return this.#code.bool() ? this.#scalar(operand) : undefined;
    const count = this.#code.u16();
    const items: unknown[] = [];
    for (let index = 0; index < count; index++) {
      items.push(operand.kind === OPERAND_STRUCT ? this.#struct(operand) : this.#scalar(operand));
    }
    return items;
  }

  #struct(operand: OperandPlan): Record<string, unknown> {
    const struct: Record<string, unknown> = {};
    for (const field of operand.fields) struct[field.name] = this.read(field);
    return struct;
  }

  #scalar(operand: OperandPlan): unknown {
    const code = this.#code;
    switch (operand.kind) {
      case OPERAND_BOOL:
        return code.bool();
      case OPERAND_ENUM: {
        const option = operand.options[code.u8()];
        if (option === undefined) throw new CodecError(`unknown value of ${operand.name}`);
        return option;
      }
      case OPERAND_TEXT:
        return this.#pooled(this.#container.strings);
      case OPERAND_IDENT:
        return this.#identifier();
      case OPERAND_NAME: {
        const count = code.u8();
        const name: Identifier[] = [];
        for (let index = 0; index < count; index++) name.push(this.#identifier());
        return name;
      }
      case OPERAND_TYPE:
        return readType(code);
      case OPERAND_VALUE:
        return this.#pooled(this.#container.values);
      case OPERAND_BYTES:
        return this.#pooled(this.#container.byteStrings);
      case OPERAND_U8:
        return code.u8();
      case OPERAND_U16:
        return code.u16();
      case OPERAND_U32:
        return code.u32();
      case OPERAND_I32:
        return code.i32();
      case OPERAND_INT:
        return code.i64();
      case OPERAND_LABEL: {
        const label = code.u32();
        if (label > this.highestLabel) this.highestLabel = label;
        return label;
      }
      default:
        throw new CodecError('unknown operand kind');
    }
  }

  #identifier(): Identifier {
    return { text: this.#pooled(this.#container.strings), exact: this.#code.bool() };
  }

  #pooled<T>(pool: readonly T[]): T {
    const index = this.#code.u32();
    if (index >= pool.length) throw new CodecError('index outside the constant pool');
    return pool[index] as T;
  }
}
