/** PostgreSQL's operators: symbol -> binding strength and engine primitive. */
import { type BinaryOperator, Precedence } from '../shared/expression-parser.ts';

const { COMPARE, OTHER, ADD, MULTIPLY, POWER } = Precedence;

const table: readonly (readonly [string, number, string])[] = [
  ['=', COMPARE, 'equal'],
  ['<>', COMPARE, 'not_equal'],
  ['<', COMPARE, 'less'],
  ['<=', COMPARE, 'less_equal'],
  ['>', COMPARE, 'greater'],
  ['>=', COMPARE, 'greater_equal'],
  ['+', ADD, 'add'],
  ['-', ADD, 'subtract'],
  ['*', MULTIPLY, 'multiply'],
  ['/', MULTIPLY, 'divide'],
  ['%', MULTIPLY, 'modulo'],
  ['^', POWER, 'power'],
  ['||', OTHER, 'concat'],
  ['&', OTHER, 'bit_and'],
  ['|', OTHER, 'bit_or'],
  ['#', OTHER, 'bit_xor'],
  ['<<', OTHER, 'shift_left'],
  ['>>', OTHER, 'shift_right'],
  ['<<=', OTHER, 'within_or_equal'],
  ['>>=', OTHER, 'contains_or_equal'],
  ['~', OTHER, 'regex_match'],
  ['~*', OTHER, 'regex_match_insensitive'],
  ['!~', OTHER, 'regex_not_match'],
  ['!~*', OTHER, 'regex_not_match_insensitive'],
  ['~~', OTHER, 'like'],
  ['~~*', OTHER, 'ilike'],
  ['!~~', OTHER, 'not_like'],
  ['!~~*', OTHER, 'not_ilike'],
  ['^@', OTHER, 'starts_with'],
  ['@>', OTHER, 'contains'],
  ['<@', OTHER, 'contained_by'],
  ['&&', OTHER, 'overlaps'],
  ['-|-', OTHER, 'adjacent'],
  ['->', OTHER, 'json_get'],
  ['->>', OTHER, 'json_get_text'],
  ['#>', OTHER, 'json_get_path'],
  ['#>>', OTHER, 'json_get_path_text'],
  ['#-', OTHER, 'json_delete_path'],
  ['?', OTHER, 'json_has_key'],
  ['?|', OTHER, 'json_has_any_key'],
  ['?&', OTHER, 'json_has_all_keys'],
  ['@?', OTHER, 'json_path_exists'],
  ['@@', OTHER, 'json_path_match'],
  ['~<~', OTHER, 'pattern_less'],
  ['~<=~', OTHER, 'pattern_less_equal'],
  ['~>~', OTHER, 'pattern_greater'],
  ['~>=~', OTHER, 'pattern_greater_equal'],
];

export const BINARY_OPERATORS: ReadonlyMap<string, BinaryOperator> = new Map(
  table.map(([symbol, precedence, primitive]) => [symbol, { precedence, primitive }]),
);

export const PREFIX_OPERATORS: ReadonlyMap<string, string> = new Map([
  ['-', 'negate'],
  ['+', 'plus'],
  ['@', 'absolute'],
  ['|/', 'square_root'],
  ['||/', 'cube_root'],
  ['~', 'bit_not'],
]);
