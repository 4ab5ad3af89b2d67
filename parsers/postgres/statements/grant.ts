/** GRANT, REVOKE, ALTER DEFAULT PRIVILEGES, REASSIGN and DROP OWNED. */
import type { Identifier, Name } from '../../../sblr/contract/names.ts';
import { node, type NodeOf, type StatementNode } from '../../../sblr/nodes.ts';
import { Token } from '../../shared/tokenizer.ts';
import type { PostgresParser } from '../parser.ts';

type Kind = NodeOf<'GRANT'>['kind'];

interface Privilege {
  readonly privilege: string;
  readonly columns: readonly Identifier[];
}

interface GrantTarget {
  readonly kind: Kind;
  readonly objects: readonly { readonly name: Name; readonly signature: string | undefined }[];
  readonly allInSchema: boolean;
}

const SIMPLE_KINDS: Readonly<Record<string, Kind>> = {
  sequence: 'sequence',
  database: 'database',
  schema: 'schema',
  domain: 'domain',
  type: 'type',
  language: 'language',
  tablespace: 'tablespace',
};
const PLURAL_KINDS: Readonly<Record<string, Kind>> = {
  tables: 'table',
  sequences: 'sequence',
  functions: 'function',
  procedures: 'procedure',
  routines: 'routine',
  types: 'type',
  schemas: 'schema',
};

/** ALL [PRIVILEGES] [(columns)], or privilege [(columns)], ...; role names look alike. */
function privileges(p: PostgresParser): Privilege[] {
  if (p.acceptWord('all')) {
    p.acceptWord('privileges');
    return [{ privilege: 'ALL', columns: p.isSymbol('(') ? p.parenthesisedIds() : [] }];
  }
  return p.list(() => {
    let privilege: string;
    const word = p.acceptOneOf('select', 'references', 'create');
    if (word !== undefined) privilege = word;
    else if (p.acceptWords('alter', 'system')) privilege = 'alter system';
    else privilege = p.columnId().text;
    return { privilege: privilege.toUpperCase(), columns: p.isSymbol('(') ? p.parenthesisedIds() : [] };
  });
}

/** What follows ON. */
function target(p: PostgresParser): GrantTarget {
  const plain = (kind: Kind): GrantTarget => ({
    kind,
    objects: p.list(() => ({ name: p.qualifiedName(), signature: undefined })),
    allInSchema: false,
  });
  if (p.acceptWord('all')) {
    const kind = PLURAL_KINDS[p.expectOneOf('tables', 'sequences', 'functions', 'procedures', 'routines')] as Kind;
    p.expectWords('in', 'schema');
    return { kind, objects: p.list(() => ({ name: [p.columnId()], signature: undefined })), allInSchema: true };
  }
  if (
    p.kind === Token.WORD &&
    !p.peekIsSymbol(1, ',') &&
    !p.peekIsSymbol(1, '.') &&
    !p.peekIsWord(1, 'to') &&
    !p.peekIsWord(1, 'from')
  ) {
    const word = p.value;
    const kind = SIMPLE_KINDS[word];
    if (kind !== undefined) {
      p.advance();
      return plain(kind);
    }
    if (word === 'table') {
      p.advance();
      return plain('table');
    }
    if (word === 'function' || word === 'procedure' || word === 'routine') {
      p.advance();
      return {
        kind: word,
        objects: p.list(() => ({ name: p.qualifiedName(), signature: p.signature() })),
        allInSchema: false,
      };
    }
    if (word === 'foreign' || word === 'large' || word === 'parameter')
      throw p.unsupported(`privileges on ${word} objects`);
  }
  return plain('table');
}

function grantee(p: PostgresParser): Identifier {
  p.acceptWord('group');
  return p.role();
}

function grantedBy(p: PostgresParser): void {
  if (p.acceptWords('granted', 'by')) p.role();
}

