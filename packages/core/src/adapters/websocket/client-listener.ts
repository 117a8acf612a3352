/**
 * The ClientListener port over WebSockets: upgrades on `/client`, bounded, and refused while this node does not
 * accept. What a frame says is the runtime's business.
 *
 * Owns the set of connections, their numbers and the keep-alive of all of them. One connection: see
 * client-socket.ts.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { CLIENT_SUBPROTOCOL } from '@quorate/wire';
import type { WebSocketServer } from 'ws';
import type { ClientHandlers, ClientListener } from '../../ports/client-listener.ts';
import type { Clock, Timer } from '../../ports/clock.ts';
import { type Logger, SILENT_LOGGER } from '../../ports/logger.ts';
import { offersSubprotocol, refuseUpgrade, remoteOf, type UpgradeHandler } from '../http/upgrade.ts';
import { ClientSocket } from './client-socket.ts';
import { Counters } from './counters.ts';
import { type ClientLimits, DEFAULT_CLIENT_LIMITS } from './limits.ts';
import { checkEveryMs } from './silence.ts';
import { createWebSocketServer } from './ws-server.ts';

export type ClientListenerOptions = {
  readonly clock: Clock;
  readonly logger?: Logger;
  /** Pages of these origins may connect, for instance `https://console.example`. None by default. */
  readonly allowedOrigins?: readonly string[];
  readonly limits?: Partial<ClientLimits>;
};

export interface WebSocketClientListener extends ClientListener {
  /** For the server's path `/client`. */
  readonly upgrade: UpgradeHandler;
  /** How often things happened, by name; `connections` is how many are open now. */
  counters(): Readonly<Record<string, number>>;
}

export function createClientListener(options: ClientListenerOptions): WebSocketClientListener {
  return new ClientsOverWebSockets(options);
}

type Refused = { readonly status: number; readonly message: string };

class ClientsOverWebSockets implements WebSocketClientListener {
  readonly upgrade: UpgradeHandler;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #limits: ClientLimits;
  readonly #origins: ReadonlySet<string>;
  readonly #counters = new Counters();
  readonly #webSockets: WebSocketServer;
  /** Open or closing; at most `maxConnections`. */
  readonly #sockets = new Set<ClientSocket>();
  #lastId = 0;
  /** Undefined while nobody is accepted. */
  #handlers: ClientHandlers | undefined;
  #keepAlive: Timer | undefined;
  #closing: Promise<void> | undefined;
  /** Resolves `close` when the last connection is gone. */
  #onEmpty: () => void = () => undefined;

  constructor(options: ClientListenerOptions) {
    this.#clock = options.clock;
    this.#logger = options.logger ?? SILENT_LOGGER;
    this.#limits = { ...DEFAULT_CLIENT_LIMITS, ...options.limits };
    this.#origins = new Set(options.allowedOrigins ?? []);
    this.#webSockets = createWebSocketServer(this.#limits, CLIENT_SUBPROTOCOL);
    this.upgrade = (request, socket, head) => this.#upgrade(request, socket, head);
  }

  start(handlers: ClientHandlers): void {
    this.#handlers = handlers;
    this.#checkLater();
  }

  stopAccepting(): void {
    this.#handlers = undefined;
  }

  /** Waits until the last connection is gone, at most `closeTimeoutMs`. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #close(): Promise<void> {
    this.stopAccepting();
    this.#keepAlive?.cancel();
    if (this.#sockets.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onEmpty = resolve;
      for (const socket of this.#sockets) socket.goAway();
    });
  }

  counters(): Readonly<Record<string, number>> {
    return { ...this.#counters.snapshot(), connections: this.#sockets.size };
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const refused = this.#refusal(request);
    const handlers = this.#handlers;
    if (refused !== undefined || handlers === undefined) {
      const { status, message } = refused ?? { status: 503, message: 'this node does not take clients now' };
      this.#counters.add(`upgradesRefused.${status}`);
      return refuseUpgrade(socket, status, message);
    }
    this.#webSockets.handleUpgrade(request, socket, head, (ws) => {
      const remote = remoteOf(request);
      this.#lastId += 1;
      const bounds = { clock: this.#clock, limits: this.#limits, counters: this.#counters };
      this.#accept(
        new ClientSocket({ id: this.#lastId, remote, ws, raw: request.socket, handlers, ...bounds }),
        handlers,
      );
    });
  }

  #accept(client: ClientSocket, handlers: ClientHandlers): void {
    this.#counters.add('accepts');
    this.#sockets.add(client);
    client.onGone = (why) => {
      this.#logger.debug('a client is disconnected', {
        connection: client.id,
        remote: client.remote,
        reason: why,
      });
      this.#sockets.delete(client);
      handlers.onClose(client);
      if (this.#sockets.size === 0) this.#onEmpty();
    };
    this.#logger.debug('a client is connected', { connection: client.id, remote: client.remote });
    handlers.onOpen(client);
  }

  #refusal(request: IncomingMessage): Refused | undefined {
    const { origin } = request.headers;
    if (origin !== undefined && !this.#origins.has(origin)) {
      return { status: 403, message: 'pages of this origin are not allowed to connect' };
    }
    if (!offersSubprotocol(request, CLIENT_SUBPROTOCOL)) {
      return { status: 400, message: `the WebSocket sub-protocol ${CLIENT_SUBPROTOCOL} is wanted` };
    }
    if (this.#sockets.size >= this.#limits.maxConnections) {
      return {
        status: 503,
        message: `this node has ${this.#limits.maxConnections} connections and takes no more`,
      };
    }
    return undefined;
  }

  /** One timer for all connections. */
  #checkLater(): void {
    this.#keepAlive = this.#clock.after(checkEveryMs(this.#limits.idleTimeoutMs), () => {
      for (const socket of this.#sockets) socket.checkSilence();
      this.#checkLater();
    });
  }
}
