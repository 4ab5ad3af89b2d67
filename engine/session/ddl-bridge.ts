/** Data definition's view of a session: implements DdlContext with the session's catalog fork, binder and executor. */
import type { EvalContext } from '../functions/function.ts';
import { displayIdentifier, regular, type Identifier } from '../../sblr/contract/names.ts';
import type { Condition } from '../../sblr/contract/conditions.ts';
import type { Semantics } from '../../sblr/contract/semantics.ts';
import type { AdministrationArea } from '../../sblr/contract/session.ts';
import { SqlError, type SqlErrorDetails } from '../../sblr/contract/sql-error.ts';
import { BOOL, type SqlType } from '../../sblr/contract/types.ts';
import type { Row } from '../../sblr/contract/values.ts';
import type { RelationNode, ValueNode } from '../../sblr/nodes.ts';
import { bindSteps, type BoundSteps } from '../binder/aggregate-steps.ts';
import type { BoundExpression, BoundQuery, LogicalPlan, OutputColumn, SortKey } from '../binder/bound.ts';
import type { BindContext } from '../binder/context.ts';
import { bindDefault, bindQuery, coerceForAssignment, bindTableExpression } from '../binder/index.ts';
import type { Administrator } from '../catalog/accounts.ts';
import type { CatalogFork } from '../catalog/catalog.ts';
import type { Actor } from '../catalog/privileges.ts';
import type {
  ConstraintDefinition,
  IndexDefinition,
  NameContext,
  ObjectId,
  RoutineDefinition,
  SchemaDefinition,
  SequenceDefinition,
  StoredExpression,
  TableDefinition,
  ViewDefinition,
} from '../catalog/definitions.ts';
import type { DdlContext } from '../ddl/context.ts';
import { buildIndex } from '../executor/modify/build-index.ts';
import { LockWaiter } from '../transactions/locks.ts';
import type { TableLockMode } from '../transactions/lock-modes.ts';
import { requireAdministration } from './administration.ts';
import { enterRole } from './binding-versions.ts';
import { bindContext, planBound } from './prepare.ts';
import { allRows, runPlan } from './query.ts';
import { checkBody } from './routines.ts';
import type { Session } from './session.ts';
import type { SessionNames } from './names.ts';
import { searchPathNames } from './search-path.ts';
import { StatementContext } from './statement-context.ts';
import { lockTable } from './table-locks.ts';
import { evaluateValues } from './evaluate.ts';
import { temporarySchemaOf } from './temporary-schemas.ts';

export class DdlBridge implements DdlContext {
  readonly #session: Session;
  readonly semantics: Semantics;
  readonly catalog: CatalogFork;
  readonly databaseId: ObjectId;
  readonly role: ObjectId;
  readonly isSuperuser: boolean;
  readonly checksForeignKeys: boolean;
  #nextColumn = 1_000_000;

  /** Set while the elements of a new schema are made. */
  readonly #schema: SchemaDefinition | undefined;

  constructor(session: Session, semantics: Semantics, schema?: SchemaDefinition) {
    this.#session = session;
    this.#schema = schema;
    this.semantics = semantics;
    this.catalog = session.catalogFork();
    this.databaseId = session.databaseId;
    this.role = session.currentRole;
    this.isSuperuser = session.isSuperuser;
    this.checksForeignKeys = session.transactionDefaults.checksForeignKeys;
  }

  /** Always current: names change while the statement works. */
  get names(): SessionNames {
    const { names } = this.#session;
    return this.#schema === undefined ? names : names.searchedFirst(this.#schema.id);
  }

