/** Log files and temporary files: sampling, rotation, bounds. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { openLog, rotateLog } from '../../cli/log.ts';
import { TemporarySpillFiles } from '../../cli/spill-files.ts';
import { removeFolder, temporaryFolder } from '../harness/ports.ts';

const folder = temporaryFolder();
afterAll(() => removeFolder(folder));

const lines = (name: string): Record<string, unknown>[] =>
  readFileSync(join(folder, name), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('log', () => {
  test('writes JSON lines, follows a change of level, and a new file after rotation', () => {
    const log = openLog({ level: 'info', destination: 'file', folder, repeatsPerSecond: 10, process: 'tester' });
    log.debug({}, 'not wanted');
    log.info({ port: 1 }, 'wanted');
    log.setLevel('debug');
    log.debug({}, 'wanted now');
    expect(lines('lyrebird.log')).toMatchObject([
      { level: 'info', process: 'tester', port: 1, msg: 'wanted' },
      { level: 'debug', msg: 'wanted now' },
    ]);
    expect(rotateLog(folder, 1 << 20, 2)).toBe(false);
    expect(rotateLog(folder, 1, 2)).toBe(true);
    log.reopen();
    log.info({}, 'in the new file');
    expect(lines('lyrebird.log')).toMatchObject([{ msg: 'in the new file' }]);
    expect(lines('lyrebird.log.1')).toHaveLength(2);
  });

  test('keeps only so many files', () => {
    for (let round = 0; round < 5; round++) {
      writeFileSync(join(folder, 'lyrebird.log'), `${round}`);
      rotateLog(folder, 1, 2);
    }
    expect(
      readdirSync(folder)
        .filter((name) => name.startsWith('lyrebird.log.'))
        .sort(),
    ).toEqual(['lyrebird.log.1', 'lyrebird.log.2']);
    expect(readFileSync(join(folder, 'lyrebird.log.1'), 'utf8')).toBe('4');
  });

  test('counts repeats past the limit instead of writing them', () => {
    vi.useFakeTimers({ now: 1_000_000 });
    const log = openLog({ level: 'info', destination: 'file', folder, repeatsPerSecond: 2, process: 'tester' });
    for (let round = 0; round < 50; round++) log.warn({ round }, 'again');
    log.warn({}, 'something else');
    vi.setSystemTime(1_001_000);
    log.warn({}, 'again');
    vi.useRealTimers();
    expect(lines('lyrebird.log').map((line) => [line['msg'], line['omitted']])).toEqual([
      ['again', undefined],
      ['again', undefined],
      ['something else', undefined],
      ['again (repeated)', 48],
      ['again', undefined],
    ]);
  });

  test('is readable on the standard error stream', () => {
    const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    openLog({ level: 'info', destination: 'stderr', folder, repeatsPerSecond: 2, process: 'engine' }).warn(
      { port: 5432, what: { a: 1 } },
      'ready',
    );
    const text = String(write.mock.calls[0]![0]);
    write.mockRestore();
    expect(text).toMatch(/^\d\d:\d\d:\d\d\.\d{3} WARN {2}engine: ready \(port=5432, what=\{"a":1\}\)\n$/);
  });
});

describe('spill files', () => {
  const path = join(folder, 'spill');

  test('give back what was written, and leave nothing in the folder', () => {
    const files = new TemporarySpillFiles(path, 1000);
    const file = files.create();
    file.write(Buffer.from('hello '));
    file.write(Buffer.from('world'));
    expect(readdirSync(path)).toEqual([]);
    expect(Buffer.from(file.read(3, 5)).toString()).toBe('lo wo');
    expect(Buffer.from(file.read(9, 100)).toString()).toBe('ld');
    expect(file.read(50, 10)).toHaveLength(0);
    expect([file.size, files.bytes]).toEqual([11, 11]);
    file.close();
    file.close();
    expect(files.bytes).toBe(0);
  });

  test('are bounded together, at the bound and one past it', () => {
    const files = new TemporarySpillFiles(path, 10);
    const [first, second] = [files.create(), files.create()];
    first.write(new Uint8Array(6));
    second.write(new Uint8Array(4));
    expect(() => second.write(new Uint8Array(1))).toThrow('limits.spill_size');
    first.close();
    second.write(new Uint8Array(6));
    second.close();
  });

  test('left behind by a crash are removed at the next start', () => {
    writeFileSync(join(path, '1'), 'old');
    const files = new TemporarySpillFiles(path, 10);
    expect(existsSync(join(path, '1'))).toBe(false);
    files.create().close();
  });
});
