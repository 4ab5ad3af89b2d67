/** The listener process: what the composition roots wire together. */
export { Admission, type AdmissionLimits } from './admission.ts';
export { ASSIGNMENT_POLICIES, type Assignable, type AssignmentPolicy, chooseWorker } from './assignment.ts';
export { backoffDelay, FailureHistory } from './backoff.ts';
export type { NativeHandle } from './child.ts';
export { EngineSupervisor } from './engine-supervisor.ts';
export { type ConnectionTarget, Listener, type ListenPort, stealHandle } from './listener.ts';
export type { Log } from './log.ts';
export type { ChildLoad, ConnectionNotice, FromChild, Refusal, ToChild } from './messages.ts';
export { WorkerPool, type WorkerPoolOptions, type WorkerStatus } from './worker-pool.ts';
