/** The character sets of one session: they follow from the number that the client gave at login, and from the settings that change later. */
import type { NetworkReader } from '../shared/byte-reader.ts';
import { type CharacterSet, characterSet, UTF8MB4 } from './character-sets.ts';
import type { PacketWriter } from './packets.ts';

export class SessionCharacterSets {
  /** What the client writes text in. */
  client: CharacterSet = UTF8MB4;
  /** Number of the collation that column definitions name. */
  collation: number;
  readonly #packets: PacketWriter;

  constructor(packets: PacketWriter, collation: number) {
    this.#packets = packets;
    this.collation = collation;
  }

  /** A setting has this value now. */
  apply(name: string, value: string): void {
    if (name === 'character_set_client') this.client = characterSet(value);
    if (name !== 'character_set_results') return;
    const { set } = this.#packets;
    this.#packets.set = characterSet(value);
    if (this.#packets.set !== set) this.collation = this.#packets.set.id;
  }

  /** The rest of a packet is text of a statement, in whose strings there may be bytes that are no text. */
  text(reader: NetworkReader): string {
    const { client } = this;
    return client.utf8 ? reader.statementText(reader.remaining) : client.read(reader, reader.remaining);
  }
}
