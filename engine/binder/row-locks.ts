/** Row locks of queries: which tables SELECT ... FOR UPDATE and kin lock, and where they may not stand. */
import { identifierKey, type Identifier } from '../../sblr/contract/names.ts';
import type { NodeOf } from '../../sblr/nodes.ts';
import type { LogicalPlan } from './bound.ts';
import type { Binder } from './context.ts';
import { fail } from './errors.ts';
import type { FromResult } from './range-entries.ts';
import { displayKey } from './scope.ts';

export function lockName(lock: NodeOf<'LOCK_ROWS'>): string {
  return { key_share: 'FOR KEY SHARE', share: 'FOR SHARE', no_key_update: 'FOR NO KEY UPDATE', update: 'FOR UPDATE' }[
    lock.strength
  ];
}

/** Row locks do not go with this kind of query. */
export function refuseLock(lock: NodeOf<'LOCK_ROWS'>, what: string): never {
  return fail('feature_not_supported', `${lockName(lock)} is not allowed with ${what}`, undefined);
}

export type RowLock = (plan: LogicalPlan) => LogicalPlan;

/**
 * The steps that lock the rows of the query's tables, or of those that are named. `reshaped`: what makes the
 * rows of the result others than those of its tables; the steps then stand below it.
 */
export function rowLocks(
  binder: Binder,
  locks: readonly NodeOf<'LOCK_ROWS'>[],
  from: FromResult,
  reshaped: string | undefined,
): RowLock[] {
  const [first] = locks;
  if (first === undefined) return [];
  if (reshaped !== undefined && binder.semantics.lockedRows === 'result') refuseLock(first, reshaped);
  for (const lock of locks) checkTargets(lock, from);
  return locks.map((lock) => lockTargets(lock, from, binder)).reverse();
}

function checkTargets(lock: NodeOf<'LOCK_ROWS'>, from: FromResult): void {
  for (const target of lock.of) {
    const key = identifierKey(target.name[target.name.length - 1] as Identifier);
    if (from.entries.some((entry) => entry.key === key)) continue;
    fail(
      'undefined_table',
      `relation "${displayKey(key)}" in ${lockName(lock)} clause not found in FROM clause`,
      lock.pos,
    );
  }
}

function lockTargets(lock: NodeOf<'LOCK_ROWS'>, from: FromResult, binder: Binder): RowLock {
  const named = lock.of.map((target) => identifierKey(target.name[target.name.length - 1] as Identifier));
  const targets: { table: Extract<LogicalPlan, { kind: 'scan' }>['table']; rowKey: number }[] = [];
  for (const entry of from.entries) {
    if (entry.table === undefined || entry.rowKey === undefined || (named.length > 0 && !named.includes(entry.key)))
      continue;
    if (entry.nullable.value && binder.semantics.lockedRows === 'result')
      fail('feature_not_supported', `${lockName(lock)} cannot be applied to the nullable side of an outer join`);
    if (targets.some((target) => target.rowKey === entry.rowKey)) continue;
    binder.names.checkPrivilege(entry.table, 'UPDATE', []);
    binder.useTable(entry.table, 'lock');
    targets.push({ table: entry.table, rowKey: entry.rowKey });
  }
  if (targets.length === 0) return (plan) => plan;
  return (source) => ({
    kind: 'lock_rows',
    source,
    targets,
    strength: lock.strength,
    wait: lock.wait,
    columns: source.columns,
  });
}
