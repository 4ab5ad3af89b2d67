/** Plays one script of interleaved sessions against a server and writes down what each step answered. */
import { setTimeout as sleep } from 'node:timers/promises';
import { GoldenClient } from '../golden/golden-client.ts';
import type { Script } from './script-file.ts';

/** A step that is expected to wait must not have answered after this time. */
const STILL_WAITING_MS = 60;

/** Makes the database that scripts run in. Answers its address. */
export async function prepareDatabase(url: string, database: string): Promise<string> {
  const administrator = new GoldenClient(url);
  await administrator.send(`drop database if exists ${database}`);
  const created = await administrator.send(`create database ${database}`);
  await administrator.close();
  if (!created.includes('tag CREATE DATABASE')) throw new Error(created.join('\n'));
  return url.replace(/\/postgres$/, `/${database}`);
}

/** Each run of a script begins with an empty schema, so that scripts cannot see each other. */
export async function runScript(address: string, script: Script, level: string): Promise<string[]> {
  const sessions = new Map<string, GoldenClient>();
  const pending = new Map<string, Promise<string[]>>();
  const transcript: string[] = [];
  const tell = (session: string, answer: readonly string[]): void => {
    transcript.push(...answer.map((line) => `${session}: ${withoutNumbers(line)}`));
  };
  const session = (name: string): GoldenClient => {
    const known = sessions.get(name) ?? new GoldenClient(address);
    sessions.set(name, known);
    return known;
  };
  try {
    await session('setup').send('drop schema public cascade');
    await session('setup').send('create schema public');
    const prepared = await session('setup').send(script.setup);
    if (prepared.some((line) => line.startsWith('error'))) throw new Error(prepared.join('\n'));
    for (const step of script.steps) {
      if (step.kind === 'wait') {
        tell(step.session, (await pending.get(step.session)) ?? ['was not waiting']);
        pending.delete(step.session);
        continue;
      }
      const answer = session(step.session).send(step.sql.replaceAll('$LEVEL', level));
      if (!step.waits) {
        tell(step.session, await answer);
        continue;
      }
      pending.set(step.session, answer);
      const early = await Promise.race([answer.then(() => true), sleep(STILL_WAITING_MS, false)]);
      transcript.push(`${step.session}: ${early ? 'did not wait' : 'waits'}`);
    }
    return transcript;
  } finally {
    for (const client of sessions.values()) await client.close();
  }
}

/** Details name transactions, and deadlocks the processes and locks, by numbers that differ from run to run. */
function withoutNumbers(line: string): string {
  return line.replace(/pivot \d+/, 'pivot N').replace(/^detail Process \d+ waits for .*/, 'detail who waits for whom');
}
