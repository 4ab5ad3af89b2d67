#!/usr/bin/env node
/** The command line: `lyrebird start | stop | status | reload | recycle | sblr`. */
import { relative } from 'node:path';
import { Command, Option } from 'commander';
import type { Overrides } from './config.ts';
import type { RunningServer } from './server.ts';
import { UsageError } from './usage-error.ts';
import { VERSION } from './version.ts';

interface StartFlags {
  readonly config?: string;
  readonly data?: string;
  readonly host?: string;
  readonly pgPort?: string;
  readonly mysqlPort?: string;
  readonly isolation?: string;
  readonly workers?: string;
  readonly auth?: string;
  readonly tls?: string;
  readonly durability?: string;
  readonly logLevel?: string;
  readonly log?: string;
}

const program = new Command('lyrebird')
  .description('An SQL server that speaks the protocols of the servers you know, over one durable store.')
  .version(VERSION)
  .showHelpAfterError('(lyrebird --help shows the commands)')
  .configureOutput({ writeErr: (text) => process.stderr.write(text.replace(/^error: /, 'lyrebird: ')) });

program
  .command('start', { isDefault: false })
  .description('start the server and stay in the foreground; SIGTERM or Ctrl-C ends it in order')
  .option('--data <folder>', 'data folder, made when missing (default: ./lyrebird-data)')
  .option('--config <file>', 'configuration file (YAML)')
  .option('--host <address>', 'address to listen on (default: 127.0.0.1)')
  .option('--pg-port <number|off>', 'port for Postgres clients (default: 5432)')
  .option('--mysql-port <number|off>', 'port for MySQL clients (default: 3306, if it is free)')
  .addOption(
    new Option('--isolation <mode>', 'how connections map to processes').choices(['pool', 'connection', 'none']),
  )
  .option('--workers <number|auto>', 'parser workers in the pool (default: cores - 1, at least 1)')
  .addOption(new Option('--auth <method>', 'how clients prove who they are').choices(['scram-sha-256', 'trust']))
  .addOption(new Option('--tls <mode>', 'encrypted connections').choices(['off', 'optional', 'required']))
  .addOption(new Option('--durability <mode>', 'when a commit is acknowledged').choices(['sync', 'relaxed']))
  .addOption(
    new Option('--log-level <level>', 'least important lines to log').choices([
      'debug',
      'info',
      'warn',
      'error',
      'silent',
    ]),
  )
  .addOption(new Option('--log <destination>', 'where log lines go').choices(['file', 'stderr']))
  .action((flags: StartFlags) => run(() => start(flags)));

for (const [name, description] of [
  ['stop', 'end the server of a data folder in order'],
  ['status', 'show what the server of a data folder does'],
  ['reload', 'let the server read its configuration file again'],
  ['recycle', 'replace the workers by fresh ones without closing a connection'],
] as const) {
  program
    .command(name)
    .description(description)
    .option('--data <folder>', "data folder (default: the configuration file's, else ./lyrebird-data)")
    .option('--config <file>', 'configuration file (YAML)')
    .option('--json', 'print JSON')
    .action((flags: { data?: string; config?: string; json?: boolean }) =>
      run(async () => {
        const commands = await import('./remote-commands.ts');
        await commands.runRemoteCommand(name, flags);
      }),
    );
}

program
  .command('sblr')
  .description('compile SQL and list the bytecode of each statement')
  .argument('<file>', 'file with SQL, or - for the standard input')
  .action((file: string) =>
    run(async () => {
      const { disassembleFile } = await import('./disassemble.ts');
      process.stdout.write(disassembleFile(file));
    }),
  );

await program.parseAsync();

async function run(action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    if (error instanceof UsageError) process.stderr.write(`lyrebird: ${error.message}\n`);
    else process.stderr.write(`lyrebird: unexpected failure: ${(error as Error).stack ?? String(error)}\n`);
    process.exitCode = 1;
    // A failed start may have left timers and sockets of its children behind.
    setTimeout(() => process.exit(1), 100).unref();
  }
}

async function start(flags: StartFlags): Promise<void> {
  const { startServer } = await import('./server.ts');
  let stopWanted: string | undefined;
  let server: RunningServer | undefined;
  // Signals count from the first moment: one that comes during the start stops right after it.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      stopWanted = signal;
      void server?.stop(signal);
    });
  }
  process.on('SIGHUP', () => {
    // From a terminal it means that the terminal was closed; from a service manager, "read your configuration".
    if (process.stdin.isTTY) {
      stopWanted = 'SIGHUP';
      void server?.stop('SIGHUP');
    } else void server?.reload().catch((error: Error) => process.stderr.write(`lyrebird: ${error.message}\n`));
  });
  server = await startServer({ configFile: flags.config, overrides: overridesOf(flags) });
  printReady(server);
  if (stopWanted !== undefined) void server.stop(stopWanted);
  process.exit(await server.ended);
}

function overridesOf(flags: StartFlags): Overrides {
  return {
    data: flags.data,
    host: flags.host,
    isolation: flags.isolation,
    'postgres.port': numberOr(flags.pgPort, 'off', '--pg-port'),
    'mysql.port': numberOr(flags.mysqlPort, 'off', '--mysql-port'),
    'workers.count': numberOr(flags.workers, 'auto', '--workers'),
    'authentication.method': flags.auth,
    'tls.mode': flags.tls,
    durability: flags.durability,
    'log.level': flags.logLevel,
    'log.destination': flags.log,
  };
}

function numberOr(text: string | undefined, word: string, option: string): number | string | undefined {
  if (text === undefined || text === word) return text;
  if (!/^\d+$/.test(text)) throw new UsageError(`${option} needs a number or "${word}", not "${text}"`);
  return Number(text);
}

function printReady(server: RunningServer): void {
  const { folder } = server;
  const lines = [`Lyrebird ${VERSION} is ready (data folder ${folder.path}, process ${process.pid})`];
  const shown = relative(process.cwd(), folder.path);
  const passwordFile = `${shown === '' || shown.startsWith('..') ? folder.path : shown}/admin-password`;
  for (const { protocol, host, port } of server.addresses) {
    const address = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
    if (protocol === 'postgres') {
      const client = `psql -h ${address} -p ${port} -U postgres`;
      lines.push(`  Postgres clients: ${passwordHint(server, passwordFile, 'PGPASSWORD')}${client}`);
    } else if (protocol === 'mysql') {
      const client = `mysql -h ${address} -P ${port} -u root`;
      lines.push(`  MySQL clients:    ${passwordHint(server, passwordFile, 'MYSQL_PWD')}${client}`);
    }
  }
  for (const { protocol, port } of server.unserved)
    lines.push(
      `  ${protocol} clients are not served: another program has port ${port} (choose another with --${protocol}-port)`,
    );
  lines.push('Ctrl-C stops the server.');
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** The client's environment variable that holds the password. */
function passwordHint(server: RunningServer, passwordFile: string, variable: string): string {
  if (server.config.authentication.method === 'trust') return '';
  const given = process.env['LYREBIRD_PASSWORD'];
  return given === undefined || given === ''
    ? `${variable}=$(cat ${quoted(passwordFile)}) `
    : `${variable}=$LYREBIRD_PASSWORD `;
}

/** A path as a shell takes it. */
function quoted(path: string): string {
  return /^[\w./@%+=:,-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
