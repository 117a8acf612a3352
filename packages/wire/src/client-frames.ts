/**
 * Frames between a client and a node (WebSocket path `/client`, sub-protocol `quorate.client.v1`). One
 * WebSocket message is one frame. The order is: client `hello`, node `welcome`, then requests and responses.
 *
 * A request carries many commands that were issued in the same turn of the client's event loop. Every command
 * of a client has its own `sequence`, rising for the life of the client object over all connections, so a retry
 * is the same sequence again and an answer names the sequence it belongs to.
 *
 * This file has the types; `client-frame-codec.ts`, `node-frame-codec.ts` and `answer-codec.ts` have the bytes.
 * Decoders are total: they give a frame or throw `WIRE_MALFORMED`, and allocate in proportion to the input.
 * Byte strings in decoded frames are views into the input.
 */
import type { CommandInput } from './command.ts';
import type { ErrorCode, ErrorDetails, Outcome } from './errors.ts';
import type { Result } from './result.ts';

export const CLIENT_SUBPROTOCOL = 'quorate.client.v1';
export const CLIENT_PATH = '/client';
/** Versions of this file's format that this build can speak, inclusive. */
export const CLIENT_WIRE_VERSIONS = { min: 1, max: 2 } as const;
/** Commands in one request frame. */
export const MAX_REQUEST_COMMANDS = 4096;

/** How a read may be answered. */
export type ReadConsistency = 'linearizable' | 'stale';

export type ClientFrame =
  | {
      readonly kind: 'hello';
      readonly versionMin: number;
      readonly versionMax: number;
      readonly clientName: string;
    }
  | {
      readonly kind: 'request';
      /** 0: no session. Then only reads are served; a write is refused with ARGUMENT. */
      readonly session: number;
      /** Every sequence up to this one has been answered or given up; its result need not be kept. */
      readonly ackSequence: number;
      readonly consistency: ReadConsistency;
      /** True: a node that does not lead answers NOT_LEADER with a hint instead of forwarding. */
      readonly noForward: boolean;
      /** Milliseconds that the client will still wait; a node may drop what it has not proposed by then. */
      readonly timeoutMs: number;
      /** Ascending by sequence, at most MAX_REQUEST_COMMANDS. */
      readonly commands: readonly RequestCommand[];
    }
  | {
      readonly kind: 'open-session';
      readonly sequence: number;
      readonly timeoutMs: number;
      readonly noForward: boolean;
    }
  | { readonly kind: 'close-session'; readonly sequence: number; readonly session: number };

export type RequestCommand = { readonly sequence: number; readonly input: CommandInput };

export type NodeFrame =
  | {
      readonly kind: 'welcome';
      readonly version: number;
      readonly clusterId: string;
      readonly node: number;
      readonly backend: string;
      /** Client-facing addresses by node id order: `host:port`. */
      readonly addrs: readonly string[];
      /** Node id of the leader as this node knows it; 0 when it knows none. */
      readonly leader: number;
      readonly maxCommandBytes: number;
    }
  | { readonly kind: 'responses'; readonly answers: readonly Answer[] }
  /** Sent when this node's idea of the leader changes. */
  | { readonly kind: 'leader'; readonly leader: number }
  /** The node is about to close the connection, and why. */
  | { readonly kind: 'goodbye'; readonly code: ErrorCode; readonly message: string };

export type Answer =
  /** `slot` is the log position that the answer reflects: for a write its own, for a read the one it saw. */
  | { readonly sequence: number; readonly kind: 'result'; readonly slot: number; readonly result: Result }
  /**
   * A result whose value is the bytes of the command's argument list from `start` up to, not including, `end`. From version 2
   * on, and only for commands that were sent as arguments.
   */
  | {
      readonly sequence: number;
      readonly kind: 'echo';
      readonly slot: number;
      readonly start: number;
      readonly end: number;
    }
  | { readonly sequence: number; readonly kind: 'session'; readonly session: number }
  | {
      readonly sequence: number;
      readonly kind: 'error';
      readonly code: ErrorCode;
      readonly outcome: Outcome;
      readonly message: string;
      readonly details: ErrorDetails;
    };
