/**
 * Queries: WITH, set operations, SELECT with all its clauses but FROM (from-parser.ts), VALUES, TABLE and
 * row locks. The result is the pipeline of relation nodes that opcodes.ts describes.
 */
import type { Identifier, Name } from '../../sblr/contract/names.ts';
import { node, type NodeOf, type RelationNode, type ValueNode } from '../../sblr/nodes.ts';
import { FromParser } from './from-parser.ts';
import { Token } from './tokenizer.ts';

export type SelectItem = NodeOf<'ITEM'> | NodeOf<'STAR'>;
export type GroupingKey = NodeOf<'GROUP_KEY'> | NodeOf<'GROUP_SETS'>;

/** Where SELECT ... INTO puts its rows. */
export interface IntoTarget {
  readonly name: Name;
  readonly temporary: boolean;
  readonly unlogged: boolean;
  readonly pos: number;
}

export abstract class QueryParser extends FromParser {
  /** Set by a SELECT with INTO; the statement level takes it. */
  into: IntoTarget | undefined = undefined;
  #queryDepth = 0;

  /** A statement that modifies data, as the body or a part of WITH. */
  abstract modification(): RelationNode;
  protected abstract startsModification(): boolean;

  // ---- query expressions ----------------------------------------------------------------------------

  override startsQuery(ahead: number): boolean {
    if (this.peekKind(ahead) !== Token.WORD) return false;
    const word = this.peekValue(ahead);
    return word === 'select' || word === 'values' || word === 'with' || word === 'table';
  }

  override continuesQuery(): boolean {
    if (this.kind !== Token.WORD) return false;
    switch (this.value) {
      case 'union':
      case 'intersect':
      case 'except':
      case 'order':
      case 'limit':
      case 'offset':
      case 'fetch':
      case 'for':
        return true;
      default:
        return false;
    }
  }

  override parseQuery(): RelationNode {
    this.enter();
    const before = this.lifting;
    this.lifting = 0;
    this.#queryDepth++;
    let result: RelationNode;
    if (this.isWord('with')) {
      const clause = this.withClause();
      const body = this.queryBody();
      result = node('WITH', { recursive: clause.recursive, ctes: clause.ctes, body, pos: clause.pos });
    } else result = this.queryBody();
    this.#queryDepth--;
    this.lifting = before;
    this.leave();
    return result;
  }

  override continueQuery(first: RelationNode): RelationNode {
    return this.querySuffixes(this.setOperations(first, 0));
  }

  /** The query of a whole statement, whose literals may be lifted. */
  topQuery(lift: boolean): RelationNode {
    if (!lift || this.isWord('with')) return this.parseQuery();
    this.#queryDepth = 0;
    return this.queryBody();
  }

  private queryBody(): RelationNode {
    return this.querySuffixes(this.setOperations(this.setOperand(), 0));
  }

  /** UNION and EXCEPT bind alike, INTERSECT binds stronger; all group to the left. */
  private setOperations(first: RelationNode, minimum: number): RelationNode {
    let left = first;
    for (;;) {
      if (this.kind !== Token.WORD) return left;
      const kind = this.value;
      if (kind !== 'union' && kind !== 'except' && kind !== 'intersect') return left;
      const strength = kind === 'intersect' ? 2 : 1;
      if (strength < minimum) return left;
      const pos = this.pos;
      this.advance();
      const all = this.acceptWord('all');
      if (!all) this.acceptWord('distinct');
      this.enter();
      const right = this.setOperations(this.setOperand(), strength + 1);
      this.leave();
      left = node('SET_OP', { kind, all, left, right, pos });
      this.queryLabel = undefined;
    }
  }

  private setOperand(): RelationNode {
    if (this.isSymbol('(')) return this.parenthesisedQuery();
    if (this.kind !== Token.WORD) throw this.syntaxError();
    switch (this.value) {
      case 'select':
        return this.select();
      case 'values':
        return this.values();
      case 'table':
        return this.tableQuery();
      default:
        throw this.syntaxError();
    }
  }

  private tableQuery(): RelationNode {
    const pos = this.pos;
    this.advance();
    this.queryLabel = undefined;
    const source = this.tableReference();
    return node('PROJECT', { source, items: [node('STAR', { given: false, pos })], pos });
  }

  values(defaults = false): RelationNode {
    const pos = this.pos;
    this.expectWord('values');
    const rows = this.list(() => {
      const at = this.pos;
      this.expectSymbol('(');
      const items = this.list(() => (defaults ? this.valueOrDefault() : this.expression()));
      this.expectSymbol(')');
      return node('ROW', { items, pos: at });
    });
    this.queryLabel = undefined;
    return node('VALUES', { rows, pos });
  }

