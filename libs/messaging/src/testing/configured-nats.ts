import { requiredProgram } from '@orders/postgres/testing';
import { freePort } from '@orders/service/testing';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Top-level settings of nats-server: who may do what, TLS; or their text, and then without JetStream. */
export type NatsConfiguration = Readonly<Record<string, unknown>> | string;

/** A nats-server with JetStream and a configuration of the test, on a port of its own. */
export class ConfiguredNats implements AsyncDisposable {
  #log = '';
  readonly #changed = new Set<() => void>();

  #child: ChildProcess | undefined;

  private constructor(
    readonly folder: string,
    readonly port: number,
    private readonly program: string,
  ) {}

  /** @param program default: the nats-server of all tests */
  static async start(
    configuration: NatsConfiguration,
    program = requiredProgram('TEST_NATS_SERVER'),
  ): Promise<ConfiguredNats> {
    const server = new ConfiguredNats(mkdtempSync(join(tmpdir(), 'nats-')), await freePort(), program);
    await server.restart(configuration);
    return server;
  }

  /** Kills it, and starts it on the same port and data with another configuration. */
  async restart(configuration: NatsConfiguration): Promise<void> {
    await this.kill();
    const from = this.#log.length;
    writeConfiguration(this.folder, this.port, configuration);
    this.#child = spawn(this.program, ['-c', join(this.folder, 'nats.conf')], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#log += text;
      for (const wake of this.#changed) wake();
    });
    await this.logged('Server is ready', from);
  }

  /** What it has logged. */
  get log(): string {
    return this.#log;
  }

  /** Makes it use another configuration, as SIGHUP does. Resolves once it has. */
  async reload(configuration: NatsConfiguration): Promise<void> {
    const from = this.#log.length;
    writeConfiguration(this.folder, this.port, configuration);
    this.#child?.kill('SIGHUP');
    await this.logged('Reloaded server configuration', from);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async kill(): Promise<void> {
    if (this.#child?.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }

  /** Waits until it has logged a text after its first `from` characters. */
  private logged(text: string, from: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = () => {
        if (this.#log.indexOf(text, from) === -1) return;
        this.#changed.delete(look);
        resolve();
      };
      this.#changed.add(look);
      this.#child?.once('exit', () => reject(new Error(`nats-server has ended: ${this.#log}`)));
      look();
    });
  }
}

function writeConfiguration(folder: string, port: number, configuration: NatsConfiguration): void {
  const listen = `listen: 127.0.0.1:${port}\n`;
  const text = typeof configuration === 'string' ? configuration : textOf(folder, configuration);
  writeFileSync(join(folder, 'nats.conf'), listen + text);
}

function textOf(folder: string, configuration: Readonly<Record<string, unknown>>): string {
  const settings = { jetstream: { store_dir: folder }, ...configuration };
  const lines = Object.entries(settings).map(([key, value]) => `${key}: ${JSON.stringify(value)}`);
  return lines.join('\n');
}
