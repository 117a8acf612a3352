/**
 * Waits until a server that was just started accepts connections, or says why it will not.
 */
import { connect } from 'node:net';
import { type NodeProcess, poll } from 'quorate/spawn';

const START_TIMEOUT_MS = 10_000;

/** Connecting without a word is harmless to all servers here: a link begins with its first frame. */
export async function untilListening(port: number, server: NodeProcess): Promise<void> {
  const failure = (why: string): Error => new Error(`${why} on port ${port}: ${server.logTail()}`);
  await poll(
    () => {
      if (server.exit !== undefined) throw failure('the server ended instead of listening');
      return accepts(port);
    },
    START_TIMEOUT_MS,
    () => failure('nobody listened in time'),
  );
}

function accepts(port: number): Promise<true | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(undefined));
  });
}
