import type { AppDeclaration } from './declarations.ts';
import type { Environments } from './environments.ts';
import type { SystemPorts } from './ports.ts';
import type { RunState } from './run-state.ts';
import type { StackSecurity } from './security.ts';
import type { Nats, Postgres, ServerOptions } from './servers.ts';
import type { Steps, Tasks } from './tasks.ts';

export interface SystemOptions extends Pick<
  ServerOptions,
  'databaseUrl' | 'natsUrl' | 'nats' | 'postgresVersion' | 'postgresSettings' | 'onServerEvent'
> {
  /** Holds all state: databases, streams, the issuer's key. Kept on stop. */
  dataDir: string;
  /** Default: free ones. */
  ports?: SystemPorts;
  /** More environment for every app, e.g. OTEL_EXPORTER_OTLP_ENDPOINT or LOG_LEVEL. */
  env?: NodeJS.ProcessEnv;
  /** Build the apps first. Default true. */
  build?: boolean;
  /** Folder with apps/ and node_modules/. Default: the workspace. */
  root?: string;
  /** The apps of `root` that run. Default: every app of the workspace. */
  apps?: readonly AppDeclaration[];
  /** Processes of each app, default 1. Several are behind a balancer on each port of the app. */
  replicas?: number;
  /** Plaintext between all processes, and no identities. Default: TLS with certificates at both ends. */
  insecure?: boolean;
  /** Changes the environments of the apps once the servers run, e.g. to put a proxy between them. */
  rewire?: (environments: Environments, servers: Servers) => Promise<Environments>;
  /** Called with each line that an app prints; the second replica of orders is `orders-2`. */
  onLine?: (app: string, line: string) => void;
  /** An existing folder: the lines go to a file for each process in it instead, e.g. orders-2.log. */
  logFolder?: string;
  /** Called with what happened to an app, e.g. that it died and is started again. */
  onEvent?: (app: string, text: string) => void;
  /** Shows progress. Default: silent. */
  steps?: Steps;
  /** Aborting stops what runs, in order, and rejects with its reason. */
  signal?: AbortSignal;
}

export interface Servers {
  postgres: Postgres;
  nats: Nats;
}

/** A system under construction: the stack stops what has been started so far, last first. */
export interface Site {
  options: SystemOptions;
  apps: readonly AppDeclaration[];
  ports: SystemPorts;
  stack: AsyncDisposableStack;
  state: RunState;
  tasks: Tasks;
  /** undefined when the system is insecure. */
  security: StackSecurity | undefined;
}
