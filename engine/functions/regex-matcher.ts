/**
 * Matches regular expressions in time bounded by length of text times length of program: it tries alternatives in order, as
 * a backtracking matcher does and with the same answers, but no instruction twice at one place of the text. (With
 * references to groups that is not possible; those may take a limited number of steps.)
 */
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { type CompiledProgram, compileProgram, type Instruction, type Program } from './regex-program.ts';

/** What callers use of a regular expression; RegExp has it, too. */
export interface Matcher {
  lastIndex: number;
  exec(text: string): RegExpExecArray | null;
  test(text: string): boolean;
}

const MAX_STEPS = 20_000_000;
/** Places of the text per block of marks. */
const BLOCK = 256;

/** Marks of what has been tried: one bit per instruction and place, in blocks made when needed. */
class Tried {
  readonly #words: number;
  readonly #blocks = new Map<number, Uint32Array>();

  constructor(program: Program) {
    this.#words = program.length * (BLOCK / 32);
  }

  /** Marks it; true when it already was. */
  mark(instruction: number, at: number): boolean {
    const block = Math.floor(at / BLOCK);
    let words = this.#blocks.get(block);
    if (words === undefined) this.#blocks.set(block, (words = new Uint32Array(this.#words)));
    const bit = instruction * BLOCK + (at % BLOCK);
    const mask = 1 << (bit & 31);
    const word = words[bit >> 5] as number;
    if ((word & mask) !== 0) return true;
    words[bit >> 5] = word | mask;
    return false;
  }
}

export class BoundedRegex implements Matcher {
  readonly #compiled: CompiledProgram;
  readonly #global: boolean;
  lastIndex = 0;

  constructor(body: string, flags: string, global: boolean) {
    this.#compiled = compileProgram(body, flags);
    this.#global = global;
  }

  test(text: string): boolean {
    return this.exec(text) !== null;
  }

  exec(text: string): RegExpExecArray | null {
    const { program, groups, references } = this.#compiled;
    const tried = references ? undefined : new Tried(program);
    const run = new Run(text, groups, references);
    for (let at = this.#global ? this.lastIndex : 0; at <= text.length; at = following(text, at)) {
      const end = run.match(program, at, tried);
      if (end < 0) continue;
      if (this.#global) this.lastIndex = end;
      return run.result(at, end);
    }
    if (this.#global) this.lastIndex = 0;
    return null;
  }
}

/** The place after the character at `at`. */
function following(text: string, at: number): number {
  return at + ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1);
}

class Run {
  readonly #text: string;
  readonly #slots: Int32Array;
  readonly #limited: boolean;
  /** Marks per look-around, whose outcome at a place is always the same. */
  readonly #looks = new Map<Program, Map<number, boolean>>();
  #steps = 0;

  constructor(text: string, groups: number, limited: boolean) {
    this.#text = text;
    this.#slots = new Int32Array((groups + 1) * 2).fill(-1);
    this.#limited = limited;
  }

