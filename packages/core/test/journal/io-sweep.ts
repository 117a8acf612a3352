/**
 * The sweep of journal errors: in a run of three nodes with elections, partitions, catch-up and restarts, the k-th write
 * or read of one node's journal fails. The node must end at once with the journal's error and say nothing more, the others
 * go on, and when it is started again on what its disk then holds, nothing that was answered is lost.
 *
 * A failed write leaves nothing on the disk, or half of it, or all of it: after a failed flush each of them happens.
 */
import type { TestClient } from '../runtime/cluster.ts';
import type { IoCase } from './io-sweep-case.ts';
import { SweepCluster, type SweepNode } from './io-sweep-cluster.ts';
import type { JournalOperation, Leaves } from './io-sweep-fault.ts';

const STEP_MS = 25;
const SCRIPT_MS = 3000;
/** Four election time-outs, as for every other loss of a node. */
const GOES_ON_WITHIN_MS = 4000;
const SETTLES_WITHIN_MS = 12_000;
const DOWN_MS = 1000;
const VALUE_BYTES = 40;
const LEAVES: readonly Leaves[] = ['nothing', 'half', 'all'];

type Operations = Readonly<Record<JournalOperation, number>>;

export { nameOfIo, parseIo } from './io-sweep-case.ts';

export type IoVerdict = {
  readonly complaint: string | undefined;
  /** Of the script, by node. */
  readonly operations: readonly Operations[];
  /** From the end of the node until the others answered a new command. */
  readonly goesOnAfterMs: number;
};

type Session = {
  readonly engine: SweepNode['engine'];
  readonly client: TestClient;
  readonly opening: number;
};
type Call = { readonly client: TestClient; readonly sequence: number; readonly key: string };

/** Every case there is, from the operations of an undisturbed run. */
export async function ioCases(): Promise<readonly IoCase[]> {
  const { complaint, operations } = await playIo(undefined);
  if (complaint !== undefined) throw new Error(`the undisturbed run fails: ${complaint}`);
  const cases: IoCase[] = [];
  for (const [index, counts] of operations.entries()) {
    for (const operation of ['write', 'read'] as const) {
      for (let number = 1; number <= counts[operation]; number++) {
        for (const leaves of operation === 'write' ? LEAVES : LEAVES.slice(0, 1))
          cases.push({ node: index + 1, fault: { operation, number, leaves } });
      }
    }
  }
  return cases;
}

/** Without a case: the undisturbed run, to count its operations. */
export async function playIo(wanted: IoCase | undefined): Promise<IoVerdict> {
  const run = new IoRun(wanted);
  try {
    await run.play();
    return { complaint: undefined, operations: run.operations, goesOnAfterMs: run.goesOnAfterMs };
  } catch (error) {
    if (!(error instanceof Broken)) throw error;
    return { complaint: error.message, operations: run.operations, goesOnAfterMs: run.goesOnAfterMs };
  }
}

class Broken extends Error {}

function isDone({ client, sequence }: Call): boolean {
  return client.answerTo(sequence)?.kind === 'result';
}

function isNotDone({ client, sequence }: Call): boolean {
  const answer = client.answerTo(sequence);
  return answer?.kind === 'error' && answer.outcome === 'none';
}

class IoRun {
  readonly #cluster = new SweepCluster();
  readonly #victim: SweepNode | undefined;
  readonly #clients: Map<SweepNode, Session> = new Map();
  readonly #calls: Call[] = [];
  #operations: Operations[] = [];
  #goesOnAfterMs = 0;

  constructor(wanted: IoCase | undefined) {
    if (wanted === undefined) return;
    this.#victim = this.#cluster.node(wanted.node);
    this.#victim.journalFault.fault = wanted.fault;
  }

  get goesOnAfterMs(): number {
    return this.#goesOnAfterMs;
  }

  get operations(): readonly Operations[] {
    return this.#operations;
  }

  async play(): Promise<void> {
    const cluster = this.#cluster;
    for (const node of cluster.nodes) await cluster.start(node);
    for (let atMs = 0; atMs < SCRIPT_MS && this.#victim?.journalFault.hasFailed !== true; atMs += STEP_MS) {
      await this.#act(atMs);
      this.#pass(STEP_MS);
    }
    this.#operations = cluster.nodes.map(({ journalFault }) => ({ ...journalFault.operations }));
    cluster.mend();
    if (this.#victim !== undefined) await this.#goOnWithout(this.#victim);
    await this.#startAll();
    this.#requireAnswer('after everything was mended');
    this.#settle();
    this.#requireTruth();
  }

  /** What happens when, whoever leads: a follower is away, a node restarts, the leader is away. */
  async #act(atMs: number): Promise<void> {
    const cluster = this.#cluster;
    if (atMs === 400) cluster.isolate(cluster.node(3));
    if (atMs === 900 || atMs === 2600) cluster.mend();
    if (atMs === 1200) cluster.kill(cluster.node(2));
    if (atMs === 1500) await this.#startAll();
    if (atMs === 1700 && cluster.leader !== undefined) cluster.isolate(cluster.leader);
  }

