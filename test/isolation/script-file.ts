/**
 * Scripts of interleaved sessions (`.iso`) with what each step must answer:
 *
 *     scenario lost update
 *     levels read committed, repeatable read, serializable
 *     setup create table t (id int, n int); insert into t values (1, 10)
 *     a begin isolation level $LEVEL
 *     b* update t set n = 1        (is expected to wait: the script goes on without its answer)
 *     wait b                       (takes the answer of the step b waits with)
 *     ---- read committed
 *     a: tag BEGIN                 (recorded from a real server, per level)
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../harness/server.ts';

const FOLDER = join(ROOT, 'test/isolation');
/** Scripts about things other than isolation levels run once, at the level of the server. */
const NO_LEVEL = 'default';

export type Step =
  | { readonly kind: 'send'; readonly session: string; readonly sql: string; readonly waits: boolean }
  | { readonly kind: 'wait'; readonly session: string };

export interface Script {
  readonly name: string;
  readonly levels: readonly string[];
  readonly lines: readonly string[];
  readonly setup: string;
  readonly steps: readonly Step[];
  readonly expected: Map<string, string[]>;
}

export const scriptFiles: readonly string[] = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.iso'))
  .sort();

export function readScripts(file: string): Script[] {
  return readFileSync(join(FOLDER, file), 'utf8')
    .split(/\n{2,}/)
    .filter((part) => part.trim() !== '')
    .map((part) => parseScript(part.trim().split('\n')));
}

function parseScript(all: readonly string[]): Script {
  const expected = new Map<string, string[]>();
  const end = all.findIndex((line) => line.startsWith('----'));
  const lines = end < 0 ? all : all.slice(0, end);
  let current: string[] = [];
  for (const line of end < 0 ? [] : all.slice(end)) {
    if (line.startsWith('---- ')) expected.set(line.slice(5), (current = []));
    else current.push(line);
  }
  const value = (key: string): string => lines.find((line) => line.startsWith(`${key} `))?.slice(key.length + 1) ?? '';
  const levels = value('levels') === '' ? [NO_LEVEL] : value('levels').split(', ');
  const steps = lines
    .filter((line) => !/^(scenario|levels|setup|#)/.test(line))
    .map((line): Step => {
      const match = /^(?:wait ([a-z])|([a-z])(\*?) (.*))$/.exec(line);
      if (match === null) throw new Error(`not a step: ${line}`);
      const [, waiting, session, star, sql] = match;
      if (waiting !== undefined) return { kind: 'wait', session: waiting };
      return { kind: 'send', session: session!, sql: sql!, waits: star === '*' };
    });
  return { name: value('scenario'), levels, lines, setup: value('setup'), steps, expected };
}

export function writeScripts(file: string, scripts: readonly Script[]): void {
  const text = scripts.map(({ lines, levels, expected }) => {
    const recorded = levels.flatMap((level) => [`---- ${level}`, ...(expected.get(level) ?? [])]);
    return `${[...lines, ...recorded].join('\n')}\n`;
  });
  writeFileSync(join(FOLDER, file), text.join('\n'));
}
