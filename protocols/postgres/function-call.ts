/**
 * Function calls by message: the function's id and its arguments, answered by its value. Each is carried out
 * as a statement that selects the call, prepared once per connection.
 */
import type { CompiledStatement } from '../../sblr/contract/dialect.ts';
import type { ExecuteRequest } from '../../sblr/contract/session.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { SqlValue } from '../../sblr/contract/values.ts';
import { compileOne, type StatementCompiler } from './compile.ts';
import { PreparedStatement } from './statements.ts';

/** Statements kept. */
const KEPT_CALLS = 64;

export class FunctionCalls {
  readonly #compiler: StatementCompiler;
  readonly #statements = new Map<string, PreparedStatement>();
  /** The statement of the call under way was refused: the message that asked for it has its answer. */
  refused = false;

  constructor(compiler: StatementCompiler) {
    this.#compiler = compiler;
  }

  statement(id: number, argumentCount: number, settings: Readonly<Record<string, string>>): PreparedStatement {
    const key = `${id}:${argumentCount}`;
    const known = this.#statements.get(key);
    if (known !== undefined) return known;
    const name = this.#compiler.routineName?.(id);
    if (name === undefined) throw new SqlError('undefined_function', `function with OID ${id} does not exist`);
    const places = Array.from({ length: argumentCount }, (_, at) => `$${at + 1}`);
    const text = `select "${name}"(${places.join(', ')})`;
    const statement = new PreparedStatement('', text, 0, compileOne(this.#compiler, text, settings)?.statement, []);
    if (this.#statements.size >= KEPT_CALLS) this.#statements.clear();
    this.#statements.set(key, statement);
    return statement;
  }
}

export function callRequest(
  statement: PreparedStatement,
  parameters: readonly SqlValue[],
  textParameters: readonly boolean[],
): ExecuteRequest {
  const { program } = statement.compiled as CompiledStatement;
  const { requestTypes: parameterTypes } = statement;
  return {
    program,
    parameters,
    parameterTypes,
    textParameters,
    implicit: 'statement',
    text: '',
    wantColumns: true,
    maxRows: 0,
  };
}
