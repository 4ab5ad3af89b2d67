/** CREATE FUNCTION and CREATE PROCEDURE. Bodies in SQL are compiled here; others keep only their source. */
import { SqlError } from '../../../sblr/contract/sql-error.ts';
import { displayType } from '../../../sblr/contract/text/type-name.ts';
import { RECORD, type RecordField, type SqlType } from '../../../sblr/contract/types.ts';
import { node, type NodeOf, type StatementNode } from '../../../sblr/nodes.ts';
import { Token } from '../../shared/tokenizer.ts';
import type { PostgresParser } from '../parser.ts';
import type { RoutineHead } from '../plpgsql/body.ts';
import { BodyParser } from '../plpgsql/body-parser.ts';
import { routineParameter } from './routine-parameter.ts';
import { parseStatement } from './statement.ts';
import { settingValues } from './session.ts';

type Parameter = NodeOf<'ROUTINE_PARAMETER'>;

interface RoutineOptions {
  language: string | undefined;
  volatility: 'volatile' | 'stable' | 'immutable';
  strict: boolean;
  /** The text of AS, and where in the statement its first character is. */
  source: string | undefined;
  sourceAt: number;
  /** Statements of a body written in the statement itself. */
  statements: StatementNode[] | undefined;
  readonly options: { name: string; value: string | undefined }[];
}

/** RETURNS clause: the type, whether a set, and the columns of TABLE (...) as parameters. */
function returnsClause(p: PostgresParser): { type: SqlType | undefined; set: boolean; columns: Parameter[] } {
  if (!p.acceptWord('returns')) return { type: undefined, set: false, columns: [] };
  if (p.acceptWord('table')) {
    p.expectSymbol('(');
    const columns = p.list(() => {
      const { pos } = p;
      const name = p.columnId();
      return node('ROUTINE_PARAMETER', { name, type: p.routineType().type, mode: 'table', pos });
    });
    p.expectSymbol(')');
    return { type: recordOf(columns), set: true, columns };
  }
  const set = p.acceptWord('setof');
  return { type: p.routineType().type, set, columns: [] };
}

/** What is written behind RETURNS must be what the output parameters make. */
function requireResult(p: PostgresParser, written: SqlType | undefined, outputs: readonly Parameter[]): void {
  if (written === undefined || outputs.length === 0) return;
  const [only] = outputs.length === 1 ? outputs : [];
  const same = only === undefined ? written.kind === 'record' : JSON.stringify(only.type) === JSON.stringify(written);
  if (same || written.kind === 'named' || only?.type.kind === 'named') return;
  const type = only === undefined ? 'record' : displayType(only.type);
  throw p.error('invalid_function_definition', `function result type must be ${type} because of OUT parameters`);
}

/** Placeholders in the result must be found in the inputs. */
function checkPlaceholders(p: PostgresParser, parameters: readonly Parameter[], returns: SqlType | undefined): void {
  const isOutput = ({ mode }: Parameter): boolean => mode === 'out' || mode === 'table';
  const inputs = parameters.filter((one) => !isOutput(one)).map((one) => one.type);
  const outputs = [...parameters.filter(isOutput).map((one) => one.type), ...(returns === undefined ? [] : [returns])];
  const family = (type: SqlType): string | undefined =>
    type.kind === 'polymorphic' ? (type.declared?.startsWith('anycompatible') ? 'anycompatible' : 'any') : undefined;
  for (const type of outputs) {
    const wanted = family(type);
    if (wanted === undefined || inputs.some((input) => family(input) === wanted)) continue;
    const names =
      wanted === 'any' ? ['element', 'array', 'nonarray', 'enum', 'range'] : ['', 'array', 'nonarray', 'range'];
    const listed = names.map((name) => wanted + name).join(', ');
    throw new SqlError('invalid_function_definition', {
      message: 'cannot determine result data type',
      detail: `A result of type ${type.declared} requires at least one input of type ${listed}, or ${wanted}multirange.`,
    });
  }
}

/** The row type of output columns; a single one is its own type. */
function recordOf(columns: readonly Parameter[]): SqlType {
  if (columns.length === 1) return (columns[0] as Parameter).type;
  const fields: RecordField[] = columns.map((column, i) => ({
    name: column.name?.text ?? `column${i + 1}`,
    type: column.type,
  }));
  return { ...RECORD, fields };
}

