/**
 * Hand-made plans over a real tier 1, without parser, binder or session. The execution context can say
 * "slice used up" after every few questions, so that operators are stopped and resumed in all places.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { regular } from '../../../sblr/contract/names.ts';
import { DEFAULT_TEXT_SETTINGS } from '../../../sblr/contract/text/settings.ts';
import { BOOL, INT32, INT64, TEXT, type SqlType } from '../../../sblr/contract/types.ts';
import type { Row, SqlValue } from '../../../sblr/contract/values.ts';
import type {
  BoundExpression,
  BoundQuery,
  ComparisonOperator,
  LogicalPlan,
  OutputColumn,
} from '../../../engine/binder/bound.ts';
import type { IndexDefinition, TableDefinition } from '../../../engine/catalog/definitions.ts';
import type { ExecutionContext, SpillFile } from '../../../engine/executor/operator.ts';
import { memoryExceeded } from '../../../engine/executor/memory.ts';
import { Execution } from '../../../engine/executor/run.ts';
import type { PhysicalPlan } from '../../../engine/planner/plan.ts';
import { planQuery } from '../../../engine/planner/plan.ts';
import { NO_STATISTICS, type StatisticsSource } from '../../../engine/planner/statistics.ts';
import { RowNumbers } from '../../../engine/row-numbers.ts';
import { TransactionManager, type Transaction } from '../../../engine/transactions/index.ts';
import { SEMANTICS } from '../../../parsers/postgres/facts.ts';
import type { RowCodec, TransactionStore } from '../../../storage/contract/index.ts';
import { openTier1 } from '../../../storage/index.ts';
import { jsonCodec } from '../../conformance/storage/text-codec.ts';

const refuse = (): never => {
  throw new Error('not used in these tests');
};

export class World {
  readonly store: TransactionStore;
  readonly manager: TransactionManager;
  readonly rowNumbers: RowNumbers;
  readonly tables = new Map<number, TableDefinition>();
  readonly #directory: string;
  #nextSpace = 100;

  constructor(store: TransactionStore, directory: string) {
    this.store = store;
    this.manager = new TransactionManager(store);
    this.rowNumbers = new RowNumbers(store);
    this.#directory = directory;
  }

  static async open(codec: RowCodec = jsonCodec): Promise<World> {
    const directory = mkdtempSync(join(tmpdir(), 'executor-'));
    return new World(await openTier1({ directory, codec, preallocateBytes: 64 * 1024 }), directory);
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.store.close(() => {
        rmSync(this.#directory, { recursive: true, force: true });
        resolve();
      });
    });
  }

  /** A table with unique or plain indexes over columns; a key is [columns...], `unique` first. */
  table(
    name: string,
    types: Readonly<Record<string, SqlType>>,
    indexes: readonly { unique?: boolean; columns: readonly string[]; descending?: boolean }[] = [],
  ): TableDefinition {
    const id = this.#nextSpace++;
    const names = Object.keys(types);
    const table: TableDefinition = {
      kind: 'table',
      id,
      space: id,
      name: regular(name),
      owner: 10,
      schemaId: 1,
      databaseId: 1,
      constraints: [],
      persistence: 'permanent',
      onCommit: 'preserve',
      options: {},
      referencedBy: [],
      columns: names.map((column, at) => ({
        position: at + 1,
        name: regular(column),
        type: types[column] as SqlType,
        notNull: false,
        identity: 'none',
        generated: 'none',
        missing: null,
        dropped: false,
      })),
      indexes: indexes.map((index): IndexDefinition => {
        const space = this.#nextSpace++;
        return {
          kind: 'index',
          id: space,
          space,
          tableId: id,
          name: regular(`${name}_${index.columns.join('_')}`),
          owner: 10,
          unique: index.unique === true,
          primary: false,
          nullsNotDistinct: false,
          include: [],
          method: 'btree',
          ready: true,
          options: {},
          keys: index.columns.map((column) => ({
            column: names.indexOf(column) + 1,
            type: types[column] as SqlType,
            descending: index.descending === true,
            nullsFirst: index.descending === true,
          })),
        };
      }),
    };
    this.tables.set(id, table);
    return table;
  }

  context(
    transaction: Transaction,
    options: { interruptEvery?: number; memory?: number; parameters?: readonly SqlValue[] } = {},
  ): TestContext {
    return new TestContext(this, transaction, options);
  }

  plan(
    plan: LogicalPlan,
    statistics: StatisticsSource = NO_STATISTICS,
    gear: 'rows' | 'vectors' | 'auto' = 'auto',
  ): PhysicalPlan {
    const query: BoundQuery = { plan, parameterTypes: [], lastColumnId: 100_000, tables: [], modifies: false };
    return planQuery(query, statistics, {
      gear,
      semantics: SEMANTICS,
      stored: { bindTableExpression: refuse, bindDefault: refuse, bindDomainCheck: refuse, bindSteps: refuse },
    });
  }

  /** Runs a plan in a transaction of its own (committed) and answers all rows. */
  async run(
    plan: LogicalPlan,
    options: {
      gear?: 'rows' | 'vectors' | 'auto';
      interruptEvery?: number;
      memory?: number;
      parameters?: readonly SqlValue[];
      statistics?: StatisticsSource;
    } = {},
  ): Promise<Row[]> {
    const transaction = this.manager.begin({ isolation: 'read_committed' });
    transaction.beginStatement();
    try {
      const rows = await drainPlan(
        this.plan(plan, options.statistics, options.gear),
        this.context(transaction, options),
      );
      transaction.endStatement();
      await new Promise<void>((resolve, reject) =>
        transaction.commit((error) => (error === undefined ? resolve() : reject(error))),
      );
      return rows;
    } catch (error) {
      transaction.rollback();
      throw error;
    }
  }

  insert(table: TableDefinition, rows: readonly Row[]): Promise<Row[]> {
    const columns = table.columns.map((column, at) => output(50_000 + at, column.type));
    const values: LogicalPlan = {
      kind: 'values',
      rows: rows.map((row) => row.map((value, at) => constant(value, table.columns[at]!.type))),
      columns,
    };
    return this.run({
      kind: 'insert',
      target: { table, columns: [], rowKey: undefined },
      source: values,
      values: columns.map((column) => reference(column)),
      overriding: 'none',
      onDuplicate: 'error',
      conflict: undefined,
      checks: [],
      returning: [],
      columns: [],
    });
  }
}

