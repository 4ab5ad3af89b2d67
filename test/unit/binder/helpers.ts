/** A small fake catalog and short text forms of plans, for the binder's tests. */
import { SqlError } from '../../../sblr/contract/sql-error.ts';
import { identifierKey, regular, type Name } from '../../../sblr/contract/names.ts';
import type { SqlType } from '../../../sblr/contract/types.ts';
import { encodeProgram } from '../../../sblr/encode.ts';
import { node, type RelationNode, type ValueNode } from '../../../sblr/nodes.ts';
import { SBLR_VERSION } from '../../../sblr/opcodes.ts';
import { bindQuery, renderExpression, type BindContext } from '../../../engine/binder/index.ts';
import type { BoundExpression, BoundQuery, LogicalPlan } from '../../../engine/binder/bound.ts';
import type {
  ColumnDefinition,
  ConstraintDefinition,
  IndexDefinition,
  NameContext,
  RelationDefinition,
  StoredExpression,
  TableDefinition,
  UserTypeDefinition,
  ViewDefinition,
} from '../../../engine/catalog/definitions.ts';
import { SEMANTICS } from '../../../parsers/postgres/facts.ts';
import { parsePostgres } from '../../../parsers/postgres/parse.ts';

export function source(sql: string): RelationNode {
  const statement = parsePostgres(sql)[0];
  if (statement?.op !== 'RETURN') throw new Error(`not a query: ${statement?.op}`);
  return statement.source;
}

export function stored(sql: string): StoredExpression {
  const project = source(`SELECT ${sql}`);
  const program = {
    version: SBLR_VERSION,
    parameterTypes: [],
    semantics: SEMANTICS,
    statements: [node('RETURN', { source: project, command: 'SELECT' })],
  };
  return { program: encodeProgram(program).bytes, text: sql };
}

interface ColumnOptions {
  readonly notNull?: boolean;
  readonly default?: string;
  readonly identity?: 'by_default' | 'always';
  readonly generated?: string;
}

const text = (length?: number): SqlType =>
  length === undefined ? { kind: 'text' } : { kind: 'text', length, declared: 'varchar' };

let nextId = 16384;

export function table(
  name: string,
  columns: Record<string, SqlType | [SqlType, ColumnOptions]>,
  options: { key?: string[]; unique?: (string | string[])[]; partial?: [string[], string]; checks?: string[] } = {},
): TableDefinition {
  const id = nextId++;
  const definitions = Object.entries(columns).map(([column, spec], i): ColumnDefinition => {
    const [type, facts] = Array.isArray(spec) ? spec : [spec, {}];
    return {
      position: i + 1,
      name: regular(column),
      type,
      notNull: facts.notNull ?? false,
      identity: facts.identity ?? 'none',
      generated: facts.generated === undefined ? 'none' : 'stored',
      missing: null,
      dropped: false,
      ...(facts.default === undefined ? {} : { defaultValue: stored(facts.default) }),
      ...(facts.generated === undefined ? {} : { defaultValue: stored(facts.generated) }),
    };
  });
  const positions = (names: readonly string[]): number[] =>
    names.map((column) => definitions.findIndex((each) => each.name.text === column) + 1);
  const indexes: IndexDefinition[] = [];
  const constraints: ConstraintDefinition[] = [];
  const addIndex = (indexName: string, keys: readonly string[], primary: boolean, predicate?: string): void => {
    const indexId = nextId++;
    indexes.push({
      kind: 'index',
      id: indexId,
      name: regular(indexName),
      owner: 10,
      tableId: id,
      space: 0,
      unique: true,
      primary,
      nullsNotDistinct: false,
      include: [],
      method: 'btree',
      ready: true,
      options: {},
      keys: keys.map((key) => {
        const at = positions([key])[0] as number;
        return at > 0
          ? { column: at, type: definitions[at - 1]!.type, descending: false, nullsFirst: false }
          : { column: 0, expression: stored(key), type: { kind: 'text' }, descending: false, nullsFirst: false };
      }),
      ...(predicate === undefined ? {} : { predicate: stored(predicate) }),
    });
    if (predicate !== undefined || positions(keys).includes(0)) return;
    constraints.push({
      id: nextId++,
      name: regular(indexName),
      kind: primary ? 'primary_key' : 'unique',
      columns: positions(keys),
      indexId,
      onDelete: 'no_action',
      onUpdate: 'no_action',
      match: 'simple',
      setColumns: [],
      deferrable: false,
      initiallyDeferred: false,
      validated: true,
      noInherit: false,
    });
  };
  if (options.key !== undefined) addIndex(`${name}_pkey`, options.key, true);
  for (const unique of options.unique ?? [])
    addIndex(`${name}_${[unique].flat().join('_')}_key`, [unique].flat(), false);
  if (options.partial !== undefined) addIndex(`${name}_partial`, options.partial[0], false, options.partial[1]);
  return {
    kind: 'table',
    id,
    name: regular(name),
    owner: 10,
    schemaId: 1,
    databaseId: 1,
    space: 1,
    columns: definitions,
    constraints,
    indexes,
    persistence: 'permanent',
    onCommit: 'preserve',
    options: {},
    referencedBy: [],
  };
}

