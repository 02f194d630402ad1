import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { startBrowser } from './browser.ts';
import { freshSystem, type SystemUnderTest } from './client.ts';

/** Buttons of the vendor of the page, which lead to places of its own. */
const BUTTONS = /Configure|Share|Generate SDK|Deploy|Ask AI|Open API Client|Generate MCP/i;

let sut: SystemUnderTest;
let browser: Browser;
beforeAll(async () => {
  sut = await freshSystem();
  browser = await startBrowser();
}, 240_000);
afterAll(async () => {
  await browser?.close();
  await sut?.dispose();
}, 60_000);

describe.each(['light', 'dark'] as const)('the page of the API, %s', (colorScheme) => {
  it('shows each operation, no button of its vendor, and asks no other origin', async () => {
    await using context = await browser.newContext({ colorScheme, viewport: { width: 1400, height: 1000 } });
    const page = await context.newPage();
    const origins = new Set<string>();
    page.on('request', (request) =>
      origins.add(new URL(request.url()).protocol + new URL(request.url()).host),
    );
    await page.goto(`${sut.system.urls.api}/docs/`);
    await page.getByRole('heading', { name: 'Orders', exact: true }).first().waitFor();
    await page.getByText('/orders/{id}/cancel').first().waitFor();
    const { host } = new URL(sut.system.urls.api);
    expect([...origins].filter((origin) => !/^(data|blob):/.test(origin))).toEqual([`http:${host}`]);
    const labels = await page
      .locator('button, a')
      .evaluateAll((elements) =>
        elements.map((element) =>
          `${element.textContent} ${element.getAttribute('aria-label') ?? ''}`.trim(),
        ),
      );
    expect(labels.filter((label) => BUTTONS.test(label))).toEqual([]);
    if (process.env.SCREENSHOTS)
      await page.screenshot({ path: `${process.env.SCREENSHOTS}/api-${colorScheme}.png` });
  });
});
