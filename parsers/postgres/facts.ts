/** The documented facts of PostgreSQL 15: what its programs mean where SQL dialects differ. */
import type { Semantics } from '../../sblr/contract/semantics.ts';

export const SEMANTICS: Semantics = Object.freeze({
  identifierFold: 'lower',
  mainSchema: 'public',
  qualifier: 'schema',
  nullOrder: 'high',
  integerDivision: 'truncate',
  decimalDivision: 'significant-16',
  concatNull: 'null',
  coercion: 'strict',
  badCast: 'error',
  truncation: 'error',
  padSpace: 'fixed',
  overflow: 'error',
  divisionByZero: 'error',
  booleanResult: 'boolean',
  defaultCollation: 'binary',
  aliasInGroupBy: true,
  aliasInHaving: false,
  groupedColumns: 'functional-dependence',
  likeEscape: '\\',
  statementError: 'abort-transaction',
  ddl: 'transactional',
  arrayBase: 1,
  emptyStringIsNull: false,
  variableConflict: 'error',
} satisfies Semantics);
