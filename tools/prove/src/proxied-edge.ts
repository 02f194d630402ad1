import { FaultProxy, type NetworkFault } from '@orders/resilience/testing';

/** A server's address within a URL, a list of URLs, or alone. */
const ADDRESS = /(127\.0\.0\.1|localhost):(\d+)/g;

/** The connections from an app to a server, or to several that it may choose from, through a fault proxy for each. */
export class ProxiedEdge {
  readonly #proxies: readonly FaultProxy[];

  /**
   * Opens the proxies.
   * @param addresses each is host:port, a URL, or several of them with commas in between, on this machine
   * @returns the same addresses with the ports of the proxies
   * @throws when one has no such address: no fault would have an effect
   */
  static async through(
    name: string,
    addresses: readonly string[],
  ): Promise<{ edge: ProxiedEdge; addresses: string[] }> {
    const proxies: FaultProxy[] = [];
    const moved: string[] = [];
    for (const address of addresses) {
      const ports = [...address.matchAll(ADDRESS)].map(([, , port]) => Number(port));
      if (ports.length === 0) throw new Error(`${name}: no address of this machine in ${address}`);
      const opened = await Promise.all(ports.map((port) => FaultProxy.listen(name, port)));
      let next = 0;
      moved.push(address.replaceAll(ADDRESS, (_, host: string) => `${host}:${opened[next++]?.port}`));
      proxies.push(...opened);
    }
    return { edge: new ProxiedEdge(proxies), addresses: moved };
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
