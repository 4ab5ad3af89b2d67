/**
 * EXPLAIN: a physical plan as indented text or as a tree of properties, with estimates and, after ANALYZE, what really
 * happened per node.
 */
import type { Identifier } from '../../sblr/contract/names.ts';
import type { SqlValue } from '../../sblr/contract/values.ts';
import { SqlArray } from '../../sblr/contract/values.ts';
import { OPERATORS } from '../../sblr/operators.ts';
import type { BoundExpression } from '../binder/bound.ts';
import type { Measurement } from '../executor/operator.ts';
import { explainJson, explainXml, explainYaml } from './explain-formats.ts';
import { forEachOperand } from './expression-walk.ts';
import { BUFFERS, nodeProperties, relationProperties, relationText } from './explain-tree.ts';
import type { PhysicalPlan } from './plan.ts';
import type { PhysicalNode, PlanDetail } from './physical.ts';
import type { Planner } from './planner.ts';

export interface ExplainOptions {
  readonly analyze: boolean;
  readonly costs: boolean;
  readonly timing: boolean;
  readonly verbose: boolean;
  readonly buffers: boolean;
  readonly settings: boolean;
  readonly format: 'text' | 'json' | 'yaml' | 'xml';
  /** Name space of the elements of the XML form. */
  readonly namespace: string;
  readonly measurements?: Map<object, Measurement> | undefined;
  readonly planningMs?: number | undefined;
  readonly executionMs?: number | undefined;
  readonly display: (identifier: Identifier) => string;
}

const SYMBOLS: Readonly<Record<string, string>> = OPERATORS;
const COMPARISONS = {
  equal: '=',
  not_equal: '<>',
  less: '<',
  less_equal: '<=',
  greater: '>',
  greater_equal: '>=',
} as const;
/** Bytes assumed per column for the width estimate. */
const COLUMN_WIDTH = 8;

export function explainPlan(plan: PhysicalPlan, options: ExplainOptions): string[] {
  const explainer = new Explainer(plan.planner, options);
  if (options.format !== 'text') {
    const tree: Record<string, unknown> = { Plan: explainer.json(plan.root) };
    // No setting changes how plans are made.
    if (options.settings) tree['Settings'] = {};
    if (options.buffers) tree['Planning'] = BUFFERS;
    if (options.planningMs !== undefined) tree['Planning Time'] = round(options.planningMs);
    if (options.analyze) tree['Triggers'] = [];
    if (options.executionMs !== undefined) tree['Execution Time'] = round(options.executionMs);
    if (options.format === 'yaml') return [explainYaml(tree)];
    return [options.format === 'xml' ? explainXml(tree, options.namespace) : explainJson(tree)];
  }
  const lines = explainer.text(plan.root);
  if (options.planningMs !== undefined) lines.push(`Planning Time: ${options.planningMs.toFixed(3)} ms`);
  if (options.executionMs !== undefined) lines.push(`Execution Time: ${options.executionMs.toFixed(3)} ms`);
  return lines;
}

