/**
 * INSERT, UPDATE, DELETE and MERGE with RETURNING, and the clauses dialects hang onto them. They are
 * relations (of their RETURNING rows), so they may stand in WITH.
 */
import type { Identifier, Name } from '../../sblr/contract/names.ts';
import { node, type NodeOf, type RelationNode, type ValueNode } from '../../sblr/nodes.ts';
import { QueryParser, type SelectItem } from './query-parser.ts';

type Assignment = NodeOf<'ASSIGNMENT'>;
type MergeClause = NodeOf<'MERGE_CLAUSE'>;

interface Target {
  readonly table: Name;
  readonly alias: Identifier | undefined;
  readonly only: boolean;
}

export abstract class ModificationParser extends QueryParser {
  protected override startsModification(): boolean {
    return this.isWord('insert') || this.isWord('update') || this.isWord('delete');
  }

  override modification(): RelationNode {
    switch (this.value) {
      case 'insert':
        return this.insert();
      case 'update':
        return this.update();
      case 'delete':
        return this.delete();
      default:
        throw this.syntaxError();
    }
  }

  // ---- INSERT ----------------------------------------------------------------------------------------

  insert(): RelationNode {
    this.expectWords('insert', 'into');
    // What is wrong with the target is shown at its name.
    const pos = this.pos;
    const table = this.qualifiedName();
    const alias = this.acceptWord('as') ? this.columnId() : undefined;
    const parts: NodeOf<'COLUMN_PART'>[] = [];
    const columns = this.isSymbol('(') && !this.queryBehindParentheses() ? this.insertColumns(parts) : [];
    const overriding = this.overridingClause();
    let defaultValues = false;
    let source: RelationNode | undefined;
    if (columns.length === 0 && overriding === 'none' && this.acceptWords('default', 'values')) defaultValues = true;
    else source = this.insertSource();
    const onConflict = this.conflictClause();
    const returning = this.returningClause();
    return node('INSERT', {
      table,
      alias,
      columns,
      overriding,
      defaultValues,
      onDuplicate: 'error',
      source,
      onConflict,
      returning,
      parts,
      pos,
    });
  }

  /** The rows to insert; plain VALUES keep literal lifting as it is. */
  protected insertSource(): RelationNode {
    if (this.isWord('values')) return this.continueQuery(this.values(true));
    return this.parseQuery();
  }

  /** ( column, ... ), and into `parts` which of them stand for a part of the column. */
  protected insertColumns(parts: NodeOf<'COLUMN_PART'>[]): Identifier[] {
    this.expectSymbol('(');
    let index = 0;
    const columns = this.list(() => {
      const { pos } = this;
      const column = this.columnId();
      if (this.isSymbol('.') || this.isSymbol('['))
        parts.push(node('COLUMN_PART', { index, steps: this.subscriptSteps(), pos }));
      index++;
      return column;
    });
    this.expectSymbol(')');
    return columns;
  }

  protected overridingClause(): 'none' | 'system' | 'user' {
    if (!this.acceptWord('overriding')) return 'none';
    const kind = this.expectOneOf('system', 'user');
    this.expectWord('value');
    return kind;
  }

  /** ON CONFLICT and its relatives; dialects without one have none. */
  protected conflictClause(): NodeOf<'ON_CONFLICT'> | undefined {
    return undefined;
  }

  returningClause(): SelectItem[] {
    if (!this.acceptWord('returning')) return [];
    const before = this.lifting;
    this.lifting = 0;
    const items = this.selectItems();
    this.lifting = before;
    return items;
  }

  // ---- UPDATE, DELETE -----------------------------------------------------------------------------------

  update(): RelationNode {
    this.expectWord('update');
    const pos = this.pos;
    const target = this.modificationTarget(true);
    this.expectWord('set');
    const assignments = this.assignments();
    const from = this.acceptWord('from') ? this.fromList() : undefined;
    const where = this.modificationWhere();
    return node('UPDATE', {
      ...target,
      ignoring: false,
      from,
      assignments,
      where,
      order: [],
      returning: this.returningClause(),
      pos,
    });
  }

  delete(): RelationNode {
    this.expectWords('delete', 'from');
    const pos = this.pos;
    const target = this.modificationTarget(false);
    const using = this.acceptWord('using') ? this.fromList() : undefined;
    const where = this.modificationWhere();
    return node('DELETE', {
      ...target,
      ignoring: false,
      using,
      where,
      order: [],
      returning: this.returningClause(),
      pos,
    });
  }

  private modificationTarget(update: boolean): Target {
    const { name, only } = this.tableReference();
    let alias: Identifier | undefined;
    if (this.acceptWord('as')) alias = this.columnId();
    else if (this.isColumnId() && !(update && this.isWord('set'))) alias = this.takeIdentifier();
    return { table: name, alias, only };
  }

