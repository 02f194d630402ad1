import { FaultProxy, type NetworkFault } from '@orders/resilience/testing';

/** A server's address within a URL, a list of URLs, or alone. */
const ADDRESS = /(127\.0\.0\.1|localhost):(\d+)/g;

/** The connections from an app to a server, or to several that it may choose from, through a fault proxy for each. */
export class ProxiedEdge {
  readonly #proxies: readonly FaultProxy[];

  /**
   * Opens the proxies.
   * @param address host:port, a URL, or several of them with commas in between, on this machine
   * @returns the same address with the ports of the proxies
   * @throws when it has no such address: no fault would have an effect
   */
  static async through(name: string, address: string): Promise<{ edge: ProxiedEdge; address: string }> {
    const ports = [...address.matchAll(ADDRESS)].map(([, , port]) => Number(port));
    if (ports.length === 0) throw new Error(`${name}: no address of this machine in ${address}`);
    const proxies = await Promise.all(ports.map((port) => FaultProxy.listen(name, port)));
    let next = 0;
    const moved = address.replaceAll(ADDRESS, (_, host: string) => `${host}:${proxies[next++]?.port}`);
    return { edge: new ProxiedEdge(proxies), address: moved };
  }

  private constructor(proxies: readonly FaultProxy[]) {
    this.#proxies = proxies;
  }

  /** Applies a fault to all connections, new ones too, until {@link clear}. */
  set(fault: NetworkFault): void {
    for (const proxy of this.#proxies) proxy.set(fault);
  }

  clear(): void {
    for (const proxy of this.#proxies) proxy.clear();
  }

  /** Resets all connections. */
  cut(): void {
    for (const proxy of this.#proxies) proxy.cut();
  }

  async close(): Promise<void> {
    await Promise.all(this.#proxies.map((proxy) => proxy.close()));
  }
}
