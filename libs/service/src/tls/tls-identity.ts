import type { TlsMaterial } from './tls-material.js';

/**
 * The identity of a process in TLS. The same object is given to all that connects or listens, so that each new connection
 * uses the material of that moment: read {@link current} for each connection, never copy it.
 */
export class TlsIdentity {
  /** The DNS name by which peers know the process: the name of the app. */
  readonly name: string;
  /** Whether it is shown to clients too, which check that it is for servers. */
  readonly isServer: boolean;
  private readonly listeners = new Set<(material: TlsMaterial) => void>();
  private readonly ended = new AbortController();
  private material: TlsMaterial;

  constructor(name: string, material: TlsMaterial, isServer = false) {
    this.name = name;
    this.isServer = isServer;
    this.material = material;
  }

  get current(): TlsMaterial {
    return this.material;
  }

  /** Aborts at {@link close}. */
  get closed(): AbortSignal {
    return this.ended.signal;
  }

  /**
   * Calls `listener` after each change of {@link current}; it must not throw.
   *
   * @returns a function that ends this
   */
  onChange(listener: (material: TlsMaterial) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  /** Makes `material` the current one. Open connections keep what they began with. */
  replace(material: TlsMaterial): void {
    this.material = material;
    for (const listener of this.listeners) listener(material);
  }

  /** Ends rotation and listeners. {@link current} stays as it is. */
  close(): void {
    this.ended.abort();
    this.listeners.clear();
  }
}
