import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ensureDatabases } from './databases.ts';
import { answeringNats } from './nats-server.ts';
import { freePorts } from './ports.ts';
import { EmbeddedPostgres, removePostgres } from './postgres.ts';

describe('a server of somebody else', () => {
  /** Takes connections and says nothing. */
  let silent: Server;
  let sockets: Socket[];
  let port: number;
  beforeEach(async () => {
    sockets = [];
    silent = createServer((socket) => void sockets.push(socket.on('error', () => undefined)));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    ({ port } = silent.address() as AddressInfo);
  });
  afterEach(() => {
    for (const socket of sockets) socket.destroy();
    silent.close();
  });
  const problem = (message: unknown) => expect.objectContaining({ name: 'Problem', message });

  it('may be one of several: the first that answers', async () => {
    const answering = process.env.TEST_NATS_URL ?? '';
    const [nobody] = await freePorts(1);
    expect(await answeringNats(`nats://127.0.0.1:${nobody}, ${answering}`)).toBe(answering);
  });

  it('that is not there is told of in one line', async () => {
    const [nobody] = await freePorts(1);
    await expect(answeringNats(`nats://127.0.0.1:${nobody}`)).rejects.toEqual(
      problem('NATS_URL cannot be used: connection refused'),
    );
  });

  it('that is silent is given up', async () => {
    const nats = answeringNats(`nats://127.0.0.1:${port}`);
    const postgres = ensureDatabases(`postgres://me:secret@127.0.0.1:${port}/main`, ['orders']);
    await Promise.all([
      expect(nats).rejects.toEqual(problem('NATS_URL cannot be used: timeout')),
      expect(postgres).rejects.toEqual(
        problem(`Postgres at postgres://me@127.0.0.1:${port}/main cannot be used: timeout expired`),
      ),
    ]);
  });
});

describe('a Postgres of our own', () => {
  let folder: string;
  const { LC_ALL: before } = process.env;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'servers-'));
    process.env.LC_ALL = 'xx_YY.UTF-8';
  });
  afterEach(() => {
    removePostgres(join(folder, 'postgres'));
    rmSync(folder, { recursive: true });
    delete process.env.LC_ALL;
    if (before !== undefined) process.env.LC_ALL = before;
  });

  it('is made and starts in a shell of a language that the machine does not have', async () => {
    const [free = 0] = await freePorts(1);
    const server = new EmbeddedPostgres({ folder: join(folder, 'postgres'), port: free });
    await server.start();
    await ensureDatabases(server.url(), ['orders']);
    await server.stop();
  });

  it('whose data was made by another version is told of, with what to do', async () => {
    const [free = 0] = await freePorts(1);
    const server = new EmbeddedPostgres({ folder: join(folder, 'postgres'), port: free });
    mkdirSync(join(server.folder, 'data'));
    writeFileSync(join(server.folder, 'data/PG_VERSION'), '13\n');
    await expect(server.start()).rejects.toMatchObject({
      name: 'Problem',
      message: expect.stringMatching(
        /is of Postgres 13, not \d\d: set POSTGRES_VERSION=13, or .*npm run reset\.$/,
      ),
    });
  });
});
