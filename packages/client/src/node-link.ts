/**
 * One WebSocket to one node, from the dial to the end: sub-protocol, hello and welcome, frames in, frames out, and
 * a watch that notices a node which owes answers and has gone silent (a stopped process keeps its sockets open).
 *
 * Owns: `onClosed` comes exactly once unless we let go of the link first, and nothing comes after it. Leaves
 * choosing the node to `navigator.ts` and the meaning of answers to `command-engine.ts`.
 */
import {
  type Answer,
  CLIENT_PATH,
  CLIENT_SUBPROTOCOL,
  CLIENT_WIRE_VERSIONS,
  decodeNodeFrame,
  encodeClientFrame,
  type NodeFrame,
  QuorateError,
} from '@quorate/wire';
import { type RawData, type ClientOptions as SocketOptions, WebSocket } from 'ws';
import type { Timer } from './clock.ts';
import type { ClientSettings } from './options.ts';

export type LinkHandlers = {
  onWelcome(link: NodeLink): void;
  onAnswers(link: NodeLink, answers: readonly Answer[]): void;
  /** `link.leader` has changed. */
  onLeader(link: NodeLink): void;
  /** The dial failed or the connection is gone. */
  onClosed(link: NodeLink, reason: QuorateError): void;
  /** Does the node owe us an answer? If so, it is watched for silence. */
  expectsAnswer(link: NodeLink): boolean;
};

type Welcome = Extract<NodeFrame, { kind: 'welcome' }>;

/** How long the other side has to answer our closing frame before the socket is cut. */
const CLOSE_HANDSHAKE_MS = 1000;

export class NodeLink {
  readonly endpoint: string;
  /** Undefined until the node has welcomed us. */
  welcome: Welcome | undefined = undefined;
  /** Node id of the leader as this node knows it; 0: none. */
  leader = 0;
  readonly #settings: ClientSettings;
  readonly #socket: WebSocket;
  /** Undefined once the link is closed or let go. */
  #handlers: LinkHandlers | undefined;
  readonly #dialTimer: Timer;
  #watchTimer: Timer | undefined = undefined;
  #heard = false;
  #pinged = false;

