/**
 * Expressions: a Pratt parser that builds SBLR value nodes directly. Operator symbols and their
 * precedence are data of the dialect; the forms introduced by keywords (CASE, CAST ...) are in
 * special-forms.ts, which derives from this class.
 *
 * With every value goes its *label*, the name the dialect would give an output column made of it: each
 * construct sets `label` and `labelStrength` (0 none, 1 weak, 2 strong) as its last act, so no second
 * walk over the tree is needed.
 */
import type { Name } from '../../sblr/contract/names.ts';
import type { SqlType } from '../../sblr/contract/types.ts';
import { DECIMAL, INT32, UNKNOWN } from '../../sblr/contract/types.ts';
import { node, type NodeOf, type RelationNode, type ValueNode } from '../../sblr/nodes.ts';
import { decimalFromText, integerFromDigits, literal, negated } from './literals.ts';
import { MAX_NESTING, ParserBase } from './parser-base.ts';
import { Token, type Tokenizer } from './tokenizer.ts';

/** Binding strengths, low to high; a dialect's own operators get theirs from its operator table. */
export const Precedence = {
  NONE: 0,
  OR: 1,
  AND: 2,
  NOT: 3,
  IS: 4,
  COMPARE: 5,
  RANGE: 6,
  OTHER: 7,
  ADD: 8,
  MULTIPLY: 9,
  POWER: 10,
  AT: 11,
  COLLATE: 12,
  UNARY: 13,
  SUBSCRIPT: 14,
  CAST: 15,
} as const;

export interface BinaryOperator {
  readonly precedence: number;
  /** Name of the engine primitive. */
  readonly primitive: string;
}

/** What an expression parser takes from its dialect. */
export interface ExpressionFacts {
  readonly binaryOperators: ReadonlyMap<string, BinaryOperator>;
  /** Precedence of symbols that are not in the table; undefined = they are no operators. */
  readonly otherOperatorPrecedence: number | undefined;
  readonly prefixOperators: ReadonlyMap<string, string>;
}

/** A type with the name under which it labels a column. */
export interface ParsedType {
  readonly type: SqlType;
  readonly label: string;
}

/** A literal taken out of the text to become a parameter. */
export interface LiftedLiteral {
  /** Offsets in the statement. */
  readonly start: number;
  readonly end: number;
  readonly type: SqlType;
  readonly value: NodeOf<'LITERAL'>['value'];
  readonly parameter: NodeOf<'PARAM'>;
}

export type SubscriptStep = NodeOf<'SUBSCRIPT_STEP'>;

export abstract class ExpressionParser<Facts extends ExpressionFacts = ExpressionFacts> extends ParserBase {
  readonly facts: Facts;
  label: string | undefined = undefined;
  labelStrength = 0;
  /** Highest parameter number seen. */
  parameterCount = 0;
  /** Literals are lifted while this is above 0; places where a literal's text matters lower it. */
  lifting = 0;
  readonly lifted: LiftedLiteral[] = [];
  /** The query found by the last parenthesis, when it held one. */
  protected parenthesised: RelationNode | undefined = undefined;

  constructor(tokens: Tokenizer, facts: Facts) {
    super(tokens);
    this.facts = facts;
  }

  /** Type of a string literal: not known until it is used, in dialects where its use decides. */
  protected stringValue(text: string, pos: number): ValueNode {
    return literal(text, this.stringType, pos);
  }

  protected get stringType(): SqlType {
    return UNKNOWN;
  }

  abstract parseType(): ParsedType;
  /** A complete query without surrounding parentheses. */
  abstract parseQuery(): RelationNode;
  /** Goes on after a parenthesised query that turned out to be the first part of a larger one. */
  abstract continueQuery(first: RelationNode): RelationNode;
  /** May a query begin with the token `ahead`? */
  abstract startsQuery(ahead: number): boolean;
  /** Does the current token continue a query (UNION, ORDER ...) after a parenthesised one? */
  abstract continuesQuery(): boolean;
  /** A value that begins with the current word. */
  protected abstract wordPrimary(restricted: boolean): ValueNode;

  protected noLabel(): void {
    this.label = undefined;
    this.labelStrength = 0;
  }

  protected setLabel(label: string, strength = 2): void {
    this.label = label;
    this.labelStrength = strength;
  }

  // ---- operators -----------------------------------------------------------------------------------

  expression(minimum: number = Precedence.NONE): ValueNode {
    this.enter();
    const left = this.prefix(false);
    const result = this.infix(left, minimum, false);
    this.leave();
    return result;
  }

