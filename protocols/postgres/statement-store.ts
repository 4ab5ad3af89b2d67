/** The prepared statements and portals of a session, by name. */
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { ConnectionLimits } from './limits.ts';
import type { Portal, PreparedStatement } from './statements.ts';

export class StatementStore {
  readonly #limits: ConnectionLimits;
  readonly #closeInEngine: (portal: Portal) => void;
  readonly #statements = new Map<string, PreparedStatement>();
  readonly #portals = new Map<string, Portal>();

  constructor(limits: ConnectionLimits, closeInEngine: (portal: Portal) => void) {
    this.#limits = limits;
    this.#closeInEngine = closeInEngine;
  }

  statement(name: string): PreparedStatement {
    const statement = this.#statements.get(name);
    if (statement !== undefined) return statement;
    throw new SqlError(
      'invalid_sql_statement_name',
      name === '' ? 'unnamed prepared statement does not exist' : `prepared statement "${name}" does not exist`,
    );
  }

  /** Makes sure that a statement of this name can be added; the unnamed one makes room. */
  reserveStatement(name: string): void {
    if (name === '') this.#statements.delete('');
    else if (this.#statements.has(name)) {
      throw new SqlError('duplicate_prepared_statement', `prepared statement "${name}" already exists`);
    } else if (this.#statements.size >= this.#limits.preparedStatements) {
      throw new SqlError('configuration_limit_exceeded', 'too many prepared statements');
    }
  }

  addStatement(statement: PreparedStatement): void {
    this.#statements.set(statement.name, statement);
  }

  dropStatement(name: string): void {
    this.#statements.delete(name);
  }

  /** Drops this very statement, not a later one of its name. */
  forget(statement: PreparedStatement): void {
    if (this.#statements.get(statement.name) === statement) this.#statements.delete(statement.name);
  }

  dropAllStatements(): void {
    this.#statements.clear();
  }

  hasPortal(name: string): boolean {
    return this.#portals.has(name);
  }

  portal(name: string): Portal {
    const portal = this.#portals.get(name);
    if (portal === undefined) throw new SqlError('invalid_cursor_name', `portal "${name}" does not exist`);
    return portal;
  }

  addPortal(portal: Portal): void {
    const { name } = portal;
    if (name === '') this.dropPortal('');
    else if (this.#portals.has(name)) throw new SqlError('duplicate_cursor', `cursor "${name}" already exists`);
    else if (this.#portals.size >= this.#limits.portals)
      throw new SqlError('configuration_limit_exceeded', 'too many portals');
    this.#portals.set(name, portal);
  }

  dropPortal(name: string): void {
    const portal = this.#portals.get(name);
    if (portal === undefined) return;
    this.#portals.delete(name);
    if (portal.state === 'open') this.#closeInEngine(portal);
  }

  /** Portals do not outlive their transaction; the engine drops its own. */
  forgetPortals(): void {
    // A cleared Map gets new tables, which the old ones keep alive: worth it only when there is something.
    if (this.#portals.size > 0) this.#portals.clear();
  }

  /** Forgets the portals that the engine has dropped with a transaction. */
  forgetOpenPortals(): void {
    for (const [name, portal] of this.#portals) {
      if (portal.state === 'open') this.#portals.delete(name);
    }
  }
}
