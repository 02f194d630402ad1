import { describe, expect, it } from '@jest/globals';
import { run } from '@orders/dev/stack/run';
import { packetFilter } from './packet-filter.ts';

const why = await packetFilter.unavailable();
if (why) console.log(`not tested: dropped packets: ${why}`);

/** The rules of the kernel that are ours. */
async function ours(): Promise<string[]> {
  const rules = await run('iptables', ['-w', '5', '-S']);
  return rules.split('\n').filter((rule) => rule.includes('orders-proof'));
}

(why ? describe.skip : describe)('a filter of packets', () => {
  it('leaves no chain behind when it was only tried', async () => {
    expect(await ours()).toEqual([]);
  });

  it('drops what is sent to its ports, and leaves no chain behind after the last of them', async () => {
    // Nobody uses these ports.
    const undo = await Promise.all(['2', '3'].map((port) => packetFilter.drop(port)));
    expect((await ours()).filter((rule) => rule.endsWith('-j DROP'))).toHaveLength(2);
    await undo[0]!();
    expect((await ours()).filter((rule) => rule.endsWith('-j DROP'))).toHaveLength(1);
    await undo[1]!();
    expect(await ours()).toEqual([]);
  });
});
