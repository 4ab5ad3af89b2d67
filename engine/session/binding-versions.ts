/**
 * Numbers of the states that a session binds statements in: its settings and its role. A plan is good for the number
 * it was made under.
 */
import type { ObjectId, RoutineDefinition } from '../catalog/definitions.ts';
import type { Session } from './session.ts';

export class BindingVersions {
  current = 0;
  #last = 0;
  /** Of states entered for a while, by the state they were entered from and what was changed. */
  readonly #entered = new Map<string, number>();
  #entering = false;

  changed(): void {
    if (this.#entering) return;
    this.current = ++this.#last;
    this.#entered.clear();
  }

  /**
   * Changes something for a while: the same number each time it is entered from here, so that no plan is made anew.
   * Answers the way back.
   */
  enter(key: string, change: () => void, undo: () => void): () => void {
    const before = this.current;
    const from = `${before} ${key}`;
    const version = this.#entered.get(from) ?? ++this.#last;
    this.#quietly(change);
    this.#entered.set(from, version);
    this.current = version;
    return () => {
      this.#quietly(undo);
      // What else changed meanwhile counts for what is bound outside, too.
      this.current = this.#entered.get(from) === version ? before : ++this.#last;
    };
  }

  #quietly(work: () => void): void {
    this.#entering = true;
    try {
      work();
    } finally {
      this.#entering = false;
    }
  }
}

/** From now on the session has the rights of another role, until the answer is called. */
export function enterRole(session: Session, role: ObjectId): () => void {
  const { currentRole: before, activeRoles: active } = session;
  if (role === before) return () => undefined;
  const become = (one: ObjectId, acting: ReadonlySet<ObjectId> | undefined) => (): void => {
    session.currentRole = one;
    session.activeRoles = acting;
  };
  return session.versions.enter(`role ${role}`, become(role, undefined), become(before, active));
}

/** The rights and settings that a routine runs with, until the answer is called; undefined = the caller's. */
export function enterRoutine(session: Session, routine: RoutineDefinition): (() => void) | undefined {
  if (routine.ownersRights !== true && routine.settings === undefined) return undefined;
  const leaveRole = routine.ownersRights === true ? enterRole(session, routine.owner) : undefined;
  try {
    const leaveSettings = enterSettings(session, routine.settings ?? {});
    return () => {
      leaveSettings();
      leaveRole?.();
    };
  } catch (error) {
    leaveRole?.();
    throw error;
  }
}

function enterSettings(session: Session, wanted: Readonly<Record<string, string>>): () => void {
  const { settings } = session;
  const changes = Object.entries(wanted).filter(([name, value]) => settings.get(name) !== value);
  if (changes.length === 0) return () => undefined;
  const before = changes.map(([name]): [string, string] => [name, settings.get(name) ?? '']);
  const put = (values: readonly (readonly [string, string])[]) => (): void => {
    for (const [name, value] of values) settings.set(name, value, session.isSuperuser, false, false);
  };
  return session.versions.enter(JSON.stringify(changes), put(changes), put(before));
}
