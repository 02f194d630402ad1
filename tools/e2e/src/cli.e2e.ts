import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { jetstream } from '@nats-io/jetstream';
import { headers } from '@nats-io/transport-node';
import { connectNats } from '@orders/dev/stack/nats-access';
import { ROOT } from '@orders/dev/stack/paths';
import { until } from '@orders/dev/stack/until';
import { type Census, census, isApplied } from './census.ts';
import { Customer, freshSystem, type SystemUnderTest } from './client.ts';

const ORDERS = 20;

let sut: SystemUnderTest;
let before: Census;

beforeAll(async () => {
  sut = await freshSystem();
  const alice = await Customer.of(sut.system, 'alice');
  for (let n = 0; n < ORDERS; n += 1) await alice.order();
  const applied = async () => {
    const now = await census(sut.system);
    return now.orders.length === ORDERS && isApplied(now) ? now : undefined;
  };
  before = await until(applied, { timeoutMs: 20_000, what: 'every effect' });
}, 120_000);
afterAll(() => sut.dispose(), 60_000);

/** Runs `npm run orders -- …` or `npm run fulfillment -- …` as an operator does, against the system under test. */
async function npmRun(app: string, ...args: string[]) {
  const env = sut.commandEnvironment(app);
  const command = spawn('npm', ['run', '--silent', app, '--', ...args], { cwd: ROOT, env });
  const out = { stdout: '', stderr: '' };
  command.stdout.on('data', (text: Buffer) => (out.stdout += text.toString()));
  command.stderr.on('data', (text: Buffer) => (out.stderr += text.toString()));
  const code = await new Promise<number | null>((resolve, reject) =>
    command.once('error', reject).once('close', resolve),
  );
  return { code, ...out };
}

type Server = SystemUnderTest['system']['nats' | 'postgres'];

async function freeze({ server }: Server): Promise<void> {
  server?.child?.kill('SIGSTOP');
}

async function thaw({ server }: Server): Promise<void> {
  server?.child?.kill('SIGCONT');
}

async function consumerEvents(outcome: string): Promise<number> {
  const metrics = await (await fetch(`${sut.system.urls.management.fulfillment}/metrics`)).text();
  const line = new RegExp(`^consumer_events_total\\{[^}]*outcome="${outcome}"[^}]*\\} (\\d+)`, 'm');
  return Number(line.exec(metrics)?.[1] ?? 0);
}

/** Publishes an `orders.created` that can take no effect: its body is no JSON, and would clear a terminal. */
async function publishPoison(): Promise<void> {
  const connection = await connectNats(sut.system.nats.access);
  const poison = headers();
  poison.set('ce-id', randomUUID());
  await jetstream(connection).publish('orders.created', 'no JSON \u001b[2J', { headers: poison });
  await connection.close();
}

describe('replay', () => {
  const since = ['replay', '--since', '2026-01-01T00:00:00Z'];

  it('tells what it would do, does it with --yes, and changes no effect', async () => {
    const dry = await npmRun('orders', ...since);
    expect(dry).toMatchObject({ code: 0, stderr: '' });
    expect(dry.stdout).toMatch(new RegExp(`^${ORDERS} events, recorded `));
    expect(await consumerEvents('duplicate')).toBe(0);

    const real = await npmRun('orders', ...since, '--to', 'fulfillment', '--yes');
    expect(real).toMatchObject({ code: 0, stderr: '' });
    expect(real.stdout).toContain(`${ORDERS} of ${ORDERS} events published`);
    const again = async () => (await consumerEvents('duplicate')) === ORDERS;
    await until(again, { timeoutMs: 10_000, what: 'every event, again' });
    expect(await census(sut.system)).toEqual(before);
  });

  it.each([
    [['--since', 'yesterday'], 2, /^✗ --since yesterday: .*\n$/],
    [['--sins', 'yesterday'], 2, /^✗ Unknown option '--sins' \(--help says how\)\n$/],
    [[...since.slice(1), '--rate', 'Infinity'], 2, /^✗ --rate Infinity: .*\n$/],
    [[...since.slice(1), '--to', 'nobody'], 1, /^✗ --to nobody: .* only (.*, )?fulfillment\b.*\.\n$/],
  ])('says in one line what is wrong with %j', async (args, code, said) => {
    const wrong = await npmRun('orders', 'replay', ...args);
    expect(wrong).toEqual({ code, stdout: '', stderr: expect.stringMatching(said) });
  });

  it('says how it is used', async () => {
    const help = await npmRun('orders', '--help');
    expect(help).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringMatching(/^replay --since TIME/),
    });
  });
});

