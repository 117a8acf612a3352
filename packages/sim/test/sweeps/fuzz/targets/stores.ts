/** Decoders of what stores hold: session records, plain data, snapshots of both kinds of backends. */
import { KvBackend, kvCommand } from '@quorate/backend-kv';
import {
  type AppliedMark,
  type Backend,
  BackendUnavailable,
  decodeData,
  defineBackend,
  encodeData,
  fingerprint,
} from '@quorate/core/ports';
import { asSlot } from '@quorate/core/protocol';
import { ByteWriter, encodeUtf8, writeResult } from '@quorate/wire';
import { type FuzzTarget, judgeSpelling, refusalCode } from '../fuzz-target.ts';
import { loadSessionRecords } from './core-internals.ts';

export async function storeTargets(): Promise<readonly FuzzTarget[]> {
  return [
    plainData('sorted'),
    plainData('kept'),
    await sessionRecords(),
    await snapshots('kv-snapshot', () => new KvBackend(), kvCommands()),
    await simpleSnapshots(),
  ];
}

const SAMPLE_DATA = {
  flag: true,
  nothing: null,
  number: -1.5,
  text: 'a \u00fc \ud800',
  bytes: Uint8Array.of(1, 2, 3),
  list: [1, [2, [3, undefined]]],
  map: new Map<string | number, unknown>([
    ['a', 1],
    [2, new Set([1, 'x'])],
  ]),
};

function plainData(order: 'sorted' | 'kept'): FuzzTarget {
  return {
    name: `plain-data-${order}`,
    corpus: [SAMPLE_DATA, 7, 'text', [], new Map(), new Set(['a', 'b'])].map((data) =>
      encodeData(data, order),
    ),
    judge: (bytes) =>
      judgeSpelling(
        bytes,
        (input) => decodeData(input, order),
        (data) => encodeData(data, order),
      ),
    share: 200,
  };
}

const SLOT = 9;
const SESSION = 4096;

/** Which of the three records the input replaces is said by its first byte; the others stay as they are. */
async function sessionRecords(): Promise<FuzzTarget> {
  const { readRecords } = await loadSessionRecords();
  const keys = ['session/head', `session/${SESSION}`, `session/${SESSION}/${SLOT}`];
  const values = [headRecord(), sessionRecord(), resultsRecord()];
  return {
    name: 'session-records',
    corpus: values.map((value, index) => Uint8Array.from([index, ...value])),
    judge: (bytes) => {
      const which = (bytes[0] ?? 0) % keys.length;
      const records = keys.map((key, index) => ({
        key,
        value: index === which ? bytes.subarray(1) : (values[index] ?? null),
      }));
      try {
        readRecords(SLOT, records, 2);
        return undefined;
      } catch (error) {
        return refusalCode(error, 'fatal');
      }
    },
    share: 200,
  };
}

function headRecord(): Uint8Array {
  const out = new ByteWriter();
  out.u8(1);
  for (const number of [SLOT, 1_700_000_000_000, 12]) out.integer(number);
  out.u32(1);
  out.integer(SESSION);
  out.integer(5);
  out.u32(2);
  return out.bytes();
}

function sessionRecord(): Uint8Array {
  const out = new ByteWriter();
  for (const number of [4, 1_700_000_000_000, 12]) out.integer(number);
  return out.bytes();
}

function resultsRecord(): Uint8Array {
  const out = new ByteWriter();
  out.u32(2);
  out.integer(5);
  out.u8(0);
  out.integer(6);
  out.u8(1);
  writeResult(out, { ok: true, value: encodeUtf8('kept') });
  return out.bytes();
}

const CLUSTER = { clusterId: 'c', group: 0 };

function kvCommands(): readonly Uint8Array[] {
  return Array.from({ length: 40 }, (_, index) =>
    kvCommand('SET', encodeUtf8(`key ${index}`), new Uint8Array(index * 3).fill(index)),
  );
}

type Counter = { readonly add: number };

async function simpleSnapshots(): Promise<FuzzTarget> {
  const create = () =>
    defineBackend<{ total: number; readonly names: Map<string, number> }, Counter>({
      name: 'counter',
      initial: () => ({ total: 0, names: new Map([['a', 1]]) }),
      parse: () => ({ ok: true, access: 'write', command: { add: 1 } }),
      execute: (state, { add }) => (state.total += add),
      query: (state) => state.total,
    });
  const command = encodeData({ add: 5 }, 'sorted');
  const target = await snapshots('simple-snapshot', create as () => Backend, [command, command]);
  return { ...target, repair: repairFingerprint };
}

/** The last 20 bytes are the fingerprint of those before. */
function repairFingerprint(bytes: Uint8Array): void {
  const bodyBytes = bytes.length - 20;
  if (bodyBytes < 0) return;
  const out = new ByteWriter();
  out.text(fingerprint(bytes.subarray(0, bodyBytes)));
  bytes.set(out.bytes(), bodyBytes);
}

/** Restoring is all or nothing: a refused snapshot leaves the store as it was. */
async function snapshots(
  name: string,
  create: () => Backend,
  commands: readonly Uint8Array[],
): Promise<FuzzTarget> {
  const source = await filled(create(), commands);
  const snapshot = await source.snapshot();
  const bytes: Uint8Array[] = [];
  for await (const chunk of snapshot.chunks) bytes.push(chunk);
  const victim = await filled(create(), commands.slice(0, 1));
  let digest = await victim.digest();
  return {
    name,
    corpus: [Uint8Array.from(Buffer.concat(bytes))],
    judge: async (input) => {
      try {
        await victim.restore({ slot: snapshot.slot, chunks: inPieces(input) });
        digest = await victim.digest();
        return undefined;
      } catch (error) {
        if (!(error instanceof BackendUnavailable)) throw error;
        if ((await victim.digest()) !== digest)
          throw new Error('a refused snapshot changed the store', { cause: error });
        return 'BACKEND_UNAVAILABLE';
      }
    },
    share: 20,
  };
}

async function filled(backend: Backend, commands: readonly Uint8Array[]): Promise<Backend> {
  await backend.open({
    ...CLUSTER,
    node: 1,
    directory: '.',
    signal: new AbortController().signal,
    options: undefined,
  });
  const mark = (slot: number): AppliedMark => ({
    ...CLUSTER,
    slot: asSlot(slot),
    digest: slot.toString(16).padStart(16, '0'),
  });
  await backend.apply({
    slot: asSlot(1),
    logTimeMs: 1000,
    commands: commands.map((command, ordinal) => ({ command: backend.decode(command), ordinal })),
    previous: mark(0),
    next: mark(1),
    records: [{ key: 'session/head', value: Uint8Array.of(1, 2) }],
  });
  return backend;
}

/** Chunks end where they like. */
async function* inPieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += 700) yield bytes.subarray(start, start + 700);
}
