export { newEventId, recordingLog, SILENT, someEvent } from './fixtures.js';
export { ModelBus } from './model-bus.js';
