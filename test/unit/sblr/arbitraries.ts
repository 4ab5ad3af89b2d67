/**
 * Random types, values, nodes and programs, made from the opcode table itself, for the codec tests.
 */
import fc from 'fast-check';
import type { Semantics } from '../../../sblr/contract/semantics.ts';
import { POLYMORPHIC_TYPES, type SqlType } from '../../../sblr/contract/types.ts';
import {
  Bits,
  canonicalInteger,
  Decimal,
  Interval,
  Jsonb,
  SqlArray,
  SqlRecord,
  TimeTz,
  type SqlValue,
} from '../../../sblr/contract/values.ts';
import { OPCODES, SBLR_VERSION } from '../../../sblr/opcodes.ts';
import type { ElementInput, InputKind, OpcodeDefinition, OperandKind } from '../../../sblr/operands.ts';
import type { Program, StatementNode } from '../../../sblr/nodes.ts';

export const SEMANTICS: Semantics = {
  identifierFold: 'lower',
  mainSchema: 'main',
  qualifier: 'schema',
  indexNames: 'schema',
  nestedBegin: 'warning',
  strayEnd: 'warning',
  nullOrder: 'high',
  integerDivision: 'truncate',
  decimalDivision: 'significant-16',
  concatNull: 'null',
  coercion: 'strict',
  badCast: 'error',
  truncation: 'error',
  padSpace: 'fixed',
  overflow: 'error',
  divisionByZero: 'error',
  booleanResult: 'boolean',
  defaultCollation: 'binary',
  aliasInGroupBy: true,
  aliasInHaving: false,
  aliasInExpressions: false,
  viewSources: 'kept',
  groupedColumns: 'functional-dependence',
  likeEscape: '\\',
  statementError: 'abort-transaction',
  ddl: 'transactional',
  arrayBase: 1,
  emptyStringIsNull: false,
  variableConflict: 'error',
  procedureRows: 'client',
  affectedRows: 'matched',
  assignmentOrder: 'simultaneous',
  identityRequest: 'default',
  identityCounter: 'apart',
  missingValue: 'null',
  snapshotWrites: 'fail',
  shortRows: 'defaults',
  literalCollation: 'binary',
  zeroDate: 'refused',
  unsignedSubtraction: 'unsigned',
  fixedText: 'padded',
  fractions: 'rounded',
  resultOrder: 'columns',
  lockedRows: 'result',
};

export const anyText = fc.string({ unit: 'grapheme', maxLength: 40 });
const anyIdentifier = fc.record({ text: anyText, exact: fc.boolean() });
const anyName = fc.array(anyIdentifier, { maxLength: 3 });
export const anyInt64 = fc
  .oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.integer().map(BigInt))
  .map(canonicalInteger);
const anyInt32 = fc.integer();
export const anyDecimal = fc.oneof(
  fc
    .tuple(
      fc.oneof(fc.bigInt({ min: -(10n ** 60n), max: 10n ** 60n }), fc.integer().map(BigInt)),
      fc.integer({ min: 0, max: 40 }),
    )
    .map(([unscaled, scale]) => new Decimal(canonicalInteger(unscaled), scale)),
  fc
    .constantFrom('NaN' as const, 'Infinity' as const, '-Infinity' as const)
    .map((special) => new Decimal(0, 0, special)),
);
export const anyBits = fc.stringMatching(/^[01]{0,40}$/).map((text) => new Bits(text));
export const anyInterval = fc
  .tuple(anyInt32, anyInt32, fc.maxSafeInteger())
  .map(([months, days, micros]) => new Interval(months, days, micros));
export const anyTimeTz = fc
  .tuple(fc.integer({ min: 0, max: 86_400_000_000 }), fc.integer({ min: -57599, max: 57599 }))
  .map(([micros, offset]) => new TimeTz(micros, offset));
export const anyJsonb = fc.json().map((text) => new Jsonb(text));
const anyBytes = fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes));

const anyScalar: fc.Arbitrary<SqlValue> = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  anyInt32,
  fc.double(),
  anyInt64,
  anyText,
  anyBytes,
  anyDecimal,
  anyBits,
  anyInterval,
  anyTimeTz,
  anyJsonb,
  fc.bigInt({ min: 2n ** 63n, max: 2n ** 64n - 1n }),
);

/** Wraps items of one kind as an array of one or two dimensions, or none. */
export function arrayOfItems(item: fc.Arbitrary<SqlValue>): fc.Arbitrary<SqlArray> {
  return fc
    .tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 1, max: 3 }), fc.integer({ min: -5, max: 5 }))
    .chain(([rows, width, lower]) =>
      fc.array(item, { minLength: rows * width, maxLength: rows * width }).map((items) => {
        if (rows === 0) return new SqlArray([], [], []);
        return width === 1 ? new SqlArray(items, [rows], [lower]) : new SqlArray(items, [rows, width], [lower, 1]);
      }),
    );
}

export const anyValue: fc.Arbitrary<SqlValue> = fc.oneof(
  { weight: 6, arbitrary: anyScalar },
  { weight: 1, arbitrary: arrayOfItems(anyScalar) },
  { weight: 1, arbitrary: fc.array(anyScalar, { maxLength: 4 }).map((values) => new SqlRecord(values)) },
);

