/**
 * The statement cache in front of a parser. First by exact text; then by *shape*: the text with its
 * lifted literals cut out. A scan over the characters splits a statement into segments and literals
 * and computes two 32-bit hashes of the segments; a candidate found by them is verified segment by
 * segment, so a forged hash gains nothing. Literals that the parser did not lift (their text matters)
 * must be equal too. Both levels are bounded by number and by bytes.
 *
 * Session settings that change the meaning of text have their own texts and shapes.
 */
import type { CompiledStatement, CompileRequest, CompileResult } from '../../sblr/contract/dialect.ts';
import type { SqlType } from '../../sblr/contract/types.ts';
import type { SqlValue } from '../../sblr/contract/values.ts';

export interface LiftedSpan {
  /** Offsets in the statement. */
  readonly start: number;
  readonly end: number;
  readonly type: SqlType;
  readonly value: SqlValue;
}

/** A parser that can lift literals, as the cache sees it. */
export interface LiftingCompiler {
  compile(
    request: CompileRequest,
    lift: boolean,
  ): { readonly result: CompileResult; readonly lifted: readonly LiftedSpan[] };
  /** A key of the settings that change what text means. */
  meaningKey(settings: Readonly<Record<string, string>>): string;
  /** Do double quotes delimit strings, as single ones do, rather than names? */
  stringsInDoubleQuotes(settings: Readonly<Record<string, string>>): boolean;
}

export const MAX_CACHED_TEXTS = 4096;
export const MAX_CACHED_SHAPES = 2048;
export const MAX_CACHED_BYTES = 16 << 20;
/** Longer texts are compiled every time. */
export const MAX_CACHED_TEXT = 32768;
/** Statements with more literals are not looked up by shape. */
export const MAX_LIFTED = 64;
/** Sets of settings, such as the session's database, whose texts are kept apart. */
const MAX_MEANINGS = 1024;
/** Programs per hash bucket: same shape, different literals of those that are not lifted. */
const MAX_VARIANTS = 8;

type StatementResult = Extract<CompileResult, { kind: 'statement' }>;

/** Literals found by the scan, in parallel arrays reused between statements. */
class Scan {
  readonly starts = new Int32Array(MAX_LIFTED);
  readonly ends = new Int32Array(MAX_LIFTED);
  /** 1 integer, 2 string, 3 string with its quotes doubled in it. */
  readonly kinds = new Uint8Array(MAX_LIFTED);
  count = 0;
  /** Where the statement starts. */
  origin = 0;
  first = 0;
  second = 0;
  /** Offset past the statement and its ';'. */
  end = 0;
  /** Offset of the ';' or of the end of the text. */
  stop = 0;
}

interface Template {
  readonly second: number;
  readonly text: string;
  /** The text between the literals: one more than there are literals. */
  readonly segments: readonly string[];
  readonly literalCount: number;
  /** Per literal: where it stood in `text`, and which lifted parameter it is (-1: none). */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly kinds: Uint8Array;
  readonly lifted: Int16Array;
  readonly statement: CompiledStatement;
  readonly liftedCount: number;
  readonly terminated: boolean;
  readonly bytes: number;
}

/** A statement that shares the program of another text. */
class SharedStatement implements CompiledStatement {
  readonly program: CompiledStatement['program'];
  readonly parameterCount: number;
  readonly literals: readonly SqlValue[];
  readonly literalTypes: readonly SqlType[];
  readonly command: string;
  readonly transactionControl: boolean;
  readonly action: CompiledStatement['action'];
  readonly text: string;
  readonly #template: Template;
  readonly #stringsInDoubleQuotes: boolean;

  constructor(template: Template, literals: readonly SqlValue[], text: string, stringsInDoubleQuotes: boolean) {
    const { statement } = template;
    this.program = statement.program;
    this.parameterCount = statement.parameterCount;
    this.literals = literals;
    this.literalTypes = statement.literalTypes;
    this.command = statement.command;
    this.transactionControl = statement.transactionControl;
    this.action = statement.action;
    this.text = text;
    this.#template = template;
    this.#stringsInDoubleQuotes = stringsInDoubleQuotes;
  }

