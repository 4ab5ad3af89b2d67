/** The data folder: privacy, versions, locks, password, certificate. */
import { X509Certificate } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import tls from 'node:tls';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { makeCertificate } from '../../cli/certificate.ts';
import { administratorPassword, openDataFolder, selfSignedCertificate, serverOf } from '../../cli/data-folder.ts';
import { acquireLock } from '../../cli/lock-file.ts';
import { makeRunFolder, runPaths } from '../../cli/run-paths.ts';
import { removeFolder, temporaryFolder } from '../harness/index.ts';

const base = temporaryFolder();
afterAll(() => removeFolder(base));
let counter = 0;
let path = '';
beforeEach(() => {
  path = join(base, `data${++counter}`);
});

describe('opening', () => {
  test('a new folder becomes private and gets a version', () => {
    const folder = openDataFolder(path);
    expect(folder.firstStart).toBe(true);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    expect(readFileSync(join(path, 'lyrebird-version'), 'utf8')).toBe('lyrebird data folder, version 1\n');
    folder.release();
    const again = openDataFolder(path);
    expect(again.firstStart).toBe(false);
    again.release();
    expect(readdirSync(path).filter((name) => name.includes('lock'))).toEqual([]);
  });

  test('a foreign folder is refused and left alone', () => {
    mkdirSync(path);
    writeFileSync(join(path, 'thesis.txt'), 'precious');
    chmodSync(path, 0o755);
    expect(() => openDataFolder(path)).toThrow(/is not a Lyrebird data folder and is not empty; choose another/);
    expect(readdirSync(path)).toEqual(['thesis.txt']);
    expect(statSync(path).mode & 0o777).toBe(0o755);
  });

  test('a newer or damaged version is refused', () => {
    mkdirSync(path);
    writeFileSync(join(path, 'lyrebird-version'), 'lyrebird data folder, version 2\n');
    expect(() => openDataFolder(path)).toThrow(
      /written by a newer Lyrebird \(folder version 2, this one reads up to 1\)/,
    );
    writeFileSync(join(path, 'lyrebird-version'), 'what');
    expect(() => openDataFolder(path)).toThrow(/damaged lyrebird-version/);
  });

  test('a file in the way is named', () => {
    writeFileSync(path, '');
    expect(() => openDataFolder(path)).toThrow(/cannot use the data folder .* \(EEXIST\): the path is a file/);
    expect(() => openDataFolder(join(path, 'below'))).toThrow(/\(ENOTDIR\): a part of the path is a file/);
  });

  test('a second server on the same folder is refused with the process id of the first', () => {
    const folder = openDataFolder(path);
    expect(() => openDataFolder(path)).toThrow(
      new RegExp(`in use by the Lyrebird server with process id ${process.pid}; stop it with`),
    );
    expect(serverOf(path)).toBe(process.pid);
    folder.release();
    expect(serverOf(path)).toBeUndefined();
  });
});

describe('lock file', () => {
  test.each([
    ['of a process that is gone', { pid: 2 ** 22 + 5, started: '1' }],
    ['whose number another process has now', { pid: process.pid, started: '1' }],
    ['that is empty', undefined],
  ])('a lock %s is taken over', (_name, owner) => {
    writeFileSync(path, owner === undefined ? '' : JSON.stringify(owner));
    const lock = acquireLock(path);
    expect('release' in lock).toBe(true);
    expect(acquireLock(path)).toMatchObject({ pid: process.pid });
    if ('release' in lock) lock.release();
    expect(existsSync(path)).toBe(false);
  });

  test('releasing leaves a lock alone that is not ours any more', () => {
    const lock = acquireLock(path);
    writeFileSync(path, JSON.stringify({ pid: 1, started: null }));
    if ('release' in lock) lock.release();
    expect(existsSync(path)).toBe(true);
  });
});

test('the password is generated once, kept private, and yields to the environment', () => {
  const folder = openDataFolder(path);
  expect(administratorPassword(folder, 'given')).toBe('given');
  expect(existsSync(folder.passwordFile)).toBe(false);
  const password = administratorPassword(folder, undefined);
  expect(password).toMatch(/^[\w-]{24}$/);
  expect(statSync(folder.passwordFile).mode & 0o777).toBe(0o600);
  expect(administratorPassword(folder, undefined)).toBe(password);
  folder.release();
});

describe('certificate', () => {
  test('is valid X.509 for localhost that signs itself', () => {
    const made = makeCertificate(['db.example', 'localhost'], ['127.0.0.1', '::1']);
    const certificate = new X509Certificate(made.certificatePem);
    expect(certificate.subject).toBe('CN=db.example');
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.checkHost('localhost')).toBe('localhost');
    expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1');
    expect(certificate.checkIP('::1')).toBe('::1');
    expect(certificate.ca).toBe(true);
    expect(new Date(certificate.validTo).getTime()).toBeGreaterThan(Date.now() + 9 * 365 * 86_400_000);
  });

  test('serves a TLS client that trusts it', async () => {
    const folder = openDataFolder(path);
    const files = selfSignedCertificate(folder, 'localhost');
    expect(statSync(files.key).mode & 0o777).toBe(0o600);
    expect(selfSignedCertificate(folder, 'localhost')).toEqual(files);
    const cert = readFileSync(files.certificate);
    const server = tls.createServer({ cert, key: readFileSync(files.key) }, (socket) => socket.end('hello'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const text = await new Promise<string>((resolve, reject) => {
      const socket = tls.connect({ port, host: '127.0.0.1', ca: cert, servername: 'localhost' });
      socket.on('data', (chunk) => resolve(chunk.toString()));
      socket.on('error', reject);
    });
    expect(text).toBe('hello');
    server.close();
    folder.release();
  });
});

test('sockets move to a private temporary folder when the path is too long', () => {
  const short = runPaths('/srv/data');
  expect(short.engineSocket).toBe('/srv/data/run/engine.sock');
  const long = join(base, 'x'.repeat(120));
  const paths = makeRunFolder(long);
  expect(Buffer.byteLength(paths.controlSocket)).toBeLessThan(104);
  expect(runPaths(long)).toEqual(paths);
  const folder = join(paths.controlSocket, '..');
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  removeFolder(folder);
});
