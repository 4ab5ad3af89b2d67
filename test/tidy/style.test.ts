/** Rules of style that a linter does not have. */
import { describe, expect, test } from 'vitest';
import { listFiles, readSources } from './source-files.ts';

const COMMENT = /\/\*[^]*?\*\/|\/\/.*/g;
const COMPILER_OFF = /@ts-(ignore|nocheck)|[\w)]\??: any\b|<any>|\bas any\b/;

const sources = readSources();
const offenders = (breaks: (text: string, path: string) => boolean): string[] =>
  sources.filter(({ text, path }) => breaks(text, path)).map(({ path }) => path);

describe('every source file', () => {
  test('opens with a comment that says what it is', () => {
    expect(offenders((text) => !/^(#!.*\n)?\/\*\*/.test(text))).toEqual([]);
  });

  test('has a kebab-case name', () => {
    expect(offenders((_text, path) => !/^[a-z0-9/]+(-[a-z0-9]+)*(\.d)?\.ts$/.test(path.replace(/[/]/g, '-')))).toEqual(
      [],
    );
  });

  test('has no default export', () => {
    expect(offenders((text) => /^export default /m.test(text))).toEqual([]);
  });

  test('leaves no note to self', () => {
    expect(offenders((text) => /\b(TODO|FIXME|XXX|HACK)\b/.test(text))).toEqual([]);
  });

  test('does not switch the compiler off', () => {
    expect(offenders((text) => COMPILER_OFF.test(text.replace(COMMENT, '')))).toEqual([]);
  });
});

test('tests are named after what they test', () => {
  const wrong = listFiles('test', /\.test\.ts$/).filter((path) => !/^[a-z0-9./-]+$/.test(path));
  expect(wrong).toEqual([]);
});
