/** Entry point of storage for the composition roots. */
export { openTier1 } from './tier1/store.ts';
export type { Tier1Options } from './tier1/options.ts';
