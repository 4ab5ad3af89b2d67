/** Who may import whom, and no cycles. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOT } from '../harness/server.ts';
import { readSources } from './source-files.ts';

/** Folder -> folders it may import besides itself. The longest matching folder counts. */
const TABLE: Readonly<Record<string, readonly string[]>> = {
  'sblr/contract': [],
  sblr: ['sblr/contract'],
  'storage/contract': [],
  storage: ['storage/contract'],
  'parsers/shared': ['sblr', 'sblr/contract'],
  'parsers/postgres': ['sblr', 'sblr/contract', 'parsers/shared'],
  'parsers/mysql': ['sblr', 'sblr/contract', 'parsers/shared'],
  'protocols/shared': ['sblr/contract'],
  'protocols/postgres': ['sblr/contract', 'protocols/shared'],
  'protocols/mysql': ['sblr/contract', 'protocols/shared'],
  engine: ['sblr', 'sblr/contract', 'storage/contract'],
  listener: ['sblr/contract'],
  cli: [
    'sblr',
    'sblr/contract',
    'storage',
    'storage/contract',
    'parsers/postgres',
    'parsers/mysql',
    'protocols/postgres',
    'protocols/mysql',
    'engine',
    'listener',
  ],
};

/** Modules that only these folders may use. */
const RESERVED: Readonly<Record<string, RegExp>> = {
  // Everything else gets files through the store, sockets through its caller.
  'node:fs': /^(storage\/(io|runs)\/|cli\/)/,
  'node:fs/promises': /^(storage\/(io|runs)\/|cli\/)/,
  'node:net': /^(listener\/|cli\/|sblr\/contract\/link-(client|server)\.ts)/,
  'node:child_process': /^listener\//,
  'node:worker_threads': /^(storage|engine)\//,
};

const ALLOWANCES = join(ROOT, 'test/tidy/cycle-allowances.json');

const sources = readSources();
const folders = Object.keys(TABLE).sort((a, b) => b.length - a.length);

function folderOf(path: string): string {
  const folder = folders.find((name) => path.startsWith(`${name}/`));
  if (folder === undefined) throw new Error(`${path} belongs to no folder of the table`);
  return folder;
}

describe('imports', () => {
  test('follow the table', () => {
    const wrong = sources.flatMap(({ path, imports }) => {
      const own = folderOf(path);
      return imports
        .filter((target) => folderOf(target) !== own && !TABLE[own]!.includes(folderOf(target)))
        .map((target) => `${path} imports ${target}`);
    });
    expect(wrong).toEqual([]);
  });

  test('name files that exist, with their ending', () => {
    const wrong = sources.flatMap(({ path, imports }) =>
      imports
        .filter((target) => !/\.(ts|json)$/.test(target) || !existsSync(join(ROOT, target)))
        .map((target) => `${path} imports ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  test('of system modules stay where they belong', () => {
    const wrong = sources.flatMap(({ path, packages }) =>
      packages.filter((name) => RESERVED[name]?.test(path) === false).map((name) => `${path} imports ${name}`),
    );
    expect(wrong).toEqual([]);
  });

  test('form no cycle', () => {
    // Functions that call each other may lie in neighbouring files: such groups are recorded with their
    // members, stay within one folder, and only shrink. UPDATE_CYCLES=1 writes smaller groups.
    const groups = cyclicGroups();
    // Without the file everything is recorded anew: a reviewer sees the difference.
    if (!existsSync(ALLOWANCES)) record(groups);
    const allowed = JSON.parse(readFileSync(ALLOWANCES, 'utf8')) as Record<string, string[]>;
    const across = groups.filter(
      (group) => new Set(group.map((path) => path.slice(0, path.lastIndexOf('/')))).size > 1 && !within(allowed, group),
    );
    expect(across).toEqual([]);
    if (process.env['UPDATE_CYCLES'] === '1') {
      record(groups.filter((group) => within(allowed, group)));
      return;
    }
    expect(groups.filter((group) => !within(allowed, group))).toEqual([]);
  });
});

function record(groups: readonly (readonly string[])[]): void {
  const entries = Object.fromEntries(groups.map((group) => [group[0]!, group]));
  writeFileSync(ALLOWANCES, `${JSON.stringify(entries, undefined, 2)}\n`);
}

function within(allowed: Readonly<Record<string, readonly string[]>>, group: readonly string[]): boolean {
  return Object.values(allowed).some((members) => group.every((path) => members.includes(path)));
}

/** Groups of files that import each other in a circle at run time (strongly connected components). */
function cyclicGroups(): string[][] {
  const edges = new Map(sources.map(({ path, runtimeImports }) => [path, runtimeImports]));
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const groups: string[][] = [];
  const visit = (path: string): void => {
    index.set(path, index.size);
    low.set(path, index.get(path)!);
    stack.push(path);
    for (const target of edges.get(path) ?? []) {
      if (!index.has(target)) visit(target);
      if (stack.includes(target)) low.set(path, Math.min(low.get(path)!, low.get(target)!));
    }
    if (low.get(path) !== index.get(path)) return;
    const group = stack.splice(stack.indexOf(path)).sort();
    if (group.length > 1) groups.push(group);
  };
  for (const path of edges.keys()) if (!index.has(path)) visit(path);
  return groups;
}
