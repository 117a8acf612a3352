/**
 * What a node tells its peers of its backend when they greet each other: its name, and what it calls its
 * compatibility. Bounded here, because it travels in the first frame of every link.
 */
import { type Backend, MAX_COMPATIBILITY_FACTS, MAX_FACT_CHARACTERS } from '../ports/backend.ts';
import { cutText } from '../ports/cut-text.ts';

/** Sorted by name; what is over a bound is cut, in the same way on every node. */
export function backendFactsOf(backend: Backend): readonly (readonly [string, string])[] {
  const short = (text: string): string => cutText(text, MAX_FACT_CHARACTERS);
  const facts = Object.entries(backend.compatibility?.() ?? {})
    .map(([name, value]) => [short(name), short(value)] as const)
    .sort(([left], [right]) => (left < right ? -1 : 1));
  return [['backend', backend.name], ...facts.slice(0, MAX_COMPATIBILITY_FACTS)];
}
