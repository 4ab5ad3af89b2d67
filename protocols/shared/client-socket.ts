/** What a connection needs of its socket: net.Socket, tls.TLSSocket and any Duplex have it. */
export interface ClientSocket {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  /** False = the buffer is full, wait for 'drain'. */
  write(bytes: Uint8Array): boolean;
  end(): unknown;
  destroy(): unknown;
  pause(): unknown;
  resume(): unknown;
  on(event: 'data', listener: (chunk: Buffer) => void): unknown;
  on(event: 'drain' | 'end' | 'close' | 'error', listener: () => void): unknown;
  off(event: 'data', listener: (chunk: Buffer) => void): unknown;
  off(event: 'drain' | 'end' | 'close' | 'error', listener: () => void): unknown;
  setNoDelay?(on: boolean): unknown;
}
