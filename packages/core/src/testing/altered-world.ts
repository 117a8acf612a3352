/**
 * Another clock, other randomness, another time zone and locale for the time of one call, to find results that depend on
 * them. Changes globals of the process and puts them back, so nothing else may run beside it.
 */

export type World = {
  /** Added to what clocks say; in milliseconds. */
  readonly shiftMs: number;
  /** What `Math.random` gives, again and again. */
  readonly randomFraction: number;
  readonly timeZone: string;
  /** What sorting and formatting take when no locale is named, such as `tr-TR`. */
  readonly locale: string;
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
  const putLocalesBack = setLocale(world.locale);
  try {
    return await body();
  } finally {
    putLocalesBack();
    globalThis.Date = TrueDate;
    Math.random = trueRandom;
    if (trueZone === undefined) delete process.env['TZ'];
    else process.env['TZ'] = trueZone;
  }
}

type Formatter = (this: unknown, ...parts: unknown[]) => unknown;

/** Methods whose first or second argument is a locale, by the position of that argument. */
const LOCALE_METHODS: readonly (readonly [object, string, number])[] = [
  [String.prototype, 'localeCompare', 1],
  [String.prototype, 'toLocaleLowerCase', 0],
  [String.prototype, 'toLocaleUpperCase', 0],
  [Number.prototype, 'toLocaleString', 0],
  [Date.prototype, 'toLocaleString', 0],
  [Date.prototype, 'toLocaleDateString', 0],
  [Date.prototype, 'toLocaleTimeString', 0],
];

/** Gives the way back. The process's own locale cannot be changed while it runs; what asks for it can. */
function setLocale(locale: string): () => void {
  const undo: (() => void)[] = [];
  const replace = (target: object, name: string, value: unknown): void => {
    const before: unknown = Reflect.get(target, name);
    Reflect.set(target, name, value);
    undo.push(() => Reflect.set(target, name, before));
  };
  for (const [target, name, position] of LOCALE_METHODS) {
    const original = Reflect.get(target, name) as Formatter;
    replace(target, name, function (this: unknown, ...parts: unknown[]) {
      parts[position] ??= locale;
      return original.apply(this, parts);
    });
  }
  for (const name of ['Collator', 'NumberFormat', 'DateTimeFormat'] as const) {
    const construct = (target: object, parts: unknown[]): object =>
      Reflect.construct(target as new (...all: unknown[]) => object, [parts[0] ?? locale, ...parts.slice(1)]);
    replace(
      Intl,
      name,
      new Proxy(Intl[name], { construct, apply: (target, _, parts: unknown[]) => construct(target, parts) }),
    );
  }
  return () => {
    for (const step of undo.reverse()) step();
  };
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
