/**
 * Operator primitives: the names OPERATOR, QUANTIFIED_* and SORT_KEY carry, with the symbol shown in
 * messages. Dialects map their own symbols onto these names; what is applicable to which types is
 * decided by the engine's function registry, where each is registered as an operator function.
 */
export const OPERATORS = {
  add: '+', subtract: '-', multiply: '*', divide: '/', modulo: '%', power: '^',
  integer_divide: 'DIV', negate: '-', plus: '+', absolute: '@', square_root: '|/', cube_root: '||/', factorial: '!',
  equal: '=', not_equal: '<>', less: '<', less_equal: '<=', greater: '>', greater_equal: '>=',
  concat: '||',
  bit_and: '&', bit_or: '|', bit_xor: '#', bit_not: '~', shift_left: '<<', shift_right: '>>',
  regex_match: '~', regex_match_insensitive: '~*', regex_not_match: '!~', regex_not_match_insensitive: '!~*',
  like: '~~', ilike: '~~*', not_like: '!~~', not_ilike: '!~~*', starts_with: '^@',
  contains: '@>', contained_by: '<@', overlaps: '&&', adjacent: '-|-', within_or_equal: '<<=', contains_or_equal: '>>=',
  json_get: '->', json_get_text: '->>', json_get_path: '#>', json_get_path_text: '#>>', json_delete_path: '#-',
  json_has_key: '?', json_has_any_key: '?|', json_has_all_keys: '?&', json_path_exists: '@?', json_path_match: '@@',
  pattern_less: '~<~', pattern_less_equal: '~<=~', pattern_greater: '~>~', pattern_greater_equal: '~>=~',
} as const;

export type OperatorName = keyof typeof OPERATORS;
