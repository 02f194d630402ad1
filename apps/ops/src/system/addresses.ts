/** Where each replica is, as `host:port`, by the name of its app. */
export type Addresses = ReadonlyMap<string, readonly string[]>;

const ENTRY = /^([a-z][a-z0-9-]{0,62})=([^\s:/@,]+|\[[0-9a-f:]+\]):(\d{1,5})$/;

/**
 * Parses `gateway=HOST:PORT,orders=HOST:PORT`; a name may be there several times.
 *
 * @param refuse called with what is wrong with an entry
 */
export function parseAddresses(text: string, refuse: (message: string) => void): Addresses {
  const addresses = new Map<string, string[]>();
  for (const entry of text.split(',').filter(Boolean)) {
    const [, app = '', host = '', port = ''] = ENTRY.exec(entry.trim()) ?? [];
    if (app === '' || Number(port) > 65_535 || Number(port) === 0)
      refuse('must be NAME=HOST:PORT, with commas in between');
    else addresses.set(app, [...(addresses.get(app) ?? []), `${host}:${port}`]);
  }
  return addresses;
}
