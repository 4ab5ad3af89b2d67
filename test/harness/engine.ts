/** An engine in this process without parser or protocol: for tests that bring their own programs. */
import { join } from 'node:path';
import { openEngine, rowCodec, type Engine } from '../../engine/index.ts';
import { TemporarySpillFiles } from '../../cli/spill-files.ts';
import { SEMANTICS } from '../../parsers/postgres/facts.ts';
import { postgresProfile } from '../../parsers/postgres/profile.ts';
import { encodeProgram } from '../../sblr/encode.ts';
import type { StatementNode } from '../../sblr/nodes.ts';
import { SBLR_VERSION } from '../../sblr/opcodes.ts';
import type { Completion, EngineSession, ReplySink, ResultColumn } from '../../sblr/contract/session.ts';
import { readRows } from '../../sblr/contract/row-block.ts';
import type { SqlError, SqlNotice } from '../../sblr/contract/sql-error.ts';
import type { SqlType } from '../../sblr/contract/types.ts';
import type { Row, SqlValue } from '../../sblr/contract/values.ts';
import { openTier1 } from '../../storage/index.ts';
import { removeFolder, temporaryFolder } from './ports.ts';

export interface Answer {
  readonly results: { readonly columns: readonly ResultColumn[]; readonly rows: Row[] }[];
  readonly completions: Completion[];
  readonly notices: SqlNotice[];
  error: SqlError | undefined;
}

export interface TestEngine {
  readonly engine: Engine;
  readonly session: EngineSession;
  /** Runs the statements as one program. */
  run(
    statements: readonly StatementNode[],
    parameters?: readonly SqlValue[],
    types?: readonly SqlType[],
  ): Promise<Answer>;
  close(): Promise<void>;
}

export async function openTestEngine(): Promise<TestEngine> {
  const folder = temporaryFolder();
  const store = await openTier1({ directory: join(folder, 'store'), codec: rowCodec });
  const engine = await openEngine({
    store,
    version: 'test',
    now: () => Date.now() * 1000,
    log: () => undefined,
    spillFiles: new TemporarySpillFiles(join(folder, 'spill'), 1 << 30),
    config: {
      administrator: 'postgres',
      administratorPassword: '',
      trustsClients: true,
      statementMemoryBytes: 64 << 20,
      durability: 'relaxed',
      statementTimeoutMs: 0,
      idleInTransactionTimeoutMs: 0,
      lockTimeoutMs: 0,
    },
  });
  engine.install(postgresProfile());
  const session = engine.openSession(
    { dialect: 'postgres', user: 'postgres', database: 'postgres', clientAddress: '127.0.0.1:1', settings: {} },
    { notification: () => undefined, terminated: () => undefined },
  );
  await new Promise<void>((resolve, reject) =>
    session.authenticate({ mechanism: 'trust', data: new Uint8Array() }, (reply) =>
      reply.kind === 'ok' ? resolve() : reject(new Error('not authenticated')),
    ),
  );
  return {
    engine,
    session,
    run: (statements, parameters = [], types = []) => run(session, statements, parameters, types),
    async close() {
      session.close();
      await engine.shutdown();
      await new Promise<void>((resolve) => store.close(() => resolve()));
      removeFolder(folder);
    },
  };
}

function run(
  session: EngineSession,
  statements: readonly StatementNode[],
  parameters: readonly SqlValue[],
  types: readonly SqlType[],
): Promise<Answer> {
  const program = encodeProgram({ version: SBLR_VERSION, parameterTypes: types, semantics: SEMANTICS, statements });
  const answer: Answer = { results: [], completions: [], notices: [], error: undefined };
  return new Promise((resolve) => {
    const sink: ReplySink = {
      columns: (columns) => answer.results.push({ columns, rows: [] }),
      rows(block) {
        const result = answer.results[answer.results.length - 1]!;
        result.rows.push(
          ...readRows(
            block,
            result.columns.map((column) => column.type),
          ),
        );
      },
      complete: (completion) => answer.completions.push(completion),
      notice: (notice) => answer.notices.push(notice),
      error(error) {
        answer.error = error;
      },
      ready: () => resolve(answer),
      parameters: () => undefined,
      suspended: () => undefined,
      setting: () => undefined,
      loadReady: () => undefined,
    };
    session.execute(
      {
        program,
        parameters,
        parameterTypes: [],
        implicit: 'statement',
        text: 'program',
        wantColumns: true,
        maxRows: 0,
      },
      sink,
    );
  });
}
