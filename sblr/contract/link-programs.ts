/**
 * Programs cross the link once and are then named by a slot number. The worker owns the numbering: it
 * says which slot holds which program and which slot is free again, so both ends always agree without
 * asking, for frames arrive in order. Per slot both ends also remember the last statement text and
 * parameter types, which a repeated execution then leaves out.
 */
import { CodecError } from './codec-error.ts';
import type { ProgramRef } from './session.ts';
import type { SqlType } from './types.ts';

export const MAX_PROGRAM_SLOTS = 4096;
/** Programs larger than this share one slot that each use overwrites. */
export const MAX_KEPT_PROGRAM_BYTES = 1 << 20;
export const MAX_KEPT_BYTES = 64 << 20;
export const TRANSIENT_SLOT = MAX_PROGRAM_SLOTS;
/** Longer statement texts travel every time. */
export const MAX_KEPT_TEXT = 4096;

export interface ProgramSlot {
  readonly slot: number;
  readonly program: ProgramRef;
  text: string | undefined;
  types: readonly (SqlType | undefined)[] | undefined;
  lastUse: number;
}

export function newSlot(slot: number, program: ProgramRef): ProgramSlot {
  return { slot, program, text: undefined, types: undefined, lastUse: 0 };
}

/** What the sending side has to tell the other. */
export interface SlotAnnouncer {
  define(slot: number, program: ProgramRef): void;
  forget(slot: number): void;
}

/** The worker's side: finds or makes the slot of a program. */
export class ProgramSender {
  readonly #announcer: SlotAnnouncer;
  readonly #byHash = new Map<string, ProgramSlot>();
  readonly #free: number[] = [];
  #nextFresh = 0;
  #bytes = 0;
  #clock = 0;

  constructor(announcer: SlotAnnouncer) {
    this.#announcer = announcer;
  }

  /** The slot that holds `program` on the other side, announced before if need be. */
  slotOf(program: ProgramRef): ProgramSlot {
    const known = this.#byHash.get(program.hash);
    if (known !== undefined) {
      known.lastUse = ++this.#clock;
      return known;
    }
    if (program.bytes.length > MAX_KEPT_PROGRAM_BYTES) {
      this.#announcer.define(TRANSIENT_SLOT, program);
      return newSlot(TRANSIENT_SLOT, program);
    }
    const full = this.#free.length === 0 && this.#nextFresh === MAX_PROGRAM_SLOTS;
    if (full || this.#bytes + program.bytes.length > MAX_KEPT_BYTES) this.#evict();
    const entry = newSlot(this.#free.pop() ?? this.#nextFresh++, program);
    entry.lastUse = ++this.#clock;
    this.#announcer.define(entry.slot, program);
    this.#byHash.set(program.hash, entry);
    this.#bytes += program.bytes.length;
    return entry;
  }

  /** Frees the quarter used longest ago, so that sorting is paid once in a thousand programs. */
  #evict(): void {
    const oldestFirst = [...this.#byHash.values()].sort((left, right) => left.lastUse - right.lastUse);
    const keepBytes = (MAX_KEPT_BYTES / 4) * 3;
    const least = Math.ceil(oldestFirst.length / 4);
    for (let index = 0; index < oldestFirst.length && (index < least || this.#bytes > keepBytes); index++) {
      const { slot, program } = oldestFirst[index] as ProgramSlot;
      this.#byHash.delete(program.hash);
      this.#bytes -= program.bytes.length;
      this.#free.push(slot);
      this.#announcer.forget(slot);
    }
  }
}

/** The engine's side: the slots as announced, within the same bounds. */
export class ProgramReceiver {
  readonly #slots: (ProgramSlot | undefined)[] = [];
  #bytes = 0;

  define(slot: number, program: ProgramRef): void {
    if (slot > TRANSIENT_SLOT) throw new CodecError('program slot out of range');
    if (slot !== TRANSIENT_SLOT) {
      this.forget(slot);
      this.#bytes += program.bytes.length;
      if (program.bytes.length > MAX_KEPT_PROGRAM_BYTES || this.#bytes > MAX_KEPT_BYTES) {
        throw new CodecError('more programs than a link may keep');
      }
    }
    while (this.#slots.length <= slot) this.#slots.push(undefined);
    this.#slots[slot] = newSlot(slot, program);
  }

  forget(slot: number): void {
    const entry = this.#slots[slot];
    if (entry === undefined || slot === TRANSIENT_SLOT) return;
    this.#bytes -= entry.program.bytes.length;
    this.#slots[slot] = undefined;
  }

  get(slot: number): ProgramSlot {
    const entry = this.#slots[slot];
    if (entry === undefined) throw new CodecError('no program in this slot');
    return entry;
  }
}
