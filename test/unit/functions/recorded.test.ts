/** Every expression of recorded.txt gives what a real PostgreSQL 15 gave when it was recorded. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { DEFAULT_TEXT_SETTINGS } from '../../../sblr/contract/text/settings.ts';
import { applySetting, contextWith, evaluate } from './evaluate.ts';

interface Case {
  readonly expression: string;
  readonly expected: string;
  readonly settings: typeof DEFAULT_TEXT_SETTINGS;
}

function readCases(): Case[] {
  const lines = readFileSync(new URL('./recorded.txt', import.meta.url), 'utf8').split('\n');
  const cases: Case[] = [];
  let settings = DEFAULT_TEXT_SETTINGS;
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] as string;
    if (line === '') continue;
    if (line.startsWith('@')) settings = applySetting(settings, line.slice(1));
    else {
      const expected = (lines[++i] as string)
        .slice(3)
        .replace(/\\(n|\\)/g, (_, char: string) => (char === 'n' ? '\n' : '\\'));
      cases.push({ expression: line, expected, settings });
    }
  }
  return cases;
}

describe('recorded from the real server', () => {
  for (const { expression, expected, settings } of readCases()) {
    test(expression, () => {
      expect(evaluate(expression, contextWith(settings))).toBe(expected);
    });
  }
});
