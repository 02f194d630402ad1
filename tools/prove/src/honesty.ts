import type { Answer } from './api.ts';
import { faultNamed } from './faults/catalogue.ts';

/** How an answer breaks the rules for answers (I7); undefined when it does not. */
export function dishonest({ status, headers, text }: Answer): string | undefined {
  if (status === 0 || (status >= 200 && status < 300)) return undefined;
  if (status === 500) return `an answer was 500: ${text.slice(0, 300)}`;
  if (!String(headers['content-type']).startsWith('application/problem+json'))
    return `a ${status} is no problem+json but ${headers['content-type'] as string}: ${text.slice(0, 200)}`;
  if ([409, 429, 503, 504].includes(status) && !/^\d+$/.test(String(headers['retry-after'])))
    return `a ${status} has no Retry-After: ${text.slice(0, 200)}`;
  return undefined;
}

/** A finding when requests failed although clients must not notice any fault of the trial; else undefined. */
export function noticed(faults: readonly string[], failed: number): string | undefined {
  if (failed === 0 || !faults.every((fault) => faultNamed(fault).unnoticed)) return undefined;
  return `I7 ${failed} requests had no good answer, although clients must not notice ${faults.join(' and ')}`;
}
