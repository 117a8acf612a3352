/**
 * Bounds of the runtime: every queue, wait and frame, with unit and default. What happens at a bound is an error
 * with a code (docs/errors.md), never a silent loss.
 */
import { DEFAULT_LIMITS, type ProtocolLimits } from '../protocol/types.ts';

export type RuntimeLimits = {
  readonly protocol: ProtocolLimits;
  /** One command's encoded bytes; a longer one is refused with TOO_LARGE. */
  readonly maxCommandBytes: number;
  /** A slot's batch is cut at this size; one command always fits. */
  readonly maxBatchBytes: number;
  /** Commands that wait to be proposed, in bytes; beyond it OVERLOADED. */
  readonly maxQueuedBytes: number;
  /** Slots proposed and not chosen while further commands gather into the next batch. */
  readonly pipelineSlots: number;
  /** Values that wait for the journal to flush them; beyond it a leader proposes none and a follower takes none. */
  readonly maxUnflushedBytes: number;
  /** Chosen slots that wait for the backend; a leader beyond it admits nothing (OVERLOADED). */
  readonly maxUnappliedSlots: number;
  /** Linearizable reads that wait at this node; beyond it OVERLOADED. */
  readonly maxWaitingReads: number;
  /** Requests forwarded to the leader and not answered; beyond it OVERLOADED. */
  readonly maxForwards: number;
  /** A peer frame longer than this is refused; must hold a page and a largest batch. */
  readonly maxPeerFrameBytes: number;
  /** Messages gathered for one peer are sent as a frame when they reach this size, without waiting for the turn's end. */
  readonly targetFrameBytes: number;
  /** Commands that the backend prepares at the same time; more wait, and count towards maxQueuedBytes. */
  readonly maxPreparing: number;
  /** From a command's arrival until it is prepared; BACKEND_UNAVAILABLE after it, and it is not executed. */
  readonly prepareTimeoutMs: number;
  /** A backend's answer to reads; BACKEND_UNAVAILABLE after it, and applying goes on without waiting for it. */
  readonly queryTimeoutMs: number;
  /** Time between two looks at a durable backend: flush and health. */
  readonly backendCheckMs: number;
  /** A look that takes longer is reported as trouble; the next one waits for it. */
  readonly backendAnswerMs: number;
  /** First and longest wait before a backend in trouble is asked again. */
  readonly backendRetryMs: { readonly first: number; readonly longest: number };
  /** A replay reads the journal in pages of this size and lets the event loop run between two of them. */
  readonly replayPageBytes: number;
};

export const DEFAULT_RUNTIME_LIMITS: RuntimeLimits = {
  protocol: DEFAULT_LIMITS,
  maxCommandBytes: 1024 * 1024,
  maxBatchBytes: 256 * 1024,
  maxQueuedBytes: 64 * 1024 * 1024,
  pipelineSlots: 2,
  maxUnflushedBytes: 64 * 1024 * 1024,
  maxUnappliedSlots: 1024,
  maxWaitingReads: 65_536,
  maxForwards: 16_384,
  maxPeerFrameBytes: 16 * 1024 * 1024,
  targetFrameBytes: 1024 * 1024,
  maxPreparing: 256,
  prepareTimeoutMs: 5000,
  queryTimeoutMs: 5000,
  backendCheckMs: 1000,
  backendAnswerMs: 5000,
  backendRetryMs: { first: 50, longest: 5000 },
  replayPageBytes: 1024 * 1024,
};
