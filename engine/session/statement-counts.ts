/** What a session remembers of its last statements for functions that ask: rows counted, rows found, identity values. */
import type { CountHooks } from '../functions/introspection.ts';
import type { Completion } from '../../sblr/contract/session.ts';

/** Rows of a statement that counts none, and of one that returns rows or failed. */
const NOT_COUNTED = 0;
const NO_COUNT = -1;

export class StatementCounts implements CountHooks {
  /** Rows the last statement changed. */
  rows: number = NO_COUNT;
  /** Rows of the last query, those a limit left out included where it was asked to count them. */
  found = 0;
  /** The first identity value that the last generating statement made, or what was put in its place. */
  identity: number | bigint = 0;
  /** What the statement under way put there. */
  #replaced: number | bigint | undefined;

  /** Rows of the query under way without its limit, where it counts them. */
  #found: number | undefined;

  begin(): void {
    this.#found = undefined;
    this.#replaced = undefined;
  }

  replaceIdentity(value: number | bigint): void {
    this.identity = value;
    this.#replaced = value;
  }

  /** The identity value that a statement's completion reports. */
  reported(generated: number | bigint | undefined, given: number | bigint | undefined): number | bigint | undefined {
    if (generated !== undefined) this.identity = generated;
    return generated ?? this.#replaced ?? given;
  }

  done({ command, rows, changed }: Completion): void {
    if (command === 'SELECT') {
      this.rows = NO_COUNT;
      if (rows !== undefined) this.found = this.#found ?? rows;
    } else this.rows = changed ?? rows ?? NOT_COUNTED;
  }

  foundAll(count: number): void {
    this.#found = count;
  }

  failed(): void {
    this.rows = NO_COUNT;
  }
}
