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

/** A program planned for parameters declared so; a chain, since it may also be executed with other types. */
interface Planned {
  statement: CachedStatement;
  /** As declared last: a client that goes on in the same way gives the same list. */
  declared: readonly (SqlType | undefined)[];
  readonly types: string;
  readonly next: Planned | undefined;
}

export class PlanCache {
  /** By hash of the program, oldest first. */
  readonly #programs = new Map<string, Planned>();
  #entries = 0;

  get(hash: string, declared: readonly (SqlType | undefined)[]): CachedStatement | undefined {
    const first = this.#programs.get(hash);
    return first === undefined ? undefined : find(first, declared)?.statement;
  }

  set(hash: string, declared: readonly (SqlType | undefined)[], statement: CachedStatement): void {
    const first = this.#programs.get(hash);
    const known = first === undefined ? undefined : find(first, declared);
    if (known !== undefined) {
      known.statement = statement;
      return;
    }
    if (this.#entries >= SESSION_ENTRIES) this.#dropOldest();
    this.#entries++;
    this.#programs.set(hash, { statement, declared, types: typesKey(declared), next: this.#programs.get(hash) });
  }

  #dropOldest(): void {
    for (const [hash, first] of this.#programs) {
      this.#programs.delete(hash);
      for (let one: Planned | undefined = first; one !== undefined; one = one.next) this.#entries--;
      return;
    }
  }

  clear(): void {
    this.#programs.clear();
    this.#entries = 0;
  }
}

function find(first: Planned, declared: readonly (SqlType | undefined)[]): Planned | undefined {
  for (let one: Planned | undefined = first; one !== undefined; one = one.next)
    if (one.declared === declared) return one;
  const types = typesKey(declared);
  for (let one: Planned | undefined = first; one !== undefined; one = one.next) {
    if (one.types !== types) continue;
    one.declared = declared;
    return one;
  }
  return undefined;
}

/** Part of the key for declared types; '' when all are inferred. */
function typesKey(types: readonly (SqlType | undefined)[]): string {
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
