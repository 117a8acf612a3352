/**
 * One connection from a client: its bounds, its time-outs and its end. Frames come in whole, are handed on, and
 * stop for good when either side closes. `onClose` of the runtime is never called from inside `send` or `close`.
 */
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import type { ClientConnection, ClientHandlers } from '../../ports/client-listener.ts';
import type { Clock, Timer } from '../../ports/clock.ts';
import {
  CLOSE_GOING_AWAY,
  CLOSE_NORMAL,
  CLOSE_POLICY,
  CLOSE_UNSUPPORTED,
  closeReason,
  printable,
} from './close-codes.ts';
import type { Counters } from './counters.ts';
import type { ClientLimits } from './limits.ts';
import { SILENT_CHECKS, SilenceMeter } from './silence.ts';
import { unreadableCode } from './ws-errors.ts';

export type ClientSocketOptions = {
  readonly id: number;
  readonly remote: string;
  readonly ws: WebSocket;
  readonly raw: Socket;
  readonly clock: Clock;
  readonly limits: ClientLimits;
  readonly counters: Counters;
  readonly handlers: ClientHandlers;
};

export class ClientSocket implements ClientConnection {
  readonly id: number;
  readonly remote: string;
  /** Once, when the socket is closed on both sides or destroyed; `why` is for people. */
  onGone: (why: string) => void = () => undefined;

  readonly #ws: WebSocket;
  readonly #raw: Socket;
  readonly #limits: ClientLimits;
  readonly #counters: Counters;
  readonly #handlers: ClientHandlers;
  readonly #silence = new SilenceMeter();
  #helloTimer: Timer | undefined;
  /** Set by whoever ends the connection first; from then on nothing goes in or out. */
  #endedBecause: string | undefined;

  constructor(options: ClientSocketOptions) {
    this.id = options.id;
    this.remote = options.remote;
    this.#ws = options.ws;
    this.#raw = options.raw;
    this.#limits = options.limits;
    this.#counters = options.counters;
    this.#handlers = options.handlers;
    this.#helloTimer = options.clock.after(options.limits.helloTimeoutMs, () => this.#onNoHello());
    this.#ws.on('message', (data: Buffer, isBinary: boolean) => this.#onMessage(data, isBinary));
    this.#ws.on('error', (error) => this.#onError(error));
    this.#ws.on('close', (code, reason) => this.#onGone(code, reason));
  }

  get queuedBytes(): number {
    return this.#ws.bufferedAmount;
  }

  send(frame: Uint8Array): void {
    if (this.#endedBecause !== undefined || this.#ws.readyState !== WebSocket.OPEN) return;
    if (this.#ws.bufferedAmount + frame.length > this.#limits.maxOutboundBytes) {
      // A close frame would only wait behind what the client does not read.
      this.#counters.add('slowReaders');
      this.#destroy(`the client left ${this.#ws.bufferedAmount} bytes unread`);
      return;
    }
    this.#counters.add('framesOut');
    this.#counters.add('bytesOut', frame.length);
    this.#ws.send(frame);
  }

  close(reason: string, lastFrame?: Uint8Array): void {
    if (lastFrame !== undefined) this.send(lastFrame);
    this.#close(CLOSE_NORMAL, reason);
  }

  /** The node stops. */
  goAway(): void {
    this.#close(CLOSE_GOING_AWAY, 'this node stops');
  }

  checkSilence(): void {
    if (this.#endedBecause !== undefined) return;
    if (this.#silence.check(this.#raw.bytesRead) >= SILENT_CHECKS) {
      this.#counters.add('idleTimeouts');
      this.#destroy('nothing arrived for too long');
    } else {
      this.#ws.ping();
    }
  }

  #onMessage(data: Buffer, isBinary: boolean): void {
    if (this.#endedBecause !== undefined) return;
    if (!isBinary) {
      this.#counters.add('unreadable.WIRE_MALFORMED');
      return this.#close(CLOSE_UNSUPPORTED, 'WIRE_MALFORMED: text frames are not spoken here');
    }
    this.#helloTimer?.cancel();
    this.#helloTimer = undefined;
    this.#counters.add('framesIn');
    this.#counters.add('bytesIn', data.length);
    // A plain Uint8Array: `slice` of a Buffer is a view where everybody expects a copy.
    this.#handlers.onFrame(this, new Uint8Array(data.buffer, data.byteOffset, data.length));
  }

  #onNoHello(): void {
    this.#counters.add('helloTimeouts');
    this.#close(CLOSE_POLICY, `no frame within ${this.#limits.helloTimeoutMs} ms`);
  }

  #onError(error: Error): void {
    const code = unreadableCode(error);
    if (code !== undefined && this.#endedBecause === undefined) this.#counters.add(`unreadable.${code}`);
    this.#endedBecause ??= code === undefined ? error.message : `${code}: ${error.message}`;
  }

  #onGone(code: number, reason: Buffer): void {
    this.#helloTimer?.cancel();
    this.#endedBecause ??= code === 1006 ? 'the connection was lost' : printable(reason.toString('utf8'));
    this.onGone(this.#endedBecause);
  }

  #close(code: number, reason: string): void {
    if (this.#endedBecause !== undefined) return;
    this.#endedBecause = reason;
    this.#ws.close(code, closeReason(reason));
  }

  #destroy(why: string): void {
    this.#endedBecause = why;
    this.#ws.terminate();
  }
}
