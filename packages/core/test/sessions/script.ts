/**
 * Random histories for the session table: slots of groups as the applier sees them, and a driver that feeds one to
 * a table and collects everything that can be seen from outside.
 */

import type { Result } from '@quorate/wire';
import fc from 'fast-check';
import type { SystemRecord } from '#src/ports/backend.ts';
import type { Admission, SessionTable } from '#src/runtime/session-table.ts';

/** Sessions are named by the number of their opening in the history, from 0; numbers without an opening are strangers. */
export type ScriptGroup =
  | { readonly kind: 'open' }
  | { readonly kind: 'close'; readonly session: number }
  | {
      readonly kind: 'commands';
      readonly session: number;
      readonly ackSequence: number;
      readonly sequences: readonly number[];
    };

export type ScriptSlot = { readonly stampMs: number | undefined; readonly groups: readonly ScriptGroup[] };

export type Script = readonly ScriptSlot[];

const HOUR_MS = 3_600_000;
const BASE_MS = 1_700_000_000_000;

const session = fc.nat(5);
const sequence = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 1, max: 12 }) },
  fc.integer({ min: 1, max: 9000 }),
);
const ackSequence = fc.oneof({ weight: 4, arbitrary: fc.nat(8) }, { weight: 1, arbitrary: fc.nat(5000) });

const group: fc.Arbitrary<ScriptGroup> = fc.oneof(
  { weight: 2, arbitrary: fc.constant<ScriptGroup>({ kind: 'open' }) },
  { weight: 1, arbitrary: session.map((one): ScriptGroup => ({ kind: 'close', session: one })) },
  {
    weight: 12,
    arbitrary: fc.tuple(session, ackSequence, fc.uniqueArray(sequence, { maxLength: 5 })).map(
      ([one, ack, sequences]): ScriptGroup => ({
        kind: 'commands',
        session: one,
        ackSequence: ack,
        sequences: sequences.sort((a, b) => a - b),
      }),
    ),
  },
);

/** Mostly small steps, some back, some over the edge of a session's life. */
const stamp = fc.option(
  fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 0, max: HOUR_MS / 4 }) },
    { weight: 1, arbitrary: fc.integer({ min: HOUR_MS - 2, max: 3 * HOUR_MS }) },
  ),
  { nil: undefined, freq: 8 },
);

export const script: fc.Arbitrary<Script> = fc
  .array(fc.tuple(stamp, fc.array(group, { maxLength: 6 })), { minLength: 1, maxLength: 30 })
  .map((slots) => {
    let time = BASE_MS;
    return slots.map(([step, groups], index) => {
      if (step !== undefined) time += step;
      // Every fifth leader has a clock that is behind.
      const stampMs = step === undefined ? undefined : time - (index % 5 === 4 ? HOUR_MS / 2 : 0);
      return { stampMs, groups };
    });
  });

/** The result of an execution: different for every one, so that a wrong one cannot pass for the first. */
export function resultOf(slot: number, ordinal: number): Result {
  const kind = (slot + ordinal) % 4;
  if (kind === 0) return { ok: false, code: 'NO', message: `${slot}.${ordinal}` };
  if (kind === 1 && ordinal > 2) return { ok: true, value: null };
  return { ok: true, value: new Uint8Array(8 + ordinal).fill(slot % 251) };
}

export type SlotReport = {
  readonly logTimeMs: number;
  readonly opened: readonly (number | undefined)[];
  readonly closed: readonly boolean[];
  readonly admissions: readonly Admission[];
  readonly executions: readonly string[];
  readonly records: readonly SystemRecord[];
};

/** Feeds one slot. `sessions` collects the ids by opening and is shared by all tables that run the same history. */
export function feed(
  table: SessionTable,
  slot: number,
  content: ScriptSlot,
  sessions: (number | undefined)[],
  withRecords = true,
): SlotReport {
  const logTimeMs = table.begin(slot, content.stampMs);
  const opened: (number | undefined)[] = [];
  const closed: boolean[] = [];
  const admissions: Admission[] = [];
  for (const one of content.groups) {
    if (one.kind === 'open') opened.push(table.open());
    else if (one.kind === 'close') closed.push(table.close(idOf(one.session, sessions, opened)));
    else {
      const id = idOf(one.session, sessions, opened);
      table.acknowledge(id, one.ackSequence);
      for (const sequenceNumber of one.sequences)
        admissions.push(table.admit(id, sequenceNumber, one.ackSequence));
    }
  }
  sessions.push(...opened);
  const records = withRecords ? table.takeDelta() : [];
  const executions: string[] = [];
  const results: Result[] = [];
  for (let ordinal = 0; ordinal < table.executionCount; ordinal++) {
    const { session: id, sequence: sequenceNumber } = table.execution(ordinal);
    executions.push(`${id}/${sequenceNumber}`);
    results.push(resultOf(slot, ordinal));
  }
  table.settle(results);
  return { logTimeMs, opened, closed, admissions, executions, records };
}

/** The results that a backend would keep with the batch of `report`. */
export function resultsOf(slot: number, report: SlotReport): Result[] {
  return report.executions.map((_, ordinal) => resultOf(slot, ordinal));
}

function idOf(
  opening: number,
  before: readonly (number | undefined)[],
  inSlot: readonly (number | undefined)[],
): number {
  return [...before, ...inSlot][opening] ?? 999_999_999_999;
}
