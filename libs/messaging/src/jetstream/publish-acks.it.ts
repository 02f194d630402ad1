import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  ClosedConnectionError,
  connect,
  createInbox,
  type Msg,
  MsgHdrsImpl,
  type NatsConnection,
  NoRespondersError,
  PermissionViolationError,
} from '@nats-io/transport-node';
import { requiredUrl } from '@orders/postgres/testing';
import { connect as connectSocket, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { natsAt, recordingLog, someEvent } from '../testing/fixtures.js';
import { JetStreamPublisher } from './jetstream-publisher.js';
import { NatsLink } from './nats-link.js';
import { PublishAcks } from './publish-acks.js';

const TIMEOUT_MS = 20_000;
const ACK = '{"stream":"things","seq":7}';

const opened: { close: () => Promise<void> }[] = [];
afterEach(() => Promise.all(opened.splice(0).map((each) => each.close())));

describe('a publish that waits for its ack', () => {
  let listener: NatsConnection;
  beforeAll(async () => {
    listener = await connect({ servers: requiredUrl('TEST_NATS_URL') });
  });
  afterAll(() => listener.close());

  /** A new subject, on which `answer` replies in place of a stream. */
  async function answeredBy(answer: (message: Msg) => void): Promise<string> {
    const subject = createInbox('acks');
    listener.subscribe(subject, { callback: (_, message) => answer(message) });
    await listener.flush();
    return subject;
  }

  async function openAcks(timeoutMs = TIMEOUT_MS) {
    const connection = await connect({ servers: requiredUrl('TEST_NATS_URL') });
    opened.push(connection);
    const acks = new PublishAcks(connection, { timeoutMs, inboxPrefix: '_INBOX' });
    return {
      acks,
      publish: (subject: string) => acks.publish(subject, '{}', new MsgHdrsImpl()),
      close: () => connection.close(),
    };
  }

  it.each(['{', '', 'null'])(
    'is rejected when the ack is unreadable (%j), and the next publish gets its ack',
    async (reply) => {
      const replies = [reply, ACK];
      const subject = await answeredBy((message) => message.respond(replies.shift()));
      const { publish } = await openAcks();
      await expect(publish(subject)).rejects.toThrow(Error);
      expect(await publish(subject)).toMatchObject({ stream: 'things', seq: 7 });
    },
  );

  it('is rejected at once when there is no stream', async () => {
    const { publish } = await openAcks();
    await expect(publish(createInbox('nobody'))).rejects.toThrow(NoRespondersError);
  });

  it('is rejected after the timeout when no ack arrives', async () => {
    const subject = await answeredBy(() => undefined);
    const { acks, publish } = await openAcks(50);
    await expect(publish(subject)).rejects.toThrow('timeout');
    expect(acks.isOpen).toBe(true);
  });

  it('is rejected after its own timeout, also when no publish was pending for a while', async () => {
    const silent = await answeredBy(() => undefined);
    const answering = await answeredBy((message) => message.respond(ACK));
    const { publish } = await openAcks(50);
    for (const _ of ['first', 'again']) {
      const early = expect(publish(silent)).rejects.toThrow('timeout');
      expect(await publish(answering)).toMatchObject({ seq: 7 });
      const late = expect(publish(silent)).rejects.toThrow('timeout');
      await Promise.all([early, late]);
    }
  });

  it('is rejected when the connection is closed meanwhile, as is every later publish', async () => {
    const received = Promise.withResolvers<Msg>();
    const subject = await answeredBy(received.resolve);
    const { acks, publish, close } = await openAcks();
    const publishing = [publish(subject), publish(subject)].map((each) =>
      expect(each).rejects.toThrow(ClosedConnectionError),
    );
    await received.promise;
    await close();
    await Promise.all(publishing);
    expect(acks.isOpen).toBe(false);
    await expect(publish(subject)).rejects.toThrow(ClosedConnectionError);
  });
});

describe('a server that revokes the permission to subscribe to acks', () => {
  it('makes pending publishes fail at once, and the publisher subscribes again', async () => {
    await using edge = await Edge.listen();
    const name = createInbox('T').replace('.', '-');
    const link = new NatsLink({ config: natsAt(edge.url), name: 'test', logger: recordingLog() });
    opened.push(link);
    const publisher = new JetStreamPublisher(link, { name, subjects: [`${name}.>`] });
    const event = () => ({ ...someEvent(), subject: `${name}.made` });
    expect(await publisher.publish(event())).toMatchObject({ sequence: 1 });

    edge.revokeAckPermission();
    await expect(publisher.publish(event())).rejects.toThrow(PermissionViolationError);
    await expect(publisher.publish(event())).resolves.toMatchObject({ duplicate: false });
  });
});

/** A proxy of the test server that can revoke a permission as a reload of the server's configuration does. */
class Edge implements AsyncDisposable {
  private client: Socket | undefined;
  private upstream: Socket | undefined;
  private lastInbox = { subject: '', sid: '' };

  private constructor(private readonly server: Server) {
    server.on('connection', (client) => this.accept(client));
  }

  static async listen(): Promise<Edge> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Edge(server);
  }

  get url(): string {
    return `nats://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Ends the last subscription, which is that for acks, with the server's error. */
  revokeAckPermission(): void {
    const { subject, sid } = this.lastInbox;
    this.upstream?.write(`UNSUB ${sid}\r\n`);
    this.client?.write(`-ERR 'Permissions Violation for Subscription to "${subject}"'\r\n`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client?.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private accept(client: Socket): void {
    const upstream = connectSocket({
      port: Number(new URL(requiredUrl('TEST_NATS_URL')).port),
      host: '127.0.0.1',
    });
    Object.assign(this, { client, upstream });
    upstream.pipe(client);
    client.pipe(upstream);
    client.on('data', (piece: Buffer) => {
      for (const [, subject = '', sid = ''] of piece.toString().matchAll(/^SUB (\S+) +(\d+)\r$/gm))
        this.lastInbox = { subject, sid };
    });
    for (const socket of [client, upstream]) socket.on('error', () => undefined);
  }
}
