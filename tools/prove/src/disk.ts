import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { run } from '@orders/dev/stack/run';
import { until } from '@orders/dev/stack/until';

/** No reserve for root, who runs the servers here; and nothing that the kernel would still be writing later. */
const MKFS = ['-q', '-F', '-m', '0', '-i', '65536', '-E', 'lazy_itable_init=0,lazy_journal_init=0'];
/** Takes only the room that is used. */
const SIZE = '2G';
const BLOCK = 4_096;

/**
 * A disk of a server's own: ext4 in a loop file. It can be filled, and its power can be cut: what the file system had not
 * written to the file by then is gone, as a machine's page cache would be. It tears no sectors and reorders no writes.
 */
export class Disk {
  readonly #folder: string;
  readonly #image: string;

  private constructor(folder: string, image: string) {
    this.#folder = folder;
    this.#image = image;
  }

  /** Why there can be none on this machine; undefined when there can. */
  static async unavailable(): Promise<string | undefined> {
    if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'needs root on Linux';
    const folder = mkdtempSync(join(tmpdir(), 'orders-disk-'));
    try {
      const disk = await Disk.under(join(folder, 'mounted'), join(folder, 'image'));
      await disk.cutPower(async () => undefined);
      await disk.unmount();
      return undefined;
    } catch (error) {
      return `needs loop devices and ext4: ${error instanceof Error ? error.message : String(error)}`;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /** Unmounts what a killed run has left mounted below these folders; what is in use stays. */
  static async unmountLeftovers(below: readonly string[]): Promise<void> {
    if (process.platform !== 'linux' || process.getuid?.() !== 0) return;
    const mounts = readFileSync('/proc/mounts', 'utf8').matchAll(/^\/dev\/loop\d+ (\S+) ext4 /gm);
    for (const [, folder = ''] of mounts)
      if (below.some((parent) => folder.startsWith(`${parent}/`)))
        await run('umount', [folder]).catch(() => undefined);
  }

  /** Moves a folder with what is in it onto a new disk, mounted in its place. Nobody may use it meanwhile. */
  static async under(folder: string, image: string): Promise<Disk> {
    const disk = new Disk(folder, image);
    const beneath = `${folder}.beneath`;
    mkdirSync(folder, { recursive: true });
    mkdirSync(dirname(image), { recursive: true });
    await run('truncate', [`--size=${SIZE}`, image]);
    await run('mkfs.ext4', [...MKFS, image]);
    renameSync(folder, beneath);
    mkdirSync(folder);
    await disk.#mount();
    await run('cp', ['--archive', '--no-target-directory', beneath, folder]);
    await run('sync', ['--file-system', folder]);
    rmSync(beneath, { recursive: true });
    return disk;
  }

  /**
   * Cuts the power and gives it back.
   * @param kill ends those who use the disk, at once; they must be frozen when this is called
   */
  async cutPower(kill: () => Promise<void>): Promise<void> {
    const left = `${this.#image}.left`;
    await this.#copy(left);
    await kill();
    await this.unmount(); // writes what was lost, to the file that nobody needs any more
    renameSync(left, this.#image);
    await this.#mount();
  }

  /** Leaves no block free. */
  async fill(): Promise<void> {
    const free = (): number => statfsSync(this.#folder).bavail * BLOCK;
    for (let size = free(), n = 0; size >= BLOCK; n += 1) {
      const file = join(this.#folder, `filler-${n}`);
      const fits = await run('fallocate', ['--length', String(size), file]).then(
        () => true,
        () => false,
      );
      if (!fits) rmSync(file, { force: true });
      size = Math.min(free(), fits ? Infinity : Math.floor(size / 2));
    }
  }

  /** Takes back what {@link fill} did; for good, so that a power cut does not bring it back. */
  async free(): Promise<void> {
    for (let n = 0; n < 100; n += 1) rmSync(join(this.#folder, `filler-${n}`), { force: true });
    await run('sync', ['--file-system', this.#folder]);
  }

  /** Nobody may use it any more; its image stays. */
  async unmount(): Promise<void> {
    const attempt = (): Promise<boolean> =>
      run('umount', [this.#folder]).then(
        () => true,
        () => false,
      );
    await until(attempt, { timeoutMs: 10_000, what: `unmounting ${this.#folder}` });
  }

  async #mount(): Promise<void> {
    await run('mount', ['-o', 'loop', this.#image, this.#folder]);
  }

  /** Of one instant: again, should the kernel have written anything meanwhile. */
  async #copy(to: string): Promise<void> {
    const device = basename((await run('findmnt', ['-no', 'SOURCE', this.#folder])).trim());
    const writes = (): string | undefined =>
      readFileSync(`/sys/block/${device}/stat`, 'utf8').trim().split(/\s+/)[4];
    const attempt = async (): Promise<boolean> => {
      const before = writes();
      await run('cp', ['--sparse=always', this.#image, to]);
      return writes() === before;
    };
    await until(attempt, { timeoutMs: 20_000, what: `a still copy of ${this.#image}` });
  }
}