  /** The restricted form that may stand where AND, IN and the like would be ambiguous. */
  restrictedExpression(minimum: number = Precedence.NONE): ValueNode {
    this.enter();
    const result = this.infix(this.prefix(true), minimum, true);
    this.leave();
    return result;
  }

  protected operand(minimum: number, restricted: boolean): ValueNode {
    return restricted ? this.restrictedExpression(minimum) : this.expression(minimum);
  }

  protected prefix(restricted: boolean): ValueNode {
    if (this.kind === Token.WORD) {
      if (this.value === 'not' && !restricted) {
        const pos = this.pos;
        this.advance();
        const operand = this.expression(Precedence.NOT);
        this.noLabel();
        return node('NOT', { operand, pos });
      }
      return this.wordPrimary(restricted);
    }
    if (this.kind === Token.OPERATOR) return this.prefixOperator(restricted);
    return this.primary();
  }

  protected prefixOperator(restricted: boolean): ValueNode {
    const pos = this.pos;
    const symbol = this.value;
    const primitive = this.facts.prefixOperators.get(symbol);
    if (primitive === undefined && this.facts.binaryOperators.has(symbol) && !this.isGenericOperator(symbol)) {
      throw this.syntaxError();
    }
    this.advance();
    const sign = symbol === '-' || symbol === '+';
    const operand = this.operand(sign ? Precedence.UNARY : Precedence.OTHER, restricted);
    this.noLabel();
    if (sign && operand.op === 'LITERAL') {
      const folded = symbol === '-' ? negated(operand) : undefined;
      if (folded !== undefined) return { ...folded, pos };
    }
    return node('OPERATOR', { name: primitive ?? symbol, operands: [operand], pos });
  }

  /** A symbol that is neither arithmetic nor comparison, so that it may also stand before its operand. */
  protected isGenericOperator(symbol: string): boolean {
    return this.facts.binaryOperators.get(symbol)?.precedence === Precedence.OTHER;
  }

  protected infix(first: ValueNode, minimum: number, restricted: boolean): ValueNode {
    let left = first;
    // The level that may not follow: comparisons and their like do not chain.
    let barred = -1;
    for (;;) {
      if (this.kind === Token.OPERATOR) {
        const symbol = this.value;
        const entry = this.facts.binaryOperators.get(symbol);
        const precedence = entry?.precedence ?? this.facts.otherOperatorPrecedence ?? -1;
        if (precedence < minimum || precedence < 0) return left;
        if (precedence === barred) throw this.syntaxError();
        left = this.binary(left, entry?.primitive ?? symbol, precedence, restricted);
        barred = precedence === this.unchained ? precedence : -1;
      } else if (this.kind === Token.WORD) {
        const precedence = this.wordPrecedence(restricted);
        if (precedence < minimum || precedence < 0) return left;
        if (precedence === barred) throw this.syntaxError();
        const before = this.openEnded;
        this.openEnded = false;
        left = this.wordInfix(left, precedence, restricted);
        barred = this.openEnded ? precedence : -1;
        this.openEnded = before;
      } else if (this.kind === Token.SYMBOL && this.value === '::') {
        if (Precedence.CAST < minimum) return left;
        left = this.castSuffix(left);
        barred = -1;
      } else return left;
    }
  }

  /** The level that may not follow an operator of its own: in dialects whose comparisons do not chain. */
  protected readonly unchained: number = Precedence.COMPARE;

  /** Set by wordInfix when what it parsed ends in an operand of its own level, which then may not chain. */
  protected openEnded = false;

  protected castSuffix(operand: ValueNode): ValueNode {
    const pos = this.pos;
    this.advance();
    const strength = this.labelStrength;
    const label = this.label;
    const { type, label: typeLabel } = this.parseType();
    if (strength <= 1) this.setLabel(typeLabel, 1);
    else this.setLabel(label as string, strength);
    return node('CAST', { type, mode: 'cast', operand, pos });
  }

  /** The current token is the operator. */
  protected binary(left: ValueNode, primitive: string, precedence: number, restricted: boolean): ValueNode {
    const pos = this.pos;
    this.advance();
    if (this.kind === Token.WORD && (this.value === 'any' || this.value === 'all' || this.value === 'some')) {
      if (!restricted && this.peekIsSymbol(1, '(')) return this.quantified(left, primitive, pos);
    }
    let right = this.operand(precedence + 1, restricted);
    if (this.lifting > 0 && left.op === 'COLUMN' && right.op === 'LITERAL') {
      const safe = right.type === this.stringType ? precedence === Precedence.COMPARE : precedence !== Precedence.OTHER;
      if (safe) right = this.lift(right);
    }
    this.noLabel();
    return node('OPERATOR', { name: primitive, operands: [left, right], pos });
  }

