/**
 * Clients of this node: who is connected, greetings, refused frames, and the answers of a turn on their way. What a client
 * asks for is `command-desk.ts`'s.
 */
import {
  CLIENT_WIRE_VERSIONS,
  type ClientFrame,
  decodeClientFrame,
  ECHO_VERSION,
  encodeNodeFrame,
  QuorateError,
} from '@quorate/wire';
import type { Backend } from '../ports/backend.ts';
import type { ClientConnection } from '../ports/client-listener.ts';
import type { Clock } from '../ports/clock.ts';
import type { NodeId } from '../protocol/types.ts';
import { CommandDesk, type DeskHost } from './command-desk.ts';
import type { RuntimeLimits } from './limits.ts';
import type { ReadDesk } from './read-desk.ts';
import { type AnswerSink, BufferedResponder } from './responder.ts';

type Client = {
  readonly connection: ClientConnection;
  readonly responder: BufferedResponder;
  greeted: boolean;
  takesEchoes: boolean;
};

export class ClientDesk {
  readonly #backend: Backend;
  readonly #limits: RuntimeLimits;
  readonly #host: DeskHost;
  readonly #clients = new Map<number, Client>();
  readonly #dirty = new Set<BufferedResponder>();
  readonly #commands: CommandDesk;
  #toldLeader: NodeId | undefined;

  constructor(backend: Backend, reads: ReadDesk, clock: Clock, limits: RuntimeLimits, host: DeskHost) {
    this.#backend = backend;
    this.#commands = new CommandDesk(backend, reads, clock, limits, host);
    this.#limits = limits;
    this.#host = host;
  }

  get connectionCount(): number {
    return this.#clients.size;
  }

  /** Responders made elsewhere (for peers' clients) share the flush at the end of the turn. */
  responder(sink: AnswerSink): BufferedResponder {
    return new BufferedResponder(this.#dirty, sink);
  }

  onOpen(connection: ClientConnection): void {
    const responder = this.responder({
      send: (frame) => connection.send(frame),
      queuedBytes: () => connection.queuedBytes,
    });
    this.#clients.set(connection.id, { connection, responder, greeted: false, takesEchoes: false });
  }

  onClose(connection: ClientConnection): void {
    this.#clients.delete(connection.id);
    this.#host.forgetConnection(connection.id);
  }

  onFrame(connection: ClientConnection, bytes: Uint8Array): void {
    const client = this.#clients.get(connection.id);
    if (client === undefined) return;
    let frame: ClientFrame;
    try {
      frame = decodeClientFrame(bytes);
    } catch (error) {
      this.#refuse(client, error);
      return;
    }
    if (frame.kind === 'hello') this.#greet(client, frame);
    else if (!client.greeted)
      this.#refuse(client, new QuorateError('WIRE_MALFORMED', 'the first frame must be a hello'));
    else this.#commands.handle(client, frame);
    this.#host.wake();
  }

  /** End of a turn: answers leave, and news of the leader. */
  flush(): void {
    for (const responder of this.#dirty) responder.flush();
    this.#dirty.clear();
    const leader = this.#host.leader();
    if (leader === this.#toldLeader) return;
    this.#toldLeader = leader;
    const frame = encodeNodeFrame({ kind: 'leader', leader: leader ?? 0 });
    for (const client of this.#clients.values()) if (client.greeted) client.connection.send(frame);
  }

  /** Graceful stop: everybody is told. */
  closeAll(): void {
    this.flush();
    const goodbye = encodeNodeFrame({ kind: 'goodbye', code: 'STOPPING', message: 'the node is stopping' });
    for (const client of this.#clients.values()) client.connection.close('the node is stopping', goodbye);
  }

  #greet(client: Client, frame: Extract<ClientFrame, { kind: 'hello' }>): void {
    const version = Math.min(frame.versionMax, CLIENT_WIRE_VERSIONS.max);
    if (version < frame.versionMin || version < CLIENT_WIRE_VERSIONS.min) {
      const range = `${CLIENT_WIRE_VERSIONS.min} to ${CLIENT_WIRE_VERSIONS.max}`;
      this.#refuse(
        client,
        new QuorateError(
          'WIRE_VERSION',
          `this node speaks client protocol ${range}, the client ${frame.versionMin} to ${frame.versionMax}`,
        ),
      );
      return;
    }
    client.greeted = true;
    client.takesEchoes = version >= ECHO_VERSION;
    const { clusterId, self, addrs } = this.#host;
    client.connection.send(
      encodeNodeFrame({
        kind: 'welcome',
        version,
        clusterId,
        node: self,
        backend: this.#backend.name,
        addrs,
        leader: this.#host.leader() ?? 0,
        maxCommandBytes: this.#limits.maxCommandBytes,
      }),
    );
  }

  #refuse(client: Client, error: unknown): void {
    this.#host.count('clientFramesRefused');
    const known = error instanceof QuorateError ? error : new QuorateError('WIRE_MALFORMED', String(error));
    const goodbye = encodeNodeFrame({ kind: 'goodbye', code: known.code, message: known.message });
    client.connection.close(known.code, goodbye);
  }
}
