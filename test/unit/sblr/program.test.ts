/**
 * Programs: what is encoded decodes to itself; limits are clean errors; the listing is stable; the
 * reference is what the opcode table says.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { regular } from '../../../sblr/contract/names.ts';
import { SqlError } from '../../../sblr/contract/sql-error.ts';
import { INT32, TEXT } from '../../../sblr/contract/types.ts';
import { decodeProgram } from '../../../sblr/decode.ts';
import { encodeProgram } from '../../../sblr/encode.ts';
import { disassemble, explainNode } from '../../../sblr/explain.ts';
import { MAX_NESTING } from '../../../sblr/limits.ts';
import { node, type Program, type StatementNode, type ValueNode } from '../../../sblr/nodes.ts';
import { opcodeReference } from '../../../sblr/opcode-reference.ts';
import { OPCODES, SBLR_VERSION } from '../../../sblr/opcodes.ts';
import { programHash } from '../../../sblr/container.ts';
import { anyProgram, nodeArbitrary, OPCODE_NAMES, SEMANTICS } from './arbitraries.ts';

function program(...statements: StatementNode[]): Program {
  return { version: SBLR_VERSION, parameterTypes: [], semantics: SEMANTICS, statements };
}

function returning(value: ValueNode): StatementNode {
  const items = [node('ITEM', { value })];
  return node('RETURN', { command: 'SELECT', source: node('PROJECT', { source: node('DUAL', {}), items }) });
}

const literal = (value: number): ValueNode => node('LITERAL', { value, type: INT32 });

/** 1 + 1 + 1 ..., nested to the left. */
function chain(levels: number): ValueNode {
  let value = literal(1);
  for (let level = 1; level < levels; level++) value = node('OPERATOR', { name: 'add', operands: [value, literal(1)] });
  return value;
}

function conditionOf(action: () => unknown): string | undefined {
  try {
    action();
  } catch (error) {
    return error instanceof SqlError ? error.condition : `not an SqlError: ${String(error)}`;
  }
  return undefined;
}

const point = program(
  node('RETURN', {
    pos: 0,
    command: 'SELECT',
    source: node('PROJECT', {
      source: node('FILTER', {
        having: false,
        source: node('LOAD_TABLE', { name: [regular('emp')], columns: [], only: false, hints: [], pos: 17 }),
        condition: node('OPERATOR', {
          name: 'equal',
          pos: 30,
          operands: [node('COLUMN', { name: [regular('id')], pos: 27 }), node('PARAM', { index: 0, type: TEXT })],
        }),
      }),
      items: [
        node('ITEM', { label: 'ename', value: node('COLUMN', { name: [{ text: 'Ename', exact: true }], pos: 7 }) }),
      ],
    }),
  }),
);

