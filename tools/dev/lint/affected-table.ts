import type { Change } from '../src/testing/affected-workspace.ts';

/** Of all projects: those that have the target. */
export const ALL = 'all';

/** What the code of an app or of a lib leads to: everything but charts. */
export const CODE = 'lint typecheck test build it image e2e fuzz guard';
export const APPS = 'fulfillment gateway ops orders';

export interface Row {
  change: string;
  make: Change;
  /** Projects that `nx affected` selects. */
  selects: string;
  /** What is run anew in them, projects and targets; all else comes from the cache. */
  runs: readonly (readonly [projects: string, targets: string])[];
}

/** A line more in that file. */
export const edit =
  (path: string, line = '// changed'): Change =>
  (workspace) =>
    workspace.append(path, `\n${line}\n`);

const code = (change: string, path: string, selects: string): Row => ({
  change,
  make: edit(path),
  selects,
  runs: [[selects, CODE]],
});

/** Code of an app or a lib that may have metrics, which the documents name. */
const source = (change: string, path: string, selects: string): Row => ({
  ...code(change, path, selects),
  selects: `docs ${selects}`,
  runs: [
    [selects, CODE],
    ['docs', 'test'],
  ],
});

// The end-to-end tests, the proof and the benchmark depend on every app.
export const TABLE: readonly Row[] = [
  code(
    "an event's schema",
    'libs/contracts/events/src/events.ts',
    'bench contract-gates deploy dev e2e events fulfillment fuzz orders prove supply',
  ),
  code(
    'a proto',
    'libs/contracts/rpc/proto/orders/v1/orders.proto',
    'bench contract-gates e2e fulfillment fuzz gateway grpc inbox ops orders prove rpc supply',
  ),
  source(
    'a problem code',
    'libs/contracts/src/problems.ts',
    'bench contract-gates contracts deploy dev e2e events fulfillment fuzz gateway grpc http inbox messaging ops orders outbox postgres prove supply tokens',
  ),
  source(
    'outbox',
    'libs/outbox/src/outbox-log.ts',
    'bench contract-gates e2e fuzz orders outbox prove supply',
  ),
  source('inbox', 'libs/inbox/src/index.ts', 'bench contract-gates e2e fulfillment fuzz inbox prove supply'),
  source(
    'messaging',
    'libs/messaging/src/index.ts',
    'bench contract-gates e2e fulfillment fuzz inbox messaging orders outbox prove supply',
  ),
  source(
    'http',
    'libs/http/src/index.ts',
    'bench contract-gates e2e fulfillment fuzz gateway http ops prove supply',
  ),
  source(
    'grpc',
    'libs/grpc/src/index.ts',
    'bench contract-gates e2e fulfillment fuzz gateway grpc inbox ops orders prove supply',
  ),
  source(
    'postgres',
    'libs/postgres/src/index.ts',
    'bench contract-gates e2e fulfillment fuzz inbox messaging orders outbox postgres prove supply',
  ),
  source(
    'resilience',
    'libs/resilience/src/index.ts',
    'bench contract-gates deploy dev e2e fulfillment fuzz gateway grpc http inbox messaging ops orders outbox postgres prove resilience service supply tokens',
  ),
  {
    change: 'the definition of a metric',
    make: edit('libs/http/src/metric-definitions.ts'),
    selects: 'bench contract-gates deploy dev docs e2e fulfillment fuzz gateway http ops prove supply',
    runs: [
      ['bench contract-gates e2e fulfillment fuzz gateway http ops prove supply', CODE],
      ['dev docs', 'test'],
    ],
  },
  source("an app's source", 'apps/gateway/src/main.ts', 'bench contract-gates e2e fuzz gateway prove supply'),
  {
    change: 'what a lib lends to tests',
    make: edit('libs/messaging/src/testing/fixtures.ts'),
    selects: 'bench contract-gates docs e2e fulfillment fuzz inbox messaging orders outbox prove supply',
    runs: [
      [
        'bench contract-gates e2e fulfillment fuzz inbox messaging orders outbox prove supply',
        'lint typecheck test it',
      ],
      ['docs', 'test'],
    ],
  },
  {
    change: 'a test of a lib',
    make: edit('libs/http/src/json.spec.ts'),
    selects: 'bench contract-gates docs e2e fulfillment fuzz gateway http ops prove supply',
    runs: [
      ['http', 'lint typecheck test it'],
      ['docs', 'test'],
    ],
  },
  {
    change: 'a chart value of an app',
    make: edit('helm/orders/values.yaml', '# changed'),
    selects: 'bench contract-gates e2e fuzz orders prove supply',
    runs: [['orders', 'chart']],
  },
  {
    change: 'the library chart',
    make: edit('helm/service/templates/_pod.tpl', ''),
    selects: `bench contract-gates e2e fuzz prove supply ${APPS}`,
    runs: [[APPS, 'chart']],
  },
  {
    change: 'docker/Dockerfile',
    make: edit('docker/Dockerfile', '# changed'),
    selects: `bench contract-gates deploy e2e fuzz prove supply ${APPS}`,
    runs: [
      [APPS, 'image'],
      ['deploy', 'test'],
    ],
  },
  {
    change: 'docker/compose.yaml',
    make: edit('docker/compose.yaml', '# changed'),
    selects: 'deploy',
    runs: [['deploy', 'test']],
  },
  {
    change: 'a typo in README.md',
    make: edit('README.md', 'teh'),
    selects: 'docs',
    runs: [['docs', 'test']],
  },
  {
    change: 'a page of docs',
    make: edit('docs/proof.md', 'more'),
    selects: 'docs',
    runs: [['docs', 'test']],
  },
  {
    change: 'the alerts',
    make: edit('deploy/observability/rules.yaml', '# changed'),
    selects: 'deploy docs',
    runs: [
      ['docs', 'test'],
      ['deploy', 'it'],
    ],
  },
  {
    change: 'a workflow',
    make: edit('.github/workflows/ci.yml', '# changed'),
    selects: 'deploy',
    runs: [['deploy', 'it']],
  },
  {
    change: 'the rules of lint',
    make: edit('eslint.config.mjs'),
    selects: ALL,
    runs: [
      [ALL, 'lint'],
      ['dev', 'it'],
    ],
  },
];
