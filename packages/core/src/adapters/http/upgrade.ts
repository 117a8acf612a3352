/**
 * An HTTP request that wants to become a WebSocket: the type of those who take one, and how one is refused. A
 * refusal is a whole HTTP answer in JSON, because the other side is not a WebSocket yet and may be a person.
 */
import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { errorBody, SECURITY_HEADERS } from './answer.ts';

export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** Answers with a status and closes the connection. */
export function refuseUpgrade(socket: Duplex, status: number, message: string): void {
  const body = errorBody(status, message);
  const headers = {
    ...SECURITY_HEADERS,
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': String(Buffer.byteLength(body)),
    Connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  // A client that goes away before its refusal has been written is no event for this node.
  socket.on('error', () => socket.destroy());
  socket.once('finish', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Refused'}\r\n${lines.join('')}\r\n${body}`);
}

/** True when the request offers the sub-protocol by exactly this name. */
export function offersSubprotocol(request: IncomingMessage, name: string): boolean {
  const offered = request.headers['sec-websocket-protocol'] ?? '';
  return offered.split(',').some((each) => each.trim() === name);
}

/** `address:port` of the other side, for messages to people. */
export function remoteOf(request: IncomingMessage): string {
  const { remoteAddress, remotePort } = request.socket;
  if (remoteAddress === undefined) return 'unknown';
  return remoteAddress.includes(':')
    ? `[${remoteAddress}]:${remotePort ?? 0}`
    : `${remoteAddress}:${remotePort ?? 0}`;
}
