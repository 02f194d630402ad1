export { recordSpans, type RecordedSpans } from './recorded-spans.js';
