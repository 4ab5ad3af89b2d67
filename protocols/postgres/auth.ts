/**
 * Authentication: relays the exchange of the chosen mechanism between client and engine. The engine
 * holds the verifiers and decides; nothing secret is kept or judged here.
 */
import type { AuthReply, EngineSession, SessionInfo } from '../../sblr/contract/session.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { NetworkReader } from '../shared/byte-reader.ts';
import type { NetworkWriter } from '../shared/byte-writer.ts';
import {
  writeAuthenticationCleartext,
  writeAuthenticationOk,
  writeAuthenticationSasl,
  writeAuthenticationSaslContinue,
  writeAuthenticationSaslFinal,
} from './messages.ts';

export type AuthenticationMethod = 'scram-sha-256' | 'plain' | 'trust';

const SCRAM_NAME = 'SCRAM-SHA-256';
const NO_DATA = new Uint8Array(0);

export interface AuthenticationHost {
  readonly writer: NetworkWriter;
  flush(): void;
  authenticated(info: SessionInfo): void;
  fatal(error: SqlError): void;
  /** The engine answered: go on with the input. */
  proceed(): void;
}

export class Authentication {
  readonly #host: AuthenticationHost;
  readonly #engine: EngineSession;
  readonly #method: AuthenticationMethod;
  /** Steps of the SASL exchange taken by the client. */
  #steps = 0;
  /** Waiting for the engine. */
  waiting = false;

  constructor(host: AuthenticationHost, engine: EngineSession, method: AuthenticationMethod) {
    this.#host = host;
    this.#engine = engine;
    this.#method = method;
  }

  start(): void {
    switch (this.#method) {
      case 'scram-sha-256':
        writeAuthenticationSasl(this.#host.writer, [SCRAM_NAME]);
        this.#host.flush();
        break;
      case 'plain':
        writeAuthenticationCleartext(this.#host.writer);
        this.#host.flush();
        break;
      case 'trust':
        this.#relay(NO_DATA);
        break;
    }
  }

  /** A password message, which also carries SASL data. */
  password(reader: NetworkReader): void {
    if (this.#method === 'plain') {
      const password = reader.cstring();
      reader.expectEnd();
      if (password === '') throw new SqlError('invalid_password', 'empty password returned by client');
      this.#relay(Buffer.from(password));
      return;
    }
    this.#relay(this.#steps++ === 0 ? this.#initialResponse(reader) : reader.copy(reader.remaining));
  }

  #initialResponse(reader: NetworkReader): Uint8Array {
    const mechanism = reader.cstring();
    if (mechanism !== SCRAM_NAME)
      throw new SqlError('protocol_violation', 'client selected an invalid SASL authentication mechanism');
    const length = reader.i32();
    const data = length === -1 ? NO_DATA : reader.copy(length);
    reader.expectEnd();
    return data;
  }

  #relay(data: Uint8Array): void {
    this.waiting = true;
    this.#engine.authenticate({ mechanism: this.#method, data }, (reply) => this.#reply(reply));
  }

  #reply(reply: AuthReply): void {
    this.waiting = false;
    const { writer } = this.#host;
    switch (reply.kind) {
      case 'continue':
        writeAuthenticationSaslContinue(writer, reply.data);
        this.#host.flush();
        break;
      case 'ok':
        if (this.#method === 'scram-sha-256') writeAuthenticationSaslFinal(writer, reply.data);
        writeAuthenticationOk(writer);
        this.#host.authenticated(reply.session);
        break;
      case 'error':
        this.#host.fatal(reply.error);
        return;
    }
    this.#host.proceed();
  }
}
