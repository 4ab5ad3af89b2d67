/** Random queries over three small tables: joins of all kinds, subqueries, grouping, set operations, order and limit. */
export interface GeneratedQuery {
  readonly sql: string;
  /** The order of the rows is fixed by the query. */
  readonly ordered: boolean;
}

interface Column {
  readonly name: string;
  readonly text: boolean;
}

interface Source {
  readonly sql: string;
  readonly columns: readonly Column[];
}

const TABLES: Readonly<Record<string, readonly Column[]>> = {
  t1: [
    { name: 'a', text: false },
    { name: 'b', text: false },
    { name: 'c', text: true },
  ],
  t2: [
    { name: 'x', text: false },
    { name: 'y', text: false },
    { name: 'z', text: true },
  ],
  t3: [
    { name: 'p', text: false },
    { name: 'q', text: false },
    { name: 'r', text: true },
  ],
};

export const SCHEMA = [
  'create table t1 (a int primary key, b int, c text)',
  'create table t2 (x int, y int, z text)',
  'create table t3 (p int, q int not null, r text, unique (p, q))',
  'create index on t1 (b, c)',
  'create index on t2 (x)',
  'create index on t2 (y desc, x)',
  'create index on t3 (r) where q > 3',
  'create index on t3 (q)',
  "insert into t1 select g, case when g % 7 = 0 then null else g % 10 end, 'n' || (g % 13) from generate_series(1, 60) g",
  "insert into t2 select case when g % 11 = 0 then null else g % 40 end, g % 5, case when g % 3 = 0 then null else 'n' || g % 6 end from generate_series(1, 70) g",
  "insert into t3 select case when g % 9 = 0 then null else g % 20 end, g, 'n' || g % 4 from generate_series(1, 50) g",
] as const;

export class QueryGenerator {
  #state: number;
  #aliases = 0;

  constructor(seed: number) {
    this.#state = seed;
  }

  #below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  }

  #pick<T>(values: readonly T[]): T {
    return values[this.#below(values.length)] as T;
  }

  next(): GeneratedQuery {
    this.#aliases = 0;
    return this.#query(2);
  }

  #number(columns: readonly Column[]): string {
    const names = columns.filter((column) => !column.text).map((column) => column.name);
    if (names.length === 0) return String(this.#below(12));
    switch (this.#below(6)) {
      case 0:
        return String(this.#below(12));
      case 1:
        return `${this.#pick(names)} + ${this.#below(5)}`;
      case 2:
        return `coalesce(${this.#pick(names)}, ${this.#below(5)})`;
      default:
        return this.#pick(names);
    }
  }

  #text(columns: readonly Column[]): string {
    const names = columns.filter((column) => column.text).map((column) => column.name);
    return names.length === 0 || this.#below(4) === 0 ? `'n${this.#below(9)}'` : this.#pick(names);
  }

