/**
 * Delta debugging: the shortest list that still shows what the whole list shows, as far as leaving out goes.
 *
 * Leaves out ever smaller pieces, the last ones first, until no single item can go or time is up.
 * Ref: Zeller and Hildebrandt, Simplifying and isolating failure-inducing input, 2002, without its first half.
 */

/** What is left of the list when it still shows the same, possibly even less; undefined when it does not. */
export type Trial<T> = (fewer: readonly T[]) => readonly T[] | undefined;

/** `mayGo`: which items may be left out at all. */
export function minimize<T>(
  items: readonly T[],
  mayGo: (item: T) => boolean,
  trial: Trial<T>,
  isOver: () => boolean,
): readonly T[] {
  let current = items;
  let size = Math.max(1, Math.ceil(current.filter(mayGo).length / 2));
  for (;;) {
    const before = current.length;
    // Places among those that may go, from the back.
    for (let end = places(current, mayGo).length; end > 0 && !isOver(); end -= size) {
      const some = places(current, mayGo).slice(Math.max(0, end - size), end);
      if (some.length === 0) continue;
      const gone = new Set(some);
      const fewer = trial(current.filter((_, index) => !gone.has(index)));
      if (fewer !== undefined) current = fewer;
    }
    if (isOver() || (size === 1 && current.length === before)) return current;
    size = Math.max(1, Math.floor(size / 2));
  }
}

function places<T>(items: readonly T[], mayGo: (item: T) => boolean): number[] {
  return [...items.keys()].filter((index) => mayGo(items[index] as T));
}
