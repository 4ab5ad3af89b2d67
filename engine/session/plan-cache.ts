/**
 * Programs decoded and planned, per session: the key is the program's hash and the declared parameter
 * types; an entry is good while catalog epoch, search path, role and settings that binding reads are
 * the same. Bounded; the least recently used entry goes first.
 */
import type { Completion, ProgramRef, ResultColumn } from '../../sblr/contract/session.ts';
import type { RowBlockWriter } from '../../sblr/contract/row-block.ts';
import type { SqlType } from '../../sblr/contract/types.ts';
import { decodeProgram } from '../../sblr/decode.ts';
import type { Program } from '../../sblr/nodes.ts';
import type { BoundQuery } from '../binder/bound.ts';
import type { PhysicalPlan } from '../planner/plan.ts';

const SESSION_ENTRIES = 512;
const PROGRAM_ENTRIES = 4096;

export interface PlannedQuery {
  readonly bound: BoundQuery;
  readonly plan: PhysicalPlan;
  readonly columns: readonly ResultColumn[];
  readonly types: readonly SqlType[];
  /** Completion word. */
  readonly command: string;
  /** Encoder of the result, kept between executions; absent while one is using it. */
  idleWriter: RowBlockWriter | undefined;
  /** What a point query answers when it found no row, and one. */
  pointCompletions: readonly [Completion, Completion] | undefined;
}

export interface CachedStatement {
  readonly program: Program;
  /** State the query was bound in; see the session's `versions`. */
  epoch: number;
  version: number;
  /** Version of the statistics it was planned with. */
  statistics: number;
  query: PlannedQuery | undefined;
  /** Columns that a client was told of an earlier plan and may still read rows by; undefined = none, or these. */
  told?: readonly ResultColumn[] | undefined;
}

/** Decoded programs of all sessions, by hash. */
export class ProgramCache {
  readonly #programs = new Map<string, Program>();

  get(reference: ProgramRef): Program {
    let program = this.#programs.get(reference.hash);
    if (program === undefined) {
      program = decodeProgram(reference.bytes, reference.hash);
      if (this.#programs.size >= PROGRAM_ENTRIES) this.#programs.delete(this.#programs.keys().next().value!);
      this.#programs.set(reference.hash, program);
    }
    return program;
  }
}

export class PlanCache {
  readonly #entries = new Map<string, CachedStatement>();

  get(key: string): CachedStatement | undefined {
    return this.#entries.get(key);
  }

  set(key: string, entry: CachedStatement): void {
    if (this.#entries.size >= SESSION_ENTRIES) this.#entries.delete(this.#entries.keys().next().value!);
    this.#entries.set(key, entry);
  }

  clear(): void {
    this.#entries.clear();
  }
}

/** Part of the key for declared types; '' when all are inferred. */
export function typesKey(types: readonly (SqlType | undefined)[]): string {
  if (types.length === 0) return '';
  let key = '';
  let any = false;
  for (const type of types) {
    if (type === undefined) key += ';';
    else {
      any = true;
      key += `${type.kind}${type.declared ?? ''}${type.element?.kind ?? ''}${type.typeId ?? ''};`;
    }
  }
  return any ? `|${key}` : '';
}
