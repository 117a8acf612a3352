/**
 * A node that is put together: its parts wired to each other, what it says of itself, and its end. The only place that
 * knows every adapter.
 *
 * Order of a stop: no new work, leadership handed over, what is under way finished, port, backend, journal.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { type CommandInput, encodeArguments, encodeUtf8, QuorateError } from '@quorate/wire';
import { createNodeServer, type NodeServer } from '../adapters/http/node-server.ts';
import { SYSTEM_CLOCK } from '../adapters/system-clock.ts';
import { createClientListener, createWebSocketTransport } from '../adapters/websocket/index.ts';
import { parseAddress } from '../config/address.ts';
import { maskSecrets } from '../config/secrets.ts';
import type { Settings } from '../config/settings.ts';
import type { Backend } from '../ports/backend.ts';
import type { Journal, OpenedJournal } from '../ports/journal.ts';
import type { Logger } from '../ports/logger.ts';
import { asNodeId, type NodeId } from '../protocol/types.ts';
import { Engine } from '../runtime/engine.ts';
import type { EngineOptions } from '../runtime/engine-options.ts';
import { DEFAULT_RUNTIME_LIMITS, type RuntimeLimits } from '../runtime/limits.ts';
import type { NodeStatus } from '../runtime/status.ts';
import { backendFactsOf } from './backend-facts.ts';
import { condemn } from './condemned.ts';
import { PeerBook } from './peer-book.ts';
import { closeAll } from './release.ts';

export const GROUP = 0;

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
  /** Graceful, bounded by `shutdownTimeoutMs`, and CLOSE_LIMIT_MS for each part. Idempotent. Rejects when a part could not be closed; the others are. */
  stop(): Promise<void>;
  /** Resolves when the node has stopped: with the error that ended it, or undefined after a graceful stop. */
  readonly stopped: Promise<QuorateError | undefined>;
}

export type Identity = {
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

export class RunningNode implements RunningServer {
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

  /** A node that cannot listen gives back everything, its backend and its journal too. @throws ADDRESS_IN_USE */
  async listen(): Promise<void> {
    try {
      await this.#http.listen();
      if (this.#failure !== undefined) throw this.#failure; // The journal failed before anybody was heard.
      this.#engine.start();
    } catch (error) {
      this.#stopping ??= this.#releaseAsFarAsPossible();
      await this.#stopping;
      throw error;
    }
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
    this.#stopping = this.#releaseAsFarAsPossible().then(() => this.#resolveStopped(error));
  }

  /** Somebody is told something worse already. */
  async #releaseAsFarAsPossible(): Promise<void> {
    const trouble = await this.#release();
    if (trouble !== undefined)
      this.#options.logger.warn('the node was not closed cleanly', { detail: trouble.message });
  }

  /** Returns what went wrong first. */
  #release(): Promise<Error | undefined> {
    this.#engine.halt();
    this.#identity.abort.abort();
    const parts = [
      { what: 'the listener of clients', close: () => this.#clients.close() },
      { what: 'the links to peers', close: () => this.#transport.close() },
      { what: 'the port', close: () => this.#http.close() },
      { what: 'the backend', close: () => this.#options.backend.close() },
      { what: 'the journal', close: () => this.#journal.close() },
    ];
    return closeAll(parts);
  }
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
