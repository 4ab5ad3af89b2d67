/**
 * MySQL's calls: functions whose names are reserved words, casts, and functions whose arguments have a grammar
 * of their own or that mean another node than a CALL (Reference Manual 14).
 */
import type { Identifier } from '../../sblr/contract/names.ts';
import type { SqlType } from '../../sblr/contract/types.ts';
import { node, type ValueNode } from '../../sblr/nodes.ts';
import { integerLiteral, stringLiteral } from '../shared/literals.ts';
import type { WrittenCall } from '../shared/value-parser.ts';
import { BYTES, INTERVAL_UNITS, MysqlExpressions, STRING } from './expressions.ts';
import { FUNCTIONS } from './functions.ts';
import { parseCastType, parseColumnType, name as charsetName } from './types.ts';

export abstract class MysqlCalls extends MysqlExpressions {
  /** Text of catalog views: sys.primitive(...) calls the engine's own, and casts are to types of columns. */
  allowPrimitives = false;

  protected override specialForm(word: string, pos: number, restricted: boolean): ValueNode | undefined {
    switch (word) {
      case 'cast':
      case 'coalesce':
      case 'extract':
      case 'nullif':
      case 'position':
      case 'trim':
        return this.peekIsSymbol(1, '(') ? super.specialForm(word, pos, restricted) : undefined;
      case 'utc_date':
      case 'utc_time':
      case 'utc_timestamp':
        return this.timeCall(word, pos);
      case 'current_user':
      case 'current_date':
        this.advance();
        if (this.acceptSymbol('(')) this.expectSymbol(')');
        return this.call(word, [], pos, word);
      case 'if':
      case 'values':
      case 'insert':
      case 'left':
      case 'right':
      case 'repeat':
      case 'replace':
      case 'mod':
      case 'char':
      case 'convert':
      case 'interval':
        return this.peekIsSymbol(1, '(') ? this.callOfKeyword(word, pos) : undefined;
      case 'database':
      case 'schema':
      case 'database()':
        return this.peekIsSymbol(1, '(') ? this.nameOrCall() : undefined;
      default:
        return super.specialForm(word, pos, restricted);
    }
  }

  /** Functions whose names are reserved words. */
  private callOfKeyword(word: string, pos: number): ValueNode {
    switch (word) {
      case 'if': {
        const [condition, result, otherwise] = this.callOf(3, 3);
        this.setLabel('if');
        const when = node('WHEN', { condition: condition as ValueNode, result: result as ValueNode, pos });
        return node('CASE', { whens: [when], otherwise, pos });
      }
      case 'values': {
        // VALUES(column): the value that ON DUPLICATE KEY UPDATE met.
        this.advance();
        this.expectSymbol('(');
        const column = this.qualifiedName();
        this.expectSymbol(')');
        return this.column([{ text: 'excluded', exact: false }, column[column.length - 1] as Identifier], pos);
      }
      case 'convert':
        return this.convertForm(pos);
      case 'interval':
        return this.call('interval_index', this.callOf(2, Number.MAX_SAFE_INTEGER), pos, word);
      case 'insert':
        return this.call('insert_text', this.callOf(4, 4), pos, word);
      case 'char': {
        this.advance();
        this.expectSymbol('(');
        const codes = this.list(() => this.expression());
        if (this.acceptWord('using')) charsetName(this);
        this.expectSymbol(')');
        return this.call('characters_of', codes, pos, word);
      }
      case 'mod':
        return node('OPERATOR', { name: 'modulo', operands: this.callOf(2, 2), pos });
      default: {
        const args = this.callOf(1, 3);
        return this.call(FUNCTIONS.get(word)?.primitive ?? word, args, pos, word);
      }
    }
  }

  private callOf(least: number, most: number): ValueNode[] {
    this.advance();
    this.expectSymbol('(');
    const args = this.isSymbol(')') ? [] : this.list(() => this.expression());
    if (args.length < least || args.length > most) throw this.syntaxError();
    this.expectSymbol(')');
    return args;
  }

  /** CONVERT(value, type) or CONVERT(value USING charset) */
  private convertForm(pos: number): ValueNode {
    this.advance();
    this.expectSymbol('(');
    const operand = this.expression();
    let type: SqlType;
    if (this.acceptWord('using')) type = charsetName(this) === 'binary' ? BYTES : STRING;
    else {
      this.expectSymbol(',');
      type = parseCastType(this).type;
    }
    this.expectSymbol(')');
    this.noLabel();
    return node('CAST', { type, mode: 'cast', operand, pos });
  }

  protected override castForm(pos: number): ValueNode {
    this.advance();
    this.expectSymbol('(');
    const operand = this.withoutLifting(() => this.expression());
    this.expectWord('as');
    const { type } = this.allowPrimitives ? parseColumnType(this) : parseCastType(this);
    this.acceptWord('array');
    this.expectSymbol(')');
    this.noLabel();
    return node('CAST', { type, mode: 'cast', operand, pos });
  }

