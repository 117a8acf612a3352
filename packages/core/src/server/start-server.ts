/**
 * Puts a node together: journal, backend, network and engine, in the order that safety wants, and takes it apart again.
 *
 * Order of a start: journal (lock, identity, incarnation flushed), backend, then the port, then peers and clients.
 * Order of a stop: no new work, leadership handed over, what is under way finished, port, backend, journal. The only
 * place that knows every adapter.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { type CommandInput, encodeArguments, encodeUtf8, QuorateError } from '@quorate/wire';
import { createNodeServer, type NodeServer } from '../adapters/http/node-server.ts';
import { SYSTEM_CLOCK } from '../adapters/system-clock.ts';
import { createClientListener, createWebSocketTransport } from '../adapters/websocket/index.ts';
import { parseAddress } from '../config/address.ts';
import { clusterIdOf, genesisDigestOf } from '../config/identity.ts';
import { maskSecrets } from '../config/secrets.ts';
import type { Settings } from '../config/settings.ts';
import {
  type Backend,
  type BackendContext,
  type BackendImage,
  BackendUnavailable,
} from '../ports/backend.ts';
import type { Journal, OpenedJournal } from '../ports/journal.ts';
import type { Logger } from '../ports/logger.ts';
import { asNodeId, type NodeId } from '../protocol/types.ts';
import { Engine } from '../runtime/engine.ts';
import type { EngineOptions } from '../runtime/engine-options.ts';
import { DEFAULT_RUNTIME_LIMITS, type RuntimeLimits } from '../runtime/limits.ts';
import type { NodeStatus } from '../runtime/status.ts';
import { backendFactsOf } from './backend-facts.ts';
import { condemn, refuseCondemned } from './condemned.ts';
import { createJournal } from './journals.ts';
import { PeerBook } from './peer-book.ts';

const GROUP = 0;

export type ServerOptions = {
  readonly settings: Settings;
  readonly self: NodeId;
  readonly backend: Backend;
  readonly logger: Logger;
};

export type ServerStatus = NodeStatus & {
  readonly pid: number;
  readonly peers: readonly { readonly id: number; readonly addr: string; readonly up: boolean }[];
  /** How often things happened on links to peers and connections of clients; refusals by code are among them. */
  readonly network: {
    readonly peers: Readonly<Record<string, number>>;
    readonly clients: Readonly<Record<string, number>>;
  };
};

export interface RunningServer {
  readonly id: NodeId;
  /** `host:port` as listed in `addrs`. */
  readonly addr: string;
  readonly incarnation: number;
  status(): ServerStatus;
  /** Graceful, bounded by `shutdownTimeoutMs`. Idempotent. Rejects when a part could not be closed; the others are. */
  stop(): Promise<void>;
  /** Resolves when the node has stopped: with the error that ended it, or undefined after a graceful stop. */
  readonly stopped: Promise<QuorateError | undefined>;
}

/** @throws QuorateError: CONFIG_INVALID, ADDRESS_IN_USE, JOURNAL_LOCKED, JOURNAL_FOREIGN, JOURNAL_CORRUPT, JOURNAL_IO, BACKEND_DIVERGED */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { settings, self, backend, logger } = options;
  const addr = settings.addrs[self - 1];
  if (addr === undefined)
    throw new QuorateError(
      'CONFIG_INVALID',
      `node ${self} is not in addrs, which lists ${settings.addrs.length}`,
    );
  const directory = join(settings.dataDir, `node-${self}`);
  makeDirectory(directory);
  refuseCondemned(directory);
  const journal = createJournal({
    kind: settings.journal,
    directory: join(directory, 'journal'),
    thread: settings.journalThread,
    logger,
  });
  const clusterId = clusterIdOf(settings);
  const genesisDigest = genesisDigestOf(settings);
  const opened = await journal.open({ clusterId, genesisDigest, node: self, group: GROUP });
  const undo: (() => Promise<void>)[] = [() => journal.close()];
  try {
    const abort = new AbortController();
    const context = {
      clusterId,
      group: GROUP,
      node: self,
      directory: join(directory, 'backend'),
      signal: abort.signal,
      options: settings.backendOptions,
    };
    makeDirectory(context.directory);
    undo.push(() => backend.close());
    const image = await openIfThere(backend, context, logger);
    const reopen = async (): Promise<BackendImage> => {
      const before = JSON.stringify(backendFactsOf(backend));
      const reopened = await openBackend(backend, context);
      if (JSON.stringify(backendFactsOf(backend)) !== before) server.greetAgain();
      return reopened;
    };
    const store = { image, reopen };
    const server = new Server(options, addr, journal, opened, store, { clusterId, genesisDigest, abort });
    await server.listen();
    return server;
  } catch (error) {
    await closeAll(undo.reverse());
    throw error;
  }
}

