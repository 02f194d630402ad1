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
import { recordingLog, someEvent } from '../testing/fixtures.js';
import { JetStreamPublisher } from './jetstream-publisher.js';
import { NatsLink } from './nats-link.js';
import { PublishAcks } from './publish-acks.js';

const TIMEOUT_MS = 20_000;
const ACK = '{"stream":"things","seq":7}';

const opened: { close: () => Promise<void> }[] = [];
afterEach(() => Promise.all(opened.splice(0).map((each) => each.close())));

describe('publishes that wait for the word of the stream', () => {
  let listener: NatsConnection;
  beforeAll(async () => {
    listener = await connect({ servers: requiredUrl('TEST_NATS_URL') });
  });
  afterAll(() => listener.close());

  /** A subject of its own, for which `answer` stands in for the stream. */
  async function heardBy(answer: (message: Msg) => void): Promise<string> {
    const subject = createInbox('acks');
    listener.subscribe(subject, { callback: (_, message) => answer(message) });
    await listener.flush();
    return subject;
  }

  async function openAcks(timeoutMs = TIMEOUT_MS) {
    const connection = await connect({ servers: requiredUrl('TEST_NATS_URL') });
    opened.push(connection);
    const acks = new PublishAcks(connection, timeoutMs);
    return {
      acks,
      publish: (subject: string) => acks.publish(subject, '{}', new MsgHdrsImpl()),
      close: () => connection.close(),
    };
  }

  it.each(['{', '', 'null'])(
    'are rejected when it is unreadable (%j), and the next one is heard',
    async (word) => {
      const words = [word, ACK];
      const subject = await heardBy((message) => message.respond(words.shift()));
      const { publish } = await openAcks();
      await expect(publish(subject)).rejects.toThrow(Error);
      expect(await publish(subject)).toMatchObject({ stream: 'things', seq: 7 });
    },
  );

  it('are rejected at once when there is no stream', async () => {
    const { publish } = await openAcks();
    await expect(publish(createInbox('nobody'))).rejects.toThrow(NoRespondersError);
  });

  it('are rejected after their time when it never comes', async () => {
    const subject = await heardBy(() => undefined);
    const { acks, publish } = await openAcks(50);
    await expect(publish(subject)).rejects.toThrow('timeout');
    expect(acks.isOpen).toBe(true);
  });

  it('are rejected each after its own time, also after a while in which none waited', async () => {
    const silent = await heardBy(() => undefined);
    const answering = await heardBy((message) => message.respond(ACK));
    const { publish } = await openAcks(50);
    for (const _ of ['first', 'again']) {
      const early = expect(publish(silent)).rejects.toThrow('timeout');
      expect(await publish(answering)).toMatchObject({ seq: 7 });
      const late = expect(publish(silent)).rejects.toThrow('timeout');
      await Promise.all([early, late]);
    }
  });

  it('are rejected when the connection is closed meanwhile, and ever after', async () => {
    const heard = Promise.withResolvers<Msg>();
    const subject = await heardBy(heard.resolve);
    const { acks, publish, close } = await openAcks();
    const publishing = [publish(subject), publish(subject)].map((each) =>
      expect(each).rejects.toThrow(ClosedConnectionError),
    );
    await heard.promise;
    await close();
    await Promise.all(publishing);
    expect(acks.isOpen).toBe(false);
    await expect(publish(subject)).rejects.toThrow(ClosedConnectionError);
  });
});

describe('a server that takes the permission to listen away', () => {
  it('fails what waits at once, and the publisher listens anew', async () => {
    await using edge = await Edge.listen();
    const name = createInbox('T').replace('.', '-');
    const link = new NatsLink({ url: edge.url, name: 'test', logger: recordingLog() });
    opened.push(link);
    const publisher = new JetStreamPublisher(link, { name, subjects: [`${name}.>`] });
    const event = () => ({ ...someEvent(), subject: `${name}.made` });
    expect(await publisher.publish(event())).toMatchObject({ sequence: 1 });

    edge.forbidPublishedAcks();
    await expect(publisher.publish(event())).rejects.toThrow(PermissionViolationError);
    await expect(publisher.publish(event())).resolves.toMatchObject({ duplicate: false });
  });
});

/** The test server behind a wire on which a permission can be taken away, as the reload of its configuration does it. */
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

  /** The subscription made last, which is that for acks, ends with the error of the server. */
  forbidPublishedAcks(): void {
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