  /** WHERE condition, or WHERE CURRENT OF cursor */
  private modificationWhere(): ValueNode | undefined {
    if (!this.acceptWord('where')) return undefined;
    const pos = this.pos;
    if (this.isWord('current') && this.peekIsWord(1, 'of')) {
      this.advance();
      this.advance();
      return node('CURRENT_OF', { cursor: this.columnId().text, pos });
    }
    return this.expression();
  }

  assignments(): Assignment[] {
    return this.list(() => this.assignment());
  }

  protected assignment(): Assignment {
    const pos = this.pos;
    if (this.isSymbol('(')) {
      this.advance();
      const columns = this.list(() => {
        const column = this.columnId();
        if (this.isSymbol('.') || this.isSymbol('[')) throw this.unsupported('assigning a part of a column in a list');
        return column;
      });
      this.expectSymbol(')');
      this.expectOperator('=');
      return node('ASSIGNMENT', { columns, subscripts: [], value: this.rowValue(columns.length, pos), pos });
    }
    const column = this.columnId();
    const subscripts = this.isSymbol('[') || this.isSymbol('.') ? this.subscriptSteps() : [];
    this.expectOperator('=');
    return node('ASSIGNMENT', { columns: [column], subscripts, value: this.valueOrDefault(), pos });
  }

  /** The right side of (a, b) = ...: a row of that many values, or a subquery. */
  private rowValue(count: number, pos: number): ValueNode {
    this.defaultAllowed = true;
    const value = this.expression();
    this.defaultAllowed = false;
    if (value.op === 'SUBQUERY') return value;
    const items = value.op === 'ROW' ? value.items : count === 1 ? [value] : undefined;
    if (items === undefined) {
      throw this.error(
        'feature_not_supported',
        'source for a multiple-column UPDATE item must be a sub-SELECT or ROW() expression',
        value.pos,
      );
    }
    if (items.length !== count) {
      throw this.error('syntax_error', 'number of columns does not match number of values', pos);
    }
    return node('ROW', { items, pos: value.pos });
  }

  // ---- MERGE --------------------------------------------------------------------------------------------------

  merge(): RelationNode {
    const pos = this.pos;
    this.expectWords('merge', 'into');
    const target = this.modificationTarget(false);
    this.expectWord('using');
    const source = this.tablePrimary();
    this.expectWord('on');
    const condition = this.expression();
    const clauses: MergeClause[] = [];
    const unconditional = new Set<string>();
    do {
      const clause = this.mergeClause();
      if (unconditional.has(clause.when)) {
        throw this.error('syntax_error', 'unreachable WHEN clause specified after unconditional WHEN clause');
      }
      if (clause.condition === undefined) unconditional.add(clause.when);
      clauses.push(clause);
    } while (this.isWord('when'));
    return node('MERGE', { ...target, source, condition, clauses, returning: [], pos });
  }

  protected mergeClause(): MergeClause {
    const pos = this.pos;
    this.expectWord('when');
    const matched = !this.acceptWord('not');
    this.expectWord('matched');
    const condition = this.acceptWord('and') ? this.expression() : undefined;
    this.expectWord('then');
    const rest = {
      when: matched ? 'matched' : 'not_matched',
      columns: [],
      overriding: 'none',
      defaultValues: false,
      condition,
      assignments: [],
      values: [],
      pos,
    } as const;
    if (this.acceptWord('do')) {
      this.expectWord('nothing');
      return node('MERGE_CLAUSE', { ...rest, action: 'nothing' });
    }
    if (!matched) return this.mergeInsert(rest);
    if (this.acceptWord('delete')) return node('MERGE_CLAUSE', { ...rest, action: 'delete' });
    this.expectWords('update', 'set');
    return node('MERGE_CLAUSE', { ...rest, action: 'update', assignments: this.assignments() });
  }

  private mergeInsert(rest: Omit<MergeClause, 'op' | 'action'>): MergeClause {
    this.expectWord('insert');
    if (this.acceptWords('default', 'values'))
      return node('MERGE_CLAUSE', { ...rest, action: 'insert', defaultValues: true });
    const parts: NodeOf<'COLUMN_PART'>[] = [];
    const columns = this.isSymbol('(') ? this.insertColumns(parts) : [];
    if (parts.length > 0) throw this.unsupported('inserting into a part of a column', parts[0]?.pos);
    const overriding = this.overridingClause();
    this.expectWord('values');
    this.expectSymbol('(');
    const values = this.list(() => this.valueOrDefault());
    this.expectSymbol(')');
    return node('MERGE_CLAUSE', { ...rest, action: 'insert', columns, overriding, values });
  }
}
