/**
 * A scripted engine and compiler for the protocol's unit tests: a statement is a command word and its
 * arguments, every call is recorded, and answers come on a later tick (or at once, when `immediate`).
 */
import { createHash } from 'node:crypto';
import type { CompileRequest, CompileResult, CopyFormat } from '../../../../sblr/contract/dialect.ts';
import { readRows, RowBlockWriter } from '../../../../sblr/contract/row-block.ts';
import type {
  AuthReply,
  AuthRequest,
  EngineLink,
  EngineSession,
  ExecuteRequest,
  ReplySink,
  ResultColumn,
  RowBlock,
  SessionEvents,
  SessionInfo,
  SessionOptions,
  TransactionStatus,
} from '../../../../sblr/contract/session.ts';
import { SqlError } from '../../../../sblr/contract/sql-error.ts';
import { INT32, TEXT, type SqlType } from '../../../../sblr/contract/types.ts';
import type { Row } from '../../../../sblr/contract/values.ts';

export const TEXT_COPY: CopyFormat = {
  format: 'text',
  delimiter: '\t',
  nullText: '\\N',
  header: false,
  quote: '"',
  escape: '"',
  forceQuote: [],
  forceNotNull: [],
  forceNull: [],
  encoding: 'UTF8',
};
export const CSV_COPY: CopyFormat = { ...TEXT_COPY, format: 'csv', delimiter: ',', nullText: '' };

const CONTROL = /^(begin|commit|rollback)\b/i;

/** Splits at semicolons; `syntax` anywhere is a syntax error at its place. */
export const fakeCompiler = {
  compile({ text, start }: CompileRequest): CompileResult {
    let first = start;
    while (first < text.length && /[\s;]/.test(text[first] as string)) first++;
    if (first >= text.length) return { kind: 'empty', end: text.length };
    const semicolon = text.indexOf(';', first);
    const stop = semicolon < 0 ? text.length : semicolon;
    const body = text.slice(first, stop).trimEnd();
    const bad = body.indexOf('syntax');
    if (bad >= 0)
      return {
        kind: 'error',
        error: new SqlError('syntax_error', { message: 'syntax error at or near "syntax"', position: first + bad }),
      };
    const bytes = Buffer.from(body);
    const numbers = [...body.matchAll(/\$(\d+)/g)].map((match) => Number(match[1]));
    const format = body.includes('csv')
      ? CSV_COPY
      : body.includes('binary')
        ? { ...TEXT_COPY, format: 'binary' as const }
        : TEXT_COPY;
    return {
      kind: 'statement',
      start: first,
      end: semicolon < 0 ? text.length : semicolon + 1,
      statement: {
        program: { hash: createHash('sha256').update(bytes).digest().toString('latin1'), bytes },
        parameterCount: Math.max(0, ...numbers),
        literals: [],
        literalTypes: [],
        command: body.startsWith('rows') ? 'SELECT' : (body.split(/\s/)[0] as string).toUpperCase(),
        transactionControl: CONTROL.test(body),
        action: body.startsWith('copyin')
          ? { kind: 'copy-in', format, relation: 't' }
          : body.startsWith('copyout')
            ? { kind: 'copy-out', format }
            : { kind: 'none' },
        text: body,
      },
    };
  },
};

const column = (name: string, type: SqlType): ResultColumn => ({ name, type, tableId: 0, columnPosition: 0 });

interface Result {
  readonly columns: readonly ResultColumn[];
  readonly rows: readonly Row[];
  readonly command: string;
}

export class FakeSession implements EngineSession {
  readonly calls: string[] = [];
  readonly loaded: Row[] = [];
  readonly requests: ExecuteRequest[] = [];
  status: TransactionStatus = 'idle';
  group = false;
  closed = false;
  credited = 0;
  window: number | undefined;
  immediate = false;
  readonly options: SessionOptions;
  readonly events: SessionEvents;
  readonly #portals = new Map<string, { result: Result; next: number }>();
  #load: { sink: ReplySink; columns: number } | undefined;
  #waiting: ReplySink | undefined;
  #authStep = 0;

  constructor(options: SessionOptions, events: SessionEvents) {
    this.options = options;
    this.events = events;
  }

