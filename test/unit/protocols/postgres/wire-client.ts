/** A client of bytes: builds messages, feeds them to a connection in pieces of any size, and reads what comes back. */
import { EventEmitter } from 'node:events';
import { PostgresConnection, type PostgresConnectionOptions } from '../../../../protocols/postgres/index.ts';
import { fakeCompiler, FakeLink, type FakeSession } from './fake-engine.ts';

export class FakeSocket extends EventEmitter {
  readonly written: Buffer[] = [];
  writes = 0;
  ended = false;
  full = false;
  paused = false;
  write(bytes: Uint8Array): boolean {
    this.writes++;
    this.written.push(Buffer.from(bytes));
    return !this.full;
  }
  end(): void {
    this.ended = true;
    this.emit('close');
  }
  destroy(): void {
    this.ended = true;
  }
  pause(): void {
    this.paused = true;
  }
  resume(): void {
    this.paused = false;
  }
}

export interface WireMessage {
  readonly type: string;
  readonly body: Buffer;
}

const cstring = (text: string): Buffer => Buffer.from(`${text}\0`);
export const int16 = (value: number): Buffer => {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
};
export const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};

export function message(type: string, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body]);
}

export function packet(...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([int32(body.length + 4), body]);
}

export const startup = (parameters: Record<string, string> = { user: 'ann' }, version = 0x30000): Buffer =>
  packet(
    int32(version),
    ...Object.entries(parameters).map(([name, value]) => cstring(`${name}\0${value}`)),
    Buffer.from([0]),
  );
export const query = (text: string): Buffer => message('Q', cstring(text));
export const parse = (name: string, text: string, oids: number[] = []): Buffer =>
  message('P', cstring(name), cstring(text), int16(oids.length), ...oids.map(int32));
export const bind = (
  portal: string,
  statement: string,
  values: (string | Buffer | null)[] = [],
  formats: number[] = [],
  results: number[] = [],
): Buffer =>
  message(
    'B',
    cstring(portal),
    cstring(statement),
    int16(formats.length),
    ...formats.map(int16),
    int16(values.length),
    ...values.map((value) =>
      value === null
        ? int32(-1)
        : Buffer.concat([int32(Buffer.from(value as string).length), Buffer.from(value as string)]),
    ),
    int16(results.length),
    ...results.map(int16),
  );
export const describePortal = (name: string): Buffer => message('D', cstring(`P${name}`));
export const describeStatement = (name: string): Buffer => message('D', cstring(`S${name}`));
export const execute = (portal: string, rows = 0): Buffer => message('E', cstring(portal), int32(rows));
export const closeStatement = (name: string): Buffer => message('C', cstring(`S${name}`));
export const closePortal = (name: string): Buffer => message('C', cstring(`P${name}`));
export const sync = message('S');
export const flush = message('H');
export const terminate = message('X');
export const copyData = (text: string | Buffer): Buffer => message('d', Buffer.from(text as string));
export const copyDone = message('c');
export const copyFail = (text: string): Buffer => message('f', cstring(text));

export function split(bytes: Buffer): WireMessage[] {
  const messages: WireMessage[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readInt32BE(at + 1);
    if (at + 1 + length > bytes.length) throw new Error('truncated answer');
    messages.push({ type: String.fromCharCode(bytes[at] as number), body: bytes.subarray(at + 5, at + 1 + length) });
    at += 1 + length;
  }
  return messages;
}

/** Fields of an ErrorResponse or NoticeResponse. */
export function fields(body: Buffer): Record<string, string> {
  const found: Record<string, string> = {};
  for (const part of body.toString().split('\0')) if (part !== '') found[part[0] as string] = part.slice(1);
  return found;
}

/** Values of a DataRow as text. */
export function row(body: Buffer): (string | null)[] {
  const values: (string | null)[] = [];
  let at = 2;
  for (let count = body.readInt16BE(0); count > 0; count--) {
    const length = body.readInt32BE(at);
    at += 4;
    values.push(length < 0 ? null : body.toString('utf8', at, at + length));
    at += Math.max(0, length);
  }
  return values;
}

/** One line per message, as the tests compare them. */
export function show(each: WireMessage): string {
  switch (each.type) {
    case 'D':
      return `row ${row(each.body)
        .map((value) => value ?? 'null')
        .join('|')}`;
    case 'C':
      return `done ${each.body.toString('utf8', 0, each.body.length - 1)}`;
    case 'Z':
      return `ready ${each.body.toString()}`;
    case 'E':
      return `error ${fields(each.body).C}`;
    case 'N':
      return `notice ${fields(each.body).M}`;
    case 'T':
      return `columns ${each.body.readInt16BE(0)}`;
    case 't':
      return `parameters ${Array.from({ length: each.body.readInt16BE(0) }, (_, index) => each.body.readInt32BE(2 + index * 4)).join(',')}`;
    case 'S':
      return `setting ${each.body.toString('utf8', 0, each.body.length - 1).replace('\0', '=')}`;
    case 'd':
      return `copy ${JSON.stringify(each.body.toString())}`;
    case '1':
      return 'parsed';
    case '2':
      return 'bound';
    case '3':
      return 'closed';
    case 'n':
      return 'nodata';
    case 's':
      return 'suspended';
    case 'I':
      return 'empty';
    case 'G':
      return 'copyin';
    case 'H':
      return 'copyout';
    case 'c':
      return 'copydone';
    default:
      return `${each.type} ${each.body.toString('hex')}`;
  }
}

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export class WireClient {
  readonly socket = new FakeSocket();
  readonly link: FakeLink;
  readonly connection: PostgresConnection;
  /** Bytes per piece in which input is fed; 0 = whole. */
  pieceBytes = 0;

  constructor(options: Partial<PostgresConnectionOptions> & { link?: FakeLink } = {}, pieceBytes = 0) {
    this.pieceBytes = pieceBytes;
    this.link = options.link ?? new FakeLink();
    this.connection = new PostgresConnection({
      socket: this.socket,
      compiler: fakeCompiler,
      serverVersion: '15.6 (test)',
      authentication: 'trust',
      ...options,
      link: this.link,
    });
  }

  get session(): FakeSession {
    return this.link.sessions.at(-1) as FakeSession;
  }

  feed(bytes: Buffer): void {
    const size = this.pieceBytes === 0 ? bytes.length : this.pieceBytes;
    for (let at = 0; at < bytes.length; at += size) {
      // As a socket that reads into one buffer: what was delivered is overwritten once the event is over.
      const piece = Buffer.from(bytes.subarray(at, at + size));
      this.socket.emit('data', piece);
      piece.fill(0xff);
    }
  }

  async settle(): Promise<void> {
    for (let count = 0; count < 24; count++) await tick();
  }

  takeBytes(): Buffer {
    const bytes = Buffer.concat(this.socket.written);
    this.socket.written.length = 0;
    return bytes;
  }

  async send(...parts: Buffer[]): Promise<WireMessage[]> {
    this.feed(Buffer.concat(parts));
    await this.settle();
    return split(this.takeBytes());
  }

  /** Sends and shows the answer, one line per message. */
  async ask(...parts: Buffer[]): Promise<string[]> {
    return (await this.send(...parts)).map(show);
  }

  async login(parameters?: Record<string, string>): Promise<this> {
    await this.send(startup(parameters));
    this.session.calls.length = 0;
    this.socket.writes = 0;
    return this;
  }
}
