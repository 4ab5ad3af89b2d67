/**
 * Names, calls and the keyword forms that standard SQL has in expressions (CASE, CAST, EXTRACT, TRIM
 * ...). Which function name means which engine primitive is data of the dialect.
 */
import type { Identifier, Name } from '../../sblr/contract/names.ts';
import { node, type NodeOf, type RelationNode, type ValueNode } from '../../sblr/nodes.ts';
import { ExpressionParser, type ExpressionFacts } from './expression-parser.ts';
import { booleanLiteral, integerLiteral, nullLiteral, stringLiteral } from './literals.ts';
import { Token } from './tokenizer.ts';

export interface FunctionFact {
  readonly primitive: string;
  readonly kind: 'scalar' | 'aggregate' | 'window' | 'set';
}

export interface ValueFacts extends ExpressionFacts {
  readonly functions: ReadonlyMap<string, FunctionFact>;
  /** Schemas whose functions are the built-in ones. */
  readonly systemSchemas: ReadonlySet<string>;
}

/** Everything that was written of a call. */
export interface WrittenCall {
  readonly name: Name;
  readonly pos: number;
  readonly arguments: ValueNode[];
  variadic: boolean;
  star: boolean;
  distinct: boolean;
  order: NodeOf<'SORT_KEY'>[];
  within: NodeOf<'SORT_KEY'>[];
  filter: ValueNode | undefined;
  over: boolean;
  window: Identifier | undefined;
  specification: NodeOf<'WINDOW_SPEC'> | undefined;
}

type FrameEdge = NodeOf<'WINDOW_SPEC'>['start'];

export abstract class ValueParser extends ExpressionParser<ValueFacts> {
  abstract sortKeys(): NodeOf<'SORT_KEY'>[];

  // ---- words ---------------------------------------------------------------------------------------

  protected override wordPrimary(restricted: boolean): ValueNode {
    const keyword = this.tokens.keywords[this.index];
    if (keyword === undefined || keyword.category === 'unreserved') return this.nameOrCall();
    const form = this.specialForm(this.value, this.pos, restricted);
    if (form !== undefined) return form;
    if (keyword.category === 'column_name' && !this.peekIsSymbol(1, '(')) return this.nameOrCall();
    if (keyword.category === 'type_function') {
      if (this.peekIsSymbol(1, '(')) return this.nameOrCall();
      throw this.syntaxError(this.index + 1);
    }
    throw this.syntaxError();
  }

  /** A form introduced by a keyword, or undefined when the word introduces none here. */
  protected specialForm(word: string, pos: number, _restricted: boolean): ValueNode | undefined {
    switch (word) {
      case 'null':
        this.advance();
        this.noLabel();
        return nullLiteral(pos);
      case 'true':
      case 'false':
        this.advance();
        this.noLabel();
        return booleanLiteral(word === 'true', pos);
      case 'case':
        return this.caseForm(pos);
      case 'cast':
        return this.castForm(pos);
      case 'exists':
        return this.existsForm(pos);
      case 'current_date':
      case 'current_user':
      case 'session_user':
        return this.bareCall(word, word, pos);
      case 'current_timestamp':
      case 'current_time':
      case 'localtime':
      case 'localtimestamp':
        return this.timeCall(word, pos);
      case 'default':
        if (!this.defaultAllowed) throw this.error('syntax_error', 'DEFAULT is not allowed in this context', pos);
        this.advance();
        this.noLabel();
        return node('DEFAULT_VALUE', { pos });
      default:
        return this.peekIsSymbol(1, '(') ? this.parenthesisedForm(word, pos) : undefined;
    }
  }