export class TestContext implements ExecutionContext {
  readonly transaction: Transaction;
  readonly reads: Transaction;
  readonly parameters: readonly SqlValue[];
  readonly outer: SqlValue[] = [];
  readonly slots: unknown[] = [];
  readonly catalog: ExecutionContext['catalog'];
  readonly evaluation: ExecutionContext['evaluation'];
  readonly spillFiles = { create: () => new MemoryFile(this) };
  readonly #world: World;
  readonly #every: number;
  readonly #memory: number;
  #questions = 0;
  #next = 1;
  #used = 0;
  #required = 0;
  onResume: (error?: Error) => void = () => undefined;
  spilled = 0;
  openFiles = 0;
  interruptions = 0;

  constructor(
    world: World,
    transaction: Transaction,
    options: { interruptEvery?: number; memory?: number; parameters?: readonly SqlValue[] },
  ) {
    this.#world = world;
    this.transaction = transaction;
    this.reads = transaction;
    this.#every = options.interruptEvery ?? 0;
    this.#memory = options.memory ?? Number.POSITIVE_INFINITY;
    this.parameters = options.parameters ?? [];
    this.catalog = {
      epoch: 1,
      get: (id: number) => world.tables.get(id),
      all: () => world.tables.values(),
    } as unknown as ExecutionContext['catalog'];
    this.evaluation = {
      transactionTimestamp: 0,
      statementTimestamp: 0,
      clock: () => 0,
      text: DEFAULT_TEXT_SETTINGS,
      semantics: SEMANTICS,
      introspection: undefined,
      random: Math.random,
      seedRandom: refuse,
      warn: refuse,
    } as unknown as ExecutionContext['evaluation'];
  }