  #later(run: () => void): void {
    if (this.immediate) run();
    else setImmediate(run);
  }

  info(): SessionInfo {
    return {
      processId: 4242,
      cancelKey: 77,
      user: this.options.user,
      database: this.options.database,
      isSuperuser: true,
      settings: {
        application_name: this.options.settings.application_name ?? '',
        TimeZone: 'UTC',
        DateStyle: 'ISO, MDY',
      },
    };
  }

  authenticate(request: AuthRequest, reply: (reply: AuthReply) => void): void {
    this.calls.push(`auth ${request.mechanism} ${Buffer.from(request.data).toString()}`);
    this.#later(() => {
      const text = Buffer.from(request.data).toString();
      if (request.mechanism === 'choose') reply({ kind: 'continue', data: Buffer.from('scram-sha-256') });
      else if (request.mechanism === 'scram-sha-256' && this.#authStep++ === 0)
        reply({ kind: 'continue', data: Buffer.from('server-first') });
      else if (text.includes('wrong'))
        reply({ kind: 'error', error: new SqlError('invalid_password', 'password authentication failed') });
      else reply({ kind: 'ok', data: Buffer.from('server-final'), session: this.info() });
    });
  }

  #result(text: string, parameters: readonly unknown[]): Result {
    const [word = '', argument = ''] = text.split(/\s+/);
    if (word === 'rows') {
      const rows = Array.from({ length: Number(argument) }, (_, index) => [index + 1]);
      return { columns: [column('n', INT32)], rows, command: 'SELECT' };
    }
    if (word === 'echo') {
      const columns = parameters.map((_value, index) => column(`p${index + 1}`, TEXT));
      return { columns, rows: [parameters.map((value) => (value === null ? null : String(value)))], command: 'SELECT' };
    }
    if (word === 'copyout')
      return {
        columns: [column('a', INT32), column('b', TEXT)],
        rows: [
          [1, 'x\ty'],
          [2, null],
          [3, 'q"z,\\'],
        ],
        command: 'COPY',
      };
    if (word === 'insert') return { columns: [], rows: [[]], command: 'INSERT' };
    return { columns: [column('?column?', INT32)], rows: [[1]], command: 'SELECT' };
  }

  prepare(
    program: { bytes: Uint8Array },
    types: readonly (SqlType | undefined)[],
    _text: string,
    sink: ReplySink,
  ): void {
    const text = Buffer.from(program.bytes).toString();
    this.calls.push(`prepare ${text}`);
    this.#later(() => {
      if (text.startsWith('bad')) {
        this.#error(sink, new SqlError('undefined_column', { message: 'column "x" does not exist', position: 4 }));
        return;
      }
      const count = Math.max(0, ...[...text.matchAll(/\$(\d+)/g)].map((match) => Number(match[1])));
      const parameters = Array.from({ length: count }, (_, index) => types[index] ?? INT32);
      sink.parameters(parameters);
      sink.columns(this.#result(text, parameters).columns);
      sink.ready(this.status);
    });
  }

  #error(sink: ReplySink, error: SqlError): void {
    if (this.status === 'active') this.status = 'failed';
    sink.error(error);
    sink.ready(this.status);
  }

  execute(request: ExecuteRequest, sink: ReplySink): void {
    const text = Buffer.from(request.program.bytes).toString();
    this.calls.push(`execute ${request.implicit} ${text}`);
    this.requests.push(request);
    this.#later(() => this.#execute(request, text, sink));
  }

  #execute(request: ExecuteRequest, text: string, sink: ReplySink): void {
    const control = CONTROL.exec(text)?.[1]?.toUpperCase();
    if (control !== undefined) {
      const failed = this.status === 'failed';
      this.status = control === 'BEGIN' ? 'active' : 'idle';
      this.group = false;
      sink.complete({ command: control === 'COMMIT' && failed ? 'ROLLBACK' : control });
      sink.ready(this.status);
      return;
    }
    if (request.implicit === 'group' && this.status === 'idle') {
      this.group = true;
      this.status = 'active';
    }
    if (text.startsWith('bad')) {
      this.#error(sink, new SqlError('undefined_column', { message: 'column "x" does not exist', position: 4 }));
    } else if (text.startsWith('dup')) {
      this.#error(
        sink,
        new SqlError('unique_violation', {
          message: 'duplicate key',
          constraint: 'k',
          args: { constraint: 'k' },
          schema: 's',
          table: 't',
        }),
      );
    } else if (text.startsWith('slow')) {
      this.#waiting = sink;
    } else if (text.startsWith('set ')) {
      const [, name = '', value = ''] = text.split(' ');
      sink.setting(name, value);
      sink.complete({ command: 'SET' });
      sink.ready(this.status);
    } else if (text.startsWith('notice')) {
      sink.notice({ severity: 'warning', condition: 'warning', details: { message: 'careful', hint: 'h' } });
      sink.complete({ command: 'NOTICE' });
      sink.ready(this.status);
    } else if (text.startsWith('copyin')) {
      this.#load = { sink, columns: 2 };
      sink.loadReady([column('a', INT32), column('b', TEXT)], this.window);
    } else {
      this.#answer(request, this.#result(text, request.parameters), sink);
    }
  }

  #answer(request: ExecuteRequest, result: Result, sink: ReplySink): void {
    if (request.wantColumns && result.columns.length > 0) sink.columns(result.columns);
    if (request.portal !== undefined) {
      this.#portals.set(request.portal, { result, next: 0 });
      this.#fetch(request.portal, request.maxRows, sink);
      return;
    }
    this.#rows(result, 0, result.rows.length, sink);
    sink.complete({ command: result.command, rows: result.rows.length });
    sink.ready(this.status);
  }

  #rows(result: Result, from: number, to: number, sink: ReplySink): void {
    if (result.columns.length === 0 || from === to) return;
    const writer = new RowBlockWriter(result.columns.map((each) => each.type));
    for (let index = from; index < to; index++) writer.append(result.rows[index] as Row);
    sink.rows(writer.take());
  }

  openPortal(_request: ExecuteRequest, sink: ReplySink): void {
    sink.ready(this.status);
  }
  describePortal(portal: string, sink: ReplySink): void {
    this.calls.push(`describe ${portal}`);
    if (portal !== 'declared')
      return this.#error(sink, new SqlError('invalid_cursor_name', `portal "${portal}" does not exist`));
    sink.columns([{ name: 'a', type: { kind: 'int32' }, tableId: 0, columnPosition: 0 }]);
    sink.ready(this.status);
  }

  fetch(portal: string, maxRows: number, _implicit: string, sink: ReplySink): void {
    this.calls.push(`fetch ${portal} ${maxRows}`);
    this.#later(() => this.#fetch(portal, maxRows, sink));
  }

  #fetch(name: string, maxRows: number, sink: ReplySink): void {
    const portal = this.#portals.get(name);
    if (portal === undefined) return this.#error(sink, new SqlError('invalid_cursor_name', 'no portal'));
    const { result, next } = portal;
    const end = maxRows === 0 ? result.rows.length : Math.min(next + maxRows, result.rows.length);
    this.#rows(result, next, end, sink);
    portal.next = end;
    if (maxRows > 0 && end - next === maxRows) sink.suspended();
    else sink.complete({ command: result.command, rows: end - next });
    sink.ready(this.status);
  }

  nameStatement(): void {}

  forgetStatement(): void {}

  closePortal(portal: string, sink: ReplySink): void {
    this.calls.push(`close ${portal}`);
    this.#portals.delete(portal);
    this.#later(() => sink.ready(this.status));
  }

  reset(sink: ReplySink): void {
    this.calls.push('reset');
    sink.ready('idle');
  }

  endGroup(sink: ReplySink): void {
    this.calls.push(this.status === 'failed' ? 'endGroup rollback' : 'endGroup');
    this.#later(() => {
      if (this.group) this.status = 'idle';
      this.group = false;
      sink.ready(this.status);
    });
  }

  fail(sink: ReplySink): void {
    this.calls.push('fail');
    this.#later(() => {
      if (this.status === 'active') this.status = 'failed';
      sink.ready(this.status);
    });
  }

  load(block: RowBlock): void {
    const load = this.#load;
    if (load === undefined) return;
    this.loaded.push(...readRows(block, [TEXT, TEXT]));
    if (this.window !== undefined) this.#later(() => load.sink.loadTaken?.(block.bytes.length));
  }

  loadEnd(): void {
    const load = this.#load;
    this.#load = undefined;
    this.#later(() => {
      load?.sink.complete({ command: 'COPY', rows: this.loaded.length });
      load?.sink.ready(this.status);
    });
  }

  loadFail(message: string): void {
    const load = this.#load;
    this.#load = undefined;
    if (load !== undefined) this.#later(() => this.#error(load.sink, new SqlError('query_canceled', message)));
  }

  credit(bytes: number): void {
    this.credited += bytes;
  }

  cancel(): void {
    this.calls.push('cancel');
    const sink = this.#waiting;
    this.#waiting = undefined;
    if (sink !== undefined)
      this.#later(() => this.#error(sink, new SqlError('query_canceled', 'canceling statement due to user request')));
  }

  close(): void {
    this.closed = true;
  }
}

export class FakeLink implements EngineLink {
  readonly sessions: FakeSession[] = [];
  readonly cancels: [number, number][] = [];
  immediate = false;
  window: number | undefined;

  install(): void {}
  openSession(options: SessionOptions, events: SessionEvents): FakeSession {
    const session = new FakeSession(options, events);
    session.immediate = this.immediate;
    session.window = this.window;
    this.sessions.push(session);
    return session;
  }
  cancel(processId: number, cancelKey: number): void {
    this.cancels.push([processId, cancelKey]);
    for (const session of this.sessions) session.cancel();
  }
  onLost(): void {}
  close(): void {}
}
