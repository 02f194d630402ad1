import type { Sample } from './metrics-text.js';
import type { Replica, Scrape } from './scrape.js';

/** What a label must be. */
export type Labels = Readonly<Record<string, string | RegExp>>;

/** Figures of the apps by two scrapes. What no replica exports is null. */
export class Figures {
  constructor(
    private readonly before: Scrape | undefined,
    private readonly now: Scrape,
  ) {}

  replicas(app: string): { replicas: number; up: number } {
    const all = this.now.replicas.filter((replica) => replica.app === app);
    return { replicas: all.length, up: all.filter(({ samples }) => samples).length };
  }

  samples(app: string, name: string): Sample[] {
    return this.of([app]).flatMap(({ samples = [] }) => samples.filter((sample) => sample.name === name));
  }

  sum(apps: readonly string[], name: string, labels: Labels): number | null {
    return total(this.of(apps).flatMap(({ samples }) => matching(samples, name, labels)));
  }

  highest(app: string, name: string): number | null {
    const values = this.samples(app, name).map(({ value }) => value);
    return values.length === 0 ? null : Math.max(...values);
  }

  /** The increase a second. A replica that has begun anew counts from 0, and one that is new not at all. */
  rate(apps: readonly string[], name: string, labels: Labels): number | null {
    const { before } = this;
    if (!before) return null;
    const seconds = (this.now.at - before.at) / 1_000;
    const increases = this.of(apps).flatMap((replica) => {
      const now = total(matching(replica.samples, name, labels));
      const earlier = before.replicas.find(({ address }) => address === replica.address);
      if (!earlier?.samples) return [];
      // A counter that appears with its first event had none before.
      const then = total(matching(earlier.samples, name, labels)) ?? 0;
      return now === null ? [] : [now >= then ? now - then : now];
    });
    if (increases.length > 0) return increases.reduce((sum, each) => sum + each, 0) / seconds;
    return this.of(apps).some(({ samples }) => samples) ? 0 : null;
  }

  /** By linear interpolation within a bucket, as Prometheus does; since the replicas started. */
  quantile(app: string, histogram: string, q: number): number | null {
    const counts = new Map<number, number>();
    for (const { labels, value } of this.samples(app, `${histogram}_bucket`)) {
      const bound = labels['le'] === '+Inf' ? Infinity : Number(labels['le']);
      counts.set(bound, (counts.get(bound) ?? 0) + value);
    }
    const buckets = [...counts].sort(([a], [b]) => a - b);
    const all = buckets.at(-1)?.[1] ?? 0;
    return all <= 0 ? null : interpolate(buckets, q * all);
  }

  private of(apps: readonly string[]): Replica[] {
    return this.now.replicas.filter(({ app }) => apps.includes(app));
  }
}

function interpolate(buckets: readonly (readonly [bound: number, count: number])[], rank: number): number {
  let [lower, below] = [0, 0];
  for (const [bound, count] of buckets) {
    if (count >= rank && bound === Infinity) return lower;
    if (count >= rank) return lower + (bound - lower) * ((rank - below) / Math.max(1, count - below));
    [lower, below] = [bound, count];
  }
  return lower;
}

function matching(samples: readonly Sample[] | undefined, name: string, labels: Labels): Sample[] {
  const fits = ({ labels: own }: Sample): boolean =>
    Object.entries(labels).every(([key, wanted]) =>
      typeof wanted === 'string' ? own[key] === wanted : wanted.test(own[key] ?? ''),
    );
  return (samples ?? []).filter((sample) => sample.name === name && fits(sample));
}

function total(samples: readonly Sample[]): number | null {
  return samples.length === 0 ? null : samples.reduce((sum, { value }) => sum + value, 0);
}