describe('programs', () => {
  it('round-trip as random trees', () => {
    fc.assert(
      fc.property(anyProgram, (random) => {
        expect(decodeProgram(encodeProgram(random).bytes)).toEqual(random);
      }),
      { numRuns: 300 },
    );
  });

  it.each(OPCODE_NAMES)('round-trip %s', (name) => {
    const wrap = (random: Record<string, unknown>): StatementNode => {
      const result = OPCODES[name as keyof typeof OPCODES].result;
      if (result === 'statement') return random as unknown as StatementNode;
      if (result === 'value') return returning(random as unknown as ValueNode);
      if (result === 'relation') return node('RETURN', { command: 'X', source: random as never });
      return random as unknown as StatementNode;
    };
    fc.assert(
      fc.property(nodeArbitrary(name, 2), (random) => {
        const statement = wrap(random);
        if (OPCODES[name as keyof typeof OPCODES].result === 'element') {
          // No element is a statement: the encoder says so.
          expect(() => encodeProgram(program(statement))).toThrow(TypeError);
        } else expect(decodeProgram(encodeProgram(program(statement)).bytes)).toEqual(program(statement));
      }),
      { numRuns: 20 },
    );
  });

  it('are keyed by the SHA-256 of their body', () => {
    const { hash, bytes } = encodeProgram(point);
    expect(hash).toBe(createHash('sha256').update(bytes.subarray(40)).digest('binary'));
    expect(hash).toHaveLength(32);
    expect(programHash(bytes)).toBe(hash);
    expect(encodeProgram(point).hash).toBe(hash);
    expect(encodeProgram(program(returning(literal(2)))).hash).not.toBe(hash);
    expect(conditionOf(() => decodeProgram(bytes, hash))).toBeUndefined();
    expect(conditionOf(() => decodeProgram(bytes, 'x'.repeat(32)))).toBe('internal_error');
  });

  it('keep positions, nested programs and lone surrogates harmless', () => {
    const inner = encodeProgram(point).bytes;
    const outer = program(
      node('PREPARE_STATEMENT', {
        name: 'p\ud800',
        program: inner,
        types: [INT32],
        text: '\udc00x',
        replaces: false,
        pos: 5,
      }),
    );
    const [decoded] = decodeProgram(encodeProgram(outer).bytes).statements;
    expect(decoded).toMatchObject({ pos: 5, name: 'p\ufffd', text: '\ufffdx' });
    expect(decodeProgram((decoded as unknown as { program: Uint8Array }).program)).toEqual(point);
  });

  it('share a frozen semantics block', () => {
    const first = decodeProgram(encodeProgram(point).bytes).semantics;
    expect(decodeProgram(encodeProgram(program(returning(literal(1)))).bytes).semantics).toBe(first);
    expect(first).toEqual(SEMANTICS);
  });
});

describe('limits', () => {
  it('take nesting up to the limit and refuse more cleanly', () => {
    const most = MAX_NESTING - 3; // RETURN, PROJECT and ITEM are above the value
    const deep = program(returning(chain(most)));
    expect(decodeProgram(encodeProgram(deep).bytes)).toEqual(deep);
    expect(conditionOf(() => encodeProgram(program(returning(chain(most + 1)))))).toBe('statement_too_complex');
    expect(conditionOf(() => encodeProgram(program(returning(chain(100_000)))))).toBe('statement_too_complex');
  });

  it('encode after a refusal as if nothing had happened', () => {
    const before = encodeProgram(point);
    expect(() => encodeProgram(program(returning(chain(1000))))).toThrow(SqlError);
    expect(encodeProgram(point)).toEqual(before);
  });

  it('take wide statements: 10,000 rows of VALUES, an AND of 50,000', () => {
    const rows = Array.from({ length: 10_000 }, (_, index) =>
      node('ROW', { items: [literal(index), literal(-index)] }),
    );
    const values = program(node('RETURN', { command: 'VALUES', source: node('VALUES', { rows }) }));
    expect(decodeProgram(encodeProgram(values).bytes)).toEqual(values);
    const operands = Array.from({ length: 50_000 }, (_, index) => literal(index % 7));
    const and = program(returning(node('AND', { operands })));
    const decoded = decodeProgram(encodeProgram(and).bytes);
    expect(decoded).toEqual(and);
  });

  it('refuse what does not fit the table', () => {
    expect(() => encodeProgram(program({ op: 'NOPE' } as unknown as StatementNode))).toThrow(/no opcode/);
    expect(() => encodeProgram(program(literal(1) as unknown as StatementNode))).toThrow(/not a statement/);
    expect(() => encodeProgram(program(node('NOOP', {} as never)))).toThrow(/missing/);
    const jump = program(node('JUMP', { target: 2 }));
    expect(() => encodeProgram(jump)).toThrow(/target/);
    expect(() =>
      encodeProgram(program(node('PROJECT', { source: node('DUAL', {}), items: [literal(1) as never] }) as never)),
    ).toThrow(TypeError);
  });
});

