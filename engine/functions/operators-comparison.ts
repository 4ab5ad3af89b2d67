/** The six comparisons of every comparable type, and comparisons of text patterns. */
import type { SqlValue } from '../../sblr/contract/values.ts';
import type { SqlType } from '../../sblr/contract/types.ts';
import { comparatorFor } from '../types/compare.ts';
import { compareCodePoints } from '../types/collation.ts';
import type { ComparisonName } from './function.ts';
import { operator, operatorFor } from './table.ts';

export function orderTest(name: ComparisonName): (order: number) => boolean {
  switch (name) {
    case 'equal':
      return (order) => order === 0;
    case 'not_equal':
      return (order) => order !== 0;
    case 'less':
      return (order) => order < 0;
    case 'less_equal':
      return (order) => order <= 0;
    case 'greater':
      return (order) => order > 0;
    case 'greater_equal':
      return (order) => order >= 0;
  }
}

const COMPARABLE = [
  'bool',
  'int16',
  'int32',
  'int64',
  'decimal',
  'float32',
  'float64',
  'text',
  'name',
  'fixed_text',
  'char1',
  'bytes',
  'bits',
  'date',
  'time',
  'timetz',
  'timestamp',
  'timestamptz',
  'interval',
  'uuid',
  'jsonb',
  'oid',
  'xid',
  'xid8',
  'int8',
  'int24',
  'year',
  'any_enum',
  'any_array',
  'any_record',
  'set',
];
const NAMES: readonly ComparisonName[] = ['equal', 'not_equal', 'less', 'less_equal', 'greater', 'greater_equal'];

for (const comparison of NAMES) {
  const test = orderTest(comparison);
  for (const type of COMPARABLE) {
    if (type === 'xid' && comparison !== 'equal' && comparison !== 'not_equal') continue;
    operatorFor(
      `${comparison}(${type}, ${type}) bool`,
      ([operand]) => {
        const compare = comparatorFor(operand as SqlType);
        return (a: SqlValue, b: SqlValue) => test(compare(a, b));
      },
      { comparison },
    );
  }
}

operator('pattern_less(text, text) bool', (a: string, b: string) => compareCodePoints(a, b) < 0);
operator('pattern_less_equal(text, text) bool', (a: string, b: string) => compareCodePoints(a, b) <= 0);
operator('pattern_greater(text, text) bool', (a: string, b: string) => compareCodePoints(a, b) > 0);
operator('pattern_greater_equal(text, text) bool', (a: string, b: string) => compareCodePoints(a, b) >= 0);
