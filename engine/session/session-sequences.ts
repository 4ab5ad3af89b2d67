/** Sequences as one session uses them: whose values it may take, and which it took last. */
import { displayIdentifier } from '../../sblr/contract/names.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { ObjectId, SequenceDefinition } from '../catalog/definitions.ts';
import { hasPrivilege } from '../catalog/privileges.ts';
import type { SequenceHooks } from '../functions/introspection.ts';
import type { Session } from './session.ts';

export class SessionSequences implements SequenceHooks {
  readonly #session: Session;
  /** Last value per sequence. */
  readonly #values = new Map<ObjectId, number | bigint>();
  #last: SequenceDefinition | undefined;

  constructor(session: Session) {
    this.#session = session;
  }

  // ---- columns that a sequence feeds

  take(id: ObjectId): number | bigint {
    const sequence = this.#session.catalog.get(id);
    if (sequence?.kind !== 'sequence') throw new SqlError('undefined_table', `sequence ${id} does not exist`);
    const value = this.#session.core.sequences.next(sequence, this.#show(sequence));
    this.#values.set(id, value);
    this.#last = sequence;
    return value;
  }

  pass(id: ObjectId, value: number | bigint): void {
    const sequence = this.#session.catalog.get(id);
    if (sequence?.kind === 'sequence') this.#session.core.sequences.pass(sequence, BigInt(value));
  }

  forget(): void {
    this.#values.clear();
  }

  // ---- functions

  nextValue(id: number): number | bigint {
    this.#require(this.#sequence(id), 'USAGE', 'UPDATE');
    if (this.#session.transaction?.readOnly === true)
      throw new SqlError('read_only_sql_transaction', 'cannot execute nextval() in a read-only transaction');
    return this.take(id);
  }

  currentValue(id: number): number | bigint {
    const sequence = this.#sequence(id);
    const value = this.#values.get(id);
    if (value === undefined) {
      throw new SqlError('object_not_in_prerequisite_state', {
        message: `currval of sequence "${this.#show(sequence)}" is not yet defined in this session`,
      });
    }
    return value;
  }

  setValue(id: number, value: number | bigint, isCalled: boolean): void {
    const sequence = this.#sequence(id);
    this.#require(sequence, 'UPDATE');
    this.#session.core.sequences.set(sequence, this.#show(sequence), BigInt(value), isCalled);
    if (isCalled) {
      this.#values.set(id, value);
      this.#last = sequence;
    }
  }

  lastValue(): number | bigint {
    const last = this.#last;
    const value = last === undefined ? undefined : this.#values.get(last.id);
    if (last === undefined || value === undefined || this.#session.catalog.get(last.id) === undefined)
      throw new SqlError('object_not_in_prerequisite_state', 'lastval is not yet defined in this session');
    return value;
  }

  #show(sequence: SequenceDefinition): string {
    return displayIdentifier(sequence.name, this.#session.identifierFold);
  }

  #sequence(id: number): SequenceDefinition {
    const found = this.#session.catalog.get(id);
    if (found?.kind === 'sequence') return found;
    if (found === undefined) throw new SqlError('undefined_table', `could not open relation with OID ${id}`);
    const shown = displayIdentifier(found.name, this.#session.identifierFold);
    throw new SqlError('wrong_object_type', `"${shown}" is not a sequence`);
  }

  #require(sequence: SequenceDefinition, ...privileges: string[]): void {
    if (privileges.some((one) => hasPrivilege(this.#session.catalog, this.#session.actor, sequence, one))) return;
    const name = this.#show(sequence);
    throw new SqlError('insufficient_privilege', {
      message: `permission denied for sequence ${name}`,
      variant: 'object',
      args: { kind: 'sequence', name },
    });
  }
}
