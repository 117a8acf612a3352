/**
 * From samples to ratios. Samples of one repetition belong together: the ratio is taken within each, and the median
 * of those is the result, with the lowest and highest beside it so that nobody takes noise for a difference.
 */
import { median } from 'quorate/perf';
import { type LoadResult, type Point, pointName, type SystemName } from './system.ts';

export type Sample = {
  readonly system: SystemName;
  readonly repetition: number;
  readonly point: Point;
  readonly result: LoadResult;
  /** Processor time of all servers per operation; undefined where it cannot be measured. */
  readonly serverCpuUs: number | undefined;
};

export type Metric = 'throughput' | 'p50' | 'p99' | 'serverCpu';
export type Ratio = { readonly median: number; readonly low: number; readonly high: number };

export class Samples {
  readonly #samples: readonly Sample[];

  constructor(samples: readonly Sample[]) {
    this.#samples = samples;
  }

  /** Undefined when there is no such sample. */
  value(system: SystemName, point: Point, metric: Metric): number | undefined {
    const values = this.#of(system, point).flatMap((sample) => metricOf(sample, metric) ?? []);
    return values.length === 0 ? undefined : median(values);
  }

  /** `ours / theirs`, by repetition. The points may differ, for instance in the number of connections. */
  ratio(
    metric: Metric,
    ours: readonly [SystemName, Point],
    theirs: readonly [SystemName, Point],
  ): Ratio | undefined {
    const ratios = this.#of(...ours).flatMap((sample) => {
      const other = this.#of(...theirs).find((candidate) => candidate.repetition === sample.repetition);
      const a = metricOf(sample, metric);
      const b = other === undefined ? undefined : metricOf(other, metric);
      return a === undefined || b === undefined || b === 0 ? [] : [a / b];
    });
    return ratios.length === 0
      ? undefined
      : { median: median(ratios), low: Math.min(...ratios), high: Math.max(...ratios) };
  }

  /** The point with the same operation and number in flight at which a system had its highest throughput. */
  best(system: SystemName, { operation, inFlight }: Point): Point | undefined {
    const points = this.#samples
      .filter(
        (sample) =>
          sample.system === system &&
          sample.point.operation === operation &&
          sample.point.inFlight === inFlight,
      )
      .map((sample) => sample.point);
    const throughput = (point: Point): number => this.value(system, point, 'throughput') ?? 0;
    return points.sort((a, b) => throughput(b) - throughput(a))[0];
  }

  #of(system: SystemName, point: Point): Sample[] {
    return this.#samples.filter(
      (sample) => sample.system === system && pointName(sample.point) === pointName(point),
    );
  }
}

function metricOf({ result, serverCpuUs }: Sample, metric: Metric): number | undefined {
  switch (metric) {
    case 'throughput':
      return result.throughput;
    case 'p50':
      return result.latencyMs.p50;
    case 'p99':
      return result.latencyMs.p99;
    case 'serverCpu':
      return serverCpuUs;
    default:
      return metric satisfies never;
  }
}
