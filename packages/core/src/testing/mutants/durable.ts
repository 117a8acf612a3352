/** A correct durable backend, broken in one place at a time: crashes, broken connections, other processes. */
import type { Result } from '@quorate/wire';
import {
  type ApplyBatch,
  type BackendContext,
  BackendDiverged,
  type BackendImage,
  BackendUnavailable,
} from '../../ports/backend.ts';
import { EMPTY_IMAGE } from '../../ports/backend-image.ts';
import { fingerprint } from '../../ports/fingerprint.ts';
import type { Mutant } from './mutant.ts';
import { durablePairs, type Pair, PairsBackend, type PairsDisk, type PairsState } from './pairs-store.ts';
import { tornFiles } from './torn-files.ts';

type PairsClass = new (disk?: PairsDisk) => PairsBackend;

class EffectsBeforeMark extends PairsBackend {
  override async commit(state: PairsState, batch: ApplyBatch<Pair>): Promise<void> {
    this.disk.state = { entries: state.entries, image: this.disk.state.image };
    await this.step();
    await super.commit(state, batch);
  }
}

class MarkBeforeEffects extends PairsBackend {
  override async commit(state: PairsState): Promise<void> {
    this.disk.state = { entries: this.disk.state.entries, image: state.image };
    await this.step();
    this.disk.state = state;
  }
}

class HalfBatches extends PairsBackend {
  override async commit(state: PairsState, batch: ApplyBatch<Pair>): Promise<void> {
    const half = { ...batch, commands: batch.commands.slice(0, batch.commands.length >> 1) };
    const { entries } = this.execute(half).state;
    this.disk.state = { entries, image: this.disk.state.image };
    await this.step();
    await super.commit(state, batch);
  }
}

class ForgetsLastResults extends PairsBackend {
  override async open(context: BackendContext): Promise<BackendImage> {
    const image = { ...(await super.open(context)), lastResults: [] };
    this.disk.state = { ...this.disk.state, image };
    return image;
  }
}

class ForgetsRecords extends PairsBackend {
  override async open(context: BackendContext): Promise<BackendImage> {
    return { ...(await super.open(context)), records: [] };
  }
}

class TrustsItsMemory extends PairsBackend {
  #image: BackendImage = EMPTY_IMAGE;

  override async open(context: BackendContext): Promise<BackendImage> {
    this.#image = await super.open(context);
    return this.#image;
  }

  override async apply(batch: ApplyBatch<Pair>): Promise<readonly Result[]> {
    this.disk.state = { ...this.disk.state, image: this.#image };
    const results = await super.apply(batch);
    this.#image = this.disk.state.image;
    return results;
  }
}

class RestoresInPlace extends PairsBackend {
  override async replace(state: PairsState): Promise<void> {
    this.disk.state = { ...this.disk.state, entries: new Map() };
    await this.step();
    await super.replace(state);
  }
}

class TroubleIsAResult extends PairsBackend {
  override async apply(batch: ApplyBatch<Pair>): Promise<readonly Result[]> {
    try {
      return await super.apply(batch);
    } catch (error) {
      if (!(error instanceof BackendUnavailable)) throw error;
      return batch.commands.map(() => ({ ok: false, code: 'TRY_AGAIN', message: error.message }));
    }
  }
}

class TroubleIsDivergence extends PairsBackend {
  override async apply(batch: ApplyBatch<Pair>): Promise<readonly Result[]> {
    try {
      return await super.apply(batch);
    } catch (error) {
      throw error instanceof BackendUnavailable ? new BackendDiverged(error.message) : error;
    }
  }
}

class RepeatsAfterTrouble extends PairsBackend {
  override async commit(state: PairsState): Promise<void> {
    // The answer of the first attempt was lost; the second one is executed over its effects.
    this.disk.state = { entries: state.entries, image: this.disk.state.image };
    await this.step();
    this.disk.state = state;
  }
}

class DigestOfInsertion extends PairsBackend {
  override async restore(snapshot: Parameters<PairsBackend['restore']>[0]): Promise<BackendImage> {
    const image = await super.restore(snapshot);
    this.disk.state = { ...this.disk.state, entries: new Map([...this.disk.state.entries].reverse()) };
    return image;
  }

  override async digest(): Promise<string> {
    return fingerprint(Buffer.from(JSON.stringify([...this.disk.state.entries])));
  }
}

const FAULTS: readonly (readonly [string, string, PairsClass])[] = [
  ['stores effects, then the mark', 'CRASH-BETWEEN-STEPS', EffectsBeforeMark],
  ['stores the mark, then effects', 'CRASH-BETWEEN-STEPS', MarkBeforeEffects],
  ['stores a batch in two halves', 'CRASH-BETWEEN-STEPS', HalfBatches],
  ['forgets the last results in a crash', 'CRASH-KEEPS-FIRST-ANSWER', ForgetsLastResults],
  ['forgets system records when it is closed', 'REOPEN-REMEMBERS', ForgetsRecords],
  ['keeps the mark in the memory of the process', 'ZOMBIE-IS-FENCED', TrustsItsMemory],
  ['empties the store, then restores', 'RESTORE-INTERRUPTED', RestoresInPlace],
  ['makes a result of a broken connection', 'TROUBLE-IS-RETRIED', TroubleIsAResult],
  ['takes a broken connection for divergence', 'TROUBLE-IS-RETRIED', TroubleIsDivergence],
  ['executes a batch twice when its answer was lost', 'TROUBLE-IS-RETRIED', RepeatsAfterTrouble],
  ['has a digest of the order of insertion', 'DIGEST-IGNORES-HISTORY', DigestOfInsertion],
];

export const DURABLE_MUTANTS: readonly Mutant[] = [
  ...FAULTS.map(([fault, rule, Broken]) => ({
    fault,
    rule,
    subject: () => durablePairs((disk) => new Broken(disk)),
  })),
  { fault: 'writes two files, one after the other', rule: 'KILL-ANY-TIME', subject: tornFiles },
];