export function grantStatement(p: PostgresParser, revoke: boolean): StatementNode {
  const { pos } = p;
  p.command = revoke ? 'REVOKE' : 'GRANT';
  p.advance();
  let grantOption = false;
  let adminOption = false;
  if (revoke && (p.isWord('grant') || p.isWord('admin')) && p.peekIsWord(1, 'option')) {
    if (p.isWord('grant')) grantOption = true;
    else adminOption = true;
    p.advance();
    p.advance();
    p.expectWord('for');
  }
  const rolesStart = p.index;
  const what = privileges(p);
  if (!p.acceptWord('on')) {
    p.moveTo(rolesStart);
    return roleGrant(p, revoke, adminOption, pos);
  }
  const { kind, objects, allInSchema } = target(p);
  p.expectWord(revoke ? 'from' : 'to');
  const grantees = p.list(() => grantee(p));
  if (!revoke && p.acceptWord('with')) {
    p.expectWords('grant', 'option');
    grantOption = true;
  }
  grantedBy(p);
  const behavior = revoke ? p.behavior() : 'restrict';
  return node('GRANT', { revoke, privileges: what, kind, objects, allInSchema, grantees, grantOption, behavior, pos });
}

function roleGrant(p: PostgresParser, revoke: boolean, admin: boolean, pos: number): StatementNode {
  p.command = revoke ? 'REVOKE ROLE' : 'GRANT ROLE';
  let adminOption = admin;
  const roles = p.roles();
  p.expectWord(revoke ? 'from' : 'to');
  const grantees = p.list(() => grantee(p));
  if (!revoke && p.acceptWord('with')) {
    p.expectWords('admin', 'option');
    adminOption = true;
  }
  grantedBy(p);
  return node('GRANT_ROLE', {
    revoke,
    roles,
    grantees,
    adminOption,
    behavior: revoke ? p.behavior() : 'restrict',
    pos,
  });
}

/** ALTER DEFAULT PRIVILEGES; the current token is DEFAULT. */
export function defaultPrivileges(p: PostgresParser, pos: number): StatementNode {
  p.command = 'ALTER DEFAULT PRIVILEGES';
  p.expectWords('default', 'privileges');
  let roles: Identifier[] = [];
  let schemas: Identifier[] = [];
  for (;;) {
    if (p.acceptWord('for')) {
      p.expectOneOf('role', 'user');
      roles = p.roles();
    } else if (p.acceptWord('in')) {
      p.expectWord('schema');
      schemas = p.list(() => p.columnId());
    } else break;
  }
  const revoke = p.expectOneOf('grant', 'revoke') === 'revoke';
  let grantOption = false;
  if (revoke && p.isWord('grant') && p.peekIsWord(1, 'option')) {
    p.advance();
    p.advance();
    p.expectWord('for');
    grantOption = true;
  }
  const what = privileges(p).map((each) => each.privilege);
  p.expectWord('on');
  const kind = PLURAL_KINDS[p.expectOneOf('tables', 'sequences', 'functions', 'routines', 'types', 'schemas')] as Kind;
  p.expectWord(revoke ? 'from' : 'to');
  const grantees = p.list(() => grantee(p));
  if (!revoke && p.acceptWord('with')) {
    p.expectWords('grant', 'option');
    grantOption = true;
  }
  if (revoke) p.behavior();
  return node('DEFAULT_PRIVILEGES', { revoke, roles, schemas, privileges: what, kind, grantees, grantOption, pos });
}

export function reassignOwned(p: PostgresParser): StatementNode {
  const { pos } = p;
  p.command = 'REASSIGN OWNED';
  p.advance();
  p.expectWords('owned', 'by');
  const roles = p.roles();
  p.expectWord('to');
  return node('REASSIGN_OWNED', { drop: false, roles, newRole: p.role(), behavior: 'restrict', pos });
}

/** DROP OWNED; the current token is OWNED. */
export function dropOwned(p: PostgresParser, pos: number): StatementNode {
  p.command = 'DROP OWNED';
  p.expectWords('owned', 'by');
  return node('REASSIGN_OWNED', { drop: true, roles: p.roles(), behavior: p.behavior(), pos });
}