export function view(name: string, sql: string, columns: Record<string, SqlType>): ViewDefinition {
  const program = {
    version: SBLR_VERSION,
    parameterTypes: [],
    semantics: SEMANTICS,
    statements: [node('RETURN', { source: source(sql), command: 'SELECT' })],
  };
  return {
    kind: 'view',
    id: nextId++,
    name: regular(name),
    owner: 10,
    schemaId: 1,
    databaseId: 1,
    program: encodeProgram(program).bytes,
    text: sql,
    searchPath: ['public'],
    dependsOn: [],
    persistence: 'permanent',
    checkOption: 'none',
    options: {},
    system: false,
    columns: Object.entries(columns).map(([column, type], i) => ({
      position: i + 1,
      name: regular(column),
      type,
      notNull: false,
      identity: 'none',
      generated: 'none',
      missing: null,
      dropped: false,
    })),
  };
}

const INT: SqlType = { kind: 'int32' };

export const RELATIONS: readonly RelationDefinition[] = [
  table(
    't',
    {
      a: INT,
      b: { kind: 'int64' },
      c: text(),
      d: { kind: 'decimal', precision: 10, scale: 2 },
      e: { kind: 'timestamptz' },
      f: text(20),
    },
    { key: ['a'], unique: ['c', ['a', 'b']] },
  ),
  table(
    'u',
    { a: INT, x: text(), y: { kind: 'float64' }, z: { kind: 'array', element: INT } },
    { key: ['a'], partial: [['x'], 'y > 0'] },
  ),
  table(
    'item',
    {
      id: [INT, { identity: 'always', notNull: true }],
      name: [text(10), { default: "'none'" }],
      price: [{ kind: 'decimal' }, { default: '0' }],
      total: [{ kind: 'decimal' }, { generated: 'price * 2' }],
      tags: { kind: 'array', element: text() },
      mood: { kind: 'enum', labels: ['sad', 'ok'], typeId: 99 },
    },
    { key: ['id'], unique: ['lower(name)'] },
  ),
  table('doc', { id: INT, body: { kind: 'jsonb' }, at: { kind: 'date' } }),
  view('v', 'SELECT a AS n, c FROM t WHERE b > 1', { n: INT, label: text() }),
];

const TYPES: Record<string, UserTypeDefinition> = {
  mood: {
    kind: 'type',
    id: 99,
    name: regular('mood'),
    owner: 10,
    schemaId: 1,
    databaseId: 1,
    form: 'enum',
    type: { kind: 'enum', labels: ['sad', 'ok'], typeId: 99 },
    notNull: false,
    checks: [],
    arrayTypeId: 98,
  },
  positive: {
    kind: 'type',
    id: 97,
    name: regular('positive'),
    owner: 10,
    schemaId: 1,
    databaseId: 1,
    form: 'domain',
    type: INT,
    notNull: true,
    checks: [],
    arrayTypeId: 96,
  },
};

export const privileges: string[] = [];

