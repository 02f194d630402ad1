import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { ApiDocument, type Answer, type OpenApi } from '@orders/http/testing/api-document';
import { startSystem, type System } from '@orders/dev/stack/system';
import type { Environments } from '@orders/dev/stack/environments';
import { PORT_VARIABLES } from '@orders/dev/stack/wiring';
import type { SystemOptions } from '@orders/dev/stack/site';
import type { Tls } from '@orders/dev/stack/tls-files';
import { HttpClient, type HttpRequest } from './http-client.ts';
import { Ledger } from './ledger.ts';

/** A line of a log that no input may lead to. */
const FORBIDDEN = /uncaughtException|unhandledRejection|"level":(50|60)\b|"level":"(error|fatal)"|Bearer ey/;

/** A consumer reports an event that it refuses as an error: an operator is to look at it. */
const EXPECTED = /"msg":"event became a dead letter"/;

/** The public API refuses by load; here each case is to get its own answer, on a busy machine too. */
const NO_LIMITS = {
  RATE_LIMIT_PER_SECOND: '1000000',
  RATE_LIMIT_BURST: '1000000',
  MAX_EVENT_LOOP_DELAY_MS: '60000',
  MAX_QUEUE_MS: '60000',
  REQUEST_DEADLINE_MS: '60000',
  LOG_LEVEL: 'warn',
};

const ATTEMPTS = 20;
const PAUSE_MS = 500;

interface Started {
  system: System;
  document: OpenApi;
  environments: Environments;
  alarms: string[];
}

/** The running system, and what the cases of all surfaces share. */
export class SystemUnderFuzz {
  readonly system: System;
  readonly http: HttpClient;
  /** Of the public API. */
  readonly port: number;
  /** Where orders.v1 is served, `host:port`, by whom, and the files of the gateway's identity. */
  readonly orders: { readonly address: string; readonly name: string; readonly tls: Tls };
  /** Every port that an app listens on. */
  readonly ports: readonly number[];
  /** What it serves at /openapi.json. */
  readonly document: OpenApi;
  readonly ledger = new Ledger();
  /** What no input may lead to, such as the death of an app. Each reader empties the list. */
  readonly alarms: string[];
  /** How many answers said: repeat it later. */
  busy = 0;
  readonly #api: ApiDocument;

  private constructor({ system, document, environments, alarms }: Started) {
    this.system = system;
    const {
      ORDERS_ADDRESS: address = '',
      TLS_CERT_FILE: cert = '',
      ...files
    } = environments['gateway'] ?? {};
    const { TLS_KEY_FILE: key = '', TLS_CA_FILE: ca = '' } = files;
    this.orders = { address, name: 'orders', tls: { cert, key, ca } };
    this.ports = Object.values(environments).flatMap((environment) =>
      Object.values(PORT_VARIABLES).flatMap((name) => (environment[name] ? [Number(environment[name])] : [])),
    );
    this.document = document;
    this.alarms = alarms;
    this.http = new HttpClient(system.urls.api);
    this.port = Number(new URL(system.urls.api).port);
    this.#api = new ApiDocument(document);
  }

  /** Starts a fresh system. */
  static async start(options: Pick<SystemOptions, 'dataDir' | 'steps' | 'signal'>): Promise<SystemUnderFuzz> {
    const alarms: string[] = [];
    let environments: Environments = {};
    const system = await startSystem({
      ...options,
      env: NO_LIMITS,
      rewire: async (ofApps) => (environments = ofApps),
      onLine: (app, line) => {
        if (FORBIDDEN.test(line) && !EXPECTED.test(line)) alarms.push(`${app} wrote: ${line.slice(0, 500)}`);
      },
      onEvent: (app, text) => {
        if (text.startsWith('died')) alarms.push(`${app} ${text}`);
      },
    });
    const document = (await (await fetch(system.urls.openapi)).json()) as OpenApi;
    return new SystemUnderFuzz({ system, document, environments, alarms });
  }

  /** The headers of a customer's request with a JSON body. */
  async headersOf(customer: string, scopes?: string): Promise<Record<string, string>> {
    const token = await this.system.token(customer, scopes);
    return { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  }

  /**
   * Sends the request and checks the answer against the API document. An order in it goes into the ledger. A request that
   * comes at a bad moment of a busy machine is repeated.
   *
   * @throws Error when the answer is not as documented
   */
  async send(request: HttpRequest): Promise<Answer> {
    return this.untilServed(async () => {
      const answer = await this.http.send(request);
      this.check(answer);
      return isBusy(answer.status) ? undefined : answer;
    });
  }

  /** Repeats an attempt, after a pause, while it resolves with undefined. @throws Error when it never gets an answer */
  async untilServed<T>(attempt: () => Promise<T | undefined>): Promise<T> {
    for (let times = 0; times < ATTEMPTS; times += 1) {
      const answer = await attempt();
      if (answer !== undefined) return answer;
      this.busy += 1;
      await delay(PAUSE_MS);
    }
    throw new Error(`no answer but "later", ${ATTEMPTS} times`);
  }

  /** @throws Error when the answer is not as documented */
  check(answer: Answer): void {
    const differences = this.#api.differences(answer);
    if (differences.length > 0)
      throw new Error(`not as documented: ${differences.join('; ')}\n${answer.body}`);
    if (answer.status >= 500 && !isBusy(answer.status)) throw new Error(`${answer.status}: ${answer.body}`);
    if (answer.status === 201) this.ledger.acknowledge((JSON.parse(answer.body) as { id: string }).id);
  }

  async stop(): Promise<void> {
    this.http.close();
    await this.system.stop();
  }
}

/** Statuses that say: repeat it later. */
export function isBusy(status: number): boolean {
  return status === 503 || status === 504;
}

/** A key that no other request has, with the name of the surface in it. */
export function freshKey(surface: string): string {
  return `${surface}-${randomUUID()}`;
}
