/**
 * The protocols a worker speaks: which plugin compiles for each, and how a socket becomes a connection. One
 * entry per protocol; everything else of the worker is the same for all.
 */
import type { Duplex } from 'node:stream';
import type { ConnectionNotice, Log } from '../listener/index.ts';
import { mysqlPlugin } from '../parsers/mysql/plugin.ts';
import { postgresPlugin } from '../parsers/postgres/plugin.ts';
import { MysqlConnection } from '../protocols/mysql/index.ts';
import { PostgresConnection } from '../protocols/postgres/index.ts';
import type { DialectPlugin } from '../sblr/contract/dialect.ts';
import type { EngineLink } from '../sblr/contract/session.ts';
import type { SqlError } from '../sblr/contract/sql-error.ts';
import type { WorkerSettings } from './settings.ts';

/** What the host of connections needs of one, whatever it speaks. */
export interface ClientConnection {
  /** Is a statement running or a transaction open? */
  readonly busy: boolean;
  terminate(error: SqlError): void;
}

export interface ConnectionParts {
  readonly socket: Duplex;
  readonly notice: ConnectionNotice;
  readonly link: EngineLink;
  readonly compiler: Pick<DialectPlugin, 'compile' | 'routineName'>;
  readonly tls: { readonly cert: Buffer; readonly key: Buffer } | undefined;
  readonly settings: WorkerSettings;
  /** As the dialect's profile has it; clients choose their catalog queries by it. */
  readonly serverVersion: string;
  readonly refusal: SqlError | undefined;
  readonly log: Log;
}

export interface ProtocolFront {
  readonly plugin: DialectPlugin;
  connect(parts: ConnectionParts): ClientConnection;
}

export const PROTOCOL_FRONTS: Readonly<Record<string, ProtocolFront>> = {
  postgres: {
    plugin: postgresPlugin,
    connect: ({ socket, notice, link, compiler, tls, settings, serverVersion, refusal, log }) =>
      new PostgresConnection({
        socket,
        link,
        compiler,
        connectionId: notice.id,
        tlsContext: tls,
        tlsRequired: settings.tlsRequired,
        authentication: settings.authentication.method,
        serverVersion,
        limits: {
          messageBytes: settings.limits.message_size,
          preparedStatements: settings.limits.prepared_statements,
          authenticationTimeoutMs: settings.handshakeTimeoutMs,
        },
        log,
        refusal,
      }),
  },
  mysql: {
    plugin: mysqlPlugin,
    connect: ({ socket, notice, link, compiler, tls, settings, serverVersion, refusal, log }) =>
      new MysqlConnection({
        socket,
        link,
        compiler,
        connectionId: notice.id,
        tls,
        tlsRequired: settings.tlsRequired,
        authentication: settings.authentication.method === 'trust' ? 'trust' : 'password',
        serverVersion,
        limits: {
          messageBytes: settings.limits.message_size,
          preparedStatements: settings.limits.prepared_statements,
          authenticationTimeoutMs: settings.handshakeTimeoutMs,
        },
        log,
        refusal,
      }),
  },
};
