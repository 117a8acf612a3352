/** A server that answers what it hears, and remembers it; and a socket with the bytes it has got so far. */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { poll } from 'quorate/spawn';

const BOUND_MS = 5000;

export class EchoServer implements AsyncDisposable {
  heard = '';
  /** Ends and resets of connections, in order. */
  readonly ends: string[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor() {
    this.#server = createServer({ allowHalfOpen: true }, (socket) => {
      this.#sockets.add(socket);
      socket.on('data', (bytes) => {
        this.heard += bytes.toString();
        socket.write(bytes);
      });
      socket.on('end', () => {
        this.ends.push('end');
        socket.end();
      });
      socket.on('error', (error: NodeJS.ErrnoException) => this.ends.push(error.code ?? error.message));
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  static async listen(): Promise<EchoServer> {
    const echo = new EchoServer();
    echo.#server.listen(0, '127.0.0.1');
    await once(echo.#server, 'listening');
    return echo;
  }

  get port(): number {
    return (this.#server.address() as { readonly port: number }).port;
  }

  get connectionCount(): number {
    return this.#sockets.size;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

export class Peer implements Disposable {
  got = '';
  /** Undefined while the connection is there; afterwards how it ended. */
  ended: string | undefined;
  readonly socket: Socket;

  constructor(address: string) {
    const [host, port] = address.split(':');
    this.socket = connect({ host: host ?? '', port: Number(port), allowHalfOpen: true });
    this.socket.on('data', (bytes) => (this.got += bytes.toString()));
    this.socket.on('error', (error: NodeJS.ErrnoException) => (this.ended = error.code ?? error.message));
    this.socket.on('end', () => (this.ended ??= 'end'));
  }

  async hears(text: string): Promise<void> {
    await until(`${JSON.stringify(text)}`, () => this.got.endsWith(text));
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}

export function until(what: string, condition: () => boolean): Promise<true> {
  return poll(
    () => (condition() ? true : undefined),
    BOUND_MS,
    () => new Error(`waited for ${what}`),
  );
}
