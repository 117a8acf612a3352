/**
 * What a node tells its peers of its backend when they greet each other: its name, and what it calls its
 * compatibility. Bounded here, because it travels in the first frame of every link.
 */
import { QuorateError } from '@quorate/wire';
import { type Backend, MAX_COMPATIBILITY_FACTS, MAX_FACT_CHARACTERS } from '../ports/backend.ts';

/** Sorted by name. @throws BACKEND_DIVERGED when the backend keeps to no bound */
export function backendFactsOf(backend: Backend): readonly (readonly [string, string])[] {
  const facts = Object.entries(backend.compatibility?.() ?? {});
  const isLong = (text: string): boolean => text.length > MAX_FACT_CHARACTERS;
  if (facts.length > MAX_COMPATIBILITY_FACTS || facts.some((fact) => fact.some(isLong)))
    throw new QuorateError(
      'BACKEND_DIVERGED',
      `compatibility of backend ${backend.name}: at most ${MAX_COMPATIBILITY_FACTS} facts of ${MAX_FACT_CHARACTERS} characters`,
    );
  const all = [...facts, ['backend', backend.name] as const];
  return all.sort(([left], [right]) => (left < right ? -1 : 1));
}
