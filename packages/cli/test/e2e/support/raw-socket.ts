/**
 * A WebSocket made by hand, for saying what no proper client would: wrong lengths, half frames, text, noise. Reads
 * what comes back just well enough to tell binary messages and the closing frame.
 */
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';

/** How the other side ended the connection; `code` is 0 when there was no closing frame. */
export type Ended = { readonly code: number; readonly reason: string };

const BINARY = 0x2;
const TEXT = 0x1;
const CLOSE = 0x8;
const FINAL = 0x80;
const MASKED = 0x80;
const END_TIMEOUT_MS = 10_000;
const HEADER_END = '\r\n\r\n';

export class RawSocket {
  /** Payloads of the binary messages that came, in their order. */
  readonly messages: Buffer[] = [];
  readonly #socket: Socket;
  readonly #ended: Promise<Ended>;
  /** What has come and is not understood yet. */
  #chunks: Buffer[] = [];
  #receivedBytes = 0;
  /** Nothing can be understood before so much has come. Large messages are put together once, not at each chunk. */
  #wantedBytes = 0;
  #isUpgraded = false;
  #closing: Ended = { code: 0, reason: '' };

  private constructor(addr: string) {
    const [host, port] = addr.split(':');
    this.#socket = connect({ host: host ?? '', port: Number(port) });
    this.#ended = new Promise((resolve) => this.#socket.on('close', () => resolve(this.#closing)));
    // Being cut off is what these sockets are for; `ended` tells of it.
    this.#socket.on('error', () => undefined);
    this.#socket.on('data', (chunk: Buffer) => this.#take(chunk));
  }

  /** A TCP connection on which nothing was said yet. */
  static open(addr: string): RawSocket {
    return new RawSocket(addr);
  }

  /** Asks for the upgrade; frames may be sent at once, they wait their turn behind it. */
  static upgrade(addr: string, path: string, subprotocol: string): RawSocket {
    const raw = new RawSocket(addr);
    const key = randomBytes(16).toString('base64');
    raw.write(
      `GET ${path} HTTP/1.1\r\nHost: ${addr}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Protocol: ${subprotocol}${HEADER_END}`,
    );
    return raw;
  }

  /** Waits until the other side has closed the connection. @throws when it does not in time */
  ended(): Promise<Ended> {
    const late = new Promise<never>((_, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`the connection was not closed within ${END_TIMEOUT_MS} ms`)),
        END_TIMEOUT_MS,
      );
      void this.#ended.then(() => clearTimeout(timer));
    });
    return Promise.race([this.#ended, late]);
  }

  /** Whatever has come and was no frame, as text. */
  get text(): string {
    return Buffer.concat(this.#chunks).toString('latin1');
  }

  binary(payload: Uint8Array): void {
    this.write(Buffer.concat([header(BINARY, payload.length), payload]));
  }

  textFrame(text: string): void {
    this.write(Buffer.concat([header(TEXT, Buffer.byteLength(text)), Buffer.from(text)]));
  }

  /** Announces a message of `length` bytes and sends none of them. */
  announce(length: number): void {
    this.write(header(BINARY, length));
  }

  write(bytes: string | Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** Leaves without a word, perhaps in the middle of one. */
  leave(): void {
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#receivedBytes += chunk.length;
    if (this.#receivedBytes < this.#wantedBytes) return;
    let bytes = Buffer.concat(this.#chunks);
    if (!this.#isUpgraded) {
      const end = bytes.indexOf(HEADER_END);
      this.#isUpgraded = end >= 0 && bytes.toString('latin1', 0, end).startsWith('HTTP/1.1 101 ');
      if (!this.#isUpgraded) return;
      bytes = bytes.subarray(end + HEADER_END.length);
    }
    for (;;) {
      const frame = frameAt(bytes);
      this.#wantedBytes = frame.end;
      if (frame.end > bytes.length) break;
      const payload = bytes.subarray(frame.start, frame.end);
      bytes = bytes.subarray(frame.end);
      if (frame.opcode === BINARY) this.messages.push(payload);
      if (frame.opcode === CLOSE) this.#onClose(payload);
    }
    this.#chunks = [bytes];
    this.#receivedBytes = bytes.length;
  }

  /** Answers the closing frame, as the protocol wants it. */
  #onClose(payload: Buffer): void {
    this.#closing = { code: payload.readUInt16BE(0), reason: payload.toString('utf8', 2) };
    this.#socket.end(Buffer.concat([header(CLOSE, 2), payload.subarray(0, 2)]));
  }
}

/** Masked with zeroes, so that the payload can follow as it is. */
function header(opcode: number, length: number): Buffer {
  const bytes = Buffer.alloc(14);
  bytes[0] = FINAL | opcode;
  bytes[1] = MASKED | 127;
  bytes.writeBigUInt64BE(BigInt(length), 2);
  return bytes;
}

type Frame = { readonly opcode: number; readonly start: number; readonly end: number };

const SHORTEST_HEADER_BYTES = 2;

/** Where the first frame ends; while its header is not whole, where the header does at the earliest. */
function frameAt(bytes: Buffer): Frame {
  if (bytes.length < SHORTEST_HEADER_BYTES) return { opcode: 0, start: 0, end: SHORTEST_HEADER_BYTES };
  // A server's frames are not masked.
  const short = bytes[1] ?? 0;
  const start = SHORTEST_HEADER_BYTES + (short === 127 ? 8 : short === 126 ? 2 : 0);
  if (bytes.length < start) return { opcode: 0, start, end: start };
  const length =
    short === 127 ? Number(bytes.readBigUInt64BE(2)) : short === 126 ? bytes.readUInt16BE(2) : short;
  return { opcode: (bytes[0] ?? 0) & 0x0f, start, end: start + length };
}
