/**
 * Where the text of a query breaks into lines, and how deep its lines stand. A break is written as a
 * character that no text contains until the whole is finished, because spaces before a break go away.
 */
const BREAK = '\u0000';
/** Deeper lines than this start at the left again, at half the steps. */
const DEEPEST = 40;
/** Steps of one clause. */
export const CLAUSE = 8;

export class Layout {
  #depth: number;
  readonly active: boolean;

  constructor(depth: number, active = true) {
    this.#depth = depth;
    this.active = active;
  }

  get depth(): number {
    return this.#depth;
  }

  move(by: number): void {
    this.#depth = Math.max(this.#depth + by, 0);
  }

  /** `text` on a line of its own: the depth changes by `before`, the line stands `plus` deeper, then by `after`. */
  line(text: string, before: number, after: number, plus = 0): string {
    if (!this.active) return text;
    const depth = this.#depth + before;
    const spaces =
      depth < DEEPEST ? Math.max(depth, 0) : (DEEPEST + Math.trunc((depth - DEEPEST) / (CLAUSE / 2))) % DEEPEST;
    this.#depth = Math.max(depth + after, 0);
    return `${BREAK}${' '.repeat(spaces + plus)}${text}`;
  }

  /** A query inside: it starts at this depth and leaves the depth as it was. */
  nested<T>(work: () => T): T {
    const depth = this.#depth;
    const result = work();
    this.#depth = depth;
    return result;
  }

  startsLine(text: string): boolean {
    return text.startsWith(BREAK);
  }

  /** Does the text go over a line break that is not its first character? */
  hasBreak(text: string): boolean {
    return text.indexOf(BREAK, 1) >= 0;
  }

  /** Characters since the last break. */
  column(text: string): number {
    return text.length - text.lastIndexOf(BREAK) - 1;
  }

  finish(text: string): string {
    return text.replaceAll(/ *\u0000/g, '\n');
  }
}
