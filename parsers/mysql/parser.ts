/**
 * The MySQL parser: one statement of text -> one SBLR statement node, and what the worker must know of it.
 * Queries and modifications are here as far as they differ from standard SQL; statements are split by kind
 * in statements/.
 */
import type { ClientAction } from '../../sblr/contract/dialect.ts';
import type { Identifier, Name } from '../../sblr/contract/names.ts';
import type { Semantics } from '../../sblr/contract/semantics.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { SqlType } from '../../sblr/contract/types.ts';
import {
  node,
  type NodeOf,
  type Program,
  type RelationNode,
  type StatementNode,
  type ValueNode,
} from '../../sblr/nodes.ts';
import { SBLR_VERSION } from '../../sblr/opcodes.ts';
import type { GroupingKey, SelectItem } from '../shared/query-parser.ts';
import { Token } from '../shared/tokenizer.ts';
import { MysqlCalls } from './calls.ts';
import { parseJsonTable } from './json-table.ts';
import type { SqlModes } from './facts.ts';
import { gatherRecursion } from './recursion.ts';
import { rollupOfRows, rollupOrder } from './rollup.ts';
import { parseStatement } from './statements/statement.ts';

/** Turns a nested program into the bytes that PREPARE and CREATE VIEW carry. */
export type Encode = (program: Program) => Uint8Array;

/** Words of SELECT that ask for a way of execution and change no result. */
const SELECT_HINTS: ReadonlySet<string> = new Set([
  'high_priority',
  'sql_small_result',
  'sql_big_result',
  'sql_buffer_result',
  'sql_no_cache',
  'straight_join',
]);

/** A label made of an item's text has so many bytes at most. */
const LABEL_BYTES = 255;

function cutAtBytes(text: string, most: number): string {
  const bytes = Buffer.from(text.slice(0, most));
  let end = Math.min(bytes.length, most);
  while (end < bytes.length && ((bytes[end] as number) & 0xc0) === 0x80) end--;
  return bytes.toString('utf8', 0, end);
}

/** AS name [(columns)] after the rows of an INSERT. */
interface RowAlias {
  readonly name: Identifier;
  readonly columns: readonly Identifier[];
}

export class MysqlParser extends MysqlCalls {
  readonly encode: Encode;
  /** Completion words. */
  command = '';
  transactionControl = false;
  /** Variables that take the row of a SELECT. */
  intoVariables: readonly string[] | undefined;
  /** The statement has IGNORE. */
  ignoring = false;
  action: ClientAction = { kind: 'none' };
  /** Literals may become parameters in this statement. */
  liftLiterals = false;
  /** Name of the table that a data definition is about: constraints without a name are called after it. */
  table = '';
  /** Name of the session's database; '' = none. */
  database = '';
  /** user@host of the session's account. */
  account = 'root@%';
  /** Statements that belong to this one and run after it. */
  readonly following: StatementNode[] = [];

  constructor(text: string, start: number, modes: SqlModes, encode: Encode) {
    super(text, start, modes);
    this.encode = encode;
    while (this.isSymbol(';')) this.advance();
    this.tokens.origin = this.tokens.starts[this.index] as number;
  }

  get semantics(): Semantics {
    return this.ignoring ? this.modes.ignoring : this.modes.semantics;
  }

  /** Is there no statement, only blanks and terminators? */
  get empty(): boolean {
    return this.kind === Token.END;
  }

  /** Nothing but a terminator may follow the statement. */
  endOfText(): void {
    this.acceptSymbol(';');
    if (this.kind !== Token.END) throw this.syntaxError();
  }

  statement(): StatementNode {
    return parseStatement(this);
  }

  nested(text: string): MysqlParser {
    const inner = new MysqlParser(text, 0, this.modes, this.encode);
    inner.database = this.database;
    inner.account = this.account;
    return inner;
  }

  /** Bytes of a program made of these statements. */
  encodeStatements(statements: readonly StatementNode[], parameterTypes: readonly (SqlType | undefined)[]): Uint8Array {
    return this.encode({ version: SBLR_VERSION, parameterTypes, semantics: this.semantics, statements });
  }

