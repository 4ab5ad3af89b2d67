/** CREATE AGGREGATE, in both forms: name (arguments) (attributes), and name (BASETYPE = ..., attributes). */
import type { Identifier, Name } from '../../../sblr/contract/names.ts';
import type { SqlType } from '../../../sblr/contract/types.ts';
import { node, type NodeOf, type StatementNode, type ValueNode } from '../../../sblr/nodes.ts';
import { Token } from '../../shared/tokenizer.ts';
import type { PostgresParser } from '../parser.ts';
import { routineParameter } from './routine-parameter.ts';

type Parameter = NodeOf<'ROUTINE_PARAMETER'>;

interface Attributes {
  transition: Name | undefined;
  final: Name | undefined;
  extraArguments: boolean;
  stateType: SqlType | undefined;
  initial: string | undefined;
  baseType: SqlType | 'any' | undefined;
}

const OLD_NAMES: ReadonlyMap<string, string> = new Map([
  ['sfunc1', 'sfunc'],
  ['stype1', 'stype'],
  ['initcond1', 'initcond'],
]);

/** Functions that make the same result in another way: of a moving frame, of states computed apart. */
const OTHER_WAYS = new Set(['combinefunc', 'msfunc', 'minvfunc', 'mfinalfunc']);
/** What tells a planner how to go about it. */
const HINTS = new Set(['sspace', 'msspace', 'parallel', 'finalfunc_modify', 'mfinalfunc_modify', 'minitcond']);

export function createAggregate(p: PostgresParser, replace: boolean): StatementNode {
  p.command = 'CREATE AGGREGATE';
  p.advance();
  const { pos } = p;
  const name = p.qualifiedName();
  let parameters: Parameter[] | undefined;
  // The old form has attributes only.
  const old =
    p.isSymbol('(') && p.peekKind(1) === Token.WORD && p.peekKind(2) === Token.OPERATOR && p.peekValue(2) === '=';
  if (!old) parameters = signature(p);
  const found = attributes(p);
  parameters ??= baseParameters(p, found);
  if (found.stateType === undefined) throw p.error('invalid_function_definition', 'aggregate stype must be specified');
  if (found.transition === undefined) throw p.error('invalid_function_definition', 'aggregate sfunc must be specified');
  const column = (text: string): ValueNode => node('COLUMN', { name: [{ text, exact: false }] });
  const inputs = parameters.map((_parameter, at) => column(`argument${at + 1}`));
  const nulls = found.extraArguments ? parameters.map(({ type }) => nullOf(type)) : [];
  return node('CREATE_AGGREGATE', {
    name,
    replace,
    stateType: found.stateType,
    initial: found.initial,
    transitionName: found.transition,
    finalName: found.final,
    extraArguments: found.extraArguments,
    parameters,
    transition: p.functionCall(found.transition, [column('state'), ...inputs], pos),
    final: found.final === undefined ? undefined : p.functionCall(found.final, [column('state'), ...nulls], pos),
    pos,
  });
}

const nullOf = (type: SqlType): ValueNode =>
  node('CAST', { type, mode: 'cast', operand: node('LITERAL', { value: null, type: { kind: 'unknown' } }) });

/** ( * ) or ( [mode] [name] type, ... ) */
function signature(p: PostgresParser): Parameter[] {
  p.expectSymbol('(');
  if (p.isOperator('*')) {
    p.advance();
    p.expectSymbol(')');
    return [];
  }
  if (p.isWord('order') && p.peekIsWord(1, 'by')) throw p.unsupported('CREATE AGGREGATE of an ordered-set aggregate');
  const parameters = p.list(() => routineParameter(p));
  if (p.isWord('order')) throw p.unsupported('CREATE AGGREGATE of an ordered-set aggregate');
  p.expectSymbol(')');
  for (const { mode, default: value, pos } of parameters) {
    if (mode === 'variadic') throw p.unsupported('CREATE AGGREGATE with variadic arguments', pos);
    if (mode !== 'in') throw p.error('invalid_function_definition', 'aggregates cannot have output arguments', pos);
    if (value !== undefined)
      throw p.error('invalid_function_definition', 'only input parameters can have default values', pos);
  }
  return parameters;
}

function baseParameters(p: PostgresParser, { baseType }: Attributes): Parameter[] {
  if (baseType === undefined) throw p.error('invalid_function_definition', 'aggregate input type must be specified');
  if (baseType === 'any') return [];
  return [node('ROUTINE_PARAMETER', { name: undefined, type: baseType, mode: 'in' })];
}

function attributes(p: PostgresParser): Attributes {
  const found: Attributes = {
    transition: undefined,
    final: undefined,
    extraArguments: false,
    stateType: undefined,
    initial: undefined,
    baseType: undefined,
  };
  p.expectSymbol('(');
  p.list(() => attribute(p, found));
  p.expectSymbol(')');
  return found;
}

function attribute(p: PostgresParser, found: Attributes): void {
  const { pos } = p;
  const written = p.columnLabel().text.toLowerCase();
  const name = OLD_NAMES.get(written) ?? written;
  if (name === 'finalfunc_extra' || name === 'mfinalfunc_extra') {
    const value = p.acceptOperator('=') ? p.booleanOption() : true;
    if (name === 'finalfunc_extra') found.extraArguments = value;
    return;
  }
  p.expectOperator('=');
  if (OTHER_WAYS.has(name)) functionName(p);
  else if (HINTS.has(name)) p.optionValue();
  else
    switch (name) {
      case 'sfunc':
        found.transition = functionName(p);
        break;
      case 'finalfunc':
        found.final = functionName(p);
        break;
      case 'stype':
        found.stateType = typeValue(p);
        break;
      case 'mstype':
        typeValue(p);
        break;
      case 'initcond':
        found.initial = p.optionValue();
        break;
      case 'basetype':
        found.baseType = isAny(p) ? 'any' : typeValue(p);
        break;
      case 'sortop':
        sortOperator(p);
        break;
      default:
        throw p.unsupported(`aggregate attribute "${written}"`, pos);
    }
}

function functionName(p: PostgresParser): Name {
  if (!p.isKind(Token.STRING)) return p.qualifiedName();
  return [{ text: p.stringLiteral(), exact: false } satisfies Identifier];
}

function typeValue(p: PostgresParser): SqlType {
  return p.isKind(Token.STRING) ? p.nested(p.stringLiteral()).routineType().type : p.routineType().type;
}

/** The word for arguments of no kind: the aggregate counts rows. */
function isAny(p: PostgresParser): boolean {
  const any = (p.isKind(Token.STRING) || p.isKind(Token.QUOTED)) && p.value.toLowerCase() === 'any';
  if (any) p.advance();
  return any;
}

function sortOperator(p: PostgresParser): void {
  if (p.acceptWord('operator')) {
    p.expectSymbol('(');
    while (!p.acceptSymbol(')')) p.advance();
  } else p.advance();
}
