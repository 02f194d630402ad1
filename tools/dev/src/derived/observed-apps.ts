import type { AppDeclaration } from '../stack/declarations.ts';

/** TypeScript for apps/ops: what it draws and asks, by the declarations of the apps that it observes. */
export function observedApps(apps: readonly AppDeclaration[]): string {
  const observed = apps
    .filter(({ observes }) => !observes)
    .map(({ name, tokens, database, serves, calls, publishes, consumes, effect }) => ({
      name,
      front: tokens,
      database,
      serves,
      calls,
      publishes,
      consumes,
      ...(effect !== undefined && { effect }),
    }));
  const rows = observed.map((app) => {
    const fields = Object.entries(app).map(([key, value]) => `    ${key}: ${literal(value)},`);
    return ['  {', ...fields, '  },'].join('\n');
  });
  return ['export const OBSERVED_APPS: readonly ObservedApp[] = [', ...rows, '];'].join('\n');
}

function literal(value: unknown): string {
  if (!Array.isArray(value)) return typeof value === 'string' ? `'${value}'` : String(value);
  return `[${value.map(literal).join(', ')}]`;
}
