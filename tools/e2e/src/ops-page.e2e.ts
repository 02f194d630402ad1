import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { EVERY_APP } from '@orders/dev/stack/declarations';
import { OPS_SCOPES } from '@orders/dev/stack/issuer';
import { observed } from '@orders/dev/stack/observing';
import { until } from '@orders/dev/stack/until';
import { of } from '@orders/dev/stack/wiring';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { barriers, startBrowser } from './browser.ts';
import { Customer, freshSystem, ITEMS, type SystemUnderTest } from './client.ts';

let sut: SystemUnderTest;
let browser: Browser;
let url: string;
let token: string;
beforeAll(async () => {
  sut = await freshSystem({ apps: EVERY_APP, rewire: observed });
  url = sut.system.urls.page!;
  token = await sut.system.token('operator', OPS_SCOPES);
  browser = await startBrowser();
}, 240_000);
afterAll(async () => {
  await browser?.close();
  await sut?.dispose();
}, 60_000);

let context: BrowserContext;
let page: Page;
let asked: string[];
let complaints: string[];
beforeEach(async () => {
  context = await browser.newContext({ viewport: { width: 1200, height: 860 } });
  page = await context.newPage();
  asked = [];
  complaints = [];
  page.on('request', (request) => asked.push(new URL(request.url()).origin));
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(`${url}/#token=${token}`);
});
afterEach(() => context.close());

async function placeOrder(customer = 'alice', headers: Record<string, string> = {}): Promise<string> {
  const caller = await Customer.of(sut.system, customer);
  const { status, body } = await caller.request('POST', '/orders', { body: { items: ITEMS }, headers });
  expect(status).toBe(201);
  return body.id;
}

async function find(text: string): Promise<void> {
  await page.getByRole('searchbox').fill(text);
  await page.getByRole('button', { name: 'Find' }).click();
}

/** Resolves once the consumer is shown in this state. */
async function shown(state: string): Promise<void> {
  await page.locator(`[data-consumer=fulfillment][data-state=${state}]`).waitFor({ timeout: 20_000 });
}

/** Places orders until the map shows them on each of its edges. */
async function flowing(): Promise<void> {
  const quiet = page.locator('.edge:not(.database):not(.active)');
  const alive = async (): Promise<boolean> => {
    await Promise.all(Array.from({ length: 10 }, () => placeOrder()));
    return (await page.locator('.edge.active').count()) > 0 && (await quiet.count()) === 0;
  };
  await until(alive, { timeoutMs: 30_000, what: 'orders on every edge of the map' });
}

/** Into the folder that SCREENSHOTS names, for the documents. */
async function picture(name: string): Promise<void> {
  const folder = process.env.SCREENSHOTS;
  if (folder) await page.screenshot({ path: join(folder, `${name}.png`) });
}

describe('where is order X', () => {
  it('is told by its id alone: applied, with the spans of its request', async () => {
    await find(await placeOrder());
    await shown('applied');
    await page.getByRole('rowheader', { name: 'POST /orders' }).waitFor({ timeout: 20_000 });
    await page.getByRole('rowheader', { name: /^process orders.created/ }).waitFor({ timeout: 20_000 });
  });

  it('is told by the id of the request that made it', async () => {
    const id = await placeOrder('alice', { 'x-request-id': 'support-case-1' });
    await find(id);
    await page.getByRole('rowheader', { name: 'POST /orders' }).waitFor({ timeout: 20_000 });
    await page.getByRole('link', { name: 'Where is it?' }).click();
    await find('support-case-1');
    await page.getByRole('heading', { name: `Order ${id}` }).waitFor();
  });

  it('is chosen among those of a customer, the newest first', async () => {
    const ids = [await placeOrder('bob'), await placeOrder('bob')];
    await find('bob');
    const links = page.getByRole('cell').getByRole('link');
    await links.first().waitFor();
    expect(await links.allTextContents()).toEqual(ids.toReversed());
  });

  it('is not known while its consumer is frozen, which is told, and is applied without a reload', async () => {
    const fulfillment = of(sut.system.apps, 'fulfillment');
    await find(await placeOrder());
    await shown('applied');
    fulfillment.signal('SIGSTOP');
    await find(await placeOrder());
    await shown('silent');
    fulfillment.signal('SIGCONT');
    await shown('applied');
  });

  it('waits while NATS is frozen, and is applied afterwards', async () => {
    const nats = sut.system.nats.server!.child!;
    nats.kill('SIGSTOP');
    try {
      await find(await placeOrder());
      await shown('waiting');
    } finally {
      nats.kill('SIGCONT');
    }
    await shown('applied');
  });

  it('was cancelled, and both of its events are applied', async () => {
    const id = await placeOrder('carol');
    const carol = await Customer.of(sut.system, 'carol');
    await carol.request('POST', `/orders/${id}/cancel`);
    await find(id);
    await page.getByText('CANCELED', { exact: true }).waitFor();
    await page.getByText('2 of 2 events').waitFor({ timeout: 20_000 });
  });

  it('is nowhere: it says so', async () => {
    await find('0199a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b');
    await page.getByText('No order with this id.').waitFor();
  });
});

