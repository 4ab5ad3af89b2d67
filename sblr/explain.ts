/**
 * The disassembler: a program as a listing, one line per instruction in stream order with its offset,
 * operands and stack effect; and a node as an indented tree. Behind EXPLAIN (format sblr) and the
 * `sblr` command.
 */
import { type Container, openContainer } from './container.ts';
import { decodeContainer } from './decode.ts';
import { displayOperand, displayType, displayValue } from './display.ts';
import { CLASS_STATEMENT, CLASSES, type InputPlan, MANY, type NodePlan, ONE, PLANS, PLANS_BY_CODE } from './layout.ts';
import type { AnyNode } from './nodes.ts';
import { OperandReader } from './operand-reader.ts';

/** The listing of a program. Verifies it first: throws ProgramError or SqlError, lists nothing hostile. */
export function disassemble(bytes: Uint8Array): string {
  decodeContainer(openContainer(bytes));
  const container = openContainer(bytes);
  const lines = header(container, bytes.length);
  const instructions = listInstructions(container);
  const starts = statementStarts(instructions);
  for (let index = 0; index < instructions.length; index++) {
    const statement = starts.get(index);
    if (statement !== undefined) lines.push(`statement ${statement}`);
    lines.push((instructions[index] as ListedInstruction).line);
  }
  return `${lines.join('\n')}\n`;
}

function header(container: Container, size: number): string[] {
  const { parameterTypes, semantics, strings, values, byteStrings, instructionCount } = container;
  const parameters = parameterTypes.map((type) => (type === undefined ? '?' : displayType(type)));
  const choices = Object.entries(semantics).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  const lines = [
    `SBLR version ${container.version}, ${size} bytes, SHA-256 ${Buffer.from(container.hash, 'latin1').toString('hex')}`,
    `parameters ${parameters.length}: ${parameters.join(', ') || 'none'}`,
    `semantics ${choices.join(' ')}`,
    `pool ${strings.length} strings, ${values.length} values, ${byteStrings.length} byte strings; ${instructionCount} instructions`,
  ];
  for (let index = 0; index < values.length; index++) {
    lines.push(`  value ${index}: ${displayValue(values[index] ?? null)}`);
  }
  return lines;
}

interface ListedInstruction {
  readonly plan: NodePlan;
  readonly line: string;
  /** How many instructions make up its tree. */
  size: number;
}

/** Reads the stream once more; it is verified, so everything is known to fit. */
function listInstructions(container: Container): ListedInstruction[] {
  const { code, instructionCount, sourceMap } = container;
  const operands = new OperandReader(container);
  const start = code.position;
  const listed: ListedInstruction[] = [];
  const sizes: number[][] = CLASSES.map(() => []);
  for (let index = 0; index < instructionCount; index++) {
    const offset = code.position - start;
    const plan = PLANS_BY_CODE[code.u16()] as NodePlan;
    code.u16();
    code.u32();
    const parts = plan.operands.map((operand) => `${operand.name}=${displayOperand(operand, operands.read(operand))}`);
    const effects: string[] = [];
    let size = 1;
    const taken = plan.inputs.map((input) => ({ input, count: readCount(input, code) }));
    for (const { input, count } of taken.reverse()) {
      if (count > 0 || input.mode !== MANY) effects.unshift(`${input.name}:${count}`);
      const stack = sizes[input.class] as number[];
      for (const part of stack.splice(stack.length - count, count)) size += part;
    }
    (sizes[plan.class] as number[]).push(size);
    const position = code.bytes.readUInt32LE(sourceMap + index * 4);
    listed.push({ plan, size, line: instructionLine(offset, plan, position, parts, effects) });
  }
  return listed;
}

function readCount(input: InputPlan, code: Container['code']): number {
  return input.mode === ONE ? 1 : input.mode === MANY ? code.u32() : code.u8();
}

function instructionLine(offset: number, plan: NodePlan, position: number, parts: string[], effects: string[]): string {
  const at = offset.toString(16).padStart(6, '0');
  const source = position === 0 ? '' : ` pos=${position - 1}`;
  const operands = parts.length === 0 ? '' : ` ${parts.join(' ')}`;
  const inputs = effects.length === 0 ? '' : ` <- ${effects.join(' ')}`;
  return `  ${at}  ${plan.name}${operands}${inputs}${source}`;
}

/** Index of the first instruction of every statement that no other instruction takes. */
function statementStarts(instructions: readonly ListedInstruction[]): Map<number, number> {
  const ends: number[] = [];
  for (let index = instructions.length - 1; index >= 0; ) {
    ends.push(index);
    index -= (instructions[index] as ListedInstruction).size;
  }
  const starts = new Map<number, number>();
  let statement = 0;
  for (const end of ends.reverse()) {
    const { plan, size } = instructions[end] as ListedInstruction;
    if (plan.class === CLASS_STATEMENT) starts.set(end - size + 1, statement++);
  }
  return starts;
}

/** A node and what is below it as an indented tree. */
export function explainNode(node: AnyNode): string {
  const lines: string[] = [];
  explainInto(lines, node as unknown as Readonly<Record<string, unknown>>, '', '');
  return `${lines.join('\n')}\n`;
}

function explainInto(lines: string[], node: Readonly<Record<string, unknown>>, indent: string, label: string): void {
  const plan = PLANS.get(node['op'] as string);
  if (plan === undefined) throw new TypeError(`no opcode ${String(node['op'])}`);
  const parts = plan.operands.map((operand) => ` ${operand.name}=${displayOperand(operand, node[operand.name])}`);
  const position = node['pos'] === undefined ? '' : ` pos=${String(node['pos'])}`;
  lines.push(`${indent}${label}${plan.name}${parts.join('')}${position}`);
  for (const input of plan.inputs) {
    const value = node[input.name];
    if (value === undefined) continue;
    const items = (input.mode === MANY ? value : [value]) as readonly Readonly<Record<string, unknown>>[];
    for (const item of items) explainInto(lines, item, `${indent}  `, `${input.name}: `);
  }
}
