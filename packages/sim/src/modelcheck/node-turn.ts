/**
 * One action of one node: steps the real replica, carries out the duties of a host, and ends the turn. What leaves,
 * what must be judged against the other nodes, and what is wrong already, is collected on the way.
 *
 * Owns the host's side of the model (journal, outbox, applying, serving chosen values). The local properties are in
 * node-watch.ts; which action steps what is in perform.ts.
 */
import type {
  ChosenEntry,
  Input,
  JournalWrite,
  Message,
  Outgoing,
  Output,
  Replica,
  ReplicaState,
  Slot,
} from '@quorate/core/protocol';
import type { Fact, Letter, Outcome, Violation } from './action.ts';
import { type Disk, readEntries, store } from './disk.ts';
import { bitOf, type Landmark } from './landmarks.ts';
import type { ModelNode, Past } from './model-node.ts';
import { NodeWatch } from './node-watch.ts';
import { isSameLetter, settles } from './reduction.ts';
import { forgetTime, nameAnswers, type Setting } from './setting.ts';

type Without<T> = T extends unknown ? Omit<T, 'at'> : never;

/** Lines of a transcript, when somebody wants one. */
export type Note = (line: string) => void;

export class NodeTurn {
  readonly setting: Setting;
  readonly state: ReplicaState;
  readonly #self: ModelNode['self'];
  readonly #replica: Replica;
  readonly #watch: NodeWatch;
  readonly #note: Note | undefined;
  readonly #letters: Letter[] = [];
  readonly #facts: Fact[] = [];
  disk: Disk;
  past: Past;
  unflushed: readonly JournalWrite[];
  outbox: readonly Outgoing[];
  #journalLearned: Slot;
  #violation: Violation | undefined;
  #stopped = false;
  #landmarks = 0;

  /** `state` is the turn's own: a copy of the node's, or a fresh one. */
  constructor(setting: Setting, node: ModelNode, state: ReplicaState, note: Note | undefined) {
    this.setting = setting;
    this.state = state;
    this.#self = node.self;
    this.#replica = setting.protocol.resumeReplica(state);
    this.#note = note;
    this.disk = node.disk;
    this.past = node.past;
    this.unflushed = node.unflushed;
    this.outbox = node.outbox;
    this.#journalLearned = node.journalLearned;
    this.#watch = new NodeWatch(this, (violation) => this.fail(violation));
  }

  reach(landmark: Landmark): void {
    this.#landmarks |= bitOf(landmark);
  }

  fail(violation: Violation): void {
    this.#violation ??= violation;
  }

  /** To be judged against all nodes once the action is over. */
  establish(fact: Fact): void {
    this.#facts.push(fact);
  }

