/**
 * What the chosen log means, said as simply as possible and without a line of the product's session table: which
 * commands of a slot execute, and at which log time. Forgets nothing.
 *
 * Leaves out the bounds on numbers and bytes of sessions, which no run of the simulator comes near.
 */
import type { Value } from '@quorate/core/protocol';
import { decodeBatch } from '@quorate/wire';

/** A session that no slot has mentioned for longer than this, in log time, is expired. */
const TTL_MS = 3_600_000;
/** Between the ids of the first sessions of two slots. */
const SESSIONS_PER_SLOT = 4096;

type OracleSession = { usedMs: number; ackSequence: number; isClosed: boolean };

/** A command that executes. `key` names session and sequence. */
export type Expected = { readonly key: string; readonly bytes: Uint8Array };

export class SessionOracle {
  readonly #sessions: Map<number, OracleSession> = new Map();
  readonly #executed: Set<string> = new Set();
  #logTimeMs = 0;

  /** Slots in order, each once. */
  feed(slot: number, value: Value): { readonly logTimeMs: number; readonly expected: readonly Expected[] } {
    if (value.kind === 'noop') return { logTimeMs: this.#logTimeMs, expected: [] };
    this.#logTimeMs = Math.max(this.#logTimeMs, value.stampMs);
    const expected: Expected[] = [];
    let opened = 0;
    for (const group of decodeBatch(value.bytes)) {
      if (group.kind === 'open') {
        const session = { usedMs: this.#logTimeMs, ackSequence: 0, isClosed: false };
        this.#sessions.set(slot * SESSIONS_PER_SLOT + opened++, session);
        continue;
      }
      const session = this.#liveSession(group.session);
      if (session === undefined) continue;
      session.usedMs = this.#logTimeMs;
      if (group.kind === 'close') {
        session.isClosed = true;
        continue;
      }
      session.ackSequence = Math.max(session.ackSequence, group.ackSequence);
      for (const { sequence, bytes } of group.commands) {
        const key = sessionKey(group.session, sequence);
        if (sequence <= session.ackSequence || this.#executed.has(key)) continue;
        this.#executed.add(key);
        expected.push({ key, bytes });
      }
    }
    return { logTimeMs: this.#logTimeMs, expected };
  }

  #liveSession(id: number): OracleSession | undefined {
    const session = this.#sessions.get(id);
    const isLive = session !== undefined && !session.isClosed && this.#logTimeMs - session.usedMs <= TTL_MS;
    return isLive ? session : undefined;
  }
}

export function sessionKey(session: number, sequence: number): string {
  return `${session}/${sequence}`;
}
