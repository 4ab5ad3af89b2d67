/** A parameter of a routine, as CREATE FUNCTION, PROCEDURE and AGGREGATE write it. */
import type { Identifier } from '../../../sblr/contract/names.ts';
import { node, type NodeOf } from '../../../sblr/nodes.ts';
import type { PostgresParser } from '../parser.ts';

type Parameter = NodeOf<'ROUTINE_PARAMETER'>;

/** [mode] [name] type [DEFAULT value], mode and name in either order */
export function routineParameter(p: PostgresParser): Parameter {
  const { pos } = p;
  let mode = parameterMode(p);
  let name: Identifier | undefined;
  const mark = p.index;
  // A name is followed by the type; a lone word is the type itself.
  if (p.isTypeFunctionName()) {
    const candidate = p.takeIdentifier();
    const ends =
      p.isSymbol(',') ||
      p.isSymbol(')') ||
      p.isSymbol('(') ||
      p.isSymbol('[') ||
      p.isSymbol('.') ||
      p.isOperator('=') ||
      p.isWord('order');
    const typeWords =
      p.isWord('default') || p.isWord('array') || (candidate.text === 'double' && p.isWord('precision'));
    if (ends || typeWords) p.moveTo(mark);
    else name = candidate;
  }
  mode ??= parameterMode(p);
  if (p.acceptWord('setof')) throw p.error('invalid_function_definition', 'functions cannot accept set arguments', pos);
  const { type } = p.routineType();
  const value = p.acceptWord('default') || p.acceptOperator('=') ? p.expression() : undefined;
  return node('ROUTINE_PARAMETER', { name, type, mode: mode ?? 'in', default: value, pos });
}

function parameterMode(p: PostgresParser): Parameter['mode'] | undefined {
  const word = p.acceptOneOf('in', 'out', 'inout', 'variadic');
  if (word === 'in' && p.acceptWord('out')) return 'inout';
  return word;
}
