import type { X509Certificate } from 'node:crypto';

/**
 * Which apps may call what: the names of apps by gRPC service (`orders.v1.Orders`) or single RPC
 * (`orders.v1.Orders/GetOrder`). Nobody may call what is not listed.
 */
export type Callers = Readonly<Record<string, readonly string[]>>;

/** Any identity may ask for the health of the server. */
const HEALTH = 'grpc.health.v1.Health';

/** Who may call what, for the identities in the certificates of callers. */
export class CallRules {
  private readonly names: readonly string[];

  constructor(private readonly callers: Callers) {
    this.names = [...new Set(Object.values(callers).flat())];
  }

  /** The apps that a certificate stands for, as far as they may call anything: those among its DNS names. */
  appsOf(certificate: X509Certificate): string[] {
    return this.names.filter(
      (name) => certificate.checkHost(name, { subject: 'never', wildcards: false }) !== undefined,
    );
  }

  /** @param path `/orders.v1.Orders/GetOrder` */
  allow(apps: readonly string[], path: string): boolean {
    const rpc = path.slice(1);
    const service = rpc.slice(0, rpc.indexOf('/'));
    if (service === HEALTH) return true;
    const allowed = [service, rpc].flatMap((name) =>
      Object.hasOwn(this.callers, name) ? (this.callers[name] ?? []) : [],
    );
    return apps.some((app) => allowed.includes(app));
  }
}
