import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type Caller, currentCaller, onBehalfOf } from './caller.js';
import { currentContext, runInContext } from './context.js';
import { currentTraceparent, startServerSpan, withSpan } from './spans.js';
import { type RecordedSpans, recordSpans } from './testing/recorded-spans.js';

const request = (id: string) => ({ requestId: id, correlationId: id, traceparent: `of ${id}` });
const callerOf = (id: string) => runInContext(request(id), currentCaller);

describe('without an SDK', () => {
  it('work for one caller runs in its context, and work for several in the context of none', async () => {
    const [a, b] = [callerOf('a'), callerOf('b')];
    const whose = async () => currentContext()?.requestId;
    expect(await onBehalfOf([a], 'x', whose)).toBe('a');
    expect(await onBehalfOf([a, a], 'x', whose)).toBe('a');
    expect(await onBehalfOf([a, b], 'x', whose)).toBeUndefined();
    expect(a).toMatchObject({ request: request('a'), traceparent: 'of a', span: undefined });
  });
});

describe('with an SDK', () => {
  let recorded: RecordedSpans;
  beforeAll(() => void (recorded = recordSpans()));
  afterEach(() => recorded.reset());
  afterAll(() => recorded.stop());

  /** Works for requests that have spans of these names, each in a trace of its own. */
  async function workFor(names: readonly string[]) {
    const callers: Caller[] = [];
    const work = Promise.withResolvers<void>();
    const requests = names.map((name) =>
      withSpan(name, { parent: '' }, () => {
        callers.push(currentCaller());
        return work.promise;
      }),
    );
    await onBehalfOf(callers, 'together', () => withSpan('work', {}, async () => undefined));
    work.resolve();
    await Promise.all(requests);
    const spans = recorded.ended();
    return (name: string) => spans.find((span) => span.name === name);
  }

  it('work for one caller is part of its trace', async () => {
    const span = await workFor(['a']);
    expect(span('work')?.parentSpanContext?.spanId).toBe(span('a')?.spanContext().spanId);
    expect(span('together')).toBeUndefined();
  });

  it('work for several callers is part of the first trace, and linked with the others', async () => {
    const span = await workFor(['a', 'b', 'c']);
    const [a, together] = [span('a')?.spanContext(), span('together')];
    expect(together?.parentSpanContext?.spanId).toBe(a?.spanId);
    expect(span('work')?.parentSpanContext?.spanId).toBe(together?.spanContext().spanId);
    const spanIds = (links: readonly { context: { spanId: string } }[] = []) =>
      links.map(({ context: { spanId } }) => spanId);
    for (const other of ['b', 'c']) {
      expect(spanIds(span(other)?.links)).toEqual([together?.spanContext().spanId]);
      expect(spanIds(together?.links)).toContain(span(other)?.spanContext().spanId);
    }
    expect(span('a')?.links).toEqual([]);
  });

  it('work for several callers is not recorded when none of them is', async () => {
    const unrecorded = (digit: string) => {
      const traceparent = `00-${digit.repeat(32)}-${digit.repeat(16)}-00`;
      return runInContext({ ...request(digit), span: startServerSpan(digit, traceparent) }, currentCaller);
    };
    const inside = await onBehalfOf([unrecorded('a'), unrecorded('b')], 'x', async () =>
      currentTraceparent(),
    );
    expect(inside).toMatch(/^00-a{32}-.*-00$/);
    expect(recorded.ended()).toEqual([]);
  });
});
