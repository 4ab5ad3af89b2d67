/** DROP of every kind of object. */
import type { Name } from '../../../sblr/contract/names.ts';
import { node, type NodeOf, type StatementNode } from '../../../sblr/nodes.ts';
import { Token } from '../../shared/tokenizer.ts';
import type { PostgresParser } from '../parser.ts';
import { dropOwned } from './grant.ts';

type Kind = NodeOf<'DROP_OBJECTS'>['kind'];
interface Dropped {
  readonly name: Name;
  readonly table: Name | undefined;
  readonly signature: string | undefined;
}

/** Kinds dropped by a list of names. */
const LISTED: Readonly<Record<string, Kind>> = {
  table: 'table',
  view: 'view',
  index: 'index',
  sequence: 'sequence',
  schema: 'schema',
  type: 'type',
  domain: 'domain',
  extension: 'extension',
  collation: 'collation',
};
const ROUTINES: Readonly<Record<string, Kind>> = {
  function: 'function',
  procedure: 'procedure',
  routine: 'routine',
  aggregate: 'aggregate',
};
/** Kinds that hang on a table. */
const OF_TABLE: Readonly<Record<string, Kind>> = { trigger: 'trigger', rule: 'rule', policy: 'policy' };
const REFUSED = new Set([
  'operator',
  'cast',
  'server',
  'publication',
  'subscription',
  'statistics',
  'transform',
  'event',
  'text',
  'access',
  'conversion',
  'language',
  'procedural',
]);

export function dropStatement(p: PostgresParser): StatementNode {
  const { pos } = p;
  p.advance();
  const word = p.kind === Token.WORD ? p.value : '';
  switch (word) {
    case 'database':
      return dropDatabase(p, pos);
    case 'role':
    case 'user':
    case 'group': {
      p.command = 'DROP ROLE';
      p.advance();
      if (word === 'user' && p.isWord('mapping')) throw p.unsupported('DROP USER MAPPING');
      const exists = p.ifExists();
      return node('DROP_ROLE', { names: p.roles(), exists, pos });
    }
    case 'owned':
      return dropOwned(p, pos);
    case 'tablespace': {
      p.command = 'DROP TABLESPACE';
      p.advance();
      const exists = p.ifExists();
      return dropped(p, 'tablespace', [plain([p.columnId()])], exists, false, pos);
    }
    case 'materialized':
    case 'foreign': {
      p.advance();
      const table = word === 'foreign';
      if (table && !p.isWord('table')) throw p.unsupported('DROP FOREIGN DATA WRAPPER');
      p.expectWord(table ? 'table' : 'view');
      p.command = table ? 'DROP FOREIGN TABLE' : 'DROP MATERIALIZED VIEW';
      return dropList(p, table ? 'foreign_table' : 'materialized_view', pos);
    }
    default:
  }
  if (REFUSED.has(word)) throw p.unsupported(`DROP ${word.toUpperCase()}`);
  const kind = LISTED[word] ?? ROUTINES[word] ?? OF_TABLE[word];
  if (kind === undefined) throw p.syntaxError();
  p.command = `DROP ${word.toUpperCase()}`;
  p.advance();
  if (OF_TABLE[word] !== undefined) return dropOfTable(p, kind, pos);
  return dropList(p, kind, pos);
}

const plain = (name: Name): Dropped => ({ name, table: undefined, signature: undefined });

function dropped(
  p: PostgresParser,
  kind: Kind,
  names: Dropped[],
  exists: boolean,
  concurrently: boolean,
  pos: number,
): StatementNode {
  return node('DROP_OBJECTS', { kind, names, exists, behavior: p.behavior(), concurrently, pos });
}

function dropList(p: PostgresParser, kind: Kind, pos: number): StatementNode {
  const concurrently = kind === 'index' && p.acceptWord('concurrently');
  const exists = p.ifExists();
  const routine = Object.values(ROUTINES).includes(kind);
  const names = p.list((): Dropped => {
    if (kind === 'schema' || kind === 'extension') return plain([p.columnId()]);
    const name = p.qualifiedName();
    return { name, table: undefined, signature: routine ? p.signature() : undefined };
  });
  return dropped(p, kind, names, exists, concurrently, pos);
}

function dropOfTable(p: PostgresParser, kind: Kind, pos: number): StatementNode {
  const exists = p.ifExists();
  const name = [p.columnId()];
  p.expectWord('on');
  return dropped(p, kind, [{ name, table: p.qualifiedName(), signature: undefined }], exists, false, pos);
}

function dropDatabase(p: PostgresParser, pos: number): StatementNode {
  p.command = 'DROP DATABASE';
  p.advance();
  const exists = p.ifExists();
  const name = p.columnId();
  let force = false;
  const parenthesised = p.acceptWord('with') || p.isSymbol('(');
  if (parenthesised) {
    p.expectSymbol('(');
    p.list(() => p.expectWord('force'));
    p.expectSymbol(')');
    force = true;
  }
  return node('DROP_DATABASE', { name, exists, force, pos });
}
