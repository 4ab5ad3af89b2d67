/**
 * Bound expressions as text in standard SQL with ::type casts, as catalog views show defaults, checks
 * and index expressions. Conversions that the binder inserted are shown inside operators and calls, and
 * left out at the top.
 */
import { TEXT, type ReferenceTarget, type SqlType } from '../../sblr/contract/types.ts';
import { DEFAULT_TEXT_SETTINGS } from '../../sblr/contract/text/settings.ts';
import { textFormatter, textParser } from '../../sblr/contract/text/text-io.ts';
import {
  Bits,
  Decimal,
  Interval,
  Jsonb,
  SqlArray,
  SqlRecord,
  TimeTz,
  type SqlValue,
} from '../../sblr/contract/values.ts';
import { OPERATORS } from '../../sblr/operators.ts';
import type { StoredExpression, TableDefinition } from '../catalog/definitions.ts';
import type { FunctionDefinition } from '../functions/function.ts';
import type { BoundExpression, ColumnId, OutputColumn } from './bound.ts';
import { Binder, newShared, type BindContext } from './context.ts';
import { Layout } from './render-layout.ts';
import { bindRelation } from './query.ts';
import { quoteIdentifier } from './quote-identifier.ts';
import { bindStoredOver } from './stored.ts';
import { isDomain, typeIdentity, typeName, withoutModifiers } from './type-facts.ts';

export interface RenderOptions {
  /** Leave out parentheses that are not needed. */
  readonly pretty?: boolean | undefined;
  /** Name of a type as the session shows it; absent or undefined = the standard name. */
  readonly typeName?: ((type: SqlType) => string | undefined) | undefined;
  /** The dialect's name of a primitive. */
  readonly functionName?: ((primitive: string) => string | undefined) | undefined;
  readonly referenceText?: ((target: ReferenceTarget, id: number) => string | undefined) | undefined;
  readonly columnName?: ((id: ColumnId) => string | undefined) | undefined;
  /** Line breaks inside expressions; absent = everything on one line. */
  readonly layout?: Layout | undefined;
  /** Text of what an expression alone cannot tell: columns of a query, subqueries, forms as written. */
  readonly special?: ((e: BoundExpression, renderer: Renderer) => string | undefined) | undefined;
}

/** An expression together with the names of its columns. */
export interface Rendering {
  readonly expression: BoundExpression;
  readonly names: ReadonlyMap<ColumnId, string>;
}

/** Binds a stored expression as it was written; a column's default is assigned to the column's type. */
export function bindForRendering(stored: StoredExpression, table: TableDefinition, context: BindContext): Rendering {
  const binder = new Binder({ ...context, fold: false }, newShared(context, table.columns.length + 1), bindRelation);
  const columns: OutputColumn[] = table.columns
    .filter((column) => !column.dropped)
    .map((column) => ({
      id: column.position,
      name: binder.display(column.name),
      type: column.type,
      tableId: table.id,
      position: column.position,
    }));
  const owner = table.columns.find((column) => column.defaultValue === stored);
  const expression = bindStoredOver(
    binder,
    stored,
    table,
    columns,
    owner === undefined ? 'generated' : 'default',
    owner?.type,
  );
  return { expression, names: new Map(columns.map((column) => [column.id, column.name])) };
}

export function renderExpression(bound: BoundExpression | Rendering, options: RenderOptions): string {
  const layout = new Layout(0);
  if (!('expression' in bound)) return layout.finish(new Renderer({ ...options, layout }).show(topLevel(bound)));
  const { names } = bound;
  const columnName: RenderOptions['columnName'] = (id) => options.columnName?.(id) ?? names.get(id);
  return layout.finish(new Renderer({ ...options, columnName, layout }).show(topLevel(bound.expression)));
}

/** The conversion to a column's type is not shown. */
function topLevel(expression: BoundExpression): BoundExpression {
  let at = expression;
  while (
    at.kind === 'cast' &&
    (at.context === 'assignment' || at.context === 'implicit') &&
    !(at.operand.kind === 'constant' && at.operand.type.kind === 'unknown')
  ) {
    // A literal for a domain's column is one of the domain's base type.
    if (at.operand.kind === 'constant' && isDomain(at.type) && at.operand.type.declared === at.type.declared)
      return { ...at.operand, type: withoutDomain(at.operand.type) };
    at = at.operand;
  }
  return at;
}

