import { ModelDatabase } from '@orders/postgres/testing';
import { itKeepsAnInbox } from './inbox-conformance.js';

itKeepsAnInbox('the model database', () => {
  const database = new ModelDatabase();
  const letters = async () => database.table('dead_letter').rows().length;
  return Promise.resolve({ db: database.connect(), letters, close: () => Promise.resolve() });
});
