/**
 * The mysql client at a terminal: one dialogue typed into a pseudo-terminal, with Lyrebird and with a real MariaDB at the
 * other end. What comes back must be the same but for times, and for what the two servers say of themselves.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type MariadbOracle,
  skipWithoutMariadb,
  startMariadb,
  startServer,
  type TestServer,
} from '../harness/index.ts';

/** Runs a command at a pseudo-terminal of its own. */
const TERMINAL = '/usr/bin/script';
const CLIENT = '/usr/bin/mysql';
const ANSWER_MS = 10_000;
const INTERRUPT = '\x03';
const PROMPT = /(?:MariaDB|MySQL) \[[^\]]*\]> $/;
const OTHER_PROMPTS = /(?:-|'|")> $/;

/** Typed one by one, each when the prompt is there again. */
const DIALOGUE: readonly string[] = [
  'create database terminal;',
  'use terminal',
  'create table people (id int primary key, name varchar(20), note varchar(9));',
  "insert into people values (1, 'ann', null), (2, 'bob', 'x');",
  'rehash',
  'select * from people;',
  'select * from people\\G',
  'select count(*), 1, null, name from people group by name order by name;',
  '\\W',
  'select cast("12x" as unsigned) as a, 1 / 0 as b;',
  '\\w',
  'select cast("12x" as unsigned) as a;',
  'show warnings;',
  "update people set note = 'y' where id < 9;",
  'delete from people where id = 77;',
  'select * from people where id = 77;',
  'show tables;',
  'select',
  '1 as one',
  '\\c',
  "select 'a",
  "b' as x;",
  'delimiter //',
  'select 2 as two//',
  'delimiter ;',
  'select 1 as a; select 2 as b;',
  'selec 1;',
  'select * from missing;',
  '\\u terminal',
];

/** What takes long is killed by Ctrl-C, and the session goes on. */
const LONG: readonly string[] = [
  'select sleep(30);',
  `select count(*) from ${'abcdefghijklmnopqrstuvwxyz'.replace(/./g, 'people $&,').slice(0, -1)};`,
];

class Dialogue {
  readonly #child: ChildProcessWithoutNullStreams;
  #output = '';

  constructor(url: string) {
    const { port, password } = new URL(url);
    const command = `${CLIENT} --no-defaults --default-character-set=utf8mb4 -h 127.0.0.1 -P ${port} -u root`;
    this.#child = spawn(TERMINAL, ['-qfec', command, '/dev/null'], {
      env: {
        ...process.env,
        MYSQL_PWD: decodeURIComponent(password),
        MYSQL_HISTFILE: '/dev/null',
        TERM: 'dumb',
        LANG: 'C.UTF-8',
      },
    });
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => (this.#output += text));
  }

  /** Whatever came up to the next prompt. */
  async answer(prompt: RegExp): Promise<string> {
    const deadline = performance.now() + ANSWER_MS;
    while (!prompt.test(this.#output) && performance.now() < deadline) await sleep(10);
    const text = this.#output;
    this.#output = '';
    expect(text).toMatch(prompt);
    return text.replaceAll('\r', '').replace(/\(\d+\.\d+ sec\)/g, '(time)');
  }

  type(text: string): void {
    this.#child.stdin.write(text);
  }

  async end(): Promise<void> {
    const closed = new Promise((resolve) => this.#child.once('close', resolve));
    this.type('exit\n');
    await Promise.race([closed, sleep(2000)]);
    this.#child.kill();
  }
}

/** What was typed before the client read it is shown twice, by the terminal and by the client. */
function withoutEcho(text: string, typed: string): string {
  return text
    .split('\n')
    .filter((line) => !line.endsWith(typed))
    .join('\n');
}

/** The words MySQL 8 has where MariaDB has others. */
function asMysql(text: string): string {
  return text
    .replaceAll('MariaDB [', 'MySQL [')
    .replaceAll('MariaDB server version', 'MySQL server version')
    .replaceAll(/in 'SELECT'/g, "in 'field list'")
    .replaceAll('Division by 0', 'Division by zero');
}

async function talk(url: string): Promise<string> {
  const dialogue = new Dialogue(url);
  const any = new RegExp(`${PROMPT.source}|${OTHER_PROMPTS.source}`);
  const greeting = await dialogue.answer(PROMPT);
  expect(greeting).toContain("Type 'help;' or '\\h' for help.");
  let all = '';
  const say = async (line: string, prompt = any): Promise<void> => {
    dialogue.type(`${line}\n`);
    all += `${line}\n${withoutEcho(await dialogue.answer(prompt), line)}`;
  };
  for (const line of DIALOGUE) await say(line);
  for (const statement of LONG) {
    dialogue.type(`${statement}\n`);
    await sleep(500);
    dialogue.type(INTERRUPT);
    all += withoutEcho(await dialogue.answer(PROMPT), statement);
    await say('select 1 as alive;', PROMPT);
  }
  // Names of tables and columns are completed.
  dialogue.type('select nam\t from people where id = 1;\n');
  all += withoutEcho(await dialogue.answer(PROMPT), 'select name from people where id = 1;');
  await say('drop database terminal;', PROMPT);
  await dialogue.end();
  return asMysql(all);
}

async function status(url: string): Promise<string> {
  const dialogue = new Dialogue(url);
  await dialogue.answer(PROMPT);
  dialogue.type('\\s\n');
  const shown = await dialogue.answer(PROMPT);
  await dialogue.end();
  return shown;
}

const absent = !existsSync(TERMINAL);
if (absent) console.log('mysql-terminal: skipped, script (bsdutils) is not installed');

describe.skipIf(absent || skipWithoutMariadb('mysql-terminal'))('the mysql client at a terminal', () => {
  let server: TestServer;
  let oracle: MariadbOracle;

  beforeAll(async () => {
    [server, oracle] = [await startServer({ mysql: true }), await startMariadb()];
  });
  afterAll(async () => {
    await server?.stop();
    await oracle?.stop();
  });

  test('a dialogue', async () => {
    const mine = await talk(server.mysqlUrl);
    expect(mine).toBe(await talk(oracle.url));
    expect(mine.match(/ERROR 1317 \(70100\): Query execution was interrupted/g)).toHaveLength(LONG.length);
  });

  test('status', async () => {
    const shown = await status(server.mysqlUrl);
    expect(shown).toMatch(/^Server:\s+MySQL$/m);
    expect(shown).toMatch(/^Server version:\s+8\.0\.\d+/m);
    expect(shown).toMatch(/^SSL:\s+Cipher in use is /m);
    expect(shown).toMatch(/^Conn\.\s+characterset:\s+utf8mb4$/m);
    expect(shown).toMatch(/^Uptime:\s+\d+/m);
  });
});
