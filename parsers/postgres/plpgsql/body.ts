/** What the parts of the PL/pgSQL parser share: the body being read, the program being written, common pieces. */
import { COLUMN_TYPE, INT32, RECORD, type SqlType, TEXT } from '../../../sblr/contract/types.ts';
import { node, type StatementNode, type ValueNode } from '../../../sblr/nodes.ts';
import { Token } from '../../shared/tokenizer.ts';
import type { PostgresParser } from '../parser.ts';
import { Emitter, type Enclosing } from './emitter.ts';
import type { Fragment } from './fragments.ts';

/** What of the routine's head its body must know. */
export interface RoutineHead {
  readonly returns: SqlType | undefined;
  readonly returnsSet: boolean;
  /** OUT and INOUT parameters, or the columns of TABLE. */
  readonly outputs: readonly string[];
  /** Ends without RETURN are no error. */
  readonly mayEnd: boolean;
}

/** A cursor declared with its query. */
export interface BoundCursor {
  readonly parameters: readonly { readonly name: string; readonly type: SqlType }[];
  readonly query: Fragment;
}

export const diagnostic = (name: string): ValueNode => node('VARIABLE', { name, scope: 'diagnostic' });
export const local = (name: string): ValueNode => node('VARIABLE', { name, scope: 'local' });
export const assign = (name: string, value: ValueNode): StatementNode =>
  node('ASSIGN_VARIABLE', { name, scope: 'local', steps: [], value });

export function text(value: string): ValueNode {
  return node('LITERAL', { value, type: TEXT });
}

export abstract class Body {
  readonly p: PostgresParser;
  readonly out = new Emitter();
  readonly head: RoutineHead;
  /** Declared types, for name%TYPE. */
  protected readonly types = new Map<string, SqlType>();
  readonly cursors = new Map<string, BoundCursor>();
  readonly usesFound: boolean;
  protected readonly usesError: boolean;

  constructor(p: PostgresParser, head: RoutineHead) {
    this.p = p;
    this.head = head;
    this.usesFound = /\bfound\b/i.test(p.tokens.text);
    this.usesError = /\bsql(state|errm)\b/i.test(p.tokens.text);
  }

  /** Statements up to a word that ends the list. */
  abstract statements(): void;

  /** A type, name%TYPE or name%ROWTYPE. */
  type(): SqlType {
    const { p } = this;
    if (p.acceptWord('record')) return RECORD;
    let ahead = 1;
    while (p.peekIsSymbol(ahead, '.')) ahead += 2;
    const percent = p.peekKind(ahead) === Token.OPERATOR && p.peekValue(ahead) === '%';
    if (!percent) return p.parseType().type;
    const name = p.qualifiedName();
    p.advance();
    if (p.acceptWord('rowtype')) return { kind: 'named', name };
    p.expectWord('type');
    const known = name.length === 1 ? this.types.get(name[0]!.text) : undefined;
    return known ?? { kind: 'named', name, declared: COLUMN_TYPE };
  }

  /** found = the last statement had a row. */
  setFound(): void {
    if (!this.usesFound) return;
    const zero = node('LITERAL', { value: 0, type: INT32 });
    this.out.add(assign('found', node('OPERATOR', { name: 'greater', operands: [diagnostic('row_count'), zero] })));
  }

  setFoundTo(value: ValueNode): void {
    if (this.usesFound) this.out.add(assign('found', value));
  }

  /** LOOP statements END LOOP [label] */
  loopBody(loop: Enclosing): void {
    const { p, out } = this;
    p.expectWord('loop');
    out.enclosing.push(loop);
    this.statements();
    out.enclosing.pop();
    p.expectWords('end', 'loop');
    if (!p.isSymbol(';')) p.columnLabel();
  }
}
