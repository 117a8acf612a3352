/**
 * A correct durable backend over a disk in memory: keys and texts, every step of applying a turn of the event loop of its
 * own, so that crashes and broken connections can come between any two of them. To be broken in one place.
 */
import { ByteReader, ByteWriter, type CommandInput, encodeUtf8, malformed, type Result } from '@quorate/wire';
import {
  type AppliedMark,
  type ApplyBatch,
  type Backend,
  type BackendContext,
  type BackendHealth,
  type BackendImage,
  type BackendSnapshot,
  BackendUnavailable,
  type Parsed,
} from '../../ports/backend.ts';
import { EMPTY_IMAGE, judgeStep, mergeRecords, readImage, writeImage } from '../../ports/backend-image.ts';
import { defineBackend } from '../../ports/define-backend.ts';
import { fingerprint } from '../../ports/fingerprint.ts';
import { asSlot, type Slot } from '../../protocol/types.ts';
import { argumentsCommand, type BackendSubject, textCommand } from '../backend-conformance-kit.ts';

export type Pair = { readonly key: string; readonly value: string | null };

/** Everything that one commit replaces. */
export type PairsState = { readonly entries: ReadonlyMap<string, string>; readonly image: BackendImage };

/** What survives the backends over it. */
export class PairsDisk {
  state: PairsState = { entries: new Map(), image: EMPTY_IMAGE };
}

/** Reads and writes commands; its state is not used. */
const GRAMMAR = defineBackend<Record<string, never>, Pair>({
  name: 'pairs',
  initial: () => ({}),
  parse({ words: [key, value] }) {
    if (key === undefined) return { ok: false, error: 'a key is missing' };
    return {
      ok: true,
      access: value === undefined ? 'read' : 'write',
      command: { key, value: value ?? null },
    };
  },
  execute: () => null,
});

export class PairsBackend implements Backend<Pair> {
  readonly name = 'pairs';
  readonly durability = 'durable';
  readonly disk: PairsDisk;
  isCrashed = false;
  isDisturbed = false;

  constructor(disk: PairsDisk = new PairsDisk()) {
    this.disk = disk;
  }

  async open(_context: BackendContext): Promise<BackendImage> {
    return this.disk.state.image;
  }

  parse(input: CommandInput): Parsed<Pair> {
    return GRAMMAR.parse(input);
  }

  encode(command: Pair): Uint8Array {
    return GRAMMAR.encode(command);
  }

  decode(bytes: Uint8Array): Pair {
    return GRAMMAR.decode(bytes);
  }

  explain(input: CommandInput): string {
    return GRAMMAR.explain(input);
  }

  async apply(batch: ApplyBatch<Pair>): Promise<readonly Result[]> {
    await this.step();
    const { image } = this.disk.state;
    if (judgeStep(image.mark, batch) === 'repeated') return image.lastResults;
    const { state, results } = this.execute(batch);
    await this.step();
    await this.commit(state, batch);
    await this.step();
    return results;
  }

  async query({ key }: Pair): Promise<Result> {
    await this.step();
    return resultOf(this.disk.state.entries.get(key));
  }

  async flush(): Promise<Slot> {
    return this.disk.state.image.mark?.slot ?? asSlot(0);
  }

  async snapshot(): Promise<BackendSnapshot> {
    const { state } = this.disk;
    const chunks = async function* (): AsyncGenerator<Uint8Array> {
      yield encodeState(state);
    };
    return { slot: state.image.mark?.slot ?? asSlot(0), chunks: chunks(), release: async () => undefined };
  }

  async restore(snapshot: Parameters<Backend['restore']>[0]): Promise<BackendImage> {
    const out = new ByteWriter();
    for await (const chunk of snapshot.chunks) out.raw(chunk);
    await this.step();
    const state = decodeState(out.bytes());
    if ((state.image.mark?.slot ?? 0) !== snapshot.slot) throw malformed('the snapshot is of another slot');
    await this.step();
    await this.replace(state);
    await this.step();
    return state.image;
  }

