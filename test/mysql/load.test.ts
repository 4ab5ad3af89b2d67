/** LOAD DATA LOCAL in all its forms, beside a real MariaDB: the same rows, warnings and counts. */
import { Readable } from 'node:stream';
import mysql from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type MariadbOracle,
  skipWithoutMariadb,
  startMariadb,
  startServer,
  type TestServer,
} from '../harness/index.ts';

interface Case {
  readonly what: string;
  readonly file: string;
  /** What follows INTO TABLE. */
  readonly load: string;
  readonly keyword?: string;
}

const TABLE =
  "t (a int primary key, b varchar(5) default 'std', c decimal(6,2), d date, e int not null default 7, f timestamp null)";

const CASES: readonly Case[] = [
  { what: 'fields between tabs', file: '1\tone\t1.5\t2020-01-02\t3\t\\N\n2\t\\N\t\\N\t\\N\t4\t\\N\n', load: 't' },
  { what: 'a list of columns', file: '5,1\n6,2\n', load: "t fields terminated by ',' (e, a)" },
  {
    what: 'enclosed and escaped fields',
    file: '"1","a,""b"\r\n"2","c\\"d"\r\n3,NULL\r\n4,\\N\r\n',
    load: "t fields terminated by ',' optionally enclosed by '\"' lines terminated by '\\r\\n' (a, b)",
  },
  { what: 'ignored lines', file: 'a,b\nhead\n1,x\n', load: "t fields terminated by ',' ignore 2 lines (a, b)" },
  {
    what: 'lines that start with a mark',
    file: 'xx>1,a\njunk\nyy>2,b\n',
    load: "t fields terminated by ',' lines starting by '>' (a, b)",
  },
  {
    what: 'variables and SET',
    file: '1|20200203|12,50\n2|20200204|7,25\n',
    load: "t fields terminated by '|' (a, @day, @price) set d = str_to_date(@day, '%Y%m%d'), c = replace(@price, ',', '.'), b = concat('n', a)",
  },
  { what: 'SET over a listed column', file: '1,2\n', load: "t fields terminated by ',' (a, e) set e = e * 10" },
  { what: 'a field that nothing takes', file: '1,junk,9\n', load: "t fields terminated by ',' (a, @dummy, e)" },
  { what: 'SET with a subquery', file: '1\n2\n', load: 't (a) set e = (select max(n) + a from other)' },
  { what: 'too few and too many fields', file: '1,a\n2\n3,c,d\n', load: "t fields terminated by ',' (a, b)" },
  {
    what: 'values that do not fit',
    file: 'x,toolong,1\n2,b,y\n3,c,99999999999\n',
    load: "t fields terminated by ',' (a, b, e)",
  },
  { what: 'keys that are there', file: '1,new\n9,y\n9,z\n', load: "t fields terminated by ',' (a, b)" },
  {
    what: 'keys that take the place of others',
    file: '10,new\n9,y\n9,z\n',
    load: "t fields terminated by ',' (a, b)",
    keyword: 'replace ',
  },
  { what: 'an empty file', file: '', load: 't' },
  { what: 'a last line without an end', file: '1,a\n2,b', load: "t fields terminated by ',' (a, b)" },
];

describe.skipIf(skipWithoutMariadb('LOAD DATA'))('LOAD DATA LOCAL', () => {
  let server: TestServer;
  let oracle: MariadbOracle;
  let mine: mysql.Connection;
  let theirs: mysql.Connection;

  beforeAll(async () => {
    [server, oracle] = [await startServer({ mysql: true, config: { durability: 'relaxed' } }), await startMariadb()];
    mine = await mysql.createConnection({ uri: server.mysqlUrl, multipleStatements: true });
    theirs = await mysql.createConnection({ uri: oracle.url, multipleStatements: true });
    for (const one of [mine, theirs])
      await one.query('create database loads; use loads; create table other (n int); insert into other values (40)');
  });
  afterAll(async () => {
    for (const one of [mine, theirs]) one?.destroy();
    await server?.stop();
    await oracle?.stop();
  });

  async function outcome(connection: mysql.Connection, { file, load, keyword = '' }: Case): Promise<unknown> {
    await connection.query(`drop table if exists t; create table ${TABLE}; insert into t (a, b) values (10, 'old')`);
    let result: unknown;
    try {
      const [header] = await connection.query({
        sql: `load data local infile 'file' ${keyword}into table ${load}`,
        infileStreamFactory: () => Readable.from(file === '' ? [] : [Buffer.from(file)]),
      });
      result = (header as mysql.ResultSetHeader).info;
    } catch (error) {
      result = (error as { errno: number }).errno;
    }
    const [warnings] = await connection.query({ sql: 'show warnings', rowsAsArray: true });
    const [rows] = await connection.query({
      sql: 'select a, b, c, cast(d as char), e, f from t order by a',
      rowsAsArray: true,
    });
    return { result, warnings: (warnings as unknown as [string, number, string][]).map(plainWords), rows };
  }

  /** MariaDB names columns with their table in some messages, and keys without it. */
  function plainWords([level, errno, message]: [string, number, string]): [string, number, string] {
    return [
      level,
      errno,
      message
        .replace('`loads`.`t`.', '')
        .replace(/`(\w)`/, "'$1'")
        .replace("'t.PRIMARY'", "'PRIMARY'"),
    ];
  }

  test.each(CASES)('$what', async (one) => {
    expect(await outcome(mine, one)).toEqual(await outcome(theirs, one));
  });

  test('what is not carried out is refused', async () => {
    for (const [sql, errno] of [
      ["load data infile '/etc/passwd' into table t", 1235],
      ["load data local infile 'x' into table t set a = 1", 1235],
      ["load data local infile 'x' into table nosuch", 1146],
      ["load data local infile 'x' into table t (nosuch)", 1054],
    ] as const)
      await expect(mine.query({ sql, infileStreamFactory: () => Readable.from([]) })).rejects.toMatchObject({ errno });
  });
});
