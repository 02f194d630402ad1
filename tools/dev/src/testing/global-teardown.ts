import { running } from './running-servers.ts';

/** Stops what the set-up started and removes its data. */
export default async function globalTeardown(): Promise<void> {
  await running.disposeAsync();
}