function cost(value: number): number {
  return Math.round(value * 100) / 100;
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

/** A node as shown: those without a title stand behind their child. */
interface Shown {
  readonly node: PhysicalNode;
  readonly details: readonly PlanDetail[];
  readonly subplans: readonly { readonly heading: string; readonly node: PhysicalNode }[];
}

class Explainer {
  readonly #planner: Planner;
  readonly #options: ExplainOptions;
  readonly #qualify: boolean;
  readonly #shownSubplans = new Set<number>();

  constructor(planner: Planner, options: ExplainOptions) {
    this.#planner = planner;
    this.#options = options;
    this.#qualify = planner.relations > 1 || options.verbose;
  }

  /** Skips nodes that only relabel, rearrange or compute; keeps the plans attached to them. */
  #visible(node: PhysicalNode): Shown {
    const subplans = [...(node.facts.subplans ?? [])];
    const details: PlanDetail[] = [...(node.facts.details ?? [])];
    let current = node;
    while (current.facts.title === '' && current.children.length === 1) {
      current = current.children[0];
      subplans.push(...(current.facts.subplans ?? []));
      if (current.facts.details !== undefined) details.push(...current.facts.details);
    }
    return {
      node: current,
      details: this.#options.verbose ? details : details.filter((detail) => detail.label !== 'Output'),
      subplans: [...subplans, ...this.#expressionPlans(details)],
    };
  }

  /** Subqueries inside the expressions of a node. */
  #expressionPlans(details: readonly PlanDetail[]): { heading: string; node: PhysicalNode }[] {
    const found: { heading: string; node: PhysicalNode }[] = [];
    const visit = (expression: BoundExpression): void => {
      if (expression.kind === 'subquery' || expression.kind === 'quantified_query') {
        for (const subplan of this.#planner.subplans) {
          if (subplan.plan !== expression.plan || this.#shownSubplans.has(subplan.number)) continue;
          this.#shownSubplans.add(subplan.number);
          found.push({ heading: `${subplan.initial ? 'InitPlan' : 'SubPlan'} ${subplan.number}`, node: subplan.node });
          break;
        }
      }
      forEachOperand(expression, visit);
    };
    for (const detail of details) for (const expression of detail.expressions ?? []) visit(expression);
    return found;
  }

  text(root: PhysicalNode): string[] {
    const lines: string[] = [];
    this.#write(root, '', '', lines);
    return lines;
  }

  #write(node: PhysicalNode, first: string, rest: string, lines: string[]): void {
    const shown = this.#visible(node);
    lines.push(
      `${first}${shown.node.facts.title}${relationText(shown.node.facts.reads)}${this.#figures(node, shown.node)}`,
    );
    const indent = `${rest}  `;
    for (const detail of shown.details) lines.push(`${indent}${detail.label}: ${this.#detail(detail)}`);
    for (const subplan of shown.subplans) {
      lines.push(`${indent}${subplan.heading}`);
      this.#write(subplan.node, `${indent}  ->  `, `${indent}      `, lines);
    }
    for (const child of shown.node.children) this.#write(child, `${indent}->  `, `${indent}    `, lines);
  }

  #figures(estimated: PhysicalNode, node: PhysicalNode): string {
    const parts: string[] = [];
    if (this.#options.costs) {
      parts.push(
        `(cost=${estimated.startup.toFixed(2)}..${estimated.total.toFixed(2)} rows=${Math.round(estimated.rows)} width=${node.width * COLUMN_WIDTH})`,
      );
    }
    if (this.#options.analyze) {
      const measured = this.#options.measurements?.get(node);
      if (measured === undefined || measured.loops === 0) parts.push('(never executed)');
      else {
        const time = this.#options.timing
          ? `time=${(measured.startup / measured.loops).toFixed(3)}..${(measured.total / measured.loops).toFixed(3)} `
          : '';
        parts.push(`(actual ${time}rows=${Math.round(measured.rows / measured.loops)} loops=${measured.loops})`);
      }
    }
    return parts.length === 0 ? '' : `  ${parts.join(' ')}`;
  }

  #detail(detail: PlanDetail): string {
    const expressions = (detail.expressions ?? []).map((expression) => this.#expression(expression));
    if (detail.label === 'Sort Key') {
      const directions = (detail.text ?? '').split(',');
      return expressions.map((text, at) => `${text}${directions[at] ?? ''}`).join(', ');
    }
    if (detail.label === 'Group Key' || detail.label === 'Output') return expressions.join(', ');
    if (detail.text !== undefined) return detail.text;
    return expressions.length === 1 ? parenthesise(expressions[0]) : `(${expressions.map(parenthesise).join(' AND ')})`;
  }

  json(node: PhysicalNode, relationship?: string, subplan?: string): Record<string, unknown> {
    const shown = this.#visible(node);
    const { facts } = shown.node;
    const modifies = facts.reads !== undefined && facts.children !== undefined;
    const result: Record<string, unknown> = { ...nodeProperties(facts.title, modifies) };
    if (relationship !== undefined) result['Parent Relationship'] = relationship;
    if (subplan !== undefined) result['Subplan Name'] = subplan;
    result['Parallel Aware'] = false;
    result['Async Capable'] = false;
    Object.assign(result, relationProperties(facts.reads));
    if (this.#options.costs) {
      result['Startup Cost'] = cost(node.startup);
      result['Total Cost'] = cost(node.total);
      result['Plan Rows'] = Math.round(node.rows);
      result['Plan Width'] = shown.node.width * COLUMN_WIDTH;
    }
    if (this.#options.analyze) Object.assign(result, this.#measured(shown.node));
    for (const detail of shown.details) result[detail.label] = this.#property(detail);
    if (this.#options.buffers) Object.assign(result, BUFFERS);
    const { children } = shown.node;
    const plans = [
      ...shown.subplans.map(({ heading, node: one }) =>
        this.json(one, heading.startsWith('SubPlan') ? 'SubPlan' : 'InitPlan', heading),
      ),
      ...children.map((child, at) =>
        this.json(child, facts.title === 'Append' ? 'Member' : at === 0 ? 'Outer' : 'Inner'),
      ),
    ];
    if (plans.length > 0) result['Plans'] = plans;
    return result;
  }

  #measured(node: PhysicalNode): Record<string, unknown> {
    const measured = this.#options.measurements?.get(node);
    const loops = measured?.loops ?? 0;
    const { timing } = this.#options;
    if (measured === undefined || loops === 0)
      return {
        ...(timing ? { 'Actual Startup Time': 0, 'Actual Total Time': 0 } : {}),
        'Actual Rows': 0,
        'Actual Loops': 0,
      };
    return {
      ...(timing
        ? {
            'Actual Startup Time': round(measured.startup / loops),
            'Actual Total Time': round(measured.total / loops),
          }
        : {}),
      'Actual Rows': Math.round(measured.rows / loops),
      'Actual Loops': loops,
    };
  }

  /** A detail as a property: lists stay lists. */
  #property(detail: PlanDetail): unknown {
    const expressions = (detail.expressions ?? []).map((expression) => this.#expression(expression));
    if (detail.label === 'Sort Key') {
      const directions = (detail.text ?? '').split(',');
      return expressions.map((text, at) => `${text}${directions[at] ?? ''}`);
    }
    if (detail.label === 'Group Key' || detail.label === 'Output') return expressions;
    if (detail.label === 'Vectorized') return true;
    return this.#detail(detail);
  }

  #expression(expression: BoundExpression): string {
    const show = (operand: BoundExpression): string => parenthesiseUnlessSimple(this.#expression(operand), operand);
    switch (expression.kind) {
      case 'constant':
        return constantText(expression.value, expression.type);
      case 'parameter':
        return `$${expression.index + 1}`;
      case 'column':
        return this.#column(expression.id);
      case 'variable':
        return expression.name;
      case 'compare':
        return `${show(expression.left)} ${COMPARISONS[expression.operator]} ${show(expression.right)}`;
      case 'call':
        return this.#call(expression, show);
      case 'routine':
        return `${this.#options.display(expression.routine.name)}(${expression.arguments.map((argument) => this.#expression(argument)).join(', ')})`;
      case 'cast':
        return expression.context === 'implicit'
          ? show(expression.operand)
          : `${show(expression.operand)}::${expression.type.declared ?? expression.type.kind}`;
      case 'and':
      case 'or':
        return expression.operands
          .map((operand) => parenthesise(this.#expression(operand)))
          .join(expression.kind === 'and' ? ' AND ' : ' OR ');
      case 'not':
        return `NOT ${show(expression.operand)}`;
      case 'is_null':
        return `${show(expression.operand)} IS ${expression.negated ? 'NOT ' : ''}NULL`;
      case 'is_truth':
        return `${show(expression.operand)} IS ${expression.negated ? 'NOT ' : ''}${expression.truth.toUpperCase()}`;
      case 'is_distinct':
        return `${show(expression.left)} IS ${expression.negated ? 'NOT ' : ''}DISTINCT FROM ${show(expression.right)}`;
      case 'in_list':
        return `${show(expression.operand)} ${expression.negated ? '<> ALL' : '= ANY'} (${expression.items.map((item) => this.#expression(item)).join(', ')})`;
      case 'quantified_array':
        return `${show(expression.operand)} ${expression.test.kind === 'compare' ? COMPARISONS[expression.test.operator] : ''} ${expression.quantifier.toUpperCase()} (${this.#expression(expression.array)})`;
      case 'case':
        return 'CASE ... END';
      case 'coalesce':
        return `COALESCE(${expression.operands.map((operand) => this.#expression(operand)).join(', ')})`;
      case 'extremum':
        return `${expression.which.toUpperCase()}(${expression.operands.map((operand) => this.#expression(operand)).join(', ')})`;
      case 'array':
        return `ARRAY[${expression.items.map((item) => this.#expression(item)).join(', ')}]`;
      case 'row':
        return `ROW(${expression.items.map((item) => this.#expression(item)).join(', ')})`;
      case 'subquery':
      case 'quantified_query':
        return this.#subplanName(expression);
      case 'let':
        return this.#expression(expression.body);
      default:
        return expression.kind;
    }
  }

  #subplanName(expression: BoundExpression & { kind: 'subquery' | 'quantified_query' }): string {
    const subplan = this.#planner.subplans.find((one) => one.plan === expression.plan);
    const name =
      subplan === undefined
        ? 'SubPlan'
        : subplan.initial && expression.kind === 'subquery'
          ? `$${subplan.number - 1}`
          : `SubPlan ${subplan.number}`;
    return expression.kind === 'quantified_query' && expression.negated ? `NOT (hashed ${name})` : name;
  }

  #column(id: number): string {
    const origin = this.#planner.origins.get(id);
    const alias = this.#planner.aliases.get(id);
    const name = origin?.name ?? `column${id}`;
    return this.#qualify && alias !== undefined && alias !== '' ? `${alias}.${name}` : name;
  }

  #call(expression: BoundExpression & { kind: 'call' }, show: (operand: BoundExpression) => string): string {
    const { name } = expression.function;
    const symbol = 'operator' in expression.function && expression.function.operator ? SYMBOLS[name] : undefined;
    if (symbol !== undefined && expression.arguments.length === 2)
      return `${show(expression.arguments[0])} ${symbol} ${show(expression.arguments[1])}`;
    if (symbol !== undefined && expression.arguments.length === 1) return `${symbol} ${show(expression.arguments[0])}`;
    return `${name}(${expression.arguments.map((argument) => this.#expression(argument)).join(', ')})`;
  }
}

function parenthesise(text: string): string {
  return text.startsWith('(') && text.endsWith(')') ? text : `(${text})`;
}

function parenthesiseUnlessSimple(text: string, expression: BoundExpression): string {
  switch (expression.kind) {
    case 'constant':
    case 'parameter':
    case 'column':
    case 'variable':
    case 'coalesce':
    case 'array':
    case 'subquery':
    case 'extremum':
    case 'case':
      return text;
    case 'cast':
      return expression.context === 'implicit' ? text : `(${text})`;
    case 'call':
      return /[ ]/.test(text) && !text.endsWith(')') ? `(${text})` : text;
    default:
      return `(${text})`;
  }
}

function constantText(value: SqlValue, type: BoundExpression['type']): string {
  if (value === null) return `NULL::${type.declared ?? type.kind}`;
  if (typeof value === 'string') return `'${value.replaceAll("'", "''")}'::${type.declared ?? type.kind}`;
  if (value instanceof SqlArray) return `'{${value.items.map(String).join(',')}}'`;
  return String(value);
}