  /** A value to store, or DEFAULT. */
  protected valueOrDefault(): ValueNode {
    const pos = this.pos;
    if (this.acceptWord('default')) return node('DEFAULT_VALUE', { pos });
    return this.lift(this.expression());
  }

  /** ORDER BY, LIMIT, OFFSET, FETCH and FOR, in the orders that are allowed. */
  protected querySuffixes(body: RelationNode): RelationNode {
    let source = body;
    const label = this.queryLabel;
    const lifting = this.lifting;
    this.lifting = 0;
    if (this.isWord('order')) {
      const pos = this.pos;
      this.advance();
      this.expectWord('by');
      source = node('SORT', { source, keys: this.sortKeys(), pos });
    }
    let locks = this.lockClauses();
    source = this.limitClauses(source);
    if (locks.length === 0) locks = this.lockClauses();
    for (const lock of locks) source = node('LOCK_ROWS', { ...lock, source });
    this.lifting = lifting;
    this.queryLabel = label;
    return source;
  }

  protected limitClauses(body: RelationNode): RelationNode {
    const pos = this.pos;
    let count: ValueNode | undefined;
    let offset: ValueNode | undefined;
    let withTies = false;
    let limited = false;
    let skipped = false;
    for (;;) {
      if (!limited && this.isWord('limit')) {
        limited = true;
        this.advance();
        if (!this.acceptWord('all')) count = this.expression();
        if (this.isSymbol(',')) {
          throw this.error(
            'syntax_error',
            'LIMIT #,# syntax is not supported',
            pos,
            'Use separate LIMIT and OFFSET clauses.',
          );
        }
      } else if (!skipped && this.isWord('offset')) {
        skipped = true;
        this.advance();
        offset = this.expression();
        this.acceptOneOf('row', 'rows');
      } else if (!limited && this.isWord('fetch')) {
        limited = true;
        this.advance();
        this.expectOneOf('first', 'next');
        count =
          this.isWord('row') || this.isWord('rows')
            ? node('LITERAL', { value: 1, type: { kind: 'int32' } })
            : this.fetchCount();
        this.expectOneOf('row', 'rows');
        if (this.acceptWord('with')) {
          this.expectWord('ties');
          withTies = true;
        } else this.expectWord('only');
      } else break;
    }
    if (count === undefined && offset === undefined) return body;
    if (withTies && body.op !== 'SORT') {
      throw this.error('syntax_error', 'WITH TIES cannot be specified without ORDER BY clause');
    }
    return node('LIMIT', { withTies, percent: false, countsAll: false, source: body, count, offset, pos });
  }

  /** The count of FETCH: a constant with a sign, a parameter, or a parenthesised expression. */
  private fetchCount(): ValueNode {
    return this.expression(14);
  }

  protected lockClauses(): Omit<NodeOf<'LOCK_ROWS'>, 'source'>[] {
    const locks: Omit<NodeOf<'LOCK_ROWS'>, 'source'>[] = [];
    while (this.isWord('for')) {
      const pos = this.pos;
      this.advance();
      if (this.acceptWords('read', 'only')) continue;
      let strength: NodeOf<'LOCK_ROWS'>['strength'];
      if (this.acceptWord('update')) strength = 'update';
      else if (this.acceptWord('share')) strength = 'share';
      else if (this.acceptWord('key')) {
        this.expectWord('share');
        strength = 'key_share';
      } else {
        this.expectWords('no', 'key', 'update');
        strength = 'no_key_update';
      }
      const of = this.acceptWord('of') ? this.list(() => ({ name: this.qualifiedName() })) : [];
      let wait: NodeOf<'LOCK_ROWS'>['wait'] = 'wait';
      if (this.acceptWord('nowait')) wait = 'nowait';
      else if (this.acceptWord('skip')) {
        this.expectWord('locked');
        wait = 'skip_locked';
      }
      locks.push({ op: 'LOCK_ROWS', strength, wait, of, pos });
    }
    return locks;
  }

  // ---- WITH -------------------------------------------------------------------------------------------

  withClause(): { recursive: boolean; ctes: NodeOf<'CTE'>[]; pos: number } {
    const pos = this.pos;
    this.expectWord('with');
    const recursive = this.acceptWord('recursive');
    return { recursive, ctes: this.list(() => this.commonTable()), pos };
  }

