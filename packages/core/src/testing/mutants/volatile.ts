/**
 * A small correct backend in memory, broken in one place at a time: what the simple level and volatile backends can get
 * wrong.
 */
import type { Result } from '@quorate/wire';
import type { ApplyBatch, Backend, BackendImage, PackedBatch } from '../../ports/backend.ts';
import { defineBackend } from '../../ports/define-backend.ts';
import { fingerprint } from '../../ports/fingerprint.ts';
import { asSlot } from '../../protocol/types.ts';
import { argumentsCommand, type BackendSubject, textCommand } from '../backend-conformance-kit.ts';
import type { Mutant } from './mutant.ts';

type Command = { readonly key: string; readonly value: string | null };

/** A small correct backend, to be broken in one place. */
function correct(): Backend<Command> {
  return defineBackend<{ entries: Map<string, string> }, Command>({
    name: 'pairs',
    initial: () => ({ entries: new Map() }),
    parse({ words: [key, value] }) {
      if (key === undefined) return { ok: false, error: 'a key is missing' };
      return {
        ok: true,
        access: value === undefined ? 'read' : 'write',
        command: { key, value: value ?? null },
      };
    },
    execute({ entries }, { key, value }) {
      if (value !== null) entries.set(key, value);
      return entries.get(key) ?? null;
    },
  });
}

/** Everything as in the correct one, except what `faults` says. */
export function volatilePairs(faults: (good: Backend<Command>) => Partial<Backend<Command>>): BackendSubject {
  const create = (): Backend => {
    const good = correct();
    const handler: ProxyHandler<Backend<Command>> = {
      get: (target, key) => {
        const found: unknown = Reflect.get(overrides, key) ?? Reflect.get(target, key);
        return typeof found === 'function' ? (found.bind(target) as unknown) : found;
      },
    };
    const overrides = faults(good);
    return new Proxy(good, handler) as Backend;
  };
  return {
    name: 'pairs in memory',
    patienceMs: 300,
    create,
    commands: [
      textCommand('a 1'),
      textCommand('b "2 2"'),
      textCommand('a'),
      argumentsCommand('c', '3'),
      argumentsCommand('c'),
    ],
    refused: [textCommand('')],
    randomCommand: (random) =>
      argumentsCommand(
        random.pick(['a', 'b', 'c']),
        ...(random.chance(0.8) ? [String(random.below(50))] : []),
      ),
  };
}

const applied = (good: Backend<Command>, batch: ApplyBatch<Command>): readonly Result[] =>
  good.apply(batch) as readonly Result[];

/** Packed commands, executed the long way. */
const packed = (good: Backend<Command>, batch: PackedBatch): readonly Result[] => {
  const { bytes, count, starts, ends, ...step } = batch;
  const commands = Array.from({ length: count }, (_, ordinal) => ({
    command: good.decode(bytes.slice(starts[ordinal], ends[ordinal])),
    ordinal,
  }));
  return applied(good, { ...step, commands, records: [] });
};

