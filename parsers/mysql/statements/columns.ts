/** Column definitions, keys and constraints: shared by CREATE TABLE and ALTER TABLE. */
import { knownCollation } from '../character-sets.ts';
import type { Identifier } from '../../../sblr/contract/names.ts';
import type { SqlType } from '../../../sblr/contract/types.ts';
import { node, type NodeOf, type ValueNode } from '../../../sblr/nodes.ts';
import { integerLiteral } from '../../shared/literals.ts';
import { Token } from '../../shared/tokenizer.ts';
import type { MysqlParser } from '../parser.ts';
import { canonicalText, defaultLiteral } from './canonical.ts';
import { name as optionName, parseColumnType } from '../types.ts';

export type Constraint = NodeOf<'CONSTRAINT_DEF'>;
type Column = NodeOf<'COLUMN_DEF'>;
type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** What every primary key is called. */
const PRIMARY: Identifier = { text: 'PRIMARY', exact: false };

export function constraint(kind: Constraint['kind'], fields: Partial<Constraint>): Writable<Constraint> {
  return node('CONSTRAINT_DEF', {
    columns: [],
    include: [],
    refColumns: [],
    onDelete: 'no_action',
    onUpdate: 'no_action',
    match: 'simple',
    setColumns: [],
    deferrable: false,
    initiallyDeferred: false,
    notValid: false,
    noInherit: false,
    nullsNotDistinct: false,
    ...fields,
    kind,
  });
}

/** name type [attributes] */
export function columnDefinition(p: MysqlParser): Column {
  const { pos } = p;
  return columnAfterName(p, p.columnId(), pos);
}

export function columnAfterName(p: MysqlParser, name: Identifier, pos: number): Column {
  const { type } = parseColumnType(p);
  const serial = type.declared === 'serial';
  const column: Writable<Column> = node('COLUMN_DEF', {
    name,
    type: serial ? { kind: 'int64', unsigned: true } : type,
    identity: 'none',
    generated: 'none',
    autoIncrement: serial,
    options: [],
    constraints: serial ? [constraint('not_null', { pos }), constraint('unique', { pos })] : [],
    pos,
  });
  while (columnAttribute(p, column, type)) {
    // In any order.
  }
  return column;
}

function add(column: Writable<Column>, made: Constraint): void {
  column.constraints = [...column.constraints, made];
}

function columnAttribute(p: MysqlParser, column: Writable<Column>, type: SqlType): boolean {
  const { pos } = p;
  if (p.kind !== Token.WORD) return false;
  switch (p.value) {
    case 'not':
      p.advance();
      p.expectWord('null');
      add(column, constraint('not_null', { pos }));
      return true;
    case 'null':
      p.advance();
      add(column, constraint('null', { pos }));
      return true;
    case 'default':
      p.advance();
      add(column, defaultValue(p, type, pos));
      return true;
    case 'on':
      p.advance();
      p.expectWord('update');
      ({ value: column.onUpdate, text: column.onUpdateText } = now(p));
      return true;
    case 'auto_increment':
      p.advance();
      column.autoIncrement = true;
      return true;
    case 'unique':
      p.advance();
      p.acceptWord('key');
      add(column, constraint('unique', { pos }));
      return true;
    case 'primary':
    case 'key':
      if (p.acceptWord('primary')) p.acceptWord('key');
      else p.advance();
      add(column, constraint('primary_key', { name: PRIMARY, pos }));
      return true;
    case 'comment':
      p.advance();
      column.comment = p.stringLiteral();
      return true;
    case 'collate':
      p.advance();
      column.collation = knownCollation(optionName(p), type.collation?.split('_', 1)[0], pos);
      return true;
    case 'visible':
      p.advance();
      return true;
    case 'generated':
    case 'as':
      generation(p, column, type);
      return true;
    case 'references':
      return ignoredReference(p, pos);
    case 'invisible':
    case 'column_format':
    case 'storage':
      throw p.unsupported(`${p.value.toUpperCase()} in a column definition`);
    case 'constraint':
    case 'check': {
      const named = p.acceptWord('constraint') ? (p.isWord('check') ? undefined : p.columnId()) : undefined;
      add(column, check(p, named, pos));
      return true;
    }
    default:
      return false;
  }
}

/** [GENERATED ALWAYS] AS (expression) [VIRTUAL | STORED] */
function generation(p: MysqlParser, column: Writable<Column>, _type: SqlType): void {
  if (p.acceptWord('generated')) p.expectWord('always');
  p.expectWord('as');
  p.expectSymbol('(');
  const from = p.pos;
  column.generation = p.expression();
  column.generationText = canonicalText(column.generation) ?? p.source(from, p.previousEnd);
  p.expectSymbol(')');
  column.generated = p.acceptOneOf('virtual', 'stored') === 'stored' ? 'stored' : 'virtual';
}

