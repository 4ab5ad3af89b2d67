/**
 * Bulk loading: rows given as values, or as text fields that are cast by assignment, go into a table
 * through the same writer as INSERT.
 */
import { SqlError } from '../../../sblr/contract/sql-error.ts';
import { TEXT } from '../../../sblr/contract/types.ts';
import type { Row, SqlValue } from '../../../sblr/contract/values.ts';
import type { TableDefinition } from '../../catalog/definitions.ts';
import { compileDomain, type DomainCheck, type StoredExpressions } from '../expressions/compile.ts';
import { PENDING, SUSPEND, type Evaluator, type ExecutionContext } from '../operator.ts';
import { castOf, type CastFunction } from '../values.ts';
import { ForeignKeys } from './foreign-keys.ts';
import { standaloneCompile, type TableAccess } from './table-access.ts';
import type { TableWriter } from './table-writer.ts';

export interface BulkInsertRequest {
  readonly context: ExecutionContext;
  readonly stored: StoredExpressions;
  readonly table: TableDefinition;
  /** Column positions of the fields, in order. */
  readonly columns: readonly number[];
  /** Fields are text (or null) to be cast; otherwise values of the columns' types. */
  readonly text: boolean;
  /** Rows for which this is not true are left out; over the row by position. */
  readonly where?: Evaluator | undefined;
}

const NO_ROW: Row = [];

export class BulkInserter {
  readonly #request: BulkInsertRequest;
  readonly #access: TableAccess;
  readonly #foreignKeys: ForeignKeys;
  readonly #writer: TableWriter;
  readonly #casts: readonly (CastFunction | undefined)[];
  readonly #domains: readonly (DomainCheck | undefined)[];
  readonly #filled: readonly number[];
  #rows: readonly Row[] = [];
  #position = 0;
  #row: SqlValue[] | undefined;
  #ended = false;
  /** Rows stored. */
  count = 0;
  /** Rows looked at, for messages: the current one is line `seen` + 1. */
  seen = 0;

  constructor(request: BulkInsertRequest) {
    this.#request = request;
    const { context, stored, table, columns } = request;
    this.#foreignKeys = new ForeignKeys(context, stored);
    this.#writer = this.#foreignKeys.writer(table);
    this.#access = this.#writer.access;
    const types = columns.map((position) => table.columns[position - 1].type);
    this.#casts = types.map((type) => (request.text ? castOf(TEXT, type, 'assignment') : undefined));
    const compile = standaloneCompile(context.evaluation.semantics, stored);
    this.#domains = types.map((type) => {
      const definition = type.typeId === undefined ? undefined : context.catalog.get(type.typeId);
      return definition?.kind === 'type' && definition.form === 'domain' ? compileDomain(definition.id, context, compile) : undefined;
    });
    const given = new Set(columns);
    this.#filled = table.columns.filter((column) => !given.has(column.position)).map((column) => column.position - 1);
  }

  /** Hands over rows; the ones before must be done. */
  add(rows: readonly Row[]): void {
    this.#rows = rows;
    this.#position = 0;
  }

  /** No more rows come: `step` then finishes the checks. */
  end(): void {
    this.#ended = true;
  }

  /** 'pending': the context resumes the work; 'done': give more rows, or (after `end`) all is done. */
  step(): 'pending' | 'done' {
    const { context } = this.#request;
    try {
      while (this.#position < this.#rows.length) {
        if ((this.#position & 127) === 127 && this.#row === undefined && context.sliceUsed()) {
          context.checkCancelled();
          context.yieldSlice();
          return 'pending';
        }
        this.#row ??= this.#build(this.#rows[this.#position]);
        if (this.#passes(this.#row)) {
          this.#access.verify(this.#row, context);
          if (this.#writer.insert(this.#row, 'error') === PENDING) return 'pending';
          this.count++;
        }
        this.#row = undefined;
        this.#position++;
        this.seen++;
      }
      if (this.#ended && this.#foreignKeys.finish() === PENDING) return 'pending';
      return 'done';
    } catch (error) {
      if (error === SUSPEND) return 'pending';
      throw error;
    }
  }

  #passes(row: Row): boolean {
    const { where, context } = this.#request;
    return where === undefined || where(row, context) === true;
  }

  #build(fields: Row): SqlValue[] {
    const { context, columns, table } = this.#request;
    if (fields.length !== columns.length) {
      throw new SqlError('bad_copy_file_format', fields.length < columns.length
        ? { message: `missing data for column "${context.display(table.columns[columns[fields.length] - 1].name)}"` }
        : { message: 'extra data after last expected column' });
    }
    const row: SqlValue[] = new Array(table.columns.length);
    for (let at = 0; at < columns.length; at++) {
      const field = fields[at];
      const cast = this.#casts[at];
      const value = field === null || cast === undefined ? field : cast(field, context.evaluation);
      this.#domains[at]?.(value, context);
      row[columns[at] - 1] = value;
    }
    for (const slot of this.#filled) row[slot] = this.#access.defaults[slot]?.(NO_ROW, context) ?? null;
    this.#access.generate(row, context);
    return row;
  }
}