const FAULTS: readonly (readonly [string, string, (good: Backend<Command>) => Partial<Backend<Command>>])[] =
  [
    [
      'parse throws',
      'PARSE-TOTAL',
      (good) => ({
        parse: (input) => {
          if (input.form === 'text' && input.text === '') throw new Error('empty');
          return good.parse(input);
        },
      }),
    ],
    [
      'encode depends on the moment',
      'ENCODE-CANONICAL',
      (good) => {
        let count = Math.random();
        return {
          encode: (command) =>
            good.encode({ ...command, value: command.value && `${command.value}${(count += 1)}` }),
        };
      },
    ],
    [
      'decode takes bytes behind the end',
      'DECODE-STRICT',
      (good) => ({
        decode: (bytes) => {
          for (let end = bytes.length; end > 0; end--) {
            try {
              return good.decode(bytes.subarray(0, end));
            } catch (error) {
              if (end === 1) throw error;
            }
          }
          throw new Error('no bytes');
        },
      }),
    ],
    ['admit calls everything a write', 'ADMIT-AGREES', () => ({ admit: () => 'write' })],
    [
      'applies a repeated slot again',
      'MARK-REPEATED',
      (good) => {
        let results: readonly Result[] = [];
        return {
          apply: (batch) => {
            results = [...results, ...applied(good, batch)];
            return results.slice(-batch.commands.length - 1).slice(0, batch.commands.length);
          },
        };
      },
    ],
    [
      'does not look at the mark',
      'MARK-GUARDED',
      (good) => {
        let mark: ApplyBatch<Command>['next'] | undefined;
        return {
          apply: (batch) => {
            const previous = mark ?? batch.previous;
            const repeated =
              mark !== undefined && mark.digest === batch.next.digest && mark.slot === batch.next.slot;
            if (repeated) return good.apply(batch);
            mark = {
              ...batch.next,
              slot: asSlot(previous.slot + 1),
              clusterId: previous.clusterId,
              group: previous.group,
            };
            return good.apply({ ...batch, previous, next: mark });
          },
        };
      },
    ],
    [
      'answers with the clock',
      'APPLY-WITHOUT-CLOCK',
      (good) => ({
        apply: (batch) =>
          applied(good, batch).map((): Result => ({ ok: true, value: Uint8Array.of(new Date().getHours()) })),
      }),
    ],
    [
      'answers with memory that is not its own',
      'BYTES-ARE-BORROWED',
      (good) => {
        const borrowed: Uint8Array[] = [];
        return {
          decode: (bytes) => {
            borrowed.push(bytes);
            return good.decode(bytes);
          },
          apply: (batch) =>
            applied(good, batch).map((): Result => ({ ok: true, value: borrowed.shift() ?? null })),
        };
      },
    ],
    [
      'writes when it is asked',
      'READS-ONLY-READ',
      (good) => {
        let reads = 0;
        return {
          query: (command) => {
            reads += 1;
            return good.query(command);
          },
          digest: async () => fingerprint(Uint8Array.of(reads & 255, reads >> 8)),
        };
      },
    ],
    ['has one digest for everything', 'DIGEST-SEES-CHANGES', () => ({ digest: async () => '0'.repeat(16) })],
    [
      'refuses everything',
      'DIGEST-SEES-CHANGES',
      (good) => ({
        apply: (batch) => {
          applied(good, { ...batch, commands: [] });
          return batch.commands.map((): Result => ({ ok: false, code: 'NO', message: 'never' }));
        },
      }),
    ],
    [
      'executes packed commands until the first that it refuses',
      'PACKED-IS-APPLY',
      (good) => ({
        applyPacked: (batch, results) => {
          const done = packed(good, batch);
          let isOver = false;
          for (const result of done) {
            if (!result.ok || isOver) results.refused('NO', 'an earlier one was refused');
            else if (result.value === null) results.nil();
            else results.value(result.value, 0, result.value.length);
            isOver ||= result.ok && result.value !== null && result.value.length > 1;
          }
        },
      }),
    ],
    [
      'does not look at the mark of packed commands',
      'PACKED-MARK-GUARDED',
      (good) => {
        let mark: PackedBatch['next'] | undefined;
        return {
          applyPacked: (batch, results) => {
            const done = packed(good, { ...batch, previous: mark ?? batch.previous });
            mark = batch.next;
            for (const result of done) {
              if (!result.ok) results.refused(result.code, result.message);
              else if (result.value === null) results.nil();
              else results.value(result.value, 0, result.value.length);
            }
          },
        };
      },
    ],
    [
      'forgets system records in snapshots',
      'RECORDS-KEPT',
      (good) => ({ apply: (batch) => good.apply({ ...batch, records: [] }) }),
    ],
    [
      'forgets the last results in snapshots',
      'SNAPSHOT-ROUND-TRIP',
      (good) => ({
        restore: async (snapshot): Promise<BackendImage> => ({
          ...(await good.restore(snapshot)),
          lastResults: [],
        }),
      }),
    ],
    [
      'takes the snapshot when it is read',
      'SNAPSHOT-WHILE-APPLYING',
      (good) => ({
        snapshot: async () => {
          const { slot } = await good.snapshot();
          const chunks = async function* (): AsyncGenerator<Uint8Array> {
            yield* (await good.snapshot()).chunks;
          };
          return { slot, chunks: chunks(), release: async () => undefined };
        },
      }),
    ],
    [
      'empties itself before restoring',
      'RESTORE-ALL-OR-NOTHING',
      (good) => ({
        restore: async (snapshot) => {
          const empty = await correct().snapshot();
          await good.restore({ slot: empty.slot, chunks: empty.chunks });
          return good.restore(snapshot);
        },
      }),
    ],
    [
      'says that everything is durable',
      'FLUSH-TELLS-TRUTH',
      () => ({ flush: async () => asSlot(1_000_000) }),
    ],
    [
      'sorts by the locale of the machine',
      'APPLY-WITHOUT-CLOCK',
      (good) => ({
        apply: (batch) =>
          applied(good, batch).map(
            (): Result => ({
              ok: true,
              value: Uint8Array.from(
                Buffer.from(['z', 'ä'].sort((one, two) => one.localeCompare(two)).join('')),
              ),
            }),
          ),
      }),
    ],
    [
      'parses nested input by calling itself',
      'HOSTILE-INPUT',
      (good) => {
        const depth = (text: string, at: number): number => (text[at] === '(' ? 1 + depth(text, at + 1) : 0);
        return {
          parse: (input) => {
            if (input.form === 'text') depth(input.text, 0);
            return good.parse(input);
          },
        };
      },
    ],
    [
      'takes the first word for a property of an object',
      'HOSTILE-INPUT',
      (good) => {
        const seen: Record<string, number> = {};
        return {
          apply: (batch) => {
            for (const { command } of batch.commands) (seen[command.key] ??= 0).toFixed();
            return good.apply(batch);
          },
        };
      },
    ],
    [
      'waits for ever when it is closed after the signal',
      'ABORT-ENDS-WORK',
      (good) => {
        let signal: AbortSignal | undefined;
        return {
          open: (context) => {
            ({ signal } = context);
            return good.open(context);
          },
          close: () => (signal?.aborted === true ? new Promise(() => undefined) : good.close()),
        };
      },
    ],
    ['loses a result', 'APPLY-IN-ORDER', (good) => ({ apply: (batch) => applied(good, batch).slice(0, 7) })],
  ];

export const VOLATILE_MUTANTS: readonly Mutant[] = FAULTS.map(([fault, rule, faults]) => ({
  fault,
  rule,
  subject: () => volatilePairs(faults),
}));
