/**
 * The seam between a session and what it talks to. A session speaks the PostgreSQL protocol through the client of `pg`;
 * the bytes go to a server over a socket, or to the embedded one through a stream like a socket.
 */
import type { Duplex } from 'node:stream';

/** Settings by name. */
export type SessionSettings = Readonly<Record<string, string>>;

export type EmbeddedServer = {
  /** The sessions take turns, a transaction each. @throws BackendUnavailable when the server does not run */
  connect(settings: SessionSettings): Promise<Duplex>;
};

/** Where sessions of one backend lead. */
export type ServerLink = { readonly url: string } | { readonly embedded: EmbeddedServer };
