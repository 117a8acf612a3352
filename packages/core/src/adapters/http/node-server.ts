/**
 * The one port of a node: HTTP routes, and upgrades handed to whoever owns the path. Nothing here knows what a
 * peer or a client says.
 *
 * Every socket is bounded in time until it has been upgraded, and is closed by `close` at the latest after
 * `drainTimeoutMs`, upgraded or not.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type Logger, SILENT_LOGGER } from '../../ports/logger.ts';
import { errorAnswer, sendAnswer } from './answer.ts';
import { type BoundAddress, listen } from './listen.ts';
import { answerRequest, type NodeFacts } from './routes.ts';
import { refuseUpgrade, type UpgradeHandler } from './upgrade.ts';

export type HttpLimits = {
  /** From the opening of a connection until the headers of a request are there; 408 and closed after that. */
  readonly headersTimeoutMs: number;
  /** The same for the whole request. */
  readonly requestTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  readonly maxHeaderBytes: number;
  /** No route reads a body. One that says it is longer, or does not say how long it is, is answered 413. */
  readonly maxBodyBytes: number;
  /** Open TCP connections of all kinds; more are closed at once. */
  readonly maxConnections: number;
  /** `close` gives requests and upgraded sockets this long to end by themselves. */
  readonly drainTimeoutMs: number;
};

export const DEFAULT_HTTP_LIMITS: HttpLimits = {
  headersTimeoutMs: 5000,
  requestTimeoutMs: 10_000,
  keepAliveTimeoutMs: 5000,
  maxHeaderBytes: 8192,
  maxBodyBytes: 4096,
  maxConnections: 4096,
  drainTimeoutMs: 1000,
};

export type NodeServerOptions = NodeFacts & {
  readonly host: string;
  /** 0: one that the operating system chooses. */
  readonly port: number;
  /** By path, for instance `/peer`. Upgrades of other paths are answered 404. */
  readonly upgrades: Readonly<Record<string, UpgradeHandler>>;
  readonly logger?: Logger;
  readonly limits?: Partial<HttpLimits>;
};

export interface NodeServer {
  /** @throws ADDRESS_IN_USE, CONFIG_INVALID */
  listen(): Promise<BoundAddress>;
  /** Stops accepting, drains, closes. Idempotent; takes at most `drainTimeoutMs`. */
  close(): Promise<void>;
}

/** How often Node looks for connections that are over their time. */
const TIMEOUT_CHECK_MS = 500;

export function createNodeServer(options: NodeServerOptions): NodeServer {
  return new OnePortServer(options);
}

class OnePortServer implements NodeServer {
  readonly #options: NodeServerOptions;
  readonly #logger: Logger;
  readonly #limits: HttpLimits;
  readonly #upgrades: ReadonlyMap<string, UpgradeHandler>;
  readonly #server: Server;
  /** Every open connection, upgraded ones too; at most `maxConnections`. */
  readonly #sockets = new Set<Socket>();
  #closing: Promise<void> | undefined;

  constructor(options: NodeServerOptions) {
    this.#options = options;
    this.#logger = options.logger ?? SILENT_LOGGER;
    this.#limits = { ...DEFAULT_HTTP_LIMITS, ...options.limits };
    this.#upgrades = new Map(Object.entries(options.upgrades));
    this.#server = createBoundedServer(this.#limits);
    this.#server.on('connection', (socket: Socket) => this.#track(socket));
    this.#server.on('request', (request, response) => this.#onRequest(request, response));
    this.#server.on('upgrade', (request, socket, head) => this.#onUpgrade(request, socket, head));
  }

  async listen(): Promise<BoundAddress> {
    const bound = await listen(this.#server, this.#options.host, this.#options.port);
    this.#server.on('error', (error) =>
      this.#logger.error('the server has an error', { message: error.message }),
    );
    return bound;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #close(): Promise<void> {
    return new Promise((resolve) => {
      const cut = setTimeout(() => this.#destroyAll(), this.#limits.drainTimeoutMs);
      // The callback comes when the last connection is gone, or at once with an error if nothing was listening.
      this.#server.close(() => {
        clearTimeout(cut);
        resolve();
      });
      this.#server.closeIdleConnections();
    });
  }

  #destroyAll(): void {
    this.#server.closeAllConnections();
    for (const socket of this.#sockets) socket.destroy();
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
  }

  #onRequest(request: IncomingMessage, response: ServerResponse): void {
    const withBody = request.method !== 'HEAD';
    if (this.#closing !== undefined) response.setHeader('Connection', 'close');
    if (isBodyTooLong(request, this.#limits.maxBodyBytes)) {
      return sendAnswer(
        response,
        errorAnswer(413, 'no path here takes a body', { Connection: 'close' }),
        withBody,
      );
    }
    // What little body there is has no reader; unread, it would hold up the next request of the connection.
    request.resume();
    try {
      sendAnswer(
        response,
        answerRequest(request.method ?? 'GET', request.url ?? '/', this.#options),
        withBody,
      );
    } catch (error) {
      // A fault of our own callbacks. It is told here and not to whoever asked.
      this.#logger.error('a request failed', {
        path: request.url,
        message: error instanceof Error ? error.message : String(error),
      });
      sendAnswer(response, errorAnswer(500, 'this node could not answer; its log says why'), withBody);
    }
  }

  #onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (this.#closing !== undefined) return refuseUpgrade(socket, 503, 'this node stops');
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    const handler = this.#upgrades.get(path);
    if (handler === undefined)
      return refuseUpgrade(socket, 404, 'there is nothing to upgrade to at this path');
    handler(request, socket, head);
  }
}

function createBoundedServer(limits: HttpLimits): Server {
  const server = createServer({
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionsCheckingInterval: Math.min(TIMEOUT_CHECK_MS, limits.headersTimeoutMs),
    maxHeaderSize: limits.maxHeaderBytes,
    noDelay: true,
  });
  server.maxConnections = limits.maxConnections;
  return server;
}

function isBodyTooLong(request: IncomingMessage, maxBodyBytes: number): boolean {
  if (request.headers['transfer-encoding'] !== undefined) return true;
  return Number(request.headers['content-length'] ?? 0) > maxBodyBytes;
}
