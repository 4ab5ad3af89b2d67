/** What functions see of a session: clock, text settings, semantics, and the introspection hooks. Rebuilt when a setting changes. */
import {
  parseDateStyle,
  parseIntervalStyle,
  DEFAULT_TEXT_SETTINGS,
  type TextSettings,
} from '../../sblr/contract/text/settings.ts';
import type { Semantics } from '../../sblr/contract/semantics.ts';
import type { SqlNotice } from '../../sblr/contract/sql-error.ts';
import type { EvalContext } from '../functions/function.ts';
import { SessionIntrospection } from './introspection.ts';
import type { Session } from './session.ts';

export class SessionEvaluation implements EvalContext {
  readonly #session: Session;
  readonly text: TextSettings;
  readonly introspection: SessionIntrospection;

  constructor(session: Session) {
    this.#session = session;
    this.introspection = new SessionIntrospection(session);
    this.text = textSettings(session, this.introspection);
  }

  get transactionTimestamp(): number {
    return this.#session.transaction === undefined
      ? this.#session.statementStartedAt
      : this.#session.transactionStartedAt;
  }

  get statementTimestamp(): number {
    return this.#session.statementStartedAt;
  }

  get semantics(): Semantics {
    return this.#session.semantics!;
  }

  clock(): number {
    return this.#session.core.now();
  }

  random(): number {
    return this.#session.core.random(this.#session);
  }

  seedRandom(seed: number): void {
    this.#session.core.seedRandom(this.#session, seed);
  }

  warn(message: string): void {
    this.#session.warn('warning', message);
  }

  notice(notice: SqlNotice): void {
    this.#session.notice(notice);
  }
}

function textSettings(session: Session, introspection: SessionIntrospection): TextSettings {
  const style = parseDateStyle(session.settings.get('datestyle') ?? '', { dateStyle: 'iso', dateOrder: 'mdy' }) ?? {
    dateStyle: 'iso' as const,
    dateOrder: 'mdy' as const,
  };
  return {
    ...DEFAULT_TEXT_SETTINGS,
    ...style,
    intervalStyle:
      parseIntervalStyle(session.settings.get('intervalstyle') ?? '') ?? DEFAULT_TEXT_SETTINGS.intervalStyle,
    timeZone: session.settings.timeZone(),
    bytesOutput: session.settings.get('bytea_output') === 'escape' ? 'escape' : 'hex',
    extraFloatDigits: Number(session.settings.get('extra_float_digits') ?? 1),
    now: () => (session.transaction === undefined ? session.statementStartedAt : session.transactionStartedAt),
    referenceText: (target, id) => introspection.referenceText(target, id),
    lookupReference: (target, text) => introspection.lookupReference(target, text),
  };
}
