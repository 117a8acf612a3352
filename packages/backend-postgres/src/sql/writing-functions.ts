/**
 * Which functions of users may write, so that `SELECT f()` has to go into the log? Told by the words of their bodies:
 * too many do no harm but a log entry, and a read that tried to write would be refused by its read-only transaction.
 */
import type { SqlFunction } from './catalog.ts';

const WRITES = /\b(insert|update|delete|merge|truncate|nextval|execute|call)\b/i;

export function findWritingFunctions(functions: readonly SqlFunction[]): ReadonlySet<string> {
  const candidates = functions.filter((each) => each.volatility === 'v' && each.definition !== undefined);
  const writing = new Set(
    candidates.filter(({ definition }) => WRITES.test(bodyOf(definition))).map(({ name }) => name),
  );
  const words = new Map(
    candidates.map((each) => [each, new Set(bodyOf(each.definition).split(/[^\p{L}\p{N}_]+/u))]),
  );
  let grew = writing.size > 0;
  while (grew) {
    grew = false;
    for (const [{ name }, used] of words)
      if (!writing.has(name) && [...writing].some((other) => used.has(other))) {
        writing.add(name);
        grew = true;
      }
  }
  return writing;
}

/** Without the head, which names the function itself. */
function bodyOf(definition: string | undefined): string {
  return (definition ?? '').replace(/^CREATE OR REPLACE \w+ [^(]*\(/i, '');
}
