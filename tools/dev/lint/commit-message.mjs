// Refuses a commit message that is no Conventional Commit (conventionalcommits.org, 1.0.0).
import { readFileSync } from 'node:fs';

const PATTERN =
  /^(build|chore|ci|docs|feat|fix|perf|refactor|revert|style|test)(\([a-z0-9,-]+\))?!?: \S.{0,99}$/;

const [subject = ''] = readFileSync(process.argv[2] ?? '', 'utf8').split('\n');
if (!PATTERN.test(subject) && !/^(Merge|Revert) /.test(subject)) {
  console.error(`"${subject}" is no Conventional Commit, such as "fix(orders): refuse a negative price"`);
  process.exitCode = 1;
}
