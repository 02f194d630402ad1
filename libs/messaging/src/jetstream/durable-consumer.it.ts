import { expect, it } from '@jest/globals';
import { jetstreamManager } from '@nats-io/jetstream';
import { someEvent, take } from '../testing/fixtures.js';
import { type JetStreamBus, openBus, openReader } from '../testing/jetstream-bus.js';

/** The next event, as an app by this name would read it. */
async function readAs(owner: string | undefined, bus: JetStreamBus): Promise<void> {
  const event = someEvent();
  await bus.publisher.publish(event);
  const taken = await take(openReader(bus, owner === undefined ? {} : { owner }), 1);
  expect(taken.map(({ message }) => message.id)).toEqual([event.id]);
}

const ownerOf = async ({ link, stream }: JetStreamBus) => {
  const manager = await jetstreamManager(await link.connection());
  return (await manager.consumers.info(stream.name, 'reader')).config.metadata?.['app'];
};

// Two apps with one durable shared its events: 12 orders gave 7 shipments and 5 points, without a log line.
it('a durable that another app has made is refused, with both names', async () => {
  const bus = openBus();
  await readAs('fulfillment', bus);
  const refused = take(openReader(bus, { owner: 'loyalty' }), 1);
  await expect(refused).rejects.toThrow(
    'the durable consumer "reader" belongs to the app "fulfillment": "loyalty" needs one of its own name',
  );
  await readAs('fulfillment', bus);
  await bus.link.close();
});

it('a durable of a version that named no owner is kept where it stands, and gets its name', async () => {
  const bus = openBus();
  await readAs(undefined, bus);
  expect(await ownerOf(bus)).toBeUndefined();
  await readAs('fulfillment', bus);
  expect(await ownerOf(bus)).toBe('fulfillment');
  await bus.link.close();
});
