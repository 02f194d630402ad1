import { run } from '@orders/dev/stack/run';

/** A chain of our own: what a killed run has left in it is removed by the next one. */
const CHAIN = 'orders-proof';

/** Drops packets to ports of this machine, in the kernel. */
export const packetFilter = {
  /** Prepares it. @returns why this machine has none; undefined when it has */
  async unavailable(): Promise<string | undefined> {
    if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'needs root on Linux';
    try {
      await iptables('-N', CHAIN).catch(() => iptables('-F', CHAIN));
      const jump = ['INPUT', '-i', 'lo', '-p', 'tcp', '-j', CHAIN];
      await iptables('-C', ...jump).catch(() => iptables('-I', ...jump));
      return undefined;
    } catch (error) {
      return `needs iptables: ${error instanceof Error ? error.message : String(error)}`;
    }
  },

  /** Drops all that is sent to a port, until the returned function is called. */
  async drop(port: string): Promise<() => Promise<void>> {
    const rule = [CHAIN, '-p', 'tcp', '--dport', port, '-j', 'DROP'];
    await iptables('-A', ...rule);
    return () => iptables('-D', ...rule);
  },
};

async function iptables(...args: string[]): Promise<void> {
  await run('iptables', ['-w', '5', ...args]);
}
