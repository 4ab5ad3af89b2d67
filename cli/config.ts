/**
 * The configuration: lyrebird.yaml and the options of the command line become one validated, complete
 * record. Unknown keys are refused with the nearest known one. Documented in specs/configuration.md.
 */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';
import type * as Yaml from 'yaml';
import { z } from 'zod';
import { duration, size } from './units.ts';
import { UsageError } from './usage-error.ts';

const MB = 2 ** 20;
const GB = 2 ** 30;
const SECOND = 1000;
const DAY = 86_400_000;

const port = z.number().int().min(0).max(65_535);

/** A section of the file; absent means every default of it. */
function section<Shape extends z.ZodRawShape>(shape: Shape): z.ZodPrefault<z.ZodObject<Shape, z.core.$strict>> {
  return z.strictObject(shape).prefault({} as never);
}

export const configSchema = z.strictObject({
  data: z.string().min(1).default('./lyrebird-data'),
  host: z.string().min(1).default('127.0.0.1'),
  isolation: z.enum(['pool', 'connection', 'none']).default('pool'),
  postgres: section({
    port: z
      .union([port, z.literal('off'), z.literal(false)])
      .default(5432)
      .transform((value) => (value === false ? ('off' as const) : value)),
  }),
  mysql: section({
    port: z
      .union([port, z.literal('off'), z.literal(false), z.literal('auto')])
      .default('auto')
      .transform((value) => (value === false ? ('off' as const) : value)),
  }),
  tls: section({
    mode: z.enum(['off', 'optional', 'required']).default('optional'),
    certificate: z.string().optional(),
    key: z.string().optional(),
  }),
  authentication: section({
    method: z.enum(['scram-sha-256', 'trust']).default('scram-sha-256'),
  }),
  limits: section({
    connections: z.number().int().min(1).max(100_000).default(200),
    connections_per_client: z.number().int().min(0).max(100_000).default(0),
    message_size: size(64 * 1024, GB).default(256 * MB),
    statement_size: size(1024, GB).default(64 * MB),
    spill_size: size(MB, 2 ** 50).default(32 * GB),
    prepared_statements: z.number().int().min(1).max(1_000_000).default(10_000),
  }),
  workers: section({
    count: z.union([z.literal('auto'), z.number().int().min(1).max(256)]).default('auto'),
    spare: z.number().int().min(1).max(256).default(2),
    assignment: z
      .enum(['least_connections', 'round_robin', 'least_queries', 'least_load'])
      .default('least_connections'),
    health_timeout: duration(0, DAY).default(60 * SECOND),
  }),
  memory: section({
    memtable: size(4 * MB, 64 * GB).default(1024 * MB),
    statement: size(MB, 64 * GB).default(256 * MB),
    caches: size(MB, 64 * GB).default(128 * MB),
  }),
  durability: z.enum(['sync', 'relaxed']).default('sync'),
  timeouts: section({
    handshake: duration(100, DAY).default(10 * SECOND),
    drain: duration(0, DAY).default(10 * SECOND),
    statement: duration(0, DAY).default(0),
    idle_in_transaction: duration(0, DAY).default(0),
    lock: duration(0, DAY).default(0),
  }),
  log: section({
    level: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
    destination: z.enum(['file', 'stderr']).default('file'),
    repeats_per_second: z.number().int().min(1).max(100_000).default(10),
    file_size: size(64 * 1024, 16 * GB).default(64 * MB),
    files: z.number().int().min(1).max(1000).default(5),
  }),
});

export type Config = z.output<typeof configSchema>;
export type ConfigInput = z.input<typeof configSchema>;

/** Keys that a running server takes over on SIGHUP or `lyrebird reload`; all others need a restart. */
export const HOT_KEYS: readonly string[] = [
  'limits.connections',
  'limits.connections_per_client',
  'workers.count',
  'workers.spare',
  'workers.assignment',
  'timeouts.drain',
  'log.level',
];

/** What the command line sets on top of the file: dotted key -> value. */
export type Overrides = Readonly<Record<string, unknown>>;

/** Reads and validates. `file` undefined = defaults only. Relative paths count from the file's folder. */
export function loadConfig(file: string | undefined, overrides: Overrides): Config {
  const written = file === undefined ? {} : readYaml(file);
  const merged = structuredClone(written);
  for (const [key, value] of Object.entries(overrides)) if (value !== undefined) setKey(merged, key, value);
  const config = validateConfig(merged, file ?? 'configuration');
  const base = file === undefined ? process.cwd() : dirname(resolve(file));
  const at = (path: string, fromCommandLine: boolean): string => resolve(fromCommandLine ? process.cwd() : base, path);
  const { certificate, key } = config.tls;
  return {
    ...config,
    data: at(config.data, overrides['data'] !== undefined || written['data'] === undefined),
    tls: {
      ...config.tls,
      ...(certificate === undefined ? {} : { certificate: at(certificate, false) }),
      ...(key === undefined ? {} : { key: at(key, false) }),
    },
  };
}

