/**
 * Runs a seed and writes down every decision until a property fails: the history that is to be reduced.
 */
import { describeMessage, type Input, type NodeId } from '@quorate/core/protocol';
import { CoreHost } from '../hosts/core-host.ts';
import type { NodeEnvironment } from '../hosts/host.ts';
import type { SimEvent } from '../sim-event.ts';
import { simulate, type Verdict } from '../simulate.ts';
import type { Deed, Happening, History } from './history.ts';

export type Recording = { readonly verdict: Verdict; readonly history: History };

export function record(seed: number): Recording {
  const recorder = new Recorder();
  const verdict = simulate({
    seed,
    createHost: (env) => new CoreHost(recorder.watched(env)),
    observe: (event) => recorder.observe(event),
  });
  const { nodeCount, durableBackend, limits } = verdict.profile;
  return { verdict, history: { setting: { nodeCount, durableBackend, limits }, deeds: recorder.deeds } };
}

/** What is known of one node on the way. */
type Life = { isStarting: boolean; atMs: number; appliedSlot: number; crashedAt: number };

class Recorder {
  readonly deeds: Deed[] = [];
  readonly #lives: Map<NodeId, Life> = new Map();
  /** `from>to` and text of what was sent to hand leadership over. */
  readonly #transfers: Set<string> = new Set();

  /** The same environment, with an ear at the door of the core. */
  watched(env: NodeEnvironment): NodeEnvironment {
    const life = this.#life(env.self);
    life.atMs = env.clock.monotonicMs();
    life.isStarting = true;
    this.#add(env.self, { kind: 'start', seed: env.seed });
    return { ...env, onInput: (input) => this.#onInput(env.self, input) };
  }

  observe(event: SimEvent): void {
    const life = this.#life(event.node);
    if (event.kind === 'durable') {
      this.#flushed(event.node);
    } else if (event.kind === 'send') {
      if (event.message.kind === 'transfer')
        this.#transfers.add(`${event.node}>${event.to} ${describeMessage(event.message)}`);
    } else if (event.kind === 'crash') {
      life.crashedAt = this.deeds.length;
      this.#add(event.node, { kind: 'crash' });
    } else if (event.kind === 'boot') {
      // It died between its backend's answer and the core's hearing of it.
      if (event.appliedSlot > life.appliedSlot && life.crashedAt >= 0)
        this.deeds.splice(life.crashedAt, 0, this.#deed(event.node, { kind: 'stored' }));
      life.appliedSlot = event.appliedSlot;
    }
  }

  #onInput(node: NodeId, input: Input): void {
    const life = this.#life(node);
    life.atMs = input.at;
    if (input.kind === 'applied') life.appliedSlot = input.through;
    if (life.isStarting) {
      if (input.kind === 'tick') life.isStarting = false;
      return;
    }
    this.#add(node, this.#happening(node, input));
  }

  #happening(node: NodeId, input: Input): Happening {
    switch (input.kind) {
      case 'receive': {
        const text = describeMessage(input.message);
        const wasSent = this.#transfers.has(`${input.from}>${node} ${text}`);
        if (input.message.kind === 'transfer' && !wasSent) return { kind: 'usurp' };
        return { kind: 'deliver', from: input.from, text };
      }
      case 'propose': {
        const { ticket, value } = input;
        if (value.kind === 'noop') throw new Error('a client asked for a noop');
        return { kind: 'propose', ticket, bytes: value.bytes.length, stampMs: value.stampMs };
      }
      case 'read':
        return { kind: 'read', ticket: input.ticket };
      case 'persisted':
        return { kind: 'flushed' };
      case 'peer-up':
        return { kind: 'up', peer: input.peer };
      case 'peer-down':
        return { kind: 'down', peer: input.peer };
      default:
        return { kind: input.kind };
    }
  }

  /** Writes that became durable one after another are one decision. */
  #flushed(node: NodeId): void {
    const last = this.deeds.at(-1);
    if (last?.kind === 'flush' && last.node === node)
      this.deeds[this.deeds.length - 1] = { ...last, writes: last.writes + 1 };
    else this.#add(node, { kind: 'flush', writes: 1 });
  }

  #add(node: NodeId, happening: Happening): void {
    this.deeds.push(this.#deed(node, happening));
  }

  #deed(node: NodeId, happening: Happening): Deed {
    return { node, atMs: this.#life(node).atMs, settles: false, ...happening };
  }

  #life(node: NodeId): Life {
    let life = this.#lives.get(node);
    if (life === undefined) {
      life = { isStarting: false, atMs: 0, appliedSlot: 0, crashedAt: -1 };
      this.#lives.set(node, life);
    }
    return life;
  }
}
