/** A soak's results as text: a row for each layer, and a sentence for everything. */
import { LAYERS, type Layer, type Scale } from './layers.ts';
import { commandLine, sumOf, type Tally } from './programs.ts';
import type { PartResult, Progress } from './progress.ts';

export type LayerState = {
  readonly layer: Layer;
  /** Command lines, in order. */
  readonly wanted: readonly string[];
  readonly results: ReadonlyMap<string, PartResult>;
};

export function layerStates(progress: Progress, scale: Scale): LayerState[] {
  return LAYERS.map((layer) => {
    const wanted = layer.parts(scale).map(({ program, args }) => commandLine(program, args));
    const results = new Map<string, PartResult>();
    for (const line of wanted) {
      const result = progress.parts[line];
      if (result !== undefined) results.set(line, result);
    }
    return { layer, wanted, results };
  });
}

export function isDone({ wanted, results }: LayerState): boolean {
  return results.size === wanted.length;
}

/** What all parts of a finished layer together never went through, though so many seeds cannot miss it. */
export function uncovered(state: LayerState): readonly string[] {
  const { layer, results } = state;
  const counts = [...results.values()].map(({ coverage }) => coverage);
  // Parts that an earlier version of this program ran did not keep their counters.
  if (!isDone(state) || !counts.every((coverage) => coverage !== undefined)) return [];
  const seeds = sumOf([...results.values()].map(({ tally }) => tally))['seeds'] ?? 0;
  const sum = sumOf(counts);
  return (layer.covers?.(seeds) ?? []).filter((kind) => (sum[kind] ?? 0) === 0);
}

export function headerLine(): string {
  return row('layer', 'budget of a full soak', 'parts', 'seconds', 'done', 'verdict');
}

export function layerLine(state: LayerState): string {
  const { layer, wanted, results } = state;
  const all = [...results.values()];
  const failed = all.filter(({ ok }) => !ok).length;
  const missing = uncovered(state);
  const verdict =
    failed > 0
      ? `${failed} FAILED`
      : missing.length > 0
        ? `NOT COVERED: ${missing.join(', ')}`
        : isDone(state)
          ? 'good'
          : 'unfinished';
  const seconds = all.reduce((sum, result) => sum + result.seconds, 0);
  const done = tallyText(sumOf(all.map(({ tally }) => tally)));
  return row(layer.name, layer.budget, `${all.length}/${wanted.length}`, seconds.toFixed(0), done, verdict);
}

export function failureLines({ results }: LayerState): string[] {
  return [...results]
    .filter(([, { ok }]) => !ok)
    .flatMap(([line, { lastLine, log }]) => [
      `FAILED ${line}`,
      `  ${lastLine}`,
      ...(log === undefined ? [] : [`  all of it: ${log}`]),
    ]);
}

export function closingLine(states: readonly LayerState[], { minutes }: Progress): string {
  const failed = states.filter(hasFailed).length;
  const open = states.filter((state) => !isDone(state)).length;
  const verdict =
    failed > 0 ? `${failed} layers FAILED` : open > 0 ? `${open} layers unfinished` : 'every layer is good';
  return `soak of ${minutes} minutes: ${verdict}`;
}

export function isGood(states: readonly LayerState[]): boolean {
  return states.every((state) => isDone(state) && !hasFailed(state));
}

function hasFailed(state: LayerState): boolean {
  return [...state.results.values()].some(({ ok }) => !ok) || uncovered(state).length > 0;
}

function tallyText(tally: Tally): string {
  return Object.entries(tally)
    .map(([unit, count]) => `${Math.round(count).toLocaleString('en')} ${unit}`)
    .join(', ');
}

function row(
  name: string,
  budget: string,
  parts: string,
  seconds: string,
  done: string,
  verdict: string,
): string {
  return `${name.padEnd(20)} ${budget.padEnd(33)} ${parts.padStart(7)} ${seconds.padStart(8)}  ${done.padEnd(36)} ${verdict}`;
}
