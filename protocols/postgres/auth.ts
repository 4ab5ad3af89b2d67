/**
 * Authentication: relays the exchange of the chosen mechanism between client and engine. The engine
 * holds the verifiers and decides; nothing secret is kept or judged here.
 */
import { randomBytes } from 'node:crypto';
import type { AuthReply, EngineSession, SessionInfo } from '../../sblr/contract/session.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { NetworkReader } from '../shared/byte-reader.ts';
import type { NetworkWriter } from '../shared/byte-writer.ts';
import {
  writeAuthenticationCleartext,
  writeAuthenticationMd5,
  writeAuthenticationOk,
  writeAuthenticationSasl,
  writeAuthenticationSaslContinue,
  writeAuthenticationSaslFinal,
} from './messages.ts';

export type AuthenticationMethod = 'scram-sha-256' | 'plain' | 'trust';

const SCRAM_NAME = 'SCRAM-SHA-256';
const MD5_SALT_BYTES = 4;
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
  /** Sent to a user whose password can only be asked for by MD5. */
  #salt: Buffer | undefined;
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
        this.#relay(NO_DATA, 'choose', (mechanism) => this.#offer(mechanism));
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

  #offer(mechanism: string): void {
    if (mechanism === 'md5-challenge') {
      this.#salt = randomBytes(MD5_SALT_BYTES);
      writeAuthenticationMd5(this.#host.writer, this.#salt);
    } else writeAuthenticationSasl(this.#host.writer, [SCRAM_NAME]);
    this.#host.flush();
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
    if (this.#salt !== undefined) {
      const proof = reader.cstring();
      reader.expectEnd();
      this.#relay(Buffer.concat([this.#salt, Buffer.from(proof)]), 'md5-challenge');
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

  #relay(data: Uint8Array, mechanism: string = this.#method, chosen?: (mechanism: string) => void): void {
    this.waiting = true;
    this.#engine.authenticate({ mechanism, data }, (reply) => {
      if (chosen === undefined || reply.kind !== 'continue') this.#reply(reply);
      else {
        this.waiting = false;
        chosen(Buffer.from(reply.data).toString());
        this.#host.proceed();
      }
    });
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
        if (this.#method === 'scram-sha-256' && this.#salt === undefined)
          writeAuthenticationSaslFinal(writer, reply.data);
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
