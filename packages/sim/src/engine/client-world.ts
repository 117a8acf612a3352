/** What a simulated client knows of the world around it, and whom it tells what it learns. */
import type { NodeId, Random } from '@quorate/core/protocol';
import type { Answer, Result } from '@quorate/wire';
import type { Scheduler } from '../world/scheduler.ts';
import type { ClientLink, ClientNetwork } from './client-links.ts';
import type { EngineCoverageKind } from './coverage.ts';
import type { Operation, Request } from './operation.ts';
import type { EngineProfile } from './profile.ts';
import type { Report } from './witness.ts';

export interface ClientWorld {
  readonly seed: number;
  readonly profile: EngineProfile;
  readonly nodes: readonly NodeId[];
  readonly scheduler: Scheduler;
  readonly network: ClientNetwork;
  readonly report: Report;
  hit(kind: EngineCoverageKind): void;
  /** For the trace; undefined when nobody looks. */
  readonly note: ((text: string) => void) | undefined;
  nextRequestId(): number;
  draw(random: Random): Operation | undefined;
  /** Highest slot that anybody has learned. */
  highestLearned(): number;
  onDial(link: ClientLink): void;
  /** A write is about to be sent under its session. */
  onAttempt(request: Request): void;
  onResult(request: Request, slot: number, result: Result): void;
  onRefusal(request: Request, answer: Extract<Answer, { kind: 'error' }>): void;
  onEnd(request: Request): void;
}
