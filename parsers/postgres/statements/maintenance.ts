/** TRUNCATE, LOCK, ANALYZE, VACUUM, EXPLAIN, CHECKPOINT, REINDEX, CLUSTER, CALL. */
import type { Identifier, Name } from '../../../sblr/contract/names.ts';
import { node, type NodeOf, type StatementNode } from '../../../sblr/nodes.ts';
import type { PostgresParser } from '../parser.ts';
import { parseStatement } from './statement.ts';

export function truncateStatement(p: PostgresParser): StatementNode {
  const { pos } = p;
  p.command = 'TRUNCATE TABLE';
  p.advance();
  p.acceptWord('table');
  const tables = p.list(() => {
    const { name, only } = p.tableReference();
    return { name, only };
  });
  let restartIdentity = false;
  const identity = p.acceptOneOf('restart', 'continue');
  if (identity !== undefined) {
    p.expectWord('identity');
    restartIdentity = identity === 'restart';
  }
  return node('TRUNCATE', { tables, restartIdentity, behavior: p.behavior(), pos });
}

type LockMode = NodeOf<'LOCK_TABLES'>['mode'];

function lockMode(p: PostgresParser): LockMode {
  if (p.acceptWord('access'))
    return p.expectOneOf('share', 'exclusive') === 'share' ? 'access_share' : 'access_exclusive';
  if (p.acceptWord('row')) return p.expectOneOf('share', 'exclusive') === 'share' ? 'row_share' : 'row_exclusive';
  if (p.acceptWord('exclusive')) return 'exclusive';
  p.expectWord('share');
  if (p.acceptWord('update')) {
    p.expectWord('exclusive');
    return 'share_update_exclusive';
  }
  if (p.acceptWord('row')) {
    p.expectWord('exclusive');
    return 'share_row_exclusive';
  }
  return 'share';
}

export function lockStatement(p: PostgresParser): StatementNode {
  const { pos } = p;
  p.command = 'LOCK TABLE';
  p.advance();
  p.acceptWord('table');
  const tables = p.list(() => ({ name: p.tableReference().name }));
  let mode: LockMode = 'access_exclusive';
  if (p.acceptWord('in')) {
    mode = lockMode(p);
    p.expectWord('mode');
  }
  return node('LOCK_TABLES', { tables, mode, nowait: p.acceptWord('nowait'), pos });
}

// ---- ANALYZE, VACUUM ---------------------------------------------------------------------------------

interface MaintainedTable {
  readonly name: Name;
  readonly columns: readonly Identifier[];
}

function maintainedTables(p: PostgresParser): MaintainedTable[] {
  if (p.atEnd()) return [];
  return p.list(() => ({ name: p.qualifiedName(), columns: p.isSymbol('(') ? p.parenthesisedIds() : [] }));
}

/** ( OPTION [value], ... ): which are on. */
function switches(p: PostgresParser, known: readonly string[], command: string): Map<string, string> {
  const found = new Map<string, string>();
  p.expectSymbol('(');
  do {
    const { pos } = p;
    let name = p.columnLabel().text;
    if (name === 'analyse') name = 'analyze';
    if (!known.includes(name)) throw p.error('syntax_error', `unrecognized ${command} option "${name}"`, pos);
    found.set(name, p.isSymbol(',') || p.isSymbol(')') ? 'true' : p.optionValue().toLowerCase());
  } while (p.acceptSymbol(','));
  p.expectSymbol(')');
  return found;
}

const isOn = (value: string | undefined): boolean =>
  value !== undefined && value !== 'false' && value !== 'off' && value !== '0';

export function analyzeStatement(p: PostgresParser): StatementNode {
  const { pos } = p;
  p.command = 'ANALYZE';
  p.advance();
  if (p.isSymbol('(')) switches(p, ['verbose', 'skip_locked'], 'ANALYZE');
  else p.acceptWord('verbose');
  return node('ANALYZE', { tables: maintainedTables(p), command: 'ANALYZE', pos });
}

const VACUUM_OPTIONS = [
  'full',
  'freeze',
  'verbose',
  'analyze',
  'disable_page_skipping',
  'skip_locked',
  'index_cleanup',
  'process_toast',
  'truncate',
  'parallel',
];

