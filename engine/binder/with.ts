/**
 * WITH: common table expressions, recursive ones and those that modify data.
 */
import { identifierKey, type Identifier } from '../../sblr/contract/names.ts';
import type { NodeOf, RelationNode } from '../../sblr/nodes.ts';
import type { CteDefinition, LogicalPlan, OutputColumn } from './bound.ts';
import type { Binder, BoundRelation, CteBinding } from './context.ts';
import { fail } from './errors.ts';
import { aliasColumns } from './range-entries.ts';
import { coerceLeniently, convertsLeniently, isLenient } from './lenient-coerce.ts';
import { isInteger, UNSIGNED_WIDE, WIDE } from './lenient-types.ts';
import { coerceOutputs, convertOutputs, plainRelation, resolveOutputs } from './outputs.ts';
import type { Scope } from './scope.ts';
import { outputPositions } from './set-operation.ts';
import { sameIdentity, typeName } from './type-facts.ts';

export function bindWith(
  binder: Binder,
  node: NodeOf<'WITH'>,
  outer: Scope | undefined,
  ctes: CteBinding | undefined,
  keepUnknown: boolean,
): BoundRelation {
  const definitions: CteDefinition[] = [];
  const seen = new Set<string>();
  let chain = ctes;
  for (const cte of node.ctes) {
    const key = identifierKey(cte.name);
    const display = binder.display(cte.name);
    if (seen.has(key)) fail('duplicate_alias', `WITH query name "${display}" specified more than once`, cte.pos);
    seen.add(key);
    const modifies = isModification(cte.query);
    if (modifies && outer !== undefined)
      fail(
        'feature_not_supported',
        'WITH clause containing a data-modifying statement must be at the top level',
        cte.pos,
      );
    const id = binder.shared.nextCte++;
    const recursive = node.recursive && mentions(cte.query, key);
    const bound = recursive
      ? bindRecursive(binder, cte, id, outer, chain)
      : namedColumns(binder, cte, binder.bindRelation(binder, cte.query, outer, chain));
    definitions.push({ id, name: display, plan: bound.plan, materialized: cte.materialized, modifies });
    const noRows = modifies && bound.columns.length === 0;
    chain = {
      key,
      id,
      display,
      columns: bound.columns,
      next: chain,
      ...(noRows
        ? {
            refusal: {
              condition: 'feature_not_supported' as const,
              message: `WITH query "${display}" does not have a RETURNING clause`,
            },
          }
        : {}),
    };
  }
  const body = binder.bindRelation(binder, node.body, outer, chain, keepUnknown);
  return plainRelation({ kind: 'with', ctes: definitions, body: body.plan, columns: body.plan.columns });
}

function isModification(query: RelationNode): boolean {
  if (query.op === 'WITH') return isModification(query.body) || query.ctes.some((cte) => isModification(cte.query));
  return (
    query.op === 'INSERT' ||
    query.op === 'UPDATE' ||
    query.op === 'DELETE' ||
    query.op === 'MERGE' ||
    query.op === 'MODIFY_JOINED'
  );
}

/** The columns under the names of the CTE's column list. */
function namedColumns(binder: Binder, cte: NodeOf<'CTE'>, bound: BoundRelation): BoundRelation {
  if (cte.columns.length === 0) return bound;
  const shown = bound.columns.map((column) => column.name);
  const { names } = cteNames(binder, cte, shown);
  return { plan: bound.plan, columns: bound.columns.map((column, i) => ({ ...column, name: names[i] as string })) };
}

function cteNames(binder: Binder, cte: NodeOf<'CTE'>, shown: readonly string[]): { names: readonly string[] } {
  if (cte.columns.length > shown.length) {
    fail(
      'invalid_column_reference',
      `WITH query "${binder.display(cte.name)}" has ${shown.length} columns available but ${cte.columns.length} columns specified`,
      cte.pos,
    );
  }
  return aliasColumns(binder, cte.columns, shown, shown, binder.display(cte.name), cte.pos);
}

