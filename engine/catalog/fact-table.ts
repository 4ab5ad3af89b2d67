/**
 * The built-in objects that a dialect's catalog lists and nothing here carries out: operators, casts, signatures and
 * descriptions of functions. They come as text with the profile and are split when first asked for.
 */
import type { CatalogFacts } from '../../sblr/contract/session.ts';
import type { ObjectId } from './definitions.ts';

export interface Fact {
  readonly kind: string;
  readonly id: ObjectId;
  readonly fields: readonly string[];
}

export class FactTable {
  readonly #text: readonly CatalogFacts[];
  readonly #kinds = new Map<string, readonly Fact[]>();
  #byId: Map<ObjectId, Fact[]> | undefined;

  constructor(facts: readonly CatalogFacts[]) {
    this.#text = facts;
  }

  *all(): Iterable<Fact> {
    for (const { kind } of this.#text) yield* this.ofKind(kind);
  }

  ofKind(kind: string): readonly Fact[] {
    let found = this.#kinds.get(kind);
    if (found === undefined) {
      found = this.#text.filter((one) => one.kind === kind).flatMap(split);
      this.#kinds.set(kind, found);
    }
    return found;
  }

  /** Facts of every kind about one id: kinds number their objects apart. */
  withId(id: ObjectId): readonly Fact[] {
    if (this.#byId === undefined) {
      this.#byId = new Map();
      for (const fact of this.all()) {
        const others = this.#byId.get(fact.id);
        if (others === undefined) this.#byId.set(fact.id, [fact]);
        else others.push(fact);
      }
    }
    return this.#byId.get(id) ?? [];
  }

  find(kind: string, id: ObjectId): Fact | undefined {
    return this.withId(id).find((fact) => fact.kind === kind);
  }

  /** The first one whose name, the first field, is `name`. */
  named(kind: string, name: string): Fact | undefined {
    return this.ofKind(kind).find((fact) => fact.fields[0] === name);
  }
}

function split({ kind, rows }: CatalogFacts): Fact[] {
  const facts: Fact[] = [];
  for (const line of rows.split('\n')) {
    if (line === '') continue;
    const [id, ...fields] = line.split('\t');
    facts.push({ kind, id: Number(id), fields });
  }
  return facts;
}
