import { itIsABus } from './bus-conformance.js';
import { ModelBus } from './model-bus.js';

itIsABus('ModelBus', () => Promise.resolve({ ...new ModelBus().connect(), close: () => Promise.resolve() }));
