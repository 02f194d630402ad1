import { describe, expect, it } from '@jest/globals';
import { parseManifests, problemsOf } from './manifests.ts';

const DEPLOYMENT = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: right }
spec:
  replicas: 2
  selector: { matchLabels: { app: right } }
  template:
    metadata: { labels: { app: right } }
    spec:
      topologySpreadConstraints:
        - { topologyKey: kubernetes.io/hostname, maxSkew: 1, whenUnsatisfiable: ScheduleAnyway }
      containers:
        - name: app
          image: app:1
          readinessProbe: { httpGet: { path: /readyz, port: management } }
          securityContext: { readOnlyRootFilesystem: true }
`;

const MISTAKES: [what: string, right: string, wrong: string, named: string][] = [
  ['a misspelt key', 'readinessProbe', 'readynessProbe', 'readynessProbe'],
  ['a misspelt key deep down', 'readOnlyRootFilesystem', 'readonlyRootFilesystem', 'readonlyRootFilesystem'],
  ['a wrong type', 'replicas: 2', 'replicas: two', 'replicas'],
  ['a wrong value', 'ScheduleAnyway', 'Sometimes', 'Sometimes'],
  ['a missing key', 'selector: { matchLabels: { app: right } }', 'paused: true', 'selector'],
  ['a kind that nobody knows', 'kind: Deployment', 'kind: Deploiment', 'no kind that is known'],
];

describe('the check of manifests', () => {
  const wrong = MISTAKES.map(([, from, to], index) =>
    DEPLOYMENT.replace('name: right', `name: wrong-${index}`).replace(from, to),
  );
  // One call, as the compiler takes its time to start.
  const problems = problemsOf(parseManifests([DEPLOYMENT, ...wrong].join('---')));

  it.each(MISTAKES.map(([what, , , named], index) => ({ what, named, index })))(
    'finds $what',
    ({ named, index }) => {
      const found = problems.filter((problem) => problem.includes(`/wrong-${index}:`));
      expect(found.join()).toContain(named);
    },
  );

  it('has nothing to say of what is right', () => {
    expect(problems.filter((problem) => problem.includes('/right:'))).toEqual([]);
  });

  it('refuses a key that is said twice', () => {
    expect(() => parseManifests('kind: A\nkind: B')).toThrow(/unique/);
  });
});