/** Undefined when the store is away: the node votes without it. */
async function openIfThere(
  backend: Backend,
  context: BackendContext,
  logger: Logger,
): Promise<BackendImage | undefined> {
  try {
    return await openBackend(backend, context);
  } catch (error) {
    if (!(error instanceof BackendUnavailable)) throw error;
    logger.warn('the store of the backend is away; the node votes, and opens it when it is back', {
      backend: backend.name,
      detail: error.message,
    });
    return undefined;
  }
}

async function openBackend(backend: Backend, context: BackendContext): Promise<BackendImage> {
  const image = await backend.open(context);
  const { mark } = image;
  if (mark !== undefined && (mark.clusterId !== context.clusterId || mark.group !== context.group)) {
    throw new QuorateError(
      'BACKEND_MARK_MISMATCH',
      `the store of backend ${backend.name} belongs to cluster ${mark.clusterId}, group ${mark.group}; this node belongs to cluster ${context.clusterId}, group ${context.group}. Give this node a store of its own`,
    );
  }
  return image;
}

function makeDirectory(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new QuorateError(
      'CONFIG_INVALID',
      `the directory ${path} cannot be made: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
}

type Identity = {
  readonly clusterId: string;
  readonly genesisDigest: string;
  readonly abort: AbortController;
};

/** One word is what somebody typed, several are arguments. */
function inputOf(words: readonly string[]): CommandInput {
  const [text = ''] = words;
  if (words.length <= 1) return { form: 'text', text };
  return { form: 'arguments', bytes: encodeArguments(words.map(encodeUtf8)) };
}

class Server implements RunningServer {
  readonly id: NodeId;
  readonly addr: string;
  readonly incarnation: number;
  readonly stopped: Promise<QuorateError | undefined>;
  readonly #options: ServerOptions;
  readonly #journal: Journal;
  readonly #identity: Identity;
  readonly #clock = SYSTEM_CLOCK;
  readonly #transport: ReturnType<typeof createWebSocketTransport>;
  readonly #clients: ReturnType<typeof createClientListener>;
  readonly #http: NodeServer;
  readonly #engine: Engine;
  #resolveStopped: (error: QuorateError | undefined) => void = () => undefined;
  #stopping: Promise<void> | undefined;
  /** What ended the node, or went wrong while it stopped. */
  #failure: QuorateError | undefined;

  constructor(
    options: ServerOptions,
    addr: string,
    journal: Journal,
    opened: OpenedJournal,
    store: Pick<EngineOptions, 'image' | 'reopen'>,
    identity: Identity,
  ) {
    const { settings, self, backend, logger } = options;
    this.#options = options;
    this.#journal = journal;
    this.#identity = identity;
    this.id = self;
    this.addr = addr;
    this.incarnation = opened.incarnation;
    this.stopped = new Promise((resolve) => {
      this.#resolveStopped = resolve;
    });
    const peerBook = new PeerBook(journal, opened.peers, (error) => this.#end(error));
    const { clusterId, genesisDigest } = identity;
    this.#transport = createWebSocketTransport({
      identity: {
        clusterId,
        genesisDigest,
        node: self,
        storageId: opened.storageId,
        incarnation: opened.incarnation,
        /** Asked at each greeting: a store that was away at the start is known later. */
        get backend() {
          return backendFactsOf(backend);
        },
      },
      peers: settings.addrs
        .map((address, index) => ({ node: asNodeId(index + 1), address }))
        .filter(({ node }) => node !== self),
      admitPeer: (node, storageId, incarnation, processNonce) =>
        peerBook.admit(node, storageId, incarnation, processNonce),
      onDisowned: (peer, message) => this.#disown(disowned(peer, message)),
      clock: this.#clock,
      logger,
    });
    this.#clients = createClientListener({ clock: this.#clock, logger });
    this.#engine = new Engine({
      self,
      group: GROUP,
      clusterId,
      addrs: settings.addrs,
      backend,
      ...store,
      journal,
      opened,
      transport: this.#transport,
      clients: this.#clients,
      clock: this.#clock,
      logger,
      limits: limitsOf(settings),
      seed: seedOf(opened),
      randomBytes,
      checksum: crc32,
      onFatal: (error) => this.#end(error),
    });
    this.#http = createNodeServer({
      ...hostAndPort(addr),
      readiness: () =>
        this.#engine.readiness().map((check) => ({ ...check, detail: maskSecrets(check.detail) })),
      status: () => this.status(),
      explain: (words) => backend.explain(inputOf(words)),
      upgrades: { '/peer': this.#transport.upgrade, '/client': this.#clients.upgrade },
      logger,
    });
  }

  async listen(): Promise<void> {
    await this.#http.listen();
    if (this.#failure !== undefined) {
      await this.#stopping; // The journal failed before anybody was heard.
      throw this.#failure;
    }
    this.#engine.start();
  }

  /** The peers must compare what was learned of the backend just now. */
  greetAgain(): void {
    this.#transport.greetAgain('the store of the backend was opened');
  }

  status(): ServerStatus {
    const up = new Map(this.#transport.links().map((link) => [link.node, link.up]));
    const peers = this.#options.settings.addrs
      .map((addr, index) => ({ id: index + 1, addr, up: up.get(asNodeId(index + 1)) ?? false }))
      .filter(({ id }) => id !== this.id);
    const network = { peers: this.#transport.counters(), clients: this.#clients.counters() };
    const status = this.#engine.status();
    const { health, detail, ...backend } = status.backend;
    const shown = {
      ...backend,
      detail: maskSecrets(detail),
      health: { ok: health.ok, detail: maskSecrets(health.detail) },
    };
    return { ...status, backend: shown, pid: process.pid, peers, network };
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stopGracefully();
    return this.#stopping;
  }

  async #stopGracefully(): Promise<void> {
    this.#clients.stopAccepting();
    await new Promise<void>((resolve) => {
      const timer = this.#clock.after(this.#options.settings.shutdownTimeoutMs, resolve);
      this.#engine.stop(() => {
        timer.cancel();
        resolve();
      });
    });
    const trouble = await this.#release();
    this.#resolveStopped(this.#failure);
    if (trouble !== undefined) throw trouble;
  }

  #disown(error: QuorateError): void {
    const directory = join(this.#options.settings.dataDir, `node-${this.id}`);
    if (!condemn(directory, error.message))
      this.#options.logger.error('the refusal could not be written down', { directory });
    this.#end(error);
  }

  /** The node cannot go on. Nothing is answered any more; locks and ports are given back. */
  #end(error: QuorateError): void {
    this.#failure ??= error;
    if (this.#stopping !== undefined) return;
    this.#options.logger.error('this node stops', { code: error.code, detail: error.message });
    this.#stopping = this.#release().then((trouble) => {
      if (trouble !== undefined)
        this.#options.logger.warn('the node was not closed cleanly', { detail: trouble.message });
      this.#resolveStopped(error);
    });
  }

  /** Returns what went wrong first. */
  #release(): Promise<Error | undefined> {
    this.#engine.halt();
    this.#identity.abort.abort();
    return closeAll([
      () => this.#clients.close(),
      () => this.#transport.close(),
      () => this.#http.close(),
      () => this.#options.backend.close(),
      () => this.#journal.close(),
    ]);
  }
}

/** One after another, and also those behind one that fails: the journal comes last and has a lock. */
async function closeAll(steps: readonly (() => Promise<void>)[]): Promise<Error | undefined> {
  let trouble: Error | undefined;
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      trouble ??= error instanceof Error ? error : new Error(String(error));
    }
  }
  return trouble;
}

function hostAndPort(addr: string): { readonly host: string; readonly port: number } {
  const parsed = parseAddress(addr);
  if (!parsed.ok) throw new QuorateError('CONFIG_INVALID', parsed.problem);
  return { host: parsed.address.host, port: parsed.address.port };
}

function disowned(peer: NodeId, message: string): QuorateError {
  return new QuorateError(
    'STORAGE_REPLACED',
    `node ${peer} knows this node with another storage (${message}). A node that lost or swapped its data directory has forgotten its promises and must not vote as the same node: put the old directory back`,
  );
}

function limitsOf(settings: Settings): RuntimeLimits {
  const { heartbeatMs, electionTimeoutMs, windowSlots, maxCommandBytes, maxBatchBytes } = settings;
  const base = DEFAULT_RUNTIME_LIMITS;
  const protocol = { ...base.protocol, heartbeatMs, electionTimeoutMs, windowSlots };
  return { ...base, protocol, maxCommandBytes, maxBatchBytes };
}

/** Different for every node and every life of it, the same in no two: jitter must differ. */
function seedOf(opened: OpenedJournal): number {
  return Number.parseInt(opened.storageId.slice(0, 12), 16) + opened.incarnation;
}
