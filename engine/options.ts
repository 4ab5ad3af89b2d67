/** What the composition roots give the engine. */
import type { Durability, TransactionStore } from '../storage/contract/index.ts';
import type { SpillFiles } from './executor/operator.ts';

export interface EngineConfig {
  /** Name of the administrator and of the first database, used at the first start only. */
  readonly administrator: string;
  /** '' = leave the stored verifier as it is. */
  readonly administratorPassword: string;
  readonly trustsClients: boolean;
  readonly statementMemoryBytes: number;
  readonly durability: Durability;
  /** Defaults of the settings of the same names, ms; 0 = none. */
  readonly statementTimeoutMs: number;
  readonly idleInTransactionTimeoutMs: number;
  readonly lockTimeoutMs: number;
}

/** Compiles text met while a program runs: every statement of it, in one encoded program. */
export type TextCompiler = (text: string, settings: Readonly<Record<string, string>>) => Uint8Array;

export interface EngineOptions {
  readonly config: EngineConfig;
  /** Compilers of text that programs build while they run, by dialect. */
  readonly compilers?: ReadonlyMap<string, TextCompiler>;
  readonly store: TransactionStore;
  readonly spillFiles: SpillFiles;
  readonly version: string;
  /** Microseconds since 1970 UTC. */
  readonly now: () => number;
  readonly log: (level: 'error' | 'warn' | 'info', message: string, details?: Record<string, unknown>) => void;
}
