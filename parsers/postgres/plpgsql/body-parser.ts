/**
 * PL/pgSQL: the text of a routine or an anonymous block -> a procedural program. Control structures become
 * jumps, blocks with EXCEPTION handler ranges, loops over queries local cursors.
 */
import { BOOL, type SqlType, TEXT } from '../../../sblr/contract/types.ts';
import { node, type NodeOf, type StatementNode, type ValueNode } from '../../../sblr/nodes.ts';
import { Token } from '../../shared/tokenizer.ts';
import type { PostgresParser } from '../parser.ts';
import { Body, diagnostic, local, text } from './body.ts';
import { conditionState } from './conditions.ts';
import type { Enclosing, Label } from './emitter.ts';
import { expressionOf, fragment, queryOf, statementOf, takeInto } from './fragments.ts';
import { raiseStatement } from './raise.ts';
import { forStatement, foreachStatement } from './loops.ts';
import * as simple from './simple-statements.ts';

export class BodyParser extends Body {
  program(): readonly StatementNode[] {
    const { p, out } = this;
    while (p.isOperator('#')) this.#option();
    if (this.usesFound)
      out.add(
        node('DECLARE_VARIABLE', {
          name: 'found',
          type: BOOL,
          constant: false,
          initial: node('LITERAL', { value: false, type: BOOL }),
        }),
      );
    this.#block(this.#label());
    p.acceptSymbol(';');
    if (!p.isKind(Token.END)) throw p.syntaxError();
    if (!this.head.mayEnd)
      out.add(
        node('RAISE', {
          condition: '2F005',
          level: 'error',
          message: text('control reached end of function without RETURN'),
          arguments: [],
        }),
      );
    out.add(node('RETURN_VALUE', {}));
    return out.finish();
  }

