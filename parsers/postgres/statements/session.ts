/** SET, SHOW, RESET, DISCARD, LISTEN, UNLISTEN, NOTIFY. */
import { regular } from '../../../sblr/contract/names.ts';
import { node, type NodeOf, type StatementNode } from '../../../sblr/nodes.ts';
import { stringLiteral } from '../../shared/literals.ts';
import { Token } from '../../shared/tokenizer.ts';
import type { PostgresParser } from '../parser.ts';
import { returning } from './statement.ts';

type Scope = 'session' | 'local';

/** Settings whose names are shown in mixed case. */
const SHOWN_AS: Readonly<Record<string, string>> = {
  datestyle: 'DateStyle',
  intervalstyle: 'IntervalStyle',
  timezone: 'TimeZone',
};

function setting(name: string, scope: Scope, values: string[] | undefined, pos: number): NodeOf<'SET_SETTING'> {
  return node('SET_SETTING', { name, scope, reset: values === undefined, values: values ?? ['default'], pos });
}

/** name[.name] */
function settingName(p: PostgresParser): string {
  let name = p.columnId().text;
  while (p.acceptSymbol('.')) name += `.${p.columnId().text}`;
  return name.toLowerCase();
}

export function setStatement(p: PostgresParser): StatementNode {
  const { pos } = p;
  p.command = 'SET';
  p.advance();
  if (p.isWord('constraints')) return setConstraints(p, pos);
  let scope: Scope = 'session';
  if (p.isWord('local') && !isAssignment(p)) {
    scope = 'local';
    p.advance();
    if (p.isWord('session') && p.peekIsWord(1, 'authorization')) p.advance();
  } else if (p.isWord('session') && !isAssignment(p)) {
    p.advance();
    if (p.acceptWord('characteristics')) {
      p.expectWords('as', 'transaction');
      return node('SET_TRANSACTION', { scope: 'session', ...p.transactionModes(true), pos });
    }
  }
  return setRest(p, scope, pos);
}

function isAssignment(p: PostgresParser): boolean {
  return (
    p.peekIsWord(1, 'to') || p.peekIsSymbol(1, '.') || (p.peekKind(1) === Token.OPERATOR && p.peekValue(1) === '=')
  );
}

function setRest(p: PostgresParser, scope: Scope, pos: number): StatementNode {
  if (!isAssignment(p)) {
    const special = setSpecial(p, scope, pos);
    if (special !== undefined) return special;
  }
  const name = settingName(p);
  if (p.isWord('from') && p.peekIsWord(1, 'current')) throw p.unsupported('SET FROM CURRENT');
  if (!p.acceptWord('to')) p.expectOperator('=');
  return setting(name, scope, settingValues(p), pos);
}

/** The values after = or TO; undefined = DEFAULT. */
export function settingValues(p: PostgresParser): string[] | undefined {
  if (p.acceptWord('default')) return undefined;
  return p.list(() => settingValue(p));
}

function settingValue(p: PostgresParser): string {
  if (p.kind === Token.WORD) {
    const keyword = p.tokens.keywords[p.index];
    // Any name, and the reserved words that are boolean values.
    if (keyword?.category === 'reserved' && !['true', 'false', 'on'].includes(keyword.word)) throw p.syntaxError();
  }
  return p.optionValue();
}

function setSpecial(p: PostgresParser, scope: Scope, pos: number): StatementNode | undefined {
  if (p.isWord('time') && p.peekIsWord(1, 'zone')) {
    p.advance();
    p.advance();
    return setting('timezone', scope, zoneValue(p), pos);
  }
  if (p.isWord('transaction')) {
    p.advance();
    if (p.isWord('snapshot')) throw p.unsupported('SET TRANSACTION SNAPSHOT');
    return node('SET_TRANSACTION', { scope: 'transaction', ...p.transactionModes(true), pos });
  }
  if (p.isWord('names')) {
    p.advance();
    if (p.acceptWord('default') || p.atEnd()) return setting('client_encoding', scope, undefined, pos);
    return setting('client_encoding', scope, [p.stringLiteral()], pos);
  }
  if (p.isWord('role')) {
    p.advance();
    const none = p.acceptWord('none');
    return node('SET_ROLE', {
      role: none ? undefined : roleName(p),
      session: false,
      local: scope === 'local',
      reset: false,
      pos,
    });
  }
  if (p.isWord('authorization')) {
    p.advance();
    const reset = p.acceptWord('default');
    return node('SET_ROLE', {
      role: reset ? undefined : roleName(p),
      session: true,
      local: scope === 'local',
      reset: false,
      pos,
    });
  }
  if (p.isWord('catalog') && p.peekKind(1) === Token.STRING) {
    throw p.error('feature_not_supported', 'current database cannot be changed', p.pos);
  }
  if (p.isWord('schema') && p.peekKind(1) === Token.STRING) {
    p.advance();
    return setting('search_path', scope, [p.stringLiteral()], pos);
  }
  if (p.isWord('xml') && p.peekIsWord(1, 'option')) throw p.unsupported('SET XML OPTION');
  return undefined;
}

