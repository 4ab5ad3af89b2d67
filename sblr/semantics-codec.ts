/**
 * The semantics block as bytes: one byte per choice, strings with a length, in the order of FIELDS.
 * Both directions are interned: a plugin has one block and every program carries it.
 */
import { asBuffer, ByteReader } from './contract/byte-reader.ts';
import { ByteWriter } from './contract/byte-writer.ts';
import { CodecError } from './contract/codec-error.ts';
import type { Semantics } from './contract/semantics.ts';

type FieldLayout<T> = [T] extends [boolean] ? 'bool' : string extends T ? 'text' : readonly T[];

/** The order on the wire and, per choice, the order of its values: both only grow at their end. */
const FIELDS: { readonly [K in keyof Semantics]: FieldLayout<Semantics[K]> } = {
  identifierFold: ['lower', 'upper', 'preserve'],
  mainSchema: 'text',
  nullOrder: ['high', 'low'],
  integerDivision: ['truncate', 'decimal'],
  decimalDivision: ['significant-16', 'scale-plus-4', 'sum-of-scales', 'precision-38'],
  concatNull: ['null', 'empty'],
  coercion: ['strict', 'lenient', 'precedence'],
  badCast: ['error', 'prefix-with-warning', 'null'],
  truncation: ['error', 'warning'],
  padSpace: ['all', 'fixed', 'none'],
  overflow: ['error', 'warning'],
  divisionByZero: ['error', 'null-with-warning', 'null'],
  booleanResult: ['boolean', 'integer'],
  defaultCollation: 'text',
  aliasInGroupBy: 'bool',
  aliasInHaving: 'bool',
  groupedColumns: ['functional-dependence', 'any-value', 'strict'],
  likeEscape: 'text',
  statementError: ['abort-transaction', 'undo-statement'],
  ddl: ['transactional', 'commits'],
  arrayBase: [0, 1],
  emptyStringIsNull: 'bool',
  qualifier: ['schema', 'database'],
  variableConflict: ['error', 'variable', 'column'],
  indexNames: ['schema', 'table'],
  nestedBegin: ['warning', 'commit'],
  strayEnd: ['warning', 'nothing'],
  procedureRows: ['client', 'outputs'],
  affectedRows: ['matched', 'changes'],
  assignmentOrder: ['simultaneous', 'sequential'],
  identityRequest: ['default', 'null', 'null-or-zero'],
  identityCounter: ['apart', 'follows'],
  missingValue: ['null', 'error', 'zero-with-warning'],
  snapshotWrites: ['fail', 'newest'],
  literalCollation: 'text',
  zeroDate: ['refused', 'value'],
  unsignedSubtraction: ['unsigned', 'signed'],
  fixedText: ['trimmed', 'padded'],
  fractions: ['rounded', 'truncated'],
  resultOrder: ['columns', 'expressions'],
  lockedRows: ['result', 'read'],
  shortRows: ['defaults', 'error'],
  aliasInExpressions: 'bool',
  viewSources: ['kept', 'by-name'],
};
const LAYOUTS = Object.entries(FIELDS) as readonly (readonly [
  keyof Semantics,
  'bool' | 'text' | readonly (string | number)[],
])[];

const encoded = new WeakMap<Semantics, Uint8Array>();

export function encodeSemantics(semantics: Semantics): Uint8Array {
  let bytes = encoded.get(semantics);
  if (bytes === undefined) {
    const writer = new ByteWriter(128);
    for (const [name, layout] of LAYOUTS) {
      const value = semantics[name];
      if (layout === 'bool') writer.bool(value as boolean);
      else if (layout === 'text') writer.text(value as string);
      else {
        const index = layout.indexOf(value as string | number);
        if (index < 0) throw new TypeError(`semantics ${name} has no value ${String(value)}`);
        writer.u8(index);
      }
    }
    bytes = writer.copy();
    encoded.set(semantics, bytes);
  }
  return bytes;
}

/** Blocks seen, by their bytes as latin1. More than a few mean someone makes them up. */
const decoded = new Map<string, Semantics>();
const MAX_INTERNED = 64;

export function decodeSemantics(bytes: Uint8Array): Semantics {
  const key = asBuffer(bytes).toString('latin1');
  const known = decoded.get(key);
  if (known !== undefined) return known;
  const reader = new ByteReader(bytes);
  const result: Partial<Record<keyof Semantics, unknown>> = {};
  for (const [name, layout] of LAYOUTS) {
    if (layout === 'bool') result[name] = reader.bool();
    else if (layout === 'text') result[name] = reader.text();
    else {
      const value = layout[reader.u8()];
      if (value === undefined) throw new CodecError(`unknown value of semantics ${name}`);
      result[name] = value;
    }
  }
  reader.expectEnd();
  const semantics = Object.freeze(result) as Semantics;
  if (decoded.size < MAX_INTERNED) decoded.set(key, semantics);
  return semantics;
}
