/** MySQL's operators: symbol -> binding strength and engine primitive (Reference Manual 14.4.1). */
import { type BinaryOperator, Precedence } from '../shared/expression-parser.ts';

/** Binding strengths between those of standard SQL. */
export const MysqlPrecedence = {
  ASSIGN: 0.5,
  XOR: 1.5,
  BETWEEN: 4.5,
  BIT_OR: 7,
  BIT_AND: 7.25,
  SHIFT: 7.5,
  BIT_XOR: 10,
  NOT_SIGN: 14,
} as const;

const { COMPARE, ADD, MULTIPLY } = Precedence;
const { BIT_OR, BIT_AND, SHIFT, BIT_XOR } = MysqlPrecedence;

const table: readonly (readonly [string, number, string])[] = [
  ['=', COMPARE, 'equal'],
  ['<>', COMPARE, 'not_equal'],
  ['!=', COMPARE, 'not_equal'],
  ['<', COMPARE, 'less'],
  ['<=', COMPARE, 'less_equal'],
  ['>', COMPARE, 'greater'],
  ['>=', COMPARE, 'greater_equal'],
  ['+', ADD, 'add'],
  ['-', ADD, 'subtract'],
  ['*', MULTIPLY, 'multiply'],
  ['/', MULTIPLY, 'divide'],
  ['%', MULTIPLY, 'modulo'],
  ['^', BIT_XOR, 'bit_xor'],
  ['|', BIT_OR, 'bit_or'],
  ['&', BIT_AND, 'bit_and'],
  ['<<', SHIFT, 'shift_left'],
  ['>>', SHIFT, 'shift_right'],
];

export const BINARY_OPERATORS: ReadonlyMap<string, BinaryOperator> = new Map(
  table.map(([symbol, precedence, primitive]) => [symbol, { precedence, primitive }]),
);

export const PREFIX_OPERATORS: ReadonlyMap<string, string> = new Map([
  ['-', 'negate'],
  ['+', 'plus'],
  ['~', 'bit_not'],
]);