  step(fields: Without<Input>, at: Input['at'] = this.setting.now): void {
    if (this.#stopped) return;
    const learnedBefore = this.state.learnedSlot;
    const output = this.#stepReplica({ ...fields, at } as Input);
    if (output === undefined) return;
    if (fields.kind === 'persisted') this.#note?.(`flushed through=w${fields.through}`);
    this.#take(nameAnswers(output));
    this.#relyOnLearned(learnedBefore, output.deliver);
    const applied = output.deliver.at(-1);
    if (applied !== undefined) this.step({ kind: 'applied', through: applied.slot });
  }

  /** The oldest writes become durable, the host hears of it, and what waited for them leaves. */
  flush(count: number): void {
    const flushed = this.unflushed.slice(0, count);
    this.unflushed = this.unflushed.slice(count);
    for (const write of flushed) {
      if (write.kind === 'learned') this.#journalLearned = write.slot;
      else this.disk = store(this.disk, write, this.#journalLearned);
      if (write.kind === 'accept') this.#watch.onAcceptedDurably(write.entry);
    }
    const last = flushed.at(-1);
    if (last === undefined) return;
    this.step({ kind: 'persisted', through: last.sequence });
    const waiting = this.outbox;
    this.outbox = [];
    for (const outgoing of waiting) this.#post(outgoing);
  }

  /** Ends the turn as a host does after every input, and puts the clock back. `fate` as in Action. */
  end(fate: number | undefined): Outcome {
    this.step({ kind: 'turn' });
    this.#flushLearned();
    const settled = settles(this) ? this.unflushed.length : 0;
    if (settled > 0) this.flush(fate ?? settled);
    if (fate !== undefined) this.past = { ...this.past, doomed: true };
    this.#flushLearned();
    forgetTime(this.setting, this.state);
    this.#watch.onEnd();
    const { state, disk, unflushed, outbox } = this;
    const highestLearned = Math.max(this.past.highestLearned, state.learnedSlot);
    const past = { ...this.past, highestLearned };
    const node: ModelNode = {
      self: this.#self,
      state,
      disk,
      journalLearned: this.#journalLearned,
      unflushed,
      outbox,
      past,
    };
    return {
      node,
      letters: this.#letters,
      facts: this.#facts,
      violation: this.#violation,
      stopped: this.#stopped,
      landmarks: this.#landmarks,
      settled,
    };
  }

  /** A learned slot needs no flush of its own: the journal answers at once. */
  #flushLearned(): void {
    while (this.unflushed[0]?.kind === 'learned' && !this.#stopped) this.flush(1);
  }

  #stepReplica(input: Input): Output | undefined {
    try {
      return this.#replica.step(input);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      this.#stopped = true;
      const named = error as Error & { readonly invariant?: string };
      const property = named.invariant ?? 'NEVER-THROWS';
      this.fail({ property, detail: `node ${this.#self} stops itself: ${error.message}` });
      return undefined;
    }
  }

  #take(output: Output): void {
    const { protocol } = this.setting;
    for (const write of output.persist) {
      this.#watch.onWrite(write);
      this.unflushed = [...this.unflushed, write];
      this.#note?.(protocol.describeWrite(write));
    }
    for (const outgoing of output.send) this.#post(outgoing);
    for (const { to, fromSlot, untilSlot } of output.catchUp) {
      const maxEntries = this.setting.scope.pageBytes < 1024 ? 1 : Number.POSITIVE_INFINITY;
      const entries = readEntries(this.disk, fromSlot, untilSlot, maxEntries);
      const message: Message = {
        kind: 'catch-up-reply',
        fromSlot,
        entries,
        learnedSlot: this.state.learnedSlot,
      };
      this.#post({ to, lane: 'bulk', after: protocol.asWriteSequence(0), message });
    }
    for (const answer of output.reads) {
      this.#watch.onReadAnswer(answer);
      this.#note?.(protocol.describeReadAnswer(answer));
    }
    for (const settlement of output.settle) this.#note?.(protocol.describeSettlement(settlement));
    for (const entry of output.deliver) this.#note?.(`deliver ${protocol.describeEntry(entry)}`);
  }

  #post(outgoing: Outgoing): void {
    const { to, message } = outgoing;
    if (outgoing.after > this.state.durable) {
      // Sent again while the first one waits: the first one is enough.
      if (!this.outbox.some((other) => isSameLetter(other, outgoing)))
        this.outbox = [...this.outbox, outgoing];
      return;
    }
    this.#watch.onLeaving(message);
    if (
      this.setting.scope.lost.includes(message.kind) ||
      message.kind === 'pre-vote' ||
      message.kind === 'pre-vote-reply'
    )
      return;
    this.#note?.(`-> ${to} ${this.setting.protocol.describeMessage(message)}`);
    this.#letters.push({ from: this.#self, to, message });
  }

  #relyOnLearned(before: Slot, delivered: readonly ChosenEntry[]): void {
    for (let slot = before + 1; slot <= this.state.learnedSlot; slot++) {
      const entry = delivered.find((candidate) => candidate.slot === slot);
      const value = entry === undefined ? undefined : this.setting.protocol.describeValue(entry.value);
      this.establish({ kind: 'relies', slot, value, on: 'LEARN-MATCH' });
    }
  }
}