  /** #variable_conflict use_column: what the engine does anyway where it is not an error. */
  #option(): void {
    const { p } = this;
    const { pos } = p;
    p.advance();
    if (!p.acceptWord('variable_conflict')) throw p.unsupported('this option', pos);
    if (p.expectOneOf('error', 'use_variable', 'use_column') === 'use_variable')
      throw p.unsupported('#variable_conflict use_variable', pos);
  }

  /** <<name>> */
  #label(): string | undefined {
    const { p } = this;
    if (!p.acceptOperator('<<')) return undefined;
    const { text: name } = p.columnLabel();
    p.expectOperator('>>');
    return name;
  }

  // ---- blocks ------------------------------------------------------------------------------------

  #block(label: string | undefined): void {
    const { p, out } = this;
    const end = out.label();
    const declares = p.acceptWord('declare');
    out.add(node('BLOCK_BEGIN', {}));
    out.enclosing.push({ kind: 'block', label, exit: end });
    if (declares) while (!p.isWord('begin')) this.#declaration();
    p.expectWord('begin');
    const clauses = handlerClauses(p);
    if (clauses === 0) this.statements();
    else this.#guarded(clauses);
    p.expectWord('end');
    if (!p.isSymbol(';') && !p.isKind(Token.END)) p.columnLabel();
    out.enclosing.pop();
    out.add(node('BLOCK_END', {}));
    out.place(end);
  }

  /** Statements with handlers: one range per WHEN, the first clause innermost, so that it is asked first. */
  #guarded(clauses: number): void {
    const { p, out } = this;
    const end = out.label();
    const handlers = Array.from({ length: clauses }, () => ({ label: out.label(), conditions: [] as string[] }));
    for (const { label, conditions } of handlers.toReversed()) {
      out.handler(label, conditions);
      out.enclosing.push({ kind: 'handler', label: undefined });
    }
    this.statements();
    for (const _ of handlers) {
      out.add(node('HANDLER_END', {}));
      out.enclosing.pop();
    }
    out.jump(end);
    p.expectWord('exception');
    for (const [at, { label, conditions }] of handlers.entries()) {
      p.expectWord('when');
      conditions.push(...this.#handlerConditions());
      p.expectWord('then');
      out.place(label);
      // The machine took this handler and those inside it; the ones further out are still there.
      for (let rest = at + 1; rest < handlers.length; rest++) out.add(node('HANDLER_END', {}));
      this.#errorVariables();
      this.statements();
      out.jump(end);
    }
    out.place(end);
  }

  #declaration(): void {
    const { p, out } = this;
    const { pos } = p;
    if (p.acceptWord('declare')) return;
    const { text: name } = p.columnId();
    if (p.acceptWord('alias')) throw p.unsupported('ALIAS FOR', pos);
    if (p.isWord('cursor') || p.isWord('scroll') || (p.isWord('no') && p.peekIsWord(1, 'scroll'))) {
      this.#cursorDeclaration(name);
      return;
    }
    const constant = p.acceptWord('constant');
    const type = this.type();
    if (p.acceptWord('collate')) p.qualifiedName();
    if (p.isWord('not')) throw p.unsupported('NOT NULL in a declaration');
    let initial: ValueNode | undefined;
    if (p.acceptWord('default') || p.acceptSymbol(':=') || p.acceptOperator('='))
      initial = expressionOf(p, fragment(p, ';'));
    p.expectSymbol(';');
    this.types.set(name, type);
    out.add(node('DECLARE_VARIABLE', { name, type, constant, initial }));
  }

  /** name [NO] SCROLL CURSOR [(arguments)] FOR query */
  #cursorDeclaration(name: string): void {
    const { p } = this;
    p.acceptWord('no');
    p.acceptWord('scroll');
    p.expectWord('cursor');
    const parameters: { name: string; type: SqlType }[] = [];
    if (p.acceptSymbol('(')) {
      parameters.push(...p.list(() => ({ name: p.columnId().text, type: this.type() })));
      p.expectSymbol(')');
    }
    if (!p.acceptWord('for')) p.expectWord('is');
    this.cursors.set(name, { parameters, query: fragment(p, ';') });
    p.expectSymbol(';');
  }

  // ---- statements --------------------------------------------------------------------------------

  /** Statements up to a word that ends the list. */
  statements(): void {
    const { p } = this;
    while (!(p.isKind(Token.WORD) && ENDS.has(p.value)) && !p.isKind(Token.END)) {
      p.enter();
      this.#statement();
      p.leave();
    }
  }

  #statement(): void {
    const { p } = this;
    const label = this.#label();
    if (p.isWord('declare') || p.isWord('begin')) this.#block(label);
    else if (p.isWord('loop') || p.isWord('while') || p.isWord('for') || p.isWord('foreach')) this.#loop(label);
    else if (label !== undefined) throw p.syntaxError();
    else this.#simple();
    p.expectSymbol(';');
  }

  #simple(): void {
    const { p } = this;
    if (this.#isAssignment()) {
      this.#assignment();
      return;
    }
    const handler = p.isKind(Token.WORD) ? STATEMENTS.get(p.value) : undefined;
    if (handler !== undefined) handler.call(undefined, this);
    else this.#sql();
  }

  /** name [. field | [subscript]] := or = */
  #isAssignment(): boolean {
    const { p } = this;
    if (p.kind !== Token.QUOTED && p.kind !== Token.WORD) return false;
    let ahead = 1;
    while (p.peekIsSymbol(ahead, '.')) ahead += 2;
    for (let depth = 0; depth > 0 || p.peekIsSymbol(ahead, '['); ahead++) {
      if (p.peekKind(ahead) === Token.END) return false;
      if (p.peekIsSymbol(ahead, '[')) depth++;
      else if (p.peekIsSymbol(ahead, ']')) depth--;
    }
    return p.peekIsSymbol(ahead, ':=') || (p.peekKind(ahead) === Token.OPERATOR && p.peekValue(ahead) === '=');
  }

  #assignment(): void {
    const { p, out } = this;
    const { text: name } = p.columnLabel();
    const steps: NodeOf<'SUBSCRIPT_STEP'>[] = [];
    for (;;) {
      if (p.acceptSymbol('.')) steps.push(node('SUBSCRIPT_STEP', { kind: 'field', field: p.columnLabel() }));
      else if (p.acceptSymbol('[')) {
        steps.push(node('SUBSCRIPT_STEP', { kind: 'index', lower: expressionOf(p, fragment(p, ']')) }));
        p.expectSymbol(']');
      } else break;
    }
    if (!p.acceptSymbol(':=')) p.expectOperator('=');
    const value = expressionOf(p, fragment(p, ';'));
    out.add(node('ASSIGN_VARIABLE', { name, scope: 'local', steps, value }));
  }

  /** A statement in plain SQL. */
  #sql(): void {
    const { p, out } = this;
    const piece = fragment(p, ';');
    const into = /\binto\b/i.test(piece.text) ? takeInto(p, piece) : undefined;
    if (into !== undefined) {
      const { source } = queryOf(p, into.rest);
      out.add(node('ASSIGN_QUERY', { names: into.names, strict: into.strict, scope: 'local', query: source }));
      this.setFound();
      return;
    }
    const statement = statementOf(p, piece);
    if (statement.op !== 'RETURN') {
      out.add(
        statement.op === 'CALL_PROCEDURE' ? { ...statement, outputs: statement.arguments.map(writable) } : statement,
      );
      return;
    }
    if (returnsRows(statement)) {
      const hint = 'If you want to discard the results of a SELECT, use PERFORM instead.';
      out.add(
        node('RAISE', {
          condition: '42601',
          level: 'error',
          message: text('query has no destination for result data'),
          arguments: [],
          ...(statement.command === 'SELECT' ? { hint: text(hint) } : {}),
        }),
      );
      return;
    }
    out.add(node('EXECUTE', { query: statement.source }));
    this.setFound();
  }

  // ---- control -----------------------------------------------------------------------------------

  ifStatement(): void {
    const { p, out } = this;
    const end = out.label();
    p.advance();
    for (;;) {
      const next = out.label();
      out.jumpUnless(expressionOf(p, fragment(p, 'then')), next);
      p.expectWord('then');
      this.statements();
      out.jump(end);
      out.place(next);
      if (p.acceptWord('elsif') || p.acceptWord('elseif')) continue;
      if (p.acceptWord('else')) this.statements();
      break;
    }
    p.expectWords('end', 'if');
    out.place(end);
  }

  caseStatement(): void {
    const { p, out } = this;
    const end = out.label();
    p.advance();
    const operand = p.isWord('when') ? undefined : fragment(p, 'when');
    while (p.acceptWord('when')) {
      const next = out.label();
      const when = fragment(p, 'then');
      const condition = operand === undefined ? when : { text: `(${operand.text}) IN (${when.text})`, at: when.at };
      out.jumpUnless(expressionOf(p, condition), next);
      p.expectWord('then');
      this.statements();
      out.jump(end);
      out.place(next);
    }
    if (p.acceptWord('else')) this.statements();
    else
      out.add(
        node('RAISE', {
          condition: '20000',
          level: 'error',
          message: text('case not found'),
          arguments: [],
          hint: text('CASE statement is missing ELSE part.'),
        }),
      );
    p.expectWords('end', 'case');
    out.place(end);
  }

  #loop(label: string | undefined): void {
    const { p, out } = this;
    if (p.isWord('for')) return forStatement(this, label);
    if (p.isWord('foreach')) return foreachStatement(this, label);
    const next = out.label();
    const exit = out.label();
    out.place(next);
    if (p.acceptWord('while')) out.jumpUnless(expressionOf(p, fragment(p, 'loop')), exit);
    this.loopBody({ kind: 'loop', label, exit, next });
    out.jump(next);
    out.place(exit);
  }

  exitStatement(): void {
    const { p, out } = this;
    const { pos } = p;
    const leaves = p.expectOneOf('exit', 'continue') === 'exit';
    const label = p.isSymbol(';') || p.isWord('when') ? undefined : p.columnLabel().text;
    const skip = out.label();
    if (p.acceptWord('when')) out.jumpUnless(expressionOf(p, fragment(p, ';')), skip);
    let at = out.enclosing.length - 1;
    while (at >= 0 && !fits(out.enclosing[at] as Enclosing, label, leaves)) at--;
    if (at < 0) {
      if (label !== undefined)
        throw p.error(
          'syntax_error',
          `there is no label "${label}" attached to any block or loop enclosing this statement`,
          pos,
        );
      throw p.error(
        'syntax_error',
        leaves ? 'EXIT cannot be used outside a loop, unless it has a label' : 'CONTINUE cannot be used outside a loop',
        pos,
      );
    }
    const target = out.enclosing[at] as Enclosing;
    out.leave(target.kind === 'block' ? at - 1 : at);
    out.jump((leaves ? target.exit : target.next) as Label);
    out.place(skip);
  }

  returnStatement(): void {
    const { p, out, head } = this;
    const { pos } = p;
    p.advance();
    if (p.acceptWord('next')) {
      if (!head.returnsSet) throw p.error('syntax_error', 'cannot use RETURN NEXT in a non-SETOF function', pos);
      const values = p.isSymbol(';') ? head.outputs.map(local) : [expressionOf(p, fragment(p, ';'))];
      out.add(node('EMIT_ROW', { values }));
      return;
    }
    if (p.acceptWord('query')) {
      if (!head.returnsSet) throw p.error('syntax_error', 'cannot use RETURN QUERY in a non-SETOF function', pos);
      if (p.acceptWord('execute')) simple.dynamic(this, 'emit', []);
      else out.add(node('EMIT_QUERY', { query: queryOf(p, fragment(p, ';')).source }));
      this.setFound();
      return;
    }
    if (p.isSymbol(';')) {
      const { returns, returnsSet, outputs } = this.head;
      if (returns !== undefined && returns.kind !== 'void' && !returnsSet && outputs.length === 0)
        throw p.error('syntax_error', 'missing expression at or near ";"', p.pos);
      out.add(node('RETURN_VALUE', {}));
      return;
    }
    this.#checkReturn(p.pos);
    out.add(node('RETURN_VALUE', { value: expressionOf(p, fragment(p, ';')) }));
  }

  #checkReturn(pos: number): void {
    const { p, head } = this;
    if (head.returnsSet)
      throw p.error(
        'datatype_mismatch',
        'RETURN cannot have a parameter in function returning set',
        pos,
        'Use RETURN NEXT or RETURN QUERY.',
      );
    if (head.outputs.length > 0)
      throw p.error('datatype_mismatch', 'RETURN cannot have a parameter in function with OUT parameters', pos);
    if (head.returns === undefined || head.returns.kind === 'void')
      throw p.error('datatype_mismatch', 'RETURN cannot have a parameter in function returning void', pos);
  }

  // ---- handlers -----------------------------------------------------------------------------------

  /** At the start of a handler: what it may ask about its error. */
  #errorVariables(): void {
    if (!this.usesError) return;
    for (const [name, item] of [
      ['sqlstate', 'sqlstate'],
      ['sqlerrm', 'message'],
    ] as const)
      this.out.add(node('DECLARE_VARIABLE', { name, type: TEXT, constant: false, initial: diagnostic(item) }));
  }

  /** WHEN condition OR condition: as SQLSTATEs; none = any. */
  #handlerConditions(): readonly string[] {
    const { p } = this;
    const found: string[] = [];
    let others = false;
    do {
      const { pos } = p;
      if (p.acceptWord('sqlstate')) found.push(p.stringLiteral());
      else {
        const { text: name } = p.columnLabel();
        const state = conditionState(name);
        if (name === 'others') others = true;
        else if (state === undefined)
          throw p.error('undefined_object', `unrecognized exception condition "${name}"`, pos);
        else found.push(state);
      }
    } while (p.acceptWord('or'));
    return others ? [] : found;
  }
}

