import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ruleGroups } from '@orders/dev/observability/rules';
import { scrapeConfigs } from '@orders/dev/observability/scrape-config';
import { APPS } from '@orders/dev/stack/declarations';
import type { Environments } from '@orders/dev/stack/environments';
import { freePorts } from '@orders/dev/stack/ports';
import { Prometheus } from '@orders/dev/stack/prometheus';
import { until } from '@orders/dev/stack/until';
import { of } from '@orders/dev/stack/wiring';
import { Customer, freshSystem, type SystemUnderTest } from '../client.ts';

/**
 * Seconds that a minute of the rules takes. 2 for CI: a window of 5 minutes then has 5 scrapes, and no range may have fewer
 * than 4.
 */
export const MINUTE_SECONDS = Number(process.env['ALERT_MINUTE_SECONDS'] ?? 2);
const SCRAPE_SECONDS = Math.min(15, MINUTE_SECONDS);

/** Few places, so that few clients overload the gateway. */
const SMALL = { MAX_CONCURRENT_REQUESTS: '8', MAX_QUEUED_REQUESTS: '0' };

interface Parts {
  readonly sut: SystemUnderTest;
  readonly prometheus: Prometheus;
  readonly alice: Customer;
  /** Of the apps, as they run. */
  readonly environments: Environments;
  /** A port that Prometheus scrapes, and where nobody listens yet. */
  readonly sparePort: number;
  readonly dispose: () => Promise<void>;
}

/** The whole system with a real Prometheus, which has our rules with shorter windows. */
export class WatchedSystem implements Parts {
  readonly sut: Parts['sut'];
  readonly prometheus: Parts['prometheus'];
  readonly alice: Parts['alice'];
  readonly environments: Parts['environments'];
  readonly sparePort: Parts['sparePort'];
  readonly dispose: Parts['dispose'];

  private constructor({ sut, prometheus, alice, environments, sparePort, dispose }: Parts) {
    this.sut = sut;
    this.prometheus = prometheus;
    this.alice = alice;
    this.environments = environments;
    this.sparePort = sparePort;
    this.dispose = dispose;
  }

  static async start(): Promise<WatchedSystem> {
    const folder = mkdtempSync(join(tmpdir(), 'orders-observability-'));
    let environments: Environments = {};
    const sut = await freshSystem({
      env: SMALL,
      rewire: async (wired) => (environments = withNatsCaFile(wired, join(folder, 'nats-ca.crt'))),
    });
    const [sparePort = 0] = await freePorts(1);
    const prometheus = await Prometheus.start({
      folder: join(folder, 'prometheus'),
      config: config(folder, sut, sparePort),
    });
    const dispose = async () => {
      await prometheus.stop();
      await sut.dispose();
      rmSync(folder, { recursive: true, force: true });
    };
    const alice = await Customer.of(sut.system, 'alice');
    return new WatchedSystem({ sut, prometheus, alice, environments, sparePort, dispose });
  }

  /** Resolves once an alert fires. */
  async fires(alert: string, timeoutMs = 90_000): Promise<void> {
    await until(async () => (await this.firing()).includes(alert), {
      ...{ timeoutMs, everyMs: 500, what: `the alert ${alert}` },
    });
  }

  /** Resolves once it does not fire. */
  async resolves(alert: string, timeoutMs = 150_000): Promise<void> {
    await until(async () => !(await this.firing()).includes(alert), {
      ...{ timeoutMs, everyMs: 500, what: `the end of the alert ${alert}` },
    });
  }

  /** Names of the alerts that fire. Of the objectives the critical ones alone: those of 3 days do not end here. */
  async firing(): Promise<string[]> {
    const names = (await this.prometheus.alerts())
      .filter(
        ({ state, labels }) => state === 'firing' && !(labels['slo'] && labels['severity'] === 'warning'),
      )
      .map(({ labels }) => labels['alertname'] ?? '');
    return [...new Set(names)];
  }
}

function config(folder: string, sut: SystemUnderTest, sparePort: number): object {
  const rules = join(folder, 'rules.json');
  writeFileSync(rules, JSON.stringify({ groups: ruleGroups(APPS, { minuteSeconds: MINUTE_SECONDS }) }));
  const every = { scrape_interval: `${SCRAPE_SECONDS}s`, scrape_timeout: `${SCRAPE_SECONDS}s` };
  const addresses = scrapeConfigs(APPS, ({ name }) => new URL(of(sut.system.urls.management, name)).host);
  const spare = { job_name: 'spare', static_configs: [{ targets: [`127.0.0.1:${sparePort}`] }] };
  return {
    global: { ...every, evaluation_interval: `${SCRAPE_SECONDS}s` },
    rule_files: [rules],
    scrape_configs: [...addresses, spare],
  };
}

/** The CA of NATS in a file of its own, which can change without the certificates. */
function withNatsCaFile(environments: Environments, file: string): Environments {
  const { fulfillment = {} } = environments;
  writeFileSync(file, readFileSync(fulfillment['TLS_CA_FILE'] ?? ''));
  return { ...environments, fulfillment: { ...fulfillment, NATS_CA_FILE: file } };
}