  /** op ANY (...): the current token is ANY, ALL or SOME. */
  protected quantified(value: ValueNode, operator: string, pos: number): ValueNode {
    const quantifier = this.value === 'all' ? 'all' : 'any';
    this.advance();
    const array = this.parenthesis();
    const query = this.parenthesised;
    this.noLabel();
    if (query !== undefined) return node('QUANTIFIED_QUERY', { operator, quantifier, value, query, pos });
    if (array.op === 'ROW') throw this.syntaxError();
    return node('QUANTIFIED_ARRAY', { operator, quantifier, value, array, pos });
  }

  /** Binding strength of the current word as an infix operator, or -1. */
  protected wordPrecedence(restricted: boolean): number {
    switch (this.value) {
      case 'is':
        return Precedence.IS;
      case 'and':
        return restricted ? -1 : Precedence.AND;
      case 'or':
        return restricted ? -1 : Precedence.OR;
      case 'in':
      case 'between':
      case 'like':
        return restricted ? -1 : Precedence.RANGE;
      case 'not': {
        if (restricted) return -1;
        const next = this.peekKind(1) === Token.WORD ? this.peekValue(1) : '';
        return next === 'in' || next === 'between' || next === 'like' ? Precedence.RANGE : -1;
      }
      default:
        return -1;
    }
  }

  protected wordInfix(left: ValueNode, precedence: number, restricted: boolean): ValueNode {
    const pos = this.pos;
    const word = this.value;
    this.advance();
    switch (word) {
      case 'and':
      case 'or':
        return this.junction(left, word, precedence, pos);
      case 'is':
        return this.isSuffix(left, pos, restricted);
      case 'not': {
        const next = this.value;
        this.advance();
        return this.rangeInfix(left, next, true, pos);
      }
      default:
        return this.rangeInfix(left, word, false, pos);
    }
  }

  /** AND and OR take all their operands in one node. */
  protected junction(left: ValueNode, word: 'and' | 'or', precedence: number, pos: number): ValueNode {
    const operands = [left];
    // A dialect may have operators between these.
    do operands.push(this.expression(precedence + 0.5));
    while (this.acceptWord(word));
    this.noLabel();
    return word === 'and' ? node('AND', { operands, pos }) : node('OR', { operands, pos });
  }

  /** What follows IS. */
  protected isSuffix(operand: ValueNode, pos: number, restricted: boolean): ValueNode {
    const isNot = this.acceptWord('not');
    if (this.isWord('distinct')) {
      this.advance();
      this.expectWord('from');
      const right = this.operand(Precedence.IS + 1, restricted);
      this.openEnded = true;
      this.noLabel();
      return node('IS_DISTINCT', { negated: isNot, left: operand, right, pos });
    }
    if (restricted) throw this.syntaxError();
    this.noLabel();
    if (this.acceptWord('null')) return node('IS_NULL', { negated: isNot, operand, pos });
    const truth = this.acceptOneOf('true', 'false', 'unknown');
    if (truth === undefined) throw this.syntaxError();
    return node('IS_TRUTH', { truth, negated: isNot, operand, pos });
  }

  /** After [NOT] IN / BETWEEN / LIKE. */
  protected rangeInfix(value: ValueNode, word: string, isNot: boolean, pos: number): ValueNode {
    if (word === 'in') return this.inSuffix(value, isNot, pos);
    if (word === 'between') return this.betweenSuffix(value, isNot, pos);
    return this.likeSuffix(value, 'like', isNot, pos);
  }

  protected inSuffix(value: ValueNode, isNot: boolean, pos: number): ValueNode {
    if (!this.isSymbol('(')) throw this.syntaxError();
    if (this.queryBehindParentheses()) {
      const listPos = this.pos;
      const list = this.parenthesis();
      const query = this.parenthesised;
      this.noLabel();
      if (query !== undefined) return node('IN_QUERY', { negated: isNot, value, query, pos });
      const several = list.op === 'ROW' && list.pos === listPos;
      return node('IN_LIST', { negated: isNot, value, items: several ? list.items : [list], pos });
    }
    this.expectSymbol('(');
    const items = this.list(() => (value.op === 'COLUMN' ? this.lift(this.expression()) : this.expression()));
    this.expectSymbol(')');
    this.noLabel();
    return node('IN_LIST', { negated: isNot, value, items, pos });
  }

