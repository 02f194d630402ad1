import { describe, expect, it } from '@jest/globals';
import { someEvent } from '@orders/messaging/testing';
import { eventually } from '@orders/resilience/testing/eventually';
import { useConsumer } from './testing/consumer-under-test.js';
import { deliver } from './testing/delivery.js';

const under = useConsumer();
const { consumer, effects, deadLetters } = under;

describe('a consumer', () => {
  it('keeps all events while a right, a table or a column is missing, and applies them once it is there', async () => {
    const faulty = consumer();
    const broken = [
      [
        'ALTER TABLE effect RENAME TO effect_moved',
        'ALTER TABLE effect_moved RENAME TO effect',
        /effect.*does not exist/,
      ],
      [
        'ALTER TABLE effect RENAME event_id TO id',
        'ALTER TABLE effect RENAME id TO event_id',
        /event_id.*does not exist/,
      ],
      // The pool logs in as a superuser, whom no REVOKE reaches.
      [
        `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN RAISE insufficient_privilege USING MESSAGE = 'permission denied'; END $$;
         CREATE TRIGGER refuse BEFORE INSERT ON effect EXECUTE FUNCTION refuse()`,
        'DROP TRIGGER refuse ON effect',
        /permission denied/,
      ],
    ] as const;
    for (const [breakIt, repair, reason] of broken) {
      await under.db.query(breakIt);
      const batch = [deliver(someEvent()), deliver(someEvent())];
      const processed = faulty.process(batch, under.running);
      await eventually('seven attempts', () => batch.every(({ state }) => state.workings >= 7));
      expect(faulty.blockedBy).toMatch(reason);
      await under.db.query(repair);
      await processed;
      expect(batch.map(({ state }) => state.settled)).toEqual(['ack', 'ack']);
      expect(faulty.blockedBy).toBeUndefined();
    }
    expect(await effects()).toHaveLength(6);
    expect(await deadLetters()).toEqual([]);
  });

  it('buries no more than three events in a row for one unknown error, and goes on when one takes effect', async () => {
    const bad = Array.from({ length: 6 }, () => deliver(someEvent({}, { n: -1 })));
    under.failures = Array.from({ length: 1_000 }, (_, n) => new TypeError(`a bug with event ${n}`));
    const stuck = consumer({ maxAttempts: 1 });
    await stuck.process(bad, under.running);
    expect(bad.map(({ state }) => state.settled)).toEqual(['ack', 'ack', 'ack', 'nak', 'nak', 'nak']);
    expect(await deadLetters()).toHaveLength(3);
    expect(stuck.blockedBy).toMatch(/a bug/);

    under.failures = [];
    await stuck.process(bad.slice(3), under.running);
    expect(await effects()).toHaveLength(3);
    expect(stuck.blockedBy).toBeUndefined();
  });

  it('buries events that fail one after the other with different errors', async () => {
    const bad = Array.from({ length: 5 }, () => deliver(someEvent({}, { n: -1 })));
    under.failures = ['one', 'two', 'three', 'four', 'five'].flatMap((text) =>
      [text, text].map((same) => new TypeError(same)),
    );
    under.failures.unshift(new TypeError('the whole batch'));
    const stuck = consumer({ maxAttempts: 2 });
    await stuck.process(bad, under.running);
    expect(await deadLetters()).toHaveLength(5);
  });
});