/** Does the tree load a relation by this bare name? */
function mentions(node: unknown, key: string): boolean {
  if (node === null || typeof node !== 'object') return false;
  if (Array.isArray(node)) return node.some((item) => mentions(item, key));
  const record = node as { op?: string; name?: readonly Identifier[] };
  if (record.op === 'LOAD_TABLE' && record.name?.length === 1 && identifierKey(record.name[0] as Identifier) === key)
    return true;
  for (const field in record) {
    const value = (record as Record<string, unknown>)[field];
    if (value !== null && typeof value === 'object' && mentions(value, key)) return true;
  }
  return false;
}

function bindRecursive(
  binder: Binder,
  cte: NodeOf<'CTE'>,
  id: number,
  outer: Scope | undefined,
  chain: CteBinding | undefined,
): BoundRelation {
  const key = identifierKey(cte.name);
  const display = binder.display(cte.name);
  let { query } = cte;
  // WITH inside the recursive query: its CTEs serve both terms.
  if (query.op === 'SORT') fail('feature_not_supported', 'ORDER BY in a recursive query is not implemented', query.pos);
  if (query.op === 'LIMIT')
    fail(
      'feature_not_supported',
      `${query.count === undefined ? 'OFFSET' : 'LIMIT'} in a recursive query is not implemented`,
      query.pos,
    );
  if (query.op === 'LOCK_ROWS')
    fail('feature_not_supported', 'FOR UPDATE/SHARE in a recursive query is not implemented', query.pos);
  if (query.op !== 'SET_OP' || query.kind !== 'union') {
    fail(
      'invalid_recursion',
      `recursive query "${display}" does not have the form non-recursive-term UNION [ALL] recursive-term`,
      cte.pos,
      { variant: 'no_union', args: { name: display } },
    );
  }
  query = query as NodeOf<'SET_OP'>;
  const refused = `recursive reference to query "${display}" must not appear within its non-recursive term`;
  const closed: CteBinding = {
    key,
    id,
    display,
    columns: undefined,
    refusal: { condition: 'invalid_recursion', message: refused },
    next: chain,
  };
  const written = resolveOutputs(binder, binder.bindRelation(binder, query.left, outer, closed, true));
  const base = isLenient(binder) ? withRoom(binder, written) : written;
  const { names } = cteNames(
    binder,
    cte,
    base.columns.map((column) => column.name),
  );
  const columns: OutputColumn[] = base.columns.map((column, i) => binder.newColumn(names[i] as string, column.type));
  const open: CteBinding = { key, id, display, columns, next: chain };
  for (const part of cte.parts ? unionParts(query.right) : [query.right]) checkRecursivePlace(part, key, display);
  const step = binder.bindRelation(binder, query.right, outer, open, true);
  if (step.columns.length !== columns.length)
    fail('syntax_error', 'each UNION query must have the same number of columns', query.right.pos ?? query.pos);
  checkStepTypes(binder, cte, query, columns, step.columns);
  const converted = coerceOutputs(
    binder,
    step,
    columns.map((column) => column.type),
    query.pos,
  );
  const plan: LogicalPlan = {
    kind: 'recursive_union',
    cte: id,
    base: base.plan,
    step: converted.plan,
    all: query.all,
    columns,
  };
  return plainRelation(plan);
}

/** The queries that a UNION joins. */
function unionParts(node: RelationNode): RelationNode[] {
  return node.op === 'SET_OP' && node.kind === 'union' ? [...unionParts(node.left), ...unionParts(node.right)] : [node];
}

