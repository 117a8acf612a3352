/** Anybody's backend on the stage: its own commands, its own stores, nothing known of what they mean. */
import type { Backend } from '@quorate/core/ports';
import type { NodeId, Random } from '@quorate/core/protocol';
import type { CommandInput } from '@quorate/wire';
import type { Operation } from '../operation.ts';
import type { Stage } from '../stage.ts';

export type SimulatedBackend = {
  readonly name: string;
  /**
   * A backend of a new process of this node, not opened. The same seed and node mean the same store: what an earlier
   * process made durable must be there. Nodes of one seed, and seeds, share nothing.
   */
  create(place: BackendPlace): Backend | Promise<Backend>;
  /** The process was killed: its connections break, nothing it still does may reach the store. Default: `close`. */
  kill?(place: BackendPlace, backend: Backend): void | Promise<void>;
  /** The run of this seed is over: its stores can go. */
  dispose?(seed: number): void | Promise<void>;
  /** Commands that `parse` accepts: at least one that writes. */
  readonly commands: readonly CommandInput[];
  /** More commands than the list. */
  randomCommand?(random: Random): CommandInput;
  /** `backendOptions` as the configuration would have them. */
  readonly options?: unknown;
};

export type BackendPlace = { readonly seed: number; readonly node: number };

export class SubjectStage implements Stage {
  readonly name: string;
  readonly options: unknown;
  readonly #subject: SimulatedBackend;
  readonly #seed: number;
  /** Any of them: `parse` depends on no state. */
  #parser: Backend | undefined;

  constructor(subject: SimulatedBackend, seed: number) {
    this.name = subject.name;
    this.options = subject.options;
    this.#subject = subject;
    this.#seed = seed;
  }

  async createBackend(node: NodeId): Promise<Backend> {
    const backend = await this.#subject.create({ seed: this.#seed, node });
    this.#parser = backend;
    return backend;
  }

  async abandon(node: NodeId, backend: Backend): Promise<void> {
    const subject = this.#subject;
    if (subject.kill === undefined) await backend.close();
    else await subject.kill({ seed: this.#seed, node }, backend);
  }

  draw(random: Random): Operation | undefined {
    const parser = this.#parser;
    if (parser === undefined) return undefined;
    const { commands } = this.#subject;
    const input = random.chance(0.5)
      ? random.pick(commands)
      : (this.#subject.randomCommand?.(random) ?? random.pick(commands));
    const parsed = parser.parse(input);
    if (!parsed.ok) return undefined;
    return { input, access: parsed.access, key: '', action: undefined, isTooLarge: false };
  }

  /** Nobody knows. */
  contentOf(): undefined {
    return undefined;
  }
}
