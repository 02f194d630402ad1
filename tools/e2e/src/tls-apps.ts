import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { ROOT } from '@orders/dev/stack/paths';
import { until } from '@orders/dev/stack/until';
import type { CertificateFiles } from '@orders/service/testing';

/** A process of an app with certificates, as an image runs it. */
export class TlsApp {
  /** Exit code and signal. */
  readonly exited: Promise<unknown[]>;
  output = '';
  readonly #child: ChildProcess;
  readonly #management: number;

  /** @param management its management port */
  constructor(
    app: string,
    management: number,
    { files, env }: { files: CertificateFiles; env: NodeJS.ProcessEnv },
  ) {
    this.#management = management;
    const { tlsCertFile, tlsKeyFile, tlsCaFile } = files.config;
    this.#child = spawn(process.execPath, [join(ROOT, 'apps', app, 'dist/main.js')], {
      env: {
        ...{ TLS_CERT_FILE: tlsCertFile, TLS_KEY_FILE: tlsKeyFile, TLS_CA_FILE: tlsCaFile },
        ...{ HOST: '127.0.0.1', MANAGEMENT_PORT: String(management), SHUTDOWN_WAIT_MS: '0', ...env },
      },
    });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on('data', (text: Buffer) => (this.output += text.toString()));
    this.exited = once(this.#child, 'close');
  }

  /** Resolves when `/readyz` answers 200. */
  async ready(): Promise<void> {
    await until(async () => (await this.#get('/readyz'))?.status === 200, {
      ...{ timeoutMs: 30_000, what: 'being ready' },
    });
  }

  /** Resolves when its log has so many lines with this message. */
  async logged(message: string, times: number): Promise<void> {
    const count = () => this.output.split(`"msg":"${message}"`).length - 1;
    await until(async () => count() >= times, { timeoutMs: 30_000, what: `${times} times "${message}"` });
  }

  /** The value of a metric without labels. */
  async metric(name: string): Promise<number> {
    const text = (await (await this.#get('/metrics'))?.text()) ?? '';
    return Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1]);
  }

  async stop(): Promise<void> {
    this.#child.kill();
    await this.exited;
  }

  #get(path: string): Promise<Response | undefined> {
    return fetch(`http://127.0.0.1:${this.#management}${path}`).catch(() => undefined);
  }
}