describe('listings', () => {
  it('of a program are stable', () => {
    expect(disassemble(encodeProgram(point).bytes)).toMatchInlineSnapshot(`
      "SBLR version 4, 352 bytes, SHA-256 e175f7b3bd8c8a99954d0e38bb677999a50aa9acfaeca8654e463167ab1fb285
      parameters 0: none
      semantics identifierFold="lower" mainSchema="main" nullOrder="high" integerDivision="truncate" decimalDivision="significant-16" concatNull="null" coercion="strict" badCast="error" truncation="error" padSpace="fixed" overflow="error" divisionByZero="error" booleanResult="boolean" defaultCollation="binary" aliasInGroupBy=true aliasInHaving=false groupedColumns="functional-dependence" likeEscape="\\\\" statementError="abort-transaction" ddl="transactional" arrayBase=1 emptyStringIsNull=false qualifier="schema" variableConflict="error" indexNames="schema" nestedBegin="warning" strayEnd="warning" procedureRows="client" affectedRows="matched" assignmentOrder="simultaneous" identityRequest="default" identityCounter="apart" missingValue="null" snapshotWrites="fail" literalCollation="binary" zeroDate="refused" unsignedSubtraction="unsigned" fixedText="padded" fractions="rounded" resultOrder="columns" lockedRows="result" shortRows="defaults" aliasInExpressions=false viewSources="kept"
      pool 6 strings, 0 values, 0 byte strings; 9 instructions
      statement 0
        000000  LOAD_TABLE name=emp alias=- columns=[] only=false hints=[] pos=17
        000014  COLUMN name=id pos=27
        000022  PARAM index=0 type=text
        000030  OPERATOR name="equal" <- operands:2 pos=30
        000040  FILTER having=false <- source:1 condition:1
        000049  COLUMN name="Ename" pos=7
        000057  ITEM alias=- label="ename" <- value:1
        000065  PROJECT <- source:1 items:1
        000071  RETURN command="SELECT" <- source:1 pos=0
      "
    `);
  });

  it('number the statements, EXPLAIN and its statement as one', () => {
    const listing = disassemble(
      encodeProgram(
        program(
          node('NOOP', { command: 'A' }),
          node('EXPLAIN', { analyze: false, format: 'text', options: [], statement: returning(literal(1)) }),
          node('JUMP', { target: 3 }),
        ),
      ).bytes,
    );
    expect(listing.match(/^statement \d+$/gm)).toEqual(['statement 0', 'statement 1', 'statement 2']);
    expect(listing).toContain('target=@3');
  });

  it('work for every random program', () => {
    fc.assert(
      fc.property(anyProgram, (random) => {
        const listing = disassemble(encodeProgram(random).bytes);
        expect(listing.match(/^statement \d+$/gm)).toHaveLength(random.statements.length);
        for (const statement of random.statements) expect(explainNode(statement)).toContain(statement.op);
      }),
      { numRuns: 50 },
    );
  });

  it('of a node are an indented tree', () => {
    expect(explainNode(point.statements[0] as StatementNode)).toMatchInlineSnapshot(`
      "RETURN command="SELECT" pos=0
        source: PROJECT
          source: FILTER having=false
            source: LOAD_TABLE name=emp alias=- columns=[] only=false hints=[] pos=17
            condition: OPERATOR name="equal" pos=30
              operands: COLUMN name=id pos=27
              operands: PARAM index=0 type=text
          items: ITEM alias=- label="ename"
            value: COLUMN name="Ename" pos=7
      "
    `);
  });

  it('refuse garbage', () => {
    expect(conditionOf(() => disassemble(new Uint8Array(100)))).toBe('internal_error');
  });
});

it('specs/sblr/opcodes.md is what the opcode table says', () => {
  const written = readFileSync(new URL('../../../specs/sblr/opcodes.md', import.meta.url), 'utf8');
  expect(written, 'run node sblr/write-reference.mjs').toBe(opcodeReference());
});
