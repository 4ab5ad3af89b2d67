/**
 * What the producers of the `sys` relations share: what they may ask of the session, and how values of
 * definitions become columns. Rows are computed when scanned.
 */
import type { IdentifierFold } from '../../../sblr/contract/names.ts';
import type { BuiltinRoutine, BuiltinType } from '../../../sblr/contract/session.ts';
import { arrayOf, INT16, OID, TEXT, type SqlType } from '../../../sblr/contract/types.ts';
import { SqlArray, type Row, type SqlValue } from '../../../sblr/contract/values.ts';
import type {
  CatalogView,
  ColumnDefinition,
  Definition,
  ObjectId,
  RoutineDefinition,
  RoutineParameter,
  SequenceDefinition,
  TableDefinition,
  ViewDefinition,
} from '../definitions.ts';
import type { Fact, FactTable } from '../fact-table.ts';
import type { TransactionContext } from '../transaction-relations.ts';

export interface SessionRow {
  readonly id: number;
  readonly databaseId: ObjectId;
  readonly roleId: ObjectId;
  readonly roleName: string;
  readonly applicationName: string;
  readonly clientAddress: string;
  readonly startedAt: number;
  readonly transactionStartedAt: number | null;
  readonly statementStartedAt: number;
  readonly stateChangedAt: number;
  readonly state: string;
  readonly text: string;
}

/** What row producers may ask. */
export interface SystemContext extends TransactionContext {
  readonly catalog: CatalogView;
  /** Set when one object is asked for: the only definitions to make rows of. */
  readonly only?: readonly Definition[] | undefined;
  readonly databaseId: ObjectId;
  /** Are the objects of all databases listed, and not only those of `databaseId`? */
  readonly everyDatabase: boolean;
  readonly administrator: ObjectId;
  /** What the dialect calls it. */
  readonly administratorName: string;
  /** Does the session act with this role of the account? */
  isActive(account: ObjectId, role: ObjectId): boolean;
  readonly fold: IdentifierFold;
  readonly mainSchema: string;
  readonly systemSchemaId: ObjectId;
  readonly types: readonly BuiltinType[];
  /** Those of them to make rows of. */
  readonly listedTypes: readonly BuiltinType[];
  readonly routines: readonly BuiltinRoutine[];
  readonly factTable: FactTable;
  /** Those of its facts to make rows of. */
  readonly facts: Iterable<Fact>;
  readonly views: Iterable<ViewDefinition>;
  viewById(id: ObjectId): ViewDefinition | undefined;
  readonly schemas: ReadonlyMap<string, ObjectId>;
  /** Of the session's temporary objects. */
  readonly temporarySchemas: ReadonlySet<ObjectId>;
  typeId(type: SqlType): ObjectId;
  rowEstimate(table: TableDefinition): number;
  byteEstimate(table: TableDefinition): number;
  sequenceState(sequence: SequenceDefinition): { readonly lastValue: number | bigint; readonly isCalled: boolean };
  defaultText(table: TableDefinition, column: ColumnDefinition): string | null;
  checkText(table: TableDefinition, constraintId: ObjectId): string | null;
  indexText(indexId: ObjectId): { readonly expressions: string | null; readonly predicate: string | null };
  /** Text of an index's key that is an expression, keys counted from 0. */
  indexExpression(indexId: ObjectId, at: number): string;
  domainText(typeId: ObjectId): { readonly defaultValue: string | null; readonly checks: readonly (string | null)[] };
  parameterDefault(routine: RoutineDefinition, parameter: RoutineParameter): string | null;
  settings(): Iterable<Row>;
  sessions(): Iterable<SessionRow>;
  preparedStatements(): Iterable<Row>;
  largeObjects(): Iterable<Row>;
  largeObjectPages(): Iterable<Row>;
  cursors(): Iterable<Row>;
  statistics(): Iterable<Row>;
  listening(): Iterable<string>;
}

export interface Producer {
  readonly columns: readonly (readonly [name: string, type: SqlType])[];
  rows(context: SystemContext): Iterable<Row>;
}

export type Producers = Readonly<Record<string, Producer>>;

export const TEXTS = arrayOf(TEXT);
export const INT16S = arrayOf(INT16);
export const OIDS = arrayOf(OID);

export const texts = (items: readonly string[] | null | undefined): SqlValue =>
  items === null || items === undefined ? null : new SqlArray(items);
export const numbers = (items: readonly number[] | undefined): SqlValue => new SqlArray(items ?? []);

export function own<K extends Definition['kind']>(context: SystemContext, kind: K): Extract<Definition, { kind: K }>[] {
  const found: Extract<Definition, { kind: K }>[] = [];
  for (const definition of context.only ?? context.catalog.all(kind)) {
    if (definition.kind !== kind) continue;
    if (!context.everyDatabase && 'databaseId' in definition && definition.databaseId !== context.databaseId) continue;
    found.push(definition as Extract<Definition, { kind: K }>);
  }
  return found;
}

export const optionTexts = (options: Readonly<Record<string, string>>): SqlValue => {
  const entries = Object.entries(options);
  return entries.length === 0 ? null : new SqlArray(entries.map(([name, value]) => `${name}=${value}`));
};