/** A literal, CURRENT_TIMESTAMP, or an expression in parentheses. Its text is what SHOW CREATE TABLE prints. */
export function defaultValue(p: MysqlParser, type: SqlType, pos: number): Constraint {
  if (p.isWord('now') || p.isWord('current_timestamp') || p.isWord('localtime') || p.isWord('localtimestamp')) {
    const { value, text } = now(p);
    return constraint('default', { expression: value, text, pos });
  }
  const from = p.pos;
  if (p.acceptSymbol('(')) {
    const expression = p.expression();
    const text = canonicalText(expression) ?? p.source(from + 1, p.previousEnd);
    p.expectSymbol(')');
    return constraint('default', { expression, text: `(${text})`, pos });
  }
  const expression = numberOf(p.restrictedExpression(LITERAL_STRENGTH));
  const text = defaultLiteral(expression, type) ?? p.source(from, p.previousEnd);
  return constraint('default', { expression, text, pos });
}

/** TRUE and FALSE are numbers. */
function numberOf(value: ValueNode): ValueNode {
  if (value.op !== 'LITERAL' || typeof value.value !== 'boolean') return value;
  return { ...integerLiteral(value.value ? 1 : 0), ...(value.pos === undefined ? {} : { pos: value.pos }) };
}

/** Binds stronger than any operator between two values. */
const LITERAL_STRENGTH = 12;

/** CURRENT_TIMESTAMP[(n)] or one of its other names */
function now(p: MysqlParser): { value: ValueNode; text: string } {
  const { pos } = p;
  p.expectOneOf('now', 'current_timestamp', 'localtime', 'localtimestamp');
  let digits = 0;
  if (p.acceptSymbol('(')) {
    if (!p.isSymbol(')')) digits = p.unsignedInteger();
    p.expectSymbol(')');
  }
  // Fractions beyond the digits are cut, not rounded up into the future.
  const call = node('CALL', { function: 'local_instant', variadic: false, arguments: [integerLiteral(digits)], pos });
  const value = node('CAST', { type: { kind: 'timestamptz', precision: digits }, mode: 'cast', operand: call, pos });
  return { value, text: digits === 0 ? 'CURRENT_TIMESTAMP' : `CURRENT_TIMESTAMP(${digits})` };
}

/** CHECK (condition) [[NOT] ENFORCED] */
function check(p: MysqlParser, name: Identifier | undefined, pos: number): Constraint {
  p.expectWord('check');
  p.expectSymbol('(');
  const from = p.pos;
  const expression = p.expression();
  const text = canonicalText(expression) ?? p.source(from, p.previousEnd);
  p.expectSymbol(')');
  if (p.isWord('not') && p.peekIsWord(1, 'enforced')) throw p.unsupported('NOT ENFORCED');
  p.acceptWord('enforced');
  return constraint('check', { name, nameStem: `${p.table}_chk`, expression, text, pos });
}

// ---- table elements ------------------------------------------------------------------------------------

export type TableElement = Constraint | NodeOf<'TABLE_INDEX'>;

export function startsTableElement(p: MysqlParser): boolean {
  if (p.kind !== Token.WORD) return false;
  switch (p.value) {
    case 'constraint':
    case 'primary':
    case 'unique':
    case 'foreign':
    case 'check':
    case 'index':
    case 'key':
    case 'fulltext':
    case 'spatial':
      return true;
    default:
      return false;
  }
}

/** [CONSTRAINT [name]] PRIMARY KEY | UNIQUE | FOREIGN KEY | CHECK, or INDEX | KEY */
export function tableElement(p: MysqlParser): TableElement {
  const { pos } = p;
  if (p.isWord('fulltext')) throw p.unsupported('FULLTEXT indexes');
  if (p.isWord('spatial')) throw p.unsupported('SPATIAL indexes');
  if (p.acceptOneOf('index', 'key') !== undefined) return index(p, pos);
  const name = p.acceptWord('constraint') && p.isColumnId() ? p.columnId() : undefined;
  if (p.acceptWord('primary')) {
    p.expectWord('key');
    indexType(p);
    const columns = keyColumns(p);
    indexOptions(p);
    return constraint('primary_key', { name: PRIMARY, columns, pos });
  }
  if (p.acceptWord('unique')) {
    p.acceptOneOf('index', 'key');
    const own = p.isColumnId() ? p.columnId() : name;
    indexType(p);
    const keys = indexKeys(p);
    const comment = indexOptions(p);
    // Uniqueness of a beginning is told of no column.
    if (keys.some(({ prefixLength }) => prefixLength !== undefined))
      return node('TABLE_INDEX', { name: own, unique: true, method: undefined, options: [], comment, keys, pos });
    return constraint('unique', { name: own, columns: keyColumns(p, keys), pos });
  }
  if (p.acceptWord('foreign')) return foreignKey(p, name, pos);
  return check(p, name, pos);
}

