/** The FROM clause of a query as text: relations by their names of today, joins, aliases of columns. */
import type { NodeOf, RelationNode } from '../../sblr/nodes.ts';
import type { Identifier } from '../../sblr/contract/names.ts';
import { typeName } from './type-facts.ts';
import type { Aliases, QueryText } from './render-query.ts';
import { CLAUSE } from './render-layout.ts';
import { quoteIdentifier } from './quote-identifier.ts';
import type { RangeEntry } from './scope.ts';

const JOIN = 4;

export class FromText {
  readonly #query: QueryText;

  constructor(query: QueryText) {
    this.#query = query;
  }

  /** Gives the relations of a FROM clause their names, in order. */
  name(node: RelationNode, aliases: Aliases): void {
    if (node.op === 'JOIN') {
      this.name(node.left, aliases);
      this.name(node.right, aliases);
      if (node.alias === undefined) return;
    }
    const entry = this.#entry(node);
    if (entry !== undefined && entry.display !== '') aliases.add(entry.display, entry.columns);
  }

  #entry(node: RelationNode): RangeEntry | undefined {
    return this.#query.trace.entries.get(node)?.[0];
  }

  clause(node: RelationNode): string {
    if (node.op === 'DUAL') return '';
    const { layout } = this.#query;
    // The comma and CROSS JOIN are one instruction: at the top of the clause it is shown as a comma.
    const items: RelationNode[] = [];
    let at: RelationNode = node;
    for (; at.op === 'JOIN' && at.kind === 'cross' && at.alias === undefined; at = at.left) items.unshift(at.right);
    items.unshift(at);
    const wrap = this.#query.options.wrapColumn ?? 0;
    let text = '';
    items.forEach((item, i) => {
      if (i === 0) text = layout.line(' FROM ', -CLAUSE, CLAUSE, 2) + this.#item(item);
      else {
        const shown = this.#item(item);
        text += ', ';
        if (wrap >= 0 && !layout.startsLine(shown) && layout.column(text) + shown.length > wrap)
          text += layout.line('', -CLAUSE, CLAUSE, 4);
        text += shown;
      }
    });
    return text;
  }

  #item(node: RelationNode): string {
    const query = this.#query;
    switch (node.op) {
      case 'LOAD_TABLE':
        return this.#table(node);
      case 'LOAD_FUNCTION': {
        const calls = (query.trace.functions.get(node) ?? []).map((call) => query.expressions.show(call));
        const shown = calls.length === 1 ? (calls[0] as string) : `ROWS FROM(${calls.join(', ')})`;
        return `${node.lateral ? 'LATERAL ' : ''}${shown}${node.ordinality ? ' WITH ORDINALITY' : ''}${this.#functionAlias(node)}`;
      }
      case 'DERIVED': {
        const inner = query.query(node.source, undefined, undefined, true);
        const always = node.columns.length > 0 || node.source.op === 'VALUES';
        return `${node.lateral ? 'LATERAL ' : ''}(${inner})${this.#alias(node, always)}`;
      }
      case 'JOIN':
        return this.#join(node);
      default:
        return `(${query.query(node, undefined, undefined, true)})`;
    }
  }

  #table(node: NodeOf<'LOAD_TABLE'>): string {
    const relation = this.#query.trace.relations.get(node);
    const entry = this.#entry(node);
    const last = this.#query.binder.display(node.name[node.name.length - 1] as Identifier);
    const name =
      relation === undefined
        ? quoteIdentifier(last)
        : (this.#query.options.referenceText?.('relation', relation.id) ?? quoteIdentifier(last));
    const bare =
      relation === undefined || relation.kind === 'system' ? last : this.#query.binder.display(relation.name);
    const alias = entry === undefined ? undefined : this.#query.aliases.of(entry.columns);
    const renamed = node.alias !== undefined || (alias !== undefined && alias !== bare);
    return `${name}${renamed && alias !== undefined ? ` ${quoteIdentifier(alias)}` : ''}${node.columns.length > 0 ? this.#columns(entry) : ''}`;
  }

  #alias(node: RelationNode, columns: boolean): string {
    const entry = this.#entry(node);
    const alias = entry === undefined ? undefined : this.#query.aliases.of(entry.columns);
    return `${alias === undefined ? '' : ` ${quoteIdentifier(alias)}`}${columns ? this.#columns(entry) : ''}`;
  }

  #functionAlias(node: NodeOf<'LOAD_FUNCTION'>): string {
    if (node.definitions.length === 0) return this.#alias(node, true);
    const { binder, options } = this.#query;
    const definitions = node.definitions.map(
      (each) => `${quoteIdentifier(binder.display(each.name))} ${options.typeName?.(each.type) ?? typeName(each.type)}`,
    );
    return `${this.#alias(node, false)}(${definitions.join(', ')})`;
  }

  #columns(entry: RangeEntry | undefined): string {
    return entry === undefined ? '' : `(${entry.columns.map((column) => quoteIdentifier(column.name)).join(', ')})`;
  }

  #join(node: NodeOf<'JOIN'>): string {
    const { layout, pretty, expressions } = this.#query;
    const parentheses = !pretty || node.alias !== undefined;
    let text = `${parentheses ? '(' : ''}${this.#item(node.left)}`;
    const using = this.#using(node);
    const words = { inner: 'JOIN', left: 'LEFT JOIN', right: 'RIGHT JOIN', full: 'FULL JOIN', cross: 'CROSS JOIN' };
    const crossed = node.condition === undefined && using.length === 0 && node.kind === 'inner';
    text += layout.line(` ${crossed ? words.cross : words[node.kind]} `, -CLAUSE, CLAUSE, JOIN);
    const grouped = pretty && node.right.op === 'JOIN' && node.right.alias === undefined;
    const right = this.#item(node.right);
    text += grouped ? `(${right})` : right;
    if (using.length > 0) {
      const alias = node.usingAlias === undefined ? '' : ` AS ${this.#query.identifier(node.usingAlias)}`;
      text += ` USING (${using.join(', ')})${alias}`;
    } else if (node.condition !== undefined) {
      const condition = expressions.show(this.#query.value(node.condition));
      text += ` ON ${pretty ? condition : `(${condition})`}`;
    } else if (node.kind !== 'cross' && !crossed) text += ' ON TRUE';
    return `${text}${parentheses ? ')' : ''}${node.alias === undefined ? '' : this.#alias(node, node.columns.length > 0)}`;
  }

  /** Names of the merged columns; those of NATURAL are the ones both sides have. */
  #using(node: NodeOf<'JOIN'>): string[] {
    if (!node.natural) return node.using.map((name) => this.#query.identifier(name));
    const keys = (side: RelationNode): Set<string> =>
      new Set(
        (this.#query.trace.entries.get(side) ?? []).filter((entry) => entry.unqualified).flatMap((entry) => entry.keys),
      );
    const right = keys(node.right);
    return [...keys(node.left)]
      .filter((key) => right.has(key))
      .map((key) =>
        this.#query.identifier(key.startsWith('"') ? { text: key.slice(1), exact: true } : { text: key, exact: false }),
      );
  }
}
