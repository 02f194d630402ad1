import { run } from '@orders/dev/stack/run';

const CHAIN = 'orders-proof';
const JUMP = ['INPUT', '-i', 'lo', '-p', 'tcp', '-j', CHAIN];

/** The chain of our own, while packets are dropped. */
let chain: Promise<void> | undefined;
let drops = 0;

/** Drops packets to ports of this machine, in the kernel. */
export const packetFilter = {
  /** Tries it. @returns why this machine has none; undefined when it has */
  async unavailable(): Promise<string | undefined> {
    if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'needs root on Linux';
    try {
      await addChain();
      await removeChain();
      return undefined;
    } catch (error) {
      return `needs iptables: ${error instanceof Error ? error.message : String(error)}`;
    }
  },

  /** Drops all that is sent to a port, until the returned function is called. The last one of them leaves nothing behind. */
  async drop(port: string): Promise<() => Promise<void>> {
    const rule = [CHAIN, '-p', 'tcp', '--dport', port, '-j', 'DROP'];
    drops += 1;
    await (chain ??= addChain());
    await iptables('-A', ...rule);
    return async () => {
      await iptables('-D', ...rule);
      drops -= 1;
      if (drops > 0) return;
      chain = undefined;
      await removeChain();
    };
  },
};

/** Also empties that of a run that was killed. */
async function addChain(): Promise<void> {
  await iptables('-N', CHAIN).catch(() => iptables('-F', CHAIN));
  await iptables('-C', ...JUMP).catch(() => iptables('-I', ...JUMP));
}

async function removeChain(): Promise<void> {
  await iptables('-D', ...JUMP);
  await iptables('-F', CHAIN);
  await iptables('-X', CHAIN);
}

async function iptables(...args: string[]): Promise<void> {
  await run('iptables', ['-w', '5', ...args]);
}
