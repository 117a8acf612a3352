/**
 * Histories that are correct because of how they are made: every call gets a moment between its beginning and its
 * end, and one object, written here a second time and naively, is asked in the order of those moments.
 */
import type { Random } from '@quorate/core/protocol';
import type { Action, Call, Content, End } from '#src/history/call.ts';

export type Shape = {
  readonly kind: 'register' | 'counter' | 'list';
  readonly calls: number;
  /** Calls under way at any time, at most. */
  readonly clients: number;
  /** Share of calls that are given up; of these, half happen nevertheless. */
  readonly unknownShare: number;
  /** Share of calls that are refused and do not happen. */
  readonly refusedShare: number;
  /** Values of a register are drawn from so many; 0: every value is written once. */
  readonly values: number;
};

type Draft = {
  readonly id: number;
  readonly client: number;
  readonly action: Action;
  readonly beganUs: number;
  readonly effectUs: number;
  readonly endUs: number;
  readonly fate: 'done' | 'unknown' | 'none';
  readonly happens: boolean;
};

export function generateCalls(random: Random, shape: Shape, key = 'k'): Call[] {
  const drafts: Draft[] = [];
  const freeAt = new Array<number>(shape.clients).fill(0);
  for (let id = 0; id < shape.calls; id++) {
    const client = random.below(shape.clients);
    const beganUs = (freeAt[client] as number) + random.below(50);
    const effectUs = beganUs + random.below(100);
    const endUs = effectUs + random.below(100);
    freeAt[client] = endUs + 1;
    const draw = random.fraction();
    const fate =
      draw < shape.unknownShare
        ? 'unknown'
        : draw < shape.unknownShare + shape.refusedShare
          ? 'none'
          : 'done';
    const happens = fate === 'done' || (fate === 'unknown' && random.chance(0.5));
    drafts.push({
      id,
      client,
      action: drawAction(random, shape, id),
      beganUs,
      effectUs: effectAt(random, fate, effectUs),
      endUs,
      fate,
      happens,
    });
  }
  const answers = play(drafts);
  return drafts.map((draft) => ({
    id: draft.id,
    client: draft.client,
    key,
    action: draft.action,
    beganUs: draft.beganUs,
    end: endOf(draft, answers.get(draft.id)),
  }));
}

/** What was given up may still happen much later. */
function effectAt(random: Random, fate: Draft['fate'], effectUs: number): number {
  return fate === 'unknown' ? effectUs + random.below(2000) : effectUs;
}

function play(drafts: readonly Draft[]): Map<number, Content> {
  const object = new SequentialObject();
  const answers = new Map<number, Content>();
  for (const { id, action } of drafts
    .filter(({ happens }) => happens)
    .sort((a, b) => a.effectUs - b.effectUs || a.id - b.id))
    answers.set(id, object.ask(action));
  return answers;
}

function endOf({ fate, endUs }: Draft, answer: Content | undefined): End {
  if (fate !== 'done') return { kind: fate, atUs: endUs };
  return { kind: 'done', atUs: endUs, answer: answer ?? null };
}

function drawAction(random: Random, { kind, values }: Shape, id: number): Action {
  switch (kind) {
    case 'register': {
      const value = `v${values === 0 ? id : random.below(values)}`;
      const draw = random.below(10);
      if (draw < 4) return { kind: 'set', value };
      if (draw < 5) return { kind: 'swap', value };
      return { kind: draw < 9 ? 'get' : 'del' };
    }
    case 'counter':
      return random.chance(0.6) ? { kind: 'inc', by: random.between(1, 2) } : { kind: 'total' };
    case 'list':
      return random.chance(0.6) ? { kind: 'append', element: `e${id}` } : { kind: 'list' };
    default:
      return kind satisfies never;
  }
}

/** All three objects in one; a key only ever uses one of them. */
export class SequentialObject {
  #value: string | null = null;
  #total = 0;
  readonly #elements: string[] = [];

  ask(action: Action): Content {
    switch (action.kind) {
      case 'set':
        this.#value = action.value;
        return this.#value;
      case 'swap':
      case 'del': {
        const old = this.#value;
        this.#value = action.kind === 'swap' ? action.value : null;
        return old;
      }
      case 'get':
        return this.#value;
      case 'inc':
        this.#total += action.by;
        return this.#total;
      case 'total':
        return this.#total;
      case 'append':
        this.#elements.push(action.element);
        return this.#elements.length;
      case 'list':
        return [...this.#elements];
      default:
        return action satisfies never;
    }
  }
}
