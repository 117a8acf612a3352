/**
 * "Did you mean": the known word nearest to a mistyped one. Upper and lower case and separators do not count, so
 * `data_dir` finds `dataDir`.
 */
export function nearestWord(typed: string, known: readonly string[]): string | undefined {
  const wanted = normalize(typed);
  let best: string | undefined;
  // A third of the letters may be wrong; beyond that a suggestion would be a guess.
  let bestDistance = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const word of known) {
    const distance = editDistance(wanted, normalize(word));
    if (distance < bestDistance) {
      best = word;
      bestDistance = distance;
    }
  }
  return best;
}

function normalize(word: string): string {
  return word.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}

/** Insertions, deletions and replacements that turn one word into the other; words are short. */
function editDistance(left: string, right: string): number {
  let previous = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    for (let column = 1; column <= right.length; column++) {
      const replaced = (previous[column - 1] ?? 0) + (left[row - 1] === right[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[right.length] ?? 0;
}
