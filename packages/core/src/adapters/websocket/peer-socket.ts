/**
 * One WebSocket between two nodes, dialled or accepted: settings, whole binary frames, and exactly one notice of
 * its end, whoever ended it. A socket that has ended never hands over a frame, even one that was already read.
 *
 * Leaves to others: what frames mean, pairing two sockets to a link, time-outs.
 */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import { CLOSE_GOING_AWAY, CLOSE_UNSUPPORTED, closeReason, printable } from './close-codes.ts';
import type { Counters } from './counters.ts';
import { PEER_PATH, PEER_SUBPROTOCOL } from './hello.ts';
import type { PeerLimits } from './limits.ts';
import { unreadableCode } from './ws-errors.ts';

const ignore = (): void => undefined;

export class PeerSocket {
  /** Dialled sockets only: the upgrade is done and frames can be sent. */
  onOpen: () => void = ignore;
  /** `frame` is only valid during the call. */
  onFrame: (frame: Uint8Array) => void = ignore;
  /** Once, also for an end that this side asked for; `why` is for people. */
  onEnded: (why: string) => void = ignore;

  readonly #ws: WebSocket;
  readonly #counters: Counters;
  #raw: Socket | undefined;
  #ended = false;

  constructor(ws: WebSocket, counters: Counters, raw?: Socket) {
    this.#ws = ws;
    this.#counters = counters;
    ws.on('open', () => this.onOpen());
    ws.on('message', (data: Buffer, isBinary: boolean) => this.#onMessage(data, isBinary));
    // The listener stays for the life of the socket: an 'error' event that nobody hears would end the process.
    ws.on('error', (error) => this.#onError(error));
    ws.on('close', (code, reason) => this.#end(describeClose(code, reason)));
    ws.on('upgrade', (response: IncomingMessage) => this.#watchRaw(response.socket));
    if (raw !== undefined) this.#watchRaw(raw);
  }

  get isOpen(): boolean {
    return !this.#ended && this.#ws.readyState === WebSocket.OPEN;
  }

  /** Bytes given to `send` that the operating system has not taken yet. */
  get queuedBytes(): number {
    return this.#ws.bufferedAmount;
  }

  /** Bytes that ever arrived, pongs and parts of frames included. */
  get bytesRead(): number {
    return this.#raw?.bytesRead ?? 0;
  }

  send(frame: Uint8Array): void {
    if (this.isOpen) this.#ws.send(frame);
  }

  ping(): void {
    if (this.isOpen) this.#ws.ping();
  }

  /** Says why and closes; the socket is destroyed if that takes longer than `closeTimeoutMs`. */
  close(code: number, reason: string): void {
    if (this.#ended) return;
    this.#end(reason);
    if (this.#ws.readyState === WebSocket.OPEN) this.#ws.close(code, closeReason(reason));
    else this.#ws.terminate();
  }

  /** Closes without a word, at once. */
  destroy(why: string): void {
    if (this.#ended) return;
    this.#end(why);
    this.#ws.terminate();
  }

  /** Calls `onExceeded` once when more than `maxBytes` have arrived; the returned function lifts the limit. */
  limitBytes(maxBytes: number, onExceeded: () => void): () => void {
    const raw = this.#raw;
    let lifted = false;
    const check = (): void => {
      if (lifted || this.bytesRead <= maxBytes) return;
      lift();
      onExceeded();
    };
    const lift = (): void => {
      lifted = true;
      raw?.off('data', check);
    };
    // Behind the listener of ws, so that a frame which completes the greeting lifts the limit first.
    raw?.on('data', check);
    return lift;
  }

  #onMessage(data: Buffer, isBinary: boolean): void {
    if (this.#ended) return;
    if (!isBinary) {
      this.#counters.add('unreadable.WIRE_MALFORMED');
      this.close(CLOSE_UNSUPPORTED, 'WIRE_MALFORMED: text frames are not spoken here');
      return;
    }
    // A plain Uint8Array: `slice` of a Buffer is a view where everybody expects a copy.
    this.onFrame(new Uint8Array(data.buffer, data.byteOffset, data.length));
  }

  /** ws has closed the connection or is about to; the code of the table is for the counters and for people. */
  #onError(error: Error): void {
    const code = unreadableCode(error);
    if (code !== undefined && !this.#ended) this.#counters.add(`unreadable.${code}`);
    this.#end(code === undefined ? error.message : `${code}: ${error.message}`);
  }

  #watchRaw(raw: Socket): void {
    this.#raw = raw;
    // A process that is killed sends the end of the stream and no close frame. ws would wait for its own half to
    // drain first; a failover cannot. Before the listener of ws, which is the one to change the state.
    raw.prependListener('end', () => {
      if (this.isOpen) this.destroy('the other side went away');
    });
  }

  #end(why: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.onEnded(why);
  }
}

export function dialPeer(address: string, limits: PeerLimits, counters: Counters): PeerSocket {
  const options = {
    maxPayload: limits.maxFrameBytes,
    closeTimeout: limits.closeTimeoutMs,
    handshakeTimeout: limits.greetingTimeoutMs,
    perMessageDeflate: false,
    skipUTF8Validation: true,
    // The mask protects proxies from what browsers can be made to send. Between our own processes an all-zero one
    // saves a copy and a pass over every payload on both sides.
    generateMask: (mask: Buffer) => {
      mask.fill(0);
    },
  };
  return new PeerSocket(new WebSocket(peerUrl(address), [PEER_SUBPROTOCOL], options), counters);
}

/** @throws TypeError when `address` is not `host:port`. */
export function peerUrl(address: string): string {
  return new URL(`ws://${address}${PEER_PATH}`).href;
}

function describeClose(code: number, reason: Buffer): string {
  if (code === 1006) return 'the connection was lost';
  if (code === CLOSE_GOING_AWAY) return 'the other side stops';
  const text = printable(reason.toString('utf8'));
  return text === '' ? `closed with code ${code}` : text;
}