describe('dlq', () => {
  it('lists, shows, redrives and discards what the consumer could not take', async () => {
    await publishPoison();
    const listed = async () =>
      /oldest: (\d+),/.exec((await npmRun('fulfillment', 'dlq', 'list')).stdout)?.[1];
    const id = await until(listed, { timeoutMs: 20_000, what: 'the dead letter' });

    const shown = await npmRun('fulfillment', 'dlq', 'show', id);
    expect(shown.code).toBe(0);
    expect(shown.stdout).toContain('no JSON \\u001b[2J');

    const redriven = await npmRun('fulfillment', 'dlq', 'redrive', id);
    expect(redriven.code).toBe(1);
    expect(redriven.stdout).toContain('1 failed');

    expect(await npmRun('fulfillment', 'dlq', 'discard', id, '--reason', 'poison')).toMatchObject({
      code: 0,
    });
    const { stdout } = await npmRun('fulfillment', 'dlq', 'list');
    expect(stdout).toBe('no dead letters are waiting\n');
    expect((await census(sut.system)).effects).toEqual(before.effects);
  });

  it('knows no letter 77', async () => {
    const stderr = expect.stringMatching(/^✗ no dead letter 77: .*\n$/);
    expect(await npmRun('fulfillment', 'dlq', 'redrive', '77')).toEqual({ code: 1, stdout: '', stderr });
  });
});

describe('the stream and the durable consumer', () => {
  it('are compared with what the apps declare', async () => {
    const shown = { code: 0, stderr: '' };
    expect(await npmRun('orders', 'stream', 'show')).toEqual({
      ...shown,
      stdout: 'stream ORDERS is as declared\n',
    });
    const stdout = expect.stringMatching(
      /^fulfillment on ORDERS: 0 events wait, 0 are delivered and not acked\n$/,
    );
    expect(await npmRun('fulfillment', 'consumer', 'show')).toEqual({ ...shown, stdout });
  });

  it('are not deleted without --force', async () => {
    for (const [app, what] of [
      ['orders', 'stream'],
      ['fulfillment', 'consumer'],
    ] as const)
      expect(await npmRun(app, what, 'recreate')).toMatchObject({
        code: 2,
        stderr: expect.stringMatching('--force'),
      });
  });

  it('are made anew: all events are read again, and change no effect', async () => {
    const known = await consumerEvents('duplicate');
    const made = await npmRun('fulfillment', 'consumer', 'recreate', '--force');
    expect(made).toMatchObject({
      code: 0,
      stdout: 'fulfillment on ORDERS: deleted; the app creates it anew\n',
    });
    const again = async () => (await consumerEvents('duplicate')) >= known + ORDERS;
    await until(again, { timeoutMs: 20_000, what: 'every event, again' });
    expect((await census(sut.system)).effects).toEqual(before.effects);
  });
});

describe('a server that is away', () => {
  const replay = ['replay', '--since', '2026-01-01T00:00:00Z', '--yes'];
  const oneLine = (name: string) =>
    expect.stringMatching(new RegExp(`^✗ .*check ${name}, and that it is up\\.\\n$`));

  it.each([
    ['stopped', () => sut.system.nats.server!.stop(), () => sut.system.nats.server!.start()],
    ['frozen', () => freeze(sut.system.nats), () => thaw(sut.system.nats)],
  ])('is told of in one line, and not waited for: NATS %s', async (_how, away, back) => {
    await away();
    const commands = [
      ['orders', ...replay],
      ['orders', 'stream', 'show'],
      ['fulfillment', 'consumer', 'show'],
    ] as const;
    const ends = await Promise.all(commands.map(([app, ...args]) => npmRun(app, ...args)));
    for (const end of ends) expect(end).toMatchObject({ code: 1, stderr: oneLine('NATS_URL') });
    await back();
  });

  it.each([
    ['stopped', () => sut.system.postgres.server!.stop(), () => sut.system.postgres.server!.start()],
    ['frozen', () => freeze(sut.system.postgres), () => thaw(sut.system.postgres)],
  ])('is told of in one line, and not waited for: Postgres %s', async (_how, away, back) => {
    await away();
    for (const run of [() => npmRun('orders', ...replay), () => npmRun('fulfillment', 'dlq', 'list')]) {
      expect(await run()).toEqual({ code: 1, stdout: '', stderr: oneLine('DATABASE_URL') });
    }
    await back();
  });
});
