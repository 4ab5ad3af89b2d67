/** Statements of a procedural program under construction: labels that jumps name before they are placed. */
import { node, type StatementNode, type ValueNode } from '../../../sblr/nodes.ts';

/** A place in the program; known once it is placed. */
export interface Label {
  at: number;
}

/** What lies between a statement and the loop that a jump leaves. */
export interface Enclosing {
  readonly kind: 'block' | 'handler' | 'cursor' | 'loop';
  /** Of a loop or block: the name EXIT and CONTINUE may use. */
  readonly label: string | undefined;
  readonly cursor?: string;
  readonly exit?: Label;
  readonly next?: Label;
}

export class Emitter {
  readonly statements: StatementNode[] = [];
  readonly enclosing: Enclosing[] = [];
  readonly #jumps: { readonly statement: StatementNode; readonly label: Label }[] = [];
  #hidden = 0;

  label(): Label {
    return { at: -1 };
  }

  place(label: Label): void {
    label.at = this.statements.length;
  }

  add(statement: StatementNode): void {
    this.statements.push(statement);
  }

  #aim(statement: StatementNode, label: Label): void {
    this.statements.push(statement);
    this.#jumps.push({ statement, label });
  }

  jump(label: Label): void {
    this.#aim(node('JUMP', { target: 0 }), label);
  }

  jumpUnless(condition: ValueNode, label: Label): void {
    this.#aim(node('JUMP_IF', { target: 0, when: 'not_true', condition }), label);
  }

  handler(label: Label, conditions: readonly string[]): void {
    this.#aim(node('HANDLER_BEGIN', { target: 0, conditions, kind: 'exit' }), label);
  }

  fetch(cursor: string, names: readonly string[], atEnd: Label): void {
    this.#aim(node('FETCH_INTO', { cursor, names, atEnd: 0 }), atEnd);
  }

  /** A name no program can write. */
  hidden(): string {
    return `#${++this.#hidden}`;
  }

  /** Ends what is open inside the enclosing of that index, so that a jump may leave it. */
  leave(index: number): void {
    for (let at = this.enclosing.length - 1; at > index; at--) {
      const { kind, cursor } = this.enclosing[at] as Enclosing;
      if (kind === 'block') this.add(node('BLOCK_END', {}));
      else if (kind === 'handler') this.add(node('HANDLER_END', {}));
      else if (kind === 'cursor') this.add(node('CLOSE_LOCAL_CURSOR', { name: cursor as string }));
    }
  }

  /** The program, all labels being placed. */
  finish(): readonly StatementNode[] {
    for (const { statement, label } of this.#jumps) {
      const field = statement.op === 'FETCH_INTO' ? 'atEnd' : 'target';
      (statement as unknown as Record<string, number>)[field] = label.at;
    }
    return this.statements;
  }
}
