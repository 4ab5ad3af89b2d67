/**
 * The kinds of operands and inputs an SBLR instruction can have, and the TypeScript types of nodes
 * derived from them. opcodes.ts is written in this vocabulary; the encoder, decoder, verifier and
 * disassembler walk it generically.
 *
 * Operands travel in the instruction's payload. Inputs are taken from the stacks: a node's inputs are
 * encoded (as complete instruction sequences) before the node itself, in the order listed.
 */
import type { Identifier, Name } from './contract/names.ts';
import type { SqlType } from './contract/types.ts';
import type { SqlValue } from './contract/values.ts';

/** Payload fields. A trailing '?' = may be absent (a presence byte precedes it); '[]' = u16 count + items. */
export type ScalarOperand =
  | 'bool'
  | 'u8'
  | 'u16'
  | 'u32'
  | 'i32'
  | 'int' // i64, safe integer or bigint
  | 'text' // constant-pool index of a string
  | 'ident' // text + exact bit
  | 'name' // u8 count + idents
  | 'type' // encoded SqlType
  | 'value' // constant-pool index of a typed literal value
  | 'bytes' // constant-pool index of a byte string (a nested program)
  | 'label'; // index of a statement in the program's statement list

export interface EnumOperand<T extends string> {
  /** One byte: index into the list. Lists only grow at the end. */
  readonly oneOf: readonly T[];
}

export interface StructOperand {
  readonly list: Readonly<Record<string, OperandKind>>;
}

export type OperandKind =
  | ScalarOperand
  | `${ScalarOperand}?`
  | `${ScalarOperand}[]`
  | EnumOperand<string>
  | StructOperand;

/** The stack an instruction's result goes to. 'statement' results end a statement: the stacks are empty after it. */
export type NodeClass = 'value' | 'relation' | 'element' | 'statement';

/** One input: a class, optional ('?', presence byte in the payload) or repeated ('*', u32 count in the payload). */
export type InputKind =
  | 'value'
  | 'value?'
  | 'value*'
  | 'relation'
  | 'relation?'
  | 'relation*'
  | 'element'
  | 'element?'
  | 'element*'
  | 'statement';

/** Restricts an element input to certain instructions. */
export interface ElementInput<Names extends string> {
  readonly element: readonly Names[];
  readonly count: 'one' | 'optional' | 'many';
}

export const one = <const N extends string>(...element: N[]): ElementInput<N> & { count: 'one' } => ({
  element,
  count: 'one',
});
export const optional = <const N extends string>(...element: N[]): ElementInput<N> & { count: 'optional' } => ({
  element,
  count: 'optional',
});
export const many = <const N extends string>(...element: N[]): ElementInput<N> & { count: 'many' } => ({
  element,
  count: 'many',
});
export const oneOf = <const T extends string>(...values: T[]): EnumOperand<T> => ({ oneOf: values });

export interface OpcodeDefinition {
  /** u16 number, 0x100 per group; never reused. */
  readonly code: number;
  readonly result: NodeClass;
  readonly operands: Readonly<Record<string, OperandKind>>;
  readonly inputs: Readonly<Record<string, InputKind | ElementInput<string>>>;
  readonly doc: string;
}

interface ScalarTypes {
  bool: boolean;
  u8: number;
  u16: number;
  u32: number;
  i32: number;
  int: number | bigint;
  text: string;
  ident: Identifier;
  name: Name;
  type: SqlType;
  value: SqlValue;
  bytes: Uint8Array;
  label: number;
}

export type OperandType<K> =
  K extends EnumOperand<infer T>
    ? T
    : K extends { readonly list: infer F }
      ? readonly { readonly [P in keyof F]: OperandType<F[P]> }[]
      : K extends `${infer S extends ScalarOperand}?`
        ? ScalarTypes[S] | undefined
        : K extends `${infer S extends ScalarOperand}[]`
          ? readonly ScalarTypes[S][]
          : K extends ScalarOperand
            ? ScalarTypes[K]
            : never;