  protected betweenSuffix(value: ValueNode, isNot: boolean, pos: number): ValueNode {
    const symmetric = this.acceptWord('symmetric');
    if (!symmetric) this.acceptWord('asymmetric');
    let lower = this.restrictedExpression();
    if (value.op === 'COLUMN') lower = this.lift(lower);
    this.expectWord('and');
    let upper = this.expression(Precedence.RANGE + 1);
    if (value.op === 'COLUMN') upper = this.lift(upper);
    this.openEnded = true;
    this.noLabel();
    return node('BETWEEN', { negated: isNot, symmetric, value, lower, upper, pos });
  }

  protected likeSuffix(value: ValueNode, kind: 'like' | 'ilike' | 'similar', isNot: boolean, pos: number): ValueNode {
    const pattern = this.expression(Precedence.RANGE + 1);
    const escape = this.acceptWord('escape') ? this.expression(Precedence.RANGE + 1) : undefined;
    this.openEnded = true;
    this.noLabel();
    return node('LIKE', { kind, negated: isNot, value, pattern, escape, pos });
  }

  // ---- primaries --------------------------------------------------------------------------------------

  /** A value that does not begin with a word. */
  protected primary(): ValueNode {
    const pos = this.pos;
    switch (this.kind) {
      case Token.INTEGER: {
        const value = integerFromDigits(this.value, false, pos);
        this.noLabel();
        this.advance();
        return value;
      }
      case Token.STRING: {
        const value = this.stringValue(this.value, pos);
        this.noLabel();
        this.advance();
        return value;
      }
      case Token.DECIMAL: {
        const value = decimalFromText(this.value);
        if (value === undefined) throw this.error('numeric_value_out_of_range', 'value overflows numeric format', pos);
        this.advance();
        this.noLabel();
        return literal(value, DECIMAL, pos);
      }
      case Token.PARAMETER:
        return this.parameter(pos);
      case Token.QUOTED:
        return this.nameOrCall();
      case Token.SYMBOL:
        if (this.value === '(') {
          const value = this.parenthesis();
          if (this.parenthesised !== undefined) return this.subquery(this.parenthesised, pos);
          // (a, b) takes no field or subscript, (row(a, b)) does.
          return value.op === 'ROW' && value.pos === pos ? value : this.indirection(value);
        }
        throw this.syntaxError();
      default:
        return this.otherPrimary();
    }
  }

  /** Tokens of kinds that only some dialects have. */
  protected otherPrimary(): ValueNode {
    throw this.syntaxError();
  }

  /** A column name or a call that begins with a delimited identifier. */
  protected abstract nameOrCall(): ValueNode;

  /**
   * Where a literal only supplies a value (compared with a column, stored in one), it becomes a
   * parameter, so that statements differing in nothing else share a program. A sign stays outside.
   * The literal must have been the token just before the current one.
   */
  protected lift(value: ValueNode): ValueNode {
    if (this.lifting <= 0 || value.op !== 'LITERAL') return value;
    const { type } = value;
    const token = this.index - 1;
    const kind = this.tokens.kinds[token];
    const start = (this.tokens.starts[token] as number) - this.tokens.origin;
    const text = type === this.stringType;
    if (text ? kind !== Token.STRING || start !== value.pos : kind !== Token.INTEGER || type !== INT32) return value;
    const negative = start !== value.pos;
    if (negative && (typeof value.value !== 'number' || value.value > 0 || value.value < -999999999)) return value;
    const parameter = node('PARAM', { index: 0, type, pos: start });
    const plain = negative ? -(value.value as number) : value.value;
    this.lifted.push({ start, end: this.previousEnd, type, value: plain, parameter });
    return negative ? node('OPERATOR', { name: 'negate', operands: [parameter], pos: value.pos }) : parameter;
  }

  protected parameter(pos: number): ValueNode {
    const number = Number(this.value);
    if (number < 1 || number > 65535)
      throw this.error('undefined_parameter', `there is no parameter $${this.value}`, pos);
    if (number > this.parameterCount) this.parameterCount = number;
    this.advance();
    this.noLabel();
    return this.indirection(node('PARAM', { index: number - 1, pos }));
  }