const simpleKinds = [
  'unknown',
  'void',
  'bool',
  'int8',
  'int16',
  'int24',
  'int32',
  'int64',
  'decimal',
  'float32',
  'float64',
  'text',
  'bytes',
  'bits',
  'date',
  'time',
  'timetz',
  'timestamp',
  'timestamptz',
  'interval',
  'year',
  'uuid',
  'json',
  'jsonb',
  'oid',
  'set',
] as const;
const u32 = fc.integer({ min: 0, max: 0xffffffff });

export const anyType: fc.Arbitrary<SqlType> = fc.letrec<{ type: SqlType }>((tie) => ({
  type: fc.oneof(
    { maxDepth: 3 },
    fc.record(
      {
        kind: fc.constantFrom(...simpleKinds),
        length: u32,
        fixed: fc.constant(true),
        precision: u32,
        scale: anyInt32,
        unsigned: fc.constant(true),
        typeId: u32,
        collation: anyText,
        intervalFields: anyText,
        declared: anyText,
      },
      { requiredKeys: ['kind'] },
    ),
    fc.record({ kind: fc.constant('enum' as const), labels: fc.array(anyText, { maxLength: 3 }) }),
    fc.record({ kind: fc.constant('named' as const), name: anyName }),
    fc.record({ kind: fc.constant('polymorphic' as const), pattern: fc.constantFrom(...POLYMORPHIC_TYPES) }),
    fc.record({
      kind: fc.constant('reference' as const),
      target: fc.constantFrom('relation' as const, 'collation' as const),
    }),
    fc.record({ kind: fc.constant('array' as const), element: tie('type') }),
    fc.record({
      kind: fc.constant('record' as const),
      fields: fc.array(fc.record({ name: anyText, type: tie('type') }), { maxLength: 3 }),
    }),
  ),
})).type;

function operandArbitrary(kind: OperandKind): fc.Arbitrary<unknown> {
  if (typeof kind === 'object') {
    if ('oneOf' in kind) return fc.constantFrom(...kind.oneOf);
    const fields = Object.fromEntries(
      Object.entries(kind.list).map(([name, field]) => [name, operandArbitrary(field)]),
    );
    return fc.array(fc.record(fields), { maxLength: 3 });
  }
  if (kind.endsWith('?')) return fc.option(operandArbitrary(kind.slice(0, -1) as OperandKind), { nil: undefined });
  if (kind.endsWith('[]')) return fc.array(operandArbitrary(kind.slice(0, -2) as OperandKind), { maxLength: 3 });
  switch (kind) {
    case 'bool':
      return fc.boolean();
    case 'u8':
      return fc.integer({ min: 0, max: 255 });
    case 'u16':
      return fc.integer({ min: 0, max: 65535 });
    case 'u32':
      return u32;
    case 'i32':
      return anyInt32;
    case 'int':
      return anyInt64;
    case 'text':
      return anyText;
    case 'ident':
      return anyIdentifier;
    case 'name':
      return anyName;
    case 'type':
      return anyType;
    case 'value':
      return anyValue;
    case 'bytes':
      return anyBytes;
    default:
      return fc.constant(0); // label: statement 0 always exists
  }
}

const definitions = Object.entries<OpcodeDefinition>(OPCODES);
export const OPCODE_NAMES = definitions.map(([name]) => name);

function namesOfClass(result: string, leafOnly: boolean): string[] {
  return definitions
    .filter(
      ([, definition]) => definition.result === result && (!leafOnly || Object.keys(definition.inputs).length === 0),
    )
    .map(([name]) => name);
}

function inputArbitrary(kind: InputKind | ElementInput<string>, depth: number): fc.Arbitrary<unknown> {
  const mode =
    typeof kind === 'object' ? kind.count : kind.endsWith('?') ? 'optional' : kind.endsWith('*') ? 'many' : 'one';
  const required = mode === 'one';
  if (depth <= 0 && !required) return fc.constant(mode === 'many' ? [] : undefined);
  const names = typeof kind === 'object' ? kind.element : namesOfClass(kind.replace(/[?*]$/, ''), depth <= 1);
  const item = fc.constantFrom(...names).chain((name) => nodeArbitrary(name, depth - 1));
  if (required) return item;
  return mode === 'many' ? fc.array(item, { maxLength: 2 }) : fc.option(item, { nil: undefined });
}

/** A node of this opcode with random operands and inputs, about `depth` deep. */
export function nodeArbitrary(name: string, depth: number): fc.Arbitrary<Record<string, unknown>> {
  const definition = OPCODES[name as keyof typeof OPCODES] as OpcodeDefinition;
  const fields: Record<string, fc.Arbitrary<unknown>> = {
    op: fc.constant(name),
    pos: fc.option(fc.integer({ min: 0, max: 100_000 }), { nil: undefined }),
  };
  for (const [operand, kind] of Object.entries(definition.operands)) fields[operand] = operandArbitrary(kind);
  for (const [input, kind] of Object.entries(definition.inputs)) fields[input] = inputArbitrary(kind, depth);
  return fc.record(fields) as fc.Arbitrary<Record<string, unknown>>;
}

const anyStatement = fc
  .constantFrom(...namesOfClass('statement', false))
  .chain((name) => nodeArbitrary(name, 3)) as unknown as fc.Arbitrary<StatementNode>;

export const anyProgram: fc.Arbitrary<Program> = fc.record({
  version: fc.constant(SBLR_VERSION),
  parameterTypes: fc.array(fc.option(anyType, { nil: undefined }), { maxLength: 3 }),
  semantics: fc.constant(SEMANTICS),
  statements: fc.array(anyStatement, { minLength: 1, maxLength: 3 }),
});
