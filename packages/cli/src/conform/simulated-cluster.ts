/**
 * The backend inside the simulator, as a whole cluster of its own: the production engine with crashes, partitions and
 * stores that are away, in virtual time. For stores that live in the process or in the directory of their node; a store
 * that is a server of its own keeps real time, and is put through real clusters instead.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Backend } from '@quorate/core/ports';
import { RuleBroken, type RuleReport, type StartedSubject } from '@quorate/core/testing';

const RULE = {
  name: 'SIMULATED-CLUSTER',
  claim:
    'replicas in a simulated cluster with crashes and partitions agree, and no answer is lost or given twice',
  check: (): Promise<void> => Promise.resolve(),
};
const SEEDS = 4;
/** Not part of what `quorate` needs to run; it comes along in a clone. */
const SIMULATOR = '@quorate/sim';

type Place = { readonly seed: number; readonly node: number };
type Simulator = {
  simulateBackend(
    subject: Pick<StartedSubject, 'name' | 'commands' | 'randomCommand' | 'options'> & {
      create(place: Place): Promise<Backend>;
      kill(place: Place, backend: Backend): Promise<void>;
    },
    options: { readonly seeds: { readonly first: number; readonly last: number } },
  ): Promise<{
    readonly failures: readonly {
      readonly seed: number;
      readonly property: string;
      readonly sentence: string;
    }[];
  }>;
};

export async function simulatedCluster(subject: StartedSubject, seed: number): Promise<RuleReport> {
  const report = { rule: RULE.name, claim: RULE.claim, broken: undefined, notChecked: undefined };
  if (subject.stop !== undefined)
    return { ...report, notChecked: 'its store is a server, which keeps real time' };
  const simulator = await loadSimulator();
  if (simulator === undefined) return { ...report, notChecked: `install ${SIMULATOR} to check it` };
  const stores = new Stores(subject);
  try {
    const { name, commands, options } = subject;
    const random = subject.randomCommand?.bind(subject);
    const cluster = {
      name,
      commands,
      options,
      ...(random === undefined ? {} : { randomCommand: random }),
      create: (place: Place) => stores.create(place),
      kill: (_: Place, backend: Backend) => stores.kill(backend),
    };
    const seeds = { first: seed, last: seed + SEEDS - 1 };
    const { failures } = await simulator.simulateBackend(cluster, { seeds });
    const [first] = failures;
    if (first === undefined) return report;
    const cause = new Error(`seed ${first.seed}: ${first.property}: ${first.sentence}`);
    return { ...report, broken: new RuleBroken(RULE, seed, cause) };
  } catch (error) {
    return { ...report, broken: new RuleBroken(RULE, seed, error) };
  } finally {
    stores.remove();
  }
}

async function loadSimulator(): Promise<Simulator | undefined> {
  try {
    return (await import(SIMULATOR)) as Simulator;
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === 'ERR_MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}

/** One store for each seed and node, each in a directory of its own. */
class Stores {
  readonly #subject: StartedSubject;
  readonly #root = mkdtempSync(join(tmpdir(), 'quorate-conformance-'));
  /** By seed and node: the backend of the latest life. */
  readonly #lives = new Map<string, Backend>();

  constructor(subject: StartedSubject) {
    this.#subject = subject;
  }

  async create({ seed, node }: Place): Promise<Backend> {
    const key = `${seed}-${node}`;
    const last = this.#lives.get(key);
    const next = last === undefined ? this.#subject.create() : this.#subject.reopen?.(last);
    const backend = await (next ?? this.#subject.create());
    this.#lives.set(key, backend);
    return inDirectory(backend, join(this.#root, key));
  }

  async kill(backend: Backend): Promise<void> {
    if (this.#subject.crash === undefined) await backend.close();
    else await this.#subject.crash(backend);
  }

  remove(): void {
    rmSync(this.#root, { recursive: true, force: true });
  }
}

/** The simulator knows no directories; a store on files needs one. */
function inDirectory(backend: Backend, directory: string): Backend {
  mkdirSync(directory, { recursive: true });
  return new Proxy(backend, {
    get(target, name) {
      if (name === 'open')
        return (context: Parameters<Backend['open']>[0]) => target.open({ ...context, directory });
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
