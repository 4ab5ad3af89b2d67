/** Configuration: every key is read, checked, documented; mistakes are answered with what to do. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import {
  changedKeys,
  type Config,
  configKeys,
  HOT_KEYS,
  loadConfig,
  validateConfig,
  workerCount,
} from '../../cli/config.ts';
import { UsageError } from '../../cli/usage-error.ts';
import { removeFolder, ROOT, temporaryFolder } from '../harness/index.ts';

const folder = temporaryFolder();
afterAll(() => removeFolder(folder));

function fromYaml(text: string, overrides = {}): Config {
  const file = join(folder, 'lyrebird.yaml');
  writeFileSync(file, text);
  return loadConfig(file, overrides);
}

/** One YAML text per key, and the value it must lead to. */
const EXAMPLES: Readonly<Record<string, [string, unknown]>> = {
  data: ['data: other', join(folder, 'other')],
  host: ['host: 0.0.0.0', '0.0.0.0'],
  isolation: ['isolation: connection', 'connection'],
  'postgres.port': ['postgres: { port: 6000 }', 6000],
  'mysql.port': ['mysql: { port: 6001 }', 6001],
  'tls.mode': ['tls: { mode: required }', 'required'],
  'tls.certificate': ['tls: { certificate: a.crt, key: a.key }', join(folder, 'a.crt')],
  'tls.key': ['tls: { certificate: a.crt, key: a.key }', join(folder, 'a.key')],
  'authentication.method': ['authentication: { method: trust }', 'trust'],
  'limits.connections': ['limits: { connections: 7 }', 7],
  'limits.connections_per_client': ['limits: { connections_per_client: 3 }', 3],
  'limits.message_size': ['limits: { message_size: 1MB }', 1 << 20],
  'limits.statement_size': ['limits: { statement_size: 100kB }', 100 * 1024],
  'limits.spill_size': ['limits: { spill_size: 2GB }', 2 ** 31],
  'limits.prepared_statements': ['limits: { prepared_statements: 50 }', 50],
  'workers.count': ['workers: { count: 3 }', 3],
  'workers.spare': ['workers: { spare: 4 }', 4],
  'workers.assignment': ['workers: { assignment: round_robin }', 'round_robin'],
  'workers.health_timeout': ['workers: { health_timeout: 2min }', 120_000],
  'memory.memtable': ['memory: { memtable: 2GB }', 2 ** 31],
  'memory.statement': ['memory: { statement: 8MB }', 8 << 20],
  'memory.caches': ['memory: { caches: 1.5GB }', 1.5 * 2 ** 30],
  durability: ['durability: relaxed', 'relaxed'],
  'timeouts.handshake': ['timeouts: { handshake: 500ms }', 500],
  'timeouts.drain': ['timeouts: { drain: 1s }', 1000],
  'timeouts.statement': ['timeouts: { statement: 1h }', 3_600_000],
  'timeouts.idle_in_transaction': ['timeouts: { idle_in_transaction: 5min }', 300_000],
  'timeouts.lock': ['timeouts: { lock: 250 }', 250],
  'log.level': ['log: { level: debug }', 'debug'],
  'log.destination': ['log: { destination: stderr }', 'stderr'],
  'log.repeats_per_second': ['log: { repeats_per_second: 1 }', 1],
  'log.file_size': ['log: { file_size: 1MB }', 1 << 20],
  'log.files': ['log: { files: 2 }', 2],
};

function read(config: Config, key: string): unknown {
  return key.split('.').reduce<unknown>((value, name) => (value as Record<string, unknown>)[name], config);
}

describe('every key', () => {
  test('has an example here, and no example is of a key that is gone', () => {
    expect(Object.keys(EXAMPLES).sort()).toEqual(configKeys().sort());
  });

  test.each(Object.entries(EXAMPLES))('%s is taken from the file', (key, [yaml, expected]) => {
    expect(read(fromYaml(yaml), key)).toEqual(expected);
    expect(read(fromYaml(''), key)).not.toEqual(expected);
  });

  test('is documented in specs/configuration.md with its default', () => {
    const text = readFileSync(join(ROOT, 'specs/configuration.md'), 'utf8');
    const documented = [...text.matchAll(/^\| `([a-z_.]+)` \|/gm)].map((match) => match[1]!);
    expect(documented.sort()).toEqual(configKeys().sort());
    const hot = [...text.matchAll(/^\| `([a-z_.]+)` \|.*\| yes \|/gm)].map((match) => match[1]!);
    expect(hot.sort()).toEqual([...HOT_KEYS].sort());
  });
});

describe('mistakes', () => {
  const cases: [string, RegExp][] = [
    ['prot: 5432', /unknown key "prot"; did you mean "postgres.port"\?/],
    ['hsot: localhost', /unknown key "hsot"; did you mean "host"\?/],
    ['limits: { conections: 5 }', /unknown key "limits.conections"; did you mean "limits.connections"\?/],
    ['port: 5432', /unknown key "port"; did you mean "postgres.port"\?/],
    ['zzzzzzzzzzzz: 1', /unknown key "zzzzzzzzzzzz"; known keys are listed/],
    ['postgres: { port: 70000 }', /postgres\.port/],
    ['memory: { statement: lots }', /memory\.statement: expected a size such as 64MB, got "lots"/],
    ['timeouts: { drain: -1 }', /timeouts\.drain: must lie between 0 and/],
    ['isolation: process', /isolation/],
    ['tls: { certificate: a.crt }', /tls\.certificate and tls\.key belong together/],
    ['- a\n- b', /expected keys and values/],
    ['host: [', /lyrebird\.yaml/],
  ];
  test.each(cases)('%j', (yaml, message) => {
    expect(() => fromYaml(yaml)).toThrow(UsageError);
    expect(() => fromYaml(yaml)).toThrow(message);
  });

  test('a missing file', () => {
    expect(() => loadConfig(join(folder, 'none.yaml'), {})).toThrow(/cannot read the configuration file .* \(ENOENT\)/);
  });
});

test('the command line wins over the file', () => {
  const config = fromYaml('host: 10.0.0.1\npostgres: { port: 1 }', {
    host: '::1',
    'postgres.port': 'off',
    'log.level': undefined,
  });
  expect([config.host, config.postgres.port, config.log.level]).toEqual(['::1', 'off', 'info']);
});

test('postgres.port: off and the YAML boolean are the same', () => {
  expect(fromYaml('postgres: { port: off }').postgres.port).toBe('off');
  expect(fromYaml('postgres: { port: false }').postgres.port).toBe('off');
});

test('limits hold at the bound and fail one past it', () => {
  expect(validateConfig({ limits: { connections: 100_000 } }, 'x').limits.connections).toBe(100_000);
  expect(() => validateConfig({ limits: { connections: 100_001 } }, 'x')).toThrow(UsageError);
});

test('changed keys and worker count', () => {
  const before = validateConfig({}, 'x');
  const after = validateConfig({ log: { level: 'debug' }, host: '::1', workers: { count: 9 } }, 'x');
  expect(changedKeys(before, after).sort()).toEqual(['host', 'log.level', 'workers.count']);
  expect(workerCount(after)).toBe(9);
  expect(workerCount(before)).toBeGreaterThanOrEqual(1);
  expect(workerCount(validateConfig({ isolation: 'connection', workers: { spare: 5 } }, 'x'))).toBe(5);
});
