/**
 * What stands between one site that dials and one node that listens: a port of our own, the connections that came in
 * on it, and the two directions that faults work on.
 */
import { createServer, type Server } from 'node:net';
import { QuorateError } from '@quorate/wire';
import { Connection, type Target } from './connection.ts';
import { Direction } from './direction.ts';

export class Link implements AsyncDisposable {
  /** From the site that dials to the node, and back. */
  readonly out: Direction = new Direction();
  readonly back: Direction = new Direction();
  readonly #target: Target;
  readonly #server: Server;
  readonly #connections = new Set<Connection>();

  private constructor(target: Target) {
    this.#target = target;
    this.#server = createServer({ allowHalfOpen: true }, (near) => {
      const connection = new Connection(near, this.#target, this.out, this.back);
      this.#connections.add(connection);
      connection.onClosed = () => this.#connections.delete(connection);
    });
  }

  static async open(target: Target): Promise<Link> {
    const link = new Link(target);
    await new Promise<void>((resolve, reject) => {
      link.#server.once('error', reject);
      link.#server.listen(0, '127.0.0.1', resolve);
    });
    return link;
  }

  /** Where the site has to dial to reach the node through this link. */
  get address(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string')
      throw new QuorateError('CLOSED', 'the link is closed');
    return `127.0.0.1:${address.port}`;
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  /** Resets every connection; returns how many there were. */
  reset(): number {
    const count = this.#connections.size;
    for (const connection of this.#connections) connection.reset();
    return count;
  }

  /** Tears the next piece of every connection in one direction; returns how many there are. */
  tear(direction: 'out' | 'back', share: () => number): number {
    for (const connection of this.#connections) connection.tear(direction, share);
    return this.#connections.size;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    this.reset();
    await closed;
  }
}
