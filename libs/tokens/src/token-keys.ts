import { meter } from '@orders/instrumentation';
import type { Service } from '@orders/service';
import { fetchKeys } from './key-source.js';
import { KeySet } from './key-set.js';
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
  const fetches = meter('auth').createCounter('token.keys.fetches', {
    description: "Fetches of the issuer's keys, by outcome",
  });
  // A series that is absent before its first event would hide that event from `increase`.
  for (const outcome of ['ok', 'failed']) fetches.add(0, { outcome });
  return (outcome) => fetches.add(1, { outcome });
}

/** Observes their age: `token_keys_age_seconds`. */
function observeAge(keys: KeySet): void {
  meter('auth')
    .createObservableGauge('token.keys.age.seconds', {
      description: "Time since the issuer's keys were fetched; before that, since the start",
    })
    .addCallback((result) => result.observe(keys.ageMs / 1_000));
}
