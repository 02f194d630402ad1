import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DERIVED_FILES } from '../derived/derived-files.ts';
import { EVERY_APP } from '../stack/declarations.ts';
import { ROOT } from '../stack/paths.ts';

/** A consumer of its own beside those of the workspace. */
export const REWARDS = {
  name: 'rewards',
  ports: { http: 3012, management: 9112 },
  database: true,
  serves: [],
  calls: [],
  publishes: [],
  consumes: ['orders.created'],
  effect: '/points/{orderId}',
};

/** A folder with the files that declarations are checked against or that derive from them, and with the app `rewards`. */
export class DeclaredWorkspace implements Disposable {
  readonly root = mkdtempSync(join(tmpdir(), 'declarations-'));

  constructor() {
    for (const file of DERIVED_FILES) this.#copy(file);
    for (const { name, database } of EVERY_APP) {
      for (const file of [`apps/${name}/app.json`, `apps/${name}/package.json`, `helm/${name}/Chart.yaml`])
        this.#copy(file);
      if (database) this.#addMigrations(name);
    }
    for (const folder of ['libs/inbox', 'tools/bench', 'helm/service'])
      mkdirSync(join(this.root, folder), { recursive: true });
    this.#addRewards();
  }

  /** Writes a file; anything but text becomes JSON. */
  write(file: string, content: unknown): void {
    const path = join(this.root, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  }

  read(file: string): string {
    return readFileSync(join(this.root, file), 'utf8');
  }

  remove(path: string): void {
    rmSync(join(this.root, path), { recursive: true });
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true });
  }

  #copy(file: string): void {
    cpSync(join(ROOT, file), join(this.root, file));
  }

  #addMigrations(app: string): void {
    this.write(`apps/${app}/src/migrate.ts`, '');
    this.write(`apps/${app}/src/migrations/0001-first.ts`, '');
  }

  #addRewards(): void {
    this.write('apps/rewards/app.json', REWARDS);
    const manifest = this.read('apps/fulfillment/package.json');
    this.write('apps/rewards/package.json', manifest.replaceAll('fulfillment', 'rewards'));
    this.write('helm/rewards/Chart.yaml', 'name: rewards\ntype: application\n');
    this.#addMigrations('rewards');
  }
}
