/**
 * Plays a history on the real core, judged by the simulator's checkers after every event.
 *
 * A deed that cannot happen is left out: nobody sent that message, the process is dead, nothing waits. A message that
 * is no longer sent word for word gives way to the newest one of its kind on that way, so that a history stays playable
 * while it shrinks and while the code changes.
 */
import { asNodeId, describeMessage, InvariantError, type Message, type NodeId } from '@quorate/core/protocol';
import { allCheckers } from '../checkers/index.ts';
import { Ledger } from '../ledger.ts';
import { type SimEvent, Violation } from '../sim-event.ts';
import { valueOf } from '../workload.ts';
import { SimDisk } from '../world/journal.ts';
import type { Deed, History } from './history.ts';
import { PlayedNode } from './played-node.ts';

export type Played = {
  /** Name of the property that failed first. */
  readonly violated: string | undefined;
  readonly sentence: string | undefined;
  /** What really happened, in the words of this run, up to the failure. */
  readonly deeds: readonly Deed[];
};

export type PlayObserver = {
  onDeed?(deed: Deed): void;
  onEvent?(event: SimEvent): void;
};

type Letter = { readonly message: Message; readonly text: string; wasDelivered: boolean };

export function play(history: History, observer: PlayObserver = {}): Played {
  return new Player(history, observer).play();
}

class Player {
  readonly #history: History;
  readonly #observer: PlayObserver;
  readonly #nodes: Map<NodeId, PlayedNode> = new Map();
  readonly #ledger: Ledger;
  /** Everything that was ever sent, by `from>to`. */
  readonly #letters: Map<string, Letter[]> = new Map();

  constructor(history: History, observer: PlayObserver) {
    this.#history = history;
    this.#observer = observer;
    const { setting } = history;
    const voters = Array.from({ length: setting.nodeCount }, (_, index) => asNodeId(index + 1));
    this.#ledger = new Ledger(voters);
    const onDurable = (node: NodeId, write: Extract<SimEvent, { kind: 'durable' }>['write']): void =>
      emit({ kind: 'durable', node, write });
    const disks = new Map(voters.map((node) => [node, new SimDisk(node, { onDurable })]));
    const checkers = allCheckers(setting.limits, disks);
    const emit = (event: SimEvent): void => {
      this.#observer.onEvent?.(event);
      for (const checker of checkers) {
        const sentence = checker.observe(event, this.#ledger);
        if (sentence !== undefined) throw new Violation(checker.property, sentence);
      }
      this.#ledger.observe(event);
      if (event.kind === 'send') this.#post(event.node, event.to, event.message);
    };
    for (const [self, disk] of disks)
      this.#nodes.set(self, new PlayedNode({ self, voters, setting, disk, emit }));
  }

  play(): Played {
    const deeds: Deed[] = [];
    for (const planned of this.#history.deeds) {
      const deed = this.#possible(planned);
      if (deed === undefined) continue;
      this.#observer.onDeed?.(deed);
      try {
        if (this.#perform(deed)) deeds.push(deed);
      } catch (error) {
        const violation = asViolation(error);
        if (violation === undefined) throw error;
        deeds.push(deed);
        return { violated: violation.property, sentence: violation.message, deeds };
      }
    }
    return { violated: undefined, sentence: undefined, deeds };
  }

  /** The deed in the words of this run. */
  #possible(deed: Deed): Deed | undefined {
    const node = this.#nodes.get(deed.node);
    if (node === undefined) return undefined;
    if (deed.kind === 'start') return node.host === undefined ? deed : undefined;
    if (node.host === undefined) return undefined;
    if (deed.kind !== 'deliver') return deed;
    const letter = this.#letterFor(deed);
    return letter === undefined ? undefined : { ...deed, text: letter.text };
  }

  #perform(deed: Deed): boolean {
    const node = this.#nodes.get(deed.node) as PlayedNode;
    node.advanceTo(deed.atMs);
    const happened = this.#act(node, deed);
    if (deed.settles) node.settle();
    return happened;
  }

  /** False when there was nothing to do. */
  #act(node: PlayedNode, deed: Deed): boolean {
    switch (deed.kind) {
      case 'start':
        return node.start(deed.seed);
      case 'crash':
        return node.crash();
      case 'deliver': {
        const letter = this.#letterFor(deed) as Letter;
        letter.wasDelivered = true;
        return node.receive(deed.from, letter.message);
      }
      case 'propose': {
        const value = valueOf(deed.ticket, deed.bytes, deed.stampMs);
        this.#ledger.register(deed.ticket, value);
        node.host?.propose(deed.ticket, value, true);
        return true;
      }
      case 'read':
        node.host?.read(deed.ticket);
        return true;
      case 'up':
      case 'down':
        return node.hearOf(deed.peer, deed.kind === 'up');
      case 'flush':
        return node.flush(deed.writes);
      case 'flushed':
        return node.tell();
      case 'applied':
        return node.run('apply');
      case 'stored':
        return node.storeAndDie();
      case 'tick':
      case 'turn':
        return node.run(deed.kind);
      case 'resign':
      case 'campaign':
      case 'usurp':
        node.host?.[deed.kind]();
        return true;
      default:
        return deed satisfies never;
    }
  }

  #post(from: NodeId, to: NodeId, message: Message): void {
    const way = `${from}>${to}`;
    const letters = this.#letters.get(way) ?? [];
    letters.push({ message, text: describeMessage(message), wasDelivered: false });
    this.#letters.set(way, letters);
  }

  /** Word for word, as often as the history wants; else the newest of its kind that did not arrive yet. */
  #letterFor({ from, node, text }: Deed & { readonly kind: 'deliver' }): Letter | undefined {
    const letters = this.#letters.get(`${from}>${node}`) ?? [];
    const same = letters.findLast((letter) => letter.text === text);
    if (same !== undefined) return same;
    const kind = `${text.split(' ', 1)[0]} `;
    return letters.findLast((letter) => !letter.wasDelivered && letter.text.startsWith(kind));
  }
}

function asViolation(error: unknown): Violation | undefined {
  if (error instanceof Violation) return error;
  if (error instanceof InvariantError)
    return new Violation(`core asserted ${error.invariant}`, error.message, error);
  return undefined;
}
