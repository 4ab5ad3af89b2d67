/**
 * Expressions of column definitions as MySQL 8.0 keeps them and SHOW CREATE TABLE prints them: every operation
 * in parentheses, names in backquotes, strings with their character set.
 */
import type { Identifier } from '../../../sblr/contract/names.ts';
import type { SqlType } from '../../../sblr/contract/types.ts';
import { Decimal } from '../../../sblr/contract/values.ts';
import type { ValueNode } from '../../../sblr/nodes.ts';
import { FUNCTIONS } from '../functions.ts';
import { BINARY_OPERATORS, PREFIX_OPERATORS } from '../operators.ts';

/** Symbol of a primitive; the first of several. */
function inverse(symbols: Iterable<readonly [string, string]>): ReadonlyMap<string, string> {
  const map = new Map<string, string>();
  for (const [symbol, primitive] of symbols) if (!map.has(primitive)) map.set(primitive, symbol);
  return map;
}

const BINARY = inverse([...BINARY_OPERATORS].map(([symbol, { primitive }]) => [symbol, primitive] as const));
const PREFIX = inverse(PREFIX_OPERATORS);
const FUNCTION_NAMES = inverse([...FUNCTIONS].map(([name, { primitive }]) => [name, primitive] as const));

export const quoteLiteral = (text: string): string =>
  `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''").replaceAll('\n', '\\n').replaceAll('\0', '\\0')}'`;

export const quoteIdentifier = (name: Identifier): string => `\`${name.text.replaceAll('`', '``')}\``;

/** Undefined where this form has no canonical text here: then the text as written stands. */
export function canonicalText(value: ValueNode): string | undefined {
  switch (value.op) {
    case 'COLUMN':
      return quoteIdentifier(value.name.at(-1) as Identifier);
    case 'LITERAL':
      return literalText(value.value);
    case 'OPERATOR':
      return operatorText(value.name, value.operands);
    case 'AND':
    case 'OR':
      return joined(value.operands, (texts) => `(${texts.join(` ${value.op.toLowerCase()} `)})`);
    case 'NOT':
      return joined([value.operand], ([text]) => `(0 = ${text})`);
    case 'IS_NULL':
      return joined([value.operand], ([text]) => `(${text} is ${value.negated ? 'not ' : ''}null)`);
    case 'BETWEEN':
      return joined(
        [value.value, value.lower, value.upper],
        ([text, lower, upper]) => `(${text} ${value.negated ? 'not ' : ''}between ${lower} and ${upper})`,
      );
    case 'IN_LIST':
      return joined(
        [value.value, ...value.items],
        ([text, ...items]) => `(${text} ${value.negated ? 'not ' : ''}in (${items.join(',')}))`,
      );
    case 'LIKE': {
      if (value.escape !== undefined || value.kind !== 'like') return undefined;
      const like = joined([value.value, value.pattern], ([text, pattern]) => `(${text} like ${pattern})`);
      return like !== undefined && value.negated ? `(0 = ${like})` : like;
    }
    case 'COALESCE':
      return joined(value.operands, (texts) => `${texts.length === 2 ? 'ifnull' : 'coalesce'}(${texts.join(',')})`);
    case 'CALL': {
      const name = FUNCTION_NAMES.get(value.function);
      return name === undefined ? undefined : joined(value.arguments, (texts) => `${name}(${texts.join(',')})`);
    }
    default:
      return undefined;
  }
}

function joined(operands: readonly ValueNode[], write: (texts: readonly string[]) => string): string | undefined {
  const texts: string[] = [];
  for (const operand of operands) {
    const text = canonicalText(operand);
    if (text === undefined) return undefined;
    texts.push(text);
  }
  return write(texts);
}

function operatorText(name: string, operands: readonly ValueNode[]): string | undefined {
  if (name === 'concat') return concatText(operands);
  if (operands.length === 1) {
    const symbol = PREFIX.get(name);
    return symbol === undefined ? undefined : joined(operands, ([text]) => `${symbol}(${text})`);
  }
  const symbol = BINARY.get(name);
  return symbol === undefined ? undefined : joined(operands, (texts) => `(${texts.join(` ${symbol} `)})`);
}

/** CONCAT of several is a chain of operators in the program. */
function concatText(operands: readonly ValueNode[]): string | undefined {
  const flat: ValueNode[] = [];
  const collect = (value: ValueNode): void => {
    if (value.op === 'OPERATOR' && value.name === 'concat') for (const each of value.operands) collect(each);
    else flat.push(value);
  };
  for (const operand of operands) collect(operand);
  return joined(flat, (texts) => `concat(${texts.join(',')})`);
}

function literalText(value: unknown): string | undefined {
  if (value === null) return 'NULL';
  if (typeof value === 'boolean') return String(value);
  if (value instanceof Decimal) return String(value);
  if (typeof value === 'string') return `_utf8mb4${quoteLiteral(value)}`;
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : undefined;
}

/** A literal as DEFAULT shows it in a column of this type: always in quotes, decimals with their scale. */
export function defaultLiteral(value: ValueNode, type: SqlType): string | undefined {
  let literal = value;
  let sign = '';
  if (literal.op === 'OPERATOR' && literal.name === 'negate' && literal.operands.length === 1) {
    sign = '-';
    literal = literal.operands[0] as ValueNode;
  }
  if (literal.op !== 'LITERAL') return undefined;
  const given = literal.value;
  if (given === null) return 'NULL';
  if (typeof given === 'boolean') return given ? `'1'` : `'0'`;
  if (typeof given === 'object' && !(given instanceof Decimal)) return undefined;
  const text = sign + String(given);
  return quoteLiteral(type.kind === 'decimal' ? withScale(text, type.scale ?? 0) : text);
}

/** Digits after the point as many as the column has; what does not fit is left to the check of the default. */
function withScale(text: string, scale: number): string {
  const match = /^(-?\d+)(?:\.(\d*))?$/.exec(text);
  if (match === null) return text;
  const digits = match[2] ?? '';
  if (digits.length > scale) return text;
  return scale === 0 ? (match[1] as string) : `${match[1]}.${digits.padEnd(scale, '0')}`;
}
