/**
 * Reads back every key that a run wrote and compares it with what the ledger allows. An acknowledged write that is
 * not there is lost, and a value that nobody may hold is as bad: both fail the run.
 */
import { cutText } from '@quorate/core/ports';
import { QuorateError } from '@quorate/wire';
import type { Expectation, Ledger } from './ledger.ts';
import type { PerfClient } from './load.ts';

export type Verification = {
  readonly keys: number;
  readonly acknowledgedWrites: number;
  /** Keys that read as something that the ledger does not allow. */
  readonly lost: number;
  /** Some of the lost ones in words, at most MAX_EXAMPLES. */
  readonly examples: readonly string[];
};

const MAX_EXAMPLES = 5;
const READS_IN_FLIGHT = 256;
/** Tries of one read while the cluster is between two leaders. */
const MAX_READ_TRIES = 5;

/** @throws whatever the reads fail with, after some tries */
export async function verify(
  ledger: Ledger,
  clients: readonly PerfClient[],
  onKey: (done: number) => void,
): Promise<Verification> {
  const expectations = ledger.expectations();
  const wrong: string[] = [];
  let keys = 0;
  let lost = 0;
  const read = async (client: PerfClient): Promise<void> => {
    for (const expected of expectations) {
      const found = await readPatiently(client, expected);
      keys += 1;
      onKey(keys);
      if (expected.allowed.includes(found)) continue;
      lost += 1;
      if (wrong.length < MAX_EXAMPLES)
        wrong.push(`${expected.key}: ${show(found)} instead of ${expected.allowed.map(show).join(' or ')}`);
    }
  };
  await Promise.all(
    Array.from({ length: READS_IN_FLIGHT }, (_, index) =>
      read(clients[index % clients.length] as PerfClient),
    ),
  );
  return { keys, acknowledgedWrites: ledger.acknowledgedWrites, lost, examples: wrong };
}

async function readPatiently(client: PerfClient, { key }: Expectation): Promise<string | null> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await client.get(key);
    } catch (error) {
      if (!(error instanceof QuorateError && error.retryable) || attempt === MAX_READ_TRIES) throw error;
    }
  }
}

function show(value: string | null): string {
  if (value === null) return 'nothing';
  return value.length > 20 ? `"${cutText(value, 20)}..."` : `"${value}"`;
}
