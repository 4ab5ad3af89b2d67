/** Variables of programs and sessions, and settings, in expressions. */
import { TEXT } from '../../sblr/contract/types.ts';
import type { NodeOf } from '../../sblr/nodes.ts';
import type { BoundExpression } from './bound.ts';
import type { BindContext } from './context.ts';
import { fail } from './errors.ts';

export function bindVariable(node: NodeOf<'VARIABLE'>, context: BindContext): BoundExpression {
  const type = context.variables?.typeOf(node.name, node.scope);
  if (type === undefined && node.scope === 'local')
    fail('undefined_column', `variable "${node.name}" does not exist`, node.pos);
  if (type === undefined && (node.scope === 'setting' || node.scope === 'global'))
    fail('undefined_object', `unrecognized configuration parameter "${node.name}"`, node.pos, {
      variant: 'setting',
      args: { name: node.name },
    });
  return { kind: 'variable', name: node.name, scope: node.scope, type: type ?? TEXT };
}
