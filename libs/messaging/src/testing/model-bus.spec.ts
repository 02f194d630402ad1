import { testBusConformance } from './bus-conformance.js';
import { ModelBus } from './model-bus.js';

testBusConformance('ModelBus', () =>
  Promise.resolve({ ...new ModelBus().connect(), close: () => Promise.resolve() }),
);
