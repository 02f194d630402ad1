import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { EVERY_APP } from '@orders/dev/stack/declarations';
import { ROOT } from '@orders/dev/stack/paths';
import { factsOf } from './charts/facts.ts';
import { SHARED } from './charts/shared-schema.ts';
import { blocksOf, sharedBlocks } from './charts/values-file.ts';

const shared = readFileSync(join(ROOT, 'helm/service/values-of-all.yaml'), 'utf8');

it('each shared value has a schema, and each schema has a value', () => {
  expect(blocksOf(shared).map(({ key }) => key)).toEqual(expect.arrayContaining(Object.keys(SHARED)));
  expect(Object.keys(SHARED)).toEqual(expect.arrayContaining(blocksOf(shared).map(({ key }) => key)));
});

describe('an app', () => {
  it.each(EVERY_APP)('has the shared values that it has a use for: $name', (app) => {
    const facts = factsOf(app, EVERY_APP);
    const keys = sharedBlocks(shared, app).map(({ key }) => key);
    expect({
      keda: keys.includes('keda'),
      migration: keys.includes('migration'),
      existingSecret: keys.includes('existingSecret'),
      httpRoute: keys.includes('httpRoute'),
      grpcRoute: keys.includes('grpcRoute'),
    }).toEqual({
      keda: facts.durables.length > 0,
      migration: facts.migrates,
      existingSecret: facts.secrets.length > 0,
      httpRoute: facts.front,
      grpcRoute: facts.ports.some(({ name }) => name === 'grpc'),
    });
  });

  it('allows the gRPC port to those that declare to call it, and to nobody else', () => {
    for (const app of EVERY_APP) {
      const callers = factsOf(app, EVERY_APP).calledBy;
      const declared = EVERY_APP.filter(({ calls }) =>
        calls.some((call) => app.serves.includes(call.split('/', 1)[0] ?? '')),
      );
      expect(callers).toEqual(declared.map(({ name }) => name));
    }
  });
});
