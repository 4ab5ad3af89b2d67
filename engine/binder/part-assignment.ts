/**
 * Assignments to a part of a column: `row.field = v`, `a[1] = v`, `a[2:3] = v`, `document['k'] = v` and what they
 * add up to, as `a[1].field[2] = v`. The result is the whole new value of the column.
 */
import { identifierKey, type Identifier } from '../../sblr/contract/names.ts';
import { INT32, JSONB, TEXT, type RecordField, type SqlType } from '../../sblr/contract/types.ts';
import type { NodeOf, ValueNode } from '../../sblr/nodes.ts';
import type { ColumnDefinition } from '../catalog/definitions.ts';
import type { BoundExpression, OutputColumn } from './bound.ts';
import { builtin } from './calls.ts';
import { coerce, coerceForAssignment, constant, nullOf } from './coerce.ts';
import { fail, notSupported } from './errors.ts';
import { bindExpression, subscriptBound } from './expression.ts';
import type { RangeEntry, Scope } from './scope.ts';
import { baseType, isDomain, typeName } from './type-facts.ts';

type Step = NodeOf<'SUBSCRIPT_STEP'>;
const MAX_DIMENSIONS = 6;

interface Target {
  readonly scope: Scope;
  readonly node: NodeOf<'ASSIGNMENT'>;
  /** The column, for messages. */
  readonly column: string;
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
    const target = { scope: this.#scope, node, column: this.#scope.binder.display(column.name) };
    if (node.value.op === 'DEFAULT_VALUE') {
      const what = node.subscripts[0]?.kind === 'field' ? 'a subfield' : 'an array element';
      fail('feature_not_supported', `cannot set ${what} to DEFAULT`, node.pos);
    }
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

function replacePart(target: Target, before: BoundExpression, type: SqlType, steps: readonly Step[]): BoundExpression {
  const { binder } = target.scope;
  const [step] = steps;
  if (step === undefined) {
    const { value } = target.node;
    return coerceForAssignment(binder, bindExpression(value, target.scope), type, target.column, value.pos);
  }
  const base = isDomain(type) ? baseType(type) : type;
  const changed =
    step.kind === 'field'
      ? replaceField(target, before, base, steps)
      : base.kind === 'jsonb'
        ? replaceMember(target, before, steps)
        : replaceElements(target, before, base, steps);
  if (base === type) return changed;
  return coerce(binder, changed, type, 'assignment', target.node.pos) ?? changed;
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
      target.node.pos,
    );
  const key = identifierKey(steps[0]?.field as Identifier);
  const index = fields.findIndex((field) => field.name.toLowerCase() === key);
  if (index < 0)
    fail(
      'undefined_column',
      `cannot assign to field "${shown}" of column "${target.column}" because there is no such column in data type ${typeName(type)}`,
      target.node.pos,
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
    const pos = step.pos ?? target.node.pos;
    if (step.kind !== 'index') fail('datatype_mismatch', 'jsonb subscript does not support slices', pos);
    const key = bindExpression(step.lower as ValueNode, target.scope);
    const text =
      key.type.kind === 'text' || key.type.kind === 'unknown'
        ? coerce(binder, key, TEXT, 'implicit', pos)
        : coerce(binder, key, INT32, 'implicit', pos);
    if (text === undefined)
      fail('datatype_mismatch', `subscript type ${typeName(key.type)} is not supported`, step.lower?.pos ?? pos, {
        hint: 'jsonb subscript must be coercible to either integer or text.',
      });
    return coerce(binder, text, TEXT, 'assignment', pos) ?? text;
  });
  const { value } = target.node;
  const part = coerceForAssignment(binder, bindExpression(value, target.scope), JSONB, target.column, value.pos);
  return builtin(binder, 'jsonb_assign', [before, part, ...keys], target.node.pos);
}

function replaceElements(
  target: Target,
  before: BoundExpression,
  type: SqlType,
  steps: readonly Step[],
): BoundExpression {
  const { scope, node } = target;
  const { binder } = scope;
  if (type.kind !== 'array' || type.element === undefined)
    fail(
      'datatype_mismatch',
      `cannot subscript type ${typeName(type)} because it does not support subscripting`,
      node.pos,
    );
  const end = steps.findIndex((step) => step.kind === 'field');
  const subscripts = end < 0 ? steps : steps.slice(0, end);
  const rest = steps.slice(subscripts.length);
  if (subscripts.length > MAX_DIMENSIONS)
    fail(
      'program_limit_exceeded',
      `number of array dimensions (${subscripts.length}) exceeds the maximum allowed (${MAX_DIMENSIONS})`,
      node.pos,
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
    return retyped(builtin(binder, 'array_assign_element', [before, part, ...indexes], node.pos), type);
  }
  if (rest.length > 0) fail('feature_not_supported', 'assigning to a field of a slice is not supported', node.pos);
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
  return retyped(
    builtin(binder, 'array_assign_slice', [before, part, constant(flags, INT32), ...bounds], node.pos),
    type,
  );
}

/** The elements already keep to the modifiers of the column. */
function retyped(expression: BoundExpression, type: SqlType): BoundExpression {
  return { ...expression, type } as BoundExpression;
}
