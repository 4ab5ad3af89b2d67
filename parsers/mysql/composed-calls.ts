/** MySQL's functions that mean another node than one CALL of a primitive, dates aside (Reference Manual 14). */
import type { SqlType } from '../../sblr/contract/types.ts';
import { node, type ValueNode } from '../../sblr/nodes.ts';
import { integerLiteral, stringLiteral } from '../shared/literals.ts';
import { STRING } from './expressions.ts';

const call = (primitive: string, args: ValueNode[], pos: number): ValueNode =>
  node('CALL', { function: primitive, variadic: false, arguments: args, pos });

/** Six digits are shown, all of them are there. */
const PI_TYPE: SqlType = { kind: 'float64', scale: 6 };

const isNumber = (value: ValueNode): boolean => value.op === 'LITERAL' && typeof value.value !== 'string';

/** The node for such a call; undefined for other functions. */
export function composedCall(name: string, args: ValueNode[], pos: number): ValueNode | undefined {
  const [first, second] = args as [ValueNode, ValueNode];
  switch (name) {
    case 'ifnull':
      return node('COALESCE', { operands: args, pos });
    case 'isnull':
      return node('IS_NULL', { negated: false, operand: first, pos });
    case 'concat':
      return args.length === 1
        ? node('CAST', { type: STRING, mode: 'cast', operand: first, pos })
        : args.reduce((left, right) => node('OPERATOR', { name: 'concat', operands: [left, right], pos }));
    case 'greatest':
    case 'least':
      return node('EXTREMUM', { kind: name, nullPropagates: true, operands: args, pos });
    case 'log':
      return second === undefined ? call('natural_logarithm', args, pos) : call('logarithm', args, pos);
    case 'pi':
      return node('CAST', { type: PI_TYPE, mode: 'cast', operand: call('pi', args, pos), pos });
    case 'round':
      return call('rounded', [first, second ?? integerLiteral(0)], pos);
    case 'rand':
      if (first === undefined) return call('random', [], pos);
      return call(first.op === 'LITERAL' || first.op === 'PARAM' ? 'random_sequence' : 'random_from_seed', args, pos);
    case 'instr':
      return call('position_of', [second, first], pos);
    case 'bin':
    case 'oct':
      return call('text_in_base', [first, integerLiteral(10), integerLiteral(name === 'bin' ? 2 : 8)], pos);
    case 'field':
      return call(args.every(isNumber) ? 'index_in_numbers' : 'index_in_list', args, pos);
    case 'substr':
    case 'substring':
      return call('text_part', args, pos);
    case 'current_role':
      return node('COALESCE', {
        operands: [call('active_roles', [stringLiteral('`')], pos), stringLiteral('NONE')],
        pos,
      });
    case 'uuid':
      return node('CAST', { type: STRING, mode: 'cast', operand: call('uuid_of_time', [], pos), pos });
    case 'count': {
      // COUNT(DISTINCT a, b) counts the rows of values among which there is no NULL.
      const missing = args.map((operand) => node('IS_NULL', { negated: true, operand, pos }));
      const when = node('WHEN', {
        condition: node('AND', { operands: missing, pos }),
        result: node('ROW', { items: args, pos }),
        pos,
      });
      return node('CASE', { whens: [when], pos });
    }
    default:
      return undefined;
  }
}
