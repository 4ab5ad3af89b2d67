/** What a session keeps of a savepoint to go back to it: the transaction's own part (rows, locks) is in engine/transactions/. */
import type { CatalogMark } from '../catalog/catalog.ts';

/** What SET CONSTRAINTS said, by constraint. Never changed in place, so that a savepoint can keep it. */
export type ConstraintModes = ReadonlyMap<number, 'immediate' | 'deferred'>;

export const NO_CONSTRAINT_MODES: ConstraintModes = new Map();

export interface SavepointMark {
  readonly name: string;
  readonly catalog: CatalogMark | undefined;
  readonly settings: ReadonlyMap<string, string>;
  readonly constraintModes: ConstraintModes;
}
