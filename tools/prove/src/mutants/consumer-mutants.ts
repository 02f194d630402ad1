import type { Patch } from '../prove-build/patch.ts';
import { SOURCES } from '../prove-build/sources.ts';
import type { Mutant } from './mutant.ts';

/** A consumer that starts takes what was acked for settled, without asking its inbox. */
const BEGINS_WITHOUT_ASKING: Patch = {
  file: SOURCES.startConsumer,
  from: 'const settled = settledEvents(database, name);',
  to: 'const settled = undefined;',
};

/** Bugs on the way of an event from the stream to its effect. */
export const CONSUMER_MUTANTS: readonly Mutant[] = [
  {
    name: 'no-inbox',
    breaks: 'one effect for each event',
    patches: [
      {
        file: SOURCES.inbox,
        from: 'return events.filter(({ id }) => fresh.delete(id.toLowerCase()));',
        to: 'return [...events];',
      },
    ],
    exposedBy: {
      faults: ['crash at a point', 'kill -9', 'cut'],
      targets: ['fulfillment-after-commit', 'nats-server', 'fulfillment-nats'],
    },
    seenAs: ['I6'],
  },
  {
    name: 'ack-before-transaction',
    breaks: 'an effect for each event',
    patches: [
      {
        file: SOURCES.inboxConsumer,
        from: 'await this.apply(batch);',
        to: 'for (const delivery of batch) delivery.ack(); await this.apply(batch);',
      },
      // Otherwise the consumer finds at its start what was acked and never applied.
      BEGINS_WITHOUT_ASKING,
    ],
    exposedBy: {
      faults: ['crash at a point', 'kill -9'],
      targets: ['fulfillment-before-commit', 'every fulfillment'],
    },
    seenAs: ['I6'],
  },
  {
    name: 'inbox-and-effect-apart',
    breaks: 'an effect for each event',
    patches: [
      {
        file: SOURCES.inboxHandlers,
        from: 'const fresh = await this.inbox.accept(tx, events);',
        to: `const fresh = await this.inbox.accept(tx, events);
    await tx.query('COMMIT');
    await tx.query('BEGIN');`,
      },
    ],
    exposedBy: {
      faults: ['crash at a point', 'table locked', 'backends terminated'],
      targets: ['fulfillment-before-commit', 'fulfillment.shipments', 'fulfillment'],
    },
    seenAs: ['I6'],
  },
  {
    name: 'poison-dropped',
    breaks: 'what can never take effect is kept',
    patches: [
      {
        file: SOURCES.inboxConsumer,
        from: 'for (const { delivery, error } of unreadable) await this.deadLetters.add(tx, delivery, error);',
        to: '',
      },
    ],
    exposedBy: { faults: ['poison'], targets: ['no JSON', 'wrong schema', 'unknown type', 'no headers'] },
    seenAs: ['I6'],
  },
  {
    name: 'installation-faults-buried',
    breaks: 'a dead letter is what can never work',
    patches: [
      {
        file: SOURCES.failure,
        from: "return isInstallationFault(error) ? 'installation' : 'unknown';",
        to: "return isInstallationFault(error) ? 'permanent' : 'unknown';",
      },
    ],
    exposedBy: { faults: ['table missing'], targets: ['fulfillment.shipments'] },
    seenAs: ['I6'],
  },
  {
    name: 'ahead-of-its-stream',
    breaks: 'an effect for each event',
    patches: [
      {
        file: SOURCES.durable,
        from: 'if (!(await this.losses.hasLost(manager, info))) {',
        to: 'if (info) {',
      },
    ],
    exposedBy: { faults: ['stream cut short'], targets: ['nats-server'] },
    seenAs: ['I6', 'I8'],
  },
  {
    name: 'begins-without-asking',
    breaks: 'an effect for each event',
    patches: [BEGINS_WITHOUT_ASKING],
    exposedBy: { faults: ['stream cut short'], targets: ['nats-server and every fulfillment'] },
    seenAs: ['I6', 'I8'],
  },
];
