/** Source of the vectorised gear: all rows of a table in large batches, unfiltered. */
import { SCAN_PENDING, ScanBatch, type Scan } from '../../../storage/contract/scan.ts';
import type { Row, SqlValue } from '../../../sblr/contract/values.ts';
import type { TableDefinition } from '../../catalog/definitions.ts';
import { PENDING, type Batch, type ExecutionContext, type Operator } from '../operator.ts';
import { completeRow } from '../operators/scans.ts';
import { VECTOR_ROWS } from './frame.ts';

export class RawScan implements Operator {
  readonly #table: TableDefinition;
  readonly #missing: readonly SqlValue[];
  readonly #context: ExecutionContext;
  readonly #batch = new ScanBatch();
  #scan: Scan | undefined;
  #done = false;

  constructor(table: TableDefinition, missing: readonly SqlValue[], context: ExecutionContext) {
    this.#table = table;
    this.#missing = missing;
    this.#context = context;
  }

  next(): Batch | null | typeof PENDING {
    if (this.#done) return null;
    const context = this.#context;
    context.checkCancelled();
    this.#scan ??= context.reads.scan(this.#table.space, '', undefined);
    const scan = this.#scan;
    const count = scan.next(this.#batch, VECTOR_ROWS);
    if (count === SCAN_PENDING) {
      context.waitFor((resume) => scan.wait(resume));
      return PENDING;
    }
    if (count === 0) {
      this.#done = true;
      return null;
    }
    const width = this.#missing.length;
    const rows = this.#batch.rows.slice(0, count) as Row[];
    for (let at = 0; at < count; at++)
      if (rows[at].length < width) rows[at] = completeRow(rows[at], '', this.#missing, false);
    return rows;
  }

  rewind(): void {
    this.#scan?.close();
    this.#scan = undefined;
    this.#done = false;
  }

  close(): void {
    this.rewind();
    this.#done = true;
  }
}
