/**
 * Connections from clients as the runtime sees them: whole frames in, whole frames out. What the frames say is the
 * runtime's business (`@quorate/wire`, client-frames.ts); the listener only bounds and carries them.
 */
export interface ClientConnection {
  /** Unique during this incarnation of the node, rising from 1. */
  readonly id: number;
  /** Address of the other side, for messages to people. */
  readonly remote: string;
  /** Bytes given to `send` that the operating system has not taken yet. */
  readonly queuedBytes: number;
  /** Queues a frame; it is not changed afterwards. A client that does not read is disconnected at its bound. */
  send(frame: Uint8Array): void;
  /** Sends a last frame if one is given, then closes. `reason` is for people; at most 100 characters. */
  close(reason: string, lastFrame?: Uint8Array): void;
}

export type ClientHandlers = {
  onOpen(connection: ClientConnection): void;
  /** `frame` is only valid during the call: copy what must outlive it. */
  onFrame(connection: ClientConnection, frame: Uint8Array): void;
  /** Once per connection; nothing can be sent any more. */
  onClose(connection: ClientConnection): void;
};

export interface ClientListener {
  start(handlers: ClientHandlers): void;
  /** Stops accepting; open connections stay. */
  stopAccepting(): void;
  close(): Promise<void>;
}
