/** The stages of the simulator by the name that a profile draws. */
import type { EngineProfile } from '../profile.ts';
import type { Stage } from '../stage.ts';
import { DurableStage } from './durable-stage.ts';
import { KvStage } from './kv-stage.ts';
import { PlainStage } from './plain-stage.ts';

export function stageFor({ backend, stage: limits, store }: EngineProfile): Stage {
  switch (backend) {
    case 'kv':
      return new KvStage(limits);
    case 'plain':
      return new PlainStage(limits);
    case 'durable':
      return new DurableStage(limits, store.prepares);
    default:
      return backend satisfies never;
  }
}
