/**
 * One client session on the worker's end of the link: writes its requests as frames and hands the
 * replies to the sinks, oldest request first.
 */
import { CodecError } from './codec-error.ts';
import * as frames from './frames.ts';
import type { Frame, FrameOutput } from './frames.ts';
import {
  readColumns,
  readCompletion,
  readControl,
  readTypes,
  toSqlError,
  TRANSACTION_STATUSES,
  unpackAuthReply,
  unpackError,
  unpackNotice,
} from './link-payloads.ts';
import type { ProgramSender } from './link-programs.ts';
import { IMPLICIT_MODES, remember, writeExecute, writeNamed, writePrepare } from './link-requests.ts';
import type {
  AuthReply,
  AuthRequest,
  EngineSession,
  ExecuteRequest,
  ImplicitTransaction,
  NamedStatement,
  ProgramRef,
  ReplySink,
  ResultColumn,
  RowBlock,
  SessionEvents,
} from './session.ts';
import { SqlError } from './sql-error.ts';
import type { SqlType } from './types.ts';

/** What a session needs of its link. */
export interface ClientLinkState {
  readonly output: FrameOutput;
  readonly programs: ProgramSender;
  readonly loss: SqlError | undefined;
  removeSession(id: number): void;
  columnsOf(frame: Frame): readonly ResultColumn[];
}

/** A request not answered yet; a chain of them, oldest first. */
class PendingRequest {
  readonly id: number;
  readonly sink: ReplySink;
  /** Why the request was never sent; the engine was told to fail instead. */
  failure: SqlError | undefined = undefined;
  next: PendingRequest | undefined = undefined;

  constructor(id: number, sink: ReplySink) {
    this.id = id;
    this.sink = sink;
  }
}

/** Bytes waiting for a stuck engine before requests are refused. */
export const MAX_QUEUED_BYTES = 512 << 20;

export class ClientSession implements EngineSession {
  readonly #link: ClientLinkState;
  readonly #id: number;
  readonly #events: SessionEvents;
  #nextRequest = 1;
  #oldest: PendingRequest | undefined = undefined;
  #newest: PendingRequest | undefined = undefined;
  readonly #authentications: ((reply: AuthReply) => void)[] = [];
  /** Why the session is over: requests after this are answered here. */
  #over: SqlError | undefined;

  constructor(link: ClientLinkState, id: number, events: SessionEvents) {
    this.#link = link;
    this.#id = id;
    this.#events = events;
  }

  // ---- requests ----

  authenticate(request: AuthRequest, reply: (reply: AuthReply) => void): void {
    const over = this.#isOver();
    if (over !== undefined) {
      setImmediate(() => reply({ kind: 'error', error: over }));
      return;
    }
    this.#authentications.push(reply);
    const writer = this.#link.output.begin(frames.FRAME_AUTHENTICATE, this.#id, 0);
    writer.text(request.mechanism);
    writer.blob(request.data);
    this.#link.output.end();
  }

  prepare(program: ProgramRef, parameterTypes: readonly (SqlType | undefined)[], text: string, sink: ReplySink): void {
    this.#request(sink, (id) => {
      const { output, programs } = this.#link;
      const slot = programs.slotOf(program);
      writePrepare(output.begin(frames.FRAME_PREPARE, this.#id, id), slot, parameterTypes, text);
      output.end();
      remember(slot, parameterTypes, text);
    });
  }

  execute(request: ExecuteRequest, sink: ReplySink): void {
    this.#execute(frames.FRAME_EXECUTE, request, sink);
  }

