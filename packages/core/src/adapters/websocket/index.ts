/** The WebSocket adapters: links between nodes and connections from clients. Re-exports only. */
export type { Admission, LocalIdentity, Refusal } from './admission.ts';
export {
  type ClientListenerOptions,
  createClientListener,
  type WebSocketClientListener,
} from './client-listener.ts';
export { PEER_PATH, PEER_SUBPROTOCOL } from './hello.ts';
export {
  type ClientLimits,
  DEFAULT_CLIENT_LIMITS,
  DEFAULT_PEER_LIMITS,
  MAX_CLIENT_FRAME_BYTES,
  MAX_PEER_FRAME_BYTES,
  type PeerLimits,
} from './limits.ts';
export {
  createWebSocketTransport,
  type PeerAddress,
  type PeerLinkStatus,
  type WebSocketTransport,
  type WebSocketTransportOptions,
} from './transport.ts';
