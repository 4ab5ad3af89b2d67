/**
 * Numbers of the states that a session binds statements in: its settings and its role. A plan is good for the number
 * it was made under.
 */
import type { ObjectId } from '../catalog/definitions.ts';
import type { Session } from './session.ts';

export class BindingVersions {
  current = 0;
  #last = 0;
  /** Of other roles whose rights were taken meanwhile, as long as nothing else changes. */
  readonly #ofRoles = new Map<ObjectId, number>();

  changed(): void {
    this.current = ++this.#last;
    this.#ofRoles.clear();
  }

  /** The same state with another role: the same number each time, so that no plan is made anew. Answers the way back. */
  enter(role: ObjectId): () => void {
    const before = this.current;
    const version = this.#ofRoles.get(role) ?? ++this.#last;
    this.#ofRoles.set(role, version);
    this.current = version;
    return () => {
      // What changed meanwhile counts for what is bound outside, too.
      this.current = this.#ofRoles.get(role) === version ? before : ++this.#last;
    };
  }
}

/** From now on the session has the rights of another role, until the answer is called. */
export function enterRole(session: Session, role: ObjectId): () => void {
  const before = session.currentRole;
  if (role === before) return () => undefined;
  const leave = session.versions.enter(role);
  session.currentRole = role;
  return () => {
    session.currentRole = before;
    leave();
  };
}
