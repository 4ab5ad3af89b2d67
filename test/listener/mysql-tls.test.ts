/** TLS on the MySQL port: the client asks for it and begins the handshake without waiting for an answer. */
import { connect } from 'node:net';
import { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CLIENT } from '../../protocols/mysql/constants.ts';
import { startServer, type TestServer } from '../harness/index.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer({ mysql: true });
});
afterAll(async () => {
  await server?.stop();
});

/** The packet that asks for TLS: capabilities, packet size, character set, filler. */
function tlsRequest(): Buffer {
  const packet = Buffer.alloc(36);
  packet.writeUIntLE(32, 0, 3);
  packet[3] = 1;
  packet.writeUInt32LE(CLIENT.PROTOCOL_41 | CLIENT.SSL | CLIENT.SECURE_CONNECTION, 4);
  packet.writeUInt32LE(1 << 24, 8);
  packet[12] = 45;
  return packet;
}

test('the request and the first bytes of the handshake may come together', async () => {
  const plain = connect(Number(new URL(server.mysqlUrl).port), '127.0.0.1');
  await once(plain, 'data');
  let ahead = tlsRequest();
  const joined = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      plain.write(Buffer.concat([ahead, chunk]), done);
      ahead = Buffer.alloc(0);
    },
  });
  plain.on('data', (chunk: Buffer) => joined.push(chunk));
  plain.on('close', () => joined.destroy(new Error('the server hung up')));
  const secure = connectTls({ socket: joined, rejectUnauthorized: false });
  await once(secure, 'secureConnect');
  expect(secure.getProtocol()).toMatch(/^TLSv1\.[23]$/);
  secure.destroy();
  plain.destroy();
});
