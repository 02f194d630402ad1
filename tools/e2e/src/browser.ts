import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { resolveChromium } from '@orders/dev/stack/chromium';
import { type Browser, chromium, type Page } from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Starts a headless Chromium. */
export async function startBrowser(): Promise<Browser> {
  const { path, env } = await resolveChromium();
  return chromium.launch({
    executablePath: path,
    env: { ...process.env, ...env },
    // Its sandbox does not run as root, and what it shows is ours.
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  });
}

/** What is hard to use for somebody with a screen reader or without colours: each rule that is broken, and where. */
export async function barriers(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const violations = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run(): Promise<{ violations: Violation[] }> } };
    return (await axe.run()).violations;
  });
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(' ')}`));
}

interface Violation {
  id: string;
  nodes: { target: string[] }[];
}
