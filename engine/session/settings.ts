/**
 * Settings of one session: defaults of the dialect, overridden by role, client and SET, with SET
 * undone by a rollback and SET LOCAL by the transaction's end. Names match without case.
 */
import { checkSet } from './setting-sets.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { SettingDefinition, SettingRole } from '../../sblr/contract/session.ts';
import { formatDateStyle, parseDateStyle } from '../../sblr/contract/text/settings.ts';
import { type TimeZone, timeZoneSetting, UTC, zoneOrOffset } from '../../sblr/contract/text/time-zone.ts';

/** Longest value; search paths of generated names stay far below. */
const VALUE_LIMIT = 64 * 1024;

export const TRUE_WORDS: ReadonlySet<string> = new Set(['on', 'true', 'tru', 'tr', 't', 'yes', 'ye', 'y', '1']);
const FALSE_WORDS = new Set(['off', 'of', 'false', 'fals', 'fal', 'fa', 'f', 'no', 'n', '0']);

const UNIT_FACTORS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  ms: { us: 0.001, ms: 1, s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 },
  s: { us: 1e-6, ms: 0.001, s: 1, min: 60, h: 3600, d: 86_400 },
  min: { ms: 1 / 60_000, s: 1 / 60, min: 1, h: 60, d: 1440 },
  B: { B: 1, kB: 1024, MB: 1 << 20, GB: 1 << 30, TB: 2 ** 40 },
  kB: { B: 1 / 1024, kB: 1, MB: 1024, GB: 1 << 20, TB: 1 << 30 },
  '8kB': { B: 1 / 8192, kB: 1 / 8, MB: 128, GB: 131072, TB: 1 << 27 },
  MB: { kB: 1 / 1024, MB: 1, GB: 1024, TB: 1 << 20 },
};

export type SettingChange = (name: string, value: string, definition: SettingDefinition | undefined) => void;

export class SessionSettings {
  readonly #definitions: ReadonlyMap<string, SettingDefinition>;
  /** Values a RESET goes back to. */
  readonly #defaults = new Map<string, string>();
  /** Names whose default the role or the client gave. */
  readonly #own = new Set<string>();
  /** Names whose default the server's configuration gave. */
  #configured: readonly string[] = [];
  #values = new Map<string, string>();
  /** Values before this transaction's first change; restored by rollback. */
  #saved: Map<string, string> | undefined;
  /** Values to restore at the end of the transaction in any case (SET LOCAL). */
  #local: Map<string, string> | undefined;
  /** What was set for all sessions. */
  readonly #globals: Map<string, string>;
  readonly #onChange: SettingChange;
  readonly #roles = new Map<SettingRole, string>();

  constructor(
    definitions: ReadonlyMap<string, SettingDefinition>,
    globals: Map<string, string>,
    onChange: SettingChange,
  ) {
    this.#definitions = definitions;
    this.#globals = globals;
    this.#onChange = onChange;
    for (const definition of definitions.values()) {
      const value = globals.get(definition.name.toLowerCase()) ?? definition.defaultValue;
      this.#values.set(definition.name.toLowerCase(), value);
      this.#defaults.set(definition.name.toLowerCase(), value);
      if (definition.role !== undefined) this.#roles.set(definition.role, definition.name.toLowerCase());
    }
  }

  /** Value of the setting that plays a role, if the dialect has one that does. */
  byRole(role: SettingRole): string | undefined {
    const name = this.#roles.get(role);
    return name === undefined ? undefined : this.#values.get(name);
  }

  /** The session's zone; an offset counts east or west of Greenwich as the kind of the setting says. */
  timeZone(): TimeZone {
    const name = this.#roles.get('time_zone');
    if (name === undefined) return UTC;
    const value = this.#values.get(name) ?? 'UTC';
    const east = this.#definitions.get(name)?.kind === 'zone_or_offset';
    return (east ? zoneOrOffset(value) : timeZoneSetting(value)) ?? UTC;
  }

