/**
 * The prepared statements and portals of a session, by name. The unnamed ones, which come and go with
 * every statement, are fields: entries of a Map that is filled and emptied all the time leave tables
 * behind that outlive their use.
 */
import type { ClientAction } from '../../sblr/contract/dialect.ts';
import type { EngineSession, ReplySink } from '../../sblr/contract/session.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { ConnectionLimits } from './limits.ts';
import type { Portal, PreparedStatement } from './statements.ts';

export class StatementStore {
  readonly #limits: ConnectionLimits;
  readonly #engine: EngineSession;
  /** Takes the engine's answers to what nobody waits for. */
  readonly #ignore: ReplySink;
  readonly #statements = new Map<string, PreparedStatement>();
  readonly #portals = new Map<string, Portal>();
  #unnamedStatement: PreparedStatement | undefined;
  #unnamedPortal: Portal | undefined;

  constructor(limits: ConnectionLimits, engine: EngineSession, ignore: ReplySink) {
    this.#limits = limits;
    this.#engine = engine;
    this.#ignore = ignore;
  }

  statement(name: string): PreparedStatement {
    const statement = name === '' ? this.#unnamedStatement : this.#statements.get(name);
    if (statement !== undefined) return statement;
    throw new SqlError(
      'invalid_sql_statement_name',
      name === '' ? 'unnamed prepared statement does not exist' : `prepared statement "${name}" does not exist`,
    );
  }

  /** Makes sure that a statement of this name can be added; the unnamed one makes room. */
  reserveStatement(name: string): void {
    if (name === '') this.#unnamedStatement = undefined;
    else if (this.#statements.has(name)) {
      throw new SqlError('duplicate_prepared_statement', `prepared statement "${name}" already exists`);
    } else if (this.#statements.size >= this.#limits.preparedStatements) {
      throw new SqlError('configuration_limit_exceeded', 'too many prepared statements');
    }
  }

  addStatement(statement: PreparedStatement): void {
    if (statement.name === '') {
      this.#unnamedStatement = statement;
      return;
    }
    this.#statements.set(statement.name, statement);
    const { name, text, compiled, requestTypes } = statement;
    if (compiled === undefined) return;
    const { program, literals } = compiled;
    this.#engine.nameStatement({ name, program, parameterTypes: requestTypes, literals, text });
  }

  dropStatement(name: string): void {
    if (name === '') this.#unnamedStatement = undefined;
    else if (this.#statements.delete(name)) this.#engine.forgetStatement(name);
  }

  /** Drops this very statement, not a later one of its name. */
  forget(statement: PreparedStatement): void {
    if (statement === this.#unnamedStatement) this.#unnamedStatement = undefined;
    else if (this.#statements.get(statement.name) === statement) this.dropStatement(statement.name);
  }

  /** A statement in text is done that may have dropped others. */
  completed(command: string, action: ClientAction): void {
    if (command === 'DISCARD ALL' || command === 'DEALLOCATE ALL') {
      this.#unnamedStatement = undefined;
      this.#statements.clear();
    } else if (action.kind === 'forget-statement') this.dropStatement(action.name);
  }

  hasPortal(name: string): boolean {
    return name === '' ? this.#unnamedPortal !== undefined : this.#portals.has(name);
  }

  portal(name: string): Portal {
    const portal = name === '' ? this.#unnamedPortal : this.#portals.get(name);
    if (portal === undefined) throw new SqlError('invalid_cursor_name', `portal "${name}" does not exist`);
    return portal;
  }

  addPortal(portal: Portal): void {
    const { name } = portal;
    if (name === '') {
      this.dropPortal('');
      this.#unnamedPortal = portal;
      return;
    }
    if (this.#portals.has(name)) throw new SqlError('duplicate_cursor', `cursor "${name}" already exists`);
    if (this.#portals.size >= this.#limits.portals)
      throw new SqlError('configuration_limit_exceeded', 'too many portals');
    this.#portals.set(name, portal);
  }

  dropPortal(name: string): void {
    const portal = name === '' ? this.#unnamedPortal : this.#portals.get(name);
    if (portal === undefined) return;
    if (name === '') this.#unnamedPortal = undefined;
    else this.#portals.delete(name);
    if (portal.state === 'open') this.#engine.closePortal(portal.engineName, this.#ignore);
  }

  /** The Close message; `kind` tells what `name` is of. */
  close(kind: number, name: string): void {
    if (kind === 0x53) this.dropStatement(name);
    else if (kind === 0x50) this.dropPortal(name);
    else throw new SqlError('protocol_violation', `invalid CLOSE message subtype ${kind}`);
  }

  /** Portals do not outlive their transaction; the engine drops its own. */
  forgetPortals(): void {
    // A cleared Map gets new tables, which the old ones keep alive: worth it only when there is something.
    this.#unnamedPortal = undefined;
    if (this.#portals.size > 0) this.#portals.clear();
  }

  /** Forgets the portals that the engine has dropped with a transaction. */
  forgetOpenPortals(): void {
    if (this.#unnamedPortal?.state === 'open') this.#unnamedPortal = undefined;
    if (this.#portals.size === 0) return;
    for (const [name, portal] of this.#portals) {
      if (portal.state === 'open') this.#portals.delete(name);
    }
  }
}
