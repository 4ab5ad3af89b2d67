/** The documented facts of MySQL 8.0: what its programs mean where SQL dialects differ, by SQL mode. */
import type { Semantics } from '../../sblr/contract/semantics.ts';
import type { LexicalModes } from './tokenizer.ts';

/** Of columns and of text, unless said otherwise. */
export const DEFAULT_COLLATION = 'utf8mb4_0900_ai_ci';

const DEFAULTS: Semantics = Object.freeze({
  identifierFold: 'preserve',
  mainSchema: 'main',
  qualifier: 'database',
  indexNames: 'table',
  nullOrder: 'low',
  integerDivision: 'decimal',
  decimalDivision: 'scale-plus-4',
  concatNull: 'null',
  coercion: 'lenient',
  badCast: 'prefix-with-warning',
  truncation: 'error',
  padSpace: 'none',
  overflow: 'error',
  divisionByZero: 'null-with-warning',
  booleanResult: 'integer',
  defaultCollation: DEFAULT_COLLATION,
  aliasInGroupBy: true,
  aliasInHaving: true,
  aliasInExpressions: true,
  viewSources: 'by-name',
  groupedColumns: 'functional-dependence',
  likeEscape: '\\',
  statementError: 'undo-statement',
  ddl: 'commits',
  nestedBegin: 'commit',
  strayEnd: 'nothing',
  arrayBase: 0,
  emptyStringIsNull: false,
  variableConflict: 'variable',
  procedureRows: 'client',
  affectedRows: 'changes',
  assignmentOrder: 'sequential',
  identityRequest: 'null-or-zero',
  identityCounter: 'follows',
  missingValue: 'error',
  snapshotWrites: 'newest',
  shortRows: 'error',
  literalCollation: DEFAULT_COLLATION,
  zeroDate: 'refused',
  unsignedSubtraction: 'unsigned',
  fixedText: 'trimmed',
  fractions: 'rounded',
  resultOrder: 'expressions',
  lockedRows: 'read',
} satisfies Semantics);

/** Modes in force when a session sets none. */
export const DEFAULT_SQL_MODE =
  'ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION';

export interface SqlModes {
  readonly lexical: LexicalModes;
  readonly pipesAsConcat: boolean;
  readonly ignoreSpace: boolean;
  readonly highNotPrecedence: boolean;
  readonly noAutoValueOnZero: boolean;
  /** REAL is a FLOAT. */
  readonly realAsFloat: boolean;
  readonly semantics: Semantics;
  /** Of statements with IGNORE, which are as without strict mode. */
  readonly ignoring: Semantics;
}

const known = new Map<string, SqlModes>();
/** Combinations of modes worth remembering; more are someone's experiment. */
const MAX_REMEMBERED = 256;

/** What a value of sql_mode means, with the collation of the connection. */
export function sqlModes(text: string = DEFAULT_SQL_MODE, collation: string = DEFAULT_COLLATION): SqlModes {
  const key = `${text}\n${collation}`;
  let modes = known.get(key);
  if (modes === undefined) {
    modes = readModes(new Set(text.toUpperCase().split(',')), collation);
    if (known.size < MAX_REMEMBERED) known.set(key, modes);
  }
  return modes;
}

function readModes(set: ReadonlySet<string>, collation: string): SqlModes {
  const strict = set.has('STRICT_TRANS_TABLES') || set.has('STRICT_ALL_TABLES') || set.has('TRADITIONAL');
  const ansi = set.has('ANSI');
  return {
    lexical: {
      ansiQuotes: ansi || set.has('ANSI_QUOTES'),
      backslashes: !set.has('NO_BACKSLASH_ESCAPES'),
    },
    pipesAsConcat: ansi || set.has('PIPES_AS_CONCAT'),
    ignoreSpace: ansi || set.has('IGNORE_SPACE'),
    highNotPrecedence: set.has('HIGH_NOT_PRECEDENCE'),
    noAutoValueOnZero: set.has('NO_AUTO_VALUE_ON_ZERO'),
    realAsFloat: ansi || set.has('REAL_AS_FLOAT'),
    semantics: semanticsOf(set, strict, collation),
    ignoring: semanticsOf(set, false, collation),
  };
}

function semanticsOf(set: ReadonlySet<string>, strict: boolean, collation: string): Semantics {
  return Object.freeze({
    ...DEFAULTS,
    literalCollation: collation,
    zeroDate: set.has('NO_ZERO_DATE') || set.has('TRADITIONAL') ? 'refused' : 'value',
    unsignedSubtraction: set.has('NO_UNSIGNED_SUBTRACTION') ? 'signed' : 'unsigned',
    fixedText: set.has('PAD_CHAR_TO_FULL_LENGTH') ? 'padded' : 'trimmed',
    fractions: set.has('TIME_TRUNCATE_FRACTIONAL') ? 'truncated' : 'rounded',
    truncation: strict ? 'error' : 'warning',
    divisionByZero: set.has('ERROR_FOR_DIVISION_BY_ZERO') || set.has('TRADITIONAL') ? 'null-with-warning' : 'null',
    overflow: strict ? 'error' : 'warning',
    identityRequest: set.has('NO_AUTO_VALUE_ON_ZERO') ? 'null' : 'null-or-zero',
    missingValue: strict ? 'error' : 'zero-with-warning',
    groupedColumns:
      set.has('ONLY_FULL_GROUP_BY') || set.has('ANSI') || set.has('TRADITIONAL')
        ? 'functional-dependence'
        : 'any-value',
  });
}

export const SEMANTICS: Semantics = sqlModes().semantics;
