/** Column and table constraints, column definitions, sequence options: shared by CREATE and ALTER. */
import type { Identifier } from '../../../sblr/contract/names.ts';
import type { SqlType } from '../../../sblr/contract/types.ts';
import { node, type NodeOf, type ValueNode } from '../../../sblr/nodes.ts';
import { Token } from '../../shared/tokenizer.ts';
import type { PostgresParser } from '../parser.ts';
import { SERIAL_TYPES } from '../types.ts';

type Constraint = NodeOf<'CONSTRAINT_DEF'>;
type Action = Constraint['onDelete'];
type Writable<T> = { -readonly [K in keyof T]: T[K] };

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

// ---- sequences -------------------------------------------------------------------------------------------

export function sequenceOptions(p: PostgresParser): NodeOf<'SEQUENCE_OPTIONS'> {
  const { pos } = p;
  const options: Writable<NodeOf<'SEQUENCE_OPTIONS'>> = node('SEQUENCE_OPTIONS', {
    noMinimum: false,
    noMaximum: false,
    restartPresent: false,
    cycle: 'default',
    ownedByNone: false,
    pos,
  });
  while (sequenceOption(p, options)) {}
  return options;
}

function sequenceOption(p: PostgresParser, options: Writable<NodeOf<'SEQUENCE_OPTIONS'>>): boolean {
  const word = p.acceptOneOf(
    'as',
    'increment',
    'minvalue',
    'maxvalue',
    'no',
    'start',
    'restart',
    'cache',
    'cycle',
    'owned',
    'sequence',
  );
  const signed = (): boolean => p.isKind(Token.INTEGER) || p.isOperator('-') || p.isOperator('+');
  switch (word) {
    case undefined:
      return false;
    case 'as':
      options.type = p.parseType().type;
      break;
    case 'increment':
      p.acceptWord('by');
      options.increment = p.signedInteger();
      break;
    case 'minvalue':
      options.minimum = p.signedInteger();
      break;
    case 'maxvalue':
      options.maximum = p.signedInteger();
      break;
    case 'no': {
      const what = p.expectOneOf('minvalue', 'maxvalue', 'cycle');
      if (what === 'minvalue') options.noMinimum = true;
      else if (what === 'maxvalue') options.noMaximum = true;
      else options.cycle = 'no_cycle';
      break;
    }
    case 'start':
      p.acceptWord('with');
      options.start = p.signedInteger();
      break;
    case 'restart':
      options.restartPresent = true;
      if (p.acceptWord('with') || signed()) options.restart = p.signedInteger();
      break;
    case 'cache':
      options.cache = p.signedInteger();
      break;
    case 'cycle':
      options.cycle = 'cycle';
      break;
    case 'owned': {
      p.expectWord('by');
      const owner = p.qualifiedName();
      if (owner.length === 1 && owner[0]?.text === 'none') options.ownedByNone = true;
      else options.ownedBy = owner;
      break;
    }
    case 'sequence':
      // SEQUENCE NAME, as dumps of identity columns write it, names what the column would own anyway.
      p.expectWord('name');
      p.qualifiedName();
      break;
  }
  return true;
}

// ---- constraints -------------------------------------------------------------------------------------------

/** [NOT] DEFERRABLE, INITIALLY ..., NOT VALID, NO INHERIT after a table constraint. */
function attributes(p: PostgresParser, made: Writable<Constraint>): void {
  for (;;) {
    if (p.acceptWord('deferrable')) made.deferrable = true;
    else if (p.isWord('not') && p.peekIsWord(1, 'deferrable')) {
      p.advance();
      p.advance();
      made.deferrable = false;
    } else if (p.acceptWord('initially')) {
      made.initiallyDeferred = p.expectOneOf('deferred', 'immediate') === 'deferred';
      if (made.initiallyDeferred) made.deferrable = true;
    } else if (p.isWord('not') && p.peekIsWord(1, 'valid')) {
      p.advance();
      p.advance();
      made.notValid = true;
    } else if (p.isWord('no') && p.peekIsWord(1, 'inherit')) {
      p.advance();
      p.advance();
      made.noInherit = true;
    } else return;
  }
}

function action(p: PostgresParser, made: Writable<Constraint>, deleting: boolean): Action {
  if (p.acceptWord('cascade')) return 'cascade';
  if (p.acceptWord('restrict')) return 'restrict';
  if (p.acceptWords('no', 'action')) return 'no_action';
  p.expectWord('set');
  const result = p.expectOneOf('null', 'default') === 'null' ? 'set_null' : 'set_default';
  if (deleting && p.isSymbol('(')) made.setColumns = p.parenthesisedIds();
  return result;
}

