/** The production journal keeps the contract of the port on the simulated disk, through crashes of both kinds. */

import { type BreakableSubject, journalConformance, journalFailureConformance } from '@quorate/core/testing';
import { type CrashKind, RELIABLE_DISK } from '#src/world/disk/index.ts';
import { DiskStage } from './stage.ts';

journalConformance('segments on a simulated disk, processes killed', () => subject('process'));
journalConformance('segments on a simulated disk, power cut', () => subject('power'));

journalFailureConformance('segments on a simulated disk', () => subject('process'));

function subject(kind: CrashKind): BreakableSubject {
  // One event of the virtual world per turn of the real loop, so that promises have their say in between.
  const stage = new DiskStage(1, () => setImmediate(() => stage.scheduler.step(Number.POSITIVE_INFINITY)));
  return {
    create: () => stage.journal(),
    crash: async () => stage.disk.crash(kind),
    fail: () => {
      stage.faults = { ...RELIABLE_DISK, writeErrorChance: 1 };
    },
    destroy: async () => undefined,
  };
}