/** Zero-argument functions with a keyword of their own. */
const KEYWORD_FUNCTIONS: ReadonlySet<string> = new Set([
  'current_timestamp',
  'current_date',
  'current_time',
  'localtimestamp',
  'localtime',
  'current_user',
  'session_user',
  'current_schema',
  'current_role',
  'current_catalog',
]);

/** A backslash stands for itself. */
function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

export class Renderer {
  readonly #options: RenderOptions;
  /** Values that parts of an expression share, by the column that stands for them. */
  readonly #shared = new Map<ColumnId, BoundExpression>();

  constructor(options: RenderOptions) {
    this.#options = options;
  }

  #type(type: SqlType): string {
    return this.#options.typeName?.(type) ?? typeName(type, true);
  }

  /** A type without length: fixed-length strings have a name of their own for that. */
  plainType(type: SqlType): string {
    return type.kind === 'text' && type.fixed === true && type.length === undefined
      ? typeName(type, true)
      : this.#type(type);
  }

  list(items: readonly BoundExpression[]): string {
    return items.map((item) => this.show(item)).join(', ');
  }

  /** An output or a sort key: a constant says its type. */
  showTyped(e: BoundExpression): string {
    if (e.kind !== 'constant') return this.show(e);
    return this.#constant(e.value, e.type.kind === 'unknown' ? TEXT : e.type);
  }

  /** Arguments of an aggregate or window function, converted where its parameters ask for it. */
  showArguments(definition: FunctionDefinition, items: readonly BoundExpression[]): string {
    return items.map((item, i) => this.showArgument(definition, item, i)).join(', ');
  }

  showArgument(definition: FunctionDefinition, item: BoundExpression, at: number): string {
    return this.#operand(item, parameterType(definition, at) ?? item.type);
  }

  functionName(definition: FunctionDefinition): string {
    return quoteFunction(this.#options.functionName?.(definition.name) ?? definition.name);
  }

  #resolve(e: BoundExpression): BoundExpression {
    return (e.kind === 'column' ? this.#shared.get(e.id) : undefined) ?? e;
  }

  show(given: BoundExpression): string {
    const e = this.#resolve(given);
    const special = this.#options.special?.(e, this);
    if (special !== undefined) return special;
    switch (e.kind) {
      case 'constant':
        return this.#constant(e.value, e.type);
      case 'parameter':
        return `$${e.index + 1}`;
      case 'column':
        return quoteIdentifier(this.#options.columnName?.(e.id) ?? `column${e.id}`);
      case 'variable':
        return quoteIdentifier(e.name);
      case 'set_variable':
        return `(${quoteIdentifier(e.name)} := ${this.show(e.value)})`;
      case 'compare':
        return this.#own(
          `${this.#part(e.left, e, e.operandType)} ${OPERATORS[e.operator]} ${this.#part(e.right, e, e.operandType)}`,
        );
      case 'call':
        return this.#call(e);
      case 'routine':
        return `${this.#options.referenceText?.('routine', e.routine.id) ?? quoteIdentifier(e.routine.name.text)}(${this.list(e.arguments)})`;
      case 'cast':
        return this.#cast(e);
      case 'and':
      case 'or':
        return this.#own(e.operands.map((operand) => this.#part(operand, e)).join(e.kind === 'and' ? ' AND ' : ' OR '));
      case 'not':
        return this.#own(`NOT ${this.#part(e.operand, e)}`);
      case 'is_null':
        return this.#own(`${this.#part(e.operand, e)} IS ${e.negated ? 'NOT ' : ''}NULL`);
      case 'is_truth':
        return this.#own(`${this.#part(e.operand, e)} IS ${e.negated ? 'NOT ' : ''}${e.truth.toUpperCase()}`);
      case 'is_distinct':
        return this.#distinct(e);
      case 'in_list':
        return this.#inList(e);
      case 'quantified_array':
        return this.#quantified(e);
      case 'case':
        return this.case(e, undefined);
      case 'let':
        this.#shared.set(e.id, e.value);
        return this.show(e.body);
      case 'coalesce':
        return `COALESCE(${this.list(e.operands)})`;
      case 'extremum':
        return `${e.which.toUpperCase()}(${this.list(e.operands)})`;
      case 'array':
        return e.items.length === 0 ? `ARRAY[]::${this.#type(e.type)}` : `ARRAY[${this.list(e.items)}]`;
      case 'row':
        return `ROW(${this.list(e.items)})`;
      case 'field':
        return `(${this.show(e.operand)}).${quoteIdentifier(e.operand.type.fields?.[e.index]?.name ?? `f${e.index + 1}`)}`;
      case 'subscript':
        return `${e.operand.kind === 'column' ? this.show(e.operand) : `(${this.show(e.operand)})`}${e.steps.map((step) => this.#step(step)).join('')}`;
      case 'next_value':
        return `nextval('${this.#options.referenceText?.('relation', e.sequenceId) ?? String(e.sequenceId)}'::regclass)`;
      case 'subquery':
      case 'quantified_query':
        return '(SELECT ...)';
    }
  }

  #distinct(e: BoundExpression & { kind: 'is_distinct' }): string {
    const test = this.#own(
      `${this.#part(e.left, e, e.operandType)} IS DISTINCT FROM ${this.#part(e.right, e, e.operandType)}`,
    );
    return e.negated ? this.#own(`NOT ${test}`) : test;
  }

  #step(step: {
    readonly slice: boolean;
    readonly lower: BoundExpression | undefined;
    readonly upper: BoundExpression | undefined;
  }): string {
    const lower = step.lower === undefined ? '' : this.show(step.lower);
    return step.slice ? `[${lower}:${step.upper === undefined ? '' : this.show(step.upper)}]` : `[${lower}]`;
  }

  /** An operator's text: parentheses come from its parent when only the needed ones are shown. */
  #own(text: string): string {
    return this.#options.pretty === true ? text : `(${text})`;
  }

  #part(given: BoundExpression, parent: BoundExpression, wanted: SqlType = given.type, at = 0): string {
    const e = this.#resolve(given);
    const shown = this.#operand(e, wanted);
    return this.#options.pretty === true && isOperator(e) && !bindsTighter(e, parent, at) && !shown.endsWith(')::text')
      ? `(${shown})`
      : shown;
  }

  /** An operand of an operator or call: strings that take part as text are shown converted. */
  #operand(given: BoundExpression, wanted: SqlType): string {
    const e = this.#resolve(given);
    const shown = this.show(e);
    if (e.kind === 'constant' || e.type.kind === 'unknown') return shown;
    const from = typeIdentity(e.type);
    const to = typeIdentity(wanted);
    if (from === to) return shown;
    if (wanted.kind === 'text' && to === 'text' && from === 'varchar')
      return this.#options.pretty === true && !isOperator(e) ? `${shown}::text` : `(${shown})::text`;
    return shown;
  }

  #cast(e: BoundExpression & { kind: 'cast' }): string {
    const { operand } = e;
    if (operand.kind === 'constant' && (operand.type.kind === 'unknown' || operand.value === null)) {
      const plain = withoutModifiers(e.type);
      const literal = operand.value === null ? 'NULL' : quoteText(canonicalText(String(operand.value), plain));
      // A literal that became a number or truth value is shown as one.
      if (operand.value !== null && e.type.kind === 'bool')
        return canonicalText(String(operand.value), plain).startsWith('t') ? 'true' : 'false';
      if (operand.value !== null && e.type.kind === 'int32' && /^\d+$/.test(String(operand.value).trim()))
        return String(Number(operand.value));
      // Only a cast that was written shows the length it cuts to.
      return `${literal}::${e.context === 'explicit' ? this.#type(e.type) : this.plainType(plain)}`;
    }
    return `${this.#options.pretty === true ? this.#part(operand, e) : `(${this.show(operand)})`}::${this.#type(e.type)}`;
  }

  #call(e: BoundExpression & { kind: 'call' }): string {
    const { function: definition } = e;
    const pattern = (i: number): SqlType | undefined => parameterType(definition, i);
    const shown = e.arguments.map((argument, i) => this.#operand(argument, pattern(i) ?? argument.type));
    if (definition.operator) {
      const symbol = OPERATORS[definition.name as keyof typeof OPERATORS] ?? definition.name;
      const parts = e.arguments.map((argument, i) => this.#part(argument, e, pattern(i) ?? argument.type, i));
      return this.#own(parts.length === 1 ? `${symbol} ${parts[0]}` : `${parts[0]} ${symbol} ${parts[1]}`);
    }
    if (shown.length === 0 && KEYWORD_FUNCTIONS.has(definition.name)) return definition.name.toUpperCase();
    const [first] = e.arguments;
    if (definition.name === 'extract' && first?.kind === 'constant')
      return `EXTRACT(${String(first.value)} FROM ${shown[1]})`;
    const name = this.#options.functionName?.(definition.name) ?? definition.name;
    const words = keywordCall(
      name,
      e.arguments.map((argument) => this.show(argument)),
    );
    if (words !== undefined) return words;
    if (name === 'timezone' && shown.length === 2) return `(${shown[1]} AT TIME ZONE ${shown[0]})`;
    return `${quoteFunction(name)}(${shown.join(', ')})`;
  }

  #inList(e: BoundExpression & { kind: 'in_list' }): string {
    const varchar = typeIdentity(e.operand.type) === 'varchar' && e.operandType.kind === 'text';
    const items = e.items.map((item) =>
      varchar && item.kind === 'constant'
        ? this.#constant(item.value, { kind: 'text', declared: 'varchar' })
        : this.show(item),
    );
    const list = `ARRAY[${items.join(', ')}]`;
    return this.#own(
      `${this.#part(e.operand, e, e.operandType)} ${e.negated ? '<> ALL' : '= ANY'} (${varchar ? (this.#options.pretty === true ? `${list}::text[]` : `(${list})::text[]`) : list})`,
    );
  }

  #quantified(e: BoundExpression & { kind: 'quantified_array' }): string {
    const { test } = e;
    const symbol =
      test.kind === 'compare'
        ? OPERATORS[test.operator]
        : test.kind === 'call'
          ? (OPERATORS[test.function.name as keyof typeof OPERATORS] ?? test.function.name)
          : '=';
    const wanted = test.kind === 'compare' ? test.operandType : e.operand.type;
    return this.#own(
      `${this.#part(e.operand, e, wanted)} ${symbol} ${e.quantifier.toUpperCase()} (${this.show(e.array)})`,
    );
  }

  /** CASE; with an operand the conditions are comparisons with it, and only their right sides are shown. */
  case(e: BoundExpression & { kind: 'case' }, operand: BoundExpression | undefined): string {
    const layout = this.#options.layout ?? new Layout(0, false);
    const space = layout.active ? '' : ' ';
    let text = `${layout.line('CASE', 0, 4)}${operand === undefined ? '' : ` ${this.show(operand)}`}`;
    for (const { condition, result } of e.whens) {
      const when = operand !== undefined && condition.kind === 'compare' ? condition.right : condition;
      text += `${space}${layout.line('WHEN ', 0, 0)}${this.show(when)} THEN ${this.showTyped(result)}`;
    }
    const none = (): string => `NULL::${this.#type(withoutModifiers(e.type))}`;
    text += `${space}${layout.line('ELSE ', 0, 0)}${e.otherwise === undefined ? none() : this.showTyped(e.otherwise)}`;
    return `${text}${space}${layout.line('END', -4, 0)}`;
  }

  #constant(value: SqlValue, type: SqlType): string {
    const label = (): string => `::${this.plainType(withoutModifiers(type))}`;
    if (value === null) return type.kind === 'unknown' ? 'NULL' : `NULL${label()}`;
    if (typeof value === 'boolean') return value ? 'true' : 'false';
    switch (type.kind) {
      case 'int32':
        return Number(value) < 0 ? `'${String(value)}'::integer` : String(value);
      case 'decimal': {
        const text = String(value);
        return /^\d*\.\d+$/.test(text) ? text : `'${text}'${label()}`;
      }
      case 'unknown':
        return quoteText(String(value));
      case 'reference': {
        const name = this.#options.referenceText?.(type.target ?? 'relation', Number(value));
        return `'${name ?? String(value)}'${label()}`;
      }
      default:
        return `${quoteText(plainText(value))}${label()}`;
    }
  }
}

