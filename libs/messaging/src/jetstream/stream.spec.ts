import { describe, expect, it } from '@jest/globals';
import { JetStreamApiError, type JetStreamManager } from '@nats-io/jetstream';
import type { ServerInfo } from '@nats-io/transport-node';
import { serverProblem } from './nats-server.js';
import { ensureStream } from './stream.js';

describe('a stream that the server does not create', () => {
  /** Answers as nats-server 2.10.27 and 2.15.1 do. */
  const refusingWith = (code: number, description: string) => {
    const refusal = (err_code: number) => new JetStreamApiError({ code: 400, err_code, description });
    const streams = { info: () => Promise.reject(refusal(10059)), add: () => Promise.reject(refusal(code)) };
    return { streams } as unknown as JetStreamManager;
  };
  const spec = { name: 'THINGS', subjects: ['things.>'] };

  // Before, the relay tried for ever and never said what was missing.
  it.each([
    [10113, 'account requires a stream config to have max bytes set', 'set NATS_STREAM_MAX_BYTES'],
    [10047, 'insufficient storage resources available', 'lower NATS_STREAM_MAX_BYTES'],
  ])('with the error %i (%s) is told with what to change', async (code, description, advice) => {
    await expect(ensureStream(refusingWith(code, description), spec)).rejects.toMatchObject({
      name: 'RefusedSetupError',
      message: expect.stringMatching(`^stream THINGS cannot be created: .*${advice}`),
    });
  });
});

describe('a server', () => {
  const serverOf = (info: Partial<ServerInfo>) => info as ServerInfo;

  it.each([
    [{ version: '2.9.25', jetstream: true }, 'nats-server 2.9.25 is too old: use 2.10 or newer'],
    [{ version: '2.10.27' }, 'nats-server has no JetStream: enable it in its configuration (jetstream {})'],
    [{ version: '2.10.27', jetstream: true }, undefined],
    [{ version: '2.15.1', cluster: 'nats' }, undefined],
    [{ version: '3.0.0', jetstream: true }, undefined],
  ])('that is %j has the problem: %s', (info, problem) => {
    expect(serverProblem(serverOf(info))).toBe(problem);
  });
});
