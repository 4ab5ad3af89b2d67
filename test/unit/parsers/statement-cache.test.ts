/** The statement cache: which literals are lifted, and that what it answers equals a fresh compilation. */
import { describe, expect, it } from 'vitest';
import { mysqlPlugin } from '../../../parsers/mysql/plugin.ts';
import { compileDirect, postgresPlugin } from '../../../parsers/postgres/plugin.ts';
import type { CompiledStatement } from '../../../sblr/contract/dialect.ts';

function compiled(text: string, start = 0): CompiledStatement {
  const result = postgresPlugin.compile({ text, start, settings: {} });
  if (result.kind !== 'statement') throw new Error(result.kind);
  return result.statement;
}

describe('statement cache', () => {
  it('shares the program of statements that differ in literals', () => {
    const one = compiled("select a from t where id = 1 and name = 'x'");
    const two = compiled("select a from t where id = 234 and name = 'it''s'");
    expect(two.program).toBe(one.program);
    expect(two.literals).toEqual([234, "it's"]);
    expect(two.literalTypes.map((type) => type.kind)).toEqual(['int32', 'unknown']);
    expect(two.text).toBe("select a from t where id = 234 and name = 'it''s'");
  });

  it.each([
    ['select a from t where b = 1 limit 5', 'select a from t where b = 1 limit 6'],
    ['select a, 1 from t where b = 1', 'select a, 2 from t where b = 1'],
    ['select a from t where b = 1 order by 1', 'select a from t where b = 1 order by 2'],
    ["select a from t where b = 1 and c > date '2020-01-01'", "select a from t where b = 1 and c > date '2020-01-02'"],
    ['select a::varchar(3) from t where b = 1', 'select a::varchar(4) from t where b = 1'],
    ['select a from t where b = 1', "select a from t where b = '1'"],
    ['select a from t where b = 1', 'select a from t where b = -1'],
    ['select a from t where b = 1', 'select a from t where b = 1.5'],
    ['select a from t1 where b = 1', 'select a from t2 where b = 1'],
    ['select a from t where b = 1', 'select a from t where b = 3000000000'],
  ])('does not share %s and %s', (one, two) => {
    expect(compiled(two).program.hash).not.toBe(compiled(one).program.hash);
  });

  it('keeps the sign outside', () => {
    expect(compiled('update t set a = -5 where b = -6').literals).toEqual([5, 6]);
    expect(compiled('update t set a = -7 where b = -8').literals).toEqual([7, 8]);
  });

  it('numbers lifted literals after the real parameters', () => {
    const statement = compiled('select a from t where b = 7 and c = $2');
    expect(statement.parameterCount).toBe(2);
    expect(statement.literals).toEqual([7]);
  });

  it('finds the parts of a text of several statements', () => {
    const text = 'begin; update t set a = 1 where b = 2; update t set a = 3 where b = 4; commit';
    const starts: number[] = [];
    const hashes: string[] = [];
    for (let start = 0; ; ) {
      const result = postgresPlugin.compile({ text, start, settings: {} });
      if (result.kind !== 'statement') break;
      starts.push(result.start);
      hashes.push(result.statement.program.hash);
      start = result.end;
    }
    expect(starts).toEqual([0, 7, 39, 71]);
    expect(hashes[1]).toBe(hashes[2]);
  });

  it('maps positions back to the text that was sent', () => {
    compiled("select a from t where name = 'x' and missing = 1");
    const long = compiled("select a from t where name = 'xyz' and missing = 1");
    expect(long.sourcePosition?.(37)).toBe(39);
  });

  it('answers as a fresh compilation does', () => {
    const texts = [
      "insert into t values (1, 'a', -2), (3, null, default)",
      "delete from t where a in (1, 2, 3) and b between 'x' and 'y'",
      'select $1',
    ];
    for (const text of texts) {
      for (let round = 0; round < 3; round++) {
        const cached = postgresPlugin.compile({ text, start: 0, settings: {} });
        const fresh = compileDirect({ text, start: 0, settings: {} });
        if (cached.kind !== 'statement' || fresh.kind !== 'statement') throw new Error('refused');
        expect({ end: cached.end, command: cached.statement.command, text: cached.statement.text }).toEqual({
          end: fresh.end,
          command: fresh.statement.command,
          text: fresh.statement.text,
        });
      }
    }
  });
});

describe('statement cache, by the settings that give texts their meaning', () => {
  const compiledIn = (text: string, settings: Readonly<Record<string, string>>): CompiledStatement => {
    const result = mysqlPlugin.compile({ text, start: 0, settings });
    if (result.kind !== 'statement') throw new Error(result.kind);
    return result.statement;
  };

  it('shares programs under the same settings, delimited names or not', () => {
    const settings = { database: 'shop' };
    const one = compiledIn("insert into `t` (`a`, b) values (1, 'x')", settings);
    const two = compiledIn("insert into `t` (`a`, b) values (2, 'y')", settings);
    expect(two.program).toBe(one.program);
    expect(two.literals).toEqual([2, 'y']);
  });

  it('takes what is quoted as a string for one under that setting only', () => {
    const text = 'select a from t where b = "a" and c = 1';
    const strings = compiledIn(text, { database: 'shop' });
    const names = compiledIn(text, { database: 'shop', sql_mode: 'ANSI_QUOTES' });
    expect(names.program.hash).not.toBe(strings.program.hash);
    expect(compiledIn(text.replace('1', '2'), { database: 'shop' }).program).toBe(strings.program);
    expect(compiledIn(text.replace('1', '2'), { database: 'shop', sql_mode: 'ANSI_QUOTES' }).program).toBe(
      names.program,
    );
  });
});