  sourcePosition(position: number): number {
    const template = this.#template;
    const scan = new Scan();
    if (!scanText(this.text, 0, scan, this.#stringsInDoubleQuotes)) return position;
    let shift = 0;
    for (let i = 0; i < template.literalCount && (template.ends[i] as number) <= position; i++) {
      shift = (scan.ends[i] as number) - (template.ends[i] as number);
    }
    return position + shift;
  }
}

/** What was compiled under one meaning of texts. */
class Meaning {
  readonly stringsInDoubleQuotes: boolean;
  readonly texts = new Map<string, StatementResult>();
  readonly shapes = new Map<number, Template[]>();

  constructor(stringsInDoubleQuotes: boolean) {
    this.stringsInDoubleQuotes = stringsInDoubleQuotes;
  }
}

export class StatementCache {
  readonly #compiler: LiftingCompiler;
  readonly #meanings = new Map<string, Meaning>();
  readonly #scan = new Scan();
  #bytes = 0;
  #textCount = 0;
  #shapeCount = 0;
  hits = 0;
  shapeHits = 0;
  misses = 0;

  constructor(compiler: LiftingCompiler) {
    this.#compiler = compiler;
  }

  compile(request: CompileRequest): CompileResult {
    const { text, settings } = request;
    if (text.length > MAX_CACHED_TEXT) return this.#compiler.compile(request, false).result;
    const meaning = this.#meaning(settings);
    if (request.start === 0) {
      const found = meaning.texts.get(text);
      if (found !== undefined) {
        this.hits++;
        return found;
      }
    }
    const start = pastBlanks(text, request.start);
    const scan = this.#scan;
    if (!scanText(text, start, scan, meaning.stringsInDoubleQuotes)) {
      this.misses++;
      const { result } = this.#compiler.compile(request, false);
      if (request.start === 0) this.#remember(meaning, text, result);
      return result;
    }
    const found = scan.count > 0 ? byShape(meaning, text, start, scan) : byPart(meaning, text, start, scan);
    if (found !== undefined) {
      this.shapeHits++;
      return found;
    }
    this.misses++;
    return this.#compileNew(meaning, start === request.start ? request : { text, start, settings }, scan);
  }

  #meaning(settings: Readonly<Record<string, string>>): Meaning {
    const key = this.#compiler.meaningKey(settings);
    let meaning = this.#meanings.get(key);
    if (meaning === undefined) {
      if (this.#meanings.size >= MAX_MEANINGS) this.#clear();
      this.#meanings.set(key, (meaning = new Meaning(this.#compiler.stringsInDoubleQuotes(settings))));
    }
    return meaning;
  }

  #compileNew(meaning: Meaning, request: CompileRequest, scan: Scan): CompileResult {
    const { text, start } = request;
    if (scan.count > 0) {
      const { result, lifted } = this.#compiler.compile(request, true);
      if (result.kind === 'statement' && lifted.length > 0) {
        const fits =
          lifted.length <= MAX_LIFTED &&
          result.start === start &&
          this.#addShape(meaning, request, scan, result, lifted);
        if (fits) return result;
      }
    }
    // Nothing to lift, an error, or the scan and the parser see it differently: literals stay where they are.
    const { result } = this.#compiler.compile(request, false);
    if (result.kind === 'statement' && result.end === scan.end) {
      const rebased = start === 0 ? result : { ...result, start: result.start - start, end: result.end - start };
      this.#remember(meaning, text.slice(start, scan.end), rebased);
    }
    return result;
  }

  #remember(meaning: Meaning, text: string, result: CompileResult): void {
    if (result.kind !== 'statement' || meaning.texts.has(text)) return;
    const bytes = costOf(text, result);
    if (this.#textCount >= MAX_CACHED_TEXTS || this.#bytes + bytes > MAX_CACHED_BYTES) this.#evictTexts();
    this.#bytes += bytes;
    this.#textCount++;
    meaning.texts.set(text, result);
  }

  /** Drops the older half of every meaning's texts: amortised, and no bookkeeping on a hit. */
  #evictTexts(): void {
    for (const { texts } of this.#meanings.values()) {
      let remaining = (texts.size + 1) >> 1;
      for (const [text, result] of texts) {
        if (remaining-- <= 0) break;
        this.#bytes -= costOf(text, result);
        this.#textCount--;
        texts.delete(text);
      }
    }
    if (this.#bytes > MAX_CACHED_BYTES >> 1) this.#dropShapes();
  }

  #dropShapes(): void {
    for (const { shapes } of this.#meanings.values()) {
      for (const bucket of shapes.values()) for (const template of bucket) this.#bytes -= template.bytes;
      shapes.clear();
    }
    this.#shapeCount = 0;
  }

