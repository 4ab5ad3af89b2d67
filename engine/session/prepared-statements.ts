/** Named statements of a session: those that PREPARE made, and those that the client prepared through its protocol. */
import type { ExecuteRequest, NamedStatement } from '../../sblr/contract/session.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { TEXT, type SqlType } from '../../sblr/contract/types.ts';
import { SqlArray, type Row } from '../../sblr/contract/values.ts';
import { compiledText } from '../procedure/dynamic.ts';
import type { NodeOf, Program, ValueNode } from '../../sblr/nodes.ts';
import { evaluateTyped, evaluateValues } from './evaluate.ts';
import { lookupStatement, mergeTypes } from './prepare.ts';
import type { Session } from './session.ts';

export interface PreparedStatement extends NamedStatement {
  readonly preparedAt: number;
  /** Through the protocol, not by a statement. */
  readonly byClient: boolean;
}

/** The client prepared a statement: its name may be that of one of a PREPARE, which then stays. */
export function nameStatement(session: Session, statement: NamedStatement): void {
  if (session.prepared.has(statement.name)) return;
  session.prepared.set(statement.name, { ...statement, preparedAt: session.core.now(), byClient: true });
}

export function forgetStatement(session: Session, name: string): void {
  if (session.prepared.get(name)?.byClient === true) session.prepared.delete(name);
}

export function deallocate(session: Session, name: string | undefined): void {
  if (name === undefined) session.prepared.clear();
  else if (!session.prepared.delete(name)) throw noPrepared(name, 'DEALLOCATE PREPARE');
}

/** Types of the parameters, inferred where they were not declared; none where the statement no longer binds. */
function parameterTypesOf(session: Session, statement: PreparedStatement): readonly SqlType[] {
  const { parameterTypes, literals, program } = statement;
  let types = parameterTypes;
  if (statement.byClient) {
    try {
      types = lookupStatement(session, program, parameterTypes).query?.bound.parameterTypes ?? parameterTypes;
    } catch (error) {
      if (!(error instanceof SqlError)) throw error;
    }
  }
  return types.slice(0, types.length - literals.length).map((type) => type ?? TEXT);
}

export function* preparedStatementRows(session: Session, typeId: (type: SqlType) => number): Iterable<Row> {
  for (const one of session.prepared.values()) {
    const types = new SqlArray(parameterTypesOf(session, one).map(typeId));
    yield [one.name, one.text, one.preparedAt, types, one.byClient];
  }
}

/** The text of a statement that is only known now. */
function textOf(session: Session, program: Program, source: ValueNode): string {
  const [text] = evaluateValues(session, program, [source], [TEXT]);
  return String(text ?? 'NULL');
}

export function prepareStatement(session: Session, owner: Program, statement: NodeOf<'PREPARE_STATEMENT'>): void {
  if (statement.replaces) session.prepared.delete(statement.name);
  else if (session.prepared.has(statement.name)) {
    throw new SqlError('duplicate_prepared_statement', {
      message: `prepared statement "${statement.name}" already exists`,
      args: { name: statement.name },
    });
  }
  const text = statement.source === undefined ? statement.text : textOf(session, owner, statement.source);
  const bytes = statement.source === undefined ? statement.program : compiledText(session, text);
  const program = session.core.reference(bytes);
  const { query } = lookupStatement(session, program, statement.types);
  session.prepared.set(statement.name, {
    name: statement.name,
    program,
    parameterTypes: query?.bound.parameterTypes ?? statement.types,
    literals: [],
    text,
    preparedAt: session.statementStartedAt,
    byClient: false,
  });
}

function noPrepared(name: string, command: string): SqlError {
  return new SqlError('invalid_sql_statement_name', {
    message: `prepared statement "${name}" does not exist`,
    args: { name, command },
  });
}

export function executePrepared(
  session: Session,
  program: Program,
  statement: NodeOf<'EXECUTE_STATEMENT'>,
  request: ExecuteRequest,
  run: (session: Session, request: ExecuteRequest) => void,
): Promise<never> {
  const prepared = session.prepared.get(statement.name);
  if (prepared === undefined) throw noPrepared(statement.name, 'EXECUTE');
  const cached = lookupStatement(session, prepared.program, prepared.parameterTypes);
  const all =
    cached.query?.bound.parameterTypes ??
    mergeTypes(cached.program, prepared.parameterTypes).map((type) => type ?? TEXT);
  const wanted = all.slice(0, all.length - prepared.literals.length);
  if (statement.arguments.length !== wanted.length) {
    throw new SqlError('syntax_error', {
      message: `wrong number of parameters for prepared statement "${statement.name}"`,
      variant: 'execute_arguments',
      detail: `Expected ${wanted.length} parameters but got ${statement.arguments.length}.`,
    });
  }
  // Where every value converts, what is given says of which type it is, as if it stood in the text.
  const own = program.semantics.coercion === 'lenient';
  const given = evaluateTyped(session, program, statement.arguments, own ? [] : wanted);
  const parameters = given.values;
  const parameterTypes = own
    ? all.map((type, at) => ((given.types[at]?.kind ?? 'unknown') === 'unknown' ? type : given.types[at]))
    : prepared.parameterTypes;
  const inner: ExecuteRequest = {
    program: prepared.program,
    parameters: prepared.literals.length === 0 ? parameters : [...parameters, ...prepared.literals],
    parameterTypes,
    implicit: request.implicit,
    text: request.text,
    wantColumns: true,
    maxRows: 0,
  };
  return new Promise((_resolve, reject) => {
    // The inner statement answers the request itself, so this promise only ever fails.
    try {
      run(session, inner);
    } catch (error) {
      reject(error as Error);
    }
  });
}