  /** Microseconds since 1970 by the session's clock, which may stand; `now`: by that of the server. */
  clockAt(now: number): number {
    const name = this.#roles.get('clock');
    const seconds = name === undefined ? 0 : Number(this.#values.get(name));
    return seconds > 0 ? Math.round(seconds * 1_000_000) : now;
  }

  /** Has the setting of this name a role? */
  plays(name: string): boolean {
    return this.#definitions.get(name)?.role !== undefined;
  }

  /** The setting that plays a role, and its option that reads like these words. */
  optionByRole(role: SettingRole, words: string): { readonly name: string; readonly value: string } | undefined {
    const name = this.#roles.get(role);
    if (name === undefined) return undefined;
    const plain = (text: string): string => text.toLowerCase().replaceAll(/[-_]/g, ' ');
    const options = this.#definitions.get(name)?.options ?? [];
    return { name, value: options.find((option) => plain(option) === plain(words)) ?? words };
  }

  /** The same in the base unit of a setting of time; 0 when there is none. */
  millisecondsByRole(role: SettingRole): number {
    const name = this.#roles.get(role);
    const text = name === undefined ? undefined : this.#values.get(name);
    if (name === undefined || text === undefined || text === '0') return 0;
    const definition = this.#definitions.get(name);
    const scale = definition?.unit === 's' ? 1000 : 1;
    return Math.max(settingNumber(definition, text) * scale, 0);
  }

  /** The setting that plays a role, set to the option that says the same however it is spelled. */
  setByRole(role: SettingRole, value: string, inTransaction: boolean, global: boolean): void {
    const name = this.#roles.get(role);
    if (name === undefined) return;
    const plain = (text: string): string => text.toLowerCase().replace(/[ _-]/g, ' ');
    const options = this.#definitions.get(name)?.options;
    const option = options?.find((one) => plain(one) === plain(value)) ?? value;
    if (global) this.setGlobal(name, option, () => undefined);
    else this.set(name, option, true, false, inTransaction);
  }

  get(name: string): string | undefined {
    return this.#values.get(name.toLowerCase());
  }

  /** The session's value, or that of sessions to come. Those that only a server has are the same for all. */
  read(name: string, global: boolean): string | undefined {
    const key = name.toLowerCase();
    const definition = this.#definitions.get(key);
    if (!global && definition?.context !== 'global') return this.#values.get(key);
    return this.#globals.get(key) ?? definition?.defaultValue;
  }

  /** For all sessions to come; undefined = the dialect's default. */
  setGlobal(name: string, value: string | undefined, requireRight: () => void): void {
    const key = name.toLowerCase();
    const definition = this.#definitions.get(key);
    if (definition === undefined) throw this.#unknown(name);
    const checked = this.#check(name, value ?? definition.defaultValue, true, true);
    requireRight();
    this.#globals.set(key, checked);
  }

  definition(name: string): SettingDefinition | undefined {
    return this.#definitions.get(name.toLowerCase());
  }

  *entries(): Iterable<readonly [SettingDefinition | undefined, string, string]> {
    for (const [key, value] of this.#values) {
      const definition = this.#definitions.get(key);
      yield [definition, definition?.name ?? key, value];
    }
  }

  /** What clients are told of, as their compilers read it. */
  reported(): Readonly<Record<string, string>> {
    const found: Record<string, string> = {};
    for (const [definition, name, value] of this.entries()) if (definition?.reported === true) found[name] = value;
    return found;
  }

  defaultOf(name: string): string | undefined {
    return this.#defaults.get(name.toLowerCase());
  }

  /** Takes the server's configuration; what it has no longer goes back to the built-in default. */
  configure(configured: Readonly<Record<string, string>>): void {
    for (const name of this.#configured)
      if (!(name in configured)) this.#configureOne(name, this.definition(name)?.defaultValue ?? '');
    this.#configured = Object.keys(configured);
    for (const name of this.#configured) this.#configureOne(name, configured[name] as string);
  }

  /** A default, unless the session's role or client has its own. */
  #configureOne(name: string, value: string): void {
    const key = name.toLowerCase();
    if (this.#own.has(key)) return;
    const before = this.#defaults.get(key);
    this.#defaults.set(key, value);
    if (this.#values.get(key) === (before ?? '')) this.#assign(name, value);
  }

  /** The value as it is kept, for the server's configuration; throws when it cannot be changed at all. */
  checkForServer(name: string, value: string): string {
    const definition = this.definition(name);
    if (definition?.context !== 'fixed') return this.#check(name, value, true);
    // What cannot be changed may be said again: nothing has to be carried out.
    const same =
      definition.kind === 'bool' && checkValue(definition, value, definition.defaultValue) === this.get(name);
    if (same || value === this.get(name)) return definition.defaultValue;
    throw new SqlError('cannot_change_runtime_parameter', {
      message: `parameter "${definition.name}" cannot be changed`,
      args: { name: definition.name },
    });
  }

  /** Start-up values of the client and the role: they become the session's defaults. */
  initialise(name: string, value: string, isSuperuser: boolean): void {
    const checked = this.#check(name, value, isSuperuser);
    this.#defaults.set(name.toLowerCase(), checked);
    this.#own.add(name.toLowerCase());
    this.#assign(name, checked);
  }

  /** Fails as `set` would. */
  require(name: string, value: string, isSuperuser: boolean): void {
    this.#check(name, value, isSuperuser);
  }

  set(name: string, value: string, isSuperuser: boolean, local: boolean, inTransaction: boolean): string {
    const checked = this.#check(name, value, isSuperuser);
    this.#remember(name, local, inTransaction);
    this.#assign(name, checked);
    return checked;
  }

  reset(name: string, isSuperuser: boolean, local: boolean, inTransaction: boolean): void {
    const key = name.toLowerCase();
    const value = this.#defaults.get(key);
    if (value === undefined && !key.includes('.')) throw this.#unknown(name);
    this.set(name, value ?? '', isSuperuser, local, inTransaction);
  }

  resetAll(inTransaction: boolean): void {
    for (const [key, value] of this.#defaults) {
      const definition = this.#definitions.get(key);
      if (definition?.context === 'fixed' || this.#values.get(key) === value) continue;
      this.#remember(key, false, inTransaction);
      this.#assign(key, value);
    }
  }

  commit(): void {
    this.#saved = undefined;
    this.#restore(this.#local);
    this.#local = undefined;
  }

  rollback(): void {
    this.#restore(this.#saved);
    this.#saved = undefined;
    this.#local = undefined;
  }

  /** Values now, for a savepoint; `restoreMark` goes back to them. */
  mark(): ReadonlyMap<string, string> {
    return new Map(this.#values);
  }

  restoreMark(mark: ReadonlyMap<string, string>): void {
    this.#restore(mark);
  }

  #restore(values: ReadonlyMap<string, string> | undefined): void {
    if (values === undefined) return;
    for (const [key, value] of values) if (this.#values.get(key) !== value) this.#assign(key, value);
  }

  #remember(name: string, local: boolean, inTransaction: boolean): void {
    if (!inTransaction) return;
    const key = name.toLowerCase();
    const old = this.#values.get(key) ?? '';
    this.#saved ??= new Map();
    if (!this.#saved.has(key)) this.#saved.set(key, old);
    if (local) {
      this.#local ??= new Map();
      if (!this.#local.has(key)) this.#local.set(key, old);
    } else {
      this.#local?.delete(key);
    }
  }

  #assign(name: string, value: string): void {
    const key = name.toLowerCase();
    if (this.#values.get(key) === value) return;
    this.#values.set(key, value);
    const definition = this.#definitions.get(key);
    this.#onChange(definition?.name ?? name, value, definition);
  }

  #unknown(name: string): SqlError {
    return new SqlError('undefined_object', {
      message: `unrecognized configuration parameter "${name}"`,
      variant: 'setting',
      args: { name },
    });
  }

  #check(name: string, value: string, isSuperuser: boolean, global = false): string {
    const definition = this.#definitions.get(name.toLowerCase());
    if (value.length > VALUE_LIMIT)
      throw new SqlError('invalid_parameter_value', `value for parameter "${name}" is too long`);
    if (definition === undefined) {
      // Names with a point are the application's own.
      if (name.includes('.')) return value;
      throw this.#unknown(name);
    }
    if (definition.context === 'fixed') {
      throw new SqlError('cannot_change_runtime_parameter', {
        message: `parameter "${definition.name}" cannot be changed`,
        args: { name: definition.name },
      });
    }
    if (definition.context === 'global' && !global) {
      throw new SqlError('cannot_change_runtime_parameter', {
        message: `parameter "${definition.name}" can only be set for all sessions`,
        variant: 'global_only',
        args: { name: definition.name },
      });
    }
    if (definition.context === 'superuser' && !isSuperuser) {
      throw new SqlError('insufficient_privilege', {
        message: `permission denied to set parameter "${definition.name}"`,
        variant: 'setting',
        args: { name: definition.name },
      });
    }
    return checkValue(definition, value, this.get(name) ?? definition.defaultValue);
  }
}

/** A zone that stays as it is written. */
function checkZone(value: string): string {
  if (zoneOrOffset(value) !== undefined) return value;
  throw new SqlError('invalid_time_zone_displacement_value', {
    message: `unknown time zone: '${value}'`,
    args: { value },
  });
}

function invalid(definition: SettingDefinition, value: string, hint?: string, detail?: string): SqlError {
  return new SqlError('invalid_parameter_value', {
    message: `invalid value for parameter "${definition.name}": "${value}"`,
    variant: 'setting',
    args: { name: definition.name, value },
    ...(hint === undefined ? {} : { hint }),
    ...(detail === undefined ? {} : { detail }),
  });
}

/** The value in its canonical form; `current` is what parts not mentioned stay at. */
function checkValue(definition: SettingDefinition, value: string, current: string): string {
  switch (definition.kind) {
    case 'bool': {
      const word = value.trim().toLowerCase();
      if (TRUE_WORDS.has(word)) return 'on';
      if (FALSE_WORDS.has(word)) return 'off';
      throw new SqlError('invalid_parameter_value', {
        message: `parameter "${definition.name}" requires a Boolean value`,
        variant: 'setting_boolean',
        args: { name: definition.name, value },
      });
    }
    case 'enum': {
      const found = definition.options?.find((option) => option.toLowerCase() === value.trim().toLowerCase());
      if (found !== undefined) return found;
      throw invalid(definition, value, `Available values: ${definition.options?.join(', ') ?? ''}.`);
    }
    case 'integer':
    case 'real':
      return checkNumber(definition, value);
    case 'set': {
      const checked = checkSet(definition, value);
      if ('words' in checked) return checked.words;
      throw invalid(definition, checked.unknown);
    }
    case 'time_zone': {
      const zone = timeZoneSetting(value);
      if (zone === undefined) throw invalid(definition, value);
      return zone.name;
    }
    case 'zone_or_offset':
      return checkZone(value);
    case 'encoding':
      return checkEncoding(value);
    case 'date_style':
      return checkDateStyle(definition, value, current);
    default:
      return value;
  }
}

/** The one encoding spoken, under all its names; every other is refused rather than garbled. */
function checkEncoding(value: string): string {
  const plain = value.toLowerCase().replace(/[^a-z0-9]/g, '');
  if (plain === 'utf8' || plain === 'unicode' || plain === 'sqlascii') return 'UTF8';
  throw new SqlError('feature_not_supported', `conversion between ${value} and UTF8 is not supported`);
}

function checkDateStyle(definition: SettingDefinition, value: string, current: string): string {
  const base = parseDateStyle(current, { dateStyle: 'iso', dateOrder: 'mdy' });
  const style = parseDateStyle(value, base ?? { dateStyle: 'iso', dateOrder: 'mdy' });
  if (style !== undefined) return formatDateStyle(style.dateStyle, style.dateOrder);
  const known = (word: string): boolean => parseDateStyle(word, { dateStyle: 'iso', dateOrder: 'mdy' }) !== undefined;
  const word = value.split(',').find((part) => !known(part)) ?? value;
  throw invalid(definition, value, undefined, `Unrecognized key word: "${word.trim()}".`);
}

function checkNumber(definition: SettingDefinition, value: string): string {
  const match = /^\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*([A-Za-z]*)\s*$/.exec(value);
  if (match === null) throw invalid(definition, value);
  const factor = match[2] === '' ? 1 : UNIT_FACTORS[definition.unit ?? '']?.[match[2]!];
  if (factor === undefined)
    throw invalid(
      definition,
      value,
      definition.unit === undefined
        ? undefined
        : `Valid units for this parameter are ${Object.keys(UNIT_FACTORS[definition.unit] ?? {})
            .map((unit) => `"${unit}"`)
            .join(', ')}.`,
    );
  const scaled = Number(match[1]) * factor;
  const number = definition.kind === 'integer' ? Math.round(scaled) : scaled;
  const { minimum, maximum } = definition;
  if ((minimum !== undefined && number < minimum) || (maximum !== undefined && number > maximum)) {
    const unit = definition.unit === undefined ? '' : ` ${definition.unit}`;
    throw new SqlError('invalid_parameter_value', {
      message: `${number}${unit} is outside the valid range for parameter "${definition.name}" (${minimum ?? ''} .. ${maximum ?? ''})`,
      variant: 'setting_range',
      args: { name: definition.name, value },
    });
  }
  return displayNumber(number, definition.unit);
}

/** With the largest unit that divides it, as SHOW prints it. */
function displayNumber(value: number, unit: string | undefined): string {
  if (unit === undefined || value <= 0 || !Number.isInteger(value)) return String(value);
  const factors = Object.entries(UNIT_FACTORS[unit] ?? {})
    .filter(([, factor]) => factor >= 1)
    .sort((a, b) => b[1] - a[1]);
  for (const [name, factor] of factors) if (value % factor === 0) return `${value / factor}${name}`;
  return String(value);
}

/** Number in the base unit of a setting's displayed value, e.g. '2min' with unit ms = 120000. */
export function settingNumber(definition: SettingDefinition | undefined, value: string): number {
  const match = /^\s*([-+]?[\d.]+)\s*([A-Za-z]*)/.exec(value);
  if (match === null) return 0;
  return Number(match[1]) * (match[2] === '' ? 1 : (UNIT_FACTORS[definition?.unit ?? 'ms']?.[match[2]!] ?? 1));
}
