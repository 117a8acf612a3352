/**
 * Options of a client and of a call: defaults, bounds, and the check that turns options into settings.
 * A wrong option is ARGUMENT at once, with its name, its value and what would be right.
 */
import { QuorateError, type ReadConsistency } from '@quorate/wire';
import { type ClientClock, systemClock } from './clock.ts';
import { type EndpointsInput, parseEndpoints } from './endpoints.ts';

export type ClientOptions = {
  /** `quorate://a:1,b:2,c:3`, a comma list, or a list. One node of the cluster is enough to find the others. */
  readonly endpoints: EndpointsInput;
  /** How long a call may take, unless the call says otherwise. Default 5000. */
  readonly timeoutMs?: number | undefined;
  /** How long a call waits while no endpoint can be reached, before CANNOT_CONNECT. Default 2000. */
  readonly connectTimeoutMs?: number | undefined;
  /** One attempt to reach one node, up to its welcome. Default 1000. */
  readonly dialTimeoutMs?: number | undefined;
  /** A node that owes answers and says nothing, not even to a ping, for this long is given up. Default 2000. */
  readonly silenceTimeoutMs?: number | undefined;
  /** How long `close()` waits for calls in flight. Default 5000. */
  readonly closeTimeoutMs?: number | undefined;
  /** Commands sent and not answered. Default 1024, at most 4096, the window that a node keeps for a session. */
  readonly maxInFlight?: number | undefined;
  /** Bytes of commands sent and not answered; one larger command may go alone. Default 16 MiB. */
  readonly maxInFlightBytes?: number | undefined;
  /** Commands that wait for a place in flight; beyond it OVERLOADED, not executed. Default 16384. */
  readonly maxQueued?: number | undefined;
  /** Bytes of commands that wait or are in flight; beyond it OVERLOADED, not executed. Default 64 MiB. */
  readonly maxPendingBytes?: number | undefined;
  /** The largest frame that a node may send us. Default 64 MiB. */
  readonly maxFrameBytes?: number | undefined;
  /** Go to the leader and stay with it. Default true; false: use the first endpoint that answers. */
  readonly followLeader?: boolean | undefined;
  /** Leader hints followed in a row, and redirects of one command. Default 3; 0 is `followLeader: false`. */
  readonly maxRedirects?: number | undefined;
  /**
   * Let a node that does not lead forward our commands. When following, this is used only while the leader cannot
   * be reached from here. False: NOT_LEADER with the leader's address is surfaced instead. Default true.
   */
  readonly forward?: boolean | undefined;
  /** First delay of the exponential back-off. Default 10. */
  readonly backoffMinMs?: number | undefined;
  /** Longest delay of the back-off. Default 250. */
  readonly backoffMaxMs?: number | undefined;
  /** Shown by the nodes, for people. At most 256 bytes. Default `quorate-client`. */
  readonly clientName?: string | undefined;
  /**
   * Mask frames with a random key as browsers must. Default false: an all-zero key, which is valid and much
   * cheaper. Switch it on where a proxy that guesses at content stands in between.
   */
  readonly randomMask?: boolean | undefined;
  /** Source of jitter, from 0 to below 1. Default `Math.random`. */
  readonly random?: (() => number) | undefined;
  /** Default: the system's clock. */
  readonly clock?: ClientClock | undefined;
};

export type CallOptions = {
  /** Gives the call up with ABORTED. What was sent may still take effect: see the error's `outcome`. */
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
};

export type ReadOptions = CallOptions & {
  /** Default `linearizable`. `stale` is answered by any node from what it has applied. */
  readonly consistency?: ReadConsistency | undefined;
};

/** Naming a `consistency` says that the command is a read; a node refuses a write that comes this way. */
export type ExecOptions = ReadOptions;

/** Sequences above the lowest open one that a node remembers for a session. */
export const SESSION_WINDOW_COMMANDS = 4096;

const MAX_TIMER_MS = 2 ** 31 - 1;
const MIB = 2 ** 20;

