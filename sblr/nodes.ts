/**
 * TypeScript types of SBLR nodes, derived from the opcode table, and the factory that parsers use.
 * A node is a plain object: `op`, its operands and inputs by name, and `pos`, the UTF-16 offset in
 * the statement text that error messages point at.
 */
import type { Semantics } from './contract/semantics.ts';
import type { SqlType } from './contract/types.ts';
import type { OPCODES, OpcodeName } from './opcodes.ts';
import type { ElementInput, OperandType } from './operands.ts';

type Table = typeof OPCODES;
type NamesWithResult<R> = { [K in OpcodeName]: Table[K]['result'] extends R ? K : never }[OpcodeName];

export type ValueName = NamesWithResult<'value'>;
export type RelationName = NamesWithResult<'relation'>;
export type ElementName = NamesWithResult<'element'>;
export type StatementName = NamesWithResult<'statement'>;

export type ValueNode = { [K in ValueName]: NodeOf<K> }[ValueName];
export type RelationNode = { [K in RelationName]: NodeOf<K> }[RelationName];
export type ElementNode = { [K in ElementName]: NodeOf<K> }[ElementName];
export type StatementNode = { [K in StatementName]: NodeOf<K> }[StatementName];
export type AnyNode = ValueNode | RelationNode | ElementNode | StatementNode;

type ElementOf<N> = N extends ElementName ? NodeOf<N> : never;

type InputType<I> = I extends 'value'
  ? ValueNode
  : I extends 'value?'
    ? ValueNode | undefined
    : I extends 'value*'
      ? readonly ValueNode[]
      : I extends 'relation'
        ? RelationNode
        : I extends 'relation?'
          ? RelationNode | undefined
          : I extends 'relation*'
            ? readonly RelationNode[]
            : I extends 'statement'
              ? StatementNode
              : I extends ElementInput<infer N> & { count: 'one' }
                ? ElementOf<N>
                : I extends ElementInput<infer N> & { count: 'optional' }
                  ? ElementOf<N> | undefined
                  : I extends ElementInput<infer N> & { count: 'many' }
                    ? readonly ElementOf<N>[]
                    : never;

export type NodeOf<K extends OpcodeName> = {
  readonly op: K;
  readonly pos?: number | undefined;
} & { readonly [F in keyof Table[K]['operands']]: OperandType<Table[K]['operands'][F]> } & {
  readonly [F in keyof Table[K]['inputs']]: InputType<Table[K]['inputs'][F]>;
};

type UndefinedKeys<T> = { [F in keyof T]: undefined extends T[F] ? F : never }[keyof T];
/** Fields that may be left out when building: optional ones. */
type Loose<T> = Omit<T, UndefinedKeys<T>> & Partial<Pick<T, UndefinedKeys<T>>>;

/** Builds a node. Missing optional fields become undefined so that all nodes of one op share a shape. */
export function node<K extends OpcodeName>(op: K, fields: Loose<Omit<NodeOf<K>, 'op'>>): NodeOf<K> {
  return { op, pos: undefined, ...fields } as unknown as NodeOf<K>;
}

/** A program in memory: what the builder encodes and the decoder yields. */
export interface Program {
  readonly version: number;
  /** Declared type per parameter, undefined = inferred; its length is the parameter count. */
  readonly parameterTypes: readonly (SqlType | undefined)[];
  readonly semantics: Semantics;
  /** Usually one; more for procedural programs, whose labels index this list. */
  readonly statements: readonly StatementNode[];
}
