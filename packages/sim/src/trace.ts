/**
 * The run as text, one line per step or message, in fixed columns:
 *
 *    event      ms node role ballot   learned/applied  what
 *
 * `event` is the number that `--from` and `--until` take. Only built when somebody looks.
 */
import {
  describeBallot,
  describeInput,
  describeMessage,
  describeOutput,
  describeWrite,
  type ReplicaView,
} from '@quorate/core/protocol';
import type { SimEvent } from './sim-event.ts';
import type { World } from './world/world.ts';

export type TraceOptions = {
  /** Numbers of events, both included. */
  readonly fromEvent: number;
  readonly untilEvent: number;
  readonly write: (line: string) => void;
};

export function traceEvent(world: World, event: SimEvent, options: TraceOptions): void {
  const { events, nowMs } = world.scheduler;
  traceLine(events, nowMs, () => world.view(event.node), event, options);
}

export function traceLine(
  events: number,
  nowMs: number,
  viewNow: () => ReplicaView | undefined,
  event: SimEvent,
  options: TraceOptions,
): void {
  if (events < options.fromEvent || events > options.untilEvent) return;
  const view = viewNow();
  for (const what of lines(event)) {
    const role =
      view === undefined ? '-' : view.role === 'leader' ? 'L' : view.role === 'candidate' ? 'C' : 'F';
    const ballot = view === undefined ? '-' : describeBallot(view.ballot);
    const positions = view === undefined ? '-' : `${view.learnedSlot}/${view.appliedSlot}`;
    options.write(
      `${String(events).padStart(7)} ${nowMs.toFixed(2).padStart(10)} ${event.node} ${role} ${ballot.padEnd(6)} ${positions.padStart(11)}  ${what}`,
    );
  }
}

function lines(event: SimEvent): string[] {
  switch (event.kind) {
    case 'boot':
      return [
        `boot incarnation=${event.incarnation} journal: promised=${describeBallot(event.image.promised)} learned=${event.image.learnedSlot} backend: applied=${event.appliedSlot}`,
      ];
    case 'crash':
      return [`crash lost-writes=${event.lostWrites}`];
    case 'durable':
      return [`  durable ${describeWrite(event.write)}`];
    case 'send':
      return [`  leaves -> ${event.to} ${describeMessage(event.message)}`];
    case 'step': {
      const effects = describeOutput(event.output).map((effect) => `    ${effect}`);
      const quiet = effects.length === 0 && (event.input.kind === 'tick' || event.input.kind === 'turn');
      return quiet ? [] : [describeInput(event.input), ...effects];
    }
    default:
      return event satisfies never;
  }
}
