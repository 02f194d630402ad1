import { ModelDatabase } from '@orders/postgres/testing';
import { testInboxConformance } from './inbox-conformance.js';

testInboxConformance('the model database', () => {
  const database = new ModelDatabase();
  const deadLetters = async () => database.table('dead_letter').rows().length;
  return Promise.resolve({ db: database.connect(), deadLetters, close: () => Promise.resolve() });
});