  /** Forms written like calls; the current token is the word, '(' follows. */
  protected parenthesisedForm(word: string, pos: number): ValueNode | undefined {
    switch (word) {
      case 'coalesce':
        return this.operandsForm(word, (operands) => node('COALESCE', { operands, pos }));
      case 'greatest':
      case 'least':
        return this.operandsForm(word, (operands) =>
          node('EXTREMUM', { kind: word, nullPropagates: false, operands, pos }),
        );
      case 'row':
        return this.rowForm(pos);
      case 'nullif': {
        this.advance();
        this.expectSymbol('(');
        const left = this.expression();
        this.expectSymbol(',');
        const right = this.expression();
        this.expectSymbol(')');
        this.setLabel('nullif');
        return node('NULLIF', { left, right, pos });
      }
      case 'extract':
        return this.extractForm(pos);
      case 'position':
        return this.positionForm(pos);
      case 'overlay':
        return this.overlayForm(pos);
      case 'substring':
        return this.substringForm(pos);
      case 'trim':
        return this.trimForm(pos);
      case 'grouping':
        return this.operandsForm(word, (items) => node('GROUPING', { items, pos }));
      default:
        return undefined;
    }
  }

  protected call(primitive: string, args: ValueNode[], pos: number, label: string): ValueNode {
    this.setLabel(label);
    return node('CALL', { function: primitive, variadic: false, arguments: args, pos });
  }

  /** A function called by its bare name. */
  protected bareCall(word: string, primitive: string, pos: number): ValueNode {
    this.advance();
    return this.call(primitive, [], pos, word);
  }

  /** CURRENT_TIMESTAMP [(precision)] and its kin. */
  protected timeCall(word: string, pos: number): ValueNode {
    this.advance();
    const args: ValueNode[] = [];
    if (this.acceptSymbol('(')) {
      const at = this.pos;
      args.push(integerLiteral(this.unsignedInteger(), at));
      this.expectSymbol(')');
    }
    return this.call(word, args, pos, word);
  }

  protected operandsForm(word: string, build: (operands: ValueNode[]) => ValueNode): ValueNode {
    this.advance();
    this.expectSymbol('(');
    const operands = this.list(() => this.expression());
    this.expectSymbol(')');
    this.setLabel(word);
    return build(operands);
  }

  protected rowForm(pos: number): ValueNode {
    this.advance();
    this.expectSymbol('(');
    const items = this.isSymbol(')') ? [] : this.list(() => this.valueOrRow());
    this.expectSymbol(')');
    this.setLabel('row');
    return node('ROW', { items, pos });
  }

  protected caseForm(pos: number): ValueNode {
    this.advance();
    this.enter();
    const operand = this.isWord('when') ? undefined : this.expression();
    const whens: NodeOf<'WHEN'>[] = [];
    do {
      const at = this.pos;
      this.expectWord('when');
      const condition = this.expression();
      this.expectWord('then');
      whens.push(node('WHEN', { condition, result: this.expression(), pos: at }));
    } while (this.isWord('when'));
    this.noLabel();
    const otherwise = this.acceptWord('else') ? this.expression() : undefined;
    if (this.labelStrength <= 1) this.setLabel('case', 1);
    this.expectWord('end');
    this.leave();
    return node('CASE', { operand, whens, otherwise, pos });
  }

  protected castForm(pos: number): ValueNode {
    this.advance();
    this.expectSymbol('(');
    const operand = this.withoutLifting(() => this.expression());
    const strength = this.labelStrength;
    const label = this.label;
    this.expectWord('as');
    const { type, label: typeLabel } = this.parseType();
    this.expectSymbol(')');
    if (strength <= 1) this.setLabel(typeLabel, 1);
    else this.setLabel(label as string, strength);
    return node('CAST', { type, mode: 'cast', operand, pos });
  }

  protected withoutLifting<R>(parse: () => R): R {
    const before = this.lifting;
    this.lifting = 0;
    const result = parse();
    this.lifting = before;
    return result;
  }

  /** The query inside the parentheses that must follow. */
  parenthesisedQuery(): RelationNode {
    if (!this.isSymbol('(')) throw this.syntaxError();
    const start = this.index;
    this.parenthesis();
    const query = this.parenthesised;
    if (query === undefined) throw this.syntaxError(start + 1);
    return query;
  }

