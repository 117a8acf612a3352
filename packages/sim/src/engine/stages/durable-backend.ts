/**
 * A durable backend over simulated durable memory: the shape of a database behind the full contract. Effects, mark,
 * records and results of a batch are one commit; a repeated batch gives the stored results.
 */
import {
  type ApplyBatch,
  asSlot,
  type Backend,
  BackendDiverged,
  type BackendHealth,
  type BackendImage,
  type BackendSnapshot,
  BackendUnavailable,
  decodeData,
  encodeData,
  fingerprint,
  judgeStep,
  mergeRecords,
  type Parsed,
  type Slot,
  splitWords,
} from '@quorate/core/ports';
import { type CommandInput, decodeUtf8, type Result } from '@quorate/wire';
import { backendImageOf, type DurableStore } from './durable-store.ts';
import { executeObjectCommand, type ObjectCommand, parseObjectCommand, textResult } from './objects.ts';

export class DurableBackend implements Backend<ObjectCommand> {
  readonly name = 'durable';
  readonly durability = 'durable';
  readonly #store: DurableStore;
  #connection = 0;

  constructor(store: DurableStore) {
    this.#store = store;
  }

  async open(): Promise<BackendImage> {
    this.#connection = this.#store.connect();
    return backendImageOf(this.#store.image);
  }

  parse(input: CommandInput): Parsed<ObjectCommand> {
    if (input.form !== 'text') return { ok: false, error: 'commands of this backend are text' };
    const split = splitWords(input.text);
    if (!split.ok) return { ok: false, error: split.error };
    return parseObjectCommand(split.words.map((word) => decodeUtf8(word)));
  }

  encode(command: ObjectCommand): Uint8Array {
    return encodeData(command, 'sorted', 'command');
  }

  decode(bytes: Uint8Array): ObjectCommand {
    return decodeData(bytes, 'sorted') as ObjectCommand;
  }

  explain(): string {
    return 'a command of the simulator';
  }

  async apply(batch: ApplyBatch<ObjectCommand>): Promise<readonly Result[]> {
    this.#requireConnection();
    const { image } = this.#store;
    if (judgeStep(image.mark, batch) === 'repeated') return image.lastResults;
    const objects = new Map(image.objects);
    const records = new Map(image.records);
    const lastResults = batch.commands.map(({ command }) =>
      textResult(executeObjectCommand(objects, command)),
    );
    mergeRecords(records, batch.records);
    this.#store.commit({ mark: batch.next, records, lastResults, objects });
    return lastResults;
  }

  async query(command: ObjectCommand): Promise<Result> {
    this.#requireConnection();
    return textResult(executeObjectCommand(new Map(this.#store.image.objects), command));
  }

  async flush(): Promise<Slot> {
    return this.#store.image.mark?.slot ?? asSlot(0);
  }

  /** Nobody asks for one yet in the simulator. */
  async snapshot(): Promise<BackendSnapshot> {
    throw new BackendUnavailable('the simulated store takes no snapshots');
  }

  async restore(): Promise<BackendImage> {
    throw new BackendUnavailable('the simulated store takes no snapshots');
  }

  async digest(): Promise<string> {
    return fingerprint(encodeData(new Map(this.#store.image.objects), 'sorted', 'objects'));
  }

  async health(): Promise<BackendHealth> {
    return { ok: true, detail: '' };
  }

  async close(): Promise<void> {
    this.#connection = 0;
  }

  /** A transaction of a dead process must not reach the store after the next one has begun. */
  #requireConnection(): void {
    if (!this.#store.isCurrent(this.#connection))
      throw new BackendDiverged('this connection has been replaced by another one');
  }
}
