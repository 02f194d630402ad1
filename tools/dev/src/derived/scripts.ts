import { cliScript, isCliScript } from '../stack/declared-files.ts';

/** The scripts of the apps come after this one in package.json. */
const BEFORE = 'reset';

/** package.json with a script for the command line of each of these apps: `npm run NAME -- …`. */
export function withCliScripts(text: string, apps: readonly string[]): string {
  const manifest = JSON.parse(text) as { scripts: Record<string, string> };
  const others = Object.entries(manifest.scripts).filter(([name, command]) => !isCliScript(name, command));
  const at = others.findIndex(([name]) => name === BEFORE) + 1;
  const scripts = others.toSpliced(at, 0, ...apps.map((app): [string, string] => [app, cliScript(app)]));
  return `${JSON.stringify({ ...manifest, scripts: Object.fromEntries(scripts) }, null, 2)}\n`;
}
