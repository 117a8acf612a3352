/**
 * A durable backend over simulated durable memory: the shape of a database behind the full contract. Effects, mark,
 * records and results of a batch are one commit; a repeated batch gives the stored results.
 */
import {
  type AppliedMark,
  type ApplyBatch,
  asSlot,
  type Backend,
  BackendDiverged,
  type BackendHealth,
  type BackendImage,
  BackendRewound,
  type BackendSnapshot,
  BackendUnavailable,
  decodeData,
  encodeData,
  equalMarks,
  fingerprint,
  judgeStep,
  mergeRecords,
  type Parsed,
  type PrepareContext,
  type Slot,
  splitWords,
} from '@quorate/core/ports';
import { type CommandInput, decodeUtf8, type Result } from '@quorate/wire';
import { backendImageOf, type DurableStore } from './durable-store.ts';
import { executeObjectCommand, type ObjectCommand, parseObjectCommand, textResult } from './objects.ts';

export class DurableBackend implements Backend<ObjectCommand> {
  readonly name = 'durable';
  readonly durability = 'durable';
  /** Only in runs whose backend prepares. */
  readonly prepare?: (command: ObjectCommand, context: PrepareContext) => Promise<ObjectCommand>;
  readonly #store: DurableStore;
  #connection = 0;
  #isDead = false;
  /** What the store held when this process last saw it. */
  #mark: AppliedMark | undefined;

  constructor(store: DurableStore, prepares: boolean) {
    this.#store = store;
    // As a generated id would: the values differ from one attempt to the next.
    if (prepares)
      this.prepare = async (command, { random }) => ({
        ...command,
        tag: `${command.tag}.${Buffer.from(random(4)).toString('hex')}`,
      });
  }

  async open(): Promise<BackendImage> {
    if (this.#connection === 0) this.#store.adopt();
    this.#connection = this.#store.connect();
    this.#mark = this.#store.image.mark;
    return backendImageOf(this.#store.image);
  }

  /** The process is dead: nothing that it still does may reach the store. */
  kill(): void {
    this.#isDead = true;
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
    this.#mark = batch.next;
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
    this.#isDead = true;
  }

  /** A server that was restarted may have come back older: then not even a read may be answered before `open`. */
  #requireConnection(): void {
    if (this.#isDead) throw new BackendUnavailable('the process is dead');
    if (this.#store.isCurrent(this.#connection)) return;
    const { mark } = this.#store.image;
    const isSame =
      mark === undefined
        ? this.#mark === undefined
        : this.#mark !== undefined && equalMarks(mark, this.#mark);
    if (!isSame && (mark?.slot ?? 0) < (this.#mark?.slot ?? 0))
      throw new BackendRewound('the server came back older than it was');
    if (!isSame) throw new BackendDiverged('somebody else has written into the store');
    this.#connection = this.#store.connect();
  }
}
