// Runs a script of the workspace. An error while it loads, as of an app that declares itself wrongly, is printed as one
// that comes later: a Problem in one line.
import { pathToFileURL } from 'node:url';
import { report } from './problem.mjs';

const [script = ''] = process.argv.splice(2, 1);
try {
  await import(pathToFileURL(script).href);
} catch (error) {
  process.exitCode = report(error);
  if (process.connected) process.disconnect();
}
