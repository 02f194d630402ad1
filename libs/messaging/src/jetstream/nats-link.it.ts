import { describe, expect, it } from '@jest/globals';
import { requiredUrl } from '@orders/postgres/testing';
import { FaultProxy } from '@orders/resilience/testing';
import { eventually } from '@orders/resilience/testing/eventually';
import { natsAt, recordingLog, someEvent } from '../testing/fixtures.js';
import { type JetStreamBus, openBus } from '../testing/jetstream-bus.js';
import { NatsLink } from './nats-link.js';

/** A bus whose connection goes through a proxy. */
function openBusThrough(proxy: FaultProxy): JetStreamBus {
  const url = new URL(requiredUrl('TEST_NATS_URL'));
  return openBus({ url: Object.assign(url, { port: String(proxy.port) }).href });
}

const natsPort = () => Number(new URL(requiredUrl('TEST_NATS_URL')).port);
const isPublished = (bus: JetStreamBus) => bus.publisher.publish(someEvent()).then(Boolean, () => false);

describe('NatsLink', () => {
  it('notices a silent server within seconds, and works again as soon as the server can be reached', async () => {
    await using proxies = new AsyncDisposableStack();
    const proxy = await FaultProxy.listen('nats', natsPort());
    proxies.defer(() => proxy.close());
    const bus = openBusThrough(proxy);
    await bus.publisher.publish(someEvent());
    proxy.set({ kind: 'blackhole' });
    const isNoticed = () => bus.logger.lines.some(({ message }) => message === 'NATS disconnect');
    await eventually('the link to notice the lost connection', isNoticed, 8_000);
    proxy.clear();
    await eventually('a publish', () => isPublished(bus));
    await bus.link.close();
  });

  it('never gives up: reconnects after more than ten attempts', async () => {
    const before = await FaultProxy.listen('nats', natsPort());
    const bus = openBusThrough(before);
    await bus.publisher.publish(someEvent());
    const { port } = before;
    await before.close();
    // Each attempt waits 250 to 500 ms.
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    const after = await FaultProxy.listen('nats', natsPort(), port);
    await eventually('a publish', () => isPublished(bus));
    await bus.link.close();
    await after.close();
  });

  it('closes although the server has fallen silent', async () => {
    await using proxies = new AsyncDisposableStack();
    const proxy = await FaultProxy.listen('nats', natsPort());
    proxies.defer(() => proxy.close());
    const bus = openBusThrough(proxy);
    await bus.publisher.publish(someEvent());
    proxy.set({ kind: 'blackhole' });
    await bus.link.close();
  });

  it('stops connecting to an unreachable server when it is closed', async () => {
    const proxy = await FaultProxy.listen('nats', 1);
    const url = `nats://127.0.0.1:${proxy.port}`;
    await proxy.close();
    const link = new NatsLink({ config: natsAt(url), name: 'test', logger: recordingLog() });
    const timeout = { message: expect.stringContaining('500 ms'), cause: expect.any(Error) };
    await expect(link.connection(500)).rejects.toMatchObject(timeout);
    const waiting = link.connection(60_000);
    await Promise.all([link.close(), expect(waiting).rejects.toThrow('closed')]);
  });
});