  constructor(endpoint: string, settings: ClientSettings, handlers: LinkHandlers) {
    this.endpoint = endpoint;
    this.#settings = settings;
    this.#handlers = handlers;
    this.#socket = new WebSocket(
      `ws://${endpoint}${CLIENT_PATH}`,
      [CLIENT_SUBPROTOCOL],
      socketOptions(settings),
    );
    this.#socket.on('open', () => this.#onOpen());
    this.#socket.on('message', (data, isBinary) => this.#onMessage(data, isBinary));
    this.#socket.on('pong', () => this.#onSignOfLife());
    // Stays for the life of the socket: letting go of one that is still dialling makes it say so.
    this.#socket.on('error', (error) => this.#fail(describeSocketError(error), error));
    this.#socket.on('close', (code, reason) => this.#fail(describeClose(code, reason)));
    this.#dialTimer = settings.clock.after(settings.dialTimeoutMs, () =>
      this.#fail(`no welcome within ${settings.dialTimeoutMs} ms`),
    );
  }

  /** 0 until the node has welcomed us. */
  get node(): number {
    return this.welcome?.node ?? 0;
  }

  /** Hands a frame to the socket; the frame must not be changed afterwards. */
  send(frame: Uint8Array): void {
    this.#socket.send(frame);
  }

  /** Lets go: no handler is called any more. The socket closes politely, within a bound. */
  release(): void {
    this.#detach();
    this.#socket.close(1000);
  }

  /** Lets go and cuts the socket at once. */
  destroy(): void {
    this.#detach();
    this.#socket.terminate();
  }

  #onOpen(): void {
    const { min, max } = CLIENT_WIRE_VERSIONS;
    this.send(
      encodeClientFrame({
        kind: 'hello',
        versionMin: min,
        versionMax: max,
        clientName: this.#settings.clientName,
      }),
    );
  }

  #onMessage(data: RawData, isBinary: boolean): void {
    if (this.#handlers === undefined) return;
    this.#onSignOfLife();
    let frame: NodeFrame;
    try {
      if (!isBinary || !(data instanceof Uint8Array))
        throw new QuorateError('WIRE_MALFORMED', 'a text frame came where frames are binary');
      frame = decodeNodeFrame(data);
    } catch (error) {
      this.#fail(error instanceof Error ? error.message : String(error), error, 'WIRE_MALFORMED');
      return;
    }
    this.#onFrame(frame);
  }

  #onFrame(frame: NodeFrame): void {
    if (this.welcome === undefined && frame.kind !== 'welcome' && frame.kind !== 'goodbye') {
      this.#fail(`a ${frame.kind} frame came before the welcome`, undefined, 'WIRE_MALFORMED');
      return;
    }
    switch (frame.kind) {
      case 'responses':
        this.#handlers?.onAnswers(this, frame.answers);
        return;
      case 'leader':
        this.leader = frame.leader;
        this.#handlers?.onLeader(this);
        return;
      case 'welcome':
        this.#onWelcome(frame);
        return;
      case 'goodbye':
        this.#fail(`${frame.message} (${frame.code})`, undefined, frame.code);
        return;
      default:
        return frame satisfies never;
    }
  }

  #onWelcome(frame: Welcome): void {
    const { min, max } = CLIENT_WIRE_VERSIONS;
    if (this.welcome !== undefined) {
      this.#fail('a second welcome', undefined, 'WIRE_MALFORMED');
      return;
    }
    if (frame.version < min || frame.version > max) {
      this.#fail(
        `the node speaks version ${frame.version}, this client ${min} to ${max}`,
        undefined,
        'WIRE_VERSION',
      );
      return;
    }
    this.welcome = frame;
    this.leader = frame.leader;
    this.#dialTimer.cancel();
    this.#watch();
    this.#handlers?.onWelcome(this);
  }

  #onSignOfLife(): void {
    this.#heard = true;
    this.#pinged = false;
  }

  /** Every half of the silence bound: silent for one period while answers are due, ping; for two, give up. */
  #watch(): void {
    const { clock, silenceTimeoutMs } = this.#settings;
    this.#watchTimer = clock.after(silenceTimeoutMs / 2, () => {
      const isSilent = !this.#heard && this.#handlers?.expectsAnswer(this) === true;
      this.#heard = false;
      if (isSilent && this.#pinged) {
        this.#fail(`no sign of life for ${silenceTimeoutMs} ms`, undefined, 'DISCONNECTED');
        return;
      }
      if (isSilent) this.#socket.ping();
      this.#pinged = isSilent;
      this.#watch();
    });
  }

  /** The first reason is the one that counts; what follows it is the socket's own end. */
  #fail(reason: string, cause?: unknown, code: QuorateError['code'] = 'DISCONNECTED'): void {
    const handlers = this.#handlers;
    if (handlers === undefined) return;
    this.#detach();
    this.#socket.terminate();
    handlers.onClosed(this, new QuorateError(code, reason, { cause, details: { endpoint: this.endpoint } }));
  }

  #detach(): void {
    this.#handlers = undefined;
    this.#dialTimer.cancel();
    this.#watchTimer?.cancel();
  }
}

/** `closeTimeout` is an option of ws that its types do not know yet. */
function socketOptions(settings: ClientSettings): SocketOptions & { readonly closeTimeout: number } {
  return {
    perMessageDeflate: false,
    skipUTF8Validation: true,
    followRedirects: false,
    maxPayload: settings.maxFrameBytes,
    closeTimeout: CLOSE_HANDSHAKE_MS,
    ...(settings.randomMask ? {} : { generateMask: leaveMaskZero }),
  };
}

/** ws hands in four zero bytes and skips masking when they stay so. */
function leaveMaskZero(): void {}

/** When every address of a name refuses, Node gives an AggregateError with a code and an empty message. */
function describeSocketError(error: Error & { readonly code?: string }): string {
  const status = /^Unexpected server response: (\d{3})$/.exec(error.message)?.[1];
  if (status !== undefined) return `it is no Quorate node: it answers with HTTP status ${status}`;
  if (error.code?.startsWith('HPE_') === true) return 'it is no Quorate node: it does not speak HTTP';
  switch (error.code) {
    case 'ECONNREFUSED':
      return 'connection refused';
    case 'ECONNRESET':
      return 'connection reset';
    case 'ENOTFOUND':
      return 'no such host';
    default:
      return error.message === '' ? (error.code ?? error.name) : error.message;
  }
}

function describeClose(code: number, reason: Buffer): string {
  return reason.length === 0
    ? `connection closed (${code})`
    : `connection closed: ${reason.toString('utf8')} (${code})`;
}