  #clear(): void {
    this.#meanings.clear();
    this.#bytes = 0;
    this.#textCount = 0;
    this.#shapeCount = 0;
  }

  #addShape(
    { shapes }: Meaning,
    request: CompileRequest,
    scan: Scan,
    result: StatementResult,
    lifted: readonly LiftedSpan[],
  ): boolean {
    const { start } = request;
    if (scan.end !== result.end) return false;
    const places = new Int16Array(scan.count).fill(-1);
    let found = 0;
    for (let i = 0; i < scan.count && found < lifted.length; i++) {
      const span = lifted[found] as LiftedSpan;
      if ((scan.starts[i] as number) - start !== span.start) continue;
      if ((scan.ends[i] as number) - start !== span.end) return false;
      places[i] = found++;
    }
    if (found !== lifted.length) return false;
    const relative = (offsets: Int32Array): Int32Array => offsets.slice(0, scan.count).map((offset) => offset - start);
    const text = request.text.slice(start, scan.stop);
    const bytes = text.length * 2 + result.statement.program.bytes.length + 512;
    const template: Template = {
      second: scan.second,
      text,
      segments: segmentsOf(request.text, start, scan),
      literalCount: scan.count,
      starts: relative(scan.starts),
      ends: relative(scan.ends),
      kinds: scan.kinds.slice(0, scan.count),
      lifted: places,
      statement: result.statement,
      liftedCount: lifted.length,
      terminated: scan.end !== scan.stop,
      bytes,
    };
    if (this.#shapeCount >= MAX_CACHED_SHAPES || this.#bytes + bytes > MAX_CACHED_BYTES) this.#dropShapes();
    let bucket = shapes.get(scan.first);
    if (bucket === undefined) shapes.set(scan.first, (bucket = []));
    if (bucket.length >= MAX_VARIANTS) {
      const oldest = bucket.shift() as Template;
      this.#bytes -= oldest.bytes;
      this.#shapeCount--;
    }
    bucket.push(template);
    this.#bytes += bytes;
    this.#shapeCount++;
    return true;
  }
}

/** A statement without literals that was seen before, alone or in another text. */
function byPart({ texts }: Meaning, text: string, start: number, scan: Scan): StatementResult | undefined {
  const found = texts.get(text.slice(start, scan.end));
  if (found === undefined) return undefined;
  return { kind: 'statement', statement: found.statement, start: start + found.start, end: start + found.end };
}

function byShape(
  { shapes, stringsInDoubleQuotes }: Meaning,
  text: string,
  start: number,
  scan: Scan,
): StatementResult | undefined {
  const bucket = shapes.get(scan.first);
  if (bucket === undefined) return undefined;
  for (const template of bucket) {
    if (template.second !== scan.second || template.literalCount !== scan.count) continue;
    const literals = match(template, text, start, scan);
    if (literals === undefined) continue;
    const length = textLength(template, scan);
    const statement = new SharedStatement(template, literals, text.slice(start, start + length), stringsInDoubleQuotes);
    return { kind: 'statement', statement, start, end: scan.end };
  }
  return undefined;
}