const OPERATOR_KINDS: ReadonlySet<BoundExpression['kind']> = new Set([
  'compare',
  'and',
  'or',
  'not',
  'is_null',
  'is_truth',
  'is_distinct',
  'in_list',
  'quantified_array',
]);

/** Is the expression written with operators, so that it may need parentheses inside another? */
function isOperator(e: BoundExpression): boolean {
  return OPERATOR_KINDS.has(e.kind) || (e.kind === 'call' && e.function.operator);
}

/** 1 for sums, 2 for products, 0 for all other operators. */
function priority(e: BoundExpression): number {
  if (e.kind !== 'call' || e.arguments.length !== 2) return 0;
  const symbol = OPERATORS[e.function.name as keyof typeof OPERATORS] ?? e.function.name;
  return symbol === '+' || symbol === '-' ? 1 : symbol === '*' || symbol === '/' || symbol === '%' ? 2 : 0;
}

/** Does a child stand in its parent without parentheses? */
function bindsTighter(child: BoundExpression, parent: BoundExpression, at: number): boolean {
  switch (parent.kind) {
    case 'and':
    case 'or':
      if (child.kind === 'or') return parent.kind === 'or';
      return child.kind !== 'in_list' && child.kind !== 'quantified_array';
    case 'not':
      return (
        child.kind !== 'and' &&
        child.kind !== 'or' &&
        child.kind !== 'not' &&
        child.kind !== 'in_list' &&
        child.kind !== 'quantified_array'
      );
    case 'call': {
      const inner = priority(child);
      const outer = priority(parent);
      return inner > 0 && outer > 0 && (inner > outer || (inner === outer && at === 0));
    }
    default:
      return false;
  }
}

