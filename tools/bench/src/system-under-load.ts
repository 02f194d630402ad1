import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Problem } from '@orders/dev/bootstrap/problem.mjs';
import { type OtlpReceiver, type SpanRecord, startOtlpReceiver } from '@orders/dev/otlp-receiver';
import { startSystem, type System } from '@orders/dev/stack/system';
import { of } from '@orders/dev/stack/wiring';
import type { Steps } from '@orders/dev/stack/tasks';
import type { EmbeddedPostgres } from '@orders/dev/stack/postgres';
import type { NatsServer } from '@orders/dev/stack/nats-server';
import { sumOf } from './prometheus-text.ts';
import { cpuSeconds, memoryMiB, perGroup, type PerGroup } from './processes.ts';

export interface Tracing {
  /** Share of the requests, 0 to 1. */
  ratio: number;
  /** JSON keeps the spans for reading afterwards; protobuf is the default of OpenTelemetry. */
  protocol: 'http/protobuf' | 'http/json';
}

export interface StartOptions {
  /** A fresh folder for data and logs. */
  folder: string;
  build: boolean;
  /** Folder with apps/ and node_modules/. Default: this workspace. */
  root?: string;
  /** Processes of each app. Default: 1. */
  replicas?: number;
  /** Without TLS. */
  insecure: boolean;
  /** Samples requests and exports their spans to a collector of ours. Default: no tracing. */
  tracing?: Tracing;
  /** More environment for every app. */
  env?: NodeJS.ProcessEnv;
  steps: Steps;
  signal: AbortSignal;
}

/** The whole system as it is released: compiled, tokens checked, access logs to files, metrics on. */
export class SystemUnderLoad {
  readonly api: string;
  /** The folder of its state. */
  readonly dataDir: string;
  readonly #system: System;
  readonly #servers: { postgres: EmbeddedPostgres; nats: NatsServer };
  readonly #receiver: OtlpReceiver | undefined;

  static async start({ folder, tracing, env, ...options }: StartOptions): Promise<SystemUnderLoad> {
    const logFolder = join(folder, 'logs');
    mkdirSync(logFolder, { recursive: true });
    const receiver = tracing && (await startOtlpReceiver());
    const system = await startSystem({
      ...options,
      dataDir: join(folder, 'data'),
      logFolder,
      // The event lag is measured by commit timestamps.
      postgresSettings: { track_commit_timestamp: 'on' },
      env: {
        NODE_ENV: 'production',
        OTEL_EXPORTER_OTLP_ENDPOINT: receiver?.url ?? '',
        ...(tracing && {
          OTEL_EXPORTER_OTLP_PROTOCOL: tracing.protocol,
          OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
          OTEL_TRACES_SAMPLER_ARG: String(tracing.ratio),
        }),
        ...env,
      },
    }).catch((error: unknown) => {
      receiver?.close();
      throw error;
    });
    return new SystemUnderLoad(system, join(folder, 'data'), receiver);
  }

  private constructor(system: System, dataDir: string, receiver: OtlpReceiver | undefined) {
    const { postgres, nats } = system;
    if (!postgres.server || !nats.server) throw new Problem('The benchmark needs servers of its own.');
    this.#system = system;
    this.#servers = { postgres: postgres.server, nats: nats.server };
    this.#receiver = receiver;
    this.api = system.urls.api;
    this.dataDir = dataDir;
  }

  get system(): System {
    return this.#system;
  }

  get nats(): NatsServer {
    return this.#servers.nats;
  }

  /** Number of span exports that the apps have sent. */
  get exports(): number {
    return this.#receiver?.exports ?? 0;
  }

  /** The spans that the apps have sent as JSON. */
  get spans(): readonly SpanRecord[] {
    return this.#receiver?.spans ?? [];
  }

  databaseUrl(name: string): string {
    return this.#servers.postgres.url(name);
  }

  /** Tokens of `count` customers. More customers keep each further below its rate limit. */
  tokens(name = 'customer', count = 64): Promise<string[]> {
    return Promise.all(Array.from({ length: count }, (_, n) => this.#system.token(`${name}-${n}`)));
  }

  /** Processor time that each group has used since it started, in seconds. Default: all groups, which must run. */
  cpu(groups?: readonly string[]): PerGroup<number> {
    return perGroup((group) => this.#sum(group, cpuSeconds), groups);
  }

  /** Resident memory of each group, all its processes together, in MiB. For Postgres it is the postmaster's alone: the sessions share most of theirs. */
  memory(groups?: readonly string[]): PerGroup<{ now: number; peak: number }> {
    const sum = (group: string, kind: 'now' | 'peak') => this.#sum(group, (pid) => memoryMiB(pid)[kind]);
    return perGroup((group) => ({ now: sum(group, 'now'), peak: sum(group, 'peak') }), groups);
  }

  /** A metric of an app, summed over its series that have these labels; 0 before its first value. */
  async metric(app: string, name: string, labels: Record<string, string> = {}): Promise<number> {
    const response = await fetch(`${of(this.#system.urls.management, app)}/metrics`);
    return sumOf(await response.text(), name, labels);
  }

  async stop(): Promise<void> {
    await this.#system.stop().finally(() => this.#receiver?.close());
  }

  /** Of a figure of each process in a group. */
  #sum(group: string, figure: (pid: number) => number): number {
    const { postgres, nats } = this.#servers;
    const servers: Record<string, (number | undefined)[]> = {
      postgres: [postgres.child?.pid],
      nats: [nats.child?.pid],
    };
    const pids = servers[group] ?? of(this.#system.replicas, group).map(({ pid }) => pid);
    return pids.reduce<number>((sum, pid) => {
      if (pid === undefined) throw new Problem(`${group} has ended under load: see its log.`);
      return sum + figure(pid);
    }, 0);
  }
}
