/**
 * Free ports on the loopback address, for clusters and stores that live for the length of a test or a measurement.
 *
 * The ports lie below the range from which the kernel takes the local ends of outgoing connections. Otherwise the
 * port of a node or store that is down for a moment could be taken by somebody's outgoing connection, or a peer that
 * dials it could by chance be given that very port and be connected to itself.
 *
 * A port is free when this says so and may be taken a moment later by another process that asks the same; they draw
 * from thousands, and `ProcessCluster` tries again with others.
 */
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { QuorateError } from '@quorate/wire';

const LOWEST_PORT = 15_000;
const DEFAULT_EPHEMERAL_START = 32_768;
const MAX_TRIES_PER_PORT = 200;

export async function freePorts(count: number): Promise<number[]> {
  const held: Server[] = [];
  try {
    for (let index = 0; index < count; index++) held.push(await holdFreePort());
    return held.map(portOf);
  } finally {
    await Promise.all(held.map(release));
  }
}

async function holdFreePort(): Promise<Server> {
  const end = ephemeralStart();
  for (let attempt = 0; attempt < MAX_TRIES_PER_PORT; attempt++) {
    const port = LOWEST_PORT + Math.floor(Math.random() * (end - LOWEST_PORT));
    const server = await hold(port);
    if (server !== undefined) return server;
  }
  throw new QuorateError(
    'ADDRESS_IN_USE',
    `no free port between ${LOWEST_PORT} and ${end} after ${MAX_TRIES_PER_PORT} tries`,
  );
}

/** First port that the kernel may give to an outgoing connection. */
function ephemeralStart(): number {
  let start = Number.NaN;
  try {
    start = Number.parseInt(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8'), 10);
  } catch {
    // Not Linux: the usual value is close enough, for a port in use is tried again with another.
  }
  return start > LOWEST_PORT + 1000 ? start : DEFAULT_EPHEMERAL_START;
}

function hold(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string')
    throw new QuorateError('ARGUMENT', 'the server has no port');
  return address.port;
}

function release(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}
