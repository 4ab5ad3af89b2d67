/** A client that sends whatever bytes a test wants, packet by packet, and takes the server's packets as they come. */
import { createHash } from 'node:crypto';
import { connect, type Socket } from 'node:net';

export const CAPABILITY = {
  LONG_PASSWORD: 1,
  FOUND_ROWS: 2,
  CONNECT_WITH_DB: 8,
  LOCAL_FILES: 128,
  PROTOCOL_41: 512,
  TRANSACTIONS: 8192,
  SECURE_CONNECTION: 32_768,
  MULTI_STATEMENTS: 0x1_0000,
  MULTI_RESULTS: 0x2_0000,
  PLUGIN_AUTH: 0x8_0000,
  SESSION_TRACK: 0x80_0000,
  DEPRECATE_EOF: 0x100_0000,
} as const;

export const USUAL =
  CAPABILITY.LONG_PASSWORD |
  CAPABILITY.LOCAL_FILES |
  CAPABILITY.PROTOCOL_41 |
  CAPABILITY.TRANSACTIONS |
  CAPABILITY.SECURE_CONNECTION |
  CAPABILITY.MULTI_STATEMENTS |
  CAPABILITY.MULTI_RESULTS |
  CAPABILITY.PLUGIN_AUTH;

const HEADER_BYTES = 4;
const MAX_PAYLOAD = 0xff_ffff;

export interface Packet {
  readonly sequence: number;
  readonly payload: Buffer;
}

const sha1 = (...parts: readonly Uint8Array[]): Buffer => {
  const hash = createHash('sha1');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/** The proof of mysql_native_password. */
export function nativeProof(password: string, nonce: Buffer): Buffer {
  if (password === '') return Buffer.alloc(0);
  const once = sha1(Buffer.from(password));
  const mask = sha1(nonce, sha1(once));
  return Buffer.from(once.map((byte, at) => byte ^ (mask[at] as number)));
}

/** A payload as packets: several where it is long. */
export function framed(payload: Buffer, sequence = 0): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at <= payload.length; at += MAX_PAYLOAD) {
    const part = payload.subarray(at, at + MAX_PAYLOAD);
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUIntLE(part.length, 0, 3);
    header[3] = sequence++ & 0xff;
    parts.push(header, part);
  }
  return Buffer.concat(parts);
}

export class RawClient {
  readonly #socket: Socket;
  #input: Buffer = Buffer.alloc(0);
  #waiting: (() => void) | undefined;
  #ended = false;
  capabilities = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    const wake = (): void => {
      const waiting = this.#waiting;
      this.#waiting = undefined;
      waiting?.();
    };
    socket.on('data', (chunk: Buffer) => {
      this.#input = this.#input.length === 0 ? chunk : Buffer.concat([this.#input, chunk]);
      wake();
    });
    const gone = (): void => {
      this.#ended = true;
      wake();
    };
    socket.on('error', gone);
    socket.on('close', gone);
    socket.on('end', gone);
  }

  static async open(port: number): Promise<RawClient> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return new RawClient(socket);
  }

  /** Logs in with mysql_native_password; the capabilities are those given. */
  static async login(port: number, user: string, password: string, capabilities = USUAL): Promise<RawClient> {
    const client = await RawClient.open(port);
    await client.authenticate(user, password, capabilities);
    return client;
  }

  async authenticate(user: string, password: string, capabilities: number): Promise<void> {
    const greeting = (await this.packet()) as Packet;
    const nonce = nonceOf(greeting.payload);
    const proof = nativeProof(password, nonce);
    const head = Buffer.alloc(32);
    head.writeUInt32LE(capabilities, 0);
    head.writeUInt32LE(1 << 24, 4);
    head[8] = 255;
    this.capabilities = capabilities;
    const tail = [Buffer.from(`${user}\0`), Buffer.from([proof.length]), proof, Buffer.from('mysql_native_password\0')];
    this.write(framed(Buffer.concat([head, ...tail]), 1));
    const answer = (await this.packet()) as Packet;
    if (answer.payload[0] !== 0) throw new Error(`login: ${JSON.stringify(errorOf(answer.payload))}`);
  }

  write(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  /** One byte after the other. */
  async trickle(bytes: Buffer): Promise<void> {
    for (const byte of bytes) {
      this.#socket.write(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  command(code: number, ...parts: readonly (Buffer | string)[]): void {
    this.write(framed(Buffer.concat([Buffer.from([code]), ...parts.map((part) => Buffer.from(part as string))])));
  }

  /** The next packet; undefined once the server has closed the connection. */
  async packet(): Promise<Packet | undefined> {
    for (;;) {
      if (this.#input.length >= HEADER_BYTES) {
        const length = this.#input.readUIntLE(0, 3);
        if (this.#input.length >= HEADER_BYTES + length) {
          const payload = Buffer.from(this.#input.subarray(HEADER_BYTES, HEADER_BYTES + length));
          const sequence = this.#input[3] as number;
          this.#input = this.#input.subarray(HEADER_BYTES + length);
          return { sequence, payload };
        }
      }
      if (this.#ended) return undefined;
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
      });
    }
  }

  /** So many packets. */
  async packets(count: number): Promise<Packet[]> {
    const found: Packet[] = [];
    for (let i = 0; i < count; i++) {
      const one = await this.packet();
      if (one === undefined) break;
      found.push(one);
    }
    return found;
  }

  /** Is the connection closed by the server, once all it sent is read? */
  async closed(): Promise<boolean> {
    return (await this.packet()) === undefined;
  }

  close(): void {
    this.#socket.destroy();
  }
}

function nonceOf(greeting: Buffer): Buffer {
  const start = greeting.indexOf(0, 1) + 1 + 4;
  return Buffer.concat([greeting.subarray(start, start + 8), greeting.subarray(start + 27, start + 39)]);
}

export interface ServerError {
  readonly errno: number;
  readonly state: string;
  readonly message: string;
}

export function errorOf(payload: Buffer): ServerError | undefined {
  if (payload[0] !== 0xff) return undefined;
  const hasState = payload[3] === 0x23;
  return {
    errno: payload.readUInt16LE(1),
    state: hasState ? payload.toString('latin1', 4, 9) : '',
    message: payload.toString('utf8', hasState ? 9 : 3),
  };
}
