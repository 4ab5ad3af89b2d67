/** Which worker gets the next connection: the four policies, as one pure function. */

export type AssignmentPolicy = 'least_connections' | 'round_robin' | 'least_queries' | 'least_load';

export const ASSIGNMENT_POLICIES = ['least_connections', 'round_robin', 'least_queries', 'least_load'] as const;

export interface Assignable {
  readonly connections: number;
  /** Statements running, as last reported. */
  readonly queries: number;
  /** Busy share of the event loop, as last reported. */
  readonly utilization: number;
}

/**
 * Index of the chosen worker, or -1 when there is none. `turn` counts assignments: it drives round
 * robin and breaks ties, so that equal workers take turns.
 */
export function chooseWorker(workers: readonly Assignable[], policy: AssignmentPolicy, turn: number): number {
  const count = workers.length;
  if (count === 0) return -1;
  const first = turn % count;
  if (policy === 'round_robin') return first;
  let best = first;
  for (let step = 1; step < count; step++) {
    const index = (first + step) % count;
    if (isLessBusy(workers[index]!, workers[best]!, policy)) best = index;
  }
  return best;
}

function isLessBusy(a: Assignable, b: Assignable, policy: AssignmentPolicy): boolean {
  // Reports arrive seconds apart: between two of them the number of connections, which is always
  // exact, keeps a burst of new connections from all going to the same worker.
  if (policy === 'least_queries' && a.queries !== b.queries) return a.queries < b.queries;
  if (policy === 'least_load' && Math.abs(a.utilization - b.utilization) > 0.05) return a.utilization < b.utilization;
  return a.connections < b.connections;
}
