/** FROM: tables, functions, subqueries and joins. */
import type { Identifier, Name } from '../../sblr/contract/names.ts';
import { regular } from '../../sblr/contract/names.ts';
import { node, type NodeOf, type RelationNode, type ValueNode } from '../../sblr/nodes.ts';
import { Token } from './tokenizer.ts';
import { ValueParser } from './value-parser.ts';

interface TableAlias {
  readonly alias: Identifier | undefined;
  readonly columns: Identifier[];
}

type JoinKind = NodeOf<'JOIN'>['kind'];

export abstract class FromParser extends ValueParser {
  /** table, table ...: the comma is a cross join. */
  fromList(): RelationNode {
    return this.fromRest(this.joinedTable());
  }

  private fromRest(first: RelationNode): RelationNode {
    let left = first;
    while (this.isSymbol(',')) {
      const pos = this.pos;
      this.advance();
      left = this.join(left, this.joinedTable(), { kind: 'cross', pos });
    }
    return left;
  }

  private join(
    left: RelationNode,
    right: RelationNode,
    how: {
      kind: JoinKind;
      pos: number;
      natural?: boolean;
      using?: Identifier[];
      usingAlias?: Identifier | undefined;
      condition?: ValueNode;
    },
  ): RelationNode {
    return node('JOIN', {
      kind: how.kind,
      natural: how.natural ?? false,
      using: how.using ?? [],
      usingAlias: how.usingAlias,
      columns: [],
      left,
      right,
      condition: how.condition,
      pos: how.pos,
    });
  }

  /** A table and the joins that follow it. */
  joinedTable(): RelationNode {
    return this.joins(this.tablePrimary());
  }

  private joins(first: RelationNode): RelationNode {
    let left = first;
    for (;;) {
      if (this.kind !== Token.WORD) return left;
      const pos = this.pos;
      if (this.isWord('cross') && !this.looseJoins) {
        this.advance();
        this.expectWord('join');
        left = this.join(left, this.tablePrimary(), { kind: 'cross', pos });
        continue;
      }
      const natural = this.acceptWord('natural');
      const kind = this.joinKind();
      if (kind === undefined) {
        if (natural) throw this.syntaxError();
        return left;
      }
      this.enter();
      if (natural) left = this.join(left, this.tablePrimary(), { kind, natural: true, pos });
      else left = this.qualifiedJoin(left, kind, pos);
      this.leave();
    }
  }

  /** a JOIN b JOIN c ON .. ON ..: the right side may itself be a join. */
  private qualifiedJoin(left: RelationNode, kind: JoinKind, pos: number): RelationNode {
    const first = this.tablePrimary();
    const right = this.isWord('on') || this.isWord('using') ? first : this.joins(first);
    if (this.acceptWord('on')) return this.join(left, right, { kind, condition: this.expression(), pos });
    if (this.looseJoins && kind === 'inner' && !this.isWord('using'))
      return replaceFirst(right, first, this.join(left, first, { kind: 'cross', pos }));
    this.expectWord('using');
    const using = this.parenthesisedIds();
    const usingAlias = this.acceptWord('as') ? this.columnId() : undefined;
    return this.join(left, right, { kind, using, usingAlias, pos });
  }

  /**
   * Are inner and cross joins one thing, with a condition or without: a JOIN b JOIN c ON .. joins a and b first? Then
   * parentheses may hold one table or a list of them, too, and take no alias.
   */
  protected get looseJoins(): boolean {
    return false;
  }

  /** [INNER | LEFT | RIGHT | FULL [OUTER]] JOIN */
  protected joinKind(): JoinKind | undefined {
    if (this.acceptWord('join')) return 'inner';
    const kind = this.acceptOneOf('inner', 'left', 'right', 'full');
    if (kind === undefined) return undefined;
    if (kind !== 'inner') this.acceptWord('outer');
    this.expectWord('join');
    return kind;
  }

