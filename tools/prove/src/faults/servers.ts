import type { SystemUnderProof } from '../system-under-proof.ts';
import { nothing, type Fault } from './fault.ts';

/** The three shutdown modes of Postgres. "smart" waits for clients to disconnect; ours do not, so a fast one follows. */
const POSTGRES_STOPS: Record<string, NodeJS.Signals> = {
  'postgres smart': 'SIGTERM',
  'postgres fast': 'SIGINT',
  'postgres immediate': 'SIGQUIT',
};

/** Stops a server by a signal and starts it again. */
export const SERVER_FAULTS: readonly Fault[] = [
  {
    name: 'server stopped',
    targets: ['nats-server', ...Object.keys(POSTGRES_STOPS)],
    durationMs: [0, 1_500],
    component: (target) => (target === 'nats-server' ? target : 'postgres'),
    begin: ({ system }, { target }) =>
      target === 'nats-server' ? stopNats(system) : stopPostgres(system, POSTGRES_STOPS[target]!),
  },
];

async function stopNats({ nats }: SystemUnderProof['system']): Promise<() => Promise<void>> {
  await nats.server?.stop();
  return async () => nats.server?.start();
}

async function stopPostgres({ postgres }: SystemUnderProof['system'], signal: NodeJS.Signals) {
  const server = postgres.server;
  if (!server) return nothing;
  server.child?.kill(signal);
  return async () => {
    await server.stop();
    await server.start();
  };
}
