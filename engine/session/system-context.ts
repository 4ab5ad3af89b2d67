/** What the row producers of the `sys` relations see of one session. */
import { SqlArray, type Row } from '../../sblr/contract/values.ts';
import { displayIdentifier } from '../../sblr/contract/names.ts';
import type { ObjectId } from '../catalog/definitions.ts';
import type { SystemContext } from '../catalog/system/producer.ts';
import type { TransactionContext } from '../catalog/transaction-relations.ts';
import type { EngineCore } from '../core.ts';
import type { LargeObjects } from './large-objects.ts';
import { preparedStatementRows } from './prepared-statements.ts';
import type { RenderedCatalog } from './rendered-catalog.ts';
import type { Session } from './session.ts';
import { isMember } from '../ddl/context.ts';
import { activeRoles } from './active-roles.ts';
import { administers } from './administration.ts';
import { settingNumber } from './setting-text.ts';
import { temporarySchemaIds, temporarySchemaOf } from './temporary-schemas.ts';

export function systemContext(session: Session): SystemContext {
  const { core, dialect } = session;
  const hooks = session.introspectionHooks;
  const { rendered } = hooks;
  return {
    catalog: session.catalog,
    databaseId: session.databaseId,
    everyDatabase: dialect.profile.qualifier === 'database',
    ...accountContext(session),
    fold: session.identifierFold,
    mainSchema: dialect.system.mainSchema,
    systemSchemaId: dialect.system.schemas.get(dialect.system.systemSchema) ?? 0,
    types: dialect.profile.types,
    listedTypes: dialect.profile.types,
    routines: dialect.profile.routines,
    factTable: dialect.facts,
    facts: dialect.facts.all(),
    views: dialect.system.views.values(),
    viewById: (id) => dialect.viewById(id),
    schemas: schemasOf(session),
    temporarySchemas: temporarySchemaIds(session),
    typeId: (type) => hooks.typeId(type),
    rowEstimate: (table) =>
      core.statistics.analyzed().get(table.id) === undefined ? -1 : core.store.approximateRows(table.space),
    byteEstimate: (table) =>
      core.statistics.analyzed().get(table.id) === undefined ? 0 : core.store.approximateBytes(table.space),
    sequenceState: (sequence) => core.sequences.peek(sequence),
    ...renderedTexts(rendered),
    settings: () => settingRows(session),
    *sessions() {
      for (const one of core.sessionList()) {
        yield {
          id: one.processId,
          databaseId: one.databaseId,
          roleId: one.loginRole,
          roleName: hooks.roleName(one.loginRole) ?? '',
          applicationName: one.settings.get('application_name') ?? '',
          clientAddress: one.options.clientAddress,
          startedAt: one.startedAt,
          transactionStartedAt: one.transaction === undefined ? null : one.transactionStartedAt,
          statementStartedAt: one.statementStartedAt,
          stateChangedAt: one.stateChangedAt,
          state:
            one.state === 'active'
              ? 'active'
              : one.mode !== 'block'
                ? 'idle'
                : one.failed
                  ? 'idle in transaction (aborted)'
                  : 'idle in transaction',
          text: mayWatch(session, one) ? one.statementText : '<insufficient privilege>',
        };
      }
    },
    ...transactionContext(core),
    preparedStatements: () => preparedStatementRows(session, (type) => hooks.typeId(type)),
    ...largeObjectContext(hooks.largeObjects),
    cursors: () => cursorRows(session),
    *statistics() {
      for (const [id, statistics] of core.statistics.analyzed()) {
        let position = 0;
        for (const column of statistics.columns) {
          position++;
          if (column !== undefined) yield [id, position, column.nullFraction, column.distinct, 8];
        }
      }
    },
    listening: () => session.listening,
  };
}

/** What others do is for those to see who have their rights, or the right to watch all. */
function mayWatch(session: Session, other: Session): boolean {
  return isMember(session, session.currentRole, other.loginRole) || administers(session, 'activity');
}

function accountContext(session: Session): Pick<SystemContext, 'administrator' | 'administratorName' | 'isActive'> {
  return {
    administrator: session.core.administrator,
    administratorName: session.dialect.profile.administrator,
    isActive: (account, role) => account === session.currentRole && activeRoles(session).some((one) => one.id === role),
  };
}

type RenderedTexts = Pick<
  SystemContext,
  'defaultText' | 'checkText' | 'indexText' | 'indexExpression' | 'domainText' | 'parameterDefault'
>;

function renderedTexts(rendered: RenderedCatalog): RenderedTexts {
  return {
    defaultText: (table, column) => rendered.defaultText(table, column),
    checkText: (table, id) => rendered.check(table, id, false),
    indexText: (id) => rendered.index(id),
    indexExpression: (id, at) => rendered.indexExpression(id, at, false),
    domainText: (id) => rendered.domain(id),
    parameterDefault: (routine, parameter) => rendered.parameterDefault(routine, parameter),
  };
}

function largeObjectContext(largeObjects: LargeObjects): Pick<SystemContext, 'largeObjects' | 'largeObjectPages'> {
  return { largeObjects: () => largeObjects.list(), largeObjectPages: () => largeObjects.pages() };
}

function transactionContext(core: EngineCore): TransactionContext {
  return {
    *locks() {
      for (const lock of core.locks.list())
        yield [lock.kind, lock.number, lock.text, lock.mode, lock.group, lock.granted];
    },
    *preparedTransactions() {
      for (const one of core.transactions.prepared.list())
        yield [one.id, one.name, one.preparedAt, one.role, one.databaseId];
    },
  };
}

function* cursorRows(session: Session): Iterable<Row> {
  for (const one of session.cursors.values()) yield [one.name, one.text, one.hold, one.scroll, one.createdAt];
}

function* settingRows(session: Session): Iterable<Row> {
  for (const [definition, name] of session.settings.entries()) {
    // Numbers are shown in the setting's unit here, not in the handiest one.
    const value =
      definition?.unit === undefined
        ? (session.introspectionHooks.setting(name) ?? '')
        : settingNumber(definition, session.settings.get(name) ?? '');
    const fallback = session.settings.defaultOf(name) ?? value;
    yield [
      name,
      value,
      definition?.defaultValue ?? fallback,
      fallback,
      definition?.unit ?? null,
      definition?.description ?? '',
      definition?.context ?? 'user',
      definition?.kind ?? 'string',
      definition?.minimum === undefined ? null : String(definition.minimum),
      definition?.maximum === undefined ? null : String(definition.maximum),
      definition?.options === undefined ? null : new SqlArray(definition.options),
      definition?.reported ?? false,
    ];
  }
}

export { displayIdentifier };

/** The dialect's own schemas, and the one of the session's temporary objects when it has one. */
function schemasOf(session: Session): ReadonlyMap<string, ObjectId> {
  const { schemas, temporarySchema } = session.dialect.system;
  const own = temporarySchemaOf(session);
  if (own === undefined || temporarySchema === undefined) return schemas;
  return new Map([...schemas, [`${temporarySchema}_${session.processId}`, own.id]]);
}