  protected tablePrimary(): RelationNode {
    if (this.acceptWord('lateral')) return this.lateralTable();
    if (this.isSymbol('(')) return this.parenthesisedTable();
    if (this.isWord('rows') && this.peekIsWord(1, 'from') && this.peekIsSymbol(2, '('))
      return this.functionTable(false);
    if (this.isWord('only')) return this.tableSample(this.tableWithAlias());
    return this.beginsFunction() ? this.functionTable(false) : this.tableSample(this.tableWithAlias());
  }

  private lateralTable(): RelationNode {
    if (this.isSymbol('(')) {
      const pos = this.pos;
      return this.derived(this.parenthesisedQuery(), true, pos);
    }
    return this.functionTable(true);
  }

  /** Is the name here followed by '(' or is it a function written without one? */
  protected beginsFunction(): boolean {
    let ahead = 1;
    while (this.peekIsSymbol(ahead, '.')) ahead += 2;
    if (this.peekIsSymbol(ahead, '(')) return true;
    return ahead === 1 && this.kind === Token.WORD && !this.isColumnId() && this.isBareFunction(this.value);
  }

  /** Words that call a function without parentheses. */
  protected isBareFunction(word: string): boolean {
    return word.startsWith('current_') || word.startsWith('local') || word === 'session_user' || word === 'user';
  }

  /** A parenthesised query or join. */
  private parenthesisedTable(): RelationNode {
    const pos = this.pos;
    const found = this.tableParenthesis();
    if (found.query) return this.derived(found.relation, false, pos);
    if (this.looseJoins) return found.relation;
    const { alias, columns } = this.tableAlias();
    if (alias === undefined) return found.relation;
    return node('JOIN', { ...(found.relation as NodeOf<'JOIN'>), alias, columns });
  }

  /** From '(' to ')': a query, or a joined table. */
  private tableParenthesis(): { query: boolean; relation: RelationNode } {
    this.enter();
    this.expectSymbol('(');
    let result: { query: boolean; relation: RelationNode };
    if (this.startsQuery(0)) result = { query: true, relation: this.parseQuery() };
    else if (this.isSymbol('(')) {
      const pos = this.pos;
      const inner = this.tableParenthesis();
      if (inner.query && this.continuesQuery()) result = { query: true, relation: this.continueQuery(inner.relation) };
      else if (inner.query && this.isSymbol(')')) result = inner;
      else {
        const first = inner.query ? this.derived(inner.relation, false, pos) : this.aliasedJoin(inner.relation);
        result = { query: false, relation: this.parenthesisedTables(this.joins(first)) };
      }
    } else result = { query: false, relation: this.parenthesisedTables(this.joinedTable()) };
    this.expectSymbol(')');
    this.leave();
    return result;
  }

  /** What stands in parentheses that are no query: a join, or where joins are loose a list. */
  private parenthesisedTables(first: RelationNode): RelationNode {
    if (this.looseJoins) return this.fromRest(first);
    if (first.op !== 'JOIN') throw this.syntaxError();
    return first;
  }

  private aliasedJoin(relation: RelationNode): RelationNode {
    if (this.looseJoins) return relation;
    const { alias, columns } = this.tableAlias();
    return alias === undefined ? relation : node('JOIN', { ...(relation as NodeOf<'JOIN'>), alias, columns });
  }

  private derived(source: RelationNode, lateral: boolean, pos: number): RelationNode {
    const { alias, columns } = this.tableAlias();
    if (alias === undefined) this.checkDerivedAlias(source, pos);
    return node('DERIVED', { alias, columns, lateral, source, pos });
  }

  /** A dialect that demands an alias for a subquery in FROM complains here. */
  protected checkDerivedAlias(_source: RelationNode, _pos: number): void {}

  /** ONLY t, ONLY (t), t *, t */
  tableReference(): NodeOf<'LOAD_TABLE'> {
    const pos = this.pos;
    let only = false;
    let name: Name;
    if (this.acceptWord('only')) {
      only = true;
      if (this.acceptSymbol('(')) {
        name = this.qualifiedName();
        this.expectSymbol(')');
      } else name = this.qualifiedName();
    } else {
      name = this.qualifiedName();
      this.acceptOperator('*');
    }
    return node('LOAD_TABLE', { name, columns: [], only, hints: [], pos });
  }

