import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TlsConfigValues } from '../tls/tls-config.js';

/** The contents of the files, as PEM. */
export interface CertificateTexts {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

/** A folder with tls.crt, tls.key and ca.crt, laid out and changed as Kubernetes mounts a secret: by symbolic links. */
export class CertificateFiles implements AsyncDisposable {
  /** The paths, as config of an app. */
  readonly config: Readonly<Record<keyof TlsConfigValues, string>>;
  readonly folder: string;
  private version = 0;

  private constructor(folder: string) {
    this.folder = folder;
    this.config = {
      tlsCertFile: join(folder, 'tls.crt'),
      tlsKeyFile: join(folder, 'tls.key'),
      tlsCaFile: join(folder, 'ca.crt'),
    };
  }

  static async create(texts: CertificateTexts): Promise<CertificateFiles> {
    const files = new CertificateFiles(await mkdtemp(join(tmpdir(), 'certificates-')));
    for (const name of ['tls.crt', 'tls.key', 'ca.crt'])
      await symlink(join('..data', name), join(files.folder, name));
    await files.swap(texts);
    return files;
  }

  /** Replaces all files at once: `..data` is a link to a folder, and another link takes its place. */
  async swap({ cert, key, ca }: CertificateTexts): Promise<void> {
    const name = `..version-${++this.version}`;
    const target = join(this.folder, name);
    await mkdir(target);
    await writeFile(join(target, 'tls.crt'), cert);
    await writeFile(join(target, 'tls.key'), key);
    await writeFile(join(target, 'ca.crt'), ca);
    await symlink(name, join(this.folder, '..data_tmp'));
    await rename(join(this.folder, '..data_tmp'), join(this.folder, '..data'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true });
  }
}