  // ---- SELECT ----------------------------------------------------------------------------------------

  /** FROM DUAL reads no table. */
  protected override fromClause(pos: number): RelationNode {
    if (!this.isWord('from') || !this.peekIsWord(1, 'dual')) return super.fromClause(pos);
    this.advance();
    this.advance();
    return node('DUAL', { pos });
  }

  protected override distinctClause(): { on: ValueNode[]; pos: number } | undefined {
    const { pos } = this;
    let distinct = false;
    for (;;) {
      if (this.kind !== Token.WORD) break;
      if (this.acceptOneOf('distinct', 'distinctrow') !== undefined) distinct = true;
      else if (this.isWord('sql_calc_found_rows')) this.countAll();
      else if (!this.acceptWord('all')) {
        if (!SELECT_HINTS.has(this.value)) break;
        this.advance();
      }
    }
    return distinct ? { on: [], pos } : undefined;
  }

  /** Index of the SELECT that a statement begins with. */
  firstSelect = -1;
  /** The statement's limit counts all rows. */
  countsAll = false;

  /** SQL_CALC_FOUND_ROWS: of the whole statement, so only its first SELECT may say so. */
  private countAll(): void {
    for (let at = this.index - 1; at > this.firstSelect; at--) {
      if (this.tokens.values[at] !== 'select') continue;
      throw new SqlError('syntax_error', {
        message: "Incorrect usage/placement of 'SQL_CALC_FOUND_ROWS'",
        variant: 'misplaced_word',
        args: { word: 'SQL_CALC_FOUND_ROWS' },
        position: this.pos,
      });
    }
    this.advance();
    this.countsAll = true;
  }

  /** An item without alias is named by its column, or by its text as written. */
  protected override selectItem(): SelectItem {
    const { pos } = this;
    if (this.isOperator('*')) {
      this.advance();
      return node('STAR', { given: false, pos });
    }
    const value = this.expression();
    if (this.isSymbol('.') && this.peekKind(1) === Token.OPERATOR && this.peekValue(1) === '*') {
      this.advance();
      this.advance();
      if (value.op !== 'COLUMN') throw this.syntaxError(this.index - 1);
      return node('STAR', { given: false, qualifier: value.name, pos });
    }
    const label = this.itemLabel(value, this.source(pos, this.previousEnd));
    return node('ITEM', { value, alias: this.selectAlias(), label, pos });
  }

  private itemLabel(value: ValueNode, text: string): string {
    if (value.op === 'COLUMN') return (value.name.at(-1) as Identifier).text;
    const isText = value.op === 'LITERAL' && typeof value.value === 'string' && value.type.kind === 'text';
    const label = isText ? (value.value as string) : /^(null|true|false)$/i.test(text) ? text.toUpperCase() : text;
    return label.length < LABEL_BYTES / 4 ? label : cutAtBytes(label, LABEL_BYTES);
  }

  private selectAlias(): Identifier | undefined {
    const written = this.acceptWord('as');
    if (this.kind === Token.STRING) return { text: this.stringLiteral(), exact: false };
    if (written) return this.columnLabel();
    return this.isBareLabel() ? this.takeIdentifier() : undefined;
  }

  /** INTO @a, @b: also after everything else. */
  protected override intoClause(): void {
    if (!this.isWord('into')) return;
    if (this.intoVariables !== undefined) throw this.syntaxError();
    this.advance();
    if (this.isWord('outfile') || this.isWord('dumpfile')) throw this.unsupported(`INTO ${this.value.toUpperCase()}`);
    this.intoVariables = this.list(() => {
      if (!this.isKind(Token.PARAMETER) || !/^@[^@]/.test(this.value)) throw this.syntaxError();
      const name = this.value.slice(1).toLowerCase();
      this.advance();
      return name;
    });
  }

  /** INTO at the end of a query. */
  acceptInto(): void {
    this.intoClause();
  }

  override withClause(): { recursive: boolean; ctes: NodeOf<'CTE'>[]; pos: number } {
    const clause = super.withClause();
    return clause.recursive ? { ...clause, ctes: clause.ctes.map(gatherRecursion) } : clause;
  }

