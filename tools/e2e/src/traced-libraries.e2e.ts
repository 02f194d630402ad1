import { describe, expect, it } from '@jest/globals';
import { ROOT } from '@orders/dev/stack/paths';
import { CommandFailed, run } from '@orders/dev/stack/run';

const REGISTER = './apps/fulfillment/dist/register.js';
/** Prints the address of every module that is loaded after it. */
const TELL_LOADS = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module';
  registerHooks({ load: (url, context, next) => (console.log('loads', url), next(url, context)) });`)}`;
/** Nobody listens there. */
const ON = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', OTEL_BSP_EXPORT_TIMEOUT: '1' };

/** What a process prints that runs `code` after the register module of an app. */
function printed(code: string, env: Record<string, string>, before: string[] = []): Promise<string> {
  const imports = [...before, REGISTER].flatMap((module) => ['--import', module]);
  const script = ['--input-type=module', '--eval', code];
  return run(process.execPath, [...imports, ...script], {
    cwd: ROOT,
    env: { PATH: process.env.PATH, ...env },
  });
}

async function refusal(env: Record<string, string>): Promise<string> {
  const error = await printed('', { ...ON, ...env }).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return error instanceof CommandFailed ? error.output : `no failure: ${String(error)}`;
}

describe('with tracing off', () => {
  it('nothing of it is loaded', async () => {
    const loads = (await printed('', {}, [TELL_LOADS]))
      .split('\n')
      .filter((line) => line.startsWith('loads'));
    const files = loads.filter((line) => line.includes('file:'));
    expect(files).toEqual([expect.stringMatching(/\/dist\/register\.js$/)]);
  });
});

describe('with tracing on', () => {
  const isPatched = `
    import { Client } from '@grpc/grpc-js';
    console.log('patched', '__wrapped' in Client.prototype.makeUnaryRequest);
    process.exit();`;

  it('a library beside the bundle is patched when it is enabled', async () => {
    const env = { ...ON, OTEL_NODE_ENABLED_INSTRUMENTATIONS: 'grpc' };
    expect(await printed(isPatched, env)).toContain('patched true');
  });

  it('gRPC is left to our own edges', async () => {
    expect(await printed(isPatched, ON)).toContain('patched false');
  });

  it.each([
    [
      'a misspelt instrumentation',
      { OTEL_NODE_ENABLED_INSTRUMENTATIONS: 'undici,ioredix' },
      /unknown: ioredix; known are amqplib, /,
    ],
    [
      'a misspelt one that is off',
      { OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'undicy' },
      /DISABLED_INSTRUMENTATIONS: unknown: undicy;/,
    ],
    ['one that could not patch', { OTEL_NODE_ENABLED_INSTRUMENTATIONS: 'pg' }, /pg: is part of the bundle/],
    ['a sampler that is none', { OTEL_TRACES_SAMPLER: 'ratio' }, /OTEL_TRACES_SAMPLER is "ratio"/],
  ])('a start fails that names %s', async (_what, env, said) => {
    expect(await refusal(env as Record<string, string>)).toMatch(said);
  });
});