  async digest(): Promise<string> {
    await this.step();
    const sorted = [...this.disk.state.entries].sort(([one], [other]) => (one < other ? -1 : 1));
    return fingerprint(encodeUtf8(JSON.stringify(sorted)));
  }

  async health(): Promise<BackendHealth> {
    return { ok: true, detail: '' };
  }

  async close(): Promise<void> {
    this.isCrashed = true;
  }

  /** What the batch makes of the present state. */
  execute(batch: ApplyBatch<Pair>): { readonly state: PairsState; readonly results: readonly Result[] } {
    const { entries: before, image } = this.disk.state;
    const entries = new Map(before);
    const results = batch.commands.map(({ command: { key, value } }) => {
      const old = entries.get(key);
      if (value !== null) entries.set(key, value);
      return resultOf(old);
    });
    return { state: { entries, image: nextImage(image, batch, results) }, results };
  }

  /** All of it in one assignment, and only over the mark that the batch starts from. */
  async commit(state: PairsState, batch: ApplyBatch<Pair>): Promise<void> {
    judgeStep(this.disk.state.image.mark, batch);
    this.disk.state = state;
  }

  async replace(state: PairsState): Promise<void> {
    this.disk.state = state;
  }

  /** A turn of the event loop, in which the node may end or the connection break. */
  async step(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    if (this.isCrashed) throw new Error('this backend is gone');
    if (!this.isDisturbed) return;
    this.isDisturbed = false;
    throw new BackendUnavailable('the connection broke');
  }
}

export function durablePairs(
  create: (disk?: PairsDisk) => PairsBackend = (disk) => new PairsBackend(disk),
): BackendSubject {
  return {
    name: 'pairs on a disk',
    create: () => create() as Backend,
    commands: [textCommand('a 1'), textCommand('b "2 2"'), textCommand('a'), argumentsCommand('c', '3')],
    refused: [textCommand('')],
    randomCommand: (random) =>
      argumentsCommand(
        random.pick(['a', 'b', 'c']),
        ...(random.chance(0.8) ? [String(random.below(50))] : []),
      ),
    reopen: (backend) => create((backend as unknown as PairsBackend).disk) as Backend,
    crash: (backend) => backend.close(),
    disturb: (backend) => {
      (backend as unknown as PairsBackend).isDisturbed = true;
    },
  };
}

export function nextImage(
  image: BackendImage,
  { next, records: delta }: { readonly next: AppliedMark; readonly records: BackendImage['records'] },
  lastResults: readonly Result[],
): BackendImage {
  const records = new Map(image.records.map(({ key, value }) => [key, value ?? new Uint8Array(0)]));
  mergeRecords(records, delta);
  return { mark: next, records: [...records].map(([key, value]) => ({ key, value })), lastResults };
}

function resultOf(value: string | undefined): Result {
  return { ok: true, value: value === undefined ? null : encodeUtf8(value) };
}

/** `image | count | { key | value } | fingerprint of all before` */
export function encodeState({ entries, image }: PairsState): Uint8Array {
  const out = new ByteWriter();
  writeImage(out, image);
  out.u32(entries.size);
  for (const [key, value] of entries) {
    out.text(key);
    out.text(value);
  }
  out.text(fingerprint(out.bytes()));
  return out.bytes();
}

const FINGERPRINT_BYTES = 20;

/** @throws WIRE_MALFORMED when it is not whole */
export function decodeState(bytes: Uint8Array): PairsState {
  const bodyBytes = bytes.length - FINGERPRINT_BYTES;
  if (bodyBytes < 0) throw malformed('the snapshot is too short');
  const stored = new ByteReader(bytes, bodyBytes).text(16);
  if (stored !== fingerprint(bytes.subarray(0, bodyBytes))) throw malformed('the fingerprint is wrong');
  const reader = new ByteReader(bytes, 0, bodyBytes);
  const image = readImage(reader);
  const entries = new Map<string, string>();
  for (let count = reader.u32(); count > 0; count--) entries.set(reader.text(), reader.text());
  reader.end();
  return { entries, image };
}
