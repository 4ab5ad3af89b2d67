/** `lyrebird stop | status | reload | recycle`: asks the server of a data folder over its control socket. */
import { setTimeout as sleep } from 'node:timers/promises';
import { loadConfig } from './config.ts';
import { type ControlCommand, sendControl } from './control-socket.ts';
import { serverOf } from './data-folder.ts';
import { runPaths } from './run-paths.ts';
import { UsageError } from './usage-error.ts';

const ANSWER_TIMEOUT_MS = 5_000;
/** On top of the drain timeout, until a server that was told to stop counts as hanging. */
const STOP_GRACE_MS = 15_000;
const POLL_MS = 20;

export interface RemoteFlags {
  readonly data?: string;
  readonly config?: string;
  readonly json?: boolean;
}

export async function runRemoteCommand(command: ControlCommand, flags: RemoteFlags): Promise<void> {
  const { data } = loadConfig(flags.config, { data: flags.data });
  const pid = serverOf(data);
  const reply =
    pid === undefined ? undefined : await sendControl(runPaths(data).controlSocket, command, ANSWER_TIMEOUT_MS);
  if (pid === undefined)
    throw new UsageError(`no server runs on ${data}; start one with "lyrebird start --data ${data}"`);
  if (command === 'stop') {
    // A server that hangs or is just starting has no control socket: the signal reaches it all the same.
    if (reply === undefined) process.kill(pid, 'SIGTERM');
    await waitForEnd(data, pid, ((reply as { drainTimeoutMs?: number })?.drainTimeoutMs ?? 0) + STOP_GRACE_MS);
    process.stdout.write(
      flags.json ? `${JSON.stringify({ stopped: pid })}\n` : `The server (process ${pid}) has stopped.\n`,
    );
    return;
  }
  if (reply === undefined)
    throw new UsageError(`the server with process id ${pid} is still starting or stopping; try again`);
  process.stdout.write(flags.json ? `${JSON.stringify(reply)}\n` : describe(command, reply));
}

async function waitForEnd(data: string, pid: number, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (serverOf(data) === pid) {
    if (performance.now() > deadline)
      throw new UsageError(`the server with process id ${pid} does not stop; end it with "kill -9 ${pid}"`);
    await sleep(POLL_MS);
  }
}

interface StatusReply {
  readonly pid: number;
  readonly version: string;
  readonly uptimeSeconds: number;
  readonly data: string;
  readonly isolation: string;
  readonly durability: string;
  readonly ports: readonly { protocol: string; host: string; port: number }[];
  readonly connections: { open: number; limit: number; accepted: number; refused: number; waiting: number };
  readonly engine: { pid: number; state: string; restarts: number; details?: Readonly<Record<string, unknown>> };
  readonly workers: readonly {
    name: string;
    pid: number;
    state: string;
    connections: number;
    queries: number;
    memoryBytes: number;
  }[];
}

function describe(command: ControlCommand, reply: unknown): string {
  if (command === 'recycle') return 'The workers are being replaced.\n';
  if (command === 'reload') {
    const { applied, needRestart } = reply as { applied: string[]; needRestart: string[] };
    const lines = [applied.length === 0 ? 'Nothing to apply.' : `Applied: ${applied.join(', ')}`];
    if (needRestart.length > 0) lines.push(`Needs a restart: ${needRestart.join(', ')}`);
    return `${lines.join('\n')}\n`;
  }
  const status = reply as StatusReply;
  const { connections, engine } = status;
  const lines = [
    `Lyrebird ${status.version}, process ${status.pid}, up ${status.uptimeSeconds} s, isolation ${status.isolation}, durability ${status.durability}`,
    `data         ${status.data}`,
    ...status.ports.map(({ protocol, host, port }) => `${protocol.padEnd(12)} ${host}:${port}`),
    `connections  ${connections.open} of ${connections.limit} (accepted ${connections.accepted}, refused ${connections.refused}, waiting ${connections.waiting})`,
    `engine       ${engine.state}, process ${engine.pid}, restarts ${engine.restarts}${details(engine.details)}`,
    ...status.workers.map(
      (worker) =>
        `${worker.name.padEnd(12)} ${worker.state}, process ${worker.pid}, connections ${worker.connections}, running ${worker.queries}, ${Math.round(worker.memoryBytes / 2 ** 20)} MB`,
    ),
  ];
  return `${lines.join('\n')}\n`;
}

function details(values: Readonly<Record<string, unknown>> | undefined): string {
  const shown = Object.entries(values ?? {}).filter(([, value]) => typeof value !== 'object');
  return shown.length === 0 ? '' : `, ${shown.map(([key, value]) => `${key} ${String(value)}`).join(', ')}`;
}
