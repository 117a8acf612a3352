/**
 * Every node, message and transition that a search has met, each once and by number.
 *
 * The number of states of a cluster is a product, but it is made of few distinct nodes: a node meets the same message
 * in the same condition in thousands of cluster states. The real code is run once for each pair; from then on the
 * answer is looked up. This is what lets millions of states be searched with the real code.
 */
import type { NodeId } from '@quorate/core/protocol';
import type { Action, Fact, Letter, Violation } from './action.ts';
import { messageText, nodeText, recordText } from './canonical.ts';
import { mayCampaign, mayRead, ownActions } from './enabled.ts';
import { PairMap } from './int-tables.ts';
import type { LandmarkBits } from './landmarks.ts';
import type { ModelNode } from './model-node.ts';
import { freshNode, perform } from './perform.ts';
import { boundOf, type Setting } from './setting.ts';

export type Transition = {
  readonly number: number;
  readonly action: Action;
  /** Numbers of nodes. Equal when the action only sends. */
  readonly from: number;
  readonly to: number;
  /** Numbers of the messages that leave. */
  readonly letters: readonly number[];
  readonly facts: readonly Fact[];
  readonly violation: Violation | undefined;
  readonly landmarks: LandmarkBits;
  /** Numbers of the transitions for the same action when a crash is to take what it wrote. */
  readonly fates: readonly number[];
};

/** The transition that changes nothing and says nothing. */
export const NOTHING = 0;

export class Catalog {
  readonly #setting: Setting;
  readonly nodes: ModelNode[] = [];
  readonly letters: Letter[] = [];
  /** Column of the node that a letter goes to. */
  readonly receivers: number[] = [];
  readonly transitions: Transition[] = [
    {
      number: 0,
      action: { kind: 'propose' },
      from: 0,
      to: 0,
      letters: [],
      facts: [],
      violation: undefined,
      landmarks: 0,
      fates: [],
    },
  ];
  readonly #nodeNumbers: Map<string, number> = new Map();
  readonly #letterNumbers: Map<string, number> = new Map();
  readonly #deliveries = new PairMap();
  readonly #campaigns = new PairMap();
  readonly #reads = new PairMap();
  readonly #own: (readonly number[] | undefined)[] = [];
  /** What the search needs of a node at every visit, by number of the node. */
  readonly leads: boolean[] = [];
  readonly mayCampaign: boolean[] = [];
  readonly mayRead: boolean[] = [];
  readonly highestLearned: number[] = [];
  /** Nodes of one class answer every pre-vote alike. */
  readonly granterClass: number[] = [];
  /** Nodes of one class are alike to the judge. */
  readonly recordClass: number[] = [];
  readonly #classes: Map<string, number> = new Map();
  /** Times that the real code was run. */
  runs = 0;

  constructor(setting: Setting) {
    this.#setting = setting;
  }

  fresh(self: NodeId, crashes: number): number {
    return this.#numberOf(freshNode(this.#setting, self, crashes));
  }

  delivery(node: number, letter: number): number {
    const known = this.#deliveries.get(node, letter);
    if (known >= 0) return known;
    const { from, message } = this.letters[letter] as Letter;
    const transition = this.#run(node, { kind: 'deliver', from, message });
    this.#deliveries.set(node, letter, transition);
    return transition;
  }

  /** Everything that the node can do by itself. */
  own(node: number): readonly number[] {
    let known = this.#own[node];
    if (known === undefined) {
      const transitions = ownActions(this.#setting, this.nodes[node] as ModelNode).map((action) =>
        this.#run(node, action),
      );
      known = [...new Set(transitions)].filter((transition) => transition !== NOTHING);
      this.#own[node] = known;
    }
    return known;
  }

  campaign(node: number, granter: number): number {
    const granterClass = this.granterClass[granter] as number;
    const known = this.#campaigns.get(node, granterClass);
    if (known >= 0) return known;
    const transition = this.#run(node, { kind: 'campaign', granter: this.nodes[granter] as ModelNode });
    this.#campaigns.set(node, granterClass, transition);
    return transition;
  }

  read(node: number, floorSlot: number): number {
    const known = this.#reads.get(node, floorSlot);
    if (known >= 0) return known;
    const transition = this.#run(node, { kind: 'read', floorSlot });
    this.#reads.set(node, floorSlot, transition);
    return transition;
  }

  #run(from: number, action: Action): number {
    this.runs += 1;
    const node = this.nodes[from] as ModelNode;
    const outcome = perform(this.#setting, node, action);
    if (outcome === undefined) return NOTHING;
    const { violation, landmarks, facts } = outcome;
    const letters = [...new Set(outcome.letters.map((letter) => this.#letterNumberOf(letter)))];
    const to = outcome.stopped ? from : this.#numberOf(outcome.node);
    const fates =
      action.fate === undefined && node.past.crashesLeft > 0
        ? this.#runFates(from, action, outcome.settled)
        : [];
    if (to === from && letters.length === 0 && violation === undefined && fates.length === 0) return NOTHING;
    const number = this.transitions.length;
    this.transitions.push({ number, action, from, to, letters, facts, violation, landmarks, fates });
    return number;
  }

  #runFates(from: number, action: Action, settled: number): readonly number[] {
    const fates: number[] = [];
    for (let fate = 0; fate < settled; fate++) fates.push(this.#run(from, { ...action, fate }));
    return fates;
  }

  #numberOf(node: ModelNode): number {
    const campaigns = boundOf(this.#setting.scope.campaigns, node.self);
    const text = nodeText(node, node.past.campaigns < campaigns);
    const known = this.#nodeNumbers.get(text);
    if (known !== undefined) return known;
    const number = this.nodes.length;
    this.#nodeNumbers.set(text, number);
    this.nodes.push(node);
    this.leads.push(node.state.leadership !== undefined);
    this.mayCampaign.push(mayCampaign(this.#setting, node));
    this.mayRead.push(mayRead(this.#setting, node));
    this.highestLearned.push(node.past.highestLearned);
    const { round, node: proposer } = node.state.promised;
    this.granterClass.push(
      this.#classOf(`grants ${node.self} ${round}.${proposer},${node.state.leadership !== undefined}`),
    );
    this.recordClass.push(this.#classOf(`record ${recordText(node)}`));
    return number;
  }

  #classOf(text: string): number {
    let known = this.#classes.get(text);
    if (known === undefined) {
      known = this.#classes.size;
      this.#classes.set(text, known);
    }
    return known;
  }

  #letterNumberOf(letter: Letter): number {
    const text = `${letter.from}>${letter.to} ${messageText(letter.message)}`;
    const known = this.#letterNumbers.get(text);
    if (known !== undefined) return known;
    this.#letterNumbers.set(text, this.letters.length);
    this.letters.push(letter);
    this.receivers.push(letter.to - 1);
    return this.letters.length - 1;
  }
}
