/**
 * Queries of views as text, as catalog views show them: the tree of SBLR nodes gives the clauses, and
 * what the binder noted down while binding it (trace.ts) gives names, types and conversions. Relations
 * are shown by the names they have today.
 */
import type { Identifier } from '../../sblr/contract/names.ts';
import { identifierKey } from '../../sblr/contract/names.ts';
import type { NodeOf, RelationNode, ValueNode } from '../../sblr/nodes.ts';
import { OPERATORS } from '../../sblr/operators.ts';
import type { ViewDefinition } from '../catalog/definitions.ts';
import type { AggregateCall, BoundExpression, OutputColumn, SortKey } from './bound.ts';
import { Binder, newShared, type BindContext } from './context.ts';
import { equalExpressions } from './expression-tools.ts';
import { bindRelation } from './query.ts';
import { lockName } from './row-locks.ts';
import { CLAUSE, Layout } from './render-layout.ts';
import { quoteIdentifier } from './quote-identifier.ts';
import { Renderer, type RenderOptions } from './render.ts';
import { FromText } from './render-from.ts';
import { windowText } from './render-window.ts';
import type { SelectItem } from './select-items.ts';
import { storedQuery } from './stored-program.ts';
import { BindTrace } from './trace.ts';
import { rowItems } from './values.ts';

export interface QueryRenderOptions extends RenderOptions {
  /** Columns of a select list share a line up to this length; 0 = a line each, negative = one line. */
  readonly wrapColumn?: number | undefined;
}

/** Names a query's relations go by in the text: unique within the query and those around it. */
export class Aliases {
  readonly #names: Set<string>;
  readonly #byColumns: Map<readonly OutputColumn[], string>;

  constructor(outer?: Aliases) {
    this.#names = new Set(outer === undefined ? [] : outer.#names);
    this.#byColumns = outer === undefined ? new Map() : outer.#byColumns;
  }

  add(name: string, columns: readonly OutputColumn[]): string {
    let unique = name;
    for (let number = 1; this.#names.has(unique); number++) unique = `${name}_${number}`;
    this.#names.add(unique);
    this.#byColumns.set(columns, unique);
    return unique;
  }

  of(columns: readonly OutputColumn[]): string | undefined {
    return this.#byColumns.get(columns);
  }
}

/** The query of a view as text without a closing semicolon. */
export function renderView(view: ViewDefinition, context: BindContext, options: QueryRenderOptions): string {
  const { source, semantics } = storedQuery(view.program);
  const trace = new BindTrace();
  const names = context.viewNames?.(view) ?? context.names;
  const inner = { ...context, names, semantics, variables: undefined, fold: false };
  const binder = new Binder(inner, newShared(inner, 1, trace), bindRelation);
  bindRelation(binder, source, undefined, undefined);
  const layout = new Layout(0);
  const shown = view.columns.map((column) => binder.display(column.name));
  return layout.finish(new QueryText(trace, layout, binder, options).query(source, new Aliases(), shown, true));
}

interface Clauses {
  readonly locks: NodeOf<'LOCK_ROWS'>[];
  limit: NodeOf<'LIMIT'> | undefined;
  sort: NodeOf<'SORT'> | undefined;
  distinct: NodeOf<'DISTINCT'> | undefined;
  core: RelationNode;
}

function clausesOf(node: RelationNode): Clauses {
  const found: Clauses = { locks: [], limit: undefined, sort: undefined, distinct: undefined, core: node };
  for (let at = node; ; at = at.source) {
    found.core = at;
    if (at.op === 'LOCK_ROWS') found.locks.push(at);
    else if (at.op === 'LIMIT') found.limit = at;
    else if (at.op === 'SORT') found.sort = at;
    else if (at.op === 'DISTINCT') found.distinct = at;
    else return found;
  }
}

export class QueryText {
  readonly trace: BindTrace;
  readonly layout: Layout;
  readonly binder: Binder;
  readonly options: QueryRenderOptions;
  readonly expressions: Renderer;
  readonly #from: FromText;
  #aliases = new Aliases();

