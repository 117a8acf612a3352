/**
 * Commands as clients send them: reads each, answers what is no command, and decides where the others go: to the log
 * when this node leads, to the leader when it does not, to the read desk when they only read.
 *
 * A command that does not parse, is forbidden or is too large is answered here and never reaches the log.
 */
import {
  addCommand,
  ByteWriter,
  beginGroup,
  type ClientFrame,
  type CommandInput,
  endGroup,
  type RequestCommand,
  writeGroup,
} from '@quorate/wire';
import type { Backend } from '../ports/backend.ts';
import type { ClientConnection } from '../ports/client-listener.ts';
import type { Clock } from '../ports/clock.ts';
import type { NodeId } from '../protocol/types.ts';
import { encodedBy } from './backend-returns.ts';
import type { Waiter } from './batcher.ts';
import type { RuntimeLimits } from './limits.ts';
import type { ReadDesk } from './read-desk.ts';
import { errorAnswer, type Responder } from './responder.ts';

/** What the desk needs of the node around it. */
export type DeskHost = {
  readonly self: NodeId;
  readonly clusterId: string;
  /** By node id order. */
  readonly addrs: readonly string[];
  /** The node believed to lead; undefined when none is known. */
  leader(): NodeId | undefined;
  /** This node leads and takes commands. */
  leads(): boolean;
  /** False when more would be over a bound: the command is answered OVERLOADED. */
  hasRoom(bytes: number): boolean;
  /** This node is shutting down. */
  isStopping(): boolean;
  /** The backend was opened, and can read commands. */
  isBackendOpen(): boolean;
  /** Queues one group to be proposed here. Its bytes are only valid during the call; so are those that are forwarded. */
  propose(group: Uint8Array, waiter: Waiter, deadlineMs: number): void;
  forward(
    leader: NodeId,
    connection: number,
    responder: Responder,
    sequences: readonly number[],
    timeoutMs: number,
    group: Uint8Array,
  ): void;
  forgetConnection(connection: number): void;
  /** Something is to be done at the end of the turn. */
  wake(): void;
  count(counter: 'clientFramesRefused' | 'commandsRefused'): void;
};

/** Who sent a command, and gets the answer. */
export type Sender = {
  readonly connection: ClientConnection;
  readonly responder: Responder;
  /** It speaks a version that knows echoes. */
  readonly takesEchoes: boolean;
};
type Request = Extract<ClientFrame, { kind: 'request' }>;
type Admitted =
  | { readonly access: 'read'; readonly command: unknown }
  /** `isAsSent`: these are the bytes that the client sent. */
  | { readonly access: 'write'; readonly bytes: Uint8Array; readonly isAsSent: boolean };

export const BACKEND_NOT_OPEN = "this node's store could not be opened yet; it was not executed";

/** A client that names no time-out is dropped from queues after this long. */
const MAX_TIMEOUT_MS = 24 * 60 * 60 * 1000;

export class CommandDesk {
  readonly #backend: Backend;
  readonly #reads: ReadDesk;
  readonly #clock: Clock;
  readonly #limits: RuntimeLimits;
  readonly #host: DeskHost;
  readonly #group = new ByteWriter(16 * 1024);

  constructor(backend: Backend, reads: ReadDesk, clock: Clock, limits: RuntimeLimits, host: DeskHost) {
    this.#backend = backend;
    this.#reads = reads;
    this.#clock = clock;
    this.#limits = limits;
    this.#host = host;
  }

  /** One frame of a client that has greeted. */
  handle(client: Sender, frame: Exclude<ClientFrame, { kind: 'hello' }>): void {
    if (this.#host.isStopping()) {
      const message = 'the node is stopping; it was not executed';
      this.#refuseAll(client.responder, sequencesOf(frame), 'STOPPING', message);
    } else if (!this.#host.isBackendOpen()) {
      this.#refuseAll(client.responder, sequencesOf(frame), 'BACKEND_UNAVAILABLE', BACKEND_NOT_OPEN);
    } else if (frame.kind === 'request') {
      this.#request(client, frame);
    } else {
      this.#group.reset();
      writeGroup(
        this.#group,
        frame.kind === 'open-session' ? { kind: 'open' } : { kind: 'close', session: frame.session },
      );
      const noForward = frame.kind === 'open-session' && frame.noForward;
      const timeoutMs = frame.kind === 'open-session' ? frame.timeoutMs : 1000;
      this.#route(client, [frame.sequence], false, timeoutMs, noForward);
    }
  }