/** REFERENCES table [(columns)] [MATCH ..] [ON DELETE ..] [ON UPDATE ..] */
function references(p: PostgresParser, made: Writable<Constraint>): void {
  p.expectWord('references');
  made.refTable = p.qualifiedName();
  if (p.isSymbol('(')) made.refColumns = p.parenthesisedIds();
  if (p.acceptWord('match')) {
    made.match = p.expectOneOf('full', 'partial', 'simple');
    if (made.match === 'partial') throw p.unsupported('MATCH PARTIAL');
  }
  while (p.acceptWord('on')) {
    const deleting = p.expectOneOf('delete', 'update') === 'delete';
    if (deleting) made.onDelete = action(p, made, true);
    else made.onUpdate = action(p, made, false);
  }
}

/** (condition): the node and its text */
function checked(p: PostgresParser): { expression: ValueNode; text: string } {
  p.expectSymbol('(');
  const from = p.pos;
  const expression = p.expression();
  const text = p.source(from, p.previousEnd);
  p.expectSymbol(')');
  return { expression, text };
}

/** NULLS [NOT] DISTINCT, INCLUDE, WITH, USING INDEX TABLESPACE after UNIQUE and PRIMARY KEY. */
function keyOptions(p: PostgresParser, made: Writable<Constraint>): void {
  if (p.acceptWord('include')) made.include = p.parenthesisedIds();
  if (p.acceptWord('with')) p.storageOptions();
  if (p.isWord('using') && p.peekIsWord(1, 'index') && p.peekIsWord(2, 'tablespace')) {
    p.moveTo(p.index + 3);
    p.columnId();
  }
}

function nullsDistinct(p: PostgresParser, made: Writable<Constraint>): void {
  if (!p.isWord('nulls')) return;
  p.advance();
  made.nullsNotDistinct = p.acceptWord('not');
  p.expectWord('distinct');
}

export function startsTableConstraint(p: PostgresParser): boolean {
  if (p.kind !== Token.WORD) return false;
  switch (p.value) {
    case 'constraint':
    case 'check':
    case 'unique':
    case 'primary':
    case 'foreign':
      return true;
    case 'exclude':
      return p.peekIsWord(1, 'using') || p.peekIsSymbol(1, '(');
    default:
      return false;
  }
}

export function tableConstraint(p: PostgresParser): Constraint {
  const { pos } = p;
  const name = p.acceptWord('constraint') ? p.columnId() : undefined;
  const word = p.expectOneOf('check', 'unique', 'primary', 'foreign', 'exclude');
  let made: Writable<Constraint>;
  if (word === 'check') made = constraint('check', { ...checked(p) });
  else if (word === 'exclude') throw p.unsupported('an exclusion constraint', pos);
  else if (word === 'foreign') {
    p.expectWord('key');
    made = constraint('foreign_key', { columns: p.parenthesisedIds() });
    references(p, made);
  } else {
    if (word === 'primary') p.expectWord('key');
    made = constraint(word === 'primary' ? 'primary_key' : 'unique', {});
    if (word === 'unique') nullsDistinct(p, made);
    if (p.acceptWords('using', 'index')) made.usingIndex = p.columnId();
    else {
      made.columns = p.parenthesisedIds();
      keyOptions(p, made);
    }
  }
  made.name = name;
  made.pos = pos;
  attributes(p, made);
  return made;
}

// ---- columns -----------------------------------------------------------------------------------------------

interface ColumnParts {
  readonly constraints: Writable<Constraint>[];
  collation: string | undefined;
  identity: NodeOf<'COLUMN_DEF'>['identity'];
  generated: NodeOf<'COLUMN_DEF'>['generated'];
  generation: ValueNode | undefined;
  sequence: NodeOf<'SEQUENCE_OPTIONS'> | undefined;
  readonly options: { name: string; value: string | undefined }[];
}

