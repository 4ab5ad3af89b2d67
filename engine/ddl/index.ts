/** One door to data definition: runs a DDL, grant or role statement and answers its completion. */
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { NodeOf, StatementNode } from '../../sblr/nodes.ts';
import { setDefaultRoles } from '../session/active-roles.ts';
import { defineAccounts } from './accounts.ts';
import { alterTable } from './alter-table.ts';
import { alterObject, commentOn } from './comments.ts';
import type { DdlContext } from './context.ts';
import { dropObjects } from './drop.ts';
import { commentOnExtension, createExtension } from './extensions.ts';
import { grant } from './grants.ts';
import { createIndex } from './indexes.ts';
import { alterRole, createRole, dropRole, grantRole, reassignOwned } from './roles.ts';
import { grantAccountRoles, grantScoped } from './scoped-grants.ts';
import { alterServer } from './server.ts';
import { createAggregate } from './aggregates.ts';
import { createRoutine } from './routines.ts';
import { type DatabaseUsers, alterDatabase, createDatabase, createSchema, dropDatabase } from './schemas.ts';
import { schemaElements } from './schema-elements.ts';
import { alterSequence, createSequence } from './sequences.ts';
import { createTable, createTableAs } from './tables.ts';
import { alterType, createType } from './types.ts';
import { createView } from './views.ts';

export interface DdlCompletion {
  readonly command: string;
  readonly rows?: number;
  /** Rows of the query whose rows were stored. */
  readonly records?: number;
  /** Tables that went with what was dropped. */
  readonly changed?: number;
}

export interface DdlHooks extends DatabaseUsers {
  /** Extensions that may be created: version by name. */
  readonly extensions: ReadonlyMap<string, string>;
  /** Those that every database has without being asked. */
  readonly presentExtensions: ReadonlySet<string>;
}

const words = (kind: string): string => kind.replaceAll('_', ' ').toUpperCase();

/** undefined = not a statement of data definition. */
export async function executeDdl(
  statement: StatementNode,
  context: DdlContext,
  hooks: DdlHooks,
): Promise<DdlCompletion | undefined> {
  switch (statement.op) {
    case 'CREATE_DATABASE':
      await createDatabase(statement, context);
      return { command: 'CREATE DATABASE' };
    case 'DROP_DATABASE':
      return { command: 'DROP DATABASE', changed: await dropDatabase(statement, context, hooks) };
    case 'ALTER_DATABASE':
      await alterDatabase(statement, context);
      return { command: 'ALTER DATABASE' };
    case 'CREATE_SCHEMA':
      return createSchemaWith(statement, context, hooks);
    case 'CREATE_TABLE':
      await createTable(statement, context);
      return { command: 'CREATE TABLE' };
    case 'CREATE_TABLE_AS':
      return createAs(statement, context);
    case 'DROP_OBJECTS':
      await dropObjects(statement, context);
      return { command: `DROP ${words(statement.kind)}` };
    case 'ALTER_TABLE':
      await alterTable(statement, context);
      return { command: `ALTER ${words(statement.kind)}` };
    case 'CREATE_INDEX':
      await createIndex(statement, context);
      return { command: 'CREATE INDEX' };
    case 'CREATE_VIEW':
      await createView(statement, context);
      return { command: 'CREATE VIEW' };
    case 'CREATE_SEQUENCE':
      await createSequence(statement, context);
      return { command: 'CREATE SEQUENCE' };
    case 'ALTER_SEQUENCE':
      await alterSequence(statement, context);
      return { command: 'ALTER SEQUENCE' };
    case 'CREATE_TYPE':
      await createType(statement, context);
      return { command: statement.kind === 'domain' ? 'CREATE DOMAIN' : 'CREATE TYPE' };
    case 'ALTER_TYPE':
      await alterType(statement, context);
      return { command: statement.domain ? 'ALTER DOMAIN' : 'ALTER TYPE' };
    case 'CREATE_ROUTINE':
      await createRoutine(statement, context);
      return { command: `CREATE ${words(statement.kind)}` };
    case 'CREATE_AGGREGATE':
      await createAggregate(statement, context);
      return { command: 'CREATE AGGREGATE' };
    case 'COMMENT_ON':
      if (statement.kind === 'extension') commentOnExtension(statement, context, hooks.presentExtensions);
      else await commentOn(statement, context);
      return { command: 'COMMENT' };
    case 'ALTER_OBJECT':
      await alterObject(statement, context);
      return { command: `ALTER ${words(statement.kind)}` };
    case 'CREATE_EXTENSION':
      createExtension(statement, context, hooks.extensions);
      return { command: 'CREATE EXTENSION' };
    default:
      return executeGrant(statement, context);
  }
}

async function executeGrant(statement: StatementNode, context: DdlContext): Promise<DdlCompletion | undefined> {
  switch (statement.op) {
    case 'ALTER_SERVER':
      await alterServer(statement, context);
      return { command: 'ALTER SYSTEM' };
    case 'GRANT':
      await grant(statement, context);
      return { command: statement.revoke ? 'REVOKE' : 'GRANT' };
    case 'GRANT_ROLE':
      await grantRole(statement, context);
      return { command: statement.revoke ? 'REVOKE ROLE' : 'GRANT ROLE' };
    case 'DEFINE_ACCOUNTS':
      await defineAccounts(statement, context);
      return { command: statement.command };
    case 'GRANT_SCOPED':
      await grantScoped(statement, context);
      return { command: statement.revoke ? 'REVOKE' : 'GRANT' };
    case 'GRANT_ACCOUNT_ROLES':
      await grantAccountRoles(statement, context);
      return { command: statement.revoke ? 'REVOKE' : 'GRANT' };
    case 'ACTIVATE_ROLES':
      setDefaultRoles(statement, context);
      return { command: 'SET' };
    case 'CREATE_ROLE':
      await createRole(statement, context);
      return { command: 'CREATE ROLE' };
    case 'ALTER_ROLE':
      await alterRole(statement, context);
      return { command: 'ALTER ROLE' };
    case 'DROP_ROLE':
      await dropRole(statement, context);
      return { command: 'DROP ROLE' };
    case 'REASSIGN_OWNED':
      await reassignOwned(statement, context);
      return { command: statement.drop ? 'DROP OWNED' : 'REASSIGN OWNED' };
    case 'DEFAULT_PRIVILEGES':
      throw new SqlError('feature_not_supported', {
        message: 'ALTER DEFAULT PRIVILEGES is not supported',
        ...(statement.pos === undefined ? {} : { position: statement.pos }),
      });
    default:
      return undefined;
  }
}

async function createSchemaWith(
  statement: NodeOf<'CREATE_SCHEMA'>,
  context: DdlContext,
  hooks: DdlHooks,
): Promise<DdlCompletion> {
  const elements = schemaElements(statement, context);
  const schema = await createSchema(statement, context);
  if (schema !== undefined && elements.length > 0) {
    const { inner, leave } = context.within(schema);
    try {
      for (const element of elements) await executeDdl(element, inner, hooks);
    } finally {
      leave();
    }
  }
  return { command: 'CREATE SCHEMA' };
}

async function createAs(statement: NodeOf<'CREATE_TABLE_AS'>, context: DdlContext): Promise<DdlCompletion> {
  const rows = await createTableAs(statement, context);
  return statement.withData && rows !== undefined
    ? { command: 'SELECT', rows, records: rows }
    : { command: 'CREATE TABLE AS' };
}
