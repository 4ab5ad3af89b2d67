/** The child's end of the IPC channel: engine and worker processes answer the listener through it. */
import { performance } from 'node:perf_hooks';
import type { NativeHandle, ToChild, FromChild } from '../listener/index.ts';

export interface ChannelHandlers {
  message(message: ToChild, handle: NativeHandle | undefined): void;
  /** The listener is gone: nobody is left to serve. */
  orphaned(): void;
  status(): unknown;
  queries(): number;
}

export function tellParent(message: FromChild): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => {});
}

/** Answers health and status questions and passes everything else on. */
export function openChannel(handlers: ChannelHandlers): void {
  let before = performance.eventLoopUtilization();
  process.on('message', (message: ToChild, handle: unknown) => {
    switch (message.kind) {
      case 'ping': {
        const now = performance.eventLoopUtilization();
        const { utilization } = performance.eventLoopUtilization(now, before);
        before = now;
        const load = { queries: handlers.queries(), utilization, memoryBytes: process.memoryUsage.rss() };
        tellParent({ kind: 'pong', sequence: message.sequence, load });
        return;
      }
      case 'status':
        tellParent({ kind: 'status', request: message.request, status: handlers.status() });
        return;
      default:
        handlers.message(message, handle as NativeHandle | undefined);
    }
  });
  process.on('disconnect', () => handlers.orphaned());
}
