/**
 * One connection to a gRPC server on which many unary calls of one method are in flight. Calls issued in the same
 * turn of the event loop leave in one write.
 *
 * A call is answered well when a message came before the end of its stream: a gRPC server ends a failed unary call
 * with trailers alone. Everything else that could go wrong (reset streams, a closing server) ends the load, for a
 * benchmark that lost calls has no result.
 */
import { connect, type Socket } from 'node:net';
import {
  FLAG_ACK,
  FLAG_END_STREAM,
  FRAME,
  type Frame,
  FrameReader,
  firstHeaderBlock,
  frame,
  LATER_HEADER_BLOCK,
  opening,
  request,
  windowUpdate,
} from './http2.ts';

export type CallResult = 'answered' | 'failed';

const INITIAL_WINDOW_BYTES = 65_535;
/** Grant the server more room after this much; it began with nearly 2 GiB. */
const GRANT_EVERY_BYTES = 1 << 26;

type Call = { readonly onEnd: (result: CallResult) => void; hasMessage: boolean };

export class GrpcConnection {
  readonly #socket: Socket;
  readonly #reader = new FrameReader();
  readonly #calls = new Map<number, Call>();
  readonly #path: string;
  readonly #authority: string;
  #nextStream = 1;
  /** Bytes of request bodies that the server still lets us send. */
  #sendWindowBytes = INITIAL_WINDOW_BYTES;
  /** Calls that wait for room in the window; oldest first. At most as many as the load has in flight. */
  #waiting: { readonly body: Uint8Array; readonly call: Call }[] = [];
  #ungrantedBytes = 0;
  #flushDue = false;

  private constructor(socket: Socket, path: string, authority: string) {
    this.#socket = socket;
    this.#path = path;
    this.#authority = authority;
    socket.setNoDelay(true);
    socket.write(opening());
    socket.on('data', (chunk: Buffer) => this.#reader.feed(chunk, (received) => this.#onFrame(received)));
    socket.on('error', (error) => {
      throw error;
    });
  }

  static open(port: number, path: string): Promise<GrpcConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new GrpcConnection(socket, path, `127.0.0.1:${port}`));
      });
    });
  }

  /** `message` is a protocol buffer. */
  call(message: Uint8Array, onEnd: (result: CallResult) => void): void {
    const body = Buffer.allocUnsafe(5 + message.length);
    body[0] = 0; // Not compressed.
    body.writeUInt32BE(message.length, 1);
    body.set(message, 5);
    this.#waiting.push({ body, call: { onEnd, hasMessage: false } });
    if (this.#flushDue) return;
    if (this.#calls.size === 0) return this.#flush(); // Nothing to wait for: a lone call leaves at once.
    this.#flushDue = true;
    setImmediate(() => this.#flush());
  }

  close(): void {
    this.#socket.destroy();
  }

  #flush(): void {
    this.#flushDue = false;
    const out: Buffer[] = [];
    let sent = 0;
    for (const { body, call } of this.#waiting) {
      if (body.length > this.#sendWindowBytes) break;
      const block =
        this.#nextStream === 1 ? firstHeaderBlock(this.#path, this.#authority) : LATER_HEADER_BLOCK;
      out.push(...request(this.#nextStream, block, body));
      this.#calls.set(this.#nextStream, call);
      this.#nextStream += 2;
      this.#sendWindowBytes -= body.length;
      sent += 1;
    }
    this.#waiting = this.#waiting.slice(sent);
    if (out.length > 0) this.#socket.write(Buffer.concat(out));
  }

  #onFrame({ type, flags, stream, payload }: Frame): void {
    switch (type) {
      case FRAME.data:
        this.#onMessage(stream, payload.length);
        break;
      case FRAME.headers:
        break;
      case FRAME.settings:
        if ((flags & FLAG_ACK) === 0) this.#socket.write(frame(FRAME.settings, FLAG_ACK, 0, Buffer.alloc(0)));
        return;
      case FRAME.ping:
        if ((flags & FLAG_ACK) === 0) this.#socket.write(frame(FRAME.ping, FLAG_ACK, 0, payload));
        return;
      case FRAME.windowUpdate:
        if (stream === 0) this.#onRoom(payload.readUInt32BE(0));
        return;
      case FRAME.resetStream:
      case FRAME.goAway:
        throw new Error(
          `the server sent frame type ${type} on stream ${stream}: ${payload.toString('latin1')}`,
        );
      default:
        return; // HTTP/2 §4.1: frames of unknown types are ignored.
    }
    if ((flags & FLAG_END_STREAM) !== 0) this.#onEnd(stream);
  }

  #onMessage(stream: number, bytes: number): void {
    const call = this.#calls.get(stream);
    if (call !== undefined && bytes > 0) call.hasMessage = true;
    this.#ungrantedBytes += bytes;
    if (this.#ungrantedBytes < GRANT_EVERY_BYTES) return;
    this.#socket.write(windowUpdate(this.#ungrantedBytes));
    this.#ungrantedBytes = 0;
  }

  #onRoom(bytes: number): void {
    this.#sendWindowBytes += bytes;
    if (this.#waiting.length > 0) this.#flush();
  }

  #onEnd(stream: number): void {
    const call = this.#calls.get(stream);
    if (call === undefined) return;
    this.#calls.delete(stream);
    call.onEnd(call.hasMessage ? 'answered' : 'failed');
  }
}
