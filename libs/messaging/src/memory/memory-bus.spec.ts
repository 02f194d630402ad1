import { testBusConformance } from '../testing/bus-conformance.js';
import { MemoryBus } from './memory-bus.js';

testBusConformance('MemoryBus', () => {
  const publisher = new MemoryBus();
  return Promise.resolve({ publisher, source: publisher.source, close: () => Promise.resolve() });
});
