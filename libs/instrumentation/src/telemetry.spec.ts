import { afterEach, expect, it } from '@jest/globals';

import { setTelemetry, tracesEdge, tracingIsOn } from './telemetry.js';

const TELEMETRY = { shutdown: () => Promise.resolve() };

afterEach(() => setTelemetry(undefined));

it('an edge that is instrumented is not traced twice', () => {
  setTelemetry(TELEMETRY, ['http', 'undici']);
  expect([tracingIsOn(), tracesEdge('http'), tracesEdge('grpc')]).toEqual([true, false, true]);
});

it('no edge is traced while tracing is off', () => {
  setTelemetry(TELEMETRY, ['http']);
  setTelemetry(undefined);
  expect([tracingIsOn(), tracesEdge('http'), tracesEdge('grpc')]).toEqual([false, false, false]);
});
