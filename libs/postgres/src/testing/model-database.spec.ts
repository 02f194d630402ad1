import { expect, it } from '@jest/globals';
import { ModelDatabase } from './model-database.js';

it('rejects an unknown statement', async () => {
  const unknown = new ModelDatabase().connect().query('DELETE FROM inbox');
  await expect(unknown).rejects.toThrow('does not know this statement: DELETE FROM inbox');
});
