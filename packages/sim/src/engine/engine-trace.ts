/** The run as text, in the columns of `trace.ts`; built only when somebody looks. */

import type { SimEvent } from '../sim-event.ts';
import { type TraceOptions, traceLine } from '../trace.ts';
import type { EngineWorld } from './engine-world.ts';

export type EngineTraceOptions = TraceOptions;

export function engineTrace(world: EngineWorld, event: SimEvent, options: EngineTraceOptions): void {
  const { events, nowMs } = world.scheduler;
  traceLine(events, nowMs, () => world.process(event.node).replica?.view(), event, options);
}

/** What clients do and which fault strikes, in the same columns. */
export function engineNote(world: EngineWorld, text: string, options: EngineTraceOptions): void {
  const { events, nowMs } = world.scheduler;
  if (events < options.fromEvent || events > options.untilEvent) return;
  options.write(`${String(events).padStart(7)} ${nowMs.toFixed(2).padStart(10)} * ${text}`);
}
