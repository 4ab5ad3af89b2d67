/**
 * The link to the engine as a worker's connections see it: always there. Behind it a socket link is
 * opened, and opened again after the engine was restarted. Sessions that were open when the engine
 * went away are told by the link; logins wait a moment for the engine to come back.
 */
import { connectEngineLink } from '../sblr/contract/link-client.ts';
import type {
  AuthReply,
  AuthRequest,
  DialectProfile,
  EngineLink,
  EngineSession,
  ExecuteRequest,
  ImplicitTransaction,
  NamedStatement,
  ProgramRef,
  ReplySink,
  RowBlock,
  SessionEvents,
  SessionOptions,
} from '../sblr/contract/session.ts';
import { SqlError } from '../sblr/contract/sql-error.ts';
import type { SqlType } from '../sblr/contract/types.ts';

const RETRY_FIRST_MS = 10;
const RETRY_LAST_MS = 250;
/** How long a login waits for an engine that is being started. */
const LOGIN_WAIT_MS = 5_000;

export class ReconnectingLink implements EngineLink {
  #path: string;
  #link: EngineLink | undefined;
  #connecting = false;
  #closed = false;
  #retryMs = RETRY_FIRST_MS;
  #timer: NodeJS.Timeout | undefined;
  readonly #profiles = new Map<string, DialectProfile>();
  readonly #waiting = new Set<() => void>();

  constructor(path: string) {
    this.#path = path;
    this.#connect();
  }

  get connected(): boolean {
    return this.#link !== undefined;
  }

  /** The engine listens at `path` now: no need to wait for the next attempt. */
  engineAt(path: string): void {
    this.#path = path;
    this.#retryMs = RETRY_FIRST_MS;
    this.#connect();
  }

  install(profile: DialectProfile): void {
    this.#profiles.set(profile.dialect, profile);
    this.#link?.install(profile);
  }

  openSession(options: SessionOptions, events: SessionEvents): EngineSession {
    return new PatientSession(this, options, events);
  }

  cancel(processId: number, cancelKey: number): void {
    this.#link?.cancel(processId, cancelKey);
  }

  /** Never called: this link outlives every engine. */
  onLost(): void {}

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#link?.close();
    this.#link = undefined;
  }

  /** Calls back when connected or after the time: with the link, or without. */
  whenConnected(timeoutMs: number, ready: (link: EngineLink | undefined) => void): void {
    if (this.#link !== undefined) {
      ready(this.#link);
      return;
    }
    const finish = (): void => {
      clearTimeout(timer);
      this.#waiting.delete(finish);
      ready(this.#link);
    };
    const timer = setTimeout(finish, timeoutMs);
    this.#waiting.add(finish);
  }

  #connect(): void {
    if (this.#closed || this.#connecting || this.#link !== undefined) return;
    clearTimeout(this.#timer);
    this.#connecting = true;
    connectEngineLink(this.#path).then(
      (link) => {
        this.#connecting = false;
        if (this.#closed) {
          link.close();
          return;
        }
        this.#retryMs = RETRY_FIRST_MS;
        this.#link = link;
        link.onLost(() => {
          if (this.#link === link) this.#link = undefined;
          this.#connect();
        });
        for (const profile of this.#profiles.values()) link.install(profile);
        for (const finish of [...this.#waiting]) finish();
      },
      () => {
        this.#connecting = false;
        if (this.#closed) return;
        this.#timer = setTimeout(() => this.#connect(), this.#retryMs);
        this.#retryMs = Math.min(RETRY_LAST_MS, this.#retryMs * 2);
      },
    );
  }
}

/**
 * A session whose login waits while there is no engine, and begins anew when the engine goes away before
 * it answered: a dead engine may look alive until its socket says otherwise. Then everything goes to the real one.
 */
class PatientSession implements EngineSession {
  readonly #owner: ReconnectingLink;
  readonly #options: SessionOptions;
  readonly #events: SessionEvents;
  #inner: EngineSession | undefined;
  #closed = false;

  constructor(owner: ReconnectingLink, options: SessionOptions, events: SessionEvents) {
    this.#owner = owner;
    this.#options = options;
    this.#events = events;
  }

  authenticate(request: AuthRequest, reply: (reply: AuthReply) => void): void {
    if (this.#inner !== undefined) {
      this.#inner.authenticate(request, reply);
      return;
    }
    this.#login(request, reply, performance.now() + LOGIN_WAIT_MS);
  }

  #login(request: AuthRequest, reply: (reply: AuthReply) => void, deadline: number): void {
    this.#owner.whenConnected(Math.max(0, deadline - performance.now()), (link) => {
      if (this.#closed) return;
      if (link === undefined) {
        reply({ kind: 'error', error: notYet() });
        return;
      }
      let answered = false;
      const events = this.#events;
      const inner = link.openSession(this.#options, {
        notification: (processId, channel, payload) => events.notification(processId, channel, payload),
        terminated: (error) => {
          // Of an engine lost before it answered, the answer tells.
          if (answered || error.condition !== 'crash_shutdown') events.terminated(error);
        },
      });
      this.#inner = inner;
      inner.authenticate(request, (answer) => {
        const lost = answer.kind === 'error' && answer.error.condition === 'crash_shutdown';
        if (!lost || performance.now() >= deadline) {
          answered = true;
          reply(answer);
          return;
        }
        this.#inner = undefined;
        // The link learns of its loss when all its sessions have.
        setImmediate(() => this.#login(request, reply, deadline));
      });
    });
  }

  prepare(program: ProgramRef, types: readonly (SqlType | undefined)[], text: string, sink: ReplySink): void {
    this.#use(sink)?.prepare(program, types, text, sink);
  }

  execute(request: ExecuteRequest, sink: ReplySink): void {
    this.#use(sink)?.execute(request, sink);
  }

  nameStatement(statement: NamedStatement): void {
    this.#inner?.nameStatement(statement);
  }

  forgetStatement(name: string): void {
    this.#inner?.forgetStatement(name);
  }

  openPortal(request: ExecuteRequest, sink: ReplySink): void {
    this.#use(sink)?.openPortal(request, sink);
  }

  describePortal(portal: string, sink: ReplySink): void {
    this.#use(sink)?.describePortal(portal, sink);
  }

  fetch(portal: string, maxRows: number, implicit: ImplicitTransaction, sink: ReplySink): void {
    this.#use(sink)?.fetch(portal, maxRows, implicit, sink);
  }

  closePortal(portal: string, sink: ReplySink): void {
    this.#use(sink)?.closePortal(portal, sink);
  }

  endGroup(sink: ReplySink): void {
    this.#use(sink)?.endGroup(sink);
  }

  reset(sink: ReplySink): void {
    this.#use(sink)?.reset(sink);
  }

  fail(sink: ReplySink): void {
    this.#use(sink)?.fail(sink);
  }

  load(block: RowBlock): void {
    this.#inner?.load(block);
  }

  loadEnd(): void {
    this.#inner?.loadEnd();
  }

  loadFail(message: string): void {
    this.#inner?.loadFail(message);
  }

  credit(bytes: number): void {
    this.#inner?.credit(bytes);
  }

  cancel(): void {
    this.#inner?.cancel();
  }

  close(): void {
    this.#closed = true;
    this.#inner?.close();
  }

  #use(sink: ReplySink): EngineSession | undefined {
    if (this.#inner === undefined) {
      sink.error(notYet());
      sink.ready('idle');
    }
    return this.#inner;
  }
}

function notYet(): SqlError {
  return new SqlError('cannot_connect_now', 'the database system is starting up');
}