function roleName(p: PostgresParser): NodeOf<'SET_ROLE'>['role'] {
  if (p.kind !== Token.STRING) return p.columnId();
  const text = p.takeText();
  return { text, exact: text !== text.toLowerCase() };
}

function zoneValue(p: PostgresParser): string[] | undefined {
  if (p.acceptWord('default') || p.acceptWord('local')) return undefined;
  if (!p.isWord('interval')) return [p.optionValue()];
  p.advance();
  const text = p.stringLiteral();
  if (p.acceptWord('hour')) {
    if (p.acceptWord('to')) p.expectWord('minute');
  }
  return [`INTERVAL ${text}`];
}

function setConstraints(p: PostgresParser, pos: number): StatementNode {
  p.command = 'SET CONSTRAINTS';
  p.advance();
  const names = p.acceptWord('all') ? [] : p.list(() => ({ name: p.qualifiedName() }));
  return node('SET_CONSTRAINTS', { names, deferred: p.expectOneOf('deferred', 'immediate') === 'deferred', pos });
}

// ---- SHOW, RESET -----------------------------------------------------------------------------------------

/** SHOW and RESET name some settings in words of their own. */
function shownName(p: PostgresParser): string {
  if (p.isWord('time') && p.peekIsWord(1, 'zone')) {
    p.advance();
    p.advance();
    return 'timezone';
  }
  if (p.isWord('transaction') && p.peekIsWord(1, 'isolation')) {
    p.advance();
    p.expectWords('isolation', 'level');
    return 'transaction_isolation';
  }
  if (p.isWord('session') && p.peekIsWord(1, 'authorization')) {
    p.advance();
    p.advance();
    return 'session_authorization';
  }
  return settingName(p);
}

export function showStatement(p: PostgresParser): StatementNode {
  const { pos } = p;
  p.advance();
  if (p.acceptWord('all')) return showAll(p, pos);
  const at = p.pos;
  const name = shownName(p);
  const shown = SHOWN_AS[name] ?? name;
  const value = node('CALL', {
    function: 'current_setting',
    variadic: false,
    arguments: [stringLiteral(name, at)],
    pos: at,
  });
  const item = node('ITEM', { alias: { text: shown, exact: shown !== name }, label: shown, value, pos: at });
  return returning(p, 'SHOW', node('PROJECT', { source: node('DUAL', { pos }), items: [item], pos }), pos);
}

/** Name, value and description of every setting. */
function showAll(p: PostgresParser, pos: number): StatementNode {
  const source = node('LOAD_TABLE', {
    name: [regular('sys'), regular('settings')],
    columns: [],
    only: false,
    hints: [],
    pos,
  });
  const items = [
    ['name', 'name'],
    ['value', 'setting'],
    ['description', 'description'],
  ].map(([column, shown]) =>
    node('ITEM', {
      alias: regular(shown as string),
      value: node('COLUMN', { name: [regular(column as string)], pos }),
      pos,
    }),
  );
  const projected = node('PROJECT', { source, items, pos });
  const key = node('SORT_KEY', {
    descending: false,
    nulls: 'default',
    value: node('COLUMN', { name: [regular('name')] }),
  });
  return returning(p, 'SHOW', node('SORT', { source: projected, keys: [key], pos }), pos);
}

export function resetStatement(p: PostgresParser): StatementNode {
  const { pos } = p;
  p.command = 'RESET';
  p.advance();
  if (p.acceptWord('all')) return node('RESET_ALL', { pos });
  if (p.isWord('role') && !p.peekIsSymbol(1, '.')) {
    p.advance();
    return node('SET_ROLE', { session: false, local: false, reset: true, pos });
  }
  const name = shownName(p);
  if (name === 'session_authorization') return node('SET_ROLE', { session: true, local: false, reset: true, pos });
  return { ...setting(name, 'session', undefined, pos), values: [] };
}

export function discardStatement(p: PostgresParser): StatementNode {
  const { pos } = p;
  p.advance();
  const word = p.expectOneOf('all', 'plans', 'sequences', 'temp', 'temporary');
  const what = word === 'temp' ? 'temporary' : word;
  p.command = `DISCARD ${what === 'temporary' ? 'TEMP' : what.toUpperCase()}`;
  return node('DISCARD', { what, pos });
}

export function listenStatement(p: PostgresParser): StatementNode {
  const { pos } = p;
  p.command = 'LISTEN';
  p.advance();
  return node('LISTEN', { channel: p.columnId().text, pos });
}

export function unlistenStatement(p: PostgresParser): StatementNode {
  const { pos } = p;
  p.command = 'UNLISTEN';
  p.advance();
  return node('UNLISTEN', { channel: p.acceptOperator('*') ? undefined : p.columnId().text, pos });
}

export function notifyStatement(p: PostgresParser): StatementNode {
  const { pos } = p;
  p.command = 'NOTIFY';
  p.advance();
  const channel = p.columnId().text;
  return node('NOTIFY', { channel, payload: p.acceptSymbol(',') ? p.stringLiteral() : '', pos });
}
