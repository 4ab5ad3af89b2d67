/**
 * Stored expressions as catalog views show them. Rendering binds the expression, so results are kept
 * per definition object: a changed table is another object and is rendered anew.
 */
import type {
  ColumnDefinition,
  IndexDefinition,
  ObjectId,
  RoutineDefinition,
  RoutineParameter,
  StoredExpression,
  TableDefinition,
  UserTypeDefinition,
  ViewDefinition,
} from '../catalog/definitions.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { bindForRendering, renderExpression } from '../binder/render.ts';
import { renderView } from '../binder/render-query.ts';
import { domainScope, valueScope } from '../catalog/value-scope.ts';
import type { Session } from './session.ts';

export class RenderedCatalog {
  readonly #session: Session;
  readonly #texts = new WeakMap<StoredExpression, string>();
  readonly #prettyTexts = new WeakMap<StoredExpression, string>();

  constructor(session: Session) {
    this.#session = session;
  }

  /** `pretty`: only the parentheses that are needed. */
  #render(stored: StoredExpression, table: TableDefinition, pretty = false): string {
    const known = pretty ? this.#prettyTexts : this.#texts;
    let text = known.get(stored);
    if (text === undefined) {
      try {
        text = renderExpression(bindForRendering(stored, table, this.#session.bindContextFor()), {
          ...this.#session.renderOptions(),
          pretty,
        });
      } catch (error) {
        if (!(error instanceof SqlError)) throw error;
        text = stored.text;
      }
      known.set(stored, text);
    }
    return text;
  }

  /** The query of a view, from its program and with the names of today; the source where that fails. */
  view(view: ViewDefinition, pretty: boolean, wrapColumn: number): string {
    try {
      const options = { ...this.#session.renderOptions(), pretty, wrapColumn };
      return `${renderView(view, this.#session.bindContextFor(), options)};`;
    } catch (error) {
      if (!(error instanceof SqlError)) throw error;
      return ` ${view.text.trim().replace(/;$/, '')};`;
    }
  }

  defaultText(table: TableDefinition, column: ColumnDefinition): string | null {
    if (column.defaultValue !== undefined) return this.#render(column.defaultValue, table);
    if (column.sequenceId === undefined || column.identity !== 'none') return null;
    const name = this.#session.introspectionHooks.referenceText('relation', column.sequenceId);
    return name === undefined ? null : `nextval('${name.replaceAll("'", "''")}'::regclass)`;
  }

  /** The same expression of this table with only the parentheses it needs. */
  prettyText(table: TableDefinition, text: string): string {
    for (const column of table.columns) {
      if (column.defaultValue !== undefined && this.#render(column.defaultValue, table) === text)
        return this.#render(column.defaultValue, table, true);
    }
    for (const index of table.indexes) {
      if (index.predicate !== undefined && withParentheses(this.#render(index.predicate, table)) === text)
        return this.#render(index.predicate, table, true);
    }
    for (const constraint of table.constraints) {
      if (constraint.check !== undefined && withParentheses(this.#render(constraint.check, table)) === text)
        return this.#render(constraint.check, table, true);
    }
    return text;
  }

  check(table: TableDefinition, constraintId: ObjectId, pretty: boolean): string | null {
    const constraint = table.constraints.find((one) => one.id === constraintId);
    if (constraint?.check === undefined) return null;
    return pretty
      ? this.#render(constraint.check, table, true)
      : withParentheses(this.#render(constraint.check, table));
  }

  index(id: ObjectId): { readonly expressions: string | null; readonly predicate: string | null } {
    const found = this.#find(id);
    if (found === undefined) return { expressions: null, predicate: null };
    const expressions = found.index.keys
      .filter((key) => key.expression !== undefined)
      .map((key) => this.#render(key.expression!, found.table));
    return {
      expressions: expressions.length === 0 ? null : expressions.join(', '),
      predicate:
        found.index.predicate === undefined ? null : withParentheses(this.#render(found.index.predicate, found.table)),
    };
  }

  predicate(id: ObjectId, pretty: boolean): string | null {
    const found = this.#find(id);
    if (found?.index.predicate === undefined) return null;
    return pretty
      ? this.#render(found.index.predicate, found.table, true)
      : withParentheses(this.#render(found.index.predicate, found.table));
  }

  indexExpression(id: ObjectId, at: number, pretty: boolean): string {
    const found = this.#find(id);
    const expression = found?.index.keys[at]?.expression;
    if (found === undefined || expression === undefined) return '';
    const text = this.#render(expression, found.table, pretty);
    return /^[a-z_"][\w".]*\(.*\)$/i.test(text) ? text : `(${text})`;
  }

  /** A default as a column of the parameter's type would have it. */
  parameterDefault(routine: RoutineDefinition, parameter: RoutineParameter): string | null {
    const { defaultValue, type } = parameter;
    if (defaultValue === undefined) return null;
    const scope = valueScope(routine, type);
    return this.#render(defaultValue, { ...scope, columns: [{ ...scope.columns[0]!, defaultValue }] });
  }

  #find(id: ObjectId): { readonly table: TableDefinition; readonly index: IndexDefinition } | undefined {
    const index = this.#session.catalog.get(id);
    if (index?.kind !== 'index') return undefined;
    const table = this.#session.catalog.get(index.tableId);
    return table?.kind === 'table' ? { table, index } : undefined;
  }

  domainCheck(id: ObjectId, at: number, pretty: boolean): string | undefined {
    const type = this.#session.catalog.get(id);
    const check = type?.kind === 'type' ? type.checks[at] : undefined;
    if (type?.kind !== 'type' || check === undefined) return undefined;
    const text = this.#render(check.expression, domainScope(type), pretty);
    return `CHECK (${(pretty ? text : withParentheses(text)).replaceAll(/\bvalue\b/g, 'VALUE')})`;
  }

  domain(id: ObjectId): { readonly defaultValue: string | null; readonly checks: readonly (string | null)[] } {
    const type = this.#session.catalog.get(id) as UserTypeDefinition;
    const scope = domainScope(type);
    return {
      defaultValue: type.defaultValue === undefined ? null : this.#render(type.defaultValue, scope),
      checks: type.checks.map((_check, at) => this.domainCheck(id, at, false) ?? null),
    };
  }
}

function withParentheses(text: string): string {
  return text.startsWith('(') && closesAtEnd(text) ? text : `(${text})`;
}

/** Does the first parenthesis close at the very end? */
function closesAtEnd(text: string): boolean {
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (character === "'") quoted = !quoted;
    if (quoted) continue;
    if (character === '(') depth++;
    else if (character === ')' && --depth === 0) return i === text.length - 1;
  }
  return false;
}
