import type { AppDeclaration } from '../stack/declarations.ts';

/** TypeScript for libs/contracts/rpc: the apps that call each gRPC service, or a single RPC of it. */
export function callersTable(apps: readonly AppDeclaration[]): string {
  const called = [...new Set(apps.flatMap(({ calls }) => calls))].sort();
  const lines = called.map((call) => {
    const names = apps.filter(({ calls }) => calls.includes(call)).map(({ name }) => `'${name}'`);
    return `  '${call}': [${names.sort().join(', ')}],`;
  });
  return [`export const CALLERS: Readonly<Record<string, readonly string[]>> = {`, ...lines, '};'].join('\n');
}