function index(p: MysqlParser, pos: number): NodeOf<'TABLE_INDEX'> {
  const name = p.isColumnId() && !p.isWord('using') ? p.columnId() : undefined;
  const method = indexType(p);
  const keys = indexKeys(p);
  const comment = indexOptions(p);
  return node('TABLE_INDEX', { name, unique: false, method, options: [], comment, keys, pos });
}

/** USING BTREE | HASH */
export function indexType(p: MysqlParser): string | undefined {
  return p.acceptWord('using') ? p.expectOneOf('btree', 'hash') : undefined;
}

/** What may follow the keys of an index; answers its comment. */
export function indexOptions(p: MysqlParser): string | undefined {
  let comment: string | undefined;
  for (;;) {
    if (indexType(p) !== undefined) continue;
    if (p.acceptWord('visible')) continue;
    if (p.acceptWord('comment')) comment = p.stringLiteral();
    else if (p.acceptWord('key_block_size')) p.optionValue();
    else if (p.isWord('invisible') || p.isWord('with')) throw p.unsupported(p.value.toUpperCase());
    else return comment;
  }
}

/** (column [(length)] [ASC | DESC] | (expression), ...) */
export function indexKeys(p: MysqlParser): NodeOf<'INDEX_KEY'>[] {
  p.expectSymbol('(');
  const keys = p.list(() => {
    const { pos } = p;
    let expression: ValueNode;
    let prefixLength: number | undefined;
    if (p.acceptSymbol('(')) {
      expression = p.expression();
      p.expectSymbol(')');
    } else {
      expression = node('COLUMN', { name: [p.columnId()], pos });
      if (p.acceptSymbol('(')) {
        prefixLength = p.unsignedInteger();
        p.expectSymbol(')');
      }
    }
    const descending = p.acceptOneOf('asc', 'desc') === 'desc';
    return node('INDEX_KEY', { descending, nulls: 'default', prefixLength, expression, pos });
  });
  p.expectSymbol(')');
  return keys;
}

/** Keys that are plain columns, as constraints have them. */
function keyColumns(p: MysqlParser, keys = indexKeys(p)): Identifier[] {
  return keys.map(({ expression, prefixLength, pos }) => {
    if (expression.op !== 'COLUMN') throw p.unsupported('a key over an expression', pos);
    if (prefixLength !== undefined) throw p.unsupported('a primary key over the beginning of a column', pos);
    return expression.name.at(-1) as Identifier;
  });
}

function foreignKey(p: MysqlParser, name: Identifier | undefined, pos: number): Constraint {
  p.expectWord('key');
  const own = p.isColumnId() ? p.columnId() : undefined;
  const made = constraint('foreign_key', {
    name: name ?? own,
    nameStem: `${p.table}_ibfk`,
    columns: p.parenthesisedIds(),
    pos,
  });
  p.expectWord('references');
  return references(p, made);
}

/** As in the real server REFERENCES of a column is read and has no effect: only FOREIGN KEY makes a foreign key. */
function ignoredReference(p: MysqlParser, pos: number): true {
  p.advance();
  references(p, constraint('foreign_key', { pos }));
  return true;
}

/** table (columns) [MATCH x] [ON DELETE x] [ON UPDATE x] */
function references(p: MysqlParser, made: Writable<Constraint>): Constraint {
  made.refTable = p.qualifiedName();
  made.refColumns = p.isSymbol('(') ? p.parenthesisedIds() : [];
  if (p.acceptWord('match')) made.match = p.expectOneOf('full', 'partial', 'simple');
  while (p.acceptWord('on')) {
    if (p.expectOneOf('delete', 'update') === 'delete') made.onDelete = action(p);
    else made.onUpdate = action(p);
  }
  return made;
}

function action(p: MysqlParser): Constraint['onDelete'] {
  if (p.acceptWord('cascade')) return 'cascade';
  if (p.acceptWord('restrict')) return 'restrict';
  if (p.acceptWords('no', 'action')) return 'no_action';
  p.expectWord('set');
  return p.expectOneOf('null', 'default') === 'null' ? 'set_null' : 'set_default';
}