  nameStatement(statement: NamedStatement): void {
    if (this.#isOver() !== undefined) return;
    const { output, programs } = this.#link;
    try {
      const slot = programs.slotOf(statement.program);
      writeNamed(output.begin(frames.FRAME_NAME_STATEMENT, this.#id, 0), statement, slot);
      output.end();
      remember(slot, statement.parameterTypes, statement.text);
    } catch {
      // Too large for a frame: its execution, which is as large, fails with the reason.
      output.abandon();
    }
  }

  forgetStatement(name: string): void {
    if (this.#isOver() !== undefined) return;
    this.#link.output.begin(frames.FRAME_FORGET_STATEMENT, this.#id, 0).text(name);
    this.#link.output.end();
  }

  openPortal(request: ExecuteRequest, sink: ReplySink): void {
    this.#execute(frames.FRAME_OPEN_PORTAL, request, sink);
  }

  #execute(kind: number, request: ExecuteRequest, sink: ReplySink): void {
    const pending = this.#newRequest(sink);
    if (pending === undefined) return;
    const { output, programs } = this.#link;
    try {
      if (output.queuedBytes > MAX_QUEUED_BYTES) throw tooMuchQueued();
      const slot = programs.slotOf(request.program);
      writeExecute(output.begin(kind, this.#id, pending.id), request, slot);
      output.end();
      remember(slot, request.parameterTypes, request.text);
    } catch (error) {
      this.#notSent(pending, error);
    }
  }

  describePortal(portal: string, sink: ReplySink): void {
    this.#portalRequest(frames.FRAME_DESCRIBE_PORTAL, portal, sink);
  }

  closePortal(portal: string, sink: ReplySink): void {
    this.#portalRequest(frames.FRAME_CLOSE_PORTAL, portal, sink);
  }

  #portalRequest(kind: number, portal: string, sink: ReplySink): void {
    this.#request(sink, (id) => {
      this.#link.output.begin(kind, this.#id, id).text(portal);
      this.#link.output.end();
    });
  }

  fetch(portal: string, maxRows: number, implicit: ImplicitTransaction, sink: ReplySink): void {
    this.#request(sink, (id) => {
      const writer = this.#link.output.begin(frames.FRAME_FETCH, this.#id, id, IMPLICIT_MODES.indexOf(implicit));
      writer.u32(maxRows);
      writer.text(portal);
      this.#link.output.end();
    });
  }

  endGroup(sink: ReplySink): void {
    this.#request(sink, (id) => this.#link.output.empty(frames.FRAME_END_GROUP, this.#id, id));
  }

  reset(sink: ReplySink): void {
    this.#request(sink, (id) => this.#link.output.empty(frames.FRAME_RESET, this.#id, id));
  }

  fail(sink: ReplySink): void {
    this.#request(sink, (id) => this.#link.output.empty(frames.FRAME_FAIL, this.#id, id));
  }

