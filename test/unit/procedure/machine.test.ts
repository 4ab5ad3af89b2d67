/** The procedural group of SBLR, executed by the engine: programs built by hand, as batches and procedures compile. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { INT32, TEXT } from '../../../sblr/contract/types.ts';
import { regular } from '../../../sblr/contract/names.ts';
import { node, type RelationNode, type StatementNode, type ValueNode } from '../../../sblr/nodes.ts';
import { SBLR_VERSION } from '../../../sblr/opcodes.ts';
import { parsePostgres } from '../../../parsers/postgres/parse.ts';
import { openTestEngine, type TestEngine } from '../../harness/engine.ts';

let engine: TestEngine;
beforeAll(async () => {
  engine = await openTestEngine();
});
afterAll(async () => {
  await engine.close();
});

const int = (value: number): ValueNode => node('LITERAL', { value, type: INT32 });
const text = (value: string): ValueNode => node('LITERAL', { value, type: TEXT });
const local = (name: string): ValueNode => node('VARIABLE', { name, scope: 'local' });
const operator = (name: string, ...operands: ValueNode[]): ValueNode => node('OPERATOR', { name, operands });
const declare = (name: string, initial: ValueNode): StatementNode =>
  node('DECLARE_VARIABLE', { name, type: INT32, constant: false, initial });
const assign = (name: string, value: ValueNode): StatementNode =>
  node('ASSIGN_VARIABLE', { name, scope: 'local', steps: [], value });
const relation = (sql: string): RelationNode =>
  (parsePostgres(sql)[0] as Extract<StatementNode, { op: 'RETURN' }>).source;
const select = (...values: ValueNode[]): StatementNode =>
  node('RETURN', {
    command: 'SELECT',
    source: node('PROJECT', { source: node('DUAL', {}), items: values.map((value) => node('ITEM', { value })) }),
  });

describe('procedural machine', () => {
  it('loops with variables and jumps', async () => {
    const answer = await engine.run([
      declare('i', int(0)),
      declare('sum', int(0)),
      node('JUMP_IF', { target: 6, when: 'not_true', condition: operator('less', local('i'), int(10)) }),
      assign('i', operator('add', local('i'), int(1))),
      assign('sum', operator('add', local('sum'), local('i'))),
      node('JUMP', { target: 2 }),
      select(local('sum'), local('i')),
    ]);
    expect(answer.error).toBeUndefined();
    expect(answer.results[0]!.rows).toEqual([[55, 10]]);
  });

  it('catches an error, undoes the block and goes on at the handler', async () => {
    await engine.run(parsePostgres('create table caught (id int primary key)'));
    const answer = await engine.run([
      node('HANDLER_BEGIN', { target: 5, conditions: ['unique_violation'], kind: 'exit' }),
      node('EXECUTE', { query: relation('insert into caught values (1)') }),
      node('EXECUTE', { query: relation('insert into caught values (1)') }),
      node('HANDLER_END', {}),
      node('JUMP', { target: 6 }),
      node('RAISE', { condition: 'warning', level: 'warning', message: text('already there'), arguments: [] }),
      node('RETURN', { command: 'SELECT', source: relation('select count(*) from caught') }),
    ]);
    expect(answer.error).toBeUndefined();
    expect(answer.notices.map((notice) => notice.details.message)).toEqual(['already there']);
    expect(answer.results[0]!.rows).toEqual([[0]]);
  });

  it('lets an error pass that no handler names, and undoes the whole program', async () => {
    const answer = await engine.run([
      node('EXECUTE', { query: relation('insert into caught values (7)') }),
      node('HANDLER_BEGIN', { target: 3, conditions: ['22012'], kind: 'exit' }),
      node('RAISE', { condition: '45000', level: 'error', message: text('my own'), arguments: [] }),
      select(int(1)),
    ]);
    expect(answer.error?.sqlstate).toBe('45000');
    expect(answer.error?.message).toBe('my own');
    const after = await engine.run(parsePostgres('select count(*) from caught where id = 7'));
    expect(after.results[0]!.rows).toEqual([[0]]);
  });

  it('reads a cursor row by row and emits rows', async () => {
    const answer = await engine.run([
      declare('x', int(0)),
      node('OPEN_CURSOR', { name: 'c', query: relation('select g from generate_series(1, 3) g') }),
      node('FETCH_INTO', { cursor: 'c', names: ['x'], atEnd: 5 }),
      node('EMIT_ROW', { values: [operator('multiply', local('x'), int(10))] }),
      node('JUMP', { target: 2 }),
      node('CLOSE_LOCAL_CURSOR', { name: 'c' }),
    ]);
    expect(answer.error).toBeUndefined();
    expect(answer.results[0]!.rows).toEqual([['10'], ['20'], ['30']]);
  });

  it('selects into variables, strictly when asked', async () => {
    const answer = await engine.run([
      declare('x', int(5)),
      node('ASSIGN_QUERY', { names: ['x'], strict: false, scope: 'local', query: relation('select 42') }),
      select(local('x')),
      node('ASSIGN_QUERY', { names: ['x'], strict: true, scope: 'local', query: relation('select 1 where false') }),
    ]);
    expect(answer.results[0]!.rows).toEqual([[42]]);
    expect(answer.error?.condition).toBe('no_data_found');
  });

  it('calls a procedure, hands back its outputs, and bounds recursion', async () => {
    const body = [assign('b', operator('add', local('a'), int(1)))];
    const { encodeProgram } = await import('../../../sblr/encode.ts');
    const { SEMANTICS } = await import('../../../parsers/postgres/facts.ts');
    const create = (name: string, statements: StatementNode[]): StatementNode =>
      node('CREATE_ROUTINE', {
        name: [regular(name)],
        kind: 'procedure',
        replace: true,
        returns: undefined,
        returnsSet: false,
        language: 'sql',
        volatility: 'volatile',
        strict: false,
        source: '',
        options: [],
        body: encodeProgram({ version: SBLR_VERSION, parameterTypes: [], semantics: SEMANTICS, statements }).bytes,
        parameters: [
          node('ROUTINE_PARAMETER', { name: regular('a'), type: INT32, mode: 'in' }),
          node('ROUTINE_PARAMETER', { name: regular('b'), type: INT32, mode: 'inout' }),
        ],
      });
    expect((await engine.run([create('increment', body)])).error).toBeUndefined();
    const answer = await engine.run([
      declare('out', int(0)),
      node('CALL_PROCEDURE', { name: [regular('increment')], outputs: ['', 'out'], arguments: [int(41), int(0)] }),
      select(local('out')),
    ]);
    expect(answer.error).toBeUndefined();
    expect(answer.results[0]!.rows).toEqual([[42]]);
    await engine.run([
      create('forever', [
        node('CALL_PROCEDURE', { name: [regular('forever')], outputs: ['', ''], arguments: [int(1), int(1)] }),
      ]),
    ]);
    const deep = await engine.run([
      node('CALL_PROCEDURE', { name: [regular('forever')], outputs: ['', ''], arguments: [int(1), int(1)] }),
    ]);
    expect(deep.error?.condition).toBe('statement_too_complex');
  });
});