type NumberName =
  | 'timeoutMs'
  | 'connectTimeoutMs'
  | 'dialTimeoutMs'
  | 'silenceTimeoutMs'
  | 'closeTimeoutMs'
  | 'maxInFlight'
  | 'maxInFlightBytes'
  | 'maxQueued'
  | 'maxPendingBytes'
  | 'maxFrameBytes'
  | 'maxRedirects'
  | 'backoffMinMs'
  | 'backoffMaxMs';

/** Default, lowest and highest value; all are integers. */
type Range = readonly [preset: number, min: number, max: number];

const NUMBERS: Readonly<Record<NumberName, Range>> = {
  timeoutMs: [5000, 1, MAX_TIMER_MS],
  connectTimeoutMs: [2000, 1, MAX_TIMER_MS],
  dialTimeoutMs: [1000, 1, MAX_TIMER_MS],
  silenceTimeoutMs: [2000, 2, MAX_TIMER_MS],
  closeTimeoutMs: [5000, 0, MAX_TIMER_MS],
  maxInFlight: [1024, 1, SESSION_WINDOW_COMMANDS],
  maxInFlightBytes: [16 * MIB, 1, 2 ** 31],
  maxQueued: [16_384, 0, 2 ** 20],
  maxPendingBytes: [64 * MIB, 1, 2 ** 36],
  maxFrameBytes: [64 * MIB, 1024, 2 ** 31 - 1],
  maxRedirects: [3, 0, 100],
  backoffMinMs: [10, 1, MAX_TIMER_MS],
  backoffMaxMs: [250, 1, MAX_TIMER_MS],
};

export type ClientSettings = Readonly<Record<NumberName, number>> & {
  readonly endpoints: readonly string[];
  readonly followLeader: boolean;
  readonly forward: boolean;
  readonly clientName: string;
  readonly randomMask: boolean;
  readonly random: () => number;
  readonly clock: ClientClock;
};

/** @throws ARGUMENT */
export function readOptions(options: ClientOptions): ClientSettings {
  const known = new Set([
    ...Object.keys(NUMBERS),
    'endpoints',
    'followLeader',
    'forward',
    'clientName',
    'randomMask',
    'random',
    'clock',
  ]);
  for (const name of Object.keys(options)) {
    if (!known.has(name)) throw new QuorateError('ARGUMENT', `unknown client option "${name}"`);
  }
  const numbers = Object.fromEntries(
    (Object.keys(NUMBERS) as NumberName[]).map((name) => [
      name,
      readInteger(name, options[name], NUMBERS[name]),
    ]),
  ) as Record<NumberName, number>;
  const clientName = options.clientName ?? 'quorate-client';
  if (Buffer.byteLength(clientName) > 256)
    throw new QuorateError('ARGUMENT', 'clientName is over its limit of 256 bytes');
  return {
    ...numbers,
    backoffMaxMs: Math.max(numbers.backoffMaxMs, numbers.backoffMinMs),
    endpoints: parseEndpoints(options.endpoints),
    followLeader: (options.followLeader ?? true) && numbers.maxRedirects > 0,
    forward: options.forward ?? true,
    clientName,
    randomMask: options.randomMask ?? false,
    random: options.random ?? Math.random,
    clock: options.clock ?? systemClock,
  };
}

/** The time a call may take, in ms. @throws ARGUMENT */
export function callTimeoutMs(given: number | undefined, settings: ClientSettings): number {
  return given === undefined ? settings.timeoutMs : readInteger('timeoutMs', given, NUMBERS.timeoutMs);
}

function readInteger(name: string, given: number | undefined, [preset, min, max]: Range): number {
  if (given === undefined) return preset;
  if (Number.isInteger(given) && given >= min && given <= max) return given;
  throw new QuorateError(
    'ARGUMENT',
    `${name} must be an integer from ${min} to ${max}, not ${String(given)}`,
    {
      details: { option: name },
    },
  );
}
