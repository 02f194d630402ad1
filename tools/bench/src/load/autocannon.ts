import { join } from 'node:path';
import { run } from '@orders/dev/stack/run';
import { Problem } from '@orders/dev/bootstrap/problem.mjs';
import type { Generator, LoadResult } from './generator.ts';

const SCRIPT = join(import.meta.dirname, 'autocannon-process.ts');

/** For a machine without wrk. It needs several times the processor time of wrk, which the system under load then lacks. */
export const autocannonGenerator: Generator = {
  name: 'autocannon 9.0.0',
  run: async (load, signal) => {
    const env = { ...process.env, LOAD: JSON.stringify(load) };
    const printed = await run(process.execPath, ['--disable-warning=ExperimentalWarning', SCRIPT], {
      env,
      signal,
    });
    const result = /^\{.*\}$/m.exec(printed)?.[0];
    if (result === undefined) throw new Problem(`autocannon printed no result: ${printed}`);
    return JSON.parse(result) as LoadResult;
  },
};
