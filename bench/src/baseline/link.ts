/**
 * The links of the baseline: `ws` with everything turned off that costs time. The three messages are as small as
 * they can be, for there is no protocol: a client's commands are records of one fixed size, a batch is a number and
 * the records, an acknowledgement is the number of the last durable batch, an answer is a count.
 */
import { WebSocket, WebSocketServer } from 'ws';

const MAX_MESSAGE_BYTES = 64 << 20;
const OPTIONS = {
  perMessageDeflate: false,
  skipUTF8Validation: true,
  maxPayload: MAX_MESSAGE_BYTES,
} as const;

export function listen(port: number, onConnection: (socket: WebSocket) => void): WebSocketServer {
  const server = new WebSocketServer({ ...OPTIONS, host: '127.0.0.1', port });
  server.on('connection', (socket) => onConnection(socket));
  return server;
}

/** Resolves when the link is open. The mask is all zero: it protects proxies, and there is none. */
export function dial(port: number): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}`, { ...OPTIONS, generateMask: () => undefined });
    socket.once('open', () => resolve(socket));
    socket.once('error', reject);
  });
}

export function encodeNumber(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/** `ws` is left at its default `nodebuffer`, so a message is one Buffer. */
export function asBuffer(data: unknown): Buffer {
  if (!Buffer.isBuffer(data)) throw new TypeError('expected one Buffer per message');
  return data;
}
