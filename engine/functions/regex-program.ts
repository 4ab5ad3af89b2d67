/**
 * Compiles expressions in the syntax of JavaScript's Unicode mode, as regex.ts writes them, to programs for the matcher of
 * regex-matcher.ts.
 */
import { SqlError } from '../../sblr/contract/sql-error.ts';

/** Does the code point belong to the class? */
export type CharacterTest = (point: number) => boolean;

export type Instruction =
  | { readonly op: 'character'; readonly test: CharacterTest }
  /** Goes on at `first`, and at `second` should that fail. */
  | { op: 'split'; first: number; second: number }
  | { op: 'jump'; to: number }
  | { readonly op: 'save'; readonly slot: number }
  | { readonly op: 'start' | 'end' }
  | { readonly op: 'look'; readonly program: Program; readonly behind: boolean; readonly negated: boolean }
  | { readonly op: 'reference'; readonly group: number }
  | { readonly op: 'match' };

export type Program = readonly Instruction[];

const MAX_PROGRAM = 50_000;
const MAX_NESTING = 500;

export interface CompiledProgram {
  readonly program: Program;
  readonly groups: number;
  readonly references: boolean;
}

/** `flags`: i, s and m as in JavaScript. */
export function compileProgram(body: string, flags: string): CompiledProgram {
  return new Compiler(body, flags).run();
}

const QUANTIFIER = /([*+?]|\{(\d+)(,(\d*))?\})(\??)/y;
const ATOM =
  /\\(?:u\{[0-9a-fA-F]+\}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|p\{\w+\}|P\{\w+\}|[^])|\[(?:\\[^]|[^\]\\])*\]|[^]/uy;

class Compiler {
  readonly #body: string;
  readonly #flags: string;
  #at = 0;
  #groups = 0;
  #depth = 0;
  #size = 0;
  #references = false;

  constructor(body: string, flags: string) {
    this.#body = body;
    this.#flags = flags;
  }

  run(): CompiledProgram {
    const program = [...this.#alternatives(), { op: 'match' } as const];
    return { program, groups: this.#groups, references: this.#references };
  }

  #alternatives(): Instruction[] {
    if (++this.#depth > MAX_NESTING) throw tooComplex();
    let code = this.#sequence();
    while (this.#body[this.#at] === '|') {
      this.#at++;
      const other = this.#sequence();
      const first: Instruction = { op: 'split', first: 1, second: code.length + 2 };
      code = [first, ...code, { op: 'jump', to: other.length + 1 }, ...other];
      this.#check(code.length);
    }
    this.#depth--;
    return code;
  }

  /** Targets of splits and jumps are relative until the program runs: code can be moved and repeated. */
  #sequence(): Instruction[] {
    const code: Instruction[] = [];
    while (this.#at < this.#body.length && !'|)'.includes(this.#body[this.#at] as string)) {
      code.push(...this.#repeated());
      this.#check(code.length);
    }
    return code;
  }

  #check(length: number): void {
    this.#size = Math.max(this.#size, length);
    if (this.#size > MAX_PROGRAM) throw tooComplex();
  }

  #repeated(): Instruction[] {
    let code = this.#atom();
    for (;;) {
      QUANTIFIER.lastIndex = this.#at;
      const match = QUANTIFIER.exec(this.#body);
      if (match === null) return code;
      this.#at = QUANTIFIER.lastIndex;
      const [, sign, low, comma, high, lazy] = match as unknown as string[];
      const least = low === undefined ? (sign === '+' ? 1 : 0) : Number(low);
      let most = sign === '?' ? 1 : Number.POSITIVE_INFINITY;
      if (low !== undefined && comma === undefined) most = least;
      else if (high !== undefined && high !== '') most = Number(high);
      code = this.#times(code, least, most, lazy === '?');
    }
  }

  #times(code: readonly Instruction[], least: number, most: number, lazy: boolean): Instruction[] {
    const bounded = most === Number.POSITIVE_INFINITY ? least + 1 : most;
    this.#check(bounded * (code.length + 2));
    const split = (skip: number): Instruction =>
      lazy ? { op: 'split', first: skip, second: 1 } : { op: 'split', first: 1, second: skip };
    const result: Instruction[] = [];
    for (let i = 0; i < least; i++) result.push(...code);
    if (most === Number.POSITIVE_INFINITY)
      return [...result, split(code.length + 2), ...code, { op: 'jump', to: -code.length - 1 }];
    let optional: Instruction[] = [];
    for (let i = least; i < most; i++) optional = [split(code.length + optional.length + 1), ...code, ...optional];
    return [...result, ...optional];
  }

  #atom(): Instruction[] {
    const body = this.#body;
    const char = body[this.#at];
    if (char === '(') return this.#group();
    if (char === '^' || char === '$') {
      this.#at++;
      return this.#anchor(char === '^');
    }
    const reference = /^\\([1-9]\d*)/.exec(body.slice(this.#at, this.#at + 4));
    if (reference !== null) {
      this.#at += reference[0].length;
      this.#references = true;
      return [{ op: 'reference', group: Number(reference[1]) }];
    }
    ATOM.lastIndex = this.#at;
    const atom = (ATOM.exec(body) as RegExpExecArray)[0];
    this.#at += atom.length;
    return [{ op: 'character', test: characterTest(atom, this.#flags) }];
  }

  /** With lines, the anchors also stand beside line feeds. */
  #anchor(start: boolean): Instruction[] {
    if (!this.#flags.includes('m')) return [{ op: start ? 'start' : 'end' }];
    const newline: Instruction = { op: 'character', test: (point) => point === 10 };
    const beside: Instruction = { op: 'look', program: [newline, { op: 'match' }], behind: start, negated: false };
    return [{ op: 'split', first: 1, second: 3 }, { op: start ? 'start' : 'end' }, { op: 'jump', to: 2 }, beside];
  }

  #group(): Instruction[] {
    const look = /^\(\?(<?)([=!])/.exec(this.#body.slice(this.#at, this.#at + 4));
    const plain = this.#body.startsWith('(?:', this.#at);
    this.#at += look !== null ? look[0].length : plain ? 3 : 1;
    const group = look === null && !plain ? ++this.#groups : 0;
    const code = this.#alternatives();
    if (this.#body[this.#at] !== ')') throw tooComplex();
    this.#at++;
    if (look !== null) {
      const program: Program = [...code, { op: 'match' }];
      return [{ op: 'look', program, behind: look[1] === '<', negated: look[2] === '!' }];
    }
    return group === 0 ? code : [{ op: 'save', slot: group * 2 }, ...code, { op: 'save', slot: group * 2 + 1 }];
  }
}

function tooComplex(): SqlError {
  return new SqlError('invalid_regular_expression', 'invalid regular expression: regular expression is too complex');
}

/** Answers for ASCII are worked out once, others when they are asked for. */
function characterTest(atom: string, flags: string): CharacterTest {
  const regex = new RegExp(`^(?:${atom})$`, `u${flags.replace('m', '')}`);
  const ascii = new Uint8Array(128);
  for (let point = 0; point < 128; point++) ascii[point] = regex.test(String.fromCharCode(point)) ? 1 : 0;
  const others = new Map<number, boolean>();
  return (point) => {
    if (point < 128) return ascii[point] === 1;
    let known = others.get(point);
    if (known === undefined) {
      known = regex.test(String.fromCodePoint(point));
      if (others.size < 4096) others.set(point, known);
    }
    return known;
  };
}