export function createRoutine(p: PostgresParser, kind: 'function' | 'procedure', replace: boolean): StatementNode {
  p.command = kind === 'function' ? 'CREATE FUNCTION' : 'CREATE PROCEDURE';
  p.advance();
  const { pos } = p;
  const name = p.qualifiedName();
  p.expectSymbol('(');
  const parameters = p.isSymbol(')') ? [] : p.list(() => routineParameter(p));
  p.expectSymbol(')');
  const returns = returnsClause(p);
  const outputs = parameters.filter((each) => each.mode === 'out' || each.mode === 'inout');
  let type = returns.type;
  if (kind === 'function') {
    if (type === undefined && outputs.length === 0) {
      throw p.error('invalid_function_definition', 'function result type must be specified');
    }
    requireResult(p, type, outputs);
    type ??= recordOf(outputs);
  } else if (type !== undefined) throw p.syntaxError();
  parameters.push(...returns.columns);
  checkPlaceholders(p, parameters, type);
  const options = routineOptions(p);
  const language = options.language ?? (options.statements === undefined ? undefined : 'sql');
  if (language === undefined) throw p.error('invalid_function_definition', 'no language specified');
  if (options.source === undefined && options.statements === undefined) {
    throw p.error('invalid_function_definition', 'no function body specified');
  }
  const body =
    language === 'sql'
      ? compiledBody(p, options, parameters)
      : language === 'plpgsql' && options.source !== undefined
        ? proceduralBody(p, options, parameters, kind === 'procedure' ? undefined : type, returns.set)
        : new Uint8Array(0);
  return node('CREATE_ROUTINE', {
    name,
    kind,
    replace,
    returns: type,
    returnsSet: returns.set,
    language,
    volatility: options.volatility,
    strict: options.strict,
    body,
    source: options.source ?? '',
    options: options.options,
    parameters,
    pos,
  });
}

function routineOptions(p: PostgresParser): RoutineOptions {
  const options: RoutineOptions = {
    language: undefined,
    volatility: 'volatile',
    strict: false,
    source: undefined,
    sourceAt: 0,
    statements: undefined,
    options: [],
  };
  while (routineOption(p, options)) {}
  if (p.isWord('return')) {
    const { pos } = p;
    p.advance();
    const item = node('ITEM', { value: p.expression(), pos });
    const source = node('PROJECT', { source: node('DUAL', { pos }), items: [item], pos });
    options.statements = [node('RETURN', { command: 'SELECT', source, pos })];
    options.source = p.source(pos, p.previousEnd);
  } else if (p.isWord('begin')) atomicBody(p, options);
  return options;
}

function routineOption(p: PostgresParser, options: RoutineOptions): boolean {
  const word = p.acceptOneOf(
    'language',
    'immutable',
    'stable',
    'volatile',
    'strict',
    'called',
    'returns',
    'external',
    'security',
    'leakproof',
    'not',
    'cost',
    'rows',
    'support',
    'parallel',
    'set',
    'reset',
    'as',
    'window',
    'transform',
  );
  switch (word) {
    case undefined:
      return false;
    case 'language':
      options.language = p.optionValue().toLowerCase();
      break;
    case 'immutable':
    case 'stable':
    case 'volatile':
      options.volatility = word;
      break;
    case 'strict':
      options.strict = true;
      break;
    case 'called':
      p.expectWords('on', 'null', 'input');
      options.strict = false;
      break;
    case 'returns':
      p.expectWords('null', 'on', 'null', 'input');
      options.strict = true;
      break;
    case 'external':
      p.expectWord('security');
      options.options.push({ name: 'security', value: p.expectOneOf('definer', 'invoker') });
      break;
    case 'security':
      options.options.push({ name: 'security', value: p.expectOneOf('definer', 'invoker') });
      break;
    case 'not':
      p.expectWord('leakproof');
      break;
    case 'leakproof':
      options.options.push({ name: 'leakproof', value: 'true' });
      break;
    case 'cost':
    case 'rows':
    case 'parallel':
      options.options.push({ name: word, value: p.optionValue() });
      break;
    case 'set':
      routineSetting(p, options);
      break;
    case 'as':
      options.sourceAt = bodyStart(p);
      options.source = p.stringLiteral();
      if (p.acceptSymbol(',')) p.stringLiteral();
      break;
    default:
      throw p.unsupported(`function option ${word.toUpperCase()}`);
  }
  return true;
}

function routineSetting(p: PostgresParser, options: RoutineOptions): void {
  let name = p.columnId().text;
  while (p.acceptSymbol('.')) name += `.${p.columnId().text}`;
  if (p.acceptWord('from')) throw p.unsupported('SET FROM CURRENT');
  if (!p.acceptWord('to')) p.expectOperator('=');
  options.options.push({ name: `set ${name}`, value: settingValues(p)?.join(', ') });
}

