/**
 * A small evaluator of function calls for tests: reads expressions such as
 * `lpad('abc'::text, '5'::int4)`, `'1.5'::numeric + '2'::numeric` or `'1'::text::int4`, resolves them
 * against the registry by exact type, and answers the text of the result. The same text is valid for
 * a real server, so expectations can be recorded from one.
 */
import { FUNCTIONS } from '../../../parsers/postgres/functions.ts';
import {
  DEFAULT_TEXT_SETTINGS,
  parseDateStyle,
  parseIntervalStyle,
  type TextSettings,
} from '../../../sblr/contract/text/settings.ts';
import { timeZoneSetting } from '../../../sblr/contract/text/time-zone.ts';
import { SqlError } from '../../../sblr/contract/sql-error.ts';
import type { SqlType } from '../../../sblr/contract/types.ts';
import type { Semantics } from '../../../sblr/contract/semantics.ts';
import type { SqlValue } from '../../../sblr/contract/values.ts';
import { OPERATORS } from '../../../sblr/operators.ts';
import type {
  EvalContext,
  IntrospectionHooks,
  ScalarFunction,
  TypePattern,
} from '../../../engine/functions/function.ts';
import { functionsNamed, resolveResult } from '../../../engine/functions/registry.ts';
import { type CastCode, castFunction } from '../../../engine/types/casts.ts';

