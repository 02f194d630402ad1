import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DockerfileParser, type Dockerfile } from 'dockerfile-ast';
import { ROOT } from '@orders/dev/stack/paths';

export const DOCKERFILE = join(ROOT, 'docker/Dockerfile');

/** The one Dockerfile, parsed. */
export function readDockerfile(): Dockerfile {
  return DockerfileParser.parse(readFileSync(DOCKERFILE, 'utf8'));
}
