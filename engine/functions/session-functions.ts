/** Functions about the session, the server and settings, sequences, locks and other sessions. */
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { TEXT, type SqlType } from '../../sblr/contract/types.ts';
import { type Decimal, type Interval, SqlArray, type SqlValue } from '../../sblr/contract/values.ts';
import { parseDecimal } from '../../sblr/contract/text/numbers.ts';
import { compareDecimal, decimalToInteger, divideTo, multiplyDecimal, absDecimal } from '../types/decimal.ts';
import { Decimal as DecimalValue } from '../../sblr/contract/values.ts';
import { textFormatter } from '../../sblr/contract/text/text-io.ts';
import { displayType } from '../../sblr/contract/text/type-name.ts';
import { checkInt64, type Integer } from '../types/integers.ts';
import { createHash } from 'node:crypto';
import type { EvalContext, RowSource } from './function.ts';
import { NOT_STRICT, rowsSource, scalar, scalarFor, setFunction, STABLE, valuesSource, VOLATILE } from './table.ts';

type C = EvalContext;

for (const name of ['current_database', 'current_catalog'])
  scalar(`${name}() name`, (c: C) => c.introspection.currentDatabase() || null, STABLE);
for (const name of ['current_user', 'current_role', 'user'])
  scalar(`${name}() name`, (c: C) => c.introspection.currentUser(), STABLE);
scalar('session_user() name', (c: C) => c.introspection.sessionUser(), STABLE);
scalar('current_schema() name', (c: C) => c.introspection.currentSchemas(false)[0] ?? null, STABLE);
scalar(
  'current_schemas(bool) name[]',
  (implicit: boolean, c: C) => new SqlArray(c.introspection.currentSchemas(implicit)),
  STABLE,
);
scalar('version() text', (c: C) => c.introspection.serverVersion(), STABLE);
scalar('session_id() int32', (c: C) => c.introspection.sessionId, STABLE);
scalar('server_start_time() timestamptz', (c: C) => c.introspection.serverStarted(), STABLE);
scalar('configuration_load_time() timestamptz', (c: C) => c.introspection.configurationLoaded(), STABLE);
scalar('client_encoding() name', (c: C) => c.introspection.setting('client_encoding') ?? 'UTF8', STABLE);
scalar('database_encoding() name', () => 'UTF8', STABLE);
scalar('is_in_recovery() bool', () => false, VOLATILE);
scalar('jit_available() bool', () => false, VOLATILE);
scalar('reload_configuration() bool', (c: C) => c.introspection.reloadConfiguration(), VOLATILE);
scalar('trigger_depth() int32', () => 0, STABLE);
scalar('current_query() text', (c: C) => c.introspection.setting('statement_text') ?? null, VOLATILE);
scalar('notification_queue_usage() float64', () => 0, VOLATILE);
scalar('inet_client_addr() text', (c: C) => address(c)[0], STABLE);
scalar('inet_client_port() int32', (c: C) => (address(c)[1] === null ? null : Number(address(c)[1])), STABLE);
function address(c: C): readonly [string | null, string | null] {
  const text = c.introspection.clientAddress();
  const at = text.lastIndexOf(':');
  return at <= 0 || !/^\d+$/.test(text.slice(at + 1))
    ? [text === '' ? null : text, null]
    : [text.slice(0, at), text.slice(at + 1)];
}
scalar('inet_server_addr() text', () => null, STABLE);
scalar(
  'inet_server_port() int32',
  (c: C) => {
    const port = c.introspection.setting('port');
    return port === undefined ? null : Number(port);
  },
  STABLE,
);

// ---- the last statements of the session
scalar('last_identity() int64', (c: C) => c.introspection.counts.identity, STABLE);
scalar(
  'last_identity(int64) int64',
  (value: number | bigint | null, c: C) => {
    c.introspection.counts.replaceIdentity(value ?? 0);
    return value;
  },
  { strict: false, volatility: 'volatile' },
);
scalar('row_count() int64', (c: C) => c.introspection.counts.rows, VOLATILE);
scalar('found_rows() int64', (c: C) => c.introspection.counts.found, VOLATILE);