  private commonTable(): NodeOf<'CTE'> {
    const pos = this.pos;
    const name = this.columnId();
    const columns = this.isSymbol('(') ? this.parenthesisedIds() : [];
    this.expectWord('as');
    let materialized: NodeOf<'CTE'>['materialized'] = 'default';
    if (this.acceptWord('materialized')) materialized = 'always';
    else if (this.acceptWord('not')) {
      this.expectWord('materialized');
      materialized = 'never';
    }
    const query = this.preparable();
    if (this.isWord('search') || (this.isWord('cycle') && this.isColumnId(1))) {
      throw this.unsupported(this.value === 'search' ? 'SEARCH clause' : 'CYCLE clause');
    }
    return node('CTE', { name, columns, materialized, parts: false, query, pos });
  }

  /** ( query or modification ) */
  private preparable(): RelationNode {
    if (this.isSymbol('(') && this.queryBehindParentheses() && !this.peekIsWord(1, 'with'))
      return this.parenthesisedQuery();
    this.expectSymbol('(');
    let result: RelationNode;
    if (this.isWord('with')) {
      this.enter();
      const clause = this.withClause();
      const body = this.startsModification() ? this.modification() : this.queryBody();
      result = node('WITH', { recursive: clause.recursive, ctes: clause.ctes, body, pos: clause.pos });
      this.leave();
    } else if (this.startsModification()) result = this.modification();
    else throw this.syntaxError();
    this.expectSymbol(')');
    return result;
  }

  // ---- SELECT --------------------------------------------------------------------------------------------

  select(): RelationNode {
    const pos = this.pos;
    const lifting = this.lifting;
    this.lifting = 0;
    this.expectWord('select');
    const distinct = this.distinctClause();
    const items = distinct === undefined && this.selectEnds() ? [] : this.selectItems();
    const label = this.firstItemLabel(items);
    this.intoClause();
    this.lifting = lifting;
    let source = this.fromClause(pos);
    source = this.whereClause(source);
    this.lifting = 0;
    source = this.groupClause(source);
    source = this.windowClause(source);
    source = node('PROJECT', { source, items, pos });
    if (distinct !== undefined) source = node('DISTINCT', { source, on: distinct.on, pos: distinct.pos });
    this.queryLabel = label;
    this.lifting = lifting;
    return source;
  }

  /** FROM and its tables, or the one row without columns of a SELECT that reads none. */
  protected fromClause(pos: number): RelationNode {
    return this.acceptWord('from') ? this.fromList() : node('DUAL', { pos });
  }

  private firstItemLabel(items: readonly SelectItem[]): string | undefined {
    const first = items[0];
    return first?.op === 'ITEM' ? (first.alias?.text ?? first.label) : undefined;
  }

  protected distinctClause(): { on: ValueNode[]; pos: number } | undefined {
    const pos = this.pos;
    if (this.acceptWord('all')) return undefined;
    if (!this.acceptWord('distinct')) return undefined;
    if (!this.acceptWord('on')) return { on: [], pos };
    this.expectSymbol('(');
    const on = this.list(() => this.expression());
    this.expectSymbol(')');
    return { on, pos };
  }

  /** Is there no select list? */
  private selectEnds(): boolean {
    if (this.atEnd() || this.isSymbol(')')) return true;
    if (this.kind !== Token.WORD) return false;
    switch (this.value) {
      case 'from':
      case 'where':
      case 'group':
      case 'having':
      case 'window':
      case 'into':
        return true;
      default:
        return this.continuesQuery();
    }
  }

  selectItems(): SelectItem[] {
    return this.list(() => this.selectItem());
  }

  protected selectItem(): SelectItem {
    const pos = this.pos;
    if (this.isOperator('*')) {
      this.advance();
      return node('STAR', { given: false, pos });
    }
    const value = this.expression();
    if (this.isSymbol('.') && this.peekKind(1) === Token.OPERATOR && this.peekValue(1) === '*') {
      this.advance();
      this.advance();
      if (value.op === 'COLUMN' && this.source(pos, pos + 1) !== '(')
        return node('STAR', { given: false, qualifier: value.name, pos });
      return node('STAR', { given: false, record: value, pos });
    }
    const label = this.label ?? this.anonymousLabel(value);
    const alias = this.itemAlias();
    return node('ITEM', { value, alias, label, pos });
  }

  /** Label of an item that nothing names. */
  protected anonymousLabel(_value: ValueNode): string | undefined {
    return undefined;
  }

  private itemAlias(): Identifier | undefined {
    if (this.acceptWord('as')) return this.columnLabel();
    return this.isBareLabel() ? this.takeIdentifier() : undefined;
  }