export function context(parameterTypes: readonly (SqlType | undefined)[] = [], superuser = true): BindContext {
  const find = (name: Name): RelationDefinition | undefined =>
    RELATIONS.find((relation) => identifierKey(relation.name) === identifierKey(name[name.length - 1]!));
  const names: NameContext = {
    catalog: { get: (id: number) => Object.values(TYPES).find((type) => type.id === id) } as NameContext['catalog'],
    databaseId: 1,
    searchPath: [1],
    findRelation: find,
    findType: (name) => TYPES[name[name.length - 1]!.text],
    schemaName: () => undefined,
    findRoutines: () => [],
    role: superuser ? 10 : 20,
    isSuperuser: superuser,
    stored: () => names,
    isOpen: () => true,
    checkPrivilege: (object, privilege, columns) => {
      privileges.push(`${privilege} ${object.name.text} ${(columns ?? []).join(',')}`.trim());
    },
  };
  return { names, semantics: SEMANTICS, parameterTypes };
}

export function bind(sql: string, parameterTypes: readonly (SqlType | undefined)[] = []): BoundQuery {
  return bindQuery(source(sql), context(parameterTypes));
}

/** The error of a statement: 'SQLSTATE message', with its position. */
export function errorOf(
  sql: string,
  parameterTypes: readonly (SqlType | undefined)[] = [],
): { text: string; position: number | undefined; hint: string | undefined; detail: string | undefined } {
  try {
    bind(sql, parameterTypes);
  } catch (error) {
    if (!(error instanceof SqlError)) throw error;
    return {
      text: `${error.sqlstate} ${error.message}`,
      position: error.details.position,
      hint: error.details.hint,
      detail: error.details.detail,
    };
  }
  throw new Error(`no error: ${sql}`);
}

/** Names and types of the output. */
export function outputOf(sql: string, parameterTypes: readonly (SqlType | undefined)[] = []): string {
  return bind(sql, parameterTypes)
    .plan.columns.map((column) => `${column.name} ${column.type.kind}`)
    .join(', ');
}

/** A plan as nested calls: `project(filter(scan t))`. */
export function shape(plan: LogicalPlan): string {
  switch (plan.kind) {
    case 'dual':
      return 'dual';
    case 'scan':
      return `scan ${plan.alias}`;
    case 'cte_scan':
      return `cte ${plan.alias}`;
    case 'system_scan':
      return `system ${plan.alias}`;
    case 'function_scan':
      return `function ${plan.alias}`;
    case 'values':
      return `values ${plan.rows.length}`;
    case 'join':
      return `${plan.join}${plan.lateral ? ' lateral' : ''}(${shape(plan.left)}, ${shape(plan.right)})`;
    case 'set_operation':
      return `${plan.operation}${plan.all ? ' all' : ''}(${shape(plan.left)}, ${shape(plan.right)})`;
    case 'with':
      return `with(${plan.ctes.map((cte) => shape(cte.plan)).join('; ')}; ${shape(plan.body)})`;
    case 'recursive_union':
      return `recursive(${shape(plan.base)}, ${shape(plan.step)})`;
    case 'project':
      return `${plan.setReturning ? 'expand' : 'project'}(${shape(plan.source)})`;
    default:
      return `${plan.kind}(${shape(plan.source)})`;
  }
}

/** An expression with its columns as name#id. */
export function show(expression: BoundExpression, query: BoundQuery): string {
  const names = new Map<number, string>();
  const visit = (plan: unknown): void => {
    if (plan === null || typeof plan !== 'object') return;
    const record = plan as Record<string, unknown>;
    if (Array.isArray(record['columns']))
      for (const column of record['columns'] as { id: number; name: string }[]) names.set(column.id, column.name);
    for (const key in record) if (key !== 'table' && key !== 'type' && key !== 'function') visit(record[key]);
  };
  visit(query.plan);
  return renderExpression(expression, { columnName: (id) => names.get(id) });
}

/** The expressions of the topmost projection. */
export function items(sql: string, parameterTypes: readonly (SqlType | undefined)[] = []): string {
  const query = bind(sql, parameterTypes);
  if (query.plan.kind !== 'project') throw new Error(`not a projection: ${query.plan.kind}`);
  return query.plan.items.map((item) => show(item.expression, query)).join(', ');
}

export type { ValueNode };