  protected existsForm(pos: number): ValueNode | undefined {
    if (!this.peekIsSymbol(1, '(')) return undefined;
    this.advance();
    const query = this.parenthesisedQuery();
    this.setLabel('exists');
    return node('EXISTS', { query, pos });
  }

  /** EXTRACT(field FROM value) */
  protected extractForm(pos: number): ValueNode {
    this.advance();
    this.expectSymbol('(');
    if (this.kind !== Token.WORD && this.kind !== Token.QUOTED && this.kind !== Token.STRING) throw this.syntaxError();
    const field = stringLiteral(this.value, this.pos);
    this.advance();
    this.expectWord('from');
    const value = this.expression();
    this.expectSymbol(')');
    return this.call('extract', [field, value], pos, 'extract');
  }

  /** POSITION(part IN whole) */
  protected positionForm(pos: number): ValueNode {
    this.advance();
    this.expectSymbol('(');
    const part = this.restrictedExpression();
    this.expectWord('in');
    const whole = this.restrictedExpression();
    this.expectSymbol(')');
    return this.call('position', [part, whole], pos, 'position');
  }

  /** OVERLAY(string PLACING string FROM start [FOR length]), or an ordinary call */
  protected overlayForm(pos: number): ValueNode {
    this.advance();
    this.expectSymbol('(');
    const args = this.isSymbol(')') ? [] : [this.argument()];
    if (args.length === 1 && this.acceptWord('placing')) {
      args.push(this.expression());
      this.expectWord('from');
      args.push(this.expression());
      if (this.acceptWord('for')) args.push(this.expression());
    } else while (this.acceptSymbol(',')) args.push(this.argument());
    this.expectSymbol(')');
    return this.call('overlay', args, pos, 'overlay');
  }

  /** SUBSTRING(string FROM start FOR length), SIMILAR pattern ESCAPE c, or an ordinary call */
  protected substringForm(pos: number): ValueNode {
    this.advance();
    this.expectSymbol('(');
    const args = this.isSymbol(')') ? [] : [this.argument()];
    if (args.length === 1 && this.acceptWord('from')) {
      args.push(this.expression());
      if (this.acceptWord('for')) args.push(this.expression());
    } else if (args.length === 1 && this.acceptWord('for')) {
      const length = this.expression();
      const from = this.acceptWord('from') ? this.expression() : integerLiteral(1);
      args.push(from, length);
    } else if (args.length === 1 && this.acceptWord('similar')) {
      args.push(this.expression());
      this.expectWord('escape');
      args.push(this.expression());
    } else while (this.acceptSymbol(',')) args.push(this.argument());
    this.expectSymbol(')');
    return this.call('substring', args, pos, 'substring');
  }

  /** TRIM([LEADING | TRAILING | BOTH] [characters] [FROM] string) */
  protected trimForm(pos: number): ValueNode {
    this.advance();
    this.expectSymbol('(');
    const side = this.acceptOneOf('both', 'leading', 'trailing');
    const primitive = side === 'leading' ? 'ltrim' : side === 'trailing' ? 'rtrim' : 'btrim';
    let args: ValueNode[];
    if (this.acceptWord('from')) args = this.list(() => this.expression());
    else {
      const first = this.expression();
      if (this.acceptWord('from')) args = [...this.list(() => this.expression()), first];
      else {
        args = [first];
        while (this.acceptSymbol(',')) args.push(this.expression());
      }
    }
    this.expectSymbol(')');
    return this.call(primitive, args, pos, primitive);
  }

  // ---- names and calls --------------------------------------------------------------------------------