  protected intoClause(): void {
    if (!this.isWord('into')) return;
    this.advance();
    let temporary = false;
    if (this.isWord('local') || this.isWord('global')) {
      this.advance();
      temporary = true;
      this.expectOneOf('temporary', 'temp');
    } else if (this.acceptOneOf('temporary', 'temp') !== undefined) temporary = true;
    const unlogged = !temporary && this.acceptWord('unlogged');
    this.acceptWord('table');
    const namePos = this.pos;
    const name = this.qualifiedName();
    if (this.#queryDepth > 0 || this.into !== undefined) {
      throw this.error('syntax_error', 'SELECT ... INTO is not allowed here', namePos);
    }
    this.into = { name, temporary, unlogged, pos: namePos };
  }

  whereClause(source: RelationNode): RelationNode {
    const pos = this.pos;
    if (!this.acceptWord('where')) return source;
    return node('FILTER', { having: false, source, condition: this.expression(), pos });
  }

  protected groupClause(from: RelationNode): RelationNode {
    let source = from;
    const pos = this.pos;
    if (this.isWord('group')) {
      this.advance();
      this.expectWord('by');
      const distinct = this.acceptWord('distinct');
      if (!distinct) this.acceptWord('all');
      const keys = this.groupSuffix(this.list(() => this.groupKey()));
      source = node('GROUP', { distinct, source, keys, pos });
    }
    const havingPos = this.pos;
    if (this.acceptWord('having')) {
      source = node('FILTER', { having: true, source, condition: this.expression(), pos: havingPos });
    }
    return source;
  }

  /** What may follow the keys of GROUP BY in a dialect. */
  protected groupSuffix(keys: GroupingKey[]): GroupingKey[] {
    return keys;
  }

  private groupKey(): NodeOf<'GROUP_KEY'> | NodeOf<'GROUP_SETS'> {
    const pos = this.pos;
    if (this.isSymbol('(') && this.peekIsSymbol(1, ')')) {
      this.advance();
      this.advance();
      return node('GROUP_SETS', { kind: 'set', keys: [], pos });
    }
    const word = this.kind === Token.WORD ? this.value : '';
    if ((word === 'rollup' || word === 'cube') && this.peekIsSymbol(1, '(')) {
      this.advance();
      return node('GROUP_SETS', { kind: word, keys: this.groupKeys(), pos });
    }
    if (word === 'grouping' && this.peekIsWord(1, 'sets')) {
      this.advance();
      this.advance();
      return node('GROUP_SETS', { kind: 'sets', keys: this.groupKeys(), pos });
    }
    const value = this.expression();
    // (a, b) groups by both together.
    if (value.op === 'ROW' && this.source(pos, pos + 1) === '(') {
      return node('GROUP_SETS', {
        kind: 'set',
        keys: value.items.map((item) => node('GROUP_KEY', { value: item, pos: item.pos })),
        pos,
      });
    }
    return node('GROUP_KEY', { value, pos });
  }

  private groupKeys(): (NodeOf<'GROUP_KEY'> | NodeOf<'GROUP_SETS'>)[] {
    this.expectSymbol('(');
    const keys = this.list(() => this.groupKey());
    this.expectSymbol(')');
    return keys;
  }

  private windowClause(source: RelationNode): RelationNode {
    const pos = this.pos;
    if (!this.acceptWord('window')) return source;
    const names: Identifier[] = [];
    const windows = this.list(() => {
      names.push(this.columnId());
      this.expectWord('as');
      return this.windowSpecification();
    });
    return node('WINDOWS', { names, source, windows, pos });
  }

  override sortKeys(): NodeOf<'SORT_KEY'>[] {
    const before = this.lifting;
    this.lifting = 0;
    const keys = this.list(() => this.sortKey());
    this.lifting = before;
    return keys;
  }

  sortKey(): NodeOf<'SORT_KEY'> {
    const pos = this.pos;
    const value = this.expression();
    let operator: string | undefined;
    let descending = false;
    if (this.acceptWord('using')) {
      operator = this.operatorName();
      descending = operator === 'greater' || operator === 'greater_equal' || operator.startsWith('pattern_greater');
    } else descending = this.acceptOneOf('asc', 'desc') === 'desc';
    return node('SORT_KEY', { descending, nulls: this.nullsOrder(), operator, value, pos });
  }

  nullsOrder(): NodeOf<'SORT_KEY'>['nulls'] {
    if (!this.isWord('nulls')) return 'default';
    if (!this.peekIsWord(1, 'first') && !this.peekIsWord(1, 'last')) return 'default';
    this.advance();
    return this.expectOneOf('first', 'last');
  }

  /** An operator written where a name of one is asked for: its primitive. */
  protected operatorName(): string {
    if (this.kind !== Token.OPERATOR) throw this.syntaxError();
    const symbol = this.value;
    this.advance();
    return this.facts.binaryOperators.get(symbol)?.primitive ?? symbol;
  }
}
