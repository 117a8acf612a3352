/**
 * Measures the client alone: commands per second against an echo node in another process, which answers every
 * command with a constant and does nothing else. Prints a table; asserts nothing.
 *
 *   node packages/client/dist-test/throughput.js [seconds per line]
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { createClient, type QuorateClient } from '@quorate/client';
import {
  CLIENT_PATH,
  CLIENT_SUBPROTOCOL,
  decodeClientFrame,
  encodeNodeFrame,
  type NodeFrame,
  ResponseBuffer,
} from '@quorate/wire';
import { WebSocketServer } from 'ws';

const VALUE = Buffer.alloc(52, 'v');

if (process.argv[2] === 'node') await serveEcho();
else await measureAll(Number(process.argv[2] ?? 2) * 1000);

async function serveEcho(): Promise<void> {
  const server = new WebSocketServer({
    host: '127.0.0.1',
    port: 0,
    path: CLIENT_PATH,
    perMessageDeflate: false,
  });
  server.on('connection', (socket) => {
    const responses = new ResponseBuffer();
    let isScheduled = false;
    const flush = (): void => {
      isScheduled = false;
      socket.send(responses.take());
    };
    socket.on('message', (data) => {
      const frame = decodeClientFrame(data as Buffer);
      if (frame.kind === 'hello') socket.send(encodeNodeFrame(welcome()));
      else if (frame.kind === 'open-session') {
        socket.send(
          encodeNodeFrame({
            kind: 'responses',
            answers: [{ sequence: frame.sequence, kind: 'session', session: 1 }],
          }),
        );
      } else if (frame.kind === 'request') {
        for (const { sequence } of frame.commands)
          responses.addResult(sequence, 1, { ok: true, value: VALUE });
        if (isScheduled) return;
        isScheduled = true;
        setImmediate(flush);
      }
    });
  });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const welcome = (): NodeFrame => ({
    kind: 'welcome',
    version: 1,
    clusterId: 'echo',
    node: 1,
    backend: 'echo',
    addrs: [`127.0.0.1:${port}`],
    leader: 1,
    maxCommandBytes: 1_000_000,
  });
  process.send?.(port);
  await once(process, 'disconnect');
  process.exit(0);
}

async function measureAll(durationMs: number): Promise<void> {
  const node = fork(fileURLToPath(import.meta.url), ['node'], { stdio: 'inherit' });
  const [port] = (await once(node, 'message')) as [number];
  const client = createClient({ endpoints: `127.0.0.1:${port}` });
  const lines: readonly (readonly [string, (client: QuorateClient, key: string) => Promise<unknown>])[] = [
    ['set', (target, key) => target.set(key, VALUE)],
    ['get', (target, key) => target.get(key)],
    ['getBytes', (target, key) => target.getBytes(key)],
    ['exec', (target, key) => target.exec(['SET', key, VALUE])],
  ];
  print(`${CLIENT_SUBPROTOCOL}: ${VALUE.length}-byte values, ${durationMs} ms per line`);
  print('call      in flight  commands/s  client CPU us/command  p50 us');
  for (const [name, call] of lines) {
    for (const inFlight of [1, 16, 256, 1024]) print(await measure(client, name, call, inFlight, durationMs));
  }
  client.destroy();
  node.disconnect();
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function measure(
  client: QuorateClient,
  name: string,
  call: (client: QuorateClient, key: string) => Promise<unknown>,
  inFlight: number,
  durationMs: number,
): Promise<string> {
  await call(client, 'warm-up');
  const latenciesMs: number[] = [];
  const cpuBefore = process.cpuUsage();
  const startMs = performance.now();
  let count = 0;
  const lane = async (id: number): Promise<void> => {
    while (performance.now() - startMs < durationMs) {
      const beforeMs = id === 0 ? performance.now() : 0;
      await call(client, `some_key_${count & 1023}`);
      if (id === 0) latenciesMs.push(performance.now() - beforeMs);
      count += 1;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, (_, id) => lane(id)));
  const elapsedMs = performance.now() - startMs;
  const cpu = process.cpuUsage(cpuBefore);
  const p50Us = ((latenciesMs.toSorted((a, b) => a - b)[latenciesMs.length >> 1] ?? 0) * 1000).toFixed(0);
  const perSecond = Math.round((count / elapsedMs) * 1000);
  const cpuUs = ((cpu.user + cpu.system) / count).toFixed(2);
  return [
    name.padEnd(9),
    String(inFlight).padStart(9),
    String(perSecond).padStart(12),
    cpuUs.padStart(22),
    p50Us.padStart(8),
  ].join('');
}
