/** One raw connection to a server: sends messages as bytes and shows every message of the answer as one line. */
import net from 'node:net';
import { fields, int32, message, split, startup, type WireMessage } from '../unit/protocols/postgres/wire-client.ts';

export interface Exchange {
  readonly title: string;
  /** What is sent at once, piece by piece; the answer to a piece is awaited when it asks for one. */
  readonly send: readonly Buffer[];
}

const FIRST_USER_OID = 16384;
/** Fields of an error that name the server's source, and those that a translated server would change. */
const UNCOMPARED_FIELDS = new Set(['F', 'L', 'V']);

/** Routines that drivers look for. */
const DRIVER_ROUTINES = new Set(['RevalidateCachedQuery', 'FetchPreparedStatement', 'transformAssignedExpr']);

/** Ids of user-defined objects differ between servers. */
const oid = (value: number): string => (value >= FIRST_USER_OID ? 'user' : String(value));

function columns(body: Buffer): string {
  const shown: string[] = [];
  let at = 2;
  for (let count = body.readInt16BE(0); count > 0; count--) {
    const end = body.indexOf(0, at);
    const name = body.toString('utf8', at, end);
    at = end + 1;
    const type = body.readInt32BE(at + 6);
    shown.push(
      `${name}:${oid(type)}/${body.readInt16BE(at + 10)}/${body.readInt32BE(at + 12)}/${body.readInt16BE(at + 16)}${body.readInt32BE(at) === 0 ? '' : ' of a table'}`,
    );
    at += 18;
  }
  return `columns ${shown.join(', ')}`;
}

function values(body: Buffer): string {
  const shown: string[] = [];
  let at = 2;
  for (let count = body.readInt16BE(0); count > 0; count--) {
    const length = body.readInt32BE(at);
    at += 4;
    if (length < 0) shown.push('null');
    else {
      const bytes = body.subarray(at, at + length);
      const printable = bytes.every((byte) => byte >= 32 && byte < 127);
      shown.push(printable ? bytes.toString() : `0x${bytes.toString('hex')}`);
      at += length;
    }
  }
  return `row ${shown.join('|')}`;
}

function line({ type, body }: WireMessage): string {
  switch (type) {
    case 'T':
      return columns(body);
    case 'D':
      return values(body);
    case 't':
      return `parameters ${Array.from({ length: body.readInt16BE(0) }, (_, index) => oid(body.readInt32BE(2 + index * 4))).join(',')}`;
    case 'E':
    case 'N': {
      const found = Object.entries(fields(body)).filter(
        ([code, text]) => !UNCOMPARED_FIELDS.has(code) && (code !== 'R' || DRIVER_ROUTINES.has(text)),
      );
      return `${type === 'E' ? 'error' : 'notice'} ${found.map(([code, text]) => `${code}=${text}`).join(' ')}`;
    }
    case 'S':
      return `setting ${body.toString().replaceAll('\0', ' ').trim()}`;
    case 'A':
      return `notification ${body.toString('utf8', 4).replaceAll('\0', ' ').trim()}`;
    default: {
      const printable = body.every((byte) => (byte >= 32 && byte < 127) || byte === 0);
      const text = printable ? body.toString().replaceAll('\0', ' ').trim() : `0x${body.toString('hex')}`;
      return `${type} ${text}`.trim();
    }
  }
}

/** Does the server answer this message with ReadyForQuery? */
const awaitsReady = (bytes: Buffer): number => {
  let count = 0;
  for (const { type } of split(bytes)) if (type === 'Q' || type === 'S' || type === 'F') count++;
  return count;
};

const ANSWER_MS = 10_000;

export class RawConnection {
  readonly #socket: net.Socket;
  #buffer = Buffer.alloc(0);
  #wake: () => void = () => {};
  #closed = false;

  private constructor(socket: net.Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#buffer = Buffer.concat([this.#buffer, chunk]);
      this.#wake();
    });
    const end = (): void => {
      this.#closed = true;
      this.#wake();
    };
    socket.on('close', end);
    socket.on('error', end);
  }

  /** Logs in without a password (the servers trust). */
  static async open(port: number, parameters: Record<string, string>): Promise<RawConnection> {
    const socket = net.connect(port, '127.0.0.1');
    const connection = new RawConnection(socket);
    socket.write(startup(parameters));
    await connection.#read(1);
    return connection;
  }

  async #read(readies: number): Promise<WireMessage[]> {
    const messages: WireMessage[] = [];
    const deadline = Date.now() + ANSWER_MS;
    for (let left = readies; left > 0 && !this.#closed; ) {
      const whole = this.#takeWhole();
      messages.push(...whole);
      left -= whole.filter(({ type }) => type === 'Z').length;
      if (left <= 0) break;
      if (Date.now() > deadline) throw new Error(`no answer; so far: ${messages.map(line).join('\n')}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 200);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    if (this.#closed) messages.push(...this.#takeWhole());
    return messages;
  }

  #takeWhole(): WireMessage[] {
    let at = 0;
    while (at + 5 <= this.#buffer.length && at + 1 + this.#buffer.readInt32BE(at + 1) <= this.#buffer.length)
      at += 1 + this.#buffer.readInt32BE(at + 1);
    const messages = split(Buffer.from(this.#buffer.subarray(0, at)));
    this.#buffer = this.#buffer.subarray(at);
    return messages;
  }

  /** Sends all at once and shows the answer up to its last ReadyForQuery, or to the end of the connection. */
  async ask(...parts: Buffer[]): Promise<string[]> {
    const bytes = Buffer.concat(parts);
    this.#socket.write(bytes);
    const shown = (await this.#read(awaitsReady(bytes))).map(line);
    return this.#closed ? [...shown, 'connection closed'] : shown;
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** A FunctionCall message: arguments in binary, the result in binary. */
export function functionCall(id: number, ...values: (Buffer | null)[]): Buffer {
  const int16 = (value: number): Buffer => Buffer.from([value >> 8, value & 0xff]);
  return message(
    'F',
    int32(id),
    int16(1),
    int16(1),
    int16(values.length),
    ...values.map((value) => (value === null ? int32(-1) : Buffer.concat([int32(value.length), value]))),
    int16(1),
  );
}
