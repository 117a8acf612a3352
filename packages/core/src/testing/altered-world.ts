/**
 * Another clock, other randomness and another time zone for the time of one call, to find results that depend on
 * them. Changes globals of the process and puts them back, so nothing else may run beside it.
 */

export type World = {
  /** Added to what clocks say; in milliseconds. */
  readonly shiftMs: number;
  /** What `Math.random` gives, again and again. */
  readonly randomFraction: number;
  readonly timeZone: string;
};

/** Runs `body` in that world, to the end of its promise. */
export async function inWorld<Value>(world: World, body: () => Promise<Value>): Promise<Value> {
  const { Date: TrueDate } = globalThis;
  const trueRandom = Math.random;
  const trueZone = process.env['TZ'];
  const now = (): number => TrueDate.now() + world.shiftMs;
  globalThis.Date = new Proxy(TrueDate, {
    construct: (target, parts: unknown[]) =>
      Reflect.construct(target, parts.length === 0 ? [now()] : parts) as object,
    get: (target, key) => (key === 'now' ? now : (Reflect.get(target, key) as unknown)),
  });
  Math.random = () => world.randomFraction;
  process.env['TZ'] = world.timeZone;
  try {
    return await body();
  } finally {
    globalThis.Date = TrueDate;
    Math.random = trueRandom;
    if (trueZone === undefined) delete process.env['TZ'];
    else process.env['TZ'] = trueZone;
  }
}

/** Runs `body`, which must not wait, in a world in which asking for the time or for chance throws. */
export function withoutClock<Value>(body: () => Value): Value {
  const { Date: TrueDate } = globalThis;
  const trueRandom = Math.random;
  const trueNow = performance.now.bind(performance);
  const refuse = (what: string) => (): never => {
    throw new Error(
      `${what} was asked for while applying; results may depend on state, command and log time only`,
    );
  };
  globalThis.Date = new Proxy(TrueDate, {
    construct: (target, parts: unknown[]) =>
      parts.length === 0 ? refuse('the clock')() : (Reflect.construct(target, parts) as object),
    apply: refuse('the clock'),
    get: (target, key) => (key === 'now' ? refuse('the clock') : (Reflect.get(target, key) as unknown)),
  });
  Math.random = refuse('a random number');
  performance.now = refuse('the clock');
  try {
    return body();
  } finally {
    globalThis.Date = TrueDate;
    Math.random = trueRandom;
    performance.now = trueNow;
  }
}
