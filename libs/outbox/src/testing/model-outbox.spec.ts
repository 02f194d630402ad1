import { ModelDatabase } from '@orders/postgres/testing';
import { testOutboxConformance } from './outbox-conformance.js';

testOutboxConformance('the model database', () => {
  let passed = 0;
  const database = new ModelDatabase(() => performance.now() + passed);
  const pass = async (ms: number) => void (passed += ms);
  return Promise.resolve({ db: database.connect(), pass, close: () => Promise.resolve() });
});
