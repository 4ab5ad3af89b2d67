/**
 * The opcode table compiled for the codecs: per opcode a plan of its operands and inputs in which the
 * strings of opcodes.ts have become small numbers. Encoder, decoder and disassembler walk plans.
 */
import { OPCODES } from './opcodes.ts';
import type { ElementInput, InputKind, NodeClass, OpcodeDefinition, OperandKind, ScalarOperand } from './operands.ts';

export const CLASSES = ['value', 'relation', 'element', 'statement'] as const satisfies readonly NodeClass[];
export const CLASS_VALUE = 0;
export const CLASS_RELATION = 1;
export const CLASS_ELEMENT = 2;
export const CLASS_STATEMENT = 3;

export const OPERAND_BOOL = 0;
export const OPERAND_U8 = 1;
export const OPERAND_U16 = 2;
export const OPERAND_U32 = 3;
export const OPERAND_I32 = 4;
export const OPERAND_INT = 5;
export const OPERAND_TEXT = 6;
export const OPERAND_IDENT = 7;
export const OPERAND_NAME = 8;
export const OPERAND_TYPE = 9;
export const OPERAND_VALUE = 10;
export const OPERAND_BYTES = 11;
export const OPERAND_LABEL = 12;
export const OPERAND_ENUM = 13;
export const OPERAND_STRUCT = 14;

const SCALARS: Readonly<Record<ScalarOperand, number>> = {
  bool: OPERAND_BOOL,
  u8: OPERAND_U8,
  u16: OPERAND_U16,
  u32: OPERAND_U32,
  i32: OPERAND_I32,
  int: OPERAND_INT,
  text: OPERAND_TEXT,
  ident: OPERAND_IDENT,
  name: OPERAND_NAME,
  type: OPERAND_TYPE,
  value: OPERAND_VALUE,
  bytes: OPERAND_BYTES,
  label: OPERAND_LABEL,
};

export const ONE = 0;
export const OPTIONAL = 1;
export const MANY = 2;

export interface OperandPlan {
  readonly name: string;
  /** OPERAND_* */
  readonly kind: number;
  /** ONE, OPTIONAL or MANY. */
  readonly mode: number;
  /** Of OPERAND_ENUM. */
  readonly options: readonly string[];
  readonly optionIndex: ReadonlyMap<string, number>;
  /** Of OPERAND_STRUCT. */
  readonly fields: readonly OperandPlan[];
}

export interface InputPlan {
  readonly name: string;
  /** CLASS_* */
  readonly class: number;
  readonly mode: number;
  /** The only instructions allowed; undefined = all of the class. */
  readonly allowed: ReadonlySet<string> | undefined;
}

export interface NodePlan {
  readonly name: string;
  readonly code: number;
  readonly class: number;
  readonly operands: readonly OperandPlan[];
  readonly inputs: readonly InputPlan[];
  readonly doc: string;
}

const NO_OPTIONS: readonly string[] = [];
const NO_INDEX: ReadonlyMap<string, number> = new Map();
const NO_FIELDS: readonly OperandPlan[] = [];

function planOperand(name: string, kind: OperandKind): OperandPlan {
  if (typeof kind === 'object') {
    if ('oneOf' in kind) {
      const optionIndex = new Map(kind.oneOf.map((option, index) => [option, index]));
      return { name, kind: OPERAND_ENUM, mode: ONE, options: kind.oneOf, optionIndex, fields: NO_FIELDS };
    }
    const fields = Object.entries(kind.list).map(([field, operand]) => planOperand(field, operand));
    return { name, kind: OPERAND_STRUCT, mode: MANY, options: NO_OPTIONS, optionIndex: NO_INDEX, fields };
  }
  const mode = kind.endsWith('?') ? OPTIONAL : kind.endsWith('[]') ? MANY : ONE;
  const scalar = kind.replace(/\?$|\[\]$/, '') as ScalarOperand;
  return { name, kind: SCALARS[scalar], mode, options: NO_OPTIONS, optionIndex: NO_INDEX, fields: NO_FIELDS };
}

function planInput(name: string, kind: InputKind | ElementInput<string>): InputPlan {
  if (typeof kind === 'object') {
    const mode = kind.count === 'one' ? ONE : kind.count === 'optional' ? OPTIONAL : MANY;
    return { name, class: CLASS_ELEMENT, mode, allowed: new Set(kind.element) };
  }
  const mode = kind.endsWith('?') ? OPTIONAL : kind.endsWith('*') ? MANY : ONE;
  const className = kind.replace(/[?*]$/, '') as NodeClass;
  return { name, class: CLASSES.indexOf(className), mode, allowed: undefined };
}

function planNode(name: string, definition: OpcodeDefinition): NodePlan {
  return {
    name,
    code: definition.code,
    class: CLASSES.indexOf(definition.result),
    operands: Object.entries(definition.operands).map(([operand, kind]) => planOperand(operand, kind)),
    inputs: Object.entries(definition.inputs).map(([input, kind]) => planInput(input, kind)),
    doc: definition.doc,
  };
}

/** Plans by name, in the order of the table. */
export const PLANS: ReadonlyMap<string, NodePlan> = new Map(
  Object.entries<OpcodeDefinition>(OPCODES).map(([name, definition]) => [name, planNode(name, definition)]),
);

const byCode: (NodePlan | undefined)[] = [];
for (const plan of PLANS.values()) {
  while (byCode.length <= plan.code) byCode.push(undefined);
  if (byCode[plan.code] !== undefined) throw new Error(`opcode ${plan.code.toString(16)} is used twice`);
  byCode[plan.code] = plan;
}
/** Plans by opcode; undefined where there is none. */
export const PLANS_BY_CODE: readonly (NodePlan | undefined)[] = byCode;