export function vacuumStatement(p: PostgresParser): StatementNode {
  const { pos } = p;
  p.command = 'VACUUM';
  p.advance();
  let full = false;
  let analyze = false;
  if (p.isSymbol('(')) {
    const options = switches(p, VACUUM_OPTIONS, 'VACUUM');
    full = isOn(options.get('full'));
    analyze = isOn(options.get('analyze'));
  } else {
    full = p.acceptWord('full');
    p.acceptWord('freeze');
    p.acceptWord('verbose');
    analyze = p.acceptOneOf('analyze', 'analyse') !== undefined;
  }
  return node('VACUUM', { tables: maintainedTables(p), full, analyze, pos });
}

// ---- EXPLAIN --------------------------------------------------------------------------------------------

const EXPLAIN_OPTIONS = [
  'analyze',
  'verbose',
  'costs',
  'settings',
  'buffers',
  'wal',
  'timing',
  'summary',
  'format',
  'sblr',
];
const EXPLAINABLE = new Set([
  'select',
  'values',
  'table',
  'with',
  'insert',
  'update',
  'delete',
  'merge',
  'declare',
  'execute',
  'create',
]);

const XML_NAMESPACE = 'http://www.postgresql.org/2009/explain';

export function explainStatement(p: PostgresParser): StatementNode {
  const { pos } = p;
  p.advance();
  let found = new Map<string, string>();
  const optionsPos = p.pos;
  if (p.isSymbol('(') && !p.startsQuery(1) && !p.peekIsSymbol(1, '(')) found = switches(p, EXPLAIN_OPTIONS, 'EXPLAIN');
  else {
    if (p.acceptOneOf('analyze', 'analyse') !== undefined) found.set('analyze', 'true');
    if (p.acceptWord('verbose')) found.set('verbose', 'true');
  }
  const format = isOn(found.get('sblr')) ? 'sblr' : (found.get('format') ?? 'text');
  if (format !== 'text' && format !== 'json' && format !== 'sblr' && format !== 'yaml' && format !== 'xml') {
    throw p.error('invalid_parameter_value', `unrecognized value for EXPLAIN option "format": "${format}"`, optionsPos);
  }
  const analyze = isOn(found.get('analyze'));
  found.delete('analyze');
  found.delete('format');
  found.delete('sblr');
  if (!p.isSymbol('(') && !EXPLAINABLE.has(p.value)) throw p.syntaxError();
  const created = p.isWord('create');
  // The plan shown names the literals as written.
  p.liftLiterals = false;
  const statement = parseStatement(p);
  if (created && statement.op !== 'CREATE_TABLE_AS') throw p.syntaxError();
  p.command = 'EXPLAIN';
  p.action = { kind: 'none' };
  if (format === 'xml') found.set('namespace', XML_NAMESPACE);
  const options = [...found].map(([name, value]) => ({ name, value }));
  return node('EXPLAIN', { analyze, format, options, statement, pos });
}

// ---- the rest --------------------------------------------------------------------------------------------

export function checkpointStatement(p: PostgresParser): StatementNode {
  const { pos } = p;
  p.command = 'CHECKPOINT';
  p.advance();
  return node('CHECKPOINT', { pos });
}

export function reindexStatement(p: PostgresParser): StatementNode {
  const { pos } = p;
  p.command = 'REINDEX';
  p.advance();
  if (p.isSymbol('(')) switches(p, ['verbose', 'concurrently', 'tablespace'], 'REINDEX');
  const word = p.expectOneOf('table', 'index', 'schema', 'database', 'system');
  p.acceptWord('concurrently');
  if ((word === 'database' || word === 'system') && p.atEnd())
    return node('REINDEX', { kind: 'database', name: [], pos });
  return node('REINDEX', { kind: word === 'system' ? 'database' : word, name: p.qualifiedName(), pos });
}

/** Tables have no physical order here, so there is nothing to cluster. */
export function clusterStatement(p: PostgresParser): StatementNode {
  const { pos } = p;
  p.command = 'CLUSTER';
  p.advance();
  if (p.isSymbol('(')) switches(p, ['verbose'], 'CLUSTER');
  else p.acceptWord('verbose');
  if (!p.atEnd()) {
    p.qualifiedName();
    if (p.acceptWord('using')) p.columnId();
    else if (p.acceptWord('on')) p.qualifiedName();
  }
  return node('NOOP', { command: 'CLUSTER', pos });
}

export function callStatement(p: PostgresParser): StatementNode {
  const { pos } = p;
  p.command = 'CALL';
  p.advance();
  const name = p.qualifiedName();
  p.expectSymbol('(');
  const args = p.isSymbol(')') ? [] : p.list(() => p.callArgument());
  p.expectSymbol(')');
  return node('CALL_PROCEDURE', { name, outputs: [], arguments: args, pos });
}
