/**
 * Writes the instruction reference, specs/sblr/opcodes.md, from the opcode table. A test checks that
 * the file is what this makes of the table.
 */
import { OPCODES, SBLR_VERSION } from './opcodes.ts';
import type { ElementInput, InputKind, OpcodeDefinition, OperandKind } from './operands.ts';

const GROUPS: Readonly<Record<number, string>> = {
  0: 'Control',
  1: 'Data definition',
  2: 'Data manipulation',
  3: 'Transactions',
  4: 'Grants',
  5: 'Session',
  6: 'Queries',
  7: 'Expressions',
  8: 'Functions',
  9: 'Aggregates',
  10: 'Windows',
  13: 'Procedural',
  14: 'Administration',
};

function operandText(kind: OperandKind): string {
  if (typeof kind === 'string') return kind;
  if ('oneOf' in kind) return `one of ${kind.oneOf.join(', ')}`;
  const fields = Object.entries(kind.list).map(([name, field]) => `${name}: ${operandText(field)}`);
  return `list of { ${fields.join('; ')} }`;
}

function inputText(kind: InputKind | ElementInput<string>): string {
  if (typeof kind === 'string') return kind;
  const suffix = kind.count === 'one' ? '' : kind.count === 'optional' ? '?' : '*';
  return `${kind.element.join(' or ')}${suffix}`;
}

function instruction(name: string, definition: OpcodeDefinition): string[] {
  const lines = [
    `### ${name}`,
    '',
    `\`0x${definition.code.toString(16).padStart(4, '0')}\`, leaves ${definition.result === 'element' ? 'an' : 'a'} ${definition.result}. ${definition.doc}`,
    '',
  ];
  const rows = [
    ...Object.entries(definition.operands).map(([operand, kind]) => `| ${operand} | operand | ${operandText(kind)} |`),
    ...Object.entries(definition.inputs).map(([input, kind]) => `| ${input} | input | ${inputText(kind)} |`),
  ];
  if (rows.length > 0) lines.push('| name | | kind |', '|---|---|---|', ...rows, '');
  return lines;
}

/** The text of specs/sblr/opcodes.md. */
export function opcodeReference(): string {
  const lines = [
    '# SBLR instructions',
    '',
    `Version ${SBLR_VERSION}. Written from sblr/opcodes.ts by \`node sblr/write-reference.mjs\`; do not edit. The encoding is in format.md.`,
    '',
    'Operands travel in the payload of the instruction, in this order; inputs are taken from the stacks, the last one from the top. `?` = may be absent,',
    '`[]` and `*` = any number.',
    '',
  ];
  const definitions = Object.entries<OpcodeDefinition>(OPCODES).sort((left, right) => left[1].code - right[1].code);
  let group = -1;
  for (const [name, definition] of definitions) {
    if (definition.code >> 8 !== group) {
      group = definition.code >> 8;
      lines.push(`## 0x${group.toString(16).padStart(2, '0')} ${GROUPS[group] ?? 'Other'}`, '');
    }
    lines.push(...instruction(name, definition));
  }
  return `${lines.join('\n').trimEnd()}\n`;
}