function pastBlanks(text: string, from: number): number {
  let at = from;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code !== 32 && (code < 9 || code > 13 || code === 11)) break;
    at++;
  }
  return at;
}

function costOf(key: string, result: StatementResult): number {
  return key.length * 4 + result.statement.program.bytes.length + 512;
}

/** Length of the statement's text without the blanks before its terminator. */
function textLength(template: Template, scan: Scan): number {
  const last = template.literalCount - 1;
  const tail = template.statement.text.length - (template.ends[last] as number);
  return (scan.ends[last] as number) - scan.origin + tail;
}

/** The literals of this text, if it has the template's shape. */
function match(template: Template, text: string, start: number, scan: Scan): SqlValue[] | undefined {
  const { literalCount } = template;
  let from = start;
  const literals: SqlValue[] = new Array(template.liftedCount);
  for (let i = 0; i < literalCount; i++) {
    const segment = template.segments[i] as string;
    if ((scan.starts[i] as number) - from !== segment.length || !text.startsWith(segment, from)) return undefined;
    const begin = scan.starts[i] as number;
    const end = scan.ends[i] as number;
    const place = template.lifted[i] as number;
    const kind = scan.kinds[i] as number;
    if (place < 0) {
      const length = (template.ends[i] as number) - (template.starts[i] as number);
      if (
        end - begin !== length ||
        text.slice(begin, end) !== template.text.slice(template.starts[i], template.ends[i])
      )
        return undefined;
    } else if (kind === 1) {
      if ((template.kinds[i] as number) !== 1) return undefined;
      literals[place] = integerAt(text, begin, end);
    } else {
      if ((template.kinds[i] as number) === 1) return undefined;
      const raw = text.slice(begin + 1, end - 1);
      const quote = text[begin] as string;
      literals[place] = kind === 3 ? raw.replaceAll(quote + quote, quote) : raw;
    }
    from = end;
  }
  const tail = template.segments[literalCount] as string;
  if (scan.stop - from !== tail.length || !text.startsWith(tail, from)) return undefined;
  return template.terminated === scan.end > scan.stop ? literals : undefined;
}

function integerAt(text: string, begin: number, end: number): number {
  let value = 0;
  for (let i = begin; i < end; i++) value = value * 10 + (text.charCodeAt(i) - 48);
  return value;
}

function segmentsOf(text: string, start: number, scan: Scan): string[] {
  const segments: string[] = [];
  let from = start;
  for (let i = 0; i < scan.count; i++) {
    segments.push(text.slice(from, scan.starts[i]));
    from = scan.ends[i] as number;
  }
  segments.push(text.slice(from, scan.stop));
  return segments;
}

// ---- the scan --------------------------------------------------------------------------------------------

const OTHER = 0;
const LETTER = 1;
const DIGIT = 2;
const STOP = 3;
/** Class per ASCII code; everything above ASCII is a letter. */
const CLASS = new Uint8Array(128);
for (let c = 48; c < 58; c++) CLASS[c] = DIGIT;
for (let c = 65; c < 91; c++) CLASS[c] = LETTER;
for (let c = 97; c < 123; c++) CLASS[c] = LETTER;
CLASS[95] = LETTER;
// Quotes, comments, dollars, terminators, dots and the like need a closer look.
for (const c of '\'"`-/$;.\\') CLASS[c.charCodeAt(0)] = STOP;

/** Integers of so many digits fit 32 bits without looking. */
const MAX_INTEGER_DIGITS = 9;

/**
 * Splits the statement at `start` into segments and literals. False when it holds anything whose
 * extent depends on the dialect (comments, dollar quotes, escapes): then it is left to the parser.
 */
