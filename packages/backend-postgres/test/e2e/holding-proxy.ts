/** Stands between a client and a server, and lets a connection fall silent once it has been asked for something. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export class HoldingProxy {
  /** That of the server, by way of this proxy. */
  readonly url: string;
  readonly #server: Server;
  readonly #sockets: Set<Socket>;
  readonly #rule: { text: string | undefined };

  private constructor(url: string, server: Server, sockets: Set<Socket>, rule: { text: string | undefined }) {
    this.url = url;
    this.#server = server;
    this.#sockets = sockets;
    this.#rule = rule;
  }

  static async start(url: string): Promise<HoldingProxy> {
    const { hostname, port } = new URL(url);
    const rule: { text: string | undefined } = { text: undefined };
    const sockets = new Set<Socket>();
    const server = createServer((near) => {
      const far = connect(Number(port), hostname);
      for (const socket of [near, far]) {
        sockets.add(socket);
        socket.on('error', () => undefined);
      }
      near.on('data', (bytes: Buffer) => {
        if (rule.text !== undefined && bytes.includes(rule.text)) near.pause();
        else far.write(bytes);
      });
      far.on('data', (bytes) => near.write(bytes));
      near.on('close', () => far.destroy());
      far.on('close', () => near.destroy());
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const own = new URL(url);
    own.port = String((server.address() as AddressInfo).port);
    return new HoldingProxy(own.href, server, sockets, rule);
  }

  /** From now on a connection whose client sends `text` carries nothing any more. */
  hold(text: string): void {
    this.#rule.text = text;
  }

  /** New connections are carried again. */
  letGo(): void {
    this.#rule.text = undefined;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
