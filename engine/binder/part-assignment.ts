/**
 * Assignments to a part of a column: `row.field = v`, `a[1] = v`, `a[2:3] = v`, `document['k'] = v` and what they
 * add up to, as `a[1].field[2] = v`. The result is the whole new value of the column.
 */
import { identifierKey, type Identifier } from '../../sblr/contract/names.ts';
import { INT32, JSONB, type RecordField, type SqlType } from '../../sblr/contract/types.ts';
import type { NodeOf, ValueNode } from '../../sblr/nodes.ts';
import type { ColumnDefinition } from '../catalog/definitions.ts';
import type { BoundExpression, OutputColumn } from './bound.ts';
import { builtin } from './calls.ts';
import { coerce, constant, nullOf } from './coerce.ts';
import { fail, notSupported } from './errors.ts';
import { bindExpression, subscriptBound } from './expression.ts';
import type { Binder } from './context.ts';
import type { RangeEntry, Scope } from './scope.ts';
import { memberKey } from './subscripts.ts';
import { baseType, isDomain, typeName } from './type-facts.ts';

type Step = NodeOf<'SUBSCRIPT_STEP'>;
const MAX_DIMENSIONS = 6;

interface Target {
  readonly scope: Scope;
  /** The column, for messages. */
  readonly column: string;
  readonly pos: number | undefined;
  /** The value for the part, which is of this type. */
  readonly part: (type: SqlType) => BoundExpression;
}

/** The value as a part of the column, converted as by assignment. */
export function partValue(
  binder: Binder,
  value: BoundExpression,
  type: SqlType,
  column: string,
  { steps, pos }: { readonly steps: readonly Step[]; readonly pos?: number | undefined },
): BoundExpression {
  const converted = coerce(binder, value, type, 'assignment', pos);
  if (converted !== undefined) return converted;
  const last = steps.at(-1);
  const [what, is] =
    last?.kind === 'field'
      ? [`subfield "${binder.display(last.field as Identifier)}"`, 'is of type']
      : [`subscripted assignment to "${column}"`, 'requires type'];
  return fail(
    'datatype_mismatch',
    `${what} ${is} ${typeName(type)} but expression is of type ${typeName(value.type)}`,
    pos,
    { hint: 'You will need to rewrite or cast the expression.' },
  );
}

/** Raises where the value of a part is DEFAULT. */
export function refuseDefaultPart(steps: readonly Step[], value: ValueNode, pos: number | undefined): void {
  if (value.op !== 'DEFAULT_VALUE') return;
  const what = steps[0]?.kind === 'field' ? 'a subfield' : 'an array element';
  fail('feature_not_supported', `cannot set ${what} to DEFAULT`, pos);
}

/** The parts that one statement assigns: those of one column add up. */
export class PartAssignments {
  readonly #scope: Scope;
  readonly #row: RangeEntry;
  /** What each column is by then. */
  readonly #values = new Map<number, BoundExpression>();

  constructor(scope: Scope, row: RangeEntry) {
    this.#scope = scope;
    this.#row = row;
  }

  /** Did the last assignment add to an earlier one of the same column? */
  again = false;

