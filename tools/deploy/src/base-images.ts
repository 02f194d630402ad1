// Stand-ins for the two base images of docker/Dockerfile, made of this machine's own files, so that the images build
// and run where no registry can be reached. They are for tests: what is shipped is built on the real bases.
// node tools/deploy/src/base-images.ts   makes them (buildah, root) and prints their names; seconds, then cached.
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { attempt, run } from './run.ts';

export type BaseImages = { build: string; runtime: string };

// What the Dockerfile's RUN lines and npm's own scripts call.
const PROGRAMS = [
  'sh',
  'env',
  'find',
  'touch',
  'mkdir',
  'ln',
  'rm',
  'cp',
  'mv',
  'ls',
  'cat',
  'uname',
  'dirname',
  'sed',
];
// What native addons (nx, swc) and name look-ups load beyond Node's own libraries; all of it part of glibc.
const LIBRARIES = ['libutil.so.1', 'librt.so.1', 'libresolv.so.2', 'libnss_dns.so.2', 'libnss_files.so.2'];
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';

/** Makes both stand-ins unless this very Node version has them already. Needs buildah and root; rejects otherwise. */
export async function ensureBaseImages(): Promise<BaseImages> {
  const key = createHash('sha256')
    .update(readFileSync(fileURLToPath(import.meta.url)))
    .update(process.version)
    .digest('hex')
    .slice(0, 12);
  const images = {
    build: `localhost/orders-platform/build-base:${key}`,
    runtime: `localhost/orders-platform/runtime-base:${key}`,
  };
  if (!(await exists(images.build))) await makeBuildBase(images.build);
  if (!(await exists(images.runtime))) await makeRuntimeBase(images.runtime);
  return images;
}

async function exists(image: string): Promise<boolean> {
  return (await attempt('buildah', ['inspect', '--type', 'image', image])).code === 0;
}

/** Node, npm and a handful of programs, in the place of node:24-trixie-slim. */
async function makeBuildBase(image: string): Promise<void> {
  const npm = dirname(dirname(realpathSync(await run('which', ['npm']))));
  const settings = ['--cmd', 'node', '--env', 'PATH=/usr/local/bin:/usr/bin:/bin'];
  // A registry behind a certificate authority of this machine's own.
  settings.push('--env', `NODE_EXTRA_CA_CERTS=${CERTIFICATES}`);
  await makeImage(image, settings, async (root) => {
    await addProgram(root, process.execPath, '/usr/local/bin/node');
    for (const name of PROGRAMS) await addProgram(root, await run('which', [name]), `/usr/bin/${name}`);
    symlinkSync('usr/bin', join(root, 'bin'));
    cpSync(npm, join(root, 'usr/local/lib/node_modules/npm'), { recursive: true });
    for (const name of ['npm', 'npx']) {
      symlinkSync(`../lib/node_modules/npm/bin/${name}-cli.js`, join(root, 'usr/local/bin', name));
    }
    addAccounts(root, 'root:x:0:0:root:/root:/bin/sh\n', 'root:x:0:\n');
    addCertificates(root);
  });
}

/** Node and its libraries, nothing else, as in distroless: no shell, user 65532. */
async function makeRuntimeBase(image: string): Promise<void> {
  const settings = [
    ...['--user', '65532:65532', '--workingdir', '/home/nonroot', '--entrypoint', '["/nodejs/bin/node"]'],
    ...['--env', 'PATH=/nodejs/bin', '--env', `SSL_CERT_FILE=${CERTIFICATES}`],
  ];
  await makeImage(image, settings, async (root) => {
    await addProgram(root, process.execPath, '/nodejs/bin/node');
    addAccounts(
      root,
      'root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n',
      'root:x:0:\nnonroot:x:65532:\n',
    );
    mkdirSync(join(root, 'home/nonroot'), { recursive: true });
    addCertificates(root);
  });
}

async function makeImage(
  image: string,
  settings: string[],
  fill: (root: string) => Promise<void>,
): Promise<void> {
  const container = await run('buildah', ['from', 'scratch']);
  try {
    const root = await run('buildah', ['mount', container]);
    mkdirSync(join(root, 'tmp'));
    chmodSync(join(root, 'tmp'), 0o1777);
    mkdirSync(join(root, 'root'), { recursive: true });
    await fill(root);
    await run('buildah', ['umount', container]);
    await run('buildah', ['config', ...settings, container]);
    await run('buildah', ['commit', '--format', 'docker', container, image], { timeoutMs: 180_000 });
  } finally {
    await attempt('buildah', ['rm', container]);
  }
}

/** Copies a program and every shared library that it names, each to the path where it is looked for. */
async function addProgram(root: string, from: string, to: string): Promise<void> {
  copy(realpathSync(from), join(root, to));
  const { stdout } = await attempt('ldd', [from]);
  for (const [library] of stdout.matchAll(/\/\S+/g)) {
    if (existsSync(library) && library !== from) copy(realpathSync(library), join(root, library));
    if (!library.endsWith('/libc.so.6')) continue;
    for (const other of LIBRARIES.map((name) => join(dirname(library), name)).filter((path) =>
      existsSync(path),
    )) {
      copy(realpathSync(other), join(root, other));
    }
  }
}

function copy(from: string, to: string): void {
  if (existsSync(to)) return;
  mkdirSync(dirname(to), { recursive: true });
  cpSync(from, to);
}

function addAccounts(root: string, passwd: string, group: string): void {
  mkdirSync(join(root, 'etc'), { recursive: true });
  writeFileSync(join(root, 'etc/passwd'), passwd);
  writeFileSync(join(root, 'etc/group'), group);
  writeFileSync(join(root, 'etc/nsswitch.conf'), 'hosts: files dns\n');
}

function addCertificates(root: string): void {
  if (existsSync(CERTIFICATES)) copy(realpathSync(CERTIFICATES), join(root, CERTIFICATES));
}

if (import.meta.main) console.log(Object.values(await ensureBaseImages()).join('\n'));
