import type { Patch } from '../prove-build/patch.ts';
import { SOURCES } from '../prove-build/sources.ts';
import type { Mutant } from './mutant.ts';

const NO_RECONCILER: readonly Patch[] = [
  {
    file: SOURCES.relay,
    from: 'const loss = deepest([found, received].filter((each) => each !== undefined));',
    to: 'const loss = deepest([found, received].filter((each) => each === undefined));',
  },
];

/** Bugs on the way of an event from the log to the stream. */
export const RELAY_MUTANTS: readonly Mutant[] = [
  {
    name: 'id-above-last',
    breaks: 'every event reaches the stream',
    patches: [
      {
        file: SOURCES.outboxLog,
        from: 'SELECT event_id, subject, headers, body WHERE tx < (SELECT pg_snapshot_xmin(pg_current_snapshot()))',
        to: 'SELECT event_id, subject, headers, body',
      },
    ],
    exposedBy: { faults: ['latency', 'trickle'], targets: ['orders-postgres'] },
    seenAs: ['I5'],
  },
  {
    name: 'cursor-before-publish',
    breaks: 'every event reaches the stream',
    patches: [
      {
        file: SOURCES.relay,
        from: 'const results = await Promise.allSettled(entries.map(({ message }) => this.publisher.publish(message)));',
        to: `const last = entries.at(-1);
    const ahead = last && { ...from, tx: last.tx, position: last.position };
    if (ahead) await this.options.cursor.advance(this.options.owner, { from, to: ahead }, this.leaseMs);
    const results = await Promise.allSettled(entries.map(({ message }) => this.publisher.publish(message)));
    for (const result of results) if (result.status === 'rejected') throw result.reason;`,
      },
      {
        file: SOURCES.relay,
        from: 'await this.advance(from, entries',
        to: 'await this.advance(ahead ?? from, entries',
      },
    ],
    exposedBy: {
      faults: ['kill -9', 'black hole', 'cut'],
      targets: ['nats-server', 'every orders', 'orders-nats'],
    },
    seenAs: ['I5'],
  },
  {
    name: 'reconciler-off',
    breaks: 'every event reaches the stream, even if NATS lost its disk',
    patches: NO_RECONCILER,
    exposedBy: { faults: ['NATS store deleted', 'stream deleted'], targets: ['nats-server'] },
    seenAs: ['I5'],
  },
  {
    name: 'beginning-unseen',
    breaks: 'every event reaches the stream, even if NATS lost a part of its disk',
    patches: [
      {
        file: SOURCES.streamLosses,
        from: 'if (await hasLostBeginning(state, sources))',
        to: 'if ((await hasLostBeginning(state, sources)) && losses.length > 1)',
      },
    ],
    exposedBy: { faults: ['stream loses its beginning'], targets: ['nats-server'] },
    seenAs: ['I5'],
  },
  {
    name: 'memory-stream',
    breaks: 'every event reaches the stream',
    patches: [{ file: SOURCES.stream, from: 'StorageType.File', to: 'StorageType.Memory' }, ...NO_RECONCILER],
    exposedBy: { faults: ['kill -9'], targets: ['nats-server'] },
    seenAs: ['I5'],
  },
  {
    name: 'discard-old',
    breaks: 'every event reaches the stream',
    patches: [{ file: SOURCES.stream, from: 'DiscardPolicy.New', to: 'DiscardPolicy.Old' }],
    exposedBy: { faults: ['stream full'], targets: ['nats-server'] },
    seenAs: ['I5', 'I6'],
  },
];
