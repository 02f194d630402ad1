import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readIfThere } from '@orders/dev/stack/declared-files';
import { ROOT } from '@orders/dev/stack/paths';
import { chartFiles } from './chart-files.ts';

// A part of `npm run generate`: writes the files of the charts that are derived. With --check it names those that are
// stale, and writes nothing.
const files = [...(await chartFiles())];
const stale = files.filter(([file, text]) => readIfThere(join(ROOT, file)) !== text);
if (process.argv.includes('--check')) {
  for (const [file] of stale) console.log(file);
} else {
  for (const [file, text] of stale) {
    mkdirSync(dirname(join(ROOT, file)), { recursive: true });
    writeFileSync(join(ROOT, file), text);
  }
}
