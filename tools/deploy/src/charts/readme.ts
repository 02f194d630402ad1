import { markdownTable } from '@orders/dev/tables';
import { isMap, isScalar, parseDocument, type Pair, type YAMLMap } from 'yaml';
import { blocksOf } from './values-file.ts';

/** The chart's README: what it is, how it is installed, and its values with their comments. */
export function readmeOf(app: string, description: string, values: string): string {
  return `# ${app}

${description}. A chart over the library chart \`service\`; [Deploying](../../docs/deploying.md) tells what it needs.

\`\`\`sh
helm dependency build helm/${app}
helm upgrade --install ${app} helm/${app} --values yours.yaml --rollback-on-failure --wait=watcher
\`\`\`

Made by \`npm run generate\` from \`values.yaml\` and its comments.

${blocksOf(values)
  .map(({ key, text }) => section(key, text))
  .join('\n\n')}
`;
}

function section(key: string, text: string): string {
  const lines = text.split('\n');
  const comment = lines.filter((line) => line.startsWith('#')).map((line) => line.slice(2));
  const [pair] = (parseDocument(text, { keepSourceTokens: false }).contents as YAMLMap).items;
  const rows = pair ? rowsOf(pair, []) : [];
  const intro = comment.length > 0 ? `\n\n${escaped(comment.join(' '))}` : '';
  return `## ${key}${intro}\n\n${markdownTable(['value', 'default', 'what'], rows)}`;
}

function rowsOf(pair: Pair, path: readonly string[]): string[][] {
  const name = [...path, String(isScalar(pair.key) ? pair.key.value : pair.key)];
  const { value } = pair;
  if (isMap(value) && value.items.length > 0 && !value.flow)
    return value.items.flatMap((item) => rowsOf(item, name));
  const comment = (value as { comment?: string | null } | null)?.comment;
  const content = (value as { toJSON(): unknown } | null)?.toJSON();
  return [[`\`${name.join('.')}\``, `\`${JSON.stringify(content)}\``, escaped((comment ?? '').trim())]];
}

function escaped(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('*', '\\*').replaceAll('_', '\\_');
}
