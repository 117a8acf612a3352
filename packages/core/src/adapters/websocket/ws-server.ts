/** The settings of everything that accepts WebSockets here, of peers and of clients. */
import { WebSocketServer } from 'ws';

export type AcceptingLimits = {
  /** Longer frames end their connection, in bytes. */
  readonly maxFrameBytes: number;
  /** For the closing handshake. */
  readonly closeTimeoutMs: number;
};

/** Turns upgrades into WebSockets of one subprotocol; listens to nothing by itself. */
export function createWebSocketServer(
  { maxFrameBytes, closeTimeoutMs }: AcceptingLimits,
  subprotocol: string,
): WebSocketServer {
  const options = {
    noServer: true,
    clientTracking: false,
    maxPayload: maxFrameBytes,
    closeTimeout: closeTimeoutMs,
    perMessageDeflate: false,
    skipUTF8Validation: true,
    handleProtocols: () => subprotocol,
  };
  return new WebSocketServer(options);
}