// ---- locks by name
scalar(
  'named_lock(text, float64) int32',
  (name: string, seconds: number, c: C) => (c.introspection.namedLocks.acquire(name, seconds) ? 1 : 0),
  VOLATILE,
);
scalar(
  'named_lock_release(text) int32',
  (name: string, c: C) => {
    const released = c.introspection.namedLocks.release(name);
    return released === undefined ? null : Number(released);
  },
  VOLATILE,
);
scalar(
  'named_lock_holder(text) int32',
  (name: string, c: C) => c.introspection.namedLocks.holder(name) ?? null,
  VOLATILE,
);
scalar(
  'named_lock_is_free(text) int32',
  (name: string, c: C) => (c.introspection.namedLocks.holder(name) === undefined ? 1 : 0),
  VOLATILE,
);
scalar('named_locks_release() int32', (c: C) => c.introspection.namedLocks.releaseAll(), VOLATILE);

// ---- other sessions that must be there
scalar('end_session(int32) bool', (id: number, c: C) => c.introspection.signalSession(id, 'terminate', true), VOLATILE);
scalar(
  'interrupt_session(int32) bool',
  (id: number, c: C) => c.introspection.signalSession(id, 'cancel', true),
  VOLATILE,
);

// ---- settings
function unknownSetting(name: string): SqlError {
  return new SqlError('undefined_object', {
    message: `unrecognized configuration parameter "${name}"`,
    args: { name },
  });
}
scalar(
  'current_setting(text) text',
  (name: string, c: C) => {
    const value = c.introspection.setting(name);
    if (value === undefined) throw unknownSetting(name);
    return value;
  },
  STABLE,
);
scalar(
  'current_setting(text, bool) text',
  (name: string, missing: boolean, c: C) => {
    const value = c.introspection.setting(name);
    if (value === undefined && !missing) throw unknownSetting(name);
    return value ?? null;
  },
  STABLE,
);
scalar(
  'set_config(text, text, bool) text',
  (name: string | null, value: string | null, local: boolean | null, c: C) => {
    if (name === null) throw new SqlError('null_value_not_allowed', 'SET requires parameter name');
    return c.introspection.setSetting(name, value ?? '', local === true);
  },
  { strict: false, volatility: 'volatile' },
);

// ---- transactions
scalar('transaction_id() int64', (c: C) => c.introspection.transactionId(true) ?? null, STABLE);
scalar('transaction_id_if_assigned() int64', (c: C) => c.introspection.transactionId(false) ?? null, STABLE);

// ---- sequences
scalar('nextval(regclass) int64', (id: number, c: C) => c.introspection.sequences.nextValue(id), VOLATILE);
scalar('currval(regclass) int64', (id: number, c: C) => c.introspection.sequences.currentValue(id), VOLATILE);
scalar('lastval() int64', (c: C) => c.introspection.sequences.lastValue(), VOLATILE);
scalar(
  'setval(regclass, int64) int64',
  (id: number, value: Integer, c: C) => {
    c.introspection.sequences.setValue(id, value, true);
    return value;
  },
  VOLATILE,
);
scalar(
  'setval(regclass, int64, bool) int64',
  (id: number, value: Integer, called: boolean, c: C) => {
    c.introspection.sequences.setValue(id, value, called);
    return value;
  },
  VOLATILE,
);

