/**
 * The decoder: bytes of any origin to the program in memory. It is the verifier as well: every check
 * is made while the trees are rebuilt, so there is no second pass that could disagree. The engine
 * calls it once per program and caches the plan by hash.
 *
 * Checked: magic, version, SHA-256, bounds of all sections, known opcodes and values, pool indexes,
 * stack contents per class, which elements an input takes, jump targets, nesting, empty stacks at
 * statement boundaries.
 */
import { CodecError } from './contract/codec-error.ts';
import { type Container, guarded, openContainer } from './container.ts';
import {
  CLASS_ELEMENT,
  CLASS_RELATION,
  CLASS_STATEMENT,
  CLASS_VALUE,
  CLASSES,
  type InputPlan,
  MANY,
  type NodePlan,
  ONE,
  type OperandPlan,
  PLANS_BY_CODE,
} from './layout.ts';
import { MAX_NESTING, MAX_STATEMENTS } from './limits.ts';
import type { Program, StatementNode } from './nodes.ts';
import { OperandReader } from './operand-reader.ts';
import { ProgramError, tooDeep, tooLarge } from './program-error.ts';

type Node = Record<string, unknown>;

/** A stack of nodes of one class, each with the height of its tree. */
interface Stack {
  readonly nodes: Node[];
  readonly heights: number[];
  /** Start of the inputs of the instruction being decoded, then the next input to take. */
  next: number;
}

const newStack = (): Stack => ({ nodes: [], heights: [], next: 0 });

class ProgramDecoder {
  readonly #container: Container;
  readonly #operands: OperandReader;
  readonly #stacks: readonly Stack[] = [newStack(), newStack(), newStack(), newStack()];
  /** Scratch: how many nodes each input of the current instruction takes. */
  readonly #counts: number[] = [];
  readonly #totals = [0, 0, 0, 0];
  #height = 0;

  constructor(container: Container) {
    this.#container = container;
    this.#operands = new OperandReader(container);
  }

  decode(): Program {
    const { code, instructionCount, sourceMap, parameterTypes, semantics, version } = this.#container;
    for (let index = 0; index < instructionCount; index++) {
      const position = code.bytes.readUInt32LE(sourceMap + index * 4);
      this.#instruction(position === 0 ? undefined : position - 1);
    }
    code.expectEnd();
    const statements = (this.#stacks[CLASS_STATEMENT] as Stack).nodes;
    this.#expectEmptyStacks();
    if (statements.length > MAX_STATEMENTS) throw tooLarge('statements', MAX_STATEMENTS);
    // A jump to the end is a jump to the statement after the last.
    if (this.#operands.highestLabel > statements.length) throw new ProgramError('jump outside the program');
    return { version, parameterTypes, semantics, statements: statements as unknown as StatementNode[] };
  }

  #instruction(position: number | undefined): void {
    const code = this.#container.code;
    const plan = PLANS_BY_CODE[code.u16()];
    if (plan === undefined) throw new CodecError('unknown opcode');
    if (code.u16() !== 0) throw new CodecError('unknown instruction flags');
    const length = code.u32();
    const end = code.position + length;
    if (end > code.end) throw new CodecError('instruction longer than the stream');
    const node: Node = { op: plan.name, pos: position };
    const operands = plan.operands;
    for (let index = 0; index < operands.length; index++) {
      const operand = operands[index] as OperandPlan;
      node[operand.name] = this.#operands.read(operand);
    }
    this.#height = 0;
    if (plan.inputs.length > 0) this.#inputs(node, plan);
    if (code.position !== end) throw new CodecError('operands do not fill their instruction');
    if (this.#height >= MAX_NESTING) throw tooDeep(position);
    if (plan.class === CLASS_STATEMENT) this.#expectEmptyStacks();
    const stack = this.#stacks[plan.class] as Stack;
    stack.nodes.push(node);
    stack.heights.push(this.#height + 1);
  }

  /** Takes the inputs from the stacks: the counts first, for the first input lies deepest. */
  #inputs(node: Node, plan: NodePlan): void {
    const code = this.#container.code;
    const { inputs } = plan;
    const counts = this.#counts;
    const totals = this.#totals;
    totals.fill(0);
    for (let index = 0; index < inputs.length; index++) {
      const input = inputs[index] as InputPlan;
      const count = input.mode === ONE ? 1 : input.mode === MANY ? code.u32() : code.u8();
      if (input.mode !== MANY && count > 1) throw new CodecError('a flag is neither 0 nor 1');
      counts[index] = count;
      totals[input.class] = (totals[input.class] as number) + count;
    }
    for (let index = 0; index < CLASSES.length; index++) {
      const stack = this.#stacks[index] as Stack;
      stack.next = stack.nodes.length - (totals[index] as number);
      if (stack.next < 0) throw new CodecError(`${plan.name} takes more than the ${CLASSES[index]} stack holds`);
    }
    for (let index = 0; index < inputs.length; index++) {
      this.#input(node, plan, inputs[index] as InputPlan, counts[index] as number);
    }
    for (let index = 0; index < CLASSES.length; index++) {
      const total = totals[index] as number;
      if (total === 0) continue;
      const stack = this.#stacks[index] as Stack;
      stack.nodes.length -= total;
      stack.heights.length -= total;
    }
  }

  #input(node: Node, plan: NodePlan, input: InputPlan, count: number): void {
    const stack = this.#stacks[input.class] as Stack;
    const start = stack.next;
    stack.next = start + count;
    for (let index = start; index < start + count; index++) {
      const height = stack.heights[index] as number;
      if (height > this.#height) this.#height = height;
      if (input.allowed !== undefined && !input.allowed.has((stack.nodes[index] as Node)['op'] as string)) {
        throw new CodecError(
          `${String((stack.nodes[index] as Node)['op'])} is not allowed in ${plan.name}.${input.name}`,
        );
      }
    }
    if (input.mode === MANY) node[input.name] = stack.nodes.slice(start, start + count);
    else node[input.name] = count === 0 ? undefined : stack.nodes[start];
  }

  #expectEmptyStacks(): void {
    for (const index of [CLASS_VALUE, CLASS_RELATION, CLASS_ELEMENT]) {
      if ((this.#stacks[index] as Stack).nodes.length > 0) {
        throw new CodecError(`the ${CLASSES[index]} stack is not empty at the end of a statement`);
      }
    }
  }
}

/**
 * Decodes and verifies a program. `expectedHash`: the hash under which a peer filed it, which must be
 * its own. Throws ProgramError for malformed bytes, SqlError for programs past a limit, nothing else.
 */
export function decodeProgram(bytes: Uint8Array, expectedHash?: string): Program {
  const container = openContainer(bytes);
  if (expectedHash !== undefined && expectedHash !== container.hash) {
    throw new ProgramError('the program is not the one its hash names');
  }
  return decodeContainer(container);
}

export function decodeContainer(container: Container): Program {
  return guarded(container.code, () => new ProgramDecoder(container).decode());
}
