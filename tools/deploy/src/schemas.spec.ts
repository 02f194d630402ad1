import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { EVERY_APP } from '@orders/dev/stack/declarations';
import { ROOT } from '@orders/dev/stack/paths';

function readSchema(chart: string): Record<string, unknown> {
  const text = readFileSync(join(ROOT, 'helm', chart, 'values.schema.json'), 'utf8');
  const schema = JSON.parse(text) as { additionalProperties: boolean; properties: Record<string, unknown> };
  expect(schema.additionalProperties).toBe(false);
  return schema.properties;
}

describe('the schemas of the values of all charts', () => {
  it('are the same for what all of them have', () => {
    const [first, ...others] = EVERY_APP.map(({ name }) => readSchema(name));
    for (const schema of others) {
      const shared = Object.keys(schema).filter((key) => key !== 'config' && first && key in first);
      for (const key of shared) expect({ [key]: schema[key] }).toEqual({ [key]: first?.[key] });
    }
    const [one, ...alike] = EVERY_APP.filter(({ database }) => database).map(({ name }) => readSchema(name));
    for (const schema of alike) expect(schema).toEqual({ ...one, config: expect.anything() });
  });
});
