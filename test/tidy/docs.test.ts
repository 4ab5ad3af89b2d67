/** Documents name paths and commands that exist. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOT } from '../harness/server.ts';
import { listFiles } from './source-files.ts';

const TOP = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'ARCHITECTURE.md', 'ROADMAP.md'];
const documents = [...TOP.filter((name) => existsSync(join(ROOT, name))), ...listFiles('specs', /\.md$/)];

/** Paths in backquotes that begin with a folder or file of the project; patterns and made-up names are left out. */
const CODE = /`((?:\.ci|bench|cli|console|engine|listener|parsers|protocols|sblr|specs|storage|test)\/[\w./-]*)`/g;
const LINK = /\]\((?!https?:|#)([^)#\s]+)(?:#[^)]*)?\)/g;

describe.each(documents)('%s', (document) => {
  const text = readFileSync(join(ROOT, document), 'utf8');

  test('names only paths that exist', () => {
    const missing = [...text.matchAll(CODE)].map((match) => match[1]!).filter((path) => !existsSync(join(ROOT, path)));
    expect(missing).toEqual([]);
  });

  test('links only to files that exist', () => {
    const missing = [...text.matchAll(LINK)]
      .map((match) => match[1]!)
      .filter((path) => !existsSync(join(ROOT, normalize(join(dirname(document), path)))));
    expect(missing).toEqual([]);
  });

  test('names only npm scripts that exist', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const missing = [...text.matchAll(/npm run ([\w:-]+)/g)]
      .map((match) => match[1]!)
      .filter((name) => scripts[name] === undefined);
    expect(missing).toEqual([]);
  });
});

test('specs/README.md leads to every specification', () => {
  const text = readFileSync(join(ROOT, 'specs/README.md'), 'utf8');
  const missing = listFiles('specs', /\.md$/).filter(
    (path) => path !== 'specs/README.md' && !text.includes(`](${path.slice('specs/'.length)})`),
  );
  expect(missing).toEqual([]);
});

test('the documents a reader starts with are there', () => {
  for (const name of [
    'README.md',
    'CONTRIBUTING.md',
    'CHANGELOG.md',
    'LICENSE',
    'specs/README.md',
    'specs/configuration.md',
  ]) {
    expect(existsSync(join(ROOT, name)), name).toBe(true);
  }
});
