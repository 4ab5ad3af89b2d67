/**
 * DELETE: the target scanned with its row keys, joined with USING.
 */
import type { NodeOf } from '../../sblr/nodes.ts';
import type { Binder, BoundRelation, CteBinding } from './context.ts';
import { plainRelation } from './outputs.ts';
import type { Scope } from './scope.ts';
import { bindReturning } from './targets.ts';
import { bindTarget } from './update.ts';
import { requirePrivilege } from './view-target.ts';

export function bindDelete(
  binder: Binder,
  node: NodeOf<'DELETE'>,
  outer: Scope | undefined,
  ctes: CteBinding | undefined,
): BoundRelation {
  const target = bindTarget(binder, node, node.using, 'delete from', outer, ctes);
  requirePrivilege(binder, target.target, 'DELETE');
  const { returning, columns } = bindReturning(node.returning, target.scope);
  return plainRelation({
    kind: 'delete',
    ignoring: node.ignoring,
    target: { table: target.table, columns: target.columns, rowKey: target.rowKey },
    source: target.plan,
    returning,
    columns,
  });
}