/** Columns of the recursive term have the types that the first term gave, or convert to them unnoticed. */
function checkStepTypes(
  binder: Binder,
  cte: NodeOf<'CTE'>,
  query: NodeOf<'SET_OP'>,
  columns: readonly OutputColumn[],
  step: readonly OutputColumn[],
): void {
  const positions = outputPositions(query.left);
  for (let i = 0; i < columns.length; i++) {
    const have = (columns[i] as OutputColumn).type;
    const overall = (step[i] as OutputColumn).type;
    const fits = sameIdentity(have, overall) || widens(have, overall);
    if (overall.kind !== 'unknown' && !fits && !(isLenient(binder) && convertsLeniently(overall, have))) {
      fail(
        'datatype_mismatch',
        `recursive query "${binder.display(cte.name)}" column ${i + 1} has type ${typeName(have)} in non-recursive term but type ${typeName(overall)} overall`,
        positions[i] ?? query.left.pos ?? cte.pos,
        {
          hint: 'Cast the output of the non-recursive term to the correct type.',
        },
      );
    }
  }
}

/** Columns wide enough for what later steps make of them: integers of 64 bits, text of any length. */
function withRoom(binder: Binder, base: BoundRelation): BoundRelation {
  return convertOutputs(binder, base, (expression) => {
    const { type } = expression;
    if (type.kind === 'text' && type.length !== undefined)
      return { kind: 'cast', operand: expression, type: { kind: 'text' }, context: 'lenient' };
    const wide = type.unsigned === true ? UNSIGNED_WIDE : WIDE;
    return (isInteger(type) && coerceLeniently(binder, expression, wide, 'implicit', undefined)) || expression;
  });
}

/** May a step of type `step` flow into a column of type `have`, which it converts to implicitly? */
function widens(have: OutputColumn['type'], step: OutputColumn['type']): boolean {
  if (have.kind === 'text' && step.kind === 'text') return step.fixed !== true || have.fixed === true;
  const rank: Readonly<Record<string, number>> = { int16: 1, int32: 2, int64: 3, decimal: 4, float32: 5, float64: 6 };
  return (
    rank[have.kind] !== undefined &&
    rank[step.kind] !== undefined &&
    (rank[step.kind] as number) < (rank[have.kind] as number)
  );
}

const OUTER_JOIN = 'an outer join';

/** The recursive term may refer to itself once, and not from a place that must see all rows. */
function checkRecursivePlace(node: RelationNode, key: string, display: string): void {
  let references = 0;
  const visit = (at: unknown, context: string | undefined): void => {
    if (at === null || typeof at !== 'object') return;
    if (Array.isArray(at)) {
      for (const item of at) visit(item, context);
      return;
    }
    const record = at as Record<string, unknown> & { op?: string };
    if (record.op === 'LOAD_TABLE') {
      const name = record['name'] as readonly Identifier[];
      if (name.length === 1 && identifierKey(name[0] as Identifier) === key) {
        if (context !== undefined)
          fail(
            'invalid_recursion',
            `recursive reference to query "${display}" must not appear within ${context}`,
            record['pos'] as number | undefined,
            { variant: context === OUTER_JOIN ? 'outer' : 'place', args: { name: display } },
          );
        if (++references > 1)
          fail(
            'invalid_recursion',
            `recursive reference to query "${display}" must not appear more than once`,
            record['pos'] as number | undefined,
            { variant: 'place', args: { name: display } },
          );
      }
      return;
    }
    for (const field in record) {
      const value = record[field];
      if (value === null || typeof value !== 'object') continue;
      let inner = context;
      if (record.op === 'JOIN') {
        const kind = record['kind'];
        if (kind === 'full' || (kind === 'left' && field === 'right') || (kind === 'right' && field === 'left'))
          inner ??= OUTER_JOIN;
      } else if (record.op === 'SET_OP' && record['kind'] === 'except' && field === 'right') inner ??= 'EXCEPT';
      else if (SUBQUERIES.has(record.op ?? '')) inner ??= 'a subquery';
      visit(value, inner);
    }
  };
  visit(node, undefined);
}

const SUBQUERIES: ReadonlySet<string> = new Set(['SUBQUERY', 'EXISTS', 'IN_QUERY', 'QUANTIFIED_QUERY', 'ARRAY_QUERY']);
