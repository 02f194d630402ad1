import { describe, expect, it } from '@jest/globals';
import { existsSync, globSync } from 'node:fs';
import { join } from 'node:path';
import { alerts, exported, metricsIn, root, text } from './rules.ts';

const runbooks = [...new Set(alerts.map(({ annotations }) => annotations.runbook))];
const index = text('docs/runbooks/README.md');

/** The usage of each command of the apps' command lines, by its first word. */
const usages = new Map(
  globSync('libs/*/src/*-command.ts', { cwd: root }).map((file) => {
    const [, usage = ''] = /(?:USAGE|usageFor)[^`]*`([^`]*)`/.exec(text(file)) ?? [];
    return [usage.split(' ', 1)[0], usage] as const;
  }),
);
const { scripts } = JSON.parse(text('package.json')) as { scripts: Record<string, string> };

/** What is wrong with `npm run fulfillment -- dlq show 7`. */
function mistakesIn(command: string): string[] {
  const [, script = '', args = ''] = /^npm run (\S+)(?: -- (.*?))?(?:\s+#.*)?$/.exec(command) ?? [];
  const [word = '', action = '', ...others] = args.split(' ');
  const usage = usages.get(word) ?? '';
  const cli = `apps/${script}/src/cli.ts`;
  const offered = !existsSync(join(root, cli)) || new RegExp(`${commandFactory(word)}\\(`).test(text(cli));
  return [
    ...(script in scripts ? [] : [`no script ${script}`]),
    ...(usage !== '' && offered ? [] : [`${script} has no command ${word}`]),
    ...(action.startsWith('--') || usage.includes(`  ${word} ${action}`) ? [] : [`no ${word} ${action}`]),
    ...[action, ...others]
      .filter((option) => option.startsWith('--') && !usage.includes(option))
      .map((option) => `no option ${option}`),
  ];
}

function commandFactory(word: string): string {
  return word === 'dlq' ? 'deadLetterCommand' : `${word}Command`;
}

function blocks(markdown: string, language: string): string[] {
  return [...markdown.matchAll(new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``, 'g'))].map(
    ([, code = '']) => code,
  );
}

/** Every `npm run` of an app, in blocks and in the text. */
function commandsIn(markdown: string): string[] {
  const inline = [...markdown.matchAll(/`(npm run \w+ -- [^`]+)`/g)].map(([, code = '']) => code);
  const lines = blocks(markdown, 'sh').flatMap((code) => code.split('\n'));
  return [...inline, ...lines.filter((line) => line.startsWith('npm run'))].map((one) =>
    one.replaceAll('\n', ' '),
  );
}

/** Words with `_` that stand in backticks: metrics, tables, settings, variables. */
function namesIn(markdown: string): string[] {
  return [...markdown.matchAll(/`([a-z]+(?:_[a-z0-9]+)+)(?:\{[^`]*\})?`/g)].map(([, name = '']) => name);
}

/** Of Postgres, whose names no file of ours has. */
const POSTGRES =
  /^(pg_\w+|hot_standby_feedback|idle_in_transaction_session_timeout|query_start|wait_event|synchronous_standby_names)$/;

/** Every word of the sources. */
const words = new Set(
  globSync('{apps,libs}/**/src/**/*.ts', { cwd: root, exclude: ['**/node_modules/**'] }).flatMap(
    (file) => text(file).match(/\w+/g) ?? [],
  ),
);

describe.each(runbooks)('%s', (runbook) => {
  const markdown = text(runbook);

  it('goes from the symptom to the check, what to do, and how to see that it is over', () => {
    const steps = [...markdown.matchAll(/^\*\*(Symptom|Check|Act|Verify)\.\*\*/gm)].map(([, step]) => step);
    expect(steps).toEqual(['Symptom', 'Check', 'Act', 'Verify']);
  });

  it('is in the index', () => {
    expect(index).toContain(`(${runbook.replace('docs/runbooks/', '')})`);
  });

  it('has commands that the apps have', () => {
    expect(commandsIn(markdown).flatMap(mistakesIn)).toEqual([]);
  });

  it('asks Prometheus for what the apps export', () => {
    const metrics = blocks(markdown, 'promql').flatMap(metricsIn);
    expect(metrics.filter((name) => !exported.has(name))).toEqual([]);
  });

  it('names metrics, tables and settings that exist', () => {
    const unknown = namesIn(markdown).filter((name) => !exported.has(name) && !POSTGRES.test(name));
    expect(unknown.filter((name) => !words.has(name))).toEqual([]);
  });
});

it.each([
  ['npm run fulfillment -- dlq show 7', []],
  ['npm run orders -- replay --since 2026-11-22T10:00:00Z --yes', []],
  ['npm run fulfillment -- dlq forget 7', ['no dlq forget']],
  ['npm run orders -- dlq list', ['orders has no command dlq']],
  ['npm run fulfillment -- dlq list --loud', ['no option --loud']],
  ['npm run order -- stream show', ['no script order']],
])('%s is judged right', (command, mistakes) => {
  expect(mistakesIn(command)).toEqual(mistakes);
});