/** A literal as its type prints it, unless it depends on the time of reading. */
function canonicalText(text: string, type: SqlType): string {
  if (type.kind === 'text' || type.kind === 'reference' || /now|today|tomorrow|yesterday/i.test(text)) return text;
  try {
    return textFormatter(type, DEFAULT_TEXT_SETTINGS)(textParser(type, DEFAULT_TEXT_SETTINGS)(text));
  } catch {
    return text;
  }
}

/** Functions of the standard whose arguments are told by words; conversions of the arguments are not shown. */
function keywordCall(name: string, shown: readonly string[]): string | undefined {
  const [first, second, third, fourth] = shown;
  if (name === 'position' && shown.length === 2) return `POSITION((${first}) IN (${second}))`;
  if (name === 'btrim') return `TRIM(BOTH ${second === undefined ? '' : `${second} `}FROM ${first})`;
  if (name === 'overlay')
    return `OVERLAY(${first} PLACING ${second} FROM ${third}${fourth === undefined ? '' : ` FOR ${fourth}`})`;
  return undefined;
}

function quoteFunction(name: string): string {
  return quoteIdentifier(name);
}

function plainText(value: SqlValue): string {
  if (value instanceof Decimal) return value.toString();
  if (value instanceof Jsonb || value instanceof Bits) return value.text;
  if (value instanceof SqlArray)
    return `{${value.items.map((item) => (item === null ? 'NULL' : plainText(item))).join(',')}}`;
  if (value instanceof Interval || value instanceof TimeTz || value instanceof SqlRecord) return String(value);
  return String(value);
}

function withoutDomain(type: SqlType): SqlType {
  const { typeId: _domain, declared: _name, ...base } = type;
  return base;
}

function parameterType(definition: FunctionDefinition, at: number): SqlType | undefined {
  const found = definition.parameters[Math.min(at, definition.parameters.length - 1)];
  return typeof found === 'string' ? undefined : found;
}