  constructor(trace: BindTrace, layout: Layout, binder: Binder, options: QueryRenderOptions) {
    this.trace = trace;
    this.layout = layout;
    this.binder = binder;
    this.options = options;
    this.expressions = new Renderer({ ...options, layout, special: (e) => this.#special(e) });
    this.#from = new FromText(this);
  }

  get pretty(): boolean {
    return this.options.pretty === true;
  }

  /**
   * A query with its WITH, ORDER BY and LIMIT. `names`: what its columns must be called; `visible`: the
   * names of its columns matter, so that each must be told.
   */
  query(
    node: RelationNode,
    outer: Aliases | undefined,
    names: readonly string[] | undefined,
    visible: boolean,
  ): string {
    return this.layout.nested(() => {
      const before = this.#aliases;
      this.#aliases = new Aliases(outer ?? before);
      const text = this.#query(node, names, visible);
      this.#aliases = before;
      return text;
    });
  }

  #query(node: RelationNode, names: readonly string[] | undefined, visible: boolean): string {
    if (node.op === 'WITH') {
      const { core } = clausesOf(node.body);
      const select = this.#selectOf(core);
      if (select !== undefined) this.#from.name(select.from, this.#aliases);
      return this.#with(node) + this.#body(node.body, names, visible, true);
    }
    return this.#body(node, names, visible, false);
  }

  #body(node: RelationNode, names: readonly string[] | undefined, visible: boolean, named: boolean): string {
    const clauses = clausesOf(node);
    const { core, sort, limit } = clauses;
    let text: string;
    let items: readonly SelectItem[] = [];
    if (core.op === 'SET_OP') {
      text = this.#setOperation(core, names, visible);
    } else if (core.op === 'VALUES') {
      this.layout.move(CLAUSE);
      text = ` ${this.values(core)}`;
    } else {
      const select = this.#selectOf(core);
      if (select !== undefined && !named) this.#from.name(select.from, this.#aliases);
      items = select?.items ?? [];
      text = this.#select(core, clauses, names, visible);
    }
    if (sort !== undefined) {
      text += this.layout.line(' ORDER BY ', -CLAUSE, CLAUSE, 1);
      text += sort.keys.map((key) => this.sortKey(key, items, core.op === 'SET_OP' ? core : undefined)).join(', ');
    }
    return text + this.#limit(limit) + this.#locks(clauses, core);
  }

  #with(node: NodeOf<'WITH'>): string {
    this.layout.move(CLAUSE);
    const parts = node.ctes.map((cte) => {
      const columns =
        cte.columns.length === 0 ? '' : `(${cte.columns.map((name) => this.identifier(name)).join(', ')})`;
      const kept =
        cte.materialized === 'default' ? '' : cte.materialized === 'always' ? 'MATERIALIZED ' : 'NOT MATERIALIZED ';
      const open = `${this.identifier(cte.name)}${columns} AS ${kept}(${this.layout.line('', 0, 0)}`;
      return `${open}${this.query(cte.query, undefined, undefined, true)}${this.layout.line('', 0, 0)})`;
    });
    this.layout.move(-CLAUSE);
    return ` WITH ${node.recursive ? 'RECURSIVE ' : ''}${parts.join(', ')}${this.layout.line('', 0, 0)}`;
  }