  /** Time passes, commands are asked, and who ended says nothing. */
  #pass(durationMs: number): void {
    this.#ask();
    this.#cluster.run(durationMs);
    for (const node of this.#cluster.nodes) this.#requireSilence(node);
  }

  /** One command through every living node. */
  #ask(): void {
    for (const node of this.#cluster.alive) {
      const known = this.#clients.get(node);
      const opened = known?.client.answerTo(known.opening);
      if (known === undefined || known.engine !== node.engine || opened?.kind === 'error') {
        const client = this.#cluster.connect(node);
        if (client !== undefined)
          this.#clients.set(node, { engine: node.engine, client, opening: client.openSession() });
      } else if (opened?.kind === 'session') {
        const key = `key-${this.#calls.length}`;
        const [sequence = 0] = known.client.request(opened.session, [`fill ${key} ${VALUE_BYTES}`]);
        this.#calls.push({ client: known.client, sequence, key });
      }
    }
  }

  async #startAll(): Promise<void> {
    for (const node of this.#cluster.nodes) if (!node.isAlive) await this.#cluster.start(node);
  }

  /** The victim's journal has failed: it must be gone, and the others answer without it. */
  async #goOnWithout(victim: SweepNode): Promise<void> {
    if (!victim.journalFault.hasFailed)
      throw new Broken(`the journal of node ${victim.id} was never used so often`);
    // The engine hears of a failed write with its flush.
    this.#pass(STEP_MS);
    if (victim.fatal === undefined)
      throw new Broken(`node ${victim.id} goes on although its journal failed; ${this.#describe()}`);
    if (victim.fatal.code !== 'JOURNAL_IO')
      throw new Broken(`node ${victim.id} ended with ${victim.fatal.code}: ${victim.fatal.message}`);
    for (const node of this.#cluster.nodes)
      if (node !== victim && !node.isAlive) await this.#cluster.start(node);
    this.#goesOnAfterMs = this.#requireAnswer(`after node ${victim.id} ended`);
    this.#pass(DOWN_MS);
  }

  /** Returns how long it took. */
  #requireAnswer(when: string): number {
    const before = this.#calls.length;
    for (let waitedMs = 0; waitedMs < GOES_ON_WITHIN_MS; waitedMs += STEP_MS) {
      this.#pass(STEP_MS);
      if (this.#calls.slice(before).some((call) => call.client.answerTo(call.sequence)?.kind === 'result'))
        return waitedMs + STEP_MS;
    }
    throw new Broken(`no command was answered within ${GOES_ON_WITHIN_MS} ms ${when}; ${this.#describe()}`);
  }

  #requireSilence(node: SweepNode): void {
    if (node.saidAfterEnd > 0)
      throw new Broken(`node ${node.id} said ${node.saidAfterEnd} things after it had ended`);
    if (node.fatal !== undefined && !node.journalFault.hasFailed)
      throw new Broken(
        `node ${node.id} ended without a failure of its journal: ${node.fatal.code} ${node.fatal.message}`,
      );
  }

  /** Nothing is asked any more: everybody comes to the same state. */
  #settle(): void {
    const isEqual = (): boolean => {
      const states = this.#cluster.nodes.map(({ engine }) => engine?.status());
      const [first] = states;
      return states.every(
        (state) =>
          state !== undefined &&
          state.appliedSlot === state.learnedSlot &&
          state.appliedSlot === first?.appliedSlot &&
          state.digest === first.digest,
      );
    };
    if (!this.#cluster.run(SETTLES_WITHIN_MS, isEqual))
      throw new Broken(`the nodes do not come to the same state; ${this.#describe()}`);
    for (const node of this.#cluster.nodes) this.#requireSilence(node);
  }

  /** What was answered is there; what was certainly not done is not. */
  #requireTruth(): void {
    const leader = this.#cluster.leader;
    const client = leader === undefined ? undefined : this.#cluster.connect(leader);
    if (client === undefined) throw new Broken('nobody leads in the end');
    const told = this.#calls.filter((call) => isDone(call) || isNotDone(call));
    const reads = client.request(
      0,
      told.map(({ key }) => `get ${key}`),
    );
    this.#cluster.run(GOES_ON_WITHIN_MS, () =>
      reads.every((sequence) => client.answerTo(sequence) !== undefined),
    );
    for (const [index, call] of told.entries()) {
      const read = client.answerTo(reads[index] ?? 0);
      if (read?.kind !== 'result' || !read.result.ok)
        throw new Broken(`${call.key} cannot be read: ${JSON.stringify(read)}`);
      const isThere = read.result.value !== null;
      if (isThere !== isDone(call))
        throw new Broken(
          `${call.key} was answered ${isDone(call) ? 'done' : 'not done'} and is ${isThere ? '' : 'not '}there`,
        );
    }
  }

  #describe(): string {
    return this.#cluster.nodes
      .map(({ id, engine, fatal }) => {
        const status = engine?.status();
        if (status === undefined) return `${id} dead ${fatal?.message ?? ''}`;
        return `${id} ${status.role} learned=${status.learnedSlot} applied=${status.appliedSlot} ${status.backend.state} ${status.backend.detail}`;
      })
      .join(' | ');
  }
}