export function validateConfig(input: unknown, source: string): Config {
  const result = configSchema.safeParse(input);
  if (!result.success) throw new UsageError(`${source}: ${describeIssue(result.error.issues[0]!)}`);
  const config = result.data;
  if ((config.tls.certificate === undefined) !== (config.tls.key === undefined)) {
    throw new UsageError(`${source}: tls.certificate and tls.key belong together; set both or neither`);
  }
  return config;
}

/** Number of workers the pool starts: one core stays for the engine. */
export function workerCount(config: Config): number {
  if (config.isolation === 'connection') return config.workers.spare;
  return config.workers.count === 'auto' ? Math.max(1, availableParallelism() - 1) : config.workers.count;
}

/** Every key of the configuration in dotted form, sections left out. */
export function configKeys(): string[] {
  const keys: string[] = [];
  const defaults = configSchema.shape;
  for (const [name, schema] of Object.entries(defaults)) {
    const shape = sectionShape(schema);
    if (shape === undefined) keys.push(name);
    else for (const inner of Object.keys(shape)) keys.push(`${name}.${inner}`);
  }
  return keys;
}

/** Dotted keys whose values differ between two configurations. */
export function changedKeys(before: Config, after: Config): string[] {
  const read = (config: Config, key: string): unknown =>
    key.split('.').reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], config);
  return configKeys().filter((key) => read(before, key) !== read(after, key));
}

function sectionShape(schema: unknown): Record<string, unknown> | undefined {
  const inner = schema instanceof z.ZodPrefault ? schema.unwrap() : schema;
  return inner instanceof z.ZodObject ? inner.shape : undefined;
}

function readYaml(file: string): Record<string, unknown> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(
      `cannot read the configuration file ${file} (${(error as NodeJS.ErrnoException).code}); check --config`,
    );
  }
  // Loaded only when there is a file to read: a start without one is faster.
  const { parseDocument } = createRequire(import.meta.url)('yaml') as typeof Yaml;
  const document = parseDocument(text);
  const [problem] = document.errors;
  if (problem !== undefined) throw new UsageError(`${file}: ${problem.message.split('\n')[0]!.replace(/:$/, '')}`);
  const value: unknown = document.toJS();
  if (value === null || value === undefined) return {};
  if (typeof value !== 'object' || Array.isArray(value))
    throw new UsageError(`${file}: expected keys and values, such as "host: 127.0.0.1"`);
  return value as Record<string, unknown>;
}

function setKey(target: Record<string, unknown>, key: string, value: unknown): void {
  const [first, ...rest] = key.split('.');
  if (rest.length === 0) {
    target[first!] = value;
    return;
  }
  const inner = target[first!];
  if (typeof inner !== 'object' || inner === null) target[first!] = {};
  setKey(target[first!] as Record<string, unknown>, rest.join('.'), value);
}

function describeIssue(issue: z.core.$ZodIssue): string {
  const path = issue.path.join('.');
  if (issue.code !== 'unrecognized_keys') return path === '' ? issue.message : `${path}: ${issue.message}`;
  const unknown = issue.keys[0]!;
  const full = path === '' ? unknown : `${path}.${unknown}`;
  const nearest = nearestKey(full);
  const hint = nearest === undefined ? 'known keys are listed in specs/configuration.md' : `did you mean "${nearest}"?`;
  return `unknown key "${full}"; ${hint}`;
}

/** The known key most like `key`, by edit distance on the whole key or on its last part. */
function nearestKey(key: string): string | undefined {
  const candidates = [...Object.keys(configSchema.shape), ...configKeys()];
  const last = key.split('.').at(-1)!;
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(last.length / 3)) + 1;
  for (const candidate of new Set(candidates)) {
    // A key in the wrong section counts as one slip.
    const moved = editDistance(last, candidate.split('.').at(-1)!) + 1;
    const distance = Math.min(editDistance(key, candidate), moved);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Levenshtein's distance, with two neighbours swapped counting as one slip. */
function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, index) => index)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = rows[i - 1]![j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(replaced, rows[i - 1]![j]! + 1, row[j - 1]! + 1));
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) row[j] = Math.min(row[j]!, rows[i - 2]![j - 2]! + 1);
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}
