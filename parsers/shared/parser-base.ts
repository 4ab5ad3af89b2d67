/**
 * The cursor every parser builds on: the current token, look-ahead, expectations, identifiers and
 * errors. Recursive descent above it reads tokens only through these methods.
 */
import type { Condition } from '../../sblr/contract/conditions.ts';
import type { Identifier, Name } from '../../sblr/contract/names.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { Token, type TokenKind, type Tokenizer } from './tokenizer.ts';

/** Levels of nested expressions and queries. */
export const MAX_NESTING = 700;

export class ParserBase {
  readonly tokens: Tokenizer;
  /** Index of the current token. */
  index = 0;
  /** Kind and value of the current token, kept here because every decision reads them. */
  kind: TokenKind = Token.END;
  value = '';
  #depth = 0;

  constructor(tokens: Tokenizer) {
    this.tokens = tokens;
    if (tokens.count === 0) tokens.read();
    this.#load();
  }

  #load(): void {
    const { tokens, index } = this;
    while (tokens.count <= index) tokens.read();
    this.kind = tokens.kinds[index] as TokenKind;
    this.value = tokens.values[index] as string;
  }

  advance(): void {
    this.index++;
    this.#load();
  }

  /** Steps to a token seen before (or ahead). */
  moveTo(index: number): void {
    this.index = index;
    this.#load();
  }

  peekKind(ahead: number): TokenKind {
    const { tokens } = this;
    while (tokens.count <= this.index + ahead) tokens.read();
    return tokens.kinds[this.index + ahead] as TokenKind;
  }

  peekValue(ahead: number): string {
    const { tokens } = this;
    while (tokens.count <= this.index + ahead) tokens.read();
    return tokens.values[this.index + ahead] as string;
  }

  peekIsWord(ahead: number, word: string): boolean {
    return this.peekKind(ahead) === Token.WORD && this.peekValue(ahead) === word;
  }

  peekIsSymbol(ahead: number, symbol: string): boolean {
    return this.peekKind(ahead) === Token.SYMBOL && this.peekValue(ahead) === symbol;
  }

  /** Offset of the current token in the statement. */
  get pos(): number {
    return (this.tokens.starts[this.index] as number) - this.tokens.origin;
  }

  /** Offset just past the token before the current one. */
  get previousEnd(): number {
    return this.index === 0 ? 0 : (this.tokens.ends[this.index - 1] as number) - this.tokens.origin;
  }

  /** Source text between two offsets of the statement. */
  source(from: number, to: number): string {
    return this.tokens.text.slice(from + this.tokens.origin, to + this.tokens.origin);
  }

  // ---- tests and expectations ------------------------------------------------------------------

  /** The current token's kind, asked where the compiler thinks it knows it already. */
  isKind(kind: TokenKind): boolean {
    return this.kind === kind;
  }

  isWord(word: string): boolean {
    return this.kind === Token.WORD && this.value === word;
  }

  acceptWord(word: string): boolean {
    if (this.kind !== Token.WORD || this.value !== word) return false;
    this.advance();
    return true;
  }

  /** Two words in sequence, or nothing. */
  acceptWords(first: string, second: string): boolean {
    if (!this.isWord(first) || !this.peekIsWord(1, second)) return false;
    this.advance();
    this.advance();
    return true;
  }

  expectWord(word: string): void {
    if (!this.acceptWord(word)) throw this.syntaxError();
  }

  expectWords(...words: string[]): void {
    for (const word of words) this.expectWord(word);
  }

  /** Takes the first of `words` that is there. */
  acceptOneOf<const W extends string>(...words: readonly W[]): W | undefined {
    if (this.kind !== Token.WORD) return undefined;
    for (const word of words) {
      if (this.value === word) {
        this.advance();
        return word;
      }
    }
    return undefined;
  }

  expectOneOf<const W extends string>(...words: readonly W[]): W {
    const word = this.acceptOneOf(...words);
    if (word === undefined) throw this.syntaxError();
    return word;
  }

  ifExists(): boolean {
    if (!this.acceptWord('if')) return false;
    this.expectWord('exists');
    return true;
  }

  ifNotExists(): boolean {
    if (!this.acceptWords('if', 'not')) return false;
    this.expectWord('exists');
    return true;
  }

  isSymbol(symbol: string): boolean {
    return this.kind === Token.SYMBOL && this.value === symbol;
  }

  acceptSymbol(symbol: string): boolean {
    if (this.kind !== Token.SYMBOL || this.value !== symbol) return false;
    this.advance();
    return true;
  }

  expectSymbol(symbol: string): void {
    if (!this.acceptSymbol(symbol)) throw this.syntaxError();
  }

  isOperator(text: string): boolean {
    return this.kind === Token.OPERATOR && this.value === text;
  }

  acceptOperator(text: string): boolean {
    if (!this.isOperator(text)) return false;
    this.advance();
    return true;
  }

  expectOperator(text: string): void {
    if (!this.acceptOperator(text)) throw this.syntaxError();
  }

  /** At the end of the statement? */
  atEnd(): boolean {
    return this.kind === Token.END || (this.kind === Token.SYMBOL && this.value === ';');
  }

  // ---- errors --------------------------------------------------------------------------------------

  /** The error of meeting a token that fits nowhere. */
  syntaxError(index: number = this.index): SqlError {
    const { tokens } = this;
    const start = tokens.starts[index] as number;
    const position = start - tokens.origin;
    if (tokens.kinds[index] === Token.END)
      return new SqlError('syntax_error', { message: 'syntax error at end of input', position });
    return new SqlError('syntax_error', {
      message: `syntax error at or near "${tokens.text.slice(start, tokens.ends[index] as number)}"`,
      position,
    });
  }

  error(condition: Condition, message: string, position?: number, hint?: string): SqlError {
    return new SqlError(condition, {
      message,
      ...(position === undefined ? {} : { position }),
      ...(hint === undefined ? {} : { hint }),
    });
  }

  /** What is understood and not carried out. */
  unsupported(what: string, position: number = this.pos): SqlError {
    return new SqlError('feature_not_supported', { message: `${what} is not supported`, position });
  }

  enter(): void {
    if (++this.#depth > MAX_NESTING) {
      throw this.error('statement_too_complex', 'stack depth limit exceeded', this.pos);
    }
  }

  leave(): void {
    this.#depth--;
  }

  // ---- names -----------------------------------------------------------------------------------------

  /** An identifier from the current token, already known to be one. Dialects limit its length here. */
  protected makeIdentifier(): Identifier {
    const text = this.value;
    return { text, exact: this.kind === Token.QUOTED && text !== text.toLowerCase() };
  }

  takeIdentifier(): Identifier {
    const identifier = this.makeIdentifier();
    this.advance();
    return identifier;
  }

  /** May the token `ahead` name a column or table? */
  isColumnId(ahead = 0): boolean {
    const kind = this.peekKind(ahead);
    if (kind === Token.QUOTED) return true;
    if (kind !== Token.WORD) return false;
    const keyword = this.tokens.keywords[this.index + ahead];
    return keyword === undefined || keyword.category === 'unreserved' || keyword.category === 'column_name';
  }

  /** May it name a function or type? */
  isTypeFunctionName(ahead = 0): boolean {
    const kind = this.peekKind(ahead);
    if (kind === Token.QUOTED) return true;
    if (kind !== Token.WORD) return false;
    const keyword = this.tokens.keywords[this.index + ahead];
    return keyword === undefined || keyword.category === 'unreserved' || keyword.category === 'type_function';
  }

  isBareLabel(): boolean {
    if (this.kind === Token.QUOTED) return true;
    return this.kind === Token.WORD && (this.tokens.keywords[this.index]?.bareLabel ?? true);
  }

  /** The name of a column, table, alias ... */
  columnId(): Identifier {
    if (!this.isColumnId()) throw this.syntaxError();
    return this.takeIdentifier();
  }

  /** Any word or delimited name, as after AS or a dot. */
  columnLabel(): Identifier {
    if (this.kind !== Token.WORD && this.kind !== Token.QUOTED) throw this.syntaxError();
    return this.takeIdentifier();
  }

  /** name [. name]* */
  qualifiedName(): Name {
    const first = this.columnId();
    if (!this.isSymbol('.')) return [first];
    const name = [first];
    while (this.acceptSymbol('.')) name.push(this.columnLabel());
    return name;
  }

  /** (name, ...) */
  parenthesisedIds(): Identifier[] {
    this.expectSymbol('(');
    const ids = [this.columnId()];
    while (this.acceptSymbol(',')) ids.push(this.columnId());
    this.expectSymbol(')');
    return ids;
  }

  /** item, item ... */
  list<R>(item: () => R): R[] {
    const items = [item()];
    while (this.acceptSymbol(',')) items.push(item());
    return items;
  }

  stringLiteral(): string {
    if (this.kind !== Token.STRING) throw this.syntaxError();
    const text = this.value;
    this.advance();
    return text;
  }

  /** An unsigned integer that fits 32 bits. */
  unsignedInteger(): number {
    if (this.kind !== Token.INTEGER) throw this.syntaxError();
    const value = Number(this.value);
    if (value > 0x7fffffff) throw this.syntaxError();
    this.advance();
    return value;
  }

  /** [+-]integer, of up to 64 bits. */
  signedInteger(): number | bigint {
    let negative = false;
    if (this.kind === Token.OPERATOR && (this.value === '-' || this.value === '+')) {
      negative = this.value === '-';
      this.advance();
    }
    if (this.kind !== Token.INTEGER) throw this.syntaxError();
    const magnitude = BigInt(this.value);
    const value = negative ? -magnitude : magnitude;
    if (value > 0x7fffffffffffffffn || value < -0x8000000000000000n) {
      throw this.error('numeric_value_out_of_range', `value "${value}" is out of range for type bigint`, this.pos);
    }
    this.advance();
    return value >= -9007199254740991n && value <= 9007199254740991n ? Number(value) : value;
  }
}
