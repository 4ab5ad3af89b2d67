/** Entry point of the engine for the composition roots. */
import type { EngineLink } from '../sblr/contract/session.ts';
import type { TransactionStore } from '../storage/contract/index.ts';
import { EngineCore, type EngineStatus } from './core.ts';
import type { EngineConfig, EngineOptions } from './options.ts';

export { rowCodec } from './storage/row-codec.ts';
export type { EngineStatus } from './core.ts';
export type { EngineConfig, EngineOptions, TextCompiler } from './options.ts';
export type { SpillFile, SpillFiles } from './executor/operator.ts';

export interface Engine extends EngineLink {
  status(): EngineStatus;
  /** Ends all sessions; the store is the caller's to close. */
  shutdown(): Promise<void>;
}

export interface OpenEngineOptions extends Omit<EngineOptions, 'config'> {
  readonly config: EngineConfig;
  readonly store: TransactionStore;
}

export async function openEngine(options: OpenEngineOptions): Promise<Engine> {
  const core = new EngineCore(options);
  await core.open();
  return core;
}