function scanText(text: string, start: number, scan: Scan, stringsInDoubleQuotes: boolean): boolean {
  const length = text.length;
  let first = 0x811c9dc5;
  let second = 0x9747b28c;
  let count = 0;
  let at = start;
  let previous = OTHER;
  scan.origin = start;
  while (at < length) {
    const code = text.charCodeAt(at);
    const kind = code < 128 ? (CLASS[code] as number) : LETTER;
    if (kind === DIGIT && previous === OTHER) {
      let end = at + 1;
      while (end < length && (text.charCodeAt(end) - 48) >>> 0 < 10) end++;
      const next = end < length ? text.charCodeAt(end) : 32;
      const nextKind = next < 128 ? (CLASS[next] as number) : LETTER;
      if (end - at > MAX_INTEGER_DIGITS || nextKind === LETTER || next === 46) {
        // A long, decimal or scientific number: part of the segment.
        while (at < end) first = Math.imul(first ^ text.charCodeAt(at++), 0x01000193);
        previous = LETTER;
        continue;
      }
      if (count === MAX_LIFTED) return false;
      scan.starts[count] = at;
      scan.ends[count] = end;
      scan.kinds[count++] = 1;
      first = Math.imul(first ^ 1, 0x01000193);
      at = end;
      previous = LETTER;
      continue;
    }
    if (kind === STOP) {
      if (code === 39 || (code === 34 && stringsInDoubleQuotes)) {
        // A letter before the quote marks a special string; a quote before it a continued one.
        if (previous === LETTER || count === MAX_LIFTED) return false;
        const end = stringEnd(text, at);
        if (end < 0) return false;
        scan.starts[count] = at;
        scan.ends[count] = end < length ? end : length;
        scan.kinds[count++] = doubledQuote ? 3 : 2;
        first = Math.imul(first ^ 2, 0x01000193);
        at = end;
        previous = LETTER;
        if (continues(text, at, stringsInDoubleQuotes)) return false;
        continue;
      }
      if (code === 59) {
        scan.stop = at;
        scan.end = at + 1;
        finish(scan, count, first, second);
        return true;
      }
      if (code === 34 || code === 96) {
        const end = text.indexOf(code === 34 ? '"' : '`', at + 1);
        if (end < 0) return false;
        for (; at <= end; at++) first = Math.imul(first ^ text.charCodeAt(at), 0x01000193);
        previous = LETTER;
        continue;
      }
      const next = text.charCodeAt(at + 1);
      if (
        code === 45
          ? next === 45
          : code === 47
            ? next === 42
            : code === 36
              ? !(next >= 48 && next <= 57) || previous === LETTER
              : code !== 46
      )
        return false;
      first = Math.imul(first ^ code, 0x01000193);
      second = Math.imul(second ^ code, 0x85ebca6b) ^ (second >>> 15);
      at++;
      // After a dot or a dollar digits are no literal.
      previous = code === 46 || code === 36 ? LETTER : OTHER;
      continue;
    }
    first = Math.imul(first ^ code, 0x01000193);
    second = Math.imul(second ^ code, 0x85ebca6b) ^ (second >>> 15);
    previous = kind === OTHER ? OTHER : LETTER;
    at++;
  }
  scan.stop = length;
  scan.end = length;
  finish(scan, count, first, second);
  return true;
}

function finish(scan: Scan, count: number, first: number, second: number): void {
  scan.count = count;
  scan.first = first | 0;
  scan.second = second | 0;
}

let doubledQuote = false;

/** Past the closing quote of a string that is opened at `from`; -1 when it has none or has a backslash. */
function stringEnd(text: string, from: number): number {
  doubledQuote = false;
  const code = text.charCodeAt(from);
  const quote = code === 39 ? "'" : '"';
  let at = from + 1;
  for (;;) {
    const end = text.indexOf(quote, at);
    if (end < 0) return -1;
    if (text.charCodeAt(end + 1) !== code) {
      const slash = text.indexOf('\\', from);
      return slash >= 0 && slash < end ? -1 : end + 1;
    }
    doubledQuote = true;
    at = end + 2;
  }
}

/** Does another string follow after nothing but blanks? */
function continues(text: string, from: number, stringsInDoubleQuotes: boolean): boolean {
  let at = from;
  while (at < text.length && text.charCodeAt(at) <= 32) at++;
  return text.charCodeAt(at) === 39 || (stringsInDoubleQuotes && text.charCodeAt(at) === 34);
}