/** BEGIN ATOMIC statement; ... END */
function atomicBody(p: PostgresParser, options: RoutineOptions): void {
  const { pos } = p;
  p.expectWords('begin', 'atomic');
  const statements: StatementNode[] = [];
  while (!p.isWord('end')) {
    const { command } = p;
    statements.push(parseStatement(p));
    p.command = command;
    p.expectSymbol(';');
  }
  p.advance();
  options.statements = statements;
  options.source = p.source(pos, p.previousEnd);
}

/** The bytes of a body in SQL: its statements, whose parameters $1 .. are the routine's. */
function compiledBody(p: PostgresParser, options: RoutineOptions, parameters: readonly Parameter[]): Uint8Array {
  const inputs = parameters.filter((each) => each.mode !== 'out' && each.mode !== 'table');
  const types = inputs.map((each) => each.type);
  let statements = options.statements;
  if (statements === undefined) {
    statements = [];
    const body = p.nested(options.source as string);
    try {
      while (!body.empty) {
        if (body.isSymbol(';')) {
          body.advance();
          continue;
        }
        if (!body.isKind(Token.END)) statements.push(body.statement());
        if (!body.atEnd()) throw body.syntaxError();
      }
      checkParameters(body, types.length);
    } catch (error) {
      if (!(error instanceof SqlError)) throw error;
      const position = options.sourceAt + body.tokens.origin + (error.details.position ?? 0);
      throw new SqlError(error.condition, { ...error.details, position });
    }
  } else {
    checkParameters(p, types.length);
    p.parameterCount = 0;
  }
  return p.encodeStatements(statements, types);
}

/** The bytes of a body in PL/pgSQL. */
function proceduralBody(
  p: PostgresParser,
  options: RoutineOptions,
  parameters: readonly Parameter[],
  returns: SqlType | undefined,
  returnsSet: boolean,
): Uint8Array {
  const outputs = parameters.flatMap((each, at) =>
    each.mode === 'in' || each.mode === 'variadic' ? [] : [each.name?.text ?? `$${at + 1}`],
  );
  const inputs = parameters.filter((each) => each.mode !== 'out' && each.mode !== 'table');
  const mayEnd = returns === undefined || returns.kind === 'void' || returnsSet || outputs.length > 0;
  return plpgsqlBody(
    p,
    options.source as string,
    options.sourceAt,
    { returns, returnsSet, outputs, mayEnd },
    inputs.length,
  );
}

/** Compiles the text of a body that begins `at` characters into the statement. */
export function plpgsqlBody(
  p: PostgresParser,
  source: string,
  at: number,
  head: RoutineHead,
  parameterCount: number,
): Uint8Array {
  const inner = p.nested(source);
  try {
    const statements = new BodyParser(inner, head).program();
    return p.encodeStatements(
      statements,
      Array.from({ length: parameterCount }, () => undefined),
    );
  } catch (error) {
    if (!(error instanceof SqlError) || error.details.position === undefined) throw error;
    throw new SqlError(error.condition, {
      ...error.details,
      position: at + inner.tokens.origin + error.details.position,
    });
  }
}

/** DO [LANGUAGE name] text */
export function doStatement(p: PostgresParser): StatementNode {
  const { pos } = p;
  p.command = 'DO';
  p.advance();
  let language = 'plpgsql';
  let source: string | undefined;
  let at = 0;
  for (;;) {
    if (p.acceptWord('language')) language = p.optionValue().toLowerCase();
    else if (p.isKind(Token.STRING) && source === undefined) {
      at = bodyStart(p);
      source = p.stringLiteral();
    } else break;
  }
  if (source === undefined) throw p.atEnd() ? p.error('syntax_error', 'no inline code specified') : p.syntaxError();
  if (language !== 'plpgsql')
    throw p.error('feature_not_supported', `language "${language}" does not support inline code execution`);
  const head: RoutineHead = { returns: undefined, returnsSet: false, outputs: [], mayEnd: true };
  return node('EXECUTE_BLOCK', { body: plpgsqlBody(p, source, at, head, 0), command: 'DO', pos });
}

/** Where in the statement the first character of the string at hand is. */
function bodyStart(p: PostgresParser): number {
  return p.pos + Math.max(0, p.source(p.pos, p.pos + 128).indexOf(p.value.slice(0, 16)));
}

function checkParameters(body: PostgresParser, count: number): void {
  if (body.parameterCount > count)
    throw body.error('undefined_parameter', `there is no parameter $${body.parameterCount}`);
}
