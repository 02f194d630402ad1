import { firstThatWorks, NoBinary } from '@orders/dev/stack/binaries';
import { autocannonGenerator } from './autocannon.ts';
import type { Generator } from './generator.ts';
import { wrkFinders, wrkGenerator, wrkVersion } from './wrk.ts';

/** Returns wrk when the machine has it or Debian's package can be fetched; else autocannon, an npm package. */
export async function resolveGenerator(signal: AbortSignal): Promise<Generator> {
  const check = async (binary: string): Promise<void> => void (await wrkVersion(binary));
  try {
    return await wrkGenerator(await firstThatWorks({ finders: wrkFinders(process.env), check, signal }));
  } catch (error) {
    if (error instanceof NoBinary) return autocannonGenerator;
    throw error;
  }
}
