/**
 * The semantics block of a program: where SQL dialects give the same syntax a different meaning, the
 * plugin states the meaning here and the engine carries it out, without ever knowing a dialect.
 * A block is part of every program (interned by hash) and of the plugin's documented facts.
 */
import type { IdentifierFold } from './names.ts';

export interface Semantics {
  /** How regular identifiers are shown. */
  readonly identifierFold: IdentifierFold;
  /** Name of the schema that plays the main schema of a database, as this dialect shows it. */
  readonly mainSchema: string;
  /** What the first part of a two-part name is: a schema of the current database, or a database. */
  readonly qualifier: 'schema' | 'database';
  /** Among what names of indexes are unique: all relations of a schema, or the indexes of their table. */
  readonly indexNames: 'schema' | 'table';
  /** Where NULL sorts by default: as the highest or the lowest value (so DESC reverses it). */
  readonly nullOrder: 'high' | 'low';
  /** integer / integer: truncated integer, or decimal. */
  readonly integerDivision: 'truncate' | 'decimal';
  /** Scale of a decimal quotient: enough for 16 significant digits, operand scale + 4, or sum of scales. */
  readonly decimalDivision: 'significant-16' | 'scale-plus-4' | 'sum-of-scales' | 'precision-38';
  /** 'a' || NULL: NULL, or the other operand. */
  readonly concatNull: 'null' | 'empty';
  /**
   * strict: operators and functions resolve by type category, preferred types and implicit casts only;
   * lenient: any operand converts, strings to double; precedence: the lower type converts to the higher.
   */
  readonly coercion: 'strict' | 'lenient' | 'precedence';
  /** Text that is not a number where one is needed. */
  readonly badCast: 'error' | 'prefix-with-warning' | 'null';
  /** Over-long value on assignment (blanks past the limit are always dropped). */
  readonly truncation: 'error' | 'warning';
  /** Trailing blanks do not count in comparison of any text / of CHAR(n) only / count always. */
  readonly padSpace: 'all' | 'fixed' | 'none';
  /** Numeric result out of range. */
  readonly overflow: 'error' | 'warning';
  readonly divisionByZero: 'error' | 'null-with-warning' | 'null';
  /** What a comparison yields to the client: a boolean, or 0/1. */
  readonly booleanResult: 'boolean' | 'integer';
  /** Collation of columns declared without one: 'binary' compares code points. */
  readonly defaultCollation: string;
  /** May GROUP BY / HAVING name a select-list alias? (ORDER BY always may.) */
  readonly aliasInGroupBy: boolean;
  readonly aliasInHaving: boolean;
  /**
   * Are expressions of GROUP BY and ORDER BY ones over the select list, too: an alias may stand in them where no column
   * has its name, and a constant that is no position is a value?
   */
  readonly aliasInExpressions: boolean;
  /** What a view reads is kept for it, or found by its name at each use, whatever has become of it. */
  readonly viewSources: 'kept' | 'by-name';
  /** Ungrouped column: error unless functionally dependent on a grouped key, or any value. */
  readonly groupedColumns: 'functional-dependence' | 'any-value' | 'strict';
  /** Escape character of LIKE when none is given; '' = none. */
  readonly likeEscape: string;
  /** An error inside an explicit transaction: abort the transaction, or only the statement. */
  readonly statementError: 'abort-transaction' | 'undo-statement';
  /** DDL inside a transaction. */
  readonly ddl: 'transactional' | 'commits';
  /** BEGIN while a transaction is open: a warning and nothing else, or the open one is committed first. */
  readonly nestedBegin: 'warning' | 'commit';
  /** COMMIT or ROLLBACK while none is open. */
  readonly strayEnd: 'warning' | 'nothing';
  /** First array subscript. */
  readonly arrayBase: 0 | 1;
  readonly emptyStringIsNull: boolean;
  /** A name in a program's query that is a variable and a column: ambiguous, or which of them wins. */
  readonly variableConflict: 'error' | 'variable' | 'column';
  /** Rows of queries in a procedure's body: answers to the client, or only the last one's first row, for the output parameters. */
  readonly procedureRows: 'client' | 'outputs';
  /**
   * What counts as affected: every row that qualified; or real changes only - a row that keeps its values is not
   * written, one that took the place of another counts twice.
   */
  readonly affectedRows: 'matched' | 'changes';
  /** Do the assignments of SET see the row as it was, or what those before them assigned? */
  readonly assignmentOrder: 'simultaneous' | 'sequential';
  /** Besides DEFAULT: given values that ask an identity column for its next value. */
  readonly identityRequest: 'default' | 'null' | 'null-or-zero';
  /** New identity columns: the counter goes its own way, or is moved by larger values that are given. */
  readonly identityCounter: 'apart' | 'follows';
  /**
   * No value for a column that is NOT NULL and has no default: NULL (which is refused as such), an error of its
   * own, or the zero of its type with a warning (also where one of several rows gives NULL).
   */
  readonly missingValue: 'null' | 'error' | 'zero-with-warning';
  /** A row that changed since a transaction's snapshot: changing it fails, or goes by its newest version. */
  readonly snapshotWrites: 'fail' | 'newest';
  /** Collation of text that is no column's. */
  readonly literalCollation: string;
  /** Is the date of year, month and day 0 one, before all others? */
  readonly zeroDate: 'refused' | 'value';
  /** unsigned - integer: unsigned, or signed. */
  readonly unsignedSubtraction: 'unsigned' | 'signed';
  /** Text of a fixed length is read without the blanks that fill it up, or with them. */
  readonly fixedText: 'trimmed' | 'padded';
  /** Digits of seconds that a column does not hold. */
  readonly fractions: 'rounded' | 'truncated';
  /** What ORDER BY of a set operation or behind DISTINCT may hold: columns of the result, or expressions over them. */
  readonly resultOrder: 'columns' | 'expressions';
  /** Which rows FOR UPDATE and kin lock: those of the result (refused where it has none of a table), or all that are read. */
  readonly lockedRows: 'result' | 'read';
  /** A row for a table without named columns that has fewer values than columns: the others get their defaults, or an error. */
  readonly shortRows: 'defaults' | 'error';
}
