import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '@orders/dev/stack/paths';
import { type AppDeclaration, EVERY_APP } from '@orders/dev/stack/declarations';
import type { AppName } from '@orders/dev/stack/topology';
import { ensureBaseImages, type BaseImages } from './base-images.ts';
import { attempt, run, type Outcome } from './run.ts';

// No daemon, no bridge network, and nothing beyond what Kubernetes' restricted profile leaves a pod.
const CONFINED = [
  ...['--network=host', '--read-only', '--cap-drop=all', '--security-opt=no-new-privileges', '--pull=never'],
  ...['--no-healthcheck', '--ulimit=nofile=4096:4096', '--ulimit=nproc=4096:4096'],
];

/** Why images cannot be built and run on this machine; undefined when they can. */
export async function whyNoImages(): Promise<string | undefined> {
  if (process.platform !== 'linux') return 'this is not Linux';
  if (process.getuid?.() !== 0) return 'this is not root';
  for (const program of ['buildah', 'podman', 'runc', 'ldd']) {
    if ((await attempt('which', [program]).catch(() => undefined))?.code !== 0)
      return `${program} is not installed`;
  }
  return undefined;
}

/** Images of one run, deleted in the end; the layers that they were built from stay, for the next run. */
export class Images implements AsyncDisposable {
  readonly #tag = randomUUID().slice(0, 8);
  readonly #made: string[] = [];

  /** One after the other, so that the later ones find the layers of the first. */
  static async build(apps: readonly AppDeclaration[] = EVERY_APP): Promise<Images> {
    const images = new Images();
    try {
      const bases = await ensureBaseImages();
      const fresh = { build: bases.build, runtime: await images.#freshRuntime(bases.runtime) };
      for (const { name } of apps) await images.#build(name, fresh);
      return images;
    } catch (error) {
      await images[Symbol.asyncDispose]();
      throw error;
    }
  }

  of(app: AppName): string {
    return `localhost/orders-platform/${app}:${this.#tag}`;
  }

  /** The runtime base under a name of this run: with it the last stage is never taken from the cache, which has been seen to mix up builds. */
  async #freshRuntime(base: string): Promise<string> {
    const image = `localhost/orders-platform/runtime-base-of:${this.#tag}`;
    const container = await run('buildah', ['from', '--pull-never', base]);
    try {
      await run('buildah', ['config', '--label', `run=${this.#tag}`, container]);
      await run('buildah', ['commit', '--format', 'docker', container, image]);
    } finally {
      await attempt('buildah', ['rm', container]);
    }
    this.#made.push(image);
    return image;
  }

  async #build(app: AppName, bases: BaseImages): Promise<void> {
    const npmrc = join(homedir(), '.npmrc');
    const args = [
      ...['bud', '--format', 'docker', '--layers', '--isolation', 'chroot', '--pull-never'],
      ...['--file', join(ROOT, 'docker/Dockerfile'), '--tag', this.of(app)],
      ...['--build-arg', `APP=${app}`, '--build-arg', `BUILD_IMAGE=${bases.build}`],
      ...['--build-arg', `RUNTIME_IMAGE=${bases.runtime}`],
      ...(existsSync(npmrc) ? ['--secret', `id=npmrc,src=${npmrc}`] : []),
    ];
    await run('buildah', [...args, ROOT], { timeoutMs: 600_000 });
    this.#made.push(this.of(app));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const image of this.#made.reverse()) await attempt('buildah', ['rmi', '--force', image]);
  }
}

/** Runs an image to its end. */
export function runToEnd(image: string, args: string[], env: Record<string, string> = {}): Promise<Outcome> {
  return attempt('podman', [
    '--runtime',
    'runc',
    'run',
    '--rm',
    ...CONFINED,
    ...variables(env),
    image,
    ...args,
  ]);
}

/** A container that runs until it is stopped. */
export class Container implements AsyncDisposable {
  readonly #id: string;

  static async start(image: string, env: Record<string, string>): Promise<Container> {
    return new Container(
      await run('podman', ['--runtime', 'runc', 'run', '--detach', ...CONFINED, ...variables(env), image]),
    );
  }

  private constructor(id: string) {
    this.#id = id;
  }

  /** Runs a command inside. */
  exec(...command: string[]): Promise<Outcome> {
    return attempt('podman', ['--runtime', 'runc', 'exec', this.#id, ...command]);
  }

  async running(): Promise<boolean> {
    return (await this.#inspect('{{.State.Running}}')) === 'true';
  }

  /** What it has printed so far, stdout and stderr. */
  async logs(): Promise<string> {
    const { stdout, stderr } = await attempt('podman', ['logs', this.#id]);
    return stdout + stderr;
  }

  /** SIGTERM, and SIGKILL after 25 s. Resolves with the exit code: 137 when it had to be killed. */
  async stop(): Promise<number> {
    await run('podman', ['stop', '--time', '25', this.#id]);
    return Number(await this.#inspect('{{.State.ExitCode}}'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await attempt('podman', ['rm', '--force', '--time', '0', this.#id]);
  }

  #inspect(format: string): Promise<string> {
    return run('podman', ['inspect', '--format', format, this.#id]);
  }
}

function variables(env: Record<string, string>): string[] {
  return Object.entries(env).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
}