  protected override nameOrCall(): ValueNode {
    const pos = this.pos;
    const first = this.index;
    if (this.kind !== Token.QUOTED && this.kind !== Token.WORD) throw this.syntaxError();
    const name: Identifier[] = [this.takeIdentifier()];
    while (this.isSymbol('.')) {
      const next = this.peekKind(1);
      if (next !== Token.WORD && next !== Token.QUOTED) {
        if (next === Token.OPERATOR && this.peekValue(1) === '*') break;
        this.advance();
        throw this.syntaxError();
      }
      this.advance();
      name.push(this.columnLabel());
    }
    if (this.isSymbol('(')) {
      if (name.length === 1 && !this.mayNameFunction(first)) throw this.syntaxError();
      return this.writtenCall(name, pos);
    }
    if (this.isKind(Token.STRING)) {
      const typed = this.typedLiteral(name, pos);
      if (typed !== undefined) return typed;
    }
    if (name.length === 1 && !this.mayNameColumn(first)) throw this.syntaxError();
    return this.indirection(this.column(name, pos));
  }

  private mayNameFunction(index: number): boolean {
    return this.tokens.keywords[index]?.category !== 'column_name';
  }

  private mayNameColumn(index: number): boolean {
    return this.tokens.keywords[index]?.category !== 'type_function';
  }

  /** type 'text', where the dialect has it for every type. */
  protected typedLiteral(_name: Name, _pos: number): ValueNode | undefined {
    return undefined;
  }

  /** One argument of a call; a dialect may allow name => value. */
  protected argument(): ValueNode {
    return this.valueOrRow();
  }

  /** A value, or a relation's row as t.* */
  protected valueOrRow(): ValueNode {
    const value = this.expression();
    if (
      value.op !== 'COLUMN' ||
      !this.isSymbol('.') ||
      this.peekKind(1) !== Token.OPERATOR ||
      this.peekValue(1) !== '*'
    )
      return value;
    this.advance();
    this.advance();
    return node('WHOLE_ROW', { name: value.name, pos: value.pos });
  }

  /** May DEFAULT stand for a value here? */
  protected defaultAllowed = false;
  /** False for the calls in FROM themselves. */
  protected suffixesAllowed = true;

  /** From '(' of a call to its end, with everything that may follow it. */
  protected writtenCall(name: Name, pos: number): ValueNode {
    const call: WrittenCall = {
      name,
      pos,
      arguments: [],
      variadic: false,
      star: false,
      distinct: false,
      order: [],
      within: [],
      filter: undefined,
      over: false,
      window: undefined,
      specification: undefined,
    };
    this.enter();
    const allowed = this.suffixesAllowed;
    this.suffixesAllowed = true;
    this.expectSymbol('(');
    if (this.isOperator('*') && this.peekIsSymbol(1, ')')) {
      this.advance();
      call.star = true;
    } else if (!this.isSymbol(')')) this.callArguments(call);
    this.expectSymbol(')');
    this.leave();
    this.suffixesAllowed = allowed;
    if (this.suffixesAllowed) this.callSuffixes(call);
    return this.finishCall(call);
  }

  protected callArguments(call: WrittenCall): void {
    if (this.acceptWord('distinct')) call.distinct = true;
    else this.acceptWord('all');
    do {
      if (this.acceptWord('variadic')) {
        call.variadic = true;
        call.arguments.push(this.argument());
        break;
      }
      const argumentPos = this.pos;
      const argument = this.argument();
      if (argument.op !== 'NAMED_ARGUMENT' && call.arguments.at(-1)?.op === 'NAMED_ARGUMENT') {
        throw this.error('syntax_error', 'positional argument cannot follow named argument', argumentPos);
      }
      call.arguments.push(argument);
    } while (this.acceptSymbol(','));
    if (this.isWord('order')) {
      this.advance();
      this.expectWord('by');
      call.order = this.sortKeys();
    }
  }

