/**
 * Metrics that are counted when somebody asks, from what is there at that moment. Separate because nothing reports these: a
 * value that is counted cannot drift from the truth, and series of what is gone disappear by themselves.
 */
import { Counter, Gauge, type Registry } from 'prom-client';

export type Labels = Readonly<Record<string, string>>;

/** One series: its labels and its value. */
export type Sample = readonly [labels: Labels, value: number];

export interface Collected {
  readonly name: string;
  /** One sentence. */
  readonly help: string;
  readonly labels: readonly string[];
  /** All series there are now; none where nothing is known. */
  readonly samples: () => Iterable<Sample>;
}

export function collectedGauge(registry: Registry, { name, help, labels, samples }: Collected): void {
  const gauge: Gauge = new Gauge({
    name,
    help,
    labelNames: labels,
    registers: [registry],
    collect() {
      // A metric without labels would be reset to 0, and what is not known is not reported.
      if (labels.length === 0) gauge.remove();
      else gauge.reset();
      for (const [of, value] of samples()) gauge.set(of, value);
    },
  });
}

/** For totals that something else counts; they must never fall. */
export function collectedCounter(registry: Registry, { name, help, labels, samples }: Collected): void {
  const counter: Counter = new Counter({
    name,
    help,
    labelNames: labels,
    registers: [registry],
    collect() {
      counter.reset();
      for (const [of, value] of samples()) counter.inc(of, value);
    },
  });
}