  protected subquery(query: RelationNode, pos: number): ValueNode {
    const label = this.queryLabel;
    const value = node('SUBQUERY', { query, pos });
    if (label === undefined) this.noLabel();
    else this.setLabel(label);
    return this.indirection(value);
  }

  /** Name of the first output column of the query parsed last, if it has one. */
  protected queryLabel: string | undefined = undefined;

  /** Is the current '(' followed, perhaps after more of them, by a query? */
  protected queryBehindParentheses(): boolean {
    let ahead = 1;
    while (ahead <= MAX_NESTING && this.peekIsSymbol(ahead, '(')) ahead++;
    return this.startsQuery(ahead);
  }

  /**
   * From '(' to its ')': a value, or (in `parenthesised`) a query. Several values make a ROW. The two
   * cannot be told apart before the innermost query has been read: ((select 1) union (select 2)) is a
   * query, ((select 1) + 2) a value.
   */
  protected parenthesis(): ValueNode {
    this.enter();
    const pos = this.pos;
    this.expectSymbol('(');
    this.parenthesised = undefined;
    let first: ValueNode;
    if (this.startsQuery(0)) {
      const query = this.parseQuery();
      this.expectSymbol(')');
      this.leave();
      this.parenthesised = query;
      return NO_VALUE;
    }
    if (this.isSymbol('(') && this.queryBehindParentheses()) {
      const innerPos = this.pos;
      const value = this.parenthesis();
      const inner = this.parenthesised;
      if (inner !== undefined) {
        if (this.isSymbol(')') || this.continuesQuery()) {
          const query = this.isSymbol(')') ? inner : this.continueQuery(inner);
          this.expectSymbol(')');
          this.leave();
          this.parenthesised = query;
          return NO_VALUE;
        }
        first = this.infix(this.subquery(inner, innerPos), Precedence.NONE, false);
      } else {
        const row = value.op === 'ROW' && value.pos === innerPos;
        first = this.infix(row ? value : this.indirection(value), Precedence.NONE, false);
      }
    } else first = this.expression();
    let result = first;
    if (this.acceptSymbol(',')) {
      const items = [first, ...this.list(() => this.expression())];
      result = node('ROW', { items, pos });
      this.setLabel('row');
    }
    this.expectSymbol(')');
    this.leave();
    this.parenthesised = undefined;
    return result;
  }

  /** [i], [i:j], .field and .* after a value. `.*` is left to the select list. */
  protected indirection(base: ValueNode): ValueNode {
    if (this.kind !== Token.SYMBOL || (this.value !== '[' && this.value !== '.')) return base;
    const pos = this.pos;
    const steps = this.subscriptSteps();
    return steps.length === 0 ? base : node('SUBSCRIPT', { base, steps, pos });
  }

  protected subscriptSteps(): SubscriptStep[] {
    const steps: SubscriptStep[] = [];
    const label = this.label;
    const strength = this.labelStrength;
    let fieldLabel: string | undefined;
    for (;;) {
      const pos = this.pos;
      if (this.acceptSymbol('[')) {
        steps.push(this.subscript(pos));
      } else if (this.isSymbol('.') && !(this.peekKind(1) === Token.OPERATOR && this.peekValue(1) === '*')) {
        this.advance();
        const field = this.columnLabel();
        fieldLabel = field.text;
        steps.push(node('SUBSCRIPT_STEP', { kind: 'field', field, pos }));
      } else break;
    }
    if (fieldLabel !== undefined) this.setLabel(fieldLabel);
    else if (label === undefined) this.noLabel();
    else this.setLabel(label, strength);
    return steps;
  }

  /** After '['. */
  protected subscript(pos: number): SubscriptStep {
    const lifting = this.lifting;
    this.lifting = 0;
    const lower = this.isSymbol(':') ? undefined : this.expression();
    let step: SubscriptStep;
    if (this.acceptSymbol(':')) {
      const upper = this.isSymbol(']') ? undefined : this.expression();
      step = node('SUBSCRIPT_STEP', { kind: 'slice', lower, upper, pos });
    } else step = node('SUBSCRIPT_STEP', { kind: 'index', lower, pos });
    this.lifting = lifting;
    this.expectSymbol(']');
    return step;
  }

  protected column(name: Name, pos: number): ValueNode {
    this.setLabel((name.at(-1) as Name[number]).text);
    return node('COLUMN', { name, pos });
  }
}

/** Stands for the value of a parenthesis that held a query; never part of a tree. */
const NO_VALUE: ValueNode = Object.freeze(node('DEFAULT_VALUE', {}));
