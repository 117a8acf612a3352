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
  /** Settles when the other side has closed the connection. @throws when it does not in time */
  readonly ended: Promise<Ended>;
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #isUpgraded = false;
  #closing: Ended = { code: 0, reason: '' };

  private constructor(addr: string) {
    const [host, port] = addr.split(':');
    this.#socket = connect({ host: host ?? '', port: Number(port) });
    this.ended = new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#socket.destroy();
        reject(new Error(`${addr} did not close the connection within ${END_TIMEOUT_MS} ms`));
      }, END_TIMEOUT_MS);
      this.#socket.on('close', () => {
        clearTimeout(timer);
        resolve(this.#closing);
      });
    });
    // Whoever does not ask how it ended does not want to hear that it did not.
    this.ended.catch(() => undefined);
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

  /** Whatever has come so far, as text: for answers that are not frames. */
  get text(): string {
    return this.#received.toString('latin1');
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
    this.#received = Buffer.concat([this.#received, chunk]);
    if (!this.#isUpgraded) {
      const end = this.#received.indexOf(HEADER_END);
      if (end < 0 || !this.text.startsWith('HTTP/1.1 101 ')) return;
      this.#isUpgraded = true;
      this.#received = this.#received.subarray(end + HEADER_END.length);
    }
    for (let frame = nextFrame(this.#received); frame !== undefined; frame = nextFrame(this.#received)) {
      this.#received = this.#received.subarray(frame.end);
      if (frame.opcode === BINARY) this.messages.push(frame.payload);
      if (frame.opcode === CLOSE) this.#onClose(frame.payload);
    }
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

type Frame = { readonly opcode: number; readonly payload: Buffer; readonly end: number };

/** Undefined until a whole frame is there. A server's frames are not masked. */
function nextFrame(bytes: Buffer): Frame | undefined {
  if (bytes.length < 2) return undefined;
  const short = (bytes[1] ?? 0) & 0x7f;
  const lengthBytes = short === 127 ? 8 : short === 126 ? 2 : 0;
  if (bytes.length < 2 + lengthBytes) return undefined;
  const length =
    short === 127 ? Number(bytes.readBigUInt64BE(2)) : short === 126 ? bytes.readUInt16BE(2) : short;
  const start = 2 + lengthBytes;
  if (bytes.length < start + length) return undefined;
  return {
    opcode: (bytes[0] ?? 0) & 0x0f,
    payload: bytes.subarray(start, start + length),
    end: start + length,
  };
}