  /** VALUES ROW(1, 2), ...: its columns are column_0, column_1 ... */
  override values(): RelationNode {
    const { pos } = this;
    this.expectWord('values');
    const rows = this.list(() => {
      const at = this.pos;
      this.expectWord('row');
      this.expectSymbol('(');
      const items = this.list(() => this.expression());
      this.expectSymbol(')');
      return node('ROW', { items, pos: at });
    });
    const columns = (rows[0]?.items ?? []).map((_item, at): Identifier => ({ text: `column_${at}`, exact: false }));
    const alias: Identifier = { text: 'values', exact: false };
    const source = node('DERIVED', { alias, columns, lateral: false, source: node('VALUES', { rows, pos }), pos });
    this.queryLabel = undefined;
    return node('PROJECT', { source, items: [node('STAR', { given: false, pos })], pos });
  }

  // ---- FROM ------------------------------------------------------------------------------------------

  /** FROM DUAL is as no FROM. */
  override fromList(): RelationNode {
    if (!this.isWord('dual')) return super.fromList();
    const { pos } = this;
    this.advance();
    return node('DUAL', { pos });
  }

  protected override joinKind(): NodeOf<'JOIN'>['kind'] | undefined {
    if (this.acceptWord('straight_join') || this.acceptWords('cross', 'join')) return 'inner';
    if (this.isWord('full')) return undefined;
    return super.joinKind();
  }

  protected override get looseJoins(): boolean {
    return true;
  }

  protected override tablePrimary(): RelationNode {
    // { OJ joined tables }
    if (this.isSymbol('{')) {
      this.advance();
      this.expectWord('oj');
      const joined = this.joinedTable();
      this.expectSymbol('}');
      return joined;
    }
    return this.isWord('json_table') && this.peekIsSymbol(1, '(') ? parseJsonTable(this) : super.tablePrimary();
  }

  protected override checkDerivedAlias(_source: RelationNode, pos: number): void {
    throw this.error('syntax_error', 'Every derived table must have its own alias', pos);
  }

  /** Index hints and partitions after a table. */
  protected override tableSample(table: RelationNode): RelationNode {
    if (this.isWord('partition')) throw this.unsupported('PARTITION selection');
    for (;;) {
      const word = this.acceptOneOf('use', 'force', 'ignore');
      if (word === undefined) return table;
      this.expectOneOf('index', 'key');
      if (this.acceptWord('for') && !this.acceptWord('join')) {
        this.expectOneOf('order', 'group');
        this.expectWord('by');
      }
      this.expectSymbol('(');
      if (!this.isSymbol(')')) this.list(() => (this.acceptWord('primary') ? undefined : this.columnId()));
      this.expectSymbol(')');
    }
  }

  protected override endsTable(): boolean {
    return this.isWord('use') || this.isWord('force') || this.isWord('ignore') || this.isWord('straight_join');
  }

  // ---- suffixes ----------------------------------------------------------------------------------------

  /** LIMIT [offset,] count | LIMIT count OFFSET offset */
  protected override limitClauses(body: RelationNode): RelationNode {
    const { pos } = this;
    if (!this.acceptWord('limit')) return body;
    let count: ValueNode = this.limitValue();
    let offset: ValueNode | undefined;
    if (this.acceptSymbol(',')) {
      offset = count;
      count = this.limitValue();
    } else if (this.acceptWord('offset')) offset = this.limitValue();
    return node('LIMIT', { withTies: false, percent: false, countsAll: false, source: body, count, offset, pos });
  }

  private limitValue(): ValueNode {
    if (this.kind !== Token.INTEGER && this.kind !== Token.PARAMETER) throw this.syntaxError();
    return this.primary();
  }

  protected override lockClauses(): Omit<NodeOf<'LOCK_ROWS'>, 'source'>[] {
    if (this.isWord('lock') && this.peekIsWord(1, 'in')) {
      const { pos } = this;
      this.expectWords('lock', 'in', 'share', 'mode');
      return [{ op: 'LOCK_ROWS', strength: 'share', wait: 'wait', of: [], pos }];
    }
    return super.lockClauses();
  }

  override continuesQuery(): boolean {
    return super.continuesQuery() || this.isWord('lock');
  }

