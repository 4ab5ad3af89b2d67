/** What the steps of a[1], (r).f and the like mean once their operands are bound. */
import { identifierKey, type Identifier } from '../../sblr/contract/names.ts';
import { INT32, TEXT, type SqlType } from '../../sblr/contract/types.ts';
import type { ValueNode } from '../../sblr/nodes.ts';
import type { BoundExpression } from './bound.ts';
import { callFunction, callOperator } from './calls.ts';
import { castTo, coerce, constant } from './coerce.ts';
import type { Binder } from './context.ts';
import { fail } from './errors.ts';
import type { Scope } from './scope.ts';
import { typeName } from './type-facts.ts';
import { showName } from './user-types.ts';

export function subscriptIndex(binder: Binder, bound: BoundExpression, pos: number | undefined): BoundExpression {
  return (
    coerce(binder, bound, INT32, 'assignment', pos) ??
    fail('datatype_mismatch', 'array subscript must have type integer', pos)
  );
}

/** The name or number of a part of a document, as text: documents take both for either kind of part. */
export function memberKey(binder: Binder, key: BoundExpression, pos: number | undefined): BoundExpression {
  const { kind } = key.type;
  const typed = coerce(binder, key, kind === 'text' || kind === 'unknown' ? TEXT : INT32, 'implicit', pos);
  if (typed === undefined)
    fail('datatype_mismatch', `subscript type ${typeName(key.type)} is not supported`, pos, {
      hint: 'jsonb subscript must be coercible to either integer or text.',
    });
  return castTo(binder, typed, TEXT, 'explicit', pos);
}

/** One character of a text type that is also an array of characters, counted from 0. */
export function characterAt(
  binder: Binder,
  text: BoundExpression,
  index: BoundExpression,
  pos: number | undefined,
): BoundExpression {
  const one = constant(1, INT32);
  const from = callOperator(binder, 'add', [index, one], pos, []);
  const plain = castTo(binder, text, TEXT, 'explicit', pos);
  const found = callFunction(binder, 'substring', [plain, from, one], false, pos, []);
  return castTo(binder, found, text.type.element as SqlType, 'explicit', pos);
}

/** (record).field */
export function selectField(
  scope: Scope,
  record: BoundExpression,
  field: Identifier,
  pos: number | undefined,
  base?: ValueNode,
): BoundExpression {
  const shown = scope.binder.display(field);
  if (record.type.kind !== 'record') {
    fail(
      'wrong_object_type',
      `column notation .${shown} applied to type ${typeName(record.type)}, which is not a composite type`,
      pos,
    );
  }
  const { fields } = record.type;
  const key = identifierKey(field);
  const index =
    fields === undefined
      ? -1
      : fields.findIndex(
          (candidate) => candidate.name === shown || (!field.exact && candidate.name.toLowerCase() === key),
        );
  if (fields === undefined || index < 0) {
    if (base?.op === 'COLUMN' && record.kind !== 'column')
      fail('undefined_column', `column ${showName(scope.binder, base.name)}.${shown} does not exist`, pos);
    fail(
      'undefined_column',
      fields === undefined || record.type.typeId === undefined
        ? `could not identify column "${shown}" in record data type`
        : `column "${shown}" not found in data type ${typeName(record.type)}`,
      pos,
    );
  }
  if (record.kind === 'row') return record.items[index] as BoundExpression;
  return { kind: 'field', operand: record, index, type: (fields[index] as { type: SqlType }).type };
}
