/** Relations that change data: INSERT, UPDATE, DELETE, MERGE. */
import type { RelationNode } from '../../sblr/nodes.ts';
import type { Binder, BoundRelation, CteBinding } from './context.ts';
import { bindDelete } from './delete.ts';
import { bindInsert } from './insert.ts';
import { bindJoined } from './joined.ts';
import { bindMerge } from './merge.ts';
import type { Scope } from './scope.ts';
import { bindUpdate } from './update.ts';

type ModificationNode = Extract<RelationNode, { op: 'INSERT' | 'UPDATE' | 'DELETE' | 'MODIFY_JOINED' | 'MERGE' }>;

export function bindModification(
  binder: Binder,
  node: ModificationNode,
  outer: Scope | undefined,
  ctes: CteBinding | undefined,
): BoundRelation {
  switch (node.op) {
    case 'INSERT':
      return bindInsert(binder, node, outer, ctes);
    case 'UPDATE':
      return bindUpdate(binder, node, outer, ctes);
    case 'DELETE':
      return bindDelete(binder, node, outer, ctes);
    case 'MODIFY_JOINED':
      return bindJoined(binder, node, outer, ctes);
    case 'MERGE':
      return bindMerge(binder, node, outer, ctes);
  }
}