  protected tableWithAlias(): NodeOf<'LOAD_TABLE'> {
    const table = this.tableReference();
    const { alias, columns } = this.tableAlias();
    return alias === undefined ? table : node('LOAD_TABLE', { ...table, alias, columns });
  }

  protected tableSample(table: RelationNode): RelationNode {
    if (this.isWord('tablesample')) throw this.unsupported('TABLESAMPLE');
    return table;
  }

  /** [AS] alias [(column, ...)] */
  tableAlias(): TableAlias {
    let alias: Identifier;
    if (this.acceptWord('as')) alias = this.columnId();
    else if (this.isColumnId() && !this.endsTable()) alias = this.takeIdentifier();
    else return NO_ALIAS;
    return { alias, columns: this.isSymbol('(') ? this.parenthesisedIds() : [] };
  }

  /** Words that could be aliases but go on with the clause here. */
  protected endsTable(): boolean {
    return false;
  }

  /** A function, or ROWS FROM (...), in FROM. */
  protected functionTable(lateral: boolean): RelationNode {
    const pos = this.pos;
    const calls: ValueNode[] = [];
    const definitions: { name: Identifier; type: NodeOf<'CAST'>['type'] }[] = [];
    let label: string | undefined;
    if (this.isWord('rows') && this.peekIsWord(1, 'from')) {
      this.advance();
      this.advance();
      this.expectSymbol('(');
      do {
        calls.push(this.fromCall());
        label ??= this.label;
        if (this.isWord('as')) throw this.unsupported('a column definition list inside ROWS FROM');
      } while (this.acceptSymbol(','));
      this.expectSymbol(')');
    } else {
      calls.push(this.fromCall());
      label = this.label;
    }
    const ordinality = this.acceptWords('with', 'ordinality');
    let alias: Identifier | undefined;
    let columns: Identifier[] = [];
    if (this.acceptWord('as')) {
      if (!this.isSymbol('(')) alias = this.columnId();
    } else if (this.isColumnId() && !this.endsTable()) alias = this.takeIdentifier();
    else
      return node('LOAD_FUNCTION', {
        alias: label === undefined ? undefined : regular(label),
        columns,
        definitions,
        ordinality,
        lateral,
        calls,
        pos,
      });
    if (this.isSymbol('(')) {
      if (this.peekIsSymbol(2, ',') || this.peekIsSymbol(2, ')')) columns = this.parenthesisedIds();
      else {
        this.expectSymbol('(');
        definitions.push(...this.list(() => this.columnDefinition()));
        this.expectSymbol(')');
      }
    }
    alias ??= label === undefined ? undefined : regular(label);
    return node('LOAD_FUNCTION', { alias, columns, definitions, ordinality, lateral, calls, pos });
  }

  /** name type [COLLATE collation] */
  private columnDefinition(): { name: Identifier; type: NodeOf<'CAST'>['type'] } {
    const name = this.columnId();
    const { type } = this.parseType();
    if (this.isWord('collate')) throw this.unsupported('COLLATE in a column definition list');
    return { name, type };
  }

  /** A call in FROM, which takes no FILTER or OVER. */
  private fromCall(): ValueNode {
    const pos = this.index;
    this.suffixesAllowed = false;
    const value = this.wordOrName();
    this.suffixesAllowed = true;
    const { op } = value;
    if (op === 'COLUMN' || op === 'LITERAL' || op === 'SUBSCRIPT') throw this.syntaxError(pos + 1);
    return value;
  }

  private wordOrName(): ValueNode {
    return this.kind === Token.WORD ? this.wordPrimary(true) : this.nameOrCall();
  }
}

/** A tree of joins whose first table, `first`, is another one. */
function replaceFirst(tree: RelationNode, first: RelationNode, by: RelationNode): RelationNode {
  if (tree === first || tree.op !== 'JOIN') return by;
  return node('JOIN', { ...tree, left: replaceFirst(tree.left, first, by) });
}

const NO_ALIAS: TableAlias = { alias: undefined, columns: [] };
