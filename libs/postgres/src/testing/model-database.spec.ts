import { expect, it } from '@jest/globals';
import { ModelDatabase } from './model-database.js';

it('answers no statement that it does not know', async () => {
  const unknown = new ModelDatabase().connect().query('DELETE FROM inbox');
  await expect(unknown).rejects.toThrow('does not know this statement: DELETE FROM inbox');
});
