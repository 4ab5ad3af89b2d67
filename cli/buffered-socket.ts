/**
 * Sockets that read into one buffer of their own instead of a new one per read: the hot path of client
 * connections and of the link between worker and engine. Their 'data' events carry a view that is valid
 * during the event only; whoever keeps bytes copies them.
 */
import net from 'node:net';
import { type NativeHandle, stealHandle } from '../listener/index.ts';

/** Bytes read at most at once. Pages never touched take no memory. */
const READ_BYTES = 64 << 10;

/** The same connection, read through one buffer; undefined when it is gone already. `socket` must be paused and unread. */
export function buffered(socket: net.Socket): net.Socket | undefined {
  const handle = stealHandle(socket);
  return handle === undefined ? undefined : bufferedSocket(handle);
}

/** A socket over a connected native handle. */
export function bufferedSocket(handle: NativeHandle): net.Socket {
  const socket: net.Socket = new net.Socket({
    handle,
    readable: true,
    writable: true,
    onread: {
      buffer: Buffer.allocUnsafeSlow(READ_BYTES),
      callback: (count: number, buffer: Uint8Array) => {
        socket.emit('data', buffer.subarray(0, count));
        return true;
      },
    },
  } as net.SocketConstructorOpts);
  return socket;
}
