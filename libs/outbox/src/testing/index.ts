export { itKeepsAnOutbox } from './outbox-conformance.js';
