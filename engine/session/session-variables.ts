/**
 * Variables of a session: each has the type of what was last assigned, of the few that variables have. A statement
 * is bound with the types of before; what is assigned while it runs is read in those.
 */
import { TEXT, type SqlType, type VariableKind } from '../../sblr/contract/types.ts';
import { canonicalInteger, type SqlValue } from '../../sblr/contract/values.ts';
import type { EvalContext } from '../functions/function.ts';
import { castFunction } from '../types/casts.ts';
import type { Session } from './session.ts';
import { settingType, settingValue } from './setting-values.ts';

const INTEGER: SqlType = Object.freeze({ kind: 'int64' });
const UNSIGNED: SqlType = Object.freeze({ kind: 'int64', unsigned: true });
const DECIMAL: SqlType = Object.freeze({ kind: 'decimal' });
const REAL: SqlType = Object.freeze({ kind: 'float64' });
const BYTES: SqlType = Object.freeze({ kind: 'bytes' });

interface Variable {
  readonly value: SqlValue;
  readonly type: SqlType;
}

export class SessionVariables {
  readonly #session: Session;
  readonly #byName = new Map<string, Variable>();

  constructor(session: Session) {
    this.#session = session;
  }

  /** undefined = there is none of that name. */
  typeOf(name: string, scope: VariableKind): SqlType | undefined {
    if (scope === 'session') return this.#byName.get(name)?.type ?? TEXT;
    return scope === 'setting' || scope === 'global' ? settingType(this.#session.settings.definition(name)) : undefined;
  }

  /** The value as of the type that the reader was bound with. */
  read(name: string, scope: VariableKind, type: SqlType): SqlValue {
    const { settings, evaluation } = this.#session;
    if (scope !== 'session') {
      const definition = settings.definition(name);
      const value = settingValue(definition, settings.read(name, scope === 'global'));
      // A clock that goes is read, not the setting that lets it.
      return definition?.role === 'clock' && value === 0 ? evaluation.statementTimestamp / 1_000_000 : value;
    }
    const found = this.#byName.get(name);
    return found === undefined ? null : convert(found.value, found.type, type, evaluation);
  }

  /** Statements that read it are bound anew when it gets another type. */
  assign(name: string, value: SqlValue, type: SqlType): void {
    const before = this.#byName.get(name)?.type;
    const kept = variableType(type);
    this.#byName.set(name, { value: convert(value, type, kept, this.#session.evaluation), type: kept });
    if (before !== kept && (before !== undefined || kept !== TEXT)) this.#session.versions.changed();
  }

  clear(): void {
    if (this.#byName.size === 0) return;
    this.#byName.clear();
    this.#session.versions.changed();
  }
}

/** The type that a variable has for values of a type. */
function variableType(type: SqlType): SqlType {
  switch (type.kind) {
    case 'int64':
      return type.unsigned === true ? UNSIGNED : INTEGER;
    case 'bool':
    case 'int8':
    case 'int16':
    case 'int24':
    case 'int32':
    case 'year':
      return INTEGER;
    case 'decimal':
      return DECIMAL;
    case 'float32':
    case 'float64':
      return REAL;
    case 'bytes':
      return BYTES;
    default:
      return TEXT;
  }
}

function convert(value: SqlValue, from: SqlType, to: SqlType, context: EvalContext): SqlValue {
  if (value === null || from.kind === to.kind) return value;
  if (typeof value === 'boolean' && to.kind === 'int64') return value ? 1 : 0;
  if (typeof value === 'number' && Number.isInteger(value) && to.kind === 'int64')
    return canonicalInteger(BigInt(value));
  if (typeof value === 'string' && to.kind === 'text') return value;
  const cast = castFunction(from, to, 'explicit');
  return cast === undefined ? value : cast(value, context);
}