  #request(client: Sender, frame: Request): void {
    const { session, ackSequence } = frame;
    const deadlineMs = this.#clock.monotonicMs() + Math.min(frame.timeoutMs, MAX_TIMEOUT_MS);
    const group = this.#group;
    group.reset();
    let countOffset = beginGroup(group, session, ackSequence);
    let sequences: number[] = [];
    let takesEchoes = client.takesEchoes;
    for (const request of frame.commands) {
      const admitted = this.#admit(client.responder, request);
      if (admitted === undefined) continue;
      const { sequence } = request;
      if (admitted.access === 'read') {
        const read = { responder: client.responder, sequence, command: admitted.command, deadlineMs };
        if (frame.consistency === 'stale') this.#reads.addStale(read);
        else this.#reads.add(read);
        continue;
      }
      const bytes = this.#writeBytes(client.responder, frame, sequence, admitted.bytes);
      if (bytes === undefined) continue;
      addCommand(group, sequence, bytes);
      sequences.push(sequence);
      if (!admitted.isAsSent) takesEchoes = false;
      if (group.length < this.#limits.maxBatchBytes) continue;
      // Commands may be encoded into more bytes than they came in, and a batch must fit into one frame to a peer.
      endGroup(group, countOffset, sequences.length);
      this.#route(client, sequences, takesEchoes, frame.timeoutMs, frame.noForward);
      group.reset();
      countOffset = beginGroup(group, session, ackSequence);
      sequences = [];
      takesEchoes = client.takesEchoes;
    }
    if (sequences.length === 0) return;
    endGroup(group, countOffset, sequences.length);
    this.#route(client, sequences, takesEchoes, frame.timeoutMs, frame.noForward);
  }

  /**
   * A backend must not throw here. One that does must not take the node with it either: the client would bring the same
   * command to the next node, and so to all of them.
   */
  #admit(responder: Responder, { sequence, input }: RequestCommand): Admitted | undefined {
    let refusal: string;
    try {
      const read = this.#read(input);
      if (typeof read !== 'string') return read;
      refusal = read;
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      refusal = `the backend ${this.#backend.name} failed to read this command: ${detail}`;
    }
    this.#host.count('commandsRefused');
    responder.add(errorAnswer(sequence, 'PARSE', refusal));
    return undefined;
  }

  /** A text says why it is refused. A read waits for its turn, longer than the frame is valid: it gets its own bytes. */
  #read(input: CommandInput): Admitted | string {
    const backend = this.#backend;
    const access = input.form === 'arguments' ? backend.admit?.(input.bytes) : undefined;
    if (access !== undefined && input.form === 'arguments') {
      return access === 'read'
        ? { access, command: backend.decode(new Uint8Array(input.bytes)) }
        : { access, bytes: input.bytes, isAsSent: true };
    }
    const parsed = backend.parse(
      input.form === 'arguments' ? { ...input, bytes: new Uint8Array(input.bytes) } : input,
    );
    if (!parsed.ok) return parsed.error;
    const { access: parsedAccess, command } = parsed;
    return parsedAccess === 'read'
      ? { access: parsedAccess, command }
      : { access: parsedAccess, bytes: encodedBy(backend, command), isAsSent: false };
  }

  #writeBytes(
    responder: Responder,
    frame: Request,
    sequence: number,
    bytes: Uint8Array,
  ): Uint8Array | undefined {
    let refusal: ReturnType<typeof errorAnswer> | undefined;
    if (frame.session === 0)
      refusal = errorAnswer(
        sequence,
        'ARGUMENT',
        'the command writes, and came as a read: send it without a consistency (stale, linearizable)',
      );
    else if (frame.consistency === 'stale')
      refusal = errorAnswer(sequence, 'ARGUMENT', 'a command that writes cannot be stale');
    else if (bytes.length > this.#limits.maxCommandBytes) {
      const limit = this.#limits.maxCommandBytes;
      refusal = errorAnswer(
        sequence,
        'TOO_LARGE',
        `the command has ${bytes.length} bytes, the limit is ${limit} (maxCommandBytes)`,
      );
    }
    if (refusal === undefined) return bytes;
    this.#host.count('commandsRefused');
    responder.add(refusal);
    return undefined;
  }

  /** The group under construction goes to this node's log or to the leader. */
  #route(
    client: Sender,
    sequences: readonly number[],
    takesEchoes: boolean,
    timeoutMs: number,
    noForward: boolean,
  ): void {
    const { responder, connection } = client;
    const host = this.#host;
    const group = this.#group.view();
    const deadlineMs = this.#clock.monotonicMs() + Math.min(timeoutMs, MAX_TIMEOUT_MS);
    if (host.leads()) {
      if (host.hasRoom(group.length)) host.propose(group, { responder, sequences, takesEchoes }, deadlineMs);
      else
        this.#refuseAll(
          responder,
          sequences,
          'OVERLOADED',
          'too many commands wait at this node; it was not executed',
        );
      return;
    }
    const leader = host.leader();
    if (leader === undefined || leader === host.self) {
      this.#refuseAll(
        responder,
        sequences,
        'NO_LEADER',
        'no leader is known at present; it was not executed',
      );
    } else if (noForward) {
      const addr = host.addrs[leader - 1] ?? '';
      const details = { leader, addr };
      for (const sequence of sequences) {
        responder.add(
          errorAnswer(
            sequence,
            'NOT_LEADER',
            `node ${host.self} does not lead; node ${leader} at ${addr} does`,
            { details },
          ),
        );
      }
    } else {
      host.forward(leader, connection.id, responder, sequences, timeoutMs, group);
    }
  }

  #refuseAll(
    responder: Responder,
    sequences: readonly number[],
    code: 'STOPPING' | 'OVERLOADED' | 'NO_LEADER' | 'BACKEND_UNAVAILABLE',
    message: string,
  ): void {
    for (const sequence of sequences) responder.add(errorAnswer(sequence, code, message));
  }
}

function sequencesOf(frame: Exclude<ClientFrame, { kind: 'hello' }>): readonly number[] {
  return frame.kind === 'request' ? frame.commands.map(({ sequence }) => sequence) : [frame.sequence];
}