// ---- other sessions and locks
scalar('cancel_session(int32) bool', (id: number, c: C) => c.introspection.signalSession(id, 'cancel'), VOLATILE);
scalar('terminate_session(int32) bool', (id: number, c: C) => c.introspection.signalSession(id, 'terminate'), VOLATILE);
scalar(
  'terminate_session(int32, int64) bool',
  (id: number, _timeout: Integer, c: C) => c.introspection.signalSession(id, 'terminate'),
  VOLATILE,
);
scalar(
  'blocking_sessions(int32) int32[]',
  (id: number, c: C) => new SqlArray(c.introspection.blockingSessions(id)),
  VOLATILE,
);
scalar('snapshot_blocking_sessions(int32) int32[]', () => new SqlArray([]), VOLATILE);
scalar(
  'notify(text, text) void',
  (channel: string | null, payload: string | null, c: C) => {
    if (channel === null || channel === '')
      throw new SqlError('invalid_parameter_value', 'channel name cannot be empty');
    c.introspection.notify(channel, payload ?? '');
    return '';
  },
  { strict: false, volatility: 'volatile' },
);
setFunction('listening_channels() text', (_: never, c: C) => valuesSource(c.introspection.listeningChannels()), {
  volatility: 'stable',
});
for (const [arguments_, key] of [
  ['int64', (a: Integer) => `${a}`],
  ['int32, int32', (a: number, b: number) => `${a}/${b}`],
] as const) {
  const count = arguments_ === 'int64' ? 1 : 2;
  const lock =
    (mode: 'exclusive' | 'shared', scope: 'session' | 'transaction', wait: boolean) =>
    (...values: unknown[]): SqlValue => {
      const name = (key as (...parts: unknown[]) => string)(...values.slice(0, count));
      const taken = (values[count] as C).introspection.advisoryLocks.lock(name, mode, scope, wait);
      return wait ? '' : taken;
    };
  for (const mode of ['exclusive', 'shared'] as const) {
    const suffix = mode === 'shared' ? '_shared' : '';
    scalar(`advisory_lock${suffix}(${arguments_}) void`, lock(mode, 'session', true), VOLATILE);
    scalar(`advisory_transaction_lock${suffix}(${arguments_}) void`, lock(mode, 'transaction', true), VOLATILE);
    scalar(`try_advisory_lock${suffix}(${arguments_}) bool`, lock(mode, 'session', false), VOLATILE);
    scalar(`try_advisory_transaction_lock${suffix}(${arguments_}) bool`, lock(mode, 'transaction', false), VOLATILE);
    scalar(
      `advisory_unlock${suffix}(${arguments_}) bool`,
      (...values: unknown[]) => {
        const name = (key as (...parts: unknown[]) => string)(...values.slice(0, count));
        return (values[count] as C).introspection.advisoryLocks.unlock(name, mode);
      },
      VOLATILE,
    );
  }
}
scalar(
  'advisory_unlock_all() void',
  (c: C) => {
    c.introspection.advisoryLocks.unlockAll();
    return '';
  },
  VOLATILE,
);
const nap = (seconds: number, c: C): string => {
  if (seconds > 0) c.introspection.sleep(seconds);
  return '';
};
scalar('sleep(float64) void', nap, VOLATILE);
scalar(
  'slept(float64) int32',
  (seconds: number, c: C) => {
    nap(seconds, c);
    return 0;
  },
  VOLATILE,
);
scalar(
  'sleep_for(interval) void',
  (span: Interval, c: C) => nap((span.months * 30 + span.days) * 86400 + span.micros / 1e6, c),
  VOLATILE,
);
scalar('sleep_until(timestamptz) void', (until: Integer, c: C) => nap((Number(until) - c.clock()) / 1e6, c), VOLATILE);

// ---- values and types
scalarFor(
  'type_of(any) regtype',
  ([type]) =>
    (_value: SqlValue, c: C) =>
      c.introspection.typeId(type as SqlType),
  { strict: false, volatility: 'stable' },
);
scalarFor(
  'collation_for(any) text',
  ([type]) =>
    () => {
      if (type?.kind !== 'text' && type?.kind !== 'unknown')
        throw new SqlError('datatype_mismatch', `collations are not supported by type ${displayType(type as SqlType)}`);
      return type.collation === undefined ? '"default"' : `"${type.collation}"`;
    },
  { strict: false, volatility: 'stable' },
);
scalarFor(
  'value_size(any) int32',
  ([type]) =>
    (value: SqlValue, c: C) =>
      sizeOf(value, type as SqlType, c),
  STABLE,
);
function sizeOf(value: SqlValue, type: SqlType, c: C): number {
  switch (type.kind) {
    case 'bool':
      return 1;
    case 'int16':
      return 2;
    case 'int32':
    case 'float32':
    case 'date':
    case 'oid':
    case 'reference':
      return 4;
    case 'int64':
    case 'float64':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
      return 8;
    case 'uuid':
    case 'interval':
      return 16;
    case 'bytes':
      return (value as Uint8Array).length + 4;
    default:
      return Buffer.byteLength(textFormatter(type, c.text)(value)) + 4;
  }
}
scalar(
  'num_nulls(...any) int32',
  (values: readonly SqlValue[]) => values.reduce((count: number, value) => count + (value === null ? 1 : 0), 0),
  NOT_STRICT,
);
scalar(
  'num_nonnulls(...any) int32',
  (values: readonly SqlValue[]) => values.reduce((count: number, value) => count + (value === null ? 0 : 1), 0),
  NOT_STRICT,
);
const hash64 = (text: string, seed: Integer): bigint =>
  createHash('md5').update(`${seed}:${text}`).digest().readBigInt64BE();
scalar('hashtext(text) int32', (text: string) => Number(BigInt.asIntN(32, hash64(text, 0))));
scalar('hash_text_extended(text, int64) int64', (text: string, seed: Integer) => checkInt64(hash64(text, seed)));

