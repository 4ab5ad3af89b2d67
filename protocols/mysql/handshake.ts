/**
 * The first packets of a connection: the server's greeting and the client's answer to it (MySQL protocol,
 * "Connection Phase Packets": HandshakeV10, SSLRequest, HandshakeResponse41).
 */
import { randomBytes } from 'node:crypto';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { NetworkReader } from '../shared/byte-reader.ts';
import { CHARSET, CLIENT, SERVER_CAPABILITIES, SERVER_STATUS } from './constants.ts';
import { readLengthInteger, readLengthText } from './length-encoded.ts';
import type { PacketWriter } from './packets.ts';

export const NONCE_BYTES = 20;
const PROTOCOL_VERSION = 10;
/** capabilities, packet size, charset and filler: what a request for TLS consists of. */
const TLS_REQUEST_BYTES = 32;
const FILLER_BYTES = 23;

/** Random bytes that survive clients which treat the nonce as zero-terminated text. */
export function makeNonce(): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  for (let i = 0; i < NONCE_BYTES; i++) {
    const byte = (nonce[i] as number) & 0x7f;
    nonce[i] = byte === 0 || byte === 0x24 ? byte + 1 : byte;
  }
  return nonce;
}

export interface Greeting {
  readonly serverVersion: string;
  readonly connectionId: number;
  readonly nonce: Buffer;
  readonly plugin: string;
  readonly tls: boolean;
}

export function writeHandshakeV10(packets: PacketWriter, greeting: Greeting): void {
  const { out } = packets;
  const capabilities = greeting.tls ? SERVER_CAPABILITIES | CLIENT.SSL : SERVER_CAPABILITIES;
  packets.begin();
  out.u8(PROTOCOL_VERSION);
  out.cstring(greeting.serverVersion);
  out.u32le(greeting.connectionId);
  out.raw(greeting.nonce.subarray(0, 8));
  out.u8(0);
  out.u16le(capabilities);
  out.u8(CHARSET.UTF8MB4_0900_AI_CI);
  out.u16le(SERVER_STATUS.AUTOCOMMIT);
  out.u16le(capabilities >>> 16);
  out.u8(NONCE_BYTES + 1);
  for (let i = 0; i < 10; i++) out.u8(0);
  out.raw(greeting.nonce.subarray(8));
  out.u8(0);
  out.cstring(greeting.plugin);
  packets.end();
}

export interface HandshakeResponse {
  readonly kind: 'response';
  readonly capabilities: number;
  readonly charset: number;
  readonly user: string;
  readonly proof: Buffer;
  readonly database: string;
  readonly plugin: string;
  readonly attributes: ReadonlyMap<string, string>;
}

export type ClientGreeting =
  | HandshakeResponse
  /** The client wants to go on under TLS, and will send its whole response again. */
  | { readonly kind: 'tls' };

export function readHandshakeResponse(reader: NetworkReader, encrypted: boolean): ClientGreeting {
  const length = reader.remaining;
  const capabilities = reader.u32le() & ~CLIENT.COMPRESS;
  if ((capabilities & CLIENT.PROTOCOL_41) === 0)
    throw new SqlError('connection_exception', {
      message: 'the client speaks a protocol older than 4.1',
      variant: 'old_protocol',
    });
  reader.skip(4);
  const charset = reader.u8();
  reader.skip(FILLER_BYTES);
  if (length === TLS_REQUEST_BYTES && (capabilities & CLIENT.SSL) !== 0 && !encrypted) return { kind: 'tls' };
  const user = reader.cstring();
  const proof = readProof(reader, capabilities);
  const database = (capabilities & CLIENT.CONNECT_WITH_DB) !== 0 && reader.remaining > 0 ? reader.cstring() : '';
  const plugin = (capabilities & CLIENT.PLUGIN_AUTH) !== 0 && reader.remaining > 0 ? reader.cstring() : '';
  const attributes = (capabilities & CLIENT.CONNECT_ATTRS) !== 0 ? readAttributes(reader) : new Map<string, string>();
  return { kind: 'response', capabilities, charset, user, proof, database, plugin, attributes };
}

function readProof(reader: NetworkReader, capabilities: number): Buffer {
  if ((capabilities & CLIENT.PLUGIN_AUTH_LENENC_CLIENT_DATA) !== 0)
    return reader.copy(Number(readLengthInteger(reader)));
  if ((capabilities & CLIENT.SECURE_CONNECTION) !== 0) return reader.copy(reader.u8());
  return Buffer.from(reader.cstring(), 'latin1');
}

/** Connection attributes: what the client says of itself. Bounded by the packet they come in. */
function readAttributes(reader: NetworkReader): Map<string, string> {
  const attributes = new Map<string, string>();
  if (reader.remaining === 0) return attributes;
  const length = Number(readLengthInteger(reader));
  const end = reader.position + Math.min(length, reader.remaining);
  while (reader.position < end) {
    const name = readLengthText(reader);
    attributes.set(name, readLengthText(reader));
  }
  return attributes;
}

export interface UserChange {
  readonly user: string;
  readonly proof: Buffer;
  readonly database: string;
  readonly charset: number;
  readonly plugin: string;
}

/** The payload of COM_CHANGE_USER after its command byte. */
export function readUserChange(reader: NetworkReader, capabilities: number): UserChange {
  const user = reader.cstring();
  const proof =
    (capabilities & CLIENT.SECURE_CONNECTION) !== 0
      ? reader.copy(reader.u8())
      : Buffer.from(reader.cstring(), 'latin1');
  const database = reader.cstring();
  const charset = reader.remaining >= 2 ? reader.u16le() : CHARSET.UTF8MB4_0900_AI_CI;
  const plugin = (capabilities & CLIENT.PLUGIN_AUTH) !== 0 && reader.remaining > 0 ? reader.cstring() : '';
  return { user, proof, database, charset, plugin };
}