  /** WITHIN GROUP, FILTER and OVER. */
  protected callSuffixes(call: WrittenCall): void {
    if (this.kind !== Token.WORD) return;
    if (this.isWord('within') && this.peekIsWord(1, 'group')) {
      if (call.order.length > 0)
        throw this.error('syntax_error', 'cannot use multiple ORDER BY clauses with WITHIN GROUP', this.pos);
      if (call.distinct) throw this.error('syntax_error', 'cannot use DISTINCT with WITHIN GROUP', this.pos);
      if (call.variadic) throw this.error('syntax_error', 'cannot use VARIADIC with WITHIN GROUP', this.pos);
      this.advance();
      this.advance();
      this.expectSymbol('(');
      this.expectWords('order', 'by');
      call.within = this.sortKeys();
      this.expectSymbol(')');
    }
    if (this.isWord('filter') && this.peekIsSymbol(1, '(')) {
      this.advance();
      this.advance();
      this.expectWord('where');
      call.filter = this.expression();
      this.expectSymbol(')');
    }
    if (this.isWord('over') && (this.peekIsSymbol(1, '(') || this.isColumnId(1))) {
      this.advance();
      call.over = true;
      if (this.isSymbol('(')) call.specification = this.windowSpecification();
      else call.window = this.columnId();
    }
  }

  /** The node for a call whose parts are all known. */
  protected finishCall(call: WrittenCall): ValueNode {
    const { name, pos } = call;
    const last = name.at(-1) as Identifier;
    this.setLabel(last.text);
    const builtIn =
      name.length === 1 || (name.length === 2 && this.facts.systemSchemas.has((name[0] as Identifier).text));
    const fact = builtIn && !last.exact ? this.facts.functions.get(last.text) : undefined;
    if (fact === undefined) return this.routineCall(call, builtIn);
    if (fact.kind === 'aggregate' || (fact.kind === 'window' && call.within.length > 0)) {
      return call.over ? this.windowCall(call, fact.primitive) : this.aggregateCall(call, fact.primitive);
    }
    if (fact.kind === 'window') {
      if (!call.over) throw this.error('windowing_error', `window function ${last.text} requires an OVER clause`, pos);
      return this.windowCall(call, fact.primitive);
    }
    this.refuseAggregateParts(call, last.text);
    return node('CALL', { function: fact.primitive, variadic: call.variadic, arguments: call.arguments, pos });
  }

  /** A name that is not built in. */
  protected routineCall(call: WrittenCall, _builtIn: boolean): ValueNode {
    const { name, pos } = call;
    const special =
      call.star || call.distinct || call.order.length > 0 || call.within.length > 0 || call.filter !== undefined;
    const last = (name.at(-1) as Identifier).text;
    if (call.over) return this.windowCall(call, last, name);
    if (special) return this.aggregateCall(call, last, name);
    return node('CALL_ROUTINE', { name, variadic: call.variadic, arguments: call.arguments, pos });
  }

  protected aggregateCall(call: WrittenCall, primitive: string, routine?: Name): ValueNode {
    return node('AGGREGATE', {
      function: primitive,
      routine,
      distinct: call.distinct,
      star: call.star,
      arguments: call.arguments,
      order: call.order,
      within: call.within,
      filter: call.filter,
      pos: call.pos,
    });
  }

  private windowCall(call: WrittenCall, primitive: string, routine?: Name): ValueNode {
    const refuse = (message: string): never => {
      throw this.error('feature_not_supported', message, call.pos);
    };
    if (call.distinct) refuse('DISTINCT is not implemented for window functions');
    if (call.order.length > 0) refuse('aggregate ORDER BY is not implemented for window functions');
    if (call.within.length > 0) refuse(`OVER is not supported for ordered-set aggregate ${call.name.at(-1)?.text}`);
    return node('WINDOW_CALL', {
      function: primitive,
      routine,
      distinct: false,
      star: call.star,
      nulls: 'respect',
      window: call.window,
      arguments: call.arguments,
      filter: call.filter,
      spec: call.specification,
      pos: call.pos,
    });
  }

  private refuseAggregateParts(call: WrittenCall, name: string): void {
    const refuse = (what: string, more = ''): never => {
      throw this.error(
        'wrong_object_type',
        `${what} specified, but ${name} is not ${more}an aggregate function`,
        call.pos,
      );
    };
    if (call.star) refuse(`${name}(*)`);
    if (call.distinct) refuse('DISTINCT');
    if (call.within.length > 0) refuse('WITHIN GROUP');
    if (call.order.length > 0) refuse('ORDER BY');
    if (call.filter !== undefined) refuse('FILTER');
    if (call.over) refuse('OVER', 'a window function nor ');
  }