  // ---- calls ---------------------------------------------------------------------------------------------

  protected override callArguments(call: WrittenCall): void {
    const name = call.name.at(-1)?.text.toLowerCase() ?? '';
    if (name === 'date_add' || name === 'date_sub' || name === 'adddate' || name === 'subdate') {
      call.arguments.push(this.expression());
      this.expectSymbol(',');
      if (this.isWord('interval')) {
        const { amount, unit } = this.interval();
        call.arguments.push(amount, stringLiteral(unit));
      } else call.arguments.push(this.expression(), stringLiteral('day'));
      return;
    }
    if (name === 'timestampadd' || name === 'timestampdiff') {
      const unit = this.columnLabel()
        .text.toLowerCase()
        .replace(/^sql_tsi_/, '');
      if (!INTERVAL_UNITS.has(unit)) throw this.syntaxError(this.index - 1);
      call.arguments.push(stringLiteral(unit));
      this.expectSymbol(',');
      call.arguments.push(...this.list(() => this.expression()));
      return;
    }
    super.callArguments(call);
    if (name === 'group_concat' && this.acceptWord('separator'))
      call.arguments.push(stringLiteral(this.stringLiteral(), this.pos));
    else if (name === 'group_concat') call.arguments.push(stringLiteral(','));
  }

  protected override finishCall(call: WrittenCall): ValueNode {
    const { pos } = call;
    const written = call.name.at(-1) as Identifier;
    const name = written.text.toLowerCase();
    const args = call.arguments;
    if (this.allowPrimitives && call.name.length === 2 && call.name[0]?.text === 'sys')
      return name === 'string_agg' ? this.aggregateCall(call, name) : this.call(name, args, pos, name);
    if (call.name.length === 1) {
      switch (name) {
        case 'date_add':
        case 'adddate':
          return this.call('add_interval', args, pos, name);
        case 'date_sub':
        case 'subdate':
          return this.call('subtract_interval', args, pos, name);
        case 'timestampadd':
          return this.call(
            'add_interval',
            [args[2] as ValueNode, args[1] as ValueNode, args[0] as ValueNode],
            pos,
            name,
          );
        case 'timestampdiff':
          return this.call('interval_between', args, pos, name);
        case 'ifnull':
          if (args.length === 2) return node('COALESCE', { operands: args, pos });
          break;
        case 'isnull':
          if (args.length === 1) return node('IS_NULL', { negated: false, operand: args[0] as ValueNode, pos });
          break;
        case 'concat':
          if (args.length > 0)
            return args.length === 1
              ? node('CAST', { type: STRING, mode: 'cast', operand: args[0] as ValueNode, pos })
              : args.reduce((left, right) => node('OPERATOR', { name: 'concat', operands: [left, right], pos }));
          break;
        case 'greatest':
        case 'least':
          return node('EXTREMUM', { kind: name, nullPropagates: true, operands: args, pos });
        case 'group_concat':
          return this.groupConcat(call);
        case 'log':
          return args.length === 1
            ? this.call('ln', args, pos, name)
            : node('OPERATOR', {
                name: 'divide',
                operands: [
                  this.call('ln', [args[1] as ValueNode], pos, name),
                  this.call('ln', [args[0] as ValueNode], pos, name),
                ],
                pos,
              });
        case 'log2':
          return node('OPERATOR', {
            name: 'divide',
            operands: [this.call('ln', args, pos, name), this.call('ln', [integerLiteral(2)], pos, name)],
            pos,
          });
        case 'instr':
          if (args.length === 2) return this.call('position', [args[1] as ValueNode, args[0] as ValueNode], pos, name);
          break;
        case 'locate':
          if (args.length === 2) return this.call('position', args, pos, name);
          break;
        case 'pi':
          return this.call('pi', args, pos, name);
      }
    }
    return super.finishCall({ ...call, name: [...call.name.slice(0, -1), { text: name, exact: false }] });
  }

  /** GROUP_CONCAT([DISTINCT] value, ... [ORDER BY ...] [SEPARATOR text]): several values are joined first. */
  private groupConcat(call: WrittenCall): ValueNode {
    const separator = call.arguments.at(-1) as ValueNode;
    const values = call.arguments
      .slice(0, -1)
      .map((operand) => node('CAST', { type: STRING, mode: 'cast', operand, pos: call.pos }));
    const value = values.reduce<ValueNode | undefined>(
      (left, right) =>
        left === undefined ? right : node('OPERATOR', { name: 'concat', operands: [left, right], pos: call.pos }),
      undefined,
    ) as ValueNode;
    return node('AGGREGATE', {
      function: 'string_agg',
      distinct: call.distinct,
      star: false,
      arguments: [value, separator],
      order: call.order,
      within: [],
      filter: undefined,
      pos: call.pos,
    });
  }
}
