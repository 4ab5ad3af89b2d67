/**
 * Turns of a long computation that is no statement's: between them whoever else has work for the engine thread does it.
 */

/** As long as a statement's slice. */
const TURN_MS = 1;
/** Items sorted at once. */
const RUN = 64;
/** Steps between two looks at the clock. */
const STEPS = 64;

export class Turns {
  #end = performance.now() + TURN_MS;

  /** Is the turn over? Then call `next`. */
  get over(): boolean {
    return performance.now() >= this.#end;
  }

  /** Waits for the next turn. */
  async next(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#end = performance.now() + TURN_MS;
  }
}

/** Sorts as Array.prototype.sort does, in turns; answers the sorted array, which may be the given one. */
export async function sortInTurns<T>(items: T[], compare: (a: T, b: T) => number, turns: Turns): Promise<T[]> {
  for (let start = 0; start < items.length; start += RUN) {
    const run = items.slice(start, start + RUN).sort(compare);
    for (let at = 0; at < run.length; at++) items[start + at] = run[at] as T;
    if (turns.over) await turns.next();
  }
  let from = items;
  let to: T[] = new Array(items.length);
  for (let width = RUN; width < items.length; width *= 2) {
    for (let start = 0; start < items.length; start += 2 * width) {
      const middle = Math.min(start + width, items.length);
      const end = Math.min(start + 2 * width, items.length);
      let left = start;
      let right = middle;
      for (let at = start; at < end; at++) {
        const takesLeft = left < middle && (right >= end || compare(from[left] as T, from[right] as T) <= 0);
        to[at] = from[takesLeft ? left++ : right++] as T;
        if (at % STEPS === 0 && turns.over) await turns.next();
      }
    }
    [from, to] = [to, from];
  }
  return from;
}