/** How many WHEN clauses the EXCEPTION part of the block has whose BEGIN was just taken; none without it. */
function handlerClauses(p: PostgresParser): number {
  let depth = 1;
  let guarded = false;
  let clauses = 0;
  let before = 'begin';
  for (let ahead = 0; p.peekKind(ahead) !== Token.END; ahead++) {
    const value = p.peekKind(ahead) === Token.WORD ? p.peekValue(ahead) : '';
    const starts = before === ';' || STARTS.has(before);
    if (value === 'begin' || value === 'case' || (value === 'if' && starts) || value === 'loop') depth++;
    else if (value === 'end') {
      if (--depth === 0) break;
      if (ENDED.has(p.peekValue(ahead + 1)) && p.peekKind(ahead + 1) === Token.WORD) ahead++;
    } else if (depth === 1 && value === 'exception' && starts) guarded = true;
    else if (depth === 1 && guarded && value === 'when' && (before === 'exception' || starts)) clauses++;
    before = p.peekKind(ahead) === Token.WORD || p.peekIsSymbol(ahead, ';') ? p.peekValue(ahead) : '';
    if (p.peekKind(ahead) === Token.OPERATOR && p.peekValue(ahead) === '>>') before = ';';
  }
  return clauses;
}

/** Words after which a statement begins, and words that say what END ends. */
const STARTS: ReadonlySet<string> = new Set(['begin', 'then', 'else', 'loop']);
const ENDED: ReadonlySet<string> = new Set(['if', 'case', 'loop']);

