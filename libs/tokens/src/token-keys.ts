import { counter, observe } from '@orders/instrumentation';
import type { Service } from '@orders/service';
import { fetchKeys } from './key-source.js';
import { KeySet } from './key-set.js';
import { METRICS } from './metric-definitions.js';
import type { TokenConfig } from './token-config.js';

/** The issuer's keys: kept fresh and measured until the service stops. Without valid keys the service is not ready. */
export function openTokenKeys(config: TokenConfig, service: Service): KeySet {
  const source = { issuer: config.oidcIssuer, jwksUrl: config.oidcJwksUrl, allowHttp: config.oidcAllowHttp };
  const keys = new KeySet({
    fetch: () => fetchKeys(source),
    logger: service.logger,
    onFetched: countFetches(),
  });
  observeAge(keys);
  service.addReadinessCheck('token-keys', () => keys.check());
  service.onStop('connections', 'token keys', async () => keys.stop());
  void keys.run();
  return keys;
}

/** Counts fetches by outcome: `token_keys_fetches_total`. */
function countFetches(): (outcome: 'ok' | 'failed') => void {
  const fetches = counter(METRICS.keyFetches);
  return (outcome) => fetches.add(1, { outcome });
}

/** Observes their age: `token_keys_age_seconds`. */
function observeAge(keys: KeySet): void {
  observe([METRICS.keyAge], (set) => set(METRICS.keyAge, keys.ageMs / 1_000));
}
