export { ConfiguredNats } from './configured-nats.js';
export { natsAt, newEventId, recordingLog, someEvent } from './fixtures.js';
export { ModelBus } from './model-bus.js';
