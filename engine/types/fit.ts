/** Notes that a value did not fit its type, and nothing else: what becomes of it is the affair of who converts. */
import type { SqlType } from '../../sblr/contract/types.ts';
import type { Misfits } from './lenient-values.ts';

export class Fit implements Misfits {
  failed = false;
  readonly truncatesSeconds = false;
  readonly zeroDate: boolean;
  readonly #fail = (): void => {
    this.failed = true;
  };
  readonly #failed = (): null => {
    this.failed = true;
    return null;
  };
  readonly unread = this.#fail;
  readonly outOfRange = this.#fail;
  readonly tooManyBits = this.#fail;
  readonly unreadInstant = this.#failed;
  readonly zeroInstant = this.#failed;
  readonly noLabel = this.#fail;
  readonly noDocument = this.#fail;

  constructor(zeroDate: boolean) {
    this.zeroDate = zeroDate;
  }

  cut(_type: SqlType, _text: string, blanks: boolean): void {
    if (!blanks) this.failed = true;
  }

  rounded(): void {
    // A value that loses digits is one.
  }

  cutInstant(): void {
    // So is one that loses its time.
  }
}
