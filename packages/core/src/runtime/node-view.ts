/** What a node says about itself when it is asked: whether it is ready, and its status. Changes nothing. */
import type { Applier } from './applier.ts';
import type { BackendWatch } from './backend-watch.ts';
import type { ClientDesk } from './client-desk.ts';
import type { EngineOptions } from './engine-options.ts';
import type { Forwarder } from './forwarder.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { Proposals } from './proposals.ts';
import type { ReadDesk } from './read-desk.ts';
import type { ReplicaHost } from './replica-host.ts';
import type { EngineCounters, NodeStatus, ReadinessCheck } from './status.ts';

export type ViewedParts = {
  readonly lifecycle: Lifecycle;
  readonly replica: ReplicaHost;
  readonly applier: Applier;
  readonly reads: ReadDesk;
  readonly proposals: Proposals;
  readonly forwarder: Forwarder;
  readonly watch: BackendWatch;
  readonly clients: ClientDesk;
  readonly counters: EngineCounters;
};

export class NodeView {
  readonly #options: EngineOptions;
  readonly #parts: ViewedParts;
  readonly #startedAtMs: number;

  constructor(options: EngineOptions, parts: ViewedParts) {
    this.#options = options;
    this.#parts = parts;
    this.#startedAtMs = options.clock.monotonicMs();
  }

  /** Ready: a leader is known, the backend is well, and nearly all that is known to be chosen is applied. */
  readiness(): readonly ReadinessCheck[] {
    const { lifecycle, replica, applier, watch, reads } = this.#parts;
    const { leader } = replica;
    const { state, detail } = applier.health;
    const { health } = watch;
    const unread = reads.trouble;
    const trouble = [detail, health.detail, unread].find((text) => text !== '') ?? '';
    const behind = applier.unappliedSlots;
    return [
      { name: 'running', ok: lifecycle.isRunning, detail: lifecycle.state },
      {
        name: 'leader',
        ok: leader !== undefined,
        detail: leader === undefined ? 'no leader is known' : `node ${leader} leads`,
      },
      {
        name: 'backend',
        ok: state === 'ok' && health.ok && unread === '',
        detail: trouble === '' ? state : `${state}: ${trouble}`,
      },
      {
        name: 'applied',
        ok: behind <= this.#options.limits.maxUnappliedSlots,
        detail: `${behind} chosen slots wait to be applied`,
      },
    ];
  }

  status(): NodeStatus {
    const { replica, applier, reads, proposals, forwarder, watch, clients, counters } = this.#parts;
    const { self, addrs, clusterId, backend, opened, journal, clock } = this.#options;
    const view = replica.view();
    const health = applier.health;
    return {
      node: self,
      addr: addrs[self - 1] ?? '',
      clusterId,
      role: view.role,
      ballot: { round: view.ballot.round, node: view.ballot.node },
      leader: view.leader ?? 0,
      quorumConnected: view.quorumConnected,
      learnedSlot: view.learnedSlot,
      appliedSlot: applier.appliedSlot,
      digest: applier.digest,
      incarnation: opened.incarnation,
      uptimeMs: Math.round(clock.monotonicMs() - this.#startedAtMs),
      durableSlot: watch.durableSlot,
      backend: {
        name: backend.name,
        state: health.state,
        detail: health.detail === '' ? reads.trouble : health.detail,
        health: watch.health,
        compatibility: backend.compatibility?.() ?? {},
      },
      journalFlushMs: journal.flushMs(),
      sessions: applier.sessionCount,
      connections: clients.connectionCount,
      queuedBytes: proposals.queuedBytes,
      preparing: proposals.preparing,
      inFlightSlots: proposals.inFlightSlots,
      forwards: forwarder.count,
      counters: { ...counters },
    };
  }
}
