/**
 * The load for etcd: a closed loop of `Put` or linearizable `Range` calls, a fixed number in flight, spread over one
 * or more connections, each call with a key of 16 bytes.
 *
 * Arguments: PORT IN_FLIGHT CONNECTIONS VALUE_BYTES WARMUP_MS DURATION_MS put|range KEYS. Prints one line of JSON.
 */
import { Latencies } from 'quorate/perf';
import { GrpcConnection } from './grpc-connection.ts';

const [port = 0, inFlight = 1, connections = 1, valueBytes = 0, warmupMs = 0, durationMs = 0] = process.argv
  .slice(2, 8)
  .map(Number);
const operation = process.argv[8] ?? 'put';
const keys = Number(process.argv[9]);

const PATH = operation === 'put' ? '/etcdserverpb.KV/Put' : '/etcdserverpb.KV/Range';
const KEY_BYTES = 16;
const latencies = new Latencies();
const value = Buffer.alloc(valueBytes, 'v');
const measureFrom = performance.now() + warmupMs;
const measureUntil = measureFrom + durationMs;
let operations = 0;
let errors = 0;
let answered = 0;
let unfinished = inFlight;

/** `PutRequest {key = 1, value = 2}` or `RangeRequest {key = 1}`: fields of type bytes, lengths below 128 or two bytes. */
function message(): Buffer {
  const key = Buffer.from(`k${String(operations++ % keys).padStart(KEY_BYTES - 1, '0')}`);
  return operation === 'put' ? Buffer.concat([field(1, key), field(2, value)]) : field(1, key);
}

function field(number: number, bytes: Buffer): Buffer {
  const { length } = bytes;
  const size = length < 128 ? [length] : [(length & 0x7f) | 0x80, (length >> 7) & 0x7f];
  if (length >= 1 << 14) throw new RangeError('a value of 16 KiB or more needs a longer length form');
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...size]), bytes]);
}

function next(connection: GrpcConnection): void {
  const sentAt = performance.now();
  connection.call(message(), (result) => {
    const now = performance.now();
    if (result === 'answered') answered += 1;
    else errors += 1;
    if (result === 'answered' && now >= measureFrom && now < measureUntil) latencies.record(now - sentAt);
    if (now < measureUntil) next(connection);
    else finishOne();
  });
}

/** Calls under way are waited for, so that `answered` can be compared with the revision that etcd reached. */
function finishOne(): void {
  unfinished -= 1;
  if (unfinished > 0) return;
  const throughput = latencies.count / (durationMs / 1000);
  const result = { throughput, latencyMs: latencies.summary(), errors, unknown: 0, answered };
  process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
}

const opened = await Promise.all(Array.from({ length: connections }, () => GrpcConnection.open(port, PATH)));
for (let index = 0; index < inFlight; index++) next(opened[index % connections] as GrpcConnection);
