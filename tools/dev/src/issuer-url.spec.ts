import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { issuerUrl } from './issuer-url.ts';
import { writeEnvironments } from './stack/environments.ts';

describe('the issuer that npm run token asks', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'issuer-url-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is at its default port while no system runs', () => {
    expect(issuerUrl({}, folder)).toBe('http://127.0.0.1:3003');
  });

  it('is that of the running system, unless the shell has another port', () => {
    writeEnvironments(folder, { orders: {}, gateway: { OIDC_ISSUER: 'http://127.0.0.1:4003' } });
    expect(issuerUrl({}, folder)).toBe('http://127.0.0.1:4003');
    expect(issuerUrl({ ISSUER_PORT: '5003' }, folder)).toBe('http://127.0.0.1:5003');
  });
});