  // ---- windows -----------------------------------------------------------------------------------------

  /** ( [name] [PARTITION BY ...] [ORDER BY ...] [frame] ) */
  windowSpecification(): NodeOf<'WINDOW_SPEC'> {
    const pos = this.pos;
    this.expectSymbol('(');
    const base = this.isColumnId() && !this.beginsWindowClause() ? this.columnId() : undefined;
    const partition = this.acceptWords('partition', 'by') ? this.list(() => this.expression()) : [];
    const order = this.acceptWords('order', 'by') ? this.sortKeys() : [];
    const frame = this.frame();
    this.expectSymbol(')');
    return node('WINDOW_SPEC', { base, partition, order, ...frame, pos });
  }

  private beginsWindowClause(): boolean {
    if (this.kind !== Token.WORD) return false;
    return this.value === 'partition' || this.value === 'range' || this.value === 'rows' || this.value === 'groups';
  }

  private frame(): Pick<NodeOf<'WINDOW_SPEC'>, 'unit' | 'start' | 'end' | 'exclude' | 'startOffset' | 'endOffset'> {
    const unit = this.acceptOneOf('rows', 'range', 'groups');
    if (unit === undefined) {
      const none = { startOffset: undefined, endOffset: undefined };
      return { unit: 'none', start: 'unbounded_preceding', end: 'current_row', exclude: 'no_others', ...none };
    }
    const pos = this.pos;
    const between = this.acceptWord('between');
    const start = this.frameEdge();
    let end: { edge: FrameEdge; offset: ValueNode | undefined } = { edge: 'current_row', offset: undefined };
    if (between) {
      this.expectWord('and');
      end = this.frameEdge();
    }
    this.checkFrame(start.edge, end.edge, between, pos);
    let exclude: NodeOf<'WINDOW_SPEC'>['exclude'] = 'no_others';
    if (this.acceptWord('exclude')) {
      if (this.acceptWord('current')) {
        this.expectWord('row');
        exclude = 'current_row';
      } else if (this.acceptWord('group')) exclude = 'group';
      else if (this.acceptWord('ties')) exclude = 'ties';
      else this.expectWords('no', 'others');
    }
    return { unit, start: start.edge, end: end.edge, exclude, startOffset: start.offset, endOffset: end.offset };
  }

  private frameEdge(): { edge: FrameEdge; offset: ValueNode | undefined } {
    if (this.isWord('unbounded') && (this.peekIsWord(1, 'preceding') || this.peekIsWord(1, 'following'))) {
      this.advance();
      return {
        edge: this.acceptWord('preceding') ? 'unbounded_preceding' : this.unboundedFollowing(),
        offset: undefined,
      };
    }
    if (this.acceptWords('current', 'row')) return { edge: 'current_row', offset: undefined };
    const offset = this.expression();
    return { edge: this.expectOneOf('preceding', 'following'), offset };
  }

  private unboundedFollowing(): FrameEdge {
    this.expectWord('following');
    return 'unbounded_following';
  }

  private checkFrame(start: FrameEdge, end: FrameEdge, between: boolean, pos: number): void {
    const refuse = (message: string): never => {
      throw this.error('windowing_error', message, pos);
    };
    if (start === 'unbounded_following') refuse('frame start cannot be UNBOUNDED FOLLOWING');
    if (!between) {
      if (start === 'following') refuse('frame starting from following row cannot end with current row');
      return;
    }
    if (end === 'unbounded_preceding') refuse('frame end cannot be UNBOUNDED PRECEDING');
    if (start === 'current_row' && end === 'preceding')
      refuse('frame starting from current row cannot have preceding rows');
    if (start === 'following' && (end === 'preceding' || end === 'current_row')) {
      refuse(
        `frame starting from following row cannot ${end === 'preceding' ? 'have preceding rows' : 'end with current row'}`,
      );
    }
  }
}
