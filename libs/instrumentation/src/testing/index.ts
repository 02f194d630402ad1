import type { Meter } from '@opentelemetry/api';
import { provider } from '../metrics/provider.js';

export { recordSpans, type RecordedSpans } from './recorded-spans.js';

/** What all meters inherit, for a test that spies on them. */
export const METERS = Object.getPrototypeOf(provider.getMeter('none')) as Meter;