/** Words that end a list of statements. */
const ENDS: ReadonlySet<string> = new Set(['end', 'else', 'elsif', 'elseif', 'when', 'exception']);

const STATEMENTS: ReadonlyMap<string, (body: BodyParser) => void> = new Map<string, (body: BodyParser) => void>([
  ['if', (body) => body.ifStatement()],
  ['case', (body) => body.caseStatement()],
  ['exit', (body) => body.exitStatement()],
  ['continue', (body) => body.exitStatement()],
  ['return', (body) => body.returnStatement()],
  ['raise', raiseStatement],
  ['assert', simple.assertStatement],
  ['perform', simple.perform],
  ['execute', simple.execute],
  ['get', simple.getDiagnostics],
  ['open', simple.openStatement],
  ['fetch', simple.fetchStatement],
  ['close', simple.closeStatement],
  ['null', (body) => body.p.advance()],
]);

function fits(enclosing: Enclosing, label: string | undefined, leaves: boolean): boolean {
  if (label === undefined) return enclosing.kind === 'loop';
  return enclosing.label === label && (enclosing.kind === 'loop' || (leaves && enclosing.kind === 'block'));
}

function returnsRows(statement: NodeOf<'RETURN'>): boolean {
  const { source } = statement;
  if (source.op === 'INSERT' || source.op === 'UPDATE' || source.op === 'DELETE' || source.op === 'MERGE')
    return source.returning.length > 0;
  return statement.command === 'SELECT';
}

/** The variable that an argument of CALL is and nothing else, which takes an output; '' = none. */
function writable(argument: ValueNode): string {
  return argument.op === 'COLUMN' && argument.name.length === 1 ? (argument.name[0]?.text ?? '') : '';
}
