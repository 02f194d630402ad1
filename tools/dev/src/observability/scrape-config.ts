import type { AppDeclaration } from '../stack/declarations.ts';

/** The jobs of Prometheus: one for each app, of its name. @param address host:port of a management port */
export function scrapeConfigs(
  apps: readonly AppDeclaration[],
  address: (app: AppDeclaration) => string,
): object[] {
  return apps.map((app) => ({ job_name: app.name, static_configs: [{ targets: [address(app)] }] }));
}
