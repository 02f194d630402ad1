import { expect, it } from '@jest/globals';
import { itKeepsAnInbox } from '@orders/inbox/testing';
import { itKeepsAnOutbox } from '@orders/outbox/testing';
import { ModelDatabase } from './model-database.js';

const close = () => Promise.resolve();

itKeepsAnOutbox('the model database', () => {
  let passed = 0;
  const database = new ModelDatabase(() => performance.now() + passed);
  const pass = async (ms: number) => void (passed += ms);
  return Promise.resolve({ db: database.connect(), pass, close });
});

itKeepsAnInbox('the model database', () => {
  const database = new ModelDatabase();
  const letters = async () => database.table('dead_letter').rows().length;
  return Promise.resolve({ db: database.connect(), letters, close });
});

it('answers no statement that it does not know', async () => {
  const unknown = new ModelDatabase().connect().query('DELETE FROM inbox');
  await expect(unknown).rejects.toThrow('does not know this statement: DELETE FROM inbox');
});