  sliceUsed(): boolean {
    if (this.#every === 0) return false;
    if (++this.#questions < this.#next) return false;
    // Uneven gaps, so that a pass through several operators that ask always gets somewhere.
    this.#questions = 0;
    this.#next = this.#every + ((this.interruptions * 7) % 13);
    return true;
  }

  yieldSlice(): void {
    this.interruptions++;
    setImmediate(() => this.onResume());
  }

  waitFor(subscribe: (resume: (error?: Error) => void) => void): void {
    subscribe((error) => this.onResume(error));
  }

  checkCancelled(): void {}

  reserve(bytes: number): boolean {
    if (this.#used + bytes > this.#memory) return false;
    this.#used += bytes;
    return true;
  }

  release(bytes: number): void {
    this.#used -= bytes;
  }

  require(bytes: number, user: string): void {
    if (this.#required + bytes > this.#memory) throw memoryExceeded(user, this.#memory);
    this.#required += bytes;
  }

  releaseRequired(bytes: number): void {
    this.#required -= bytes;
  }

  get memoryInUse(): number {
    return this.#used + this.#required;
  }

  nextRowKey(space: number): string {
    return this.#world.rowNumbers.next(space);
  }

  mayRead(): boolean {
    return true;
  }

  display(identifier: { readonly text: string }): string {
    return identifier.text;
  }

  readonly checksForeignKeys = true;
  systemRows = refuse;
  nextSequenceValue = refuse;
  passSequenceValue = refuse;
  callRoutine = refuse;
  routineRows = refuse;
  variable = refuse;
  setVariable = refuse;
  notice(): void {}
}

class MemoryFile implements SpillFile {
  readonly #context: TestContext;
  readonly #parts: Uint8Array[] = [];
  #open = true;
  size = 0;

  constructor(context: TestContext) {
    this.#context = context;
    context.spilled++;
    context.openFiles++;
  }

  write(bytes: Uint8Array): void {
    this.#parts.push(Uint8Array.from(bytes));
    this.size += bytes.length;
  }

  read(position: number, length: number): Uint8Array {
    return new Uint8Array(Buffer.concat(this.#parts).subarray(position, position + length));
  }

  close(): void {
    if (this.#open) this.#context.openFiles--;
    this.#open = false;
  }
}

/** Steps an execution to its end, waiting where it waits. */
export function drainPlan(plan: PhysicalPlan, context: TestContext): Promise<Row[]> {
  const execution = new Execution(plan, context);
  const rows: Row[] = [];
  return new Promise((resolve, reject) => {
    const advance = (failure?: Error): void => {
      try {
        if (failure !== undefined) throw failure;
        for (;;) {
          const state = execution.step();
          if (state === 'pending') return;
          if (state === 'done') break;
          rows.push(...execution.rows);
        }
        execution.close();
        resolve(rows);
      } catch (error) {
        execution.close();
        reject(error as Error);
      }
    };
    context.onResume = advance;
    advance();
  });
}

// ---- small plans ------------------------------------------------------------------------------------------

export function output(id: number, type: SqlType, name = `c${id}`): OutputColumn {
  return { id, name, type, tableId: 0, position: 0 };
}

export function reference(column: OutputColumn): BoundExpression {
  return { kind: 'column', id: column.id, type: column.type };
}

export function constant(value: SqlValue, type: SqlType = typeof value === 'string' ? TEXT : INT32): BoundExpression {
  return { kind: 'constant', value, type };
}

export function compare(operator: ComparisonOperator, left: BoundExpression, right: BoundExpression): BoundExpression {
  return { kind: 'compare', operator, left, right, operandType: left.type, type: BOOL };
}

export function and(...operands: BoundExpression[]): BoundExpression {
  return { kind: 'and', operands, type: BOOL };
}

export type Scan = LogicalPlan & { kind: 'scan' };

/** A scan whose columns have ids first, first + 1, ... and the row key after them. */
export function scan(table: TableDefinition, first: number, withKey = false): Scan {
  const columns = table.columns.map(
    (column, at): OutputColumn => ({
      id: first + at,
      name: column.name.text,
      type: column.type,
      tableId: table.id,
      position: column.position,
    }),
  );
  const key = output(first + columns.length, TEXT, 'row_key');
  return {
    kind: 'scan',
    table,
    alias: table.name.text,
    columns: withKey ? [...columns, key] : columns,
    rowKey: withKey ? key.id : undefined,
  };
}

export function filter(source: LogicalPlan, condition: BoundExpression): LogicalPlan {
  return { kind: 'filter', source, condition, columns: source.columns };
}

export const LIMIT_TYPE = INT64;
