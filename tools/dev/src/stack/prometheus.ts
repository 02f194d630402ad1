import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Child } from './child.ts';
import { freePorts } from './ports.ts';
import { resolvePrometheus } from './promtool.ts';
import { answersOk, until } from './until.ts';

export interface PrometheusOptions {
  /** For its configuration, data and log; made when it is absent. */
  folder: string;
  /** Its configuration file, as an object: JSON is YAML. */
  config: object;
  /** More arguments, e.g. `--enable-feature=exemplar-storage`. */
  args?: readonly string[];
}

/** One series of an instant vector. */
export interface Sample {
  labels: Record<string, string>;
  value: number;
}

/** An alert that is pending or firing. */
export interface ActiveAlert {
  labels: Record<string, string>;
  annotations: Record<string, string>;
  state: 'pending' | 'firing';
}

/** A Prometheus on 127.0.0.1. */
export class Prometheus {
  readonly url: string;
  readonly #child: Child;

  private constructor(child: Child, url: string) {
    this.#child = child;
    this.url = url;
  }

  /** Resolves once it is ready. @throws with the end of its log when it ends instead */
  static async start({ folder, config, args = [] }: PrometheusOptions): Promise<Prometheus> {
    const command = await resolvePrometheus();
    const [port = 0] = await freePorts(1);
    mkdirSync(folder, { recursive: true });
    const [configFile, logFile] = [join(folder, 'prometheus.json'), join(folder, 'prometheus.log')];
    writeFileSync(configFile, JSON.stringify(config));
    const output = openSync(logFile, 'a');
    const own = {
      'config.file': configFile,
      'storage.tsdb.path': join(folder, 'data'),
      'web.listen-address': `127.0.0.1:${port}`,
      'log.level': 'warn',
    };
    const options = Object.entries(own).map(([name, value]) => `--${name}=${value}`);
    const child = await Child.spawn({ command, args: [...options, ...args], output });
    closeSync(output);
    const prometheus = new Prometheus(child, `http://127.0.0.1:${port}`);
    const ready = async (): Promise<boolean> => {
      if (!child.running) throw new Error(`Prometheus ended: ${readFileSync(logFile, 'utf8').slice(-1_000)}`);
      return answersOk(`${prometheus.url}/-/ready`);
    };
    await until(ready, { timeoutMs: 30_000, what: 'Prometheus to be ready' });
    return prometheus;
  }

  /** Evaluates an expression now. @throws with what Prometheus said of it */
  async query(expr: string): Promise<Sample[]> {
    const data = (await this.get(`query?${new URLSearchParams({ query: expr }).toString()}`)) as {
      result: { metric: Record<string, string>; value: [number, string] }[];
    };
    return data.result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
  }

  async alerts(): Promise<ActiveAlert[]> {
    return ((await this.get('alerts')) as { alerts: ActiveAlert[] }).alerts;
  }

  /** The data of an answer of its API. @param path after `/api/v1/` @throws with what Prometheus said */
  async get(path: string): Promise<unknown> {
    const response = await fetch(`${this.url}/api/v1/${path}`);
    const { data, error } = (await response.json()) as { data: unknown; error?: string };
    if (error !== undefined) throw new Error(`${path}: ${error}`);
    return data;
  }

  async stop(): Promise<void> {
    await this.#child.stop();
  }
}
