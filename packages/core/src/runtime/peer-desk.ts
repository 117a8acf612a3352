/**
 * Peers of this node: reads their frames, gives protocol messages to the replica, takes in commands that their clients
 * gave to them, and brings the leader's answers to our own clients.
 *
 * A frame that cannot be read ends the link it came over; the peer dials again.
 */
import { QuorateError } from '@quorate/wire';
import type { Lane, Message } from '../protocol/message.ts';
import type { NodeId } from '../protocol/types.ts';
import { decodePeerFrame, type Forward, type ForwardReply, type PeerPayload } from '../wire/frame.ts';
import type { Applier } from './applier.ts';
import type { ClientDesk } from './client-desk.ts';
import { BACKEND_NOT_OPEN } from './command-desk.ts';
import type { EngineOptions } from './engine-options.ts';
import { responsesOf, sequencesOf } from './forwarded-bytes.ts';
import type { Forwarder } from './forwarder.ts';
import type { Lifecycle } from './lifecycle.ts';
import { ownBytes } from './own-bytes.ts';
import type { Proposals } from './proposals.ts';
import { refuseForward } from './refusals.ts';
import type { ReplicaHost } from './replica-host.ts';
import { errorAnswer } from './responder.ts';
import type { EngineCounters } from './status.ts';

export type PeerDeskParts = {
  readonly lifecycle: Lifecycle;
  readonly replica: ReplicaHost;
  readonly applier: Applier;
  readonly proposals: Proposals;
  readonly forwarder: Forwarder;
  /** Makes responders, so that all answers of a turn leave together. */
  readonly clients: ClientDesk;
  readonly counters: EngineCounters;
  /** Something is to be done at the end of the turn. */
  readonly wake: () => void;
};

export class PeerDesk {
  readonly #options: EngineOptions;
  readonly #parts: PeerDeskParts;

  constructor(options: EngineOptions, parts: PeerDeskParts) {
    this.#options = options;
    this.#parts = parts;
  }

  onUp(peer: NodeId): void {
    const { replica } = this.#parts;
    replica.feed({ kind: 'peer-up', at: replica.now(), peer });
  }

  onDown(peer: NodeId): void {
    const { forwarder, replica } = this.#parts;
    forwarder.abandon(peer);
    replica.feed({ kind: 'peer-down', at: replica.now(), peer });
  }

  onFrame(from: NodeId, lane: Lane, frame: Uint8Array): void {
    const { checksum, limits, group, transport } = this.#options;
    const { lifecycle, counters } = this.#parts;
    let payloads: PeerPayload[];
    try {
      payloads = decodePeerFrame(frame, checksum, { maxFrameBytes: limits.maxPeerFrameBytes, group });
    } catch (error) {
      counters.peerFramesRefused += 1;
      const known = error instanceof QuorateError ? error : new QuorateError('WIRE_MALFORMED', String(error));
      transport.reject(from, known.code, `${lane} lane: ${known.message}`);
      return;
    }
    for (const payload of payloads) {
      if (payload.kind === 'protocol') this.#onMessage(from, payload.message);
      else if (payload.kind === 'forward') lifecycle.guard(() => this.#onForward(from, payload));
      else lifecycle.guard(() => this.#onForwardReply(payload));
    }
  }

  /** What brings values is lost, as on a bad link, while the disk is too far behind: the sender repeats it. */
  #onMessage(from: NodeId, message: Message): void {
    const { replica, counters } = this.#parts;
    const bringsValues = message.kind === 'accept' || message.kind === 'catch-up-reply';
    if (bringsValues && replica.isDiskBehind) counters.valuesDropped += 1;
    else replica.feed({ kind: 'receive', at: replica.now(), from, message: ownBytes(message) });
  }

  /** A follower passes a client's commands on. */
  #onForward(from: NodeId, forward: Forward): void {
    const { lifecycle, replica, applier, proposals, clients, counters } = this.#parts;
    const { backend, clock, transport } = this.#options;
    const { connection, requestId } = forward;
    const responder = clients.responder({
      send: (answers) => replica.sendPayload(from, { kind: 'forward-reply', connection, requestId, answers }),
      queuedBytes: () => transport.queuedBytes(from),
    });
    const sequences = sequencesOf(forward.group, applier.isOpen ? backend : undefined);
    const host = replica.role === 'leader' && lifecycle.isRunning;
    if (sequences === undefined) {
      counters.peerFramesRefused += 1;
    } else if (!host) {
      refuseForward(responder, sequences);
    } else if (!applier.isOpen) {
      for (const sequence of sequences)
        responder.add(errorAnswer(sequence, 'BACKEND_UNAVAILABLE', BACKEND_NOT_OPEN));
    } else if (!proposals.hasRoom(forward.group.length)) {
      for (const sequence of sequences)
        responder.add(errorAnswer(sequence, 'OVERLOADED', 'too many commands wait at the leader'));
    } else {
      const deadlineMs = clock.monotonicMs() + forward.timeoutMs;
      proposals.admit(forward.group, { responder, sequences, takesEchoes: false }, deadlineMs);
    }
    this.#parts.wake();
  }

  #onForwardReply(reply: ForwardReply): void {
    const { forwarder, wake } = this.#parts;
    const frame = responsesOf(reply.answers);
    const answered = frame === undefined ? undefined : forwarder.onReply(reply.requestId, frame.answers);
    if (frame === undefined || answered === undefined) return;
    const { responder, sequences } = answered;
    for (const answer of frame.answers) {
      // Opening and closing a session carry no sequence in the log; it is known here only.
      const sequence = answer.sequence === 0 ? (sequences[0] ?? 0) : answer.sequence;
      if (answer.kind === 'result') responder.addResult(sequence, answer.slot, answer.result);
      else responder.add({ ...answer, sequence });
    }
    wake();
  }
}