  protected override querySuffixes(body: RelationNode): RelationNode {
    return super.querySuffixes(this.isWord('order') ? body : rollupOrder(body));
  }

  protected override groupClause(from: RelationNode): RelationNode {
    return rollupOfRows(super.groupClause(from));
  }

  /** GROUP BY a, b WITH ROLLUP */
  protected override groupSuffix(keys: GroupingKey[]): GroupingKey[] {
    const { pos } = this;
    return this.acceptWords('with', 'rollup') ? [node('GROUP_SETS', { kind: 'rollup', keys, pos })] : keys;
  }

  // ---- INSERT, REPLACE -----------------------------------------------------------------------------------

  protected override startsModification(): boolean {
    return super.startsModification() || this.isWord('replace');
  }

  override modification(): RelationNode {
    return this.isWord('replace') ? this.insert() : super.modification();
  }

  /** INSERT and REPLACE: VALUES, SET or a query, and ON DUPLICATE KEY UPDATE. */
  override insert(): RelationNode {
    const replacing = this.expectOneOf('insert', 'replace') === 'replace';
    this.acceptOneOf('low_priority', 'high_priority', 'delayed');
    const ignoring = !replacing && this.acceptIgnore();
    this.acceptWord('into');
    const { pos } = this;
    const table = this.qualifiedName();
    if (this.isWord('partition')) throw this.unsupported('PARTITION selection');
    let columns = this.isSymbol('(') && !this.queryBehindParentheses() ? this.insertColumns() : [];
    let source: RelationNode;
    if (this.acceptWord('set')) ({ columns, source } = this.insertSet());
    else source = this.insertSource();
    const alias = this.rowAlias();
    const onConflict = replacing ? undefined : this.duplicateKeyClause(alias);
    return node('INSERT', {
      table,
      columns,
      overriding: 'none',
      defaultValues: false,
      onDuplicate: replacing ? 'replace' : ignoring ? 'ignore' : 'error',
      source,
      onConflict,
      returning: [],
      parts: [],
      pos,
    });
  }

  protected override insertColumns(): Identifier[] {
    this.expectSymbol('(');
    const columns = this.isSymbol(')') ? [] : this.list(() => this.qualifiedName().at(-1) as Identifier);
    this.expectSymbol(')');
    return columns;
  }

  /** SET column = value, ... as the one row of a VALUES. */
  private insertSet(): { columns: Identifier[]; source: RelationNode } {
    const { pos } = this;
    const columns: Identifier[] = [];
    const items = this.list(() => {
      columns.push(this.qualifiedName().at(-1) as Identifier);
      if (!this.acceptOperator('=')) this.expectOperator(':=');
      return this.valueOrDefault();
    });
    return { columns, source: node('VALUES', { rows: [node('ROW', { items, pos })], pos }) };
  }

  protected override insertSource(): RelationNode {
    const { pos } = this;
    if (!this.isWord('values') && !this.isWord('value')) return this.parseQuery();
    this.advance();
    const rows = this.list(() => {
      const at = this.pos;
      this.acceptWord('row');
      this.expectSymbol('(');
      const items = this.isSymbol(')') ? [] : this.list(() => this.valueOrDefault());
      this.expectSymbol(')');
      return node('ROW', { items, pos: at });
    });
    return node('VALUES', { rows, pos });
  }

  /** AS alias: the row proposed, in ON DUPLICATE KEY UPDATE. */
  private rowAlias(): RowAlias | undefined {
    if (!this.acceptWord('as')) return undefined;
    return { name: this.columnId(), columns: this.isSymbol('(') ? this.parenthesisedIds() : [] };
  }

  private duplicateKeyClause(alias: RowAlias | undefined): NodeOf<'ON_CONFLICT'> | undefined {
    const { pos } = this;
    if (!this.acceptWord('on')) return undefined;
    this.expectWords('duplicate', 'key', 'update');
    const assignments = this.assignments();
    return node('ON_CONFLICT', {
      action: 'update',
      anyKey: true,
      rowAlias: alias?.name,
      rowColumns: alias?.columns ?? [],
      target: [],
      assignments,
      pos,
    });
  }

