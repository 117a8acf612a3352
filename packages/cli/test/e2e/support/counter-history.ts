/**
 * What clients saw of counters, and whether one honest counter per key explains all of it.
 *
 * Three rules, which together leave a wrong answer nowhere to hide: every answered increment has a number of its
 * own; whatever was answered before an operation began is a floor for it (an increment lies above, a read not
 * below); and no answer counts more increments than had been asked for by then. In the end the count lies between
 * the acknowledged increments and those plus the ones of unknown outcome: an error that says "not executed" is held
 * to its word.
 */
import assert from 'node:assert/strict';
import { type QuorateClient, QuorateError } from '@quorate/client';

export type Answered = {
  readonly kind: 'increment' | 'read';
  readonly key: string;
  readonly invokedAt: number;
  readonly answeredAt: number;
  readonly count: number;
  /** Who was asked, for messages. */
  readonly by: string;
};

/** Of one key. */
type Tale = {
  /** In the order of the answers. */
  readonly answered: Answered[];
  /** Times at which increments were asked for; ascending. */
  readonly askedAt: number[];
  acknowledged: number;
  /** Increments that may have taken effect. */
  unknown: number;
};

/** Keys that are read back at once in the end; below the client's bound of waiting calls. */
const READ_BACK_CHUNK = 500;

export class CounterHistory {
  readonly #tales = new Map<string, Tale>();
  readonly #errors = new Map<string, number>();
  #acknowledged = 0;

  /** Answered increments. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** How often each error ended an operation, by code and outcome. */
  get errors(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#errors);
  }

  /** Never throws what a cluster in trouble may answer; the count, or undefined. */
  increment(client: QuorateClient, key: string, by = ''): Promise<number | undefined> {
    const invokedAt = performance.now();
    this.#taleOf(key).askedAt.push(invokedAt);
    return this.#settle(
      { kind: 'increment', key, invokedAt, by },
      client.exec(['INC', key]).then((result) => countIn(result.text())),
    );
  }

  read(client: QuorateClient, key: string, by = ''): Promise<number | undefined> {
    const invokedAt = performance.now();
    return this.#settle(
      { kind: 'read', key, invokedAt, by },
      client.exec(['GET', key], { consistency: 'linearizable' }).then((result) => countIn(result.text())),
    );
  }

  /** Reads every counter back and applies the rules. */
  async verify(client: QuorateClient): Promise<void> {
    const keys = [...this.#tales.keys()];
    for (let from = 0; from < keys.length; from += READ_BACK_CHUNK) {
      await Promise.all(keys.slice(from, from + READ_BACK_CHUNK).map((key) => this.#readBack(client, key)));
    }
    const violations = [...this.#tales.values()].flatMap(({ answered, askedAt }) =>
      violationsOf(answered, askedAt),
    );
    assert.deepEqual(violations.slice(0, 10), [], `${violations.length} violations`);
  }

  async #readBack(client: QuorateClient, key: string): Promise<void> {
    const final = await this.read(client, key, 'read back');
    const { acknowledged, unknown } = this.#taleOf(key);
    assert.ok(
      final !== undefined && final >= acknowledged && final <= acknowledged + unknown,
      `${key} counts ${String(final)} in the end, not ${acknowledged} to ${acknowledged + unknown}`,
    );
  }

  async #settle(
    head: Pick<Answered, 'kind' | 'key' | 'invokedAt' | 'by'>,
    answer: Promise<number>,
  ): Promise<number | undefined> {
    const tale = this.#taleOf(head.key);
    try {
      const count = await answer;
      tale.answered.push({ ...head, answeredAt: performance.now(), count });
      if (head.kind === 'increment') {
        tale.acknowledged += 1;
        this.#acknowledged += 1;
      }
      return count;
    } catch (error) {
      if (!(error instanceof QuorateError)) throw error;
      const name = `${error.code} ${error.outcome}`;
      this.#errors.set(name, (this.#errors.get(name) ?? 0) + 1);
      if (error.outcome === 'unknown') {
        assert.equal(head.kind, 'increment', `a read cannot have an unknown outcome: ${error.message}`);
        tale.unknown += 1;
      }
      return undefined;
    }
  }

  #taleOf(key: string): Tale {
    const known = this.#tales.get(key);
    if (known !== undefined) return known;
    const fresh: Tale = { answered: [], askedAt: [], acknowledged: 0, unknown: 0 };
    this.#tales.set(key, fresh);
    return fresh;
  }
}

/** One sentence per broken rule. `answered` is of one key, in any order; `askedAt` ascending. */
export function violationsOf(answered: readonly Answered[], askedAt: readonly number[]): string[] {
  return [...repeatedNumbers(answered), ...belowFloor(answered), ...aboveAsked(answered, askedAt)];
}

function* repeatedNumbers(answered: readonly Answered[]): Generator<string> {
  const owners = new Map<number, Answered>();
  for (const operation of answered) {
    if (operation.kind !== 'increment') continue;
    const owner = owners.get(operation.count);
    if (owner !== undefined)
      yield `two increments got the same number: ${told(owner)} and ${told(operation)}`;
    owners.set(operation.count, operation);
  }
}

function* belowFloor(answered: readonly Answered[]): Generator<string> {
  const byAnswer = answered.toSorted((left, right) => left.answeredAt - right.answeredAt);
  const byInvocation = answered.toSorted((left, right) => left.invokedAt - right.invokedAt);
  let next = 0;
  let floor: Answered | undefined;
  for (const operation of byInvocation) {
    for (; next < byAnswer.length; next++) {
      const earlier = byAnswer[next];
      if (earlier === undefined || earlier.answeredAt >= operation.invokedAt) break;
      if (floor === undefined || earlier.count > floor.count) floor = earlier;
    }
    if (floor === undefined) continue;
    const isBelow =
      operation.kind === 'increment' ? operation.count <= floor.count : operation.count < floor.count;
    if (isBelow) yield `${told(operation)} although ${told(floor)} was answered before it began`;
  }
}

function* aboveAsked(answered: readonly Answered[], askedAt: readonly number[]): Generator<string> {
  const byAnswer = answered.toSorted((left, right) => left.answeredAt - right.answeredAt);
  let asked = 0;
  for (const operation of byAnswer) {
    while (asked < askedAt.length && (askedAt[asked] ?? 0) <= operation.answeredAt) asked += 1;
    if (operation.count > asked) yield `${told(operation)} although only ${asked} increments were asked for`;
  }
}

function told({ kind, key, count, invokedAt, answeredAt, by }: Answered): string {
  const times = `${invokedAt.toFixed(1)}..${answeredAt.toFixed(1)} ms`;
  return `${kind} of ${key} = ${count} (${times}${by === '' ? '' : `, ${by}`})`;
}

function countIn(text: string | null): number {
  assert.match(text ?? '', /^\d+$/);
  return Number(text);
}
