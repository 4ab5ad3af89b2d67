/**
 * MySQL's calls: functions whose names are reserved words, casts, and functions whose arguments have a grammar
 * of their own or that mean another node than a CALL (Reference Manual 14).
 */
import type { Identifier } from '../../sblr/contract/names.ts';
import type { SqlType } from '../../sblr/contract/types.ts';
import { node, type ValueNode } from '../../sblr/nodes.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { booleanLiteral, integerLiteral, stringLiteral } from '../shared/literals.ts';
import { Token } from '../shared/tokenizer.ts';
import type { WrittenCall } from '../shared/value-parser.ts';
import { composedCall } from './composed-calls.ts';
import { clockCall, dateCall, extractedPart } from './date-calls.ts';
import { BYTES, INTERVAL_UNITS, MysqlExpressions, STRING } from './expressions.ts';
import { COMPOSED, FUNCTIONS } from './functions.ts';
import { collationOfSet } from './character-sets.ts';
import { parseCastType, parseColumnType, name as charsetName } from './types.ts';

const BARE: Readonly<Record<string, string>> = {
  current_user: 'current_account',
  current_date: 'local_date',
  utc_date: 'utc_date',
};

/** Text of a character set; that of the connection has its collation. */
function textOfSet(charset: string): SqlType {
  if (charset === 'binary') return BYTES;
  const collation = collationOfSet(charset);
  return charset === 'utf8mb4' ? STRING : { ...STRING, collation };
}

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
      case 'utc_time':
      case 'utc_timestamp':
      case 'current_timestamp':
      case 'current_time':
      case 'localtime':
      case 'localtimestamp':
        return this.clock(word, pos);
      case 'current_user':
      case 'current_date':
      case 'utc_date':
        this.advance();
        if (this.acceptSymbol('(')) this.expectSymbol(')');
        return this.call(BARE[word] as string, [], pos, word);
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
        return this.call('bounds_reached', this.callOf(2, Number.MAX_SAFE_INTEGER), pos, word);
      case 'char': {
        this.advance();
        this.expectSymbol('(');
        const codes = this.list(() => this.expression());
        const charset = this.acceptWord('using') ? charsetName(this) : 'binary';
        this.expectSymbol(')');
        const bytes = this.call('bytes_of_codes', codes, pos, word);
        return charset === 'binary'
          ? bytes
          : node('CAST', { type: textOfSet(charset), mode: 'cast', operand: bytes, pos });
      }
      case 'mod':
        return node('OPERATOR', { name: 'modulo', operands: this.callOf(2, 2), pos });
      default: {
        const args = this.callOf(0, Number.MAX_SAFE_INTEGER);
        this.checkCount(word, args.length, pos);
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
    if (this.acceptWord('using')) type = textOfSet(charsetName(this));
    else {
      this.expectSymbol(',');
      type = parseCastType(this).type;
    }
    this.expectSymbol(')');
    return this.castTo(type, operand, pos);
  }

  /** Text as a document must be one, so that a cast to JSON is a function of its own. */
  private castTo(type: SqlType, operand: ValueNode, pos: number): ValueNode {
    const value =
      type.kind === 'jsonb'
        ? this.call('document_of', [operand], pos, 'cast')
        : node('CAST', { type, mode: 'cast', operand, pos });
    this.noLabel();
    return value;
  }

  protected override castForm(pos: number): ValueNode {
    this.advance();
    this.expectSymbol('(');
    const operand = this.withoutLifting(() => this.expression());
    this.expectWord('as');
    const { type } = this.allowPrimitives ? parseColumnType(this) : parseCastType(this);
    if (this.isWord('array')) throw this.unsupported('CAST to an array');
    this.expectSymbol(')');
    return this.castTo(type, operand, pos);
  }

  // ---- forms -----------------------------------------------------------------------------------------------

  /** NOW, CURRENT_TIMESTAMP ... with or without a number of digits. */
  private clock(word: string, pos: number): ValueNode {
    this.advance();
    const args: ValueNode[] = [];
    if (this.acceptSymbol('(')) {
      if (!this.isSymbol(')')) args.push(integerLiteral(this.unsignedInteger(), pos));
      this.expectSymbol(')');
    }
    const value = clockCall(word, args, pos);
    if (value === undefined)
      throw this.error('invalid_column_definition', `Too-big precision specified for '${word}'. Maximum is 6.`, pos);
    this.setLabel(word);
    return value;
  }

  protected override extractForm(pos: number): ValueNode {
    this.advance();
    this.expectSymbol('(');
    const unit = this.unit();
    this.expectWord('from');
    const value = this.expression();
    this.expectSymbol(')');
    this.setLabel('extract');
    return extractedPart(unit, value, pos);
  }

  protected override positionForm(pos: number): ValueNode {
    this.advance();
    this.expectSymbol('(');
    const part = this.restrictedExpression();
    this.expectWord('in');
    const whole = this.expression();
    this.expectSymbol(')');
    return this.call('position_of', [part, whole], pos, 'position');
  }

  protected override substringForm(pos: number): ValueNode {
    const name = this.value;
    this.advance();
    this.expectSymbol('(');
    const args = this.isSymbol(')') ? [] : [this.expression()];
    if (args.length === 1 && this.acceptWord('from')) {
      args.push(this.expression());
      if (this.acceptWord('for')) args.push(this.expression());
    } else while (args.length > 0 && args.length < 3 && this.acceptSymbol(',')) args.push(this.expression());
    if (args.length < 2) throw this.syntaxError();
    this.expectSymbol(')');
    return this.call('text_part', args, pos, name);
  }

  protected override trimForm(pos: number): ValueNode {
    this.advance();
    this.expectSymbol('(');
    const side = this.acceptOneOf('both', 'leading', 'trailing');
    const primitive = side === 'leading' ? 'trim_start' : side === 'trailing' ? 'trim_end' : 'trim_both';
    const args: ValueNode[] = [];
    if (side === undefined || !this.isWord('from')) args.push(this.expression());
    if (this.acceptWord('from')) args.unshift(this.expression());
    else if (side !== undefined) throw this.syntaxError();
    this.expectSymbol(')');
    return this.call(primitive, args, pos, 'trim');
  }

  /** GET_FORMAT(DATE | TIME | DATETIME | TIMESTAMP, country) */
  private formatForm(pos: number): ValueNode {
    this.advance();
    this.expectSymbol('(');
    const kind = this.expectOneOf('date', 'time', 'datetime', 'timestamp');
    this.expectSymbol(',');
    const country = this.expression();
    this.expectSymbol(')');
    return this.call('instant_pattern', [stringLiteral(kind), country], pos, 'get_format');
  }

  /** JSON_VALUE(document, path [RETURNING type] [NULL ON EMPTY] [NULL ON ERROR]) */
  private documentValueForm(pos: number): ValueNode {
    this.advance();
    this.expectSymbol('(');
    const document = this.expression();
    this.expectSymbol(',');
    const path = this.expression();
    const type = this.acceptWord('returning') ? parseCastType(this).type : undefined;
    for (const event of ['empty', 'error']) {
      if (this.isWord('null') && this.peekIsWord(1, 'on') && this.peekIsWord(2, event)) {
        this.advance();
        this.advance();
        this.advance();
      }
    }
    if (this.isWord('error') || this.isWord('default')) throw this.unsupported('JSON_VALUE with ERROR or DEFAULT');
    this.expectSymbol(')');
    const value = this.call('json_scalar_at', [document, path], pos, 'json_value');
    return type === undefined ? value : node('CAST', { type, mode: 'cast', operand: value, pos });
  }

  /** Forms whose names are no reserved words. */
  protected override unreservedForm(word: string, pos: number): ValueNode | undefined {
    switch (word) {
      case 'extract':
        return this.extractForm(pos);
      case 'position':
        return this.positionForm(pos);
      case 'substr':
      case 'substring':
      case 'mid':
        return this.substringForm(pos);
      case 'trim':
        return this.trimForm(pos);
      case 'get_format':
        return this.formatForm(pos);
      case 'json_value':
        return this.documentValueForm(pos);
      default:
        return undefined;
    }
  }

  /** The unit of an interval. */
  private unit(): string {
    const unit = this.columnLabel()
      .text.toLowerCase()
      .replace(/^sql_tsi_/, '');
    if (!INTERVAL_UNITS.has(unit)) throw this.syntaxError(this.index - 1);
    return unit;
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
      } else if (name.startsWith('date_')) throw this.syntaxError();
      else call.arguments.push(this.expression(), stringLiteral('day'));
      return;
    }
    if (name === 'timestampadd' || name === 'timestampdiff') {
      call.arguments.push(stringLiteral(this.unit()));
      this.expectSymbol(',');
      call.arguments.push(...this.list(() => this.expression()));
      return;
    }
    const before = this.inDocument;
    this.inDocument = name.startsWith('json_');
    super.callArguments(call);
    this.inDocument = before;
    if (name === 'group_concat' && this.acceptWord('separator'))
      call.arguments.push(stringLiteral(this.stringLiteral(), this.pos));
    else if (name === 'group_concat') call.arguments.push(stringLiteral(','));
  }

  /** Are the arguments of the call values of a JSON document? */
  private inDocument = false;

  /** In documents TRUE and FALSE are no numbers. */
  protected override argument(): ValueNode {
    const { pos, value, kind } = this;
    if (
      this.inDocument &&
      kind === Token.WORD &&
      (value === 'true' || value === 'false') &&
      (this.peekIsSymbol(1, ',') || this.peekIsSymbol(1, ')'))
    ) {
      this.advance();
      this.noLabel();
      return booleanLiteral(value === 'true', pos);
    }
    return super.argument();
  }

  private checkCount(name: string, count: number, pos: number): void {
    const fact = FUNCTIONS.get(name);
    const [least, most] = fact === undefined ? (COMPOSED.get(name) ?? [0, count]) : [fact.least, fact.most];
    const even = name === 'json_object' ? 2 : 1;
    if (count >= least && count <= most && count % even === 0) return;
    throw new SqlError('undefined_function', {
      message: `function ${name} does not take ${count} arguments`,
      variant: 'count',
      args: { name },
      position: pos,
    });
  }

  protected override finishCall(call: WrittenCall): ValueNode {
    const { pos } = call;
    const written = call.name.at(-1) as Identifier;
    const name = written.text.toLowerCase();
    if (this.allowPrimitives && call.name.length === 2 && call.name[0]?.text === 'sys')
      return name === 'string_agg' ? this.aggregateCall(call, name) : this.call(name, call.arguments, pos, name);
    if (call.name.length === 1) {
      if (name === 'group_concat') return this.groupConcat(call);
      if (!call.star) this.checkCount(name, call.arguments.length, pos);
      if (name === 'count' && call.arguments.length > 1) {
        if (!call.distinct) throw this.syntaxError();
        call.arguments.splice(0, call.arguments.length, composedCall(name, [...call.arguments], pos) as ValueNode);
      } else if (name !== 'count') {
        const made = dateCall(name, call.arguments, pos) ?? composedCall(name, call.arguments, pos);
        if (made !== undefined) {
          this.setLabel(name);
          return made;
        }
      }
    }
    return super.finishCall({ ...call, name: [...call.name.slice(0, -1), { text: name, exact: false }] });
  }

  /** GROUP_CONCAT([DISTINCT] value, ... [ORDER BY ...] [SEPARATOR text]): several values are joined first. */
  private groupConcat(call: WrittenCall): ValueNode {
    const separator = call.arguments.at(-1) as ValueNode;
    const value = call.arguments
      .slice(0, -1)
      .reduce((left, right) => node('OPERATOR', { name: 'concat', operands: [left, right], pos: call.pos }));
    return node('AGGREGATE', {
      function: 'joined_rows',
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
