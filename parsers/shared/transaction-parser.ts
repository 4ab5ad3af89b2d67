/** Transaction control as standard SQL has it; dialects add their own options. */
import { node, type NodeOf, type StatementNode } from '../../sblr/nodes.ts';
import { ModificationParser } from './modification-parser.ts';

export interface TransactionModes {
  isolation: NodeOf<'BEGIN'>['isolation'];
  access: NodeOf<'BEGIN'>['access'];
  deferrable: boolean;
}

export abstract class TransactionParser extends ModificationParser {
  /** ISOLATION LEVEL .., READ ONLY, [NOT] DEFERRABLE: any number, commas optional. */
  transactionModes(required: boolean): TransactionModes {
    const modes: TransactionModes = { isolation: 'none', access: 'default', deferrable: false };
    for (let count = 0; ; count++) {
      const comma = count > 0 && this.acceptSymbol(',');
      if (!this.transactionMode(modes)) {
        if (comma || (required && count === 0)) throw this.syntaxError();
        return modes;
      }
    }
  }

  private transactionMode(modes: TransactionModes): boolean {
    if (this.acceptWord('isolation')) {
      this.expectWord('level');
      modes.isolation = this.isolationLevel();
    } else if (this.acceptWord('read'))
      modes.access = this.expectOneOf('only', 'write') === 'only' ? 'read_only' : 'read_write';
    else if (this.acceptWord('deferrable')) modes.deferrable = true;
    else if (this.acceptWord('not')) {
      this.expectWord('deferrable');
      modes.deferrable = false;
    } else return false;
    return true;
  }

  isolationLevel(): NodeOf<'BEGIN'>['isolation'] {
    if (this.acceptWord('serializable')) return 'serializable';
    if (this.acceptWord('repeatable')) {
      this.expectWord('read');
      return 'repeatable_read';
    }
    this.expectWord('read');
    return this.expectOneOf('committed', 'uncommitted') === 'committed' ? 'read_committed' : 'read_uncommitted';
  }

  /** [AND [NO] CHAIN] */
  chainClause(): boolean {
    if (!this.acceptWord('and')) return false;
    const chain = !this.acceptWord('no');
    this.expectWord('chain');
    return chain;
  }

  savepoint(): StatementNode {
    const pos = this.pos;
    this.expectWord('savepoint');
    return node('SAVEPOINT', { name: this.columnId(), pos });
  }

  releaseSavepoint(): StatementNode {
    const pos = this.pos;
    this.expectWord('release');
    this.acceptWord('savepoint');
    return node('RELEASE_SAVEPOINT', { name: this.columnId(), pos });
  }
}
