/** The diagnostics area: errors and warnings of the last statement that is not itself about them. */
import type { SqlError, SqlNotice } from '../../sblr/contract/sql-error.ts';
import { nativeError, NOWHERE, type SessionPlace } from './native-error.ts';

export type DiagnosticLevel = 'Note' | 'Warning' | 'Error';

export interface Diagnostic {
  readonly level: DiagnosticLevel;
  readonly errno: number;
  readonly message: string;
}

export class Diagnostics {
  readonly #limit: number;
  #list: Diagnostic[] = [];
  #warnings = 0;
  #errors = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get list(): readonly Diagnostic[] {
    return this.#list;
  }

  /** Everything noticed, kept or not. */
  get warnings(): number {
    return this.#warnings;
  }

  get errors(): number {
    return this.#errors;
  }

  /** Of the session: messages name its database and its account. */
  place: SessionPlace = NOWHERE;

  clear(): void {
    if (this.#warnings === 0) return;
    this.#list = [];
    this.#warnings = 0;
    this.#errors = 0;
  }

  notice({ severity, condition, details }: SqlNotice): void {
    if (severity === 'debug' || severity === 'log') return;
    const { errno, message } = nativeError(condition, details, this.place);
    this.#add({ level: severity === 'warning' ? 'Warning' : 'Note', errno, message });
  }

  error({ condition, details }: SqlError): void {
    const { errno, message } = nativeError(condition, details, this.place);
    this.#errors++;
    this.#add({ level: 'Error', errno, message });
  }

  #add(diagnostic: Diagnostic): void {
    this.#warnings++;
    if (this.#list.length < this.#limit) this.#list.push(diagnostic);
  }
}
