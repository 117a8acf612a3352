// Import cycles. A file of a cycle cannot be read, moved or loaded without the others, and which of them runs first
// depends on who was asked for: what two files need of each other belongs into a third. Types do not count: they are
// gone when the code runs.

/**
 * @param {Map<string, Array<{ target: string, line: number }>>} imports by file; targets that are no file of it are passed over
 * @returns {Array<Array<{ file: string, line: number }>>} for every file of a cycle the shortest way round, each once:
 *   every step with the line that imports the next, the last one the first
 */
export function importCycles(imports) {
  const cycles = new Map();
  for (const file of imports.keys()) {
    const cycle = wayBackTo(file, imports);
    if (cycle === undefined) continue;
    const key = cycle
      .map((step) => step.file)
      .sort((a, b) => (a < b ? -1 : 1))
      .join('\n');
    if (!cycles.has(key)) cycles.set(key, cycle);
  }
  return [...cycles.values()];
}

/** Breadth first, so the way is the shortest; undefined when none leads back. */
function wayBackTo(start, imports) {
  const cameFrom = new Map();
  const queue = [start];
  for (const file of queue) {
    for (const { target, line } of imports.get(file) ?? []) {
      if (target === start) return [...wayTo(file, start, cameFrom), { file, line }];
      if (cameFrom.has(target) || !imports.has(target)) continue;
      cameFrom.set(target, { file, line });
      queue.push(target);
    }
  }
  return undefined;
}

function wayTo(file, start, cameFrom) {
  const way = [];
  for (let at = file; at !== start; ) {
    const step = cameFrom.get(at);
    way.unshift(step);
    at = step.file;
  }
  return way;
}
