/**
 * Fills a new index from its table's rows, slice by slice, checking uniqueness on the way.
 */
import { ScanBatch, SCAN_PENDING, type Scan } from '../../../storage/contract/scan.ts';
import { SqlError } from '../../../sblr/contract/sql-error.ts';
import type { Identifier } from '../../../sblr/contract/names.ts';
import type { BoundExpression, OutputColumn } from '../../binder/bound.ts';
import type { IndexDefinition, StoredExpression, TableDefinition } from '../../catalog/definitions.ts';
import type { ExecutionContext } from '../operator.ts';
import { completeRow, missingValues } from '../operators/scans.ts';
import { IndexAccess, standaloneCompile, valueText } from './table-access.ts';

export interface BuildIndexRequest {
  readonly context: ExecutionContext;
  readonly table: TableDefinition;
  readonly index: IndexDefinition;
  readonly bind: (stored: StoredExpression, table: TableDefinition) => BoundExpression;
  /** Ids that `bind` gives the table's columns. */
  readonly columns: readonly OutputColumn[];
  readonly display: (identifier: Identifier) => string;
}

export interface IndexBuild {
  /** 'pending': the context resumes the work; call again then. */
  step(): 'pending' | 'done';
}

export function buildIndex(request: BuildIndexRequest): IndexBuild {
  return new Build(request);
}

class Build implements IndexBuild {
  readonly #request: BuildIndexRequest;
  readonly #access: IndexAccess;
  readonly #scan: Scan;
  readonly #batch = new ScanBatch();
  /** Values of entries whose keys do not tell: those that become unique later. */
  readonly #seen = new Set<string>();

  constructor(request: BuildIndexRequest) {
    this.#request = request;
    const { context, table, index, bind, columns } = request;
    const layout = new Map(columns.map((column) => [column.id, column.position - 1]));
    const refuse = (): never => {
      throw new SqlError('internal_error', 'an index key uses neither defaults nor domains');
    };
    const compile = standaloneCompile(context.evaluation.semantics, {
      bindTableExpression: bind,
      bindDefault: refuse,
      bindDomainCheck: refuse,
      bindSteps: refuse,
    });
    this.#access = new IndexAccess(index, table, layout, compile);
    this.#scan = context.transaction.scan(table.space, '', undefined, { view: 'newest' });
  }

  step(): 'pending' | 'done' {
    const { context, table, index } = this.#request;
    const missing = missingValues(table);
    for (;;) {
      context.checkCancelled();
      if (context.sliceUsed()) {
        context.yieldSlice();
        return 'pending';
      }
      const count = this.#scan.next(this.#batch, 256);
      if (count === SCAN_PENDING) {
        context.waitFor((resume) => this.#scan.wait(resume));
        return 'pending';
      }
      if (count === 0) return 'done';
      for (let at = 0; at < count; at++) {
        const key = this.#batch.keys[at];
        const row = completeRow(this.#batch.rows[at] as never, key, missing, false);
        const entry = this.#access.entry(row, context);
        if (entry === undefined) continue;
        if (entry.exclusive) {
          // The space is new: what it holds was entered here.
          if (context.transaction.getNewest(index.space, entry.values) !== undefined) throw this.#duplicate(row);
        } else if (entry.late) {
          if (this.#seen.has(entry.values)) throw this.#duplicate(row);
          this.#seen.add(entry.values);
        }
        context.transaction.put(index.space, entry.exclusive ? entry.values : entry.values + key, [key]);
      }
    }
  }

  #duplicate(row: readonly never[] | Parameters<IndexAccess['keyValues']>[0]): SqlError {
    const { index, table, display, context } = this.#request;
    const name = display(index.name);
    const values = this.#access.keyValues(row, context);
    const columns = index.keys.map((key) =>
      key.column > 0 ? display(table.columns[key.column - 1].name) : (key.expression?.text ?? 'expression'),
    );
    const shown = values.map((value, at) => valueText(value, index.keys[at].type, context));
    return new SqlError('unique_violation', {
      message: `could not create unique index "${name}"`,
      variant: 'create_index',
      args: {
        constraint: name,
        index: display(index.localName ?? index.name),
        table: display(table.name),
        key: shown.join('-'),
      },
      detail: `Key (${columns.join(', ')})=(${shown.join(', ')}) is duplicated.`,
      table: display(table.name),
      constraint: name,
    });
  }
}