  load(block: RowBlock): void {
    if (this.#isOver() !== undefined) return;
    const { output } = this.#link;
    if (output.queuedBytes > MAX_QUEUED_BYTES) {
      this.#terminate(tooMuchQueued());
      return;
    }
    const writer = output.begin(frames.FRAME_LOAD, this.#id, 0);
    writer.u32(block.rowCount);
    writer.raw(block.bytes);
    output.end();
  }

  loadEnd(): void {
    if (this.#isOver() === undefined) this.#link.output.empty(frames.FRAME_LOAD_END, this.#id, 0);
  }

  loadFail(message: string): void {
    if (this.#isOver() !== undefined) return;
    this.#link.output.begin(frames.FRAME_LOAD_FAIL, this.#id, 0).text(message);
    this.#link.output.end();
  }

  credit(bytes: number): void {
    if (this.#isOver() !== undefined) return;
    this.#link.output.begin(frames.FRAME_CREDIT, this.#id, 0).u32(Math.min(bytes, 0xffffffff));
    this.#link.output.end();
  }

  cancel(): void {
    if (this.#isOver() !== undefined) return;
    this.#link.output.empty(frames.FRAME_CANCEL, this.#id, 0);
    this.#link.output.flush();
  }

  close(): void {
    if (this.#isOver() !== undefined) return;
    this.#link.output.empty(frames.FRAME_CLOSE_SESSION, this.#id, 0);
    this.#link.removeSession(this.#id);
    this.#oldest = undefined;
    this.#newest = undefined;
    this.#authentications.length = 0;
    this.#over = new SqlError('connection_does_not_exist', 'the session was closed');
  }

  #isOver(): SqlError | undefined {
    return this.#over ?? this.#link.loss;
  }

  /**
   * Sends a request. One that cannot be written (too large) is replaced by `fail`, so that the
   * transaction suffers the error and the answer still comes in its turn.
   */
  #request(sink: ReplySink, send: (id: number) => void): void {
    const pending = this.#newRequest(sink);
    if (pending === undefined) return;
    try {
      if (this.#link.output.queuedBytes > MAX_QUEUED_BYTES) throw tooMuchQueued();
      send(pending.id);
    } catch (error) {
      this.#notSent(pending, error);
    }
  }

  /** A request that expects an answer; undefined when the session is over and it is answered here. */
  #newRequest(sink: ReplySink): PendingRequest | undefined {
    const over = this.#isOver();
    if (over !== undefined) {
      setImmediate(answer, sink, over);
      return undefined;
    }
    const id = this.#nextRequest;
    this.#nextRequest = id === 0xffffffff ? 1 : id + 1;
    const pending = new PendingRequest(id, sink);
    if (this.#newest === undefined) this.#oldest = pending;
    else this.#newest.next = pending;
    this.#newest = pending;
    return pending;
  }

  #notSent(pending: PendingRequest, error: unknown): void {
    const { output } = this.#link;
    output.abandon();
    pending.failure = toSqlError(error);
    output.empty(frames.FRAME_FAIL, this.#id, pending.id);
  }

  // ---- replies ----

  receive(frame: Frame): void {
    switch (frame.kind) {
      case frames.FRAME_AUTH_REPLY: {
        const reply = this.#authentications.shift();
        if (reply === undefined) throw new CodecError('authentication reply without request');
        reply(unpackAuthReply(frame.copyPayload()));
        return;
      }
      case frames.FRAME_NOTIFICATION: {
        const { reader } = frame;
        this.#events.notification(reader.u32(), reader.text(), reader.text());
        return;
      }
      case frames.FRAME_TERMINATED:
        this.#terminate(unpackError(readControl(frame.copyPayload())));
        return;
      default:
        this.#reply(frame);
    }
  }

  #reply(frame: Frame): void {
    const request = this.#oldest;
    if (request === undefined || request.id !== frame.request) throw new CodecError('reply out of turn');
    const { sink } = request;
    switch (frame.kind) {
      case frames.FRAME_ROWS:
        // The bytes are valid during the call only.
        sink.rows({ rowCount: frame.reader.u32(), bytes: frame.reader.rest() });
        return;
      case frames.FRAME_COMPLETE:
        sink.complete(readCompletion(frame.reader));
        return;
      case frames.FRAME_READY: {
        const status = TRANSACTION_STATUSES[frame.flags];
        if (status === undefined) throw new CodecError('unknown transaction status');
        this.#oldest = request.next;
        if (request.next === undefined) this.#newest = undefined;
        // A dead link of a chain would keep alive all that came after it.
        else request.next = undefined;
        if (request.failure !== undefined) sink.error(request.failure);
        sink.ready(status);
        return;
      }
      case frames.FRAME_COLUMNS:
        sink.columns(this.#link.columnsOf(frame));
        return;
      default:
        this.#rareReply(frame, sink);
    }
  }

  #rareReply(frame: Frame, sink: ReplySink): void {
    switch (frame.kind) {
      case frames.FRAME_PARAMETERS: {
        const types = readTypes(frame.reader);
        if (types.includes(undefined)) throw new CodecError('a parameter without type');
        sink.parameters(types as SqlType[]);
        return;
      }
      case frames.FRAME_SUSPENDED:
        sink.suspended();
        return;
      case frames.FRAME_NOTICE:
        sink.notice(unpackNotice(readControl(frame.copyPayload())));
        return;
      case frames.FRAME_SETTING: {
        const { reader } = frame;
        sink.setting(reader.text(), reader.text());
        return;
      }
      case frames.FRAME_LOAD_READY: {
        const { reader } = frame;
        const window = reader.bool() ? reader.f64() : undefined;
        sink.loadReady(readColumns(reader), window);
        return;
      }
      case frames.FRAME_LOAD_TAKEN:
        sink.loadTaken?.(frame.reader.f64());
        return;
      case frames.FRAME_ERROR:
        sink.error(unpackError(readControl(frame.copyPayload())));
        return;
      default:
        throw new CodecError(`unknown frame ${frame.kind}`);
    }
  }

  /** The engine, or this end, gives the session up while the link lives. */
  #terminate(error: SqlError): void {
    if (this.#over !== undefined) return;
    this.#link.output.empty(frames.FRAME_CLOSE_SESSION, this.#id, 0);
    this.#link.removeSession(this.#id);
    this.lose(error);
  }

  /** Ends the session: its user is told first, since what is under way is over with it, and then answered. */
  lose(error: SqlError): void {
    if (this.#over !== undefined) return;
    this.#over = error;
    let pending = this.#oldest;
    this.#oldest = undefined;
    this.#newest = undefined;
    this.#events.terminated(error);
    for (const reply of this.#authentications.splice(0)) reply({ kind: 'error', error });
    for (; pending !== undefined; pending = pending.next) answer(pending.sink, error);
  }
}

function answer(sink: ReplySink, error: SqlError): void {
  sink.error(error);
  sink.ready('idle');
}

function tooMuchQueued(): SqlError {
  return new SqlError('configuration_limit_exceeded', 'too much is waiting for the engine');
}
