/**
 * Lengths of files and functions: a ratchet. What was over the limit when the rule came is listed in
 * length-allowances.json with its length; it may only shrink, and nothing new may join.
 * `UPDATE_LENGTHS=1` writes smaller numbers (never larger ones, never new entries).
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../harness/server.ts';
import { readSources } from './source-files.ts';

const FILE_LINES = 600;
const FUNCTION_LINES = 70;
const ALLOWANCES = join(ROOT, 'test/tidy/length-allowances.json');

type Lengths = Record<string, number>;

/** Length of every file, and of every function as `path#name`, over the limits. */
function measure(): Lengths {
  const found: Lengths = {};
  for (const { path, text } of readSources()) {
    const lines = text.split('\n');
    if (lines.length - 1 > FILE_LINES) found[path] = lines.length - 1;
    for (const { name, length } of functions(lines)) {
      if (length > FUNCTION_LINES) found[`${path}#${name}`] = Math.max(length, found[`${path}#${name}`] ?? 0);
    }
  }
  return found;
}

const TOP_LEVEL =
  /^(?:export )?(?:async )?function\*? (\w+)|^(?:export )?const (\w+)[^=]*= (?:async )?(?:\([^)]*\)|\w+)(?:: [^=]+)? => \{$/;
const METHOD = /^ {2}(?:(?:private|protected|static|async|override|get|set) )*(?:\*)?(#?\w+)(?:<[^>]*>)?\(.*$/;

/** Functions at the top of a file and methods of its classes, found by indentation, which the formatter keeps. */
function functions(lines: readonly string[]): { name: string; length: number }[] {
  const found: { name: string; length: number }[] = [];
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index]!;
    const top = TOP_LEVEL.exec(line);
    const method =
      top === null && !/^ {2}(if|for|while|switch|return|catch|await|throw|expect|test|describe)\b/.test(line)
        ? METHOD.exec(line)
        : null;
    const name = top?.[1] ?? top?.[2] ?? method?.[1];
    if (name === undefined) continue;
    const close = top === null ? '  }' : '}';
    let end = index;
    while (end < lines.length && !(lines[end] === close || lines[end] === `${close};`)) {
      // A declaration without a body, or one whose body is on the same line.
      if (end > index && lines[end]!.trim() !== '' && indentation(lines[end]!) < indentation(close)) break;
      end++;
    }
    if (lines[end] === close || lines[end] === `${close};`) found.push({ name, length: end - index + 1 });
  }
  return found;
}

function indentation(line: string): number {
  return line.length - line.trimStart().length;
}

test('files and functions grow no longer than they are allowed', () => {
  const actual = measure();
  // Without the file everything is recorded anew: a reviewer sees the difference.
  if (!existsSync(ALLOWANCES)) writeFileSync(ALLOWANCES, `${JSON.stringify(actual, undefined, 2)}\n`);
  const allowed = JSON.parse(readFileSync(ALLOWANCES, 'utf8')) as Lengths;
  if (process.env['UPDATE_LENGTHS'] === '1') {
    const next = Object.fromEntries(
      Object.entries(allowed).flatMap(([name, length]) =>
        actual[name] === undefined ? [] : [[name, Math.min(length, actual[name])]],
      ),
    );
    writeFileSync(ALLOWANCES, `${JSON.stringify(next, undefined, 2)}\n`);
    return;
  }
  const tooLong = Object.entries(actual)
    .filter(([name, length]) => length > (allowed[name] ?? 0))
    .map(
      ([name, length]) =>
        `${name} has ${length} lines, allowed are ${allowed[name] ?? (name.includes('#') ? FUNCTION_LINES : FILE_LINES)}`,
    );
  expect(tooLong).toEqual([]);
  const canShrink = Object.entries(allowed)
    .filter(([name, length]) => (actual[name] ?? 0) < length)
    .map(
      ([name, length]) =>
        `${name}: ${length} -> ${actual[name] ?? 'remove'} (UPDATE_LENGTHS=1 npx vitest run test/tidy)`,
    );
  expect(canShrink).toEqual([]);
});
