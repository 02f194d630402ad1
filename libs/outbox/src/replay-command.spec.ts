import { describe, expect, it } from '@jest/globals';
import { replayRequest } from './replay-command.js';

const now = new Date('2026-11-22T12:00:00Z');
const EVENTS = ['orders.created', 'orders.canceled'];
const since = ['--since', '2026-11-22T10:00:00Z'];

describe('replay', () => {
  it('is a dry run from --since until now, unless --yes is given', () => {
    const request = replayRequest(since, EVENTS, now);
    expect(request).toMatchObject({ dryRun: true, rate: 2_000, to: undefined, after: { tx: '0' } });
    expect(request.range).toEqual({
      since: new Date('2026-11-22T10:00:00Z'),
      until: now,
      subject: undefined,
    });
    expect(replayRequest([...since, '--yes'], EVENTS, now).dryRun).toBe(false);
    expect(replayRequest([...since, '--yes', '--dry-run'], EVENTS, now).dryRun).toBe(true);
  });

  it.each([
    [[]],
    [['--since', '2026-11-22']],
    [['--since', 'T25Z']],
    [['--since', '+275760-09-13T00:00:00Z']],
    [['--since', '2999-01-01T00:00:00Z']],
    [[...since, '--until', '2026-11-22T09:00:00Z']],
    [[...since, '--subject', 'orders.made']],
    [[...since, '--to', 'a.>']],
    [[...since, '--rate', '0']],
    [[...since, '--rate', 'Infinity']],
    [[...since, '--after', '7']],
    [[...since, '--force']],
  ])('refuses %j with exit code 2', (args) => {
    expect(() => replayRequest(args, EVENTS, now)).toThrow(expect.objectContaining({ exitCode: 2 }));
  });
});
