import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { putInPlace } from './debian-package.ts';
import { run } from './run.ts';

const RELEASES = 'https://github.com/nats-io/nats-server/releases/download';
const ARCHITECTURES: Partial<Record<NodeJS.Architecture, string>> = { x64: 'amd64', arm64: 'arm64' };

/**
 * Downloads a release of the NATS project and checks it against the release's SHA256SUMS.
 * @param version such as 2.10.27
 * @param target where the binary goes
 * @throws when there is no build for this platform, no network, or the checksum differs
 */
export async function installFromRelease(
  version: string,
  target: string,
  signal?: AbortSignal,
): Promise<string> {
  const architecture = ARCHITECTURES[process.arch];
  if (architecture === undefined) throw new Error(`no build for ${process.arch}`);
  const name = `nats-server-v${version}-${process.platform}-${architecture}`;
  const archive = await download(`${RELEASES}/v${version}/${name}.tar.gz`, signal);
  const sums = (await download(`${RELEASES}/v${version}/SHA256SUMS`, signal)).toString();
  verifyChecksum(archive, `${name}.tar.gz`, sums);

  const folder = await mkdtemp(join(tmpdir(), 'nats-server-'));
  try {
    await writeFile(join(folder, 'archive.tar.gz'), archive);
    await run('tar', ['-xzf', join(folder, 'archive.tar.gz'), '-C', folder], { signal });
    return await putInPlace(join(folder, name, 'nats-server'), target);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** @throws unless the list has the checksum of this content under this name */
export function verifyChecksum(content: Uint8Array, name: string, sums: string): void {
  const wanted = sums
    .split('\n')
    .map((line) => line.trim().split(/\s+\*?/))
    .find(([, listed]) => listed === name)?.[0];
  if (wanted === undefined) throw new Error(`no checksum for ${name} in SHA256SUMS`);
  const actual = createHash('sha256').update(content).digest('hex');
  if (actual !== wanted) throw new Error(`${name} has checksum ${actual}, not ${wanted}`);
}

async function download(url: string, signal: AbortSignal | undefined): Promise<Buffer> {
  const limit = AbortSignal.timeout(120_000);
  try {
    const response = await fetch(url, { signal: signal ? AbortSignal.any([signal, limit]) : limit });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    return Buffer.from(await response.arrayBuffer());
  } catch (error) {
    const { message, cause } = error as Error;
    throw new Error(`cannot download ${url}: ${cause instanceof Error ? cause.message : message}`, {
      cause: error,
    });
  }
}