export const SEMANTICS: Semantics = {
  identifierFold: 'lower',
  mainSchema: 'public',
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

export function contextWith(settings: Partial<TextSettings> = {}): EvalContext {
  const now = 1_600_000_000_123_456;
  return {
    transactionTimestamp: now,
    statementTimestamp: now,
    clock: () => now,
    text: { ...DEFAULT_TEXT_SETTINGS, ...settings },
    semantics: SEMANTICS,
    introspection: {} as IntrospectionHooks,
    random: () => 0.5,
    seedRandom: () => undefined,
    warn: () => undefined,
    notice: () => undefined,
  };
}

const TYPES: Readonly<Record<string, SqlType>> = {
  text: { kind: 'text' },
  name: { kind: 'text', declared: 'name' },
  bool: { kind: 'bool' },
  int2: { kind: 'int16' },
  int4: { kind: 'int32' },
  int8: { kind: 'int64' },
  numeric: { kind: 'decimal' },
  float4: { kind: 'float32' },
  float8: { kind: 'float64' },
  bytea: { kind: 'bytes' },
  date: { kind: 'date' },
  time: { kind: 'time' },
  timetz: { kind: 'timetz' },
  timestamp: { kind: 'timestamp' },
  timestamptz: { kind: 'timestamptz' },
  interval: { kind: 'interval' },
  uuid: { kind: 'uuid' },
  json: { kind: 'json' },
  jsonb: { kind: 'jsonb' },
  varbit: { kind: 'bits' },
  oid: { kind: 'oid' },
  varchar: { kind: 'text', declared: 'varchar' },
  bpchar: { kind: 'text', fixed: true },
  bit: { kind: 'bits', fixed: true },
};

export function typeNamed(text: string): SqlType {
  if (text.endsWith('[]')) return { kind: 'array', element: typeNamed(text.slice(0, -2)) };
  const match = /^(\w+)(?:\((\d+)(?:,\s*(-?\d+))?\))?$/.exec(text.trim());
  const base = TYPES[match?.[1] ?? ''];
  if (match === null || base === undefined) throw new Error(`unknown type ${text}`);
  if (match[2] === undefined) return base;
  const first = Number(match[2]);
  if (base.kind === 'text' || base.kind === 'bits') return { ...base, length: first };
  return base.kind === 'decimal'
    ? { ...base, precision: first, scale: Number(match[3] ?? 0) }
    : { ...base, precision: first };
}

interface Typed {
  readonly value: SqlValue;
  readonly type: SqlType;
}

const BINARY = new Map<string, string>();
for (const [name, symbol] of Object.entries(OPERATORS))
  if (!['negate', 'plus', 'absolute', 'integer_divide', 'bit_not', 'factorial'].includes(name) && !BINARY.has(symbol))
    BINARY.set(symbol, name);
const ALIASES: Readonly<Record<string, string>> = { pow: 'power' };

class Reader {
  readonly #text: string;
  readonly #context: EvalContext;
  #at = 0;

  constructor(text: string, context: EvalContext) {
    this.#text = text;
    this.#context = context;
  }

  whole(): Typed {
    let left = this.#primary();
    for (;;) {
      const operator = this.#match(/\s*([-+*/%^#&|<>=~!@?]+)\s*/y);
      if (operator === undefined) break;
      const name = BINARY.get(operator[1] as string);
      if (name === undefined) throw new Error(`unknown operator ${operator[1] as string}`);
      const right = this.#primary();
      left = call(name, [left, right], this.#context, true);
    }
    if (this.#at < this.#text.length) throw new Error(`cannot read ${this.#text.slice(this.#at)}`);
    return left;
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) return undefined;
    this.#at = pattern.lastIndex;
    return match;
  }

  #primary(): Typed {
    let result: Typed;
    const literal = this.#match(/\s*(E?)'((?:[^']|'')*)'/y);
    if (literal !== undefined) {
      const text = (literal[2] as string).replaceAll("''", "'");
      result = {
        value:
          literal[1] === 'E' ? text.replace(/\\(.)/g, (_, c: string) => ({ n: '\n', t: '\t', r: '\r' })[c] ?? c) : text,
        type: { kind: 'unknown' },
      };
    } else if (this.#match(/\s*NULL/y) !== undefined) result = { value: null, type: { kind: 'unknown' } };
    else {
      const name = this.#match(/\s*(\w+)\(/y);
      if (name === undefined) throw new Error(`cannot read ${this.#text.slice(this.#at)}`);
      const values: Typed[] = [];
      if (this.#match(/\s*\)/y) === undefined) {
        do values.push(this.#primary());
        while (this.#match(/\s*,/y) !== undefined);
        if (this.#match(/\s*\)/y) === undefined) throw new Error('missing )');
      }
      const written = name[1] as string;
      result = call(ALIASES[written] ?? written, values, this.#context, false);
    }
    for (;;) {
      const cast = this.#match(/::([a-z]\w*(?:\([\d, -]+\))?(?:\[\])*)/y);
      if (cast === undefined) return result;
      const type = typeNamed(cast[1] as string);
      if (result.value !== null) {
        const code = castFunction(result.type, type, 'explicit');
        if (code === undefined) throw new Error(`no cast to ${cast[1] as string}`);
        result = { value: code(result.value, this.#context), type };
      } else result = { value: null, type };
    }
  }
}

function fits(pattern: TypePattern, type: SqlType): number {
  if (typeof pattern === 'string') {
    if (pattern.includes('record')) return 0;
    if (pattern.includes('array') && !pattern.includes('non')) return type.kind === 'array' ? 1 : 0;
    if (pattern.includes('enum')) return 0;
    return pattern.includes('non_array') && type.kind === 'array' ? 0 : 1;
  }
  if (type.kind === 'unknown') return 2;
  if (pattern.kind !== type.kind || (pattern.fixed ?? false) !== (type.fixed ?? false)) return 0;
  if (pattern.kind === 'array') return fits(pattern.element as SqlType, type.element as SqlType);
  return pattern.declared === type.declared ? 3 : 2;
}

function call(name: string, values: readonly Typed[], context: EvalContext, operator: boolean): Typed {
  let best: ScalarFunction | undefined;
  let bestScore = -1;
  // The recorded names are the dialect's.
  const primitive = operator ? name : (FUNCTIONS.get(name)?.primitive ?? name);
  for (const candidate of functionsNamed(primitive)) {
    if (candidate.kind !== 'scalar' || (operator && !candidate.operator)) continue;
    const { parameters, variadic } = candidate;
    if (variadic === 'none' ? parameters.length !== values.length : values.length < parameters.length - 1) continue;
    const scores = values.map((value, i) =>
      fits(parameters[Math.min(i, parameters.length - 1)] as TypePattern, value.type),
    );
    if (scores.includes(0)) continue;
    const score = scores.reduce((sum, part) => sum + part, candidate.operator === operator ? 1 : 0);
    if (score > bestScore) {
      best = candidate;
      bestScore = score;
    }
  }
  if (best === undefined) throw new Error(`no function ${name}(${values.map((value) => value.type.kind).join(', ')})`);
  const chosen = best;
  const known = values.find((value) => value.type.kind !== 'unknown')?.type ?? { kind: 'text' as const };
  const arguments_ = values.map((value, i): Typed => {
    if (value.type.kind !== 'unknown') return value;
    const pattern = chosen.parameters[Math.min(i, chosen.parameters.length - 1)] as TypePattern;
    const type: SqlType =
      typeof pattern !== 'string'
        ? pattern
        : pattern === 'any_compatible'
          ? (known.element ?? known)
          : { kind: 'text' };
    const code = castFunction({ kind: 'unknown' }, type, 'explicit');
    return { type, value: value.value === null || code === undefined ? value.value : code(value.value, context) };
  });
  const types = arguments_.map((value) => value.type);
  const type = resolveResult(chosen.result, chosen.parameters, types);
  const inputs = arguments_.map((value) => value.value);
  if (chosen.strict && inputs.includes(null)) return { value: null, type };
  const code = chosen.implementation(types, type, SEMANTICS);
  const invoke = code.call as (...all: unknown[]) => SqlValue;
  return { type, value: code.arity === 'n' ? code.call(inputs, context) : invoke(...inputs, context) };
}

/** Text of an expression's value, '<null>', or 'ERROR: message'. */
export function evaluate(expression: string, context: EvalContext): string {
  try {
    const { value, type } = new Reader(expression, context).whole();
    return value === null
      ? '<null>'
      : ((castFunction(type, { kind: 'text' }, 'explicit') as CastCode)(value, context) as string);
  } catch (error) {
    if (error instanceof SqlError) return `ERROR: ${error.message}`;
    throw error;
  }
}

/** Applies a line such as `timezone=Europe/Berlin` to the settings. */
export function applySetting(settings: TextSettings, line: string): TextSettings {
  const [name = '', value = ''] = line.split('=').map((part) => part.trim());
  switch (name.toLowerCase()) {
    case 'timezone':
      return { ...settings, timeZone: timeZoneSetting(value) ?? settings.timeZone };
    case 'datestyle':
      return { ...settings, ...parseDateStyle(value, settings) };
    case 'intervalstyle':
      return { ...settings, intervalStyle: parseIntervalStyle(value) ?? settings.intervalStyle };
    case 'bytea_output':
      return { ...settings, bytesOutput: value === 'escape' ? 'escape' : 'hex' };
    case 'extra_float_digits':
      return { ...settings, extraFloatDigits: Number(value) };
    default:
      throw new Error(`unknown setting ${name}`);
  }
}