  #limit(limit: NodeOf<'LIMIT'> | undefined): string {
    if (limit === undefined) return '';
    let text = '';
    const value = (node: ValueNode): string => this.expressions.show(this.value(node));
    if (limit.offset !== undefined) text += this.layout.line(' OFFSET ', -CLAUSE, CLAUSE) + value(limit.offset);
    const { count } = limit;
    if (count === undefined) return text;
    if (limit.withTies)
      return `${text}${this.layout.line(' FETCH FIRST ', -CLAUSE, CLAUSE)}${value(count)} ROWS WITH TIES`;
    const all = count.op === 'LITERAL' && count.value === null;
    return `${text}${this.layout.line(' LIMIT ', -CLAUSE, CLAUSE)}${all ? 'ALL' : value(count)}`;
  }

  #locks(clauses: Clauses, core: RelationNode): string {
    let text = '';
    for (const lock of [...clauses.locks].reverse()) {
      const named = lock.of.map((target) => identifierKey(target.name[target.name.length - 1] as Identifier));
      const entries = core.op === 'PROJECT' ? (this.trace.entries.get(fromOf(core)) ?? []) : [];
      for (const entry of entries) {
        const alias = this.#aliases.of(entry.columns);
        if (alias === undefined || (named.length > 0 && !named.includes(entry.key))) continue;
        text += `${this.layout.line(` ${lockName(lock)}`, -CLAUSE, CLAUSE)} OF ${quoteIdentifier(alias)}`;
        text += lock.wait === 'nowait' ? ' NOWAIT' : lock.wait === 'skip_locked' ? ' SKIP LOCKED' : '';
      }
    }
    return text;
  }

  #setOperation(node: NodeOf<'SET_OP'>, names: readonly string[] | undefined, visible: boolean): string {
    const { layout } = this;
    const { left, right } = node;
    const differs = left.op === 'SET_OP' && !(left.kind === node.kind && left.all === node.all);
    let text = differs ? `(${layout.line('', CLAUSE, 0)}` : '';
    text += this.#operand(left, names, visible);
    text += differs ? layout.line(') ', -CLAUSE, 0) : layout.line('', 0, 0);
    text += `${node.kind.toUpperCase()} ${node.all ? 'ALL ' : ''}`;
    const nested = right.op === 'SET_OP';
    text += `${nested ? '(' : ''}${layout.line('', nested ? CLAUSE : 0, 0)}${this.#operand(right, names, false)}`;
    if (nested) {
      layout.move(-CLAUSE);
      text += layout.line(')', 0, 0);
    }
    return text;
  }

  #operand(node: RelationNode, names: readonly string[] | undefined, visible: boolean): string {
    if (node.op === 'SET_OP') return this.#setOperation(node, names, visible);
    const clauses = clausesOf(node);
    const own =
      node.op === 'WITH' || clauses.sort !== undefined || clauses.limit !== undefined || clauses.locks.length > 0;
    const text = this.query(node, undefined, names, visible);
    return own ? `(${text})` : text;
  }

  /** VALUES lists, with the conversions that the binder made. */
  values(node: NodeOf<'VALUES'>): string {
    const rows = node.rows.map((row) => {
      const items = rowItems(row).map((item) => this.expressions.showTyped(this.value(item)));
      return `(${items.join(',')})`;
    });
    return `VALUES ${rows.join(', ')}`;
  }

  #selectOf(core: RelationNode): { readonly from: RelationNode; readonly items: readonly SelectItem[] } | undefined {
    if (core.op !== 'PROJECT') return undefined;
    return { from: fromOf(core), items: core.items.flatMap((item) => this.trace.items.get(item) ?? []) };
  }

  #select(core: RelationNode, clauses: Clauses, names: readonly string[] | undefined, visible: boolean): string {
    this.layout.move(CLAUSE);
    if (core.op !== 'PROJECT') return ' TABLE';
    const items = core.items.flatMap((item) => this.trace.items.get(item) ?? []);
    let text = ' SELECT';
    const { distinct } = clauses;
    if (distinct !== undefined) {
      const on = distinct.on.map((value) => this.#grouped(this.#matched(value, items))).join(', ');
      text += distinct.on.length === 0 ? ' DISTINCT' : ` DISTINCT ON (${on})`;
    }
    text += this.#items(items, names, visible, text);
    return text + this.#clauses(core.source, items);
  }

  #clauses(source: RelationNode, items: readonly SelectItem[]): string {
    const { layout } = this;
    let at = source;
    let windows: NodeOf<'WINDOWS'> | undefined;
    let having = '';
    let group: NodeOf<'GROUP'> | undefined;
    if (at.op === 'WINDOWS') [windows, at] = [at, at.source];
    const havingNode = at.op === 'FILTER' && at.having ? at : undefined;
    if (havingNode !== undefined) at = havingNode.source;
    if (at.op === 'GROUP') [group, at] = [at, at.source];
    const where: ValueNode[] = [];
    for (; at.op === 'FILTER'; at = at.source) where.unshift(at.condition);
    let text = this.#from.clause(at);
    for (const condition of where)
      text += layout.line(' WHERE ', -CLAUSE, CLAUSE, 1) + this.expressions.show(this.value(condition));
    if (group !== undefined) {
      text += layout.line(' GROUP BY ', -CLAUSE, CLAUSE, 1) + (group.distinct ? 'DISTINCT ' : '');
      text += group.keys.map((key) => this.#groupKey(key, items, true)).join(', ');
    }
    if (havingNode !== undefined)
      having = layout.line(' HAVING ', -CLAUSE, CLAUSE) + this.expressions.show(this.value(havingNode.condition));
    text += having;
    windows?.windows.forEach((spec, i) => {
      text += i === 0 ? layout.line(' WINDOW ', -CLAUSE, CLAUSE, 1) : ', ';
      text += `${this.identifier(windows.names[i] as Identifier)} AS ${windowText(this, spec)}`;
    });
    return text;
  }

  #groupKey(node: NodeOf<'GROUP_KEY'> | NodeOf<'GROUP_SETS'>, items: readonly SelectItem[], bare: boolean): string {
    if (node.op === 'GROUP_KEY') {
      const parts = node.value.op === 'ROW' ? node.value.items : [node.value];
      const shown = parts.map((part) => this.#grouped(this.#inputFirst(part, items))).join(', ');
      return parts.length === 1 && bare ? shown : `(${shown})`;
    }
    const inner = (omit: boolean): string => node.keys.map((key) => this.#groupKey(key, items, omit)).join(', ');
    switch (node.kind) {
      case 'set':
        return node.keys.length === 1 && bare ? inner(true) : `(${inner(true)})`;
      case 'rollup':
      case 'cube':
        return `${node.kind.toUpperCase()}(${inner(true)})`;
      case 'sets':
        return `GROUPING SETS (${inner(false)})`;
    }
  }

  #items(items: readonly SelectItem[], names: readonly string[] | undefined, visible: boolean, before: string): string {
    const { layout } = this;
    const wrap = this.options.wrapColumn ?? 0;
    let text = '';
    let manyLines = false;
    items.forEach((item, i) => {
      const own = this.#ownName(item.expression) ?? (visible ? undefined : '?column?');
      const name = names?.[i] ?? item.name;
      const shown = this.expressions.showTyped(item.expression) + (own === name ? '' : ` AS ${quoteIdentifier(name)}`);
      text += i === 0 ? ' ' : ', ';
      if (wrap >= 0 && !layout.startsLine(shown) && i > 0) {
        if (layout.column(before + text) + shown.length > wrap || manyLines)
          text += layout.line('', -CLAUSE, CLAUSE, 4);
      }
      manyLines = layout.hasBreak(shown);
      text += shown;
    });
    return text;
  }

  /** The name a plain column has without AS. */
  #ownName(expression: BoundExpression): string | undefined {
    if (expression.kind === 'column' && this.trace.calls.has(expression.id)) return undefined;
    const found = this.trace.columnOf(expression);
    return found?.entry.columns[found.index]?.name;
  }

  // ---- keys

  /** A key that an output name or number may stand for. */
  #matched(node: ValueNode, items: readonly SelectItem[]): BoundExpression {
    if (node.op === 'LITERAL' && typeof node.value === 'number')
      return items[node.value - 1]?.expression ?? this.value(node);
    if (node.op === 'COLUMN' && node.name.length === 1) {
      const key = identifierKey(node.name[0] as Identifier);
      const found = items.find((item) => item.key === key);
      if (found !== undefined) return found.expression;
    }
    return this.value(node);
  }

  /** A key that an input column stands for first. */
  #inputFirst(node: ValueNode, items: readonly SelectItem[]): BoundExpression {
    if (node.op !== 'LITERAL' && this.trace.values.has(node)) return this.value(node);
    if (node.op === 'COLUMN' && node.name.length === 1) {
      const key = identifierKey(node.name[0] as Identifier);
      // The column itself where the query has one of that name, as the binder looked it up.
      const item = items.find((each) => each.key === key);
      if (item !== undefined) return item.expression;
    }
    return this.#matched(node, items);
  }

  /** An expression of GROUP BY or ORDER BY: more than a name stands in parentheses. */
  #grouped(e: BoundExpression): string {
    if (e.kind === 'constant') return this.expressions.showTyped(e);
    const call = e.kind === 'column' ? this.trace.calls.get(e.id) : undefined;
    if (e.kind === 'column' && call === undefined) return this.expressions.show(e);
    const isCall =
      call !== undefined || (e.kind === 'call' && !e.function.operator) || e.kind === 'routine' || e.kind === 'cast';
    const text = this.expressions.show(e);
    return this.pretty || isCall ? `(${text})` : text;
  }

  sortKey(node: NodeOf<'SORT_KEY'>, items: readonly SelectItem[], set?: NodeOf<'SET_OP'>): string {
    const text = set === undefined ? this.#grouped(this.#matched(node.value, items)) : this.#position(node.value, set);
    return text + this.#direction(node);
  }

  #direction(node: NodeOf<'SORT_KEY'>): string {
    const descending =
      node.operator === undefined
        ? node.descending
        : node.operator === 'greater' || node.operator === 'pattern_greater';
    const high = this.binder.semantics.nullOrder === 'high';
    const first = node.nulls === 'default' ? descending === high : node.nulls === 'first';
    if (!descending) return first === high ? ` NULLS ${first ? 'FIRST' : 'LAST'}` : '';
    return ` DESC${first === high ? '' : ` NULLS ${first ? 'FIRST' : 'LAST'}`}`;
  }

  /** Rows of a set operation are ordered by the numbers of their columns. */
  #position(node: ValueNode, set: NodeOf<'SET_OP'>): string {
    if (node.op === 'LITERAL') return String(node.value);
    let first: RelationNode = set;
    while (first.op === 'SET_OP') first = clausesOf(first.left).core;
    if (node.op !== 'COLUMN' || first.op !== 'PROJECT') return '1';
    const key = identifierKey(node.name[node.name.length - 1] as Identifier);
    const items = first.items.flatMap((item) => this.trace.items.get(item) ?? []);
    return String(items.findIndex((item) => item.key === key) + 1);
  }

  // ---- parts for the other files

  value(node: ValueNode): BoundExpression {
    return this.trace.values.get(node) as BoundExpression;
  }

  identifier(name: Identifier): string {
    return quoteIdentifier(this.binder.display(name));
  }

  get aliases(): Aliases {
    return this.#aliases;
  }

  /** ORDER BY inside an aggregate call: a key that is an argument is shown converted like the argument. */
  #orderInside(call: AggregateCall, keys: readonly SortKey[], nodes: readonly NodeOf<'SORT_KEY'>[]): string {
    const shown = keys.map(({ expression }, i) => {
      const at = call.arguments.findIndex((argument) => equalExpressions(argument, expression));
      const plain = this.#grouped(expression);
      const converted = at < 0 ? plain : this.expressions.showArgument(call.function, expression, at);
      const text = converted !== plain && this.pretty ? `(${converted})` : converted;
      return text + this.#direction(nodes[i] as NodeOf<'SORT_KEY'>);
    });
    return shown.join(', ');
  }

  // ---- expressions that need the query around them

  #special(e: BoundExpression): string | undefined {
    if (e.kind === 'column') {
      const call = this.trace.calls.get(e.id);
      if (call !== undefined) return this.#call(call);
    }
    const node = this.trace.nodes.get(e);
    if (node !== undefined) return this.#written(e, node);
    const found = this.trace.columnOf(e);
    if (found !== undefined) {
      const alias = this.#aliases.of(found.entry.columns);
      const name = quoteIdentifier(found.entry.columns[found.index]?.name ?? '');
      return alias === undefined
        ? e.kind === 'column' || e.kind === 'coalesce'
          ? name
          : undefined
        : `${quoteIdentifier(alias)}.${name}`;
    }
    return undefined;
  }

  #call(traced: NonNullable<ReturnType<BindTrace['calls']['get']>>): string {
    const { expressions } = this;
    switch (traced.kind) {
      case 'set':
        return expressions.show(traced.expression);
      case 'grouping':
        return `GROUPING(${expressions.list(traced.items)})`;
      case 'aggregate': {
        const { call, node } = traced;
        const given = node.star ? '*' : expressions.showArguments(call.function, call.arguments);
        const order = call.order.length === 0 ? '' : ` ORDER BY ${this.#orderInside(call, call.order, node.order)}`;
        const within =
          call.within.length === 0
            ? ''
            : ` WITHIN GROUP (ORDER BY ${this.#orderInside(call, call.within, node.within)})`;
        const filter = call.filter === undefined ? '' : ` FILTER (WHERE ${expressions.show(call.filter)})`;
        const name = expressions.functionName(call.function);
        return `${name}(${call.distinct ? 'DISTINCT ' : ''}${given}${order})${within}${filter}`;
      }
      case 'window': {
        const { call, node } = traced;
        const given = node.star ? '*' : expressions.showArguments(call.function, call.arguments);
        const filter = call.filter === undefined ? '' : ` FILTER (WHERE ${expressions.show(call.filter)})`;
        const over =
          node.window !== undefined && node.spec === undefined
            ? this.identifier(node.window)
            : node.spec === undefined
              ? '()'
              : windowText(this, node.spec);
        return `${expressions.functionName(call.function)}(${given})${filter} OVER ${over}`;
      }
    }
  }

  /** What was written differently from what the expression says, and subqueries. */
  #written(e: BoundExpression, node: ValueNode): string | undefined {
    const { expressions } = this;
    const subquery = (query: RelationNode): string => this.query(query, undefined, undefined, false);
    switch (node.op) {
      case 'CASE': {
        if (node.operand === undefined) return undefined;
        const body = e.kind === 'let' ? e.body : e;
        return body.kind === 'case' ? expressions.case(body, this.value(node.operand)) : undefined;
      }
      case 'NULLIF':
        return `NULLIF(${expressions.showTyped(this.value(node.left))}, ${expressions.showTyped(this.value(node.right))})`;
      case 'COLLATE': {
        const collation = node.collation.map((part) => this.#collation(part)).join('.');
        const text = `${expressions.showTyped(this.value(node.operand))} COLLATE ${collation}`;
        return this.pretty ? text : `(${text})`;
      }
      case 'EXISTS':
        return `(EXISTS (${subquery(node.query)}))`;
      case 'SUBQUERY':
        return `(${subquery(node.query)})`;
      case 'ARRAY_QUERY':
        return `ARRAY(${subquery(node.query)})`;
      case 'IN_QUERY': {
        const text = `(${this.#left(e)} IN (${subquery(node.query)}))`;
        return node.negated ? (this.pretty ? `NOT ${text}` : `(NOT ${text})`) : text;
      }
      case 'QUANTIFIED_QUERY': {
        const symbol = OPERATORS[node.operator as keyof typeof OPERATORS] ?? node.operator;
        const how = symbol === '=' && node.quantifier === 'any' ? 'IN' : `${symbol} ${node.quantifier.toUpperCase()}`;
        return `(${this.#left(e)} ${how} (${subquery(node.query)}))`;
      }
      case 'OPERATOR': {
        if (node.name === 'equal' || node.name === 'not_equal') return undefined;
        const [left, right] = node.operands.map((operand) => expressions.show(this.value(operand)));
        return `(${left} ${OPERATORS[node.name as keyof typeof OPERATORS]} ${right})`;
      }
      default:
        return undefined;
    }
  }

  /** Left side of a comparison with a query's rows. */
  #left(e: BoundExpression): string {
    if (e.kind !== 'quantified_query') return '';
    const shown = e.operands.map((operand) => this.expressions.show(operand));
    return shown.length === 1 ? (shown[0] as string) : `(${shown.join(', ')})`;
  }

  /** Names of collations are shown as they are, in quotes where they are not lower case. */
  #collation(part: Identifier): string {
    return quoteIdentifier(this.binder.display(part));
  }
}

/** What stands in FROM below the other clauses of a select. */
export function fromOf(project: NodeOf<'PROJECT'>): RelationNode {
  let at = project.source;
  while (at.op === 'WINDOWS' || at.op === 'FILTER' || at.op === 'GROUP') at = at.source;
  return at;
}