  #condition(columns: readonly Column[], depth: number): string {
    const not = (): string => this.#pick(['', 'not ']);
    switch (this.#below(depth > 0 ? 16 : 9)) {
      case 0:
        return `${this.#number(columns)} ${this.#pick(['=', '<', '>', '<=', '>=', '<>'])} ${this.#number(columns)}`;
      case 1:
        return `${this.#text(columns)} ${this.#pick(['=', '<', '>='])} ${this.#text(columns)}`;
      case 2:
        return `${this.#number(columns)} in (${this.#below(9)}, ${this.#below(9)}, ${this.#below(30)})`;
      case 3:
        return `${this.#number(columns)} between ${this.#below(8)} and ${8 + this.#below(20)}`;
      case 4:
        return `${this.#number(columns)} is ${not()}null`;
      case 5:
        return `${this.#text(columns)} like '${this.#pick(['n1%', 'n%', '%2', 'n_', 'n12'])}'`;
      case 6:
        return `(${this.#condition(columns, depth)} or ${this.#condition(columns, depth)})`;
      case 7:
        return `(${this.#condition(columns, depth)} and ${this.#condition(columns, depth)})`;
      case 8:
        return `not (${this.#condition(columns, 0)})`;
      case 9:
      case 10: {
        const inner = this.#from(depth - 1);
        return `${not()}exists (select 1 from ${inner.sql} where ${this.#condition([...inner.columns, ...columns], depth - 1)})`;
      }
      case 11:
      case 12: {
        const inner = this.#from(depth - 1);
        return `${this.#number(columns)} ${not()}in (select ${this.#number(inner.columns)} from ${inner.sql} where ${this.#condition([...inner.columns, ...columns], depth - 1)})`;
      }
      case 13: {
        const inner = this.#from(depth - 1);
        return `${this.#number(columns)} ${this.#pick(['<', '=', '>'])} (select ${this.#pick(['max', 'min', 'count', 'sum'])}(${this.#number(inner.columns)}) from ${inner.sql} where ${this.#condition([...inner.columns, ...columns], depth - 1)})`;
      }
      case 14: {
        const inner = this.#from(depth - 1);
        return `${this.#number(columns)} ${this.#pick(['<', '=', '>='])} ${this.#pick(['any', 'all'])} (select ${this.#number(inner.columns)} from ${inner.sql} where ${this.#condition(inner.columns, 0)})`;
      }
      default:
        return `${this.#number(columns)} = any (array[${this.#below(9)}, ${this.#below(20)}])`;
    }
  }

  #base(depth: number): Source {
    const alias = `q${this.#aliases++}`;
    if (depth > 0 && this.#below(4) === 0) {
      return {
        sql: `(select * from (${this.#query(depth - 1).sql}) ${alias}_) ${alias} (k, l, m)`,
        columns: [
          { name: `${alias}.k`, text: false },
          { name: `${alias}.l`, text: false },
          { name: `${alias}.m`, text: true },
        ],
      };
    }
    const table = this.#pick(Object.keys(TABLES));
    return {
      sql: `${table} ${alias}`,
      columns: (TABLES[table] ?? []).map((column) => ({ ...column, name: `${alias}.${column.name}` })),
    };
  }

  #from(depth: number): Source {
    let source = this.#base(depth);
    for (let joins = this.#below(3); joins > 0; joins--) {
      const other = this.#base(depth);
      const columns = [...source.columns, ...other.columns];
      const kind = this.#pick(['join', 'join', 'left join', 'left join', 'right join', 'full join', 'cross join']);
      const plain = (from: Source): string => this.#pick(from.columns.filter((column) => !column.text)).name;
      const equality = `${plain(source)} = ${plain(other)}`;
      const further = kind !== 'full join' && this.#below(2) === 1 ? ` and ${this.#condition(columns, 0)}` : '';
      source = {
        sql: `${source.sql} ${kind} ${other.sql}${kind === 'cross join' ? '' : ` on ${equality}${further}`}`,
        columns,
      };
    }
    return source;
  }

  #select(depth: number): string {
    const { sql, columns } = this.#from(depth);
    const where = this.#below(4) === 0 ? '' : ` where ${this.#condition(columns, depth)}`;
    if (this.#below(3) === 0) {
      const having = this.#below(3) === 0 ? ` having count(*) > ${this.#below(4)}` : '';
      const aggregate = this.#pick([
        'count(*)',
        `sum(${this.#number(columns)})`,
        `max(${this.#number(columns)})`,
        `count(distinct ${this.#number(columns)})`,
      ]);
      return `select ${this.#number(columns)} c1, ${aggregate}::int c2, min(${this.#text(columns)}) c3 from ${sql}${where} group by 1${having}`;
    }
    const distinct = this.#below(6) === 0 ? 'distinct ' : '';
    let second = this.#number(columns);
    if (distinct === '' && depth > 0 && this.#below(4) === 0) {
      const inner = this.#from(depth - 1);
      second = `(select max(${this.#number(inner.columns)}) from ${inner.sql} where ${this.#condition([...inner.columns, ...columns], 0)})`;
    }
    return `select ${distinct}${this.#number(columns)} c1, ${second} c2, ${this.#text(columns)} c3 from ${sql}${where}`;
  }

  #query(depth: number): GeneratedQuery {
    let sql = this.#select(depth);
    if (this.#below(7) === 0) {
      const other = this.#from(0);
      sql = `(${sql}) ${this.#pick(['union', 'union all', 'intersect', 'except'])} (select ${this.#number(other.columns)}, ${this.#number(other.columns)}, ${this.#text(other.columns)} from ${other.sql} where ${this.#condition(other.columns, 0)})`;
    }
    if (this.#below(3) !== 0) return { sql, ordered: false };
    const limit = this.#below(2) === 0 ? '' : ` limit ${1 + this.#below(12)}${this.#below(3) === 0 ? ' offset 2' : ''}`;
    return {
      sql: `${sql} order by 1 ${this.#pick(['', 'desc', 'nulls first'])}, 2 ${this.#pick(['', 'desc'])}, 3${limit}`,
      ordered: true,
    };
  }
}
