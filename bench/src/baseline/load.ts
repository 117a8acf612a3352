/**
 * The load of the baseline: a closed loop with a fixed number of commands in flight over one or more connections.
 * Every answered command is replaced at once, all those of one answer message by one request message.
 *
 * Arguments: PORT IN_FLIGHT CONNECTIONS RECORD_BYTES WARMUP_MS DURATION_MS. Prints one line of JSON.
 */
import { Latencies } from 'quorate/perf';
import type { WebSocket } from 'ws';
import { asBuffer, dial } from './link.ts';

const [port = 0, inFlight = 1, connections = 1, recordBytes = 0, warmupMs = 0, durationMs = 0] = process.argv
  .slice(2)
  .map(Number);

const template = Buffer.alloc(recordBytes, 'v');
const latencies = new Latencies();
const startedAt = performance.now();
const measureFrom = startedAt + warmupMs;
const measureUntil = measureFrom + durationMs;
let nextKey = 0;
let finished = false;

/** Commands of one connection are answered in order, so the times of their sending are a queue. */
class SendTimes {
  readonly #times: Float64Array;
  #head = 0;
  #tail = 0;

  constructor(capacity: number) {
    this.#times = new Float64Array(capacity);
  }

  push(time: number): void {
    this.#times[this.#tail++ % this.#times.length] = time;
  }

  shift(): number {
    return this.#times[this.#head++ % this.#times.length] ?? 0;
  }
}

/** Commands of one message. Each has a key of its own, as the commands of the other systems' loads have. */
function records(count: number): Buffer {
  const message = Buffer.allocUnsafe(count * recordBytes);
  for (let offset = 0; offset < message.length; offset += recordBytes) {
    message.set(template, offset);
    message.writeDoubleLE(nextKey++, offset);
  }
  return message;
}

function runConnection(socket: WebSocket, share: number): void {
  const times = new SendTimes(share);
  const send = (count: number): void => {
    const now = performance.now();
    for (let index = 0; index < count; index++) times.push(now);
    socket.send(records(count));
  };
  socket.on('message', (data) => {
    const count = asBuffer(data).readUInt32LE(0);
    const now = performance.now();
    const measured = now >= measureFrom && now < measureUntil;
    for (let index = 0; index < count; index++) {
      const latencyMs = now - times.shift();
      if (measured) latencies.record(latencyMs);
    }
    if (now >= measureUntil) finish();
    else send(count);
  });
  send(share);
}

function finish(): void {
  if (finished) return;
  finished = true;
  const result = {
    throughput: latencies.count / (durationMs / 1000),
    latencyMs: latencies.summary(),
    errors: 0,
    unknown: 0,
  };
  process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
}

const sockets = await Promise.all(Array.from({ length: connections }, () => dial(port)));
sockets.forEach((socket, index) => {
  runConnection(socket, Math.floor(inFlight / connections) + (index < inFlight % connections ? 1 : 0));
});
