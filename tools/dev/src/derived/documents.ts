import type { AppDeclaration } from '../stack/declarations.ts';
import { calledBy, isFront, portsOf, serviceOf } from '../stack/wiring.ts';
import { markdownTable } from '../tables.ts';

/** An app with the description in its package.json. */
export interface DescribedApp {
  app: AppDeclaration;
  description: string;
}

/** For README.md: what each app is, and where it answers. */
export function appsTable(apps: readonly DescribedApp[]): string {
  const rows = apps.map(({ app, description }) => {
    const places = portsOf(app).map(({ kind, port, variable }) => {
      const place = {
        http: `http://127.0.0.1:${port}${app.effect ?? ''}`,
        grpc: `gRPC ${port}`,
        management: `${port}`,
      };
      return { kind, text: `${place[kind]} (\`${variable}\`)` };
    });
    const [own, management] = [false, true].map((wanted) =>
      places.filter(({ kind }) => (kind === 'management') === wanted).map(({ text }) => text),
    );
    return [`\`apps/${app.name}\``, description, own?.join(', ') ?? '', management?.join() ?? ''];
  });
  return `\n${markdownTable(['app', 'what', 'answers at', 'management'], rows)}\n`;
}

/** For docs/architecture.md: who talks to whom, as a picture and as a table. */
export function callGraph(apps: readonly AppDeclaration[]): string {
  const rows = apps.map((app) => [
    app.name,
    list(app.serves),
    list(app.calls),
    list(app.publishes),
    list(app.consumes),
    app.database ? 'its own' : '',
  ]);
  const head = ['app', 'serves', 'calls', 'publishes', 'consumes', 'database'];
  return `\n\`\`\`mermaid\n${flowchart(apps)}\n\`\`\`\n\n${markdownTable(head, rows)}\n`;
}

function flowchart(apps: readonly AppDeclaration[]): string {
  const edges = apps.flatMap((app) => [
    ...(isFront(app) ? [`client([client]) -->|HTTP| ${app.name}`] : []),
    ...calledBy(app, apps).map(
      (other) => `${app.name} -->|${callsOf(app, other).join('<br>')}| ${other.name}`,
    ),
    ...consumersOf(app, apps).map(
      (other) => `${app.name} -.->|${shared(app.publishes, other.consumes)}| ${other.name}`,
    ),
    ...(app.database ? [`${app.name} --- ${app.name}-database[(Postgres)]`] : []),
  ]);
  return ['flowchart LR', ...edges.map((edge) => `  ${edge}`)].join('\n');
}

function callsOf({ calls }: AppDeclaration, { serves }: AppDeclaration): string[] {
  return calls.filter((call) => serves.includes(serviceOf(call)));
}

function consumersOf(app: AppDeclaration, apps: readonly AppDeclaration[]): AppDeclaration[] {
  return apps.filter(({ consumes }) => consumes.some((event) => app.publishes.includes(event)));
}

function shared(some: readonly string[], others: readonly string[]): string {
  return some.filter((one) => others.includes(one)).join('<br>');
}

function list(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(', ');
}
