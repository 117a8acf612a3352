/**
 * The load on the nodes, in a process of its own: so many clients, each with one upsert under way, over a few connections.
 * Arguments: endpoints, clients, connections, warm-up and measured time in milliseconds. Prints a `LoadResult` as JSON.
 */
import { createClient } from '@quorate/client';
import { Latencies } from 'quorate/perf';
import { KEYS, VALUE_BYTES } from '../system.ts';
import { UPSERT } from './statement.ts';

const [endpoints = '', ...numbers] = process.argv.slice(2);
const [clients = 1, connections = 1, warmupMs = 0, durationMs = 0] = numbers.map(Number);
const pool = Array.from({ length: connections }, () => createClient({ endpoints, timeoutMs: 30_000 }));
const latencies = new Latencies();
const value = 'v'.repeat(VALUE_BYTES);
let errors = 0;

const startedAt = performance.now();
const measureFrom = startedAt + warmupMs;
const until = measureFrom + durationMs;
await Promise.all(Array.from({ length: clients }, (_, index) => work(index)));
await Promise.all(pool.map((client) => client.close()));
const latencyMs = latencies.summary();
const throughput = latencies.count / (durationMs / 1000);
process.stdout.write(`${JSON.stringify({ throughput, latencyMs, errors, unknown: 0 })}\n`);

async function work(index: number): Promise<void> {
  const client = pool[index % pool.length];
  for (let begun = performance.now(); begun < until; begun = performance.now()) {
    const key = String(1 + Math.floor(Math.random() * KEYS));
    const result = await client?.exec([UPSERT, key, value]);
    const ended = performance.now();
    if (result?.ok !== true) errors += 1;
    else if (begun >= measureFrom && ended <= until) latencies.record(ended - begun);
  }
}