/** name type constraint* */
export function columnDefinition(p: PostgresParser): NodeOf<'COLUMN_DEF'> {
  const { pos } = p;
  const name = p.columnId();
  const serial = p.kind === Token.WORD && !p.peekIsSymbol(1, '.') ? SERIAL_TYPES.get(p.value) : undefined;
  let type: SqlType;
  if (serial !== undefined) {
    p.advance();
    if (p.isSymbol('[')) throw p.error('feature_not_supported', 'array of serial is not implemented', p.pos);
    type = serial;
  } else ({ type } = p.parseType());
  const parts: ColumnParts = {
    constraints: [],
    collation: undefined,
    identity: 'none',
    generated: 'none',
    generation: undefined,
    sequence: undefined,
    options: [],
  };
  if (p.acceptWord('compression')) parts.options.push({ name: 'compression', value: p.columnLabel().text });
  while (columnConstraint(p, name, parts)) {}
  if (serial !== undefined || parts.identity !== 'none') impliedNotNull(parts, pos);
  return node('COLUMN_DEF', {
    name,
    type,
    collation: parts.collation,
    identity: parts.identity,
    generated: parts.generated,
    autoIncrement: serial !== undefined,
    options: parts.options,
    generation: parts.generation,
    sequenceOptions: parts.sequence,
    constraints: parts.constraints,
    pos,
  });
}

/** Columns that number themselves are never null. */
function impliedNotNull(parts: ColumnParts, pos: number): void {
  if (!parts.constraints.some((made) => made.kind === 'not_null'))
    parts.constraints.push(constraint('not_null', { pos }));
}

/** One constraint, or attribute of the constraint before it; false when there is none. */
export function columnConstraint(p: PostgresParser, column: Identifier, parts: ColumnParts): boolean {
  if (p.kind !== Token.WORD) return false;
  const { pos } = p;
  if (p.isWord('collate')) {
    p.advance();
    parts.collation = p.collationName();
    return true;
  }
  const name = p.acceptWord('constraint') ? p.columnId() : undefined;
  const add = (kind: Constraint['kind'], fields: Partial<Constraint>): Writable<Constraint> => {
    const made = constraint(kind, { ...fields, name, pos });
    parts.constraints.push(made);
    return made;
  };
  switch (p.value) {
    case 'not':
      if (p.peekIsWord(1, 'deferrable')) break;
      p.advance();
      p.expectWord('null');
      add('not_null', {});
      return true;
    case 'null':
      p.advance();
      add('null', {});
      return true;
    case 'default': {
      p.advance();
      const from = p.pos;
      const expression = p.restrictedExpression();
      add('default', { expression, text: p.source(from, p.previousEnd) });
      return true;
    }
    case 'check': {
      p.advance();
      const made = add('check', { ...checked(p) });
      made.noInherit = p.acceptWords('no', 'inherit');
      return true;
    }
    case 'unique':
    case 'primary': {
      const primary = p.value === 'primary';
      p.advance();
      if (primary) p.expectWord('key');
      const made = add(primary ? 'primary_key' : 'unique', { columns: [column] });
      if (!primary) nullsDistinct(p, made);
      keyOptions(p, made);
      return true;
    }
    case 'references':
      references(p, add('foreign_key', { columns: [column] }));
      return true;
    case 'generated':
      generatedColumn(p, parts);
      return true;
    default:
  }
  const last = parts.constraints.at(-1);
  const before = p.index;
  if (
    last !== undefined &&
    name === undefined &&
    (last.kind === 'foreign_key' || last.kind === 'unique' || last.kind === 'primary_key')
  ) {
    attributes(p, last);
  }
  if (p.index === before && (p.isWord('deferrable') || p.isWord('initially'))) {
    throw p.error('syntax_error', `misplaced ${p.value === 'initially' ? 'INITIALLY' : 'DEFERRABLE'} clause`, pos);
  }
  if (p.index === before && name !== undefined) throw p.syntaxError();
  return p.index !== before;
}

/** GENERATED ALWAYS AS (expression) STORED, GENERATED { ALWAYS | BY DEFAULT } AS IDENTITY [(options)] */
function generatedColumn(p: PostgresParser, parts: ColumnParts): void {
  p.expectWord('generated');
  const always = generatedWhen(p);
  p.expectWord('as');
  if (p.acceptWord('identity')) {
    parts.identity = always ? 'always' : 'by_default';
    if (p.acceptSymbol('(')) {
      parts.sequence = sequenceOptions(p);
      p.expectSymbol(')');
    }
    return;
  }
  const { pos } = p;
  if (!always) throw p.error('syntax_error', 'for a generated column, GENERATED ALWAYS must be specified', pos);
  const { expression, text } = checked(p);
  p.expectWord('stored');
  parts.generated = 'stored';
  parts.generation = expression;
  parts.options.push({ name: 'generation_text', value: text });
}

/** ALWAYS or BY DEFAULT */
export function generatedWhen(p: PostgresParser): boolean {
  if (p.acceptWord('always')) return true;
  p.expectWords('by', 'default');
  return false;
}
