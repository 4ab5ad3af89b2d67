/** The first packet of a connection: a start-up packet or one of the three requests in its place. */
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { MalformedMessage, type NetworkReader } from '../shared/byte-reader.ts';
import { CANCEL_REQUEST, GSSENC_REQUEST, SSL_REQUEST } from './messages.ts';

const PROTOCOL_MAJOR = 3;
/** Newest minor version spoken. */
export const PROTOCOL_MINOR = 0;
/** Start-up parameters in this name space ask for protocol extensions. */
const EXTENSION_PREFIX = '_pq_.';

export interface StartupParameters {
  readonly user: string;
  readonly database: string;
  /** Settings by name, those of `options` included. */
  readonly settings: Readonly<Record<string, string>>;
  /** Protocol extensions asked for; we have none. */
  readonly extensions: readonly string[];
  readonly minorVersion: number;
}

export type StartupPacket =
  | { readonly kind: 'tls' }
  | { readonly kind: 'gss' }
  | { readonly kind: 'cancel'; readonly processId: number; readonly cancelKey: number }
  | { readonly kind: 'startup'; readonly parameters: StartupParameters };

export function readStartupPacket(reader: NetworkReader): StartupPacket {
  const code = reader.i32();
  if (code === SSL_REQUEST) return { kind: 'tls' };
  if (code === GSSENC_REQUEST) return { kind: 'gss' };
  if (code === CANCEL_REQUEST) {
    const request = { kind: 'cancel', processId: reader.i32(), cancelKey: reader.i32() } as const;
    reader.expectEnd();
    return request;
  }
  const major = code >>> 16;
  const minor = code & 0xffff;
  if (major !== PROTOCOL_MAJOR) {
    throw new SqlError(
      'feature_not_supported',
      `unsupported frontend protocol ${major}.${minor}: server supports 3.0 to 3.${PROTOCOL_MINOR}`,
    );
  }
  return { kind: 'startup', parameters: readParameters(reader, minor) };
}

function readParameters(reader: NetworkReader, minorVersion: number): StartupParameters {
  let user = '';
  let database = '';
  const settings: Record<string, string> = Object.create(null) as Record<string, string>;
  const extensions: string[] = [];
  for (;;) {
    const name = reader.cstring();
    if (name === '') break;
    const value = reader.cstring();
    if (name === 'user') user = value;
    else if (name === 'database') database = value;
    else if (name === 'options') Object.assign(settings, parseOptions(value));
    else if (name === 'replication') refuseReplication(value);
    else if (name.startsWith(EXTENSION_PREFIX)) extensions.push(name);
    else settings[name] = value;
  }
  if (reader.remaining > 0)
    throw new MalformedMessage('invalid startup packet layout: expected terminator as last byte');
  if (user === '') {
    throw new SqlError('invalid_authorization_specification', 'no PostgreSQL user name specified in startup packet');
  }
  const encoding = Object.keys(settings).find((name) => name.toLowerCase() === 'client_encoding');
  if (encoding !== undefined) settings[encoding] = clientEncoding(settings[encoding] as string);
  return { user, database: database === '' ? user : database, settings, extensions, minorVersion };
}

function refuseReplication(value: string): void {
  if (/^(false|off|no|0|f|n)$/i.test(value)) return;
  throw new SqlError('feature_not_supported', 'replication connections are not supported');
}

/** The one encoding spoken, under all its names; every other is refused rather than garbled. */
export function clientEncoding(name: string): string {
  const plain = name.toLowerCase().replace(/[^a-z0-9]/g, '');
  if (plain === 'utf8' || plain === 'unicode' || plain === 'sqlascii') return 'UTF8';
  throw new SqlError('invalid_parameter_value', `invalid value for parameter "client_encoding": "${name}"`);
}

/** The command-line switches a client may send: `-c name=value` and `--name=value`, blanks escaped by backslash. */
export function parseOptions(text: string): Record<string, string> {
  const settings: Record<string, string> = {};
  const words = splitWords(text);
  for (let index = 0; index < words.length; index++) {
    const word = words[index] as string;
    let assignment: string | undefined;
    if (word === '-c') assignment = words[++index];
    else if (word.startsWith('-c')) assignment = word.slice(2);
    else if (word.startsWith('--')) assignment = word.slice(2);
    const equals = assignment?.indexOf('=') ?? -1;
    if (assignment === undefined || equals <= 0) {
      throw new SqlError('syntax_error', { message: `invalid command-line argument for server process: ${word}` });
    }
    settings[assignment.slice(0, equals).replaceAll('-', '_')] = assignment.slice(equals + 1);
  }
  return settings;
}

function splitWords(text: string): string[] {
  const words: string[] = [];
  let word = '';
  let started = false;
  for (let index = 0; index < text.length; index++) {
    const char = text[index] as string;
    if (char === '\\' && index + 1 < text.length) {
      word += text[++index] as string;
      started = true;
    } else if (/\s/.test(char)) {
      if (started) words.push(word);
      word = '';
      started = false;
    } else {
      word += char;
      started = true;
    }
  }
  if (started) words.push(word);
  return words;
}