// ---- sizes
const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;
function sizePretty(value: bigint): string {
  let size = value;
  const abs = (n: bigint): bigint => (n < 0n ? -n : n);
  // Steps of 1024 with rounding to the next unit from 10 of the larger one.
  if (abs(size) < 10240n) return `${size} bytes`;
  let half = size / 512n;
  for (let unit = 1; unit < UNITS.length; unit++) {
    const rounded = (half + (half < 0n ? -1n : 1n)) / 2n;
    if (abs(rounded) < 10240n || unit === UNITS.length - 1) return `${rounded} ${UNITS[unit] as string}`;
    half /= 1024n;
  }
  size = half;
  return `${size} PB`;
}
scalar('size_pretty(int64) text', (value: Integer) => sizePretty(BigInt(value)));
scalar('size_pretty(decimal) text', (value: Decimal) => {
  const limit = new DecimalValue(10240, 0);
  return compareDecimal(absDecimal(value), limit) < 0
    ? `${value.toString()} bytes`
    : sizePretty(BigInt(divideTo(value, new DecimalValue(1, 0), 0, true).unscaled));
});
scalar('size_bytes(text) int64', (text: string) => {
  const match = /^\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*([A-Za-z]*)\s*$/.exec(text);
  if (match === null) throw new SqlError('invalid_parameter_value', `invalid size: "${text}"`);
  const unit = (match[2] as string).toLowerCase();
  const power =
    unit === '' || unit === 'bytes' || unit === 'b' ? 0 : UNITS.findIndex((name) => name.toLowerCase() === unit);
  if (power < 0)
    throw new SqlError('invalid_parameter_value', {
      message: `invalid size: "${text}"`,
      detail: `Invalid size unit: "${match[2] as string}".`,
      hint: 'Valid units are "bytes", "B", "kB", "MB", "GB", "TB", and "PB".',
    });
  return checkInt64(
    BigInt(decimalToInteger(multiplyDecimal(parseDecimal(match[1] as string), new DecimalValue(1024 ** power, 0)))),
  );
});

scalar(
  'sequence_last_value(regclass) int64',
  (id: number, c: C) => c.introspection.introspectionRows?.('sequence_last_value', [id])?.[0]?.[0] ?? null,
  VOLATILE,
);
scalar(
  'transaction_status(int64) text',
  (id: Integer, c: C) => c.introspection.introspectionRows?.('transaction_status', [id])?.[0]?.[0] ?? null,
  STABLE,
);
scalar('mxid_age(xid) int32', () => 0, STABLE);
scalar(
  'setting_flags(text) text[]',
  (name: string, c: C) => (c.introspection.setting(name) === undefined ? null : new SqlArray([])),
  STABLE,
);
const extensionColumns = [
  { name: 'name', type: { kind: 'text', declared: 'name' } },
  { name: 'default_version', type: TEXT },
  { name: 'comment', type: TEXT },
  { name: 'installed_version', type: TEXT },
] as const;
setFunction(
  'available_extensions() record',
  (_: never, c: C) => rowsSource(c.introspection.introspectionRows?.('available_extensions', []) ?? []),
  { volatility: 'stable', columns: extensionColumns },
);

/** Rows that the session provides under a name: settings, locks, cursors, prepared statements ... */
function provided(name: string): (values: readonly SqlValue[], c: C) => RowSource {
  return (values, c) => rowsSource(c.introspection.introspectionRows?.(name, values) ?? []);
}
const text = TEXT;
const settingColumns = [
  'name',
  'setting',
  'unit',
  'category',
  'short_desc',
  'extra_desc',
  'context',
  'vartype',
  'source',
  'min_val',
  'max_val',
].map((name) => ({ name, type: text }));
setFunction('all_settings() record', provided('all_settings'), {
  volatility: 'stable',
  columns: [
    ...settingColumns,
    { name: 'enumvals', type: { kind: 'array', element: text } },
    { name: 'boot_val', type: text },
    { name: 'reset_val', type: text },
    { name: 'sourcefile', type: text },
    { name: 'sourceline', type: { kind: 'int32' } },
    { name: 'pending_restart', type: { kind: 'bool' } },
  ],
});
setFunction('keywords() record', provided('keywords'), {
  columns: [
    { name: 'word', type: text },
    { name: 'catcode', type: { kind: 'text', declared: '"char"' } },
    { name: 'barelabel', type: { kind: 'bool' } },
    { name: 'catdesc', type: text },
    { name: 'baredesc', type: text },
  ],
});
setFunction(
  'options_to_table(text[]) record',
  ([options]: [SqlArray]) =>
    rowsSource(
      (options.items as string[]).map((option) => {
        const at = option.indexOf('=');
        return at < 0 ? [option, null] : [option.slice(0, at), option.slice(at + 1)];
      }),
    ),
  {
    columns: [
      { name: 'option_name', type: text },
      { name: 'option_value', type: text },
    ],
  },
);
