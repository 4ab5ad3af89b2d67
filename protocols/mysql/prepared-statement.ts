/** A statement prepared by COM_STMT_PREPARE, as the worker keeps it. */
import type { CompiledStatement } from '../../sblr/contract/dialect.ts';
import type { ResultColumn } from '../../sblr/contract/session.ts';
import type { ParameterType } from './parameters.ts';

/** Bytes of long data a statement may collect before it is executed. */
const LONG_DATA_LIMIT = 1 << 30;

export class PreparedStatement {
  readonly id: number;
  readonly compiled: CompiledStatement;
  /** Parameter types of the last execution: later ones may leave them out. */
  types: readonly ParameterType[] = [];
  columns: readonly ResultColumn[] = [];
  readonly #long = new Map<number, Buffer[]>();
  #longBytes = 0;

  constructor(id: number, compiled: CompiledStatement) {
    this.id = id;
    this.compiled = compiled;
  }

  get parameterCount(): number {
    return this.compiled.parameterCount;
  }

  /** A piece of a parameter sent ahead. False when there would be too much. */
  addLongData(parameter: number, piece: Buffer): boolean {
    this.#longBytes += piece.length;
    if (this.#longBytes > LONG_DATA_LIMIT) return false;
    const pieces = this.#long.get(parameter);
    if (pieces === undefined) this.#long.set(parameter, [piece]);
    else pieces.push(piece);
    return true;
  }

  /** Takes what was sent ahead, by parameter. */
  takeLongData(): ReadonlyMap<number, Buffer> {
    const taken = new Map([...this.#long].map(([parameter, pieces]) => [parameter, Buffer.concat(pieces)]));
    this.reset();
    return taken;
  }

  reset(): void {
    this.#long.clear();
    this.#longBytes = 0;
  }
}