  get searchPathNames(): readonly string[] {
    const names = searchPathNames(this.#session);
    return this.#schema === undefined ? names : [this.names.schemaName(this.#schema.id)!, ...names];
  }

  requireSetting(name: string, value: string): void {
    this.#session.settings.require(name, value, this.isSuperuser);
  }

  within(schema: SchemaDefinition): { readonly inner: DdlContext; leave(): void } {
    const leave = enterRole(this.#session, schema.owner);
    return { inner: new DdlBridge(this.#session, this.semantics, schema), leave };
  }

  #bindContext(): BindContext {
    return { ...bindContext(this.#session, { semantics: this.semantics }, []), names: this.names };
  }

  /** New tables are announced to the store, so that they count as empty. */
  finish(): void {
    for (const [id, definition] of this.catalog.changes) {
      if (definition?.kind !== 'table' || this.catalog.base.get(id) !== undefined) continue;
      this.#session.core.store.createSpace(definition.space);
      for (const index of definition.indexes) this.#session.core.store.createSpace(index.space);
    }
  }

  notice(severity: 'notice' | 'warning' | 'info', condition: Condition, details: SqlErrorDetails): void {
    this.#session.notice({ severity, condition, details });
  }

  display(identifier: Identifier): string {
    return displayIdentifier(identifier, this.semantics.identifierFold);
  }

  bindQuery(relation: RelationNode, names?: NameContext): BoundQuery {
    const context = this.#bindContext();
    return bindQuery(relation, names === undefined ? context : { ...context, names });
  }

  viewNames(view: ViewDefinition): NameContext {
    return this.#session.viewNames(view);
  }

  bindTableExpression(stored: StoredExpression, table: TableDefinition): BoundExpression {
    return bindTableExpression(stored, table, this.#columnsOf(table), this.#bindContext());
  }

  bindDefault(stored: StoredExpression, table: TableDefinition, position: number): BoundExpression {
    return bindDefault(stored, table, position, this.#bindContext());
  }

  bindAssignment(stored: StoredExpression, table: TableDefinition, type: SqlType, columnName: string): BoundExpression {
    return coerceForAssignment(this.bindTableExpression(stored, table), type, columnName, this.#bindContext());
  }

  checkSetting(name: string, value: string): string {
    return this.#session.settings.checkForServer(name, value);
  }

  get inTransactionBlock(): boolean {
    return this.#session.mode === 'block';
  }

  get actor(): Actor {
    return this.#session.actor;
  }

  get administrator(): Administrator {
    return this.#session.administrator;
  }

  requireAdministration(area: AdministrationArea, message: string): void {
    requireAdministration(this.#session, area, message);
  }

  ownerIn(schema: { readonly owner: ObjectId }): ObjectId {
    return this.#session.dialect.profile.newRelations === 'creator' ? this.role : schema.owner;
  }

  /** Where it does not matter who makes a relation, rights to make them are told apart by kind. */
  get viewPrivilege(): string {
    return this.#session.dialect.profile.newRelations === 'creator' ? 'CREATE' : 'CREATE VIEW';
  }

  isOwnSchema(name: string): boolean {
    return this.#session.dialect.system.schemas.has(name.toLowerCase());
  }

  get passwordEncryption(): string | undefined {
    return this.#session.settings.byRole('password_encryption');
  }

  get dialect(): string {
    return this.#session.dialect.profile.dialect;
  }

  checkBody(routine: RoutineDefinition): void {
    checkBody(this.#session, routine);
  }

  bindSteps(routine: RoutineDefinition): BoundSteps {
    return bindSteps(routine, this.#bindContext());
  }

  typeName(type: SqlType): string {
    return this.#session.introspectionHooks.typeName(type);
  }

  typeNameOf(text: string): string | undefined {
    const hooks = this.#session.introspectionHooks;
    const id = hooks.lookupReference('type', text);
    return id === undefined ? undefined : hooks.formatType(id, -1);
  }

  /** Output columns of a scan of the table, with ids that depend only on position so that bound expressions fit any scan made here. */
  #columnsOf(table: TableDefinition): OutputColumn[] {
    return table.columns
      .filter((column) => !column.dropped)
      .map((column) => ({
        id: this.#nextColumn + column.position,
        name: this.display(column.name),
        type: column.type,
        tableId: table.id,
        position: column.position,
      }));
  }

  #scan(table: TableDefinition, rowKey: boolean): LogicalPlan & { kind: 'scan' } {
    const columns = this.#columnsOf(table);
    const key = this.#nextColumn;
    return {
      kind: 'scan',
      table,
      alias: this.display(table.name),
      rowKey: rowKey ? key : undefined,
      columns: rowKey
        ? [...columns, { id: key, name: 'row_key', type: { kind: 'text' }, tableId: 0, position: 0 }]
        : columns,
    };
  }

  #bound(plan: LogicalPlan): BoundQuery {
    return { plan, parameterTypes: [], lastColumnId: this.#nextColumn + 100_000, tables: [], modifies: false };
  }

  async #anyRow(plan: LogicalPlan): Promise<Row | undefined> {
    const one: LogicalPlan = {
      kind: 'limit',
      source: plan,
      count: { kind: 'constant', value: 1, type: { kind: 'int64' } },
      offset: undefined,
      withTies: false,
      percent: false,
      order: [],
      columns: plan.columns,
    };
    const query = planBound(this.#session, this.#bound(one), 'SELECT');
    return this.#afterOwnChanges(async () => (await allRows(this.#session, query))[0]);
  }

  /** A part of the statement that meets what the parts before it did. */
  async #afterOwnChanges<T>(work: () => Promise<T>): Promise<T> {
    const transaction = this.#session.transaction!;
    transaction.beginStatement();
    try {
      const result = await work();
      transaction.endStatement();
      return result;
    } catch (error) {
      transaction.rollbackStatement();
      throw error;
    }
  }

  lockTable(table: TableDefinition, mode: TableLockMode): Promise<void> {
    return lockTable(this.#session, table.id, table.name.text, mode, 'wait');
  }

  lockName(key: string): Promise<void> {
    const result = this.#session.transaction!.lockName(`catalog:${key}`, true, 'wait');
    if (!(result instanceof LockWaiter)) return Promise.resolve();
    return new Promise((resolve, reject) => {
      result.onSettled((error) => (error === undefined ? resolve() : reject(error)));
    });
  }

  buildIndex(table: TableDefinition, index: IndexDefinition): Promise<void> {
    this.#session.core.store.createSpace(index.space);
    const context = new StatementContext(this.#session, this.#session.transaction!, []);
    return new Promise((resolve, reject) => {
      const work = buildIndex({
        context,
        table,
        index,
        bind: (stored, of) => this.bindTableExpression(stored, of),
        columns: this.#columnsOf(table),
        display: (identifier) => this.display(identifier),
      });
      const advance = (): void => {
        try {
          context.startSlice();
          this.#session.checkCancelled();
          if (work.step() === 'done') resolve();
        } catch (error) {
          reject(error as Error);
        }
      };
      context.onResume = advance;
      advance();
    });
  }

  async violates(table: TableDefinition, check: StoredExpression): Promise<boolean> {
    const scan = this.#scan(table, false);
    const condition: BoundExpression = {
      kind: 'is_truth',
      truth: 'false',
      negated: false,
      operand: this.bindTableExpression(check, table),
      type: BOOL,
    };
    return (await this.#anyRow({ kind: 'filter', source: scan, condition, columns: scan.columns })) !== undefined;
  }

  async validateCheck(table: TableDefinition, constraint: ConstraintDefinition): Promise<void> {
    if (!(await this.violates(table, constraint.check!))) return;
    throw new SqlError('check_violation', {
      message: `check constraint "${this.display(constraint.name)}" of relation "${this.display(table.name)}" is violated by some row`,
      variant: 'existing',
      args: { constraint: this.display(constraint.name), table: this.display(table.name) },
      table: this.display(table.name),
      constraint: this.display(constraint.name),
    });
  }

  async hasNull(table: TableDefinition, column: number): Promise<boolean> {
    const scan = this.#scan(table, false);
    const target = scan.columns.find((one) => one.position === column)!;
    const condition: BoundExpression = {
      kind: 'is_null',
      negated: false,
      operand: { kind: 'column', id: target.id, type: target.type },
      type: BOOL,
    };
    return (await this.#anyRow({ kind: 'filter', source: scan, condition, columns: scan.columns })) !== undefined;
  }

  async validateNotNull(table: TableDefinition, column: number): Promise<void> {
    if (!(await this.hasNull(table, column))) return;
    const name = this.display(table.columns[column - 1]!.name);
    throw new SqlError('not_null_violation', {
      message: `column "${name}" of relation "${this.display(table.name)}" contains null values`,
      variant: 'existing',
      args: { column: name, table: this.display(table.name) },
      table: this.display(table.name),
      column: name,
    });
  }

  async validateForeignKey(table: TableDefinition, constraint: ConstraintDefinition): Promise<void> {
    const parent = this.catalog.table(constraint.refTableId!);
    const child = this.#scan(table, false);
    this.#nextColumn += 10_000;
    const target = this.#scan(parent, false);
    this.#nextColumn -= 10_000;
    const reference = (columns: readonly OutputColumn[], position: number): BoundExpression => {
      const column = columns.find((one) => one.position === position)!;
      return { kind: 'column', id: column.id, type: column.type };
    };
    const notNull = constraint.columns.map(
      (position): BoundExpression => ({
        kind: 'is_null',
        negated: true,
        operand: reference(child.columns, position),
        type: BOOL,
      }),
    );
    const pairs = constraint.columns.map((position, at): BoundExpression => {
      const left = reference(child.columns, position);
      const right = reference(target.columns, constraint.refColumns![at]!);
      const same = left.type.kind === right.type.kind;
      return {
        kind: 'compare',
        operator: 'equal',
        operandType: right.type,
        type: BOOL,
        right,
        left: same ? left : { kind: 'cast', operand: left, type: right.type, context: 'implicit' },
      };
    });
    const present: LogicalPlan = {
      kind: 'filter',
      source: child,
      condition: notNull.length === 1 ? notNull[0]! : { kind: 'and', operands: notNull, type: BOOL },
      columns: child.columns,
    };
    const orphan = await this.#anyRow({
      kind: 'join',
      join: 'anti',
      left: present,
      right: target,
      lateral: false,
      columns: child.columns,
      condition: pairs.length === 1 ? pairs[0]! : { kind: 'and', operands: pairs, type: BOOL },
    });
    if (orphan === undefined) return;
    const values = constraint.columns.map((position) =>
      String(orphan[child.columns.findIndex((one) => one.position === position)]),
    );
    throw new SqlError('foreign_key_violation', {
      message: `insert or update on table "${this.display(table.name)}" violates foreign key constraint "${this.display(constraint.name)}"`,
      variant: 'child',
      args: { table: this.display(table.name), constraint: this.display(constraint.name) },
      detail: `Key (${constraint.columns.map((position) => this.display(table.columns[position - 1]!.name)).join(', ')})=(${values.join(', ')}) is not present in table "${this.display(parent.name)}".`,
      table: this.display(table.name),
      constraint: this.display(constraint.name),
    });
  }

  async rewriteTable(
    from: TableDefinition,
    to: TableDefinition,
    conversions: ReadonlyMap<number, BoundExpression>,
  ): Promise<void> {
    this.#session.core.store.createSpace(to.space);
    const scan = this.#scan(from, true);
    const items = to.columns.map((column, at) => {
      const source = scan.columns.find((one) => one.position === column.position);
      const expression: BoundExpression =
        conversions.get(column.position) ??
        (source === undefined
          ? { kind: 'constant', value: null, type: column.type }
          : { kind: 'column', id: source.id, type: source.type });
      return {
        column: { id: this.#nextColumn + 50_000 + at, name: '', type: column.type, tableId: 0, position: 0 },
        expression,
      };
    });
    const key = scan.columns[scan.columns.length - 1]!;
    items.push({
      column: { ...key, id: this.#nextColumn + 90_000 },
      expression: { kind: 'column', id: key.id, type: key.type },
    });
    const plan: LogicalPlan = {
      kind: 'project',
      source: scan,
      items,
      columns: items.map((item) => item.column),
      setReturning: false,
    };
    const transaction = this.#session.transaction!;
    const width = to.columns.length;
    const copy = (rows: readonly Row[]): void => {
      for (const row of rows) {
        const values = row.slice(0, width);
        for (const [position] of conversions) {
          const column = to.columns[position - 1]!;
          if (column.notNull && values[position - 1] === null) {
            throw new SqlError('not_null_violation', {
              message: `column "${this.display(column.name)}" of relation "${this.display(to.name)}" contains null values`,
              variant: 'existing',
              args: { column: this.display(column.name), table: this.display(to.name) },
            });
          }
        }
        transaction.put(to.space, row[width] as string, values);
      }
    };
    const query = planBound(this.#session, this.#bound(plan), 'SELECT');
    await this.#afterOwnChanges(() => runPlan(this.#session, query, [], copy));
    this.#session.core.rowNumbers.copy(from.space, to.space);
  }

  async insertQuery(query: BoundQuery, table: TableDefinition): Promise<number> {
    this.#session.core.store.createSpace(table.space);
    const transaction = this.#session.transaction!;
    let count = 0;
    await runPlan(this.#session, planBound(this.#session, query, 'SELECT'), [], (rows) => {
      for (const row of rows)
        transaction.put(
          table.space,
          this.#session.core.rowNumbers.next(table.space),
          row.slice(0, table.columns.length),
        );
      count += rows.length;
    });
    return count;
  }

  async isEmpty(table: TableDefinition): Promise<boolean> {
    return (await this.#anyRow(this.#scan(table, false))) === undefined;
  }

  async greatest(table: TableDefinition, column: number): Promise<bigint | undefined> {
    const scan = this.#scan(table, false);
    const at = scan.columns.findIndex((one) => one.position === column);
    const { id, type } = scan.columns[at]!;
    const key: SortKey = { expression: { kind: 'column', id, type }, descending: true, nullsFirst: false };
    const row = await this.#anyRow({ kind: 'sort', source: scan, keys: [key], columns: scan.columns });
    const value = row?.[at];
    return typeof value === 'number' || typeof value === 'bigint' ? BigInt(value) : undefined;
  }

  isTemporaryName(name: Identifier): boolean {
    return !name.exact && name.text.toLowerCase() === this.#session.dialect.system.temporarySchema;
  }

  temporarySchema(databaseId = this.#session.databaseId): SchemaDefinition {
    const session = this.#session;
    const known = temporarySchemaOf(session, databaseId);
    if (known !== undefined) return known;
    const made: SchemaDefinition = {
      kind: 'schema',
      id: this.catalog.base.allocateId(),
      name: { text: `temp:${session.processId}`, exact: true },
      owner: session.loginRole,
      databaseId,
      main: false,
    };
    session.temporarySchemas.push(made);
    session.versions.changed();
    return made;
  }

  afterCommit(action: () => void): void {
    this.#session.transaction!.onCommit(action);
  }

  dropSpace(space: number): void {
    this.#session.core.dropSpace(space);
  }

  restartSequence(id: ObjectId, value: bigint): void {
    this.#session.core.sequences.restart(id, value);
  }

  passSequence(sequence: SequenceDefinition, value: bigint): void {
    this.#session.core.sequences.pass(sequence, value);
  }

  createSequenceState(id: ObjectId, start: bigint): void {
    this.#session.core.sequences.create(id, start);
  }

  get evaluation(): EvalContext {
    return this.#session.evaluation;
  }

  evaluateConstant(value: ValueNode): unknown {
    return evaluateValues(this.#session, { semantics: this.semantics }, [value], [])[0];
  }
}

export { regular };
