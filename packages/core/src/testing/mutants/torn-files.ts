/**
 * A store in two files that are written one after the other: a process that is killed between them leaves effects without
 * their mark. Broken on purpose, and a module of its own, for the rule that kills processes.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { BackendContext, BackendImage } from '../../ports/backend.ts';
import { EMPTY_IMAGE } from '../../ports/backend-image.ts';
import type { BackendSubject } from '../backend-conformance-kit.ts';
import { decodeState, durablePairs, encodeState, PairsBackend, type PairsState } from './pairs-store.ts';

/** So long lies one file without the other: most of a slot's time, so that a kill at any moment finds it so. */
const TORN_MS = 10;

class TornFiles extends PairsBackend {
  #directory = '';

  override async open(context: BackendContext): Promise<BackendImage> {
    this.#directory = context.directory;
    const { entries } = this.#read('entries');
    this.disk.state = { entries, image: this.#read('image').image };
    return super.open(context);
  }

  override async commit(state: PairsState): Promise<void> {
    this.disk.state = state;
    this.#write('entries', { entries: state.entries, image: EMPTY_IMAGE });
    await this.step();
    await delay(TORN_MS);
    this.#write('image', { entries: new Map(), image: state.image });
  }

  override replace(state: PairsState): Promise<void> {
    return this.commit(state);
  }

  #read(name: string): PairsState {
    const path = join(this.#directory, name);
    return existsSync(path) ? decodeState(readFileSync(path)) : { entries: new Map(), image: EMPTY_IMAGE };
  }

  #write(name: string, state: PairsState): void {
    writeFileSync(join(this.#directory, name), encodeState(state));
  }
}

export function createBackend(): TornFiles {
  return new TornFiles();
}

export function tornFiles(): BackendSubject {
  return { ...durablePairs(() => createBackend()), name: 'pairs in two files', module: import.meta.url };
}
