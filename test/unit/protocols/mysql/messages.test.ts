/** OK packets as clients with and without session tracking read them. */
import { expect, test } from 'vitest';
import { CLIENT } from '../../../../protocols/mysql/constants.ts';
import { writeDiagnostics } from '../../../../protocols/mysql/diagnostics-result.ts';
import { writeOk } from '../../../../protocols/mysql/messages.ts';
import { PacketWriter } from '../../../../protocols/mysql/packets.ts';
import { NetworkWriter } from '../../../../protocols/shared/byte-writer.ts';

function ok(capabilities: number, info: string): string {
  const writer = new NetworkWriter();
  const changes = [{ kind: 'schema', name: 'database', value: 'd' }] as const;
  const outcome = { affectedRows: 3, lastInsertId: 0, status: 2, warnings: 0, info, changes };
  writeOk(new PacketWriter(writer), capabilities, outcome);
  return Buffer.from(writer.take()).subarray(4).toString('hex');
}

test('the text has its length before it, whether the client tracks the session or not', () => {
  const text = `0a${Buffer.from('Records: 3').toString('hex')}`;
  expect(ok(CLIENT.PROTOCOL_41, 'Records: 3')).toBe(`00030002000000${text}`);
  expect(ok(CLIENT.PROTOCOL_41, '')).toBe('00030002000000');
  expect(ok(CLIENT.PROTOCOL_41 | CLIENT.SESSION_TRACK, 'Records: 3')).toBe(`00030002400000${text}0401020164`);
});

test('warnings that are shown are not told again', () => {
  const writer = new NetworkWriter();
  const outcome = { affectedRows: 0, lastInsertId: 0, status: 2, warnings: 3, info: '', changes: [] };
  writeDiagnostics(new PacketWriter(writer), CLIENT.PROTOCOL_41, { columns: [], rows: [['Warning']] }, outcome);
  expect(Buffer.from(writer.take()).subarray(-5).toString('hex')).toBe('fe00000200');
});
