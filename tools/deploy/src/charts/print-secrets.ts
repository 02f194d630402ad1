import { APPS } from '@orders/dev/stack/declarations';
import { stringify } from 'yaml';
import { newSecrets } from './new-secrets.ts';

// Prints new Secrets for `kubectl create -f -`, which refuses to replace any that exist (docs/deploying.md).
console.log(
  newSecrets(APPS)
    .map((secret) => stringify(secret))
    .join('---\n'),
);
