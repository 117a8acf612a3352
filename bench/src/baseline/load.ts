/**
 * Loads the baseline with the load generator that also loads Quorate: the same loop, a promise for every command, the
 * same bookkeeping of latencies, texts of the same length. What a caller costs is then the same on both sides, and the
 * ratio says what the replicated log costs.
 *
 * Arguments: PORT IN_FLIGHT CONNECTIONS KEY_BYTES VALUE_BYTES KEYS WARMUP_MS DURATION_MS. Prints one line of JSON.
 */
import { Ledger, Load, type LoadLimit } from 'quorate/perf';
import { giveHeapRoom } from 'quorate/spawn';
import { BaselineClient } from './client.ts';

giveHeapRoom();
const [
  port = 0,
  inFlight = 1,
  connections = 1,
  keyBytes = 0,
  valueBytes = 0,
  keyCount = 1,
  warmupMs = 0,
  durationMs = 0,
] = process.argv.slice(2).map(Number);

const clients = await Promise.all(
  Array.from({ length: connections }, () =>
    BaselineClient.connect(port, keyBytes + valueBytes, Math.ceil(inFlight / connections)),
  ),
);
const ledger = new Ledger({ run: '0000', keyCount, valueBytes, numbered: false });

async function load(limit: LoadLimit): Promise<Load> {
  const one = new Load({ clients, inFlight, limit, ledger, period: ['set'] });
  await one.run();
  return one;
}

await load({ kind: 'duration', durationMs: warmupMs });
const { recorder, elapsedMs } = await load({ kind: 'duration', durationMs });
const result = {
  throughput: recorder.latencies.count / (elapsedMs / 1000),
  latencyMs: recorder.latencies.summary(),
  errors: recorder.errors,
  unknown: recorder.unknown,
};
process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