  protected override assignment(): NodeOf<'ASSIGNMENT'> {
    const { pos } = this;
    const name = this.qualifiedName();
    if (!this.acceptOperator('=')) this.expectOperator(':=');
    const qualifier: Name | undefined = name.length > 1 ? name.slice(0, -1) : undefined;
    return node('ASSIGNMENT', {
      columns: [name.at(-1) as Identifier],
      qualifier,
      subscripts: [],
      value: this.valueOrDefault(),
      pos,
    });
  }

  // ---- UPDATE, DELETE ------------------------------------------------------------------------------------

  override update(): RelationNode {
    this.expectWord('update');
    this.acceptWord('low_priority');
    const ignoring = this.acceptIgnore();
    const { pos } = this;
    const target = this.fromList();
    this.expectWord('set');
    const assignments = this.assignments();
    const where = this.acceptWord('where') ? this.expression() : undefined;
    if (target.op !== 'LOAD_TABLE')
      return node('MODIFY_JOINED', {
        action: 'update',
        source: target,
        targets: [],
        ignoring,
        assignments,
        where,
        pos,
      });
    return node('UPDATE', {
      table: target.name,
      alias: target.alias,
      only: false,
      ignoring,
      assignments,
      where,
      ...this.modificationSuffixes(),
      returning: [],
      pos,
    });
  }

  override delete(): RelationNode {
    this.expectWord('delete');
    while (this.acceptOneOf('low_priority', 'quick') !== undefined) {
      // Ways of execution.
    }
    const ignoring = this.acceptIgnore();
    const { pos } = this;
    if (!this.acceptWord('from')) return this.deleteJoined('from', ignoring, pos);
    const start = this.index;
    if (this.startsTargetList()) {
      this.moveTo(start);
      return this.deleteJoined('using', ignoring, pos);
    }
    this.moveTo(start);
    const table = this.qualifiedName();
    const alias = this.acceptWord('as') || this.isColumnId() ? this.columnId() : undefined;
    const where = this.acceptWord('where') ? this.expression() : undefined;
    return node('DELETE', {
      table,
      alias,
      only: false,
      ignoring,
      where,
      ...this.modificationSuffixes(),
      returning: [],
      pos,
    });
  }

  /** t1[.*], t2[.*] FROM tables, or FROM t1[.*], t2[.*] USING tables: rows of the first ones are deleted. */
  private deleteJoined(word: 'from' | 'using', ignoring: boolean, pos: number): RelationNode {
    const targets = this.list(() => {
      const name = [this.columnId()];
      while (this.acceptSymbol('.')) {
        if (this.acceptOperator('*')) break;
        name.push(this.columnLabel());
      }
      return { name };
    });
    this.expectWord(word);
    const source = this.fromList();
    const where = this.acceptWord('where') ? this.expression() : undefined;
    return node('MODIFY_JOINED', { action: 'delete', source, targets, ignoring, assignments: [], where, pos });
  }

  /** Does a list of targets follow, rather than one table? */
  private startsTargetList(): boolean {
    this.columnId();
    while (this.acceptSymbol('.')) {
      if (this.acceptOperator('*')) return true;
      this.columnLabel();
    }
    return this.isWord('using') || this.isSymbol(',');
  }

  /** IGNORE: what would be an error of a row's value is a warning, as without strict mode. */
  private acceptIgnore(): boolean {
    if (!this.acceptWord('ignore')) return false;
    this.ignoring = true;
    return true;
  }

  /** ORDER BY and LIMIT of a modification */
  private modificationSuffixes(): { order: NodeOf<'SORT_KEY'>[]; limit: ValueNode | undefined } {
    const order = this.acceptWords('order', 'by') ? this.sortKeys() : [];
    const limit = this.acceptWord('limit') ? this.limitValue() : undefined;
    return { order, limit };
  }

  // ---- pieces that several statements share --------------------------------------------------------------

  /** A word, name, string or number as the value of an option. */
  optionValue(): string {
    this.acceptOperator('=');
    if (this.kind === Token.END || this.kind === Token.SYMBOL) throw this.syntaxError();
    const { value } = this;
    this.advance();
    return value;
  }
}
