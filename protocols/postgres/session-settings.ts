/**
 * The settings of a session as the protocol sees them: which are told to the client (ParameterStatus),
 * how values print, and what the compiler must know.
 */
import type { SessionInfo } from '../../sblr/contract/session.ts';
import {
  DEFAULT_TEXT_SETTINGS,
  parseDateStyle,
  parseIntervalStyle,
  type TextSettings,
} from '../../sblr/contract/text/settings.ts';
import { timeZoneSetting } from '../../sblr/contract/text/time-zone.ts';
import type { NetworkWriter } from '../shared/byte-writer.ts';
import { writeParameterStatus } from './messages.ts';

/** Settings clients rely on being told, with their value where the session does not know them. */
const REPORTED: readonly (readonly [name: string, value: string])[] = [
  ['application_name', ''],
  ['client_encoding', 'UTF8'],
  ['DateStyle', 'ISO, MDY'],
  ['default_transaction_read_only', 'off'],
  ['in_hot_standby', 'off'],
  ['integer_datetimes', 'on'],
  ['IntervalStyle', 'postgres'],
  ['is_superuser', 'off'],
  ['server_encoding', 'UTF8'],
  ['server_version', ''],
  ['session_authorization', ''],
  ['standard_conforming_strings', 'on'],
  ['TimeZone', 'UTC'],
];
const REPORTED_NAMES: ReadonlyMap<string, string> = new Map(REPORTED.map(([name]) => [name.toLowerCase(), name]));

export class SessionSettings {
  /** All known settings by lower-case name. A new object after every change, so it can be compared by identity. */
  compile: Readonly<Record<string, string>> = {};
  text: TextSettings = DEFAULT_TEXT_SETTINGS;
  /** What the client was told last, by reported name. */
  readonly #told = new Map<string, string>();
  readonly #changed = new Map<string, string>();

  /** Takes the session's first settings and tells the client. */
  start(info: SessionInfo, serverVersion: string, writer: NetworkWriter): void {
    const values: Record<string, string> = {};
    for (const [name, value] of Object.entries(info.settings)) values[name.toLowerCase()] = value;
    values.server_version = serverVersion;
    values.is_superuser = info.isSuperuser ? 'on' : 'off';
    values.session_authorization ??= info.user;
    this.compile = values;
    for (const [name, value] of Object.entries(values)) this.#applyText(name, value);
    for (const [name, fallback] of REPORTED) {
      const value = values[name.toLowerCase()] ?? fallback;
      this.#told.set(name, value);
      writeParameterStatus(writer, name, value);
    }
  }

  /** A setting changed its effective value. */
  change(name: string, value: string): void {
    const key = name.toLowerCase();
    if (this.compile[key] === value) return;
    this.compile = { ...this.compile, [key]: value };
    this.#applyText(key, value);
    const reported = REPORTED_NAMES.get(key);
    if (reported !== undefined) this.#changed.set(reported, value);
  }

  /** Tells the client what changed since it was told last; done before each ReadyForQuery. */
  report(writer: NetworkWriter): void {
    if (this.#changed.size === 0) return;
    for (const [name, value] of this.#changed) {
      if (this.#told.get(name) === value) continue;
      this.#told.set(name, value);
      writeParameterStatus(writer, name, value);
    }
    this.#changed.clear();
  }

  #applyText(key: string, value: string): void {
    const text = this.text;
    switch (key) {
      case 'datestyle':
        this.text = { ...text, ...parseDateStyle(value, text) };
        break;
      case 'intervalstyle':
        this.text = { ...text, intervalStyle: parseIntervalStyle(value) ?? text.intervalStyle };
        break;
      case 'timezone':
        this.text = { ...text, timeZone: timeZoneSetting(value) ?? text.timeZone };
        break;
      case 'bytea_output':
        this.text = { ...text, bytesOutput: value === 'escape' ? 'escape' : 'hex' };
        break;
      case 'extra_float_digits': {
        const digits = Number(value);
        if (Number.isInteger(digits)) this.text = { ...text, extraFloatDigits: digits };
        break;
      }
    }
  }
}
