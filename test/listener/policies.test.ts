/** Assignment, backoff and admission as plain functions. */
import { describe, expect, test } from 'vitest';
import {
  Admission,
  type Assignable,
  type AssignmentPolicy,
  backoffDelay,
  chooseWorker,
  FailureHistory,
} from '../../listener/index.ts';

const worker = (connections: number, queries = 0, utilization = 0): Assignable => ({
  connections,
  queries,
  utilization,
});

describe('assignment', () => {
  const cases: [AssignmentPolicy, Assignable[], number, number][] = [
    ['least_connections', [worker(3), worker(1), worker(2)], 0, 1],
    ['least_connections', [worker(1), worker(1)], 0, 0],
    ['least_connections', [worker(1), worker(1)], 1, 1],
    ['round_robin', [worker(9), worker(0), worker(0)], 3, 0],
    ['round_robin', [worker(9), worker(0), worker(0)], 4, 1],
    ['least_queries', [worker(1, 5), worker(9, 0)], 0, 1],
    ['least_queries', [worker(5, 2), worker(1, 2)], 0, 1],
    ['least_load', [worker(1, 0, 0.9), worker(9, 0, 0.1)], 0, 1],
    ['least_load', [worker(9, 0, 0.52), worker(1, 0, 0.5)], 0, 1],
    ['least_connections', [], 7, -1],
  ];
  test.each(cases)('%s %j turn %i', (policy, workers, turn, expected) => {
    expect(chooseWorker(workers, policy, turn)).toBe(expected);
  });
});

describe('backoff', () => {
  test('doubles from 250 ms to 30 s', () => {
    expect([0, 1, 2, 3, 7, 8, 20].map(backoffDelay)).toEqual([0, 250, 500, 1000, 16_000, 30_000, 30_000]);
  });

  test('quarantines after five failures within a minute, not after four', () => {
    const history = new FailureHistory();
    const decisions = [0, 1000, 2000, 3000, 4000].map((time) => history.failed(time));
    expect(decisions.map((decision) => decision.quarantined)).toEqual([false, false, false, false, true]);
    expect(history.failed(70_000).quarantined).toBe(false);
  });

  test('forgets failures older than a minute', () => {
    const history = new FailureHistory();
    for (const time of [0, 1, 2, 3]) history.failed(time);
    expect(history.failed(60_004)).toEqual({ quarantined: false, delayMs: 250 });
  });
});

test('admission takes new limits at once', () => {
  const admission = new Admission({ connections: 1, connectionsPerClient: 0 });
  expect(admission.enter('a')).toBeUndefined();
  expect(admission.enter('b')).toBe('too_many_connections');
  admission.setLimits({ connections: 2, connectionsPerClient: 1 });
  expect(admission.enter('a')).toBe('too_many_connections_of_client');
  expect(admission.enter('b')).toBeUndefined();
  admission.leave('a');
  expect(admission.enter('a')).toBeUndefined();
  expect(admission.open).toBe(2);
});
