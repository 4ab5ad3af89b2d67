/**
 * A dialect's built-in types by the text that names them, as reference literals and catalog functions have it:
 * 'int4', 'pg.varchar(20)', 'timestamp(3) with time zone[]', '"char"'. Modifiers name the same type.
 */
import type { DialectProfile } from '../../sblr/contract/session.ts';
import type { ObjectId } from './definitions.ts';

const MODIFIERS = /\(\s*[\w,\s+-]*\)/g;
const ARRAY = /(\s*\[\s*\d*\s*\])+$|\s+array(\s*\[\s*\d+\s*\])?$/;

export class BuiltinTypeNames {
  /** Of types and their arrays, the latter with a leading underscore, too. */
  readonly #ids = new Map<string, ObjectId>();
  readonly #arrays = new Map<ObjectId, ObjectId>();
  readonly #aliases: ReadonlyMap<string, string>;
  readonly #schema: string;

  constructor(profile: DialectProfile) {
    this.#schema = profile.systemSchema;
    this.#aliases = new Map(profile.typeAliases);
    for (const type of profile.types) {
      this.#ids.set(type.name, type.id);
      if (type.arrayId === 0) continue;
      this.#ids.set(`_${type.name}`, type.arrayId);
      this.#arrays.set(type.id, type.arrayId);
    }
  }

  find(text: string): ObjectId | undefined {
    let name = text.replace(MODIFIERS, ' ').trim();
    const array = ARRAY.exec(name.toLowerCase());
    if (array !== null) name = name.slice(0, array.index);
    const id = this.#element(name);
    return id === undefined || array === null ? id : this.#arrays.get(id);
  }

  #element(text: string): ObjectId | undefined {
    const qualified = /^(?:"([^"]+)"|([^".\s]+))\s*\.\s*(.+)$/.exec(text);
    if (qualified !== null && (qualified[1] ?? qualified[2]!.toLowerCase()) !== this.#schema) return undefined;
    const name = (qualified?.[3] ?? text).trim();
    const delimited = /^"([^"]+)"$/.exec(name);
    // A qualified name is a plain one: only the grammar's own spellings have aliases.
    if (delimited !== null) return this.#ids.get(name) ?? this.#ids.get(delimited[1]!);
    const folded = name.toLowerCase().replace(/\s+/g, ' ');
    return this.#ids.get(qualified === null ? (this.#aliases.get(folded) ?? folded) : folded);
  }
}
