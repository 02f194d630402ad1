export { itKeepsAnInbox } from './inbox-conformance.js';
