/**
 * Authentication: mysql_native_password and caching_sha2_password, relayed between client and engine, which
 * holds the verifiers and decides (MySQL protocol, "Authentication Methods").
 */
import { constants, generateKeyPair, privateDecrypt, type KeyObject } from 'node:crypto';
import type { AuthReply, EngineSession, SessionInfo } from '../../sblr/contract/session.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { NetworkReader } from '../shared/byte-reader.ts';
import { makeNonce } from './handshake.ts';
import type { PacketWriter } from './packets.ts';

export const NATIVE = 'mysql_native_password';
export const CACHING_SHA2 = 'caching_sha2_password';

const METHODS: ReadonlySet<string> = new Set([NATIVE, CACHING_SHA2, '']);

const AUTH_SWITCH = 0xfe;
const MORE_DATA = 0x01;
const FAST_OK = 0x03;
const FULL_AUTHENTICATION = 0x04;
const KEY_REQUEST = 0x02;
const KEY_BITS = 2048;

/** The key pair with which passwords are sent over connections without TLS: one per process, made when first asked for. */
interface ExchangeKey {
  readonly privateKey: KeyObject;
  readonly publicPem: string;
}
let exchangeKey: Promise<ExchangeKey> | undefined;

function ownExchangeKey(): Promise<ExchangeKey> {
  exchangeKey ??= new Promise((resolve, reject) => {
    generateKeyPair('rsa', { modulusLength: KEY_BITS }, (error, publicKey, privateKey) => {
      if (error !== null) reject(error);
      else resolve({ privateKey, publicPem: publicKey.export({ type: 'spki', format: 'pem' }) as string });
    });
  });
  return exchangeKey;
}

export interface AuthenticationHost {
  readonly packets: PacketWriter;
  readonly encrypted: boolean;
  flush(): void;
  authenticated(info: SessionInfo): void;
  denied(error: SqlError): void;
  /** What was waited for is there: go on with the input. */
  proceed(): void;
  broken(error: unknown): void;
}

type Step = 'switch' | 'sha256' | 'full' | 'encrypted-password' | 'decided';

export class Authentication {
  readonly #host: AuthenticationHost;
  readonly #engine: EngineSession;
  #nonce: Buffer;
  #step: Step = 'decided';
  /** Waiting for the engine or the key. */
  waiting = false;

  constructor(host: AuthenticationHost, engine: EngineSession, nonce: Buffer) {
    this.#host = host;
    this.#engine = engine;
    this.#nonce = nonce;
  }

  /** `method` 'trust' lets in whom the engine trusts; else the client's proof is checked. */
  start(method: 'trust' | 'password', plugin: string, proof: Buffer): void {
    if (method === 'trust') this.#ask('trust', proof);
    // No proof claims the empty password.
    else if (proof.length === 0 && METHODS.has(plugin)) this.#ask('plain', proof);
    else if (plugin === CACHING_SHA2) this.#sha256(proof);
    else if (plugin === NATIVE || plugin === '') this.#ask('sha1-challenge', Buffer.concat([this.#nonce, proof]));
    else this.#switchPlugin();
  }

  /** A packet of the exchange. */
  packet(reader: NetworkReader): void {
    const data = reader.copy(reader.remaining);
    switch (this.#step) {
      case 'switch':
        if (data.length === 0) this.#ask('plain', data);
        else this.#ask('sha1-challenge', Buffer.concat([this.#nonce, data]));
        return;
      case 'full':
        if (this.#host.encrypted) this.#ask('plain', withoutTerminator(data));
        else if (data.length === 1 && data[0] === KEY_REQUEST) this.#sendKey();
        else throw violation();
        return;
      case 'encrypted-password':
        this.#decrypt(data);
        return;
      default:
        throw violation();
    }
  }

  #switchPlugin(): void {
    const { packets } = this.#host;
    this.#step = 'switch';
    this.#nonce = makeNonce();
    packets.begin();
    packets.out.u8(AUTH_SWITCH);
    packets.out.cstring(NATIVE);
    packets.out.raw(this.#nonce);
    packets.out.u8(0);
    packets.end();
    this.#host.flush();
  }

  #sha256(proof: Buffer): void {
    this.#step = 'sha256';
    this.#ask('sha256-challenge', Buffer.concat([this.#nonce, proof]));
  }

  #moreData(data: Uint8Array): void {
    const { packets } = this.#host;
    packets.begin();
    packets.out.u8(MORE_DATA);
    packets.out.raw(data);
    packets.end();
  }

  #sendKey(): void {
    this.waiting = true;
    ownExchangeKey().then(
      ({ publicPem }) => {
        this.waiting = false;
        this.#step = 'encrypted-password';
        this.#moreData(Buffer.from(publicPem));
        this.#host.flush();
        this.#host.proceed();
      },
      (error: unknown) => this.#host.broken(error),
    );
  }

  /** RSA-OAEP of the zero-terminated password xor the nonce, repeated. */
  #decrypt(data: Buffer): void {
    this.waiting = true;
    ownExchangeKey().then(
      ({ privateKey }) => {
        const password = decrypted(privateKey, data);
        for (let i = 0; i < password.length; i++)
          password[i] = (password[i] as number) ^ (this.#nonce[i % this.#nonce.length] as number);
        this.#ask('plain', withoutTerminator(password));
      },
      (error: unknown) => this.#host.broken(error),
    );
  }

  #ask(mechanism: string, data: Uint8Array): void {
    this.waiting = true;
    this.#engine.authenticate({ mechanism, data }, (reply) => this.#reply(reply));
  }

  #reply(reply: AuthReply): void {
    this.waiting = false;
    switch (reply.kind) {
      case 'ok':
        if (this.#step === 'sha256') this.#moreData(Buffer.from([FAST_OK]));
        this.#step = 'decided';
        this.#host.authenticated(reply.session);
        break;
      case 'continue':
        this.#step = 'full';
        this.#moreData(Buffer.from([FULL_AUTHENTICATION]));
        this.#host.flush();
        break;
      case 'error':
        this.#host.denied(reply.error);
        return;
    }
    this.#host.proceed();
  }
}

function violation(): SqlError {
  return new SqlError('protocol_violation', 'unexpected packet during authentication');
}

/** What does not decrypt cannot be the password: the engine refuses it like any wrong one. */
function decrypted(key: KeyObject, data: Buffer): Buffer {
  try {
    return privateDecrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING }, data);
  } catch {
    return Buffer.alloc(0);
  }
}

function withoutTerminator(data: Buffer): Buffer {
  return data.length > 0 && data[data.length - 1] === 0 ? data.subarray(0, -1) : data;
}