describe('the page', () => {
  it.each(['light', 'dark'] as const)('has no barriers in %s', async (colorScheme) => {
    await page.emulateMedia({ colorScheme });
    const id = await placeOrder();
    await find(id);
    await shown('applied');
    await page.getByRole('rowheader', { name: /^process orders.created/ }).waitFor({ timeout: 20_000 });
    expect(await barriers(page)).toEqual([]);
    await picture(`order-${colorScheme}`);
    await page.getByRole('link', { name: 'Flow now' }).click();
    await flowing();
    expect(await barriers(page)).toEqual([]);
    await picture(`flow-${colorScheme}`);
  });

  it('asks nobody else, breaks none of its own rules and shows no token in its address', async () => {
    await page.getByRole('link', { name: 'Flow now' }).click();
    await page.getByRole('table', { name: 'Consumers' }).waitFor();
    expect(new Set(asked)).toEqual(new Set([url]));
    expect(complaints).toEqual([]);
    expect(page.url()).not.toContain('token');
  });

  it('can be used with the keyboard alone', async () => {
    const id = await placeOrder();
    await page.getByRole('searchbox').waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await page.keyboard.type(id);
    await page.keyboard.press('Enter');
    await shown('applied');
  });

  it('tells that its server is gone, and goes on by itself when it is back', async () => {
    await page.getByRole('link', { name: 'Flow now' }).click();
    await page.getByRole('table', { name: 'Consumers' }).waitFor();
    await of(sut.system.apps, 'ops').crash();
    await page.getByRole('alert').waitFor();
    await page.getByRole('alert').waitFor({ state: 'detached', timeout: 60_000 });
  });

  it('asks for a token when it has none that is good', async () => {
    await page.getByRole('searchbox').waitFor();
    await page.evaluate(() => sessionStorage.clear());
    await page.reload();
    await page.getByLabel('Access token').fill(await sut.system.token('mallory', 'orders:read'));
    await page.getByRole('button', { name: 'Use it' }).click();
    await find('alice');
    await page.getByRole('alert').getByText('ops:read').waitFor();
  });
});

describe('the API', () => {
  const ask = (path: string, authorization = `Bearer ${token}`) =>
    fetch(`${url}${path}`, { headers: { authorization } });

  it.each([
    ['no text to find', '/api/find', 'q'],
    ['a text that is too long', `/api/find?q=${'x'.repeat(401)}`, 'q'],
    ['a field that is not there', '/api/find?q=alice&limit=5', 'limit'],
    ['an order', '/api/orders/1', 'id'],
    ['an order to watch', '/api/orders/1/events', 'id'],
    ['a trace', '/api/traces/1', 'id'],
  ])('names the field that is wrong: %s', async (_what, path, field) => {
    const response = await ask(path);
    const { errors } = (await response.json()) as { errors: { pointer: string }[] };
    expect([response.status, errors[0]?.pointer]).toEqual([400, field]);
  });

  it('takes no spans without the token of their senders, and no scope but its own', async () => {
    const spans = await fetch(`${url}/v1/traces`, {
      method: 'POST',
      body: '{}',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    });
    expect(spans.status).toBe(401);
    const shopper = await sut.system.token('alice');
    expect((await ask('/api/flow', `Bearer ${shopper}`)).status).toBe(403);
  });

  it('shows what flows after orders, in each app that is declared', async () => {
    await placeOrder();
    const { apps } = (await (await ask('/api/flow')).json()) as { apps: object[] };
    const others = EVERY_APP.filter(({ observes }) => !observes);
    expect(apps).toEqual(others.map(({ name }) => ({ name, replicas: 1, up: 1 })));
  });
});
