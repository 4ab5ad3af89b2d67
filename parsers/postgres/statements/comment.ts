/** COMMENT ON. */
import type { Name } from '../../../sblr/contract/names.ts';
import { node, type NodeOf, type StatementNode } from '../../../sblr/nodes.ts';
import { Token } from '../../shared/tokenizer.ts';
import type { PostgresParser } from '../parser.ts';

type Kind = NodeOf<'COMMENT_ON'>['kind'];

const KINDS: Readonly<Record<string, Kind>> = {
  table: 'table',
  view: 'view',
  index: 'index',
  sequence: 'sequence',
  schema: 'schema',
  type: 'type',
  domain: 'domain',
  database: 'database',
  role: 'role',
  column: 'column',
  collation: 'collation',
  extension: 'extension',
  tablespace: 'tablespace',
  language: 'language',
};
const ROUTINES: Readonly<Record<string, Kind>> = {
  function: 'function',
  procedure: 'procedure',
  routine: 'routine',
  aggregate: 'aggregate',
};
const OF_TABLE: Readonly<Record<string, Kind>> = {
  constraint: 'constraint',
  trigger: 'trigger',
  rule: 'rule',
  policy: 'policy',
};

export function commentStatement(p: PostgresParser): StatementNode {
  const { pos } = p;
  p.command = 'COMMENT';
  p.advance();
  p.expectWord('on');
  const found = object(p);
  p.expectWord('is');
  const comment = p.acceptWord('null') ? undefined : p.stringLiteral();
  return node('COMMENT_ON', { ...found, comment, pos });
}

function object(p: PostgresParser): { kind: Kind; name: Name; table?: Name; signature?: string | undefined } {
  const word = p.kind === Token.WORD ? p.value : '';
  p.advance();
  const kind = KINDS[word];
  if (kind === 'column') {
    const parts = p.qualifiedName();
    if (parts.length < 2) throw p.error('syntax_error', 'column name must be qualified', p.pos);
    return { kind, name: parts.slice(-1), table: parts.slice(0, -1) };
  }
  if (kind !== undefined) return { kind, name: p.qualifiedName() };
  if (word === 'materialized' || word === 'foreign') {
    p.expectWord(word === 'foreign' ? 'table' : 'view');
    return { kind: word === 'foreign' ? 'foreign_table' : 'materialized_view', name: p.qualifiedName() };
  }
  const routine = ROUTINES[word];
  if (routine !== undefined) return { kind: routine, name: p.qualifiedName(), signature: p.signature() };
  const part = OF_TABLE[word];
  if (part === undefined) {
    if (
      [
        'operator',
        'cast',
        'text',
        'large',
        'access',
        'conversion',
        'event',
        'server',
        'statistics',
        'publication',
        'subscription',
        'transform',
        'procedural',
      ].includes(word)
    ) {
      throw p.unsupported(`COMMENT ON ${word.toUpperCase()}`);
    }
    throw p.syntaxError(p.index - 1);
  }
  const name = [p.columnId()];
  p.expectWord('on');
  if (part === 'constraint') p.acceptWord('domain');
  return { kind: part, name, table: p.qualifiedName() };
}
