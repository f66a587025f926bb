/**
 * Counters, gauges and histograms in one registry, one line each. Separate so that the lists of metrics read as lists.
 */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** What a metric is called and what it says, in one sentence. */
interface Naming<L extends string> {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly L[];
}

export interface Instruments {
  counter<L extends string>(naming: Naming<L>): Counter<L>;
  gauge<L extends string>(naming: Naming<L>): Gauge<L>;
  /** `buckets` are upper bounds in seconds. */
  histogram<L extends string>(naming: Naming<L>, buckets: readonly number[]): Histogram<L>;
}

export function instruments(registry: Registry): Instruments {
  const options = <L extends string>({ name, help, labels }: Naming<L>) => ({ name, help, labelNames: labels, registers: [registry] });
  return {
    counter: (naming) => new Counter(options(naming)),
    gauge: (naming) => new Gauge(options(naming)),
    histogram: (naming, buckets) => new Histogram({ ...options(naming), buckets: [...buckets] }),
  };
}