  /** The whole value of the column after this assignment. */
  assign(node: NodeOf<'ASSIGNMENT'>, column: ColumnDefinition): BoundExpression {
    const shown = this.#scope.binder.display(column.name);
    refuseDefaultPart(node.subscripts, node.value, node.pos);
    const written = { steps: node.subscripts, pos: node.pos };
    const part = (type: SqlType): BoundExpression =>
      partValue(this.#scope.binder, bindExpression(node.value, this.#scope), type, shown, written);
    const target = { scope: this.#scope, column: shown, pos: node.pos, part };
    if (this.#row.expressions !== undefined) notSupported('assignment to a part of a column of a view', node.pos);
    this.again = this.#values.has(column.position);
    const before = this.#values.get(column.position) ?? this.#current(column);
    const changed = replacePart(target, before, column.type, node.subscripts);
    this.#values.set(column.position, changed);
    return changed;
  }

  #current(column: ColumnDefinition): BoundExpression {
    const at = this.#row.columns.find((candidate) => candidate.position === column.position) as OutputColumn;
    return { kind: 'column', id: at.id, type: at.type };
  }
}

/** The type of the part that the steps lead to. */
export function partType(target: Omit<Target, 'part'>, type: SqlType, steps: readonly Step[]): SqlType {
  let found = type;
  const part = (its: SqlType): BoundExpression => nullOf((found = its));
  replacePart({ ...target, part }, nullOf(type), type, steps);
  return found;
}

/** The whole value of a column of the given type once the part has its value. */
export function replacePart(
  target: Target,
  before: BoundExpression,
  type: SqlType,
  steps: readonly Step[],
): BoundExpression {
  const { binder } = target.scope;
  const [step] = steps;
  if (step === undefined) return target.part(type);
  const base = isDomain(type) ? baseType(type) : type;
  const changed =
    step.kind === 'field'
      ? replaceField(target, before, base, steps)
      : base.kind === 'jsonb'
        ? replaceMember(target, before, steps)
        : replaceElements(target, before, base, steps);
  if (base === type) return changed;
  return coerce(binder, changed, type, 'assignment', target.pos) ?? changed;
}

/** The row with one field replaced. */
function replaceField(target: Target, before: BoundExpression, type: SqlType, steps: readonly Step[]): BoundExpression {
  const { binder } = target.scope;
  const shown = binder.display(steps[0]?.field as Identifier);
  const { fields } = type;
  if (type.kind !== 'record' || fields === undefined)
    fail(
      'datatype_mismatch',
      `cannot assign to field "${shown}" of column "${target.column}" because its type ${typeName(type)} is not a composite type`,
      target.pos,
    );
  const key = identifierKey(steps[0]?.field as Identifier);
  const index = fields.findIndex((field) => field.name.toLowerCase() === key);
  if (index < 0)
    fail(
      'undefined_column',
      `cannot assign to field "${shown}" of column "${target.column}" because there is no such column in data type ${typeName(type)}`,
      target.pos,
    );
  const part = (at: number, field: RecordField): BoundExpression => ({
    kind: 'field',
    operand: before,
    index: at,
    type: field.type,
  });
  const items = fields.map((field, i) =>
    i === index ? replacePart(target, part(i, field), field.type, steps.slice(1)) : part(i, field),
  );
  return { kind: 'row', items, type };
}

function replaceMember(target: Target, before: BoundExpression, steps: readonly Step[]): BoundExpression {
  const { binder } = target.scope;
  const keys = steps.map((step) => {
    const pos = step.pos ?? target.pos;
    if (step.kind !== 'index') fail('datatype_mismatch', 'jsonb subscript does not support slices', pos);
    const key = bindExpression(step.lower as ValueNode, target.scope);
    return memberKey(binder, key, step.lower?.pos ?? pos);
  });
  return builtin(binder, 'jsonb_assign', [before, target.part(JSONB), ...keys], target.pos);
}

function replaceElements(
  target: Target,
  before: BoundExpression,
  type: SqlType,
  steps: readonly Step[],
): BoundExpression {
  const { scope, pos } = target;
  const { binder } = scope;
  if (type.kind !== 'array' || type.element === undefined)
    fail('datatype_mismatch', `cannot subscript type ${typeName(type)} because it does not support subscripting`, pos);
  const end = steps.findIndex((step) => step.kind === 'field');
  const subscripts = end < 0 ? steps : steps.slice(0, end);
  const rest = steps.slice(subscripts.length);
  if (subscripts.length > MAX_DIMENSIONS)
    fail(
      'program_limit_exceeded',
      `number of array dimensions (${subscripts.length}) exceeds the maximum allowed (${MAX_DIMENSIONS})`,
      pos,
    );
  const bound = (value: ValueNode | undefined): BoundExpression | undefined => subscriptBound(value, scope);
  if (!subscripts.some((step) => step.kind === 'slice')) {
    const indexes = subscripts.map((step) => bound(step.lower) as BoundExpression);
    const element: BoundExpression = {
      kind: 'subscript',
      operand: before,
      steps: indexes.map((lower) => ({ slice: false, lower, upper: undefined })),
      type: type.element,
    };
    const part = replacePart(target, element, type.element, rest);
    return retyped(builtin(binder, 'array_assign_element', [before, part, ...indexes], pos), type);
  }
  if (rest.length > 0) fail('feature_not_supported', 'assigning to a field of a slice is not supported', pos);
  let flags = 0;
  const bounds: BoundExpression[] = [];
  subscripts.forEach((step, i) => {
    // Beside slices a plain subscript n means 1:n.
    const lower = step.kind === 'slice' ? bound(step.lower) : constant(1, INT32);
    const upper = step.kind === 'slice' ? bound(step.upper) : bound(step.lower);
    if (lower !== undefined) flags |= 1 << (2 * i);
    if (upper !== undefined) flags |= 2 << (2 * i);
    bounds.push(lower ?? nullOf(INT32), upper ?? nullOf(INT32));
  });
  const part = replacePart(target, before, type, []);
  return retyped(builtin(binder, 'array_assign_slice', [before, part, constant(flags, INT32), ...bounds], pos), type);
}

/** The elements already keep to the modifiers of the column. */
function retyped(expression: BoundExpression, type: SqlType): BoundExpression {
  return { ...expression, type } as BoundExpression;
}