  result(start: number, end: number): RegExpExecArray {
    const found: (string | undefined)[] = [this.#text.slice(start, end)];
    for (let slot = 2; slot < this.#slots.length; slot += 2) {
      const [from, to] = [this.#slots[slot] as number, this.#slots[slot + 1] as number];
      found.push(from < 0 || to < 0 ? undefined : this.#text.slice(from, to));
    }
    return Object.assign(found, { index: start, input: this.#text }) as RegExpExecArray;
  }

  /** Where a match that begins at `start` ends; -1 = there is none. `stop`: the place it must end at. */
  match(program: Program, start: number, tried: Tried | undefined, stop = -1): number {
    const text = this.#text;
    const slots = this.#slots;
    slots.fill(-1);
    // Pairs of instruction and place still to try; (-1 - slot, value) restores a slot on the way back.
    const stack: number[] = [0, start];
    while (stack.length > 0) {
      let at = stack.pop() as number;
      let pc = stack.pop() as number;
      if (pc < 0) {
        slots[-1 - pc] = at;
        continue;
      }
      for (;;) {
        if (tried?.mark(pc, at) === true) break;
        if (this.#limited && ++this.#steps > MAX_STEPS)
          throw new SqlError('statement_too_complex', 'regular expression takes too many steps on this text');
        const instruction = program[pc] as Instruction;
        if (instruction.op === 'match') {
          if (stop < 0 || at === stop) return at;
          break;
        }
        if (instruction.op === 'split') {
          stack.push(pc + instruction.second, at);
          pc += instruction.first;
        } else if (instruction.op === 'jump') pc += instruction.to;
        else if (instruction.op === 'character') {
          const point = text.codePointAt(at);
          if (point === undefined || !instruction.test(point)) break;
          at += point > 0xffff ? 2 : 1;
          pc++;
        } else if (instruction.op === 'save') {
          stack.push(-1 - instruction.slot, slots[instruction.slot] as number);
          slots[instruction.slot] = at;
          pc++;
        } else if (instruction.op === 'reference') {
          const [from, to] = [slots[instruction.group * 2] as number, slots[instruction.group * 2 + 1] as number];
          // A group that took no part matches nothing, not even the empty text.
          if (from < 0 || to < 0) break;
          const part = text.slice(from, to);
          if (!text.startsWith(part, at)) break;
          at += part.length;
          pc++;
        } else {
          if (!this.#holds(instruction, at)) break;
          pc++;
        }
      }
    }
    return -1;
  }

  #holds(instruction: Instruction, at: number): boolean {
    if (instruction.op === 'start') return at === 0;
    if (instruction.op === 'end') return at === this.#text.length;
    if (instruction.op !== 'look') return false;
    let known = this.#looks.get(instruction.program);
    if (known === undefined) this.#looks.set(instruction.program, (known = new Map()));
    let found = known.get(at);
    if (found === undefined) {
      const inner = new Run(this.#text, this.#slots.length / 2 - 1, false);
      found = instruction.behind ? inner.#behind(instruction.program, at) : inner.#ahead(instruction.program, at);
      known.set(at, found);
    }
    return found !== instruction.negated;
  }

  #ahead(program: Program, at: number): boolean {
    return this.match(program, at, new Tried(program)) >= 0;
  }

  /** Looks behind are short in practice: one character as a rule. */
  #behind(program: Program, at: number): boolean {
    for (let start = at; start >= 0; start--) {
      if (this.match(program, start, new Tried(program), at) >= 0) return true;
      if (program.length === 2 && start < at - 2) return false;
    }
    return false;
  }
}

/** Texts up to this long are left to the engine's own matcher, by number of repetitions that may nest. */
const SHORT_TEXT = [0, 4000, 300];

/**
 * The language's own matcher on short texts, where it is faster and its cost, a power of the length, does not matter; the
 * bounded one on longer texts.
 */
export class AdaptiveRegex implements Matcher {
  readonly #own: RegExp;
  readonly #body: string;
  readonly #flags: string;
  readonly #short: number;
  #bounded: BoundedRegex | undefined;
  lastIndex = 0;

  /** `own` is the expression of that body; `repetitions`: how many quantifiers it has. */
  constructor(own: RegExp, body: string, flags: string, repetitions: number) {
    this.#own = own;
    this.#body = body;
    this.#flags = flags;
    this.#short = SHORT_TEXT[repetitions] ?? 0;
  }

  test(text: string): boolean {
    return this.exec(text) !== null;
  }

  exec(text: string): RegExpExecArray | null {
    const matcher =
      text.length <= this.#short
        ? this.#own
        : (this.#bounded ??= new BoundedRegex(this.#body, this.#flags, this.#own.global));
    matcher.lastIndex = this.lastIndex;
    const found = matcher.exec(text);
    this.lastIndex = matcher.lastIndex;
    return found;
  }
}
